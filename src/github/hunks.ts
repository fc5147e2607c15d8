// Where a review comment may sit: on lines that a hunk of the diff shows. One anchor outside makes GitHub refuse
// the whole review, so every anchor is looked up here first.

/** Lines of the head, from 1, that one hunk shows on its right side. */
export interface Hunk {
  readonly first: number
  readonly last: number
  /** Lines of the head before which deleted lines stand; `last + 1` where they end the hunk. */
  readonly deletedBefore: ReadonlySet<number>
}

/** A range of lines of the head, both ends included. */
export interface LineRange {
  readonly first: number
  readonly last: number
}

const HEADER = /^@@ -\d+(?:,\d+)? \+(\d+)(?:,(\d+))? @@/

/** The hunks of one file, from the `patch` of GitHub's list of files. */
export function parseHunks(patch: string): readonly Hunk[] {
  const hunks: Hunk[] = []
  let first = 0
  let next = 0
  let deleted = new Set<number>()
  const finish = (): void => {
    if (next > first) hunks.push({ first, last: next - 1, deletedBefore: deleted })
  }
  for (const line of patch.split('\n')) {
    const header = HEADER.exec(line)
    if (header !== null) {
      finish()
      first = next = Number(header[1])
      deleted = new Set()
    } else if (line.startsWith('-')) deleted.add(next)
    // "\ No newline at end of file" is no line.
    else if (line.startsWith('+') || line.startsWith(' ')) next += 1
  }
  finish()
  return hunks
}

/** The hunk that shows the whole range, if one does. */
export function hunkAround(hunks: readonly Hunk[], { first, last }: LineRange): Hunk | null {
  return hunks.find((hunk) => hunk.first <= first && first <= last && last <= hunk.last) ?? null
}

/** GitHub does not apply a suggestion whose lines have deleted lines between them. */
export function spansDeletion(hunk: Hunk, { first, last }: LineRange): boolean {
  return [...hunk.deletedBefore].some((line) => line > first && line <= last)
}
