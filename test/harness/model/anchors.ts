// Where a review comment may sit: on lines that a hunk of the three-dot diff shows. One bad anchor spoils the
// whole review, and the error does not say which one it was.
import { unprocessable } from '../errors.ts'
import { diffFiles, hunkUpTo, lineAt, place } from '../git/diff.ts'
import type { FileDiff } from '../git/diff.ts'
import type { PullRecord, Side } from './records.ts'

/** As both endpoints for comments take it. */
export interface AnchorInput {
  readonly path?: string
  readonly line?: number
  readonly side?: string
  readonly start_line?: number
  readonly start_side?: string
  readonly position?: number
}
export interface Anchor {
  readonly path: string
  readonly line: number
  readonly side: Side
  readonly startLine: number | null
  readonly startSide: Side | null
  readonly position: number
  readonly hunk: string
}

/** The diff a comment on this commit is anchored in; 422 when the commit is not part of the pull request. */
export async function filesAt(
  pull: PullRecord,
  commit: string,
): Promise<{ files: readonly FileDiff[]; mergeBase: string }> {
  if (commit === pull.headSha) return pull
  if (!pull.commits.includes(commit)) throw unprocessable('Start commit oid is not part of the pull request')
  const mergeBase = (await pull.repo.git.mergeBase(pull.baseSha, commit)) ?? pull.baseSha
  return { files: await diffFiles(pull.repo.git, mergeBase, commit), mergeBase }
}

/** Resolves an anchor in a diff, or throws the 422 that GitHub answers. */
export function anchor(files: readonly FileDiff[], input: AnchorInput): Anchor {
  const file = files.find((one) => one.path === input.path)
  if (file === undefined) throw unprocessable('Path could not be resolved')
  const legacy =
    input.line === undefined && input.position !== undefined ? lineAt(file, input.position) : null
  const line = input.line ?? legacy?.line
  if (line === undefined) {
    if (input.position !== undefined) throw unprocessable('Position could not be resolved')
    throw unprocessable("Pull request review thread diff hunk can't be blank")
  }
  const side = sideOf(legacy?.side ?? input.side ?? 'RIGHT')
  const end = place(file, line, side)
  if (end === null) throw unprocessable('Pull request review thread line must be part of the diff')
  const at = { path: file.path, line, side, position: end.position, hunk: hunkUpTo(file, end) }
  if (input.start_line === undefined) return { ...at, startLine: null, startSide: null }
  const startSide = sideOf(input.start_side ?? side)
  const start = place(file, input.start_line, startSide)
  if (start === null) throw unprocessable('Pull request review thread start line must be part of the diff')
  if (start.hunk !== end.hunk) {
    throw unprocessable('Pull request review thread start line must be part of the same hunk as the line.')
  }
  if (start.position >= end.position || (startSide === side && input.start_line >= line)) {
    throw unprocessable('Pull request review thread start line must precede the end line.')
  }
  return { ...at, startLine: input.start_line, startSide }
}

function sideOf(side: string): Side {
  if (side !== 'LEFT' && side !== 'RIGHT') throw unprocessable(`Side ${side} is not one of LEFT, RIGHT`)
  return side
}
