// A change of one file in the form that people read and `git apply` takes.

import { FILE_HEADERS_ONLY, formatPatch, structuredPatch } from 'diff'
import type { StructuredPatch } from 'diff'

const CONTEXT = 3
/** Beyond this many differing lines the file is shown as replaced; a finer diff would take too long. */
const MAX_EDITS = 2000

/**
 * The change of the file at `path` from `before` to `after`, null meaning that there is no such file:
 * `---` and `+++` lines with git's prefixes and quoting, `/dev/null`, three lines of context. Line
 * endings are part of the lines. Empty if nothing changes.
 */
export function unifiedDiff(path: string, before: string | null, after: string | null): string {
  if (before === after) return ''
  const old = before === null ? '/dev/null' : `a/${path}`
  const now = after === null ? '/dev/null' : `b/${path}`
  const patch =
    structuredPatch(old, now, before ?? '', after ?? '', undefined, undefined, {
      context: CONTEXT,
      maxEditLength: MAX_EDITS,
    }) ?? replacement(old, now, before ?? '', after ?? '')
  // An empty file that comes or goes has no lines to show; git says it in headers of its own.
  if (patch.hunks.length === 0) return formatPatch({ ...patch, ...gitHeader(path, before === null) })
  return formatPatch(withTabs(patch), FILE_HEADERS_ONLY)
}

/** git ends a name with a tab if it holds a space, so that nobody takes what follows for a date. */
function withTabs(patch: StructuredPatch): StructuredPatch {
  return {
    ...patch,
    oldHeader: patch.oldFileName?.includes(' ') === true ? '' : undefined,
    newHeader: patch.newFileName?.includes(' ') === true ? '' : undefined,
  }
}

function gitHeader(path: string, created: boolean): Partial<StructuredPatch> {
  const names = { oldFileName: `a/${path}`, newFileName: `b/${path}`, isGit: true }
  return created ? { ...names, isCreate: true } : { ...names, isDelete: true }
}

/** All old lines out, all new lines in. */
function replacement(old: string, now: string, before: string, after: string): StructuredPatch {
  const removed = toLines(before)
  const added = toLines(after)
  const hunk = {
    oldStart: 1,
    oldLines: removed.length,
    newStart: 1,
    newLines: added.length,
    lines: [...mark('-', removed), ...mark('+', added)],
  }
  return { oldFileName: old, newFileName: now, oldHeader: undefined, newHeader: undefined, hunks: [hunk] }
}

function mark(sign: string, lines: readonly string[]): string[] {
  return lines.flatMap((line) =>
    line.endsWith('\n') ? [sign + line.slice(0, -1)] : [sign + line, '\\ No newline at end of file'],
  )
}

/** Lines with their line breaks; none in an empty text. */
function toLines(text: string): string[] {
  return text === '' ? [] : text.split(/(?<=\n)/)
}
