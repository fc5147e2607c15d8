// A file as text, and places in it. Offsets count UTF-16 units from 0 inside the program; lines and
// columns, from 1, exist only at the edge where a person or GitHub reads them.

/** A file of a tree. `path` is relative to the root of the tree, with `/` between its parts. */
export interface SourceFile {
  readonly path: string
  readonly text: string
}

/** A half-open range of offsets, `start` included, `end` not. */
export interface Span {
  readonly start: number
  readonly end: number
}

/** Replaces the text of `span` by `text`; an insertion has `start === end`. */
export interface TextEdit extends Span {
  readonly text: string
}

/** A place whose line is known: where a document begins, in a file of many. */
export interface KnownLine {
  readonly start: number
  readonly line: number
}

/**
 * Line (from 1) of an offset (from 0). An offset past the end is on the last line. Counting begins at a place
 * before the offset, so that a file of many documents is not counted from its top for each of them.
 */
export function lineAt(text: string, offset: number, from: KnownLine = { start: 0, line: 1 }): number {
  let { line } = from
  for (let at = text.indexOf('\n', from.start); at !== -1 && at < offset; at = text.indexOf('\n', at + 1))
    line += 1
  return line
}

/**
 * Applies edits that do not overlap, in any order; two insertions at one offset keep their order.
 * Throws on an overlap or a range outside the text: whoever made the edits has a bug.
 */
export function applyEdits(text: string, edits: readonly TextEdit[]): string {
  const ordered = [...edits].sort((a, b) => a.start - b.start || a.end - b.end)
  let result = ''
  let at = 0
  for (const edit of ordered) {
    if (edit.start < at || edit.end < edit.start || edit.end > text.length) {
      throw new Error(
        `edit ${String(edit.start)}-${String(edit.end)} overlaps another or lies outside the text`,
      )
    }
    result += text.slice(at, edit.start) + edit.text
    at = edit.end
  }
  return result + text.slice(at)
}
