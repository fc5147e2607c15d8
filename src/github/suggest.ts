// An edit as a suggestion: whole lines of the head's file, and what they become. Null where a suggestion cannot
// say it; the comment then shows the diff instead.
import { applyEdits } from '../core/source/text.ts'
import type { TextEdit } from '../core/source/text.ts'
import { hunkAround, spansDeletion } from './hunks.ts'
import type { Hunk, LineRange } from './hunks.ts'

export interface Suggestion extends LineRange {
  /** The new lines without the `\n` that ends the last; a `\r` before it stays, as everywhere in the file. Null deletes. */
  readonly text: string | null
}

/** The suggestion that makes these edits of the head's text, on lines that one hunk shows. */
export function suggest(head: string, edits: readonly TextEdit[], hunks: readonly Hunk[]): Suggestion | null {
  const before = toLines(head)
  const after = toLines(applyEdits(head, edits))
  let start = 0
  while (start < Math.min(before.length, after.length) && before[start] === after[start]) start += 1
  let end = 0
  while (end < Math.min(before.length, after.length) - start && before.at(-1 - end) === after.at(-1 - end))
    end += 1
  if (before.length === 0 || (start === before.length && start === after.length)) return null
  for (const range of candidates(start, before.length - end, before.length)) {
    const hunk = hunkAround(hunks, range)
    if (hunk === null || spansDeletion(hunk, range)) continue
    const lines = after.slice(range.first - 1, after.length - (before.length - range.last))
    // A suggestion replaces lines up to their line break, so it can neither add nor take the one that ends the file.
    const breaks = lines.at(-1)?.endsWith('\n') ?? true
    if (breaks !== (before[range.last - 1]?.endsWith('\n') ?? true)) continue
    return { ...range, text: lines.length === 0 ? null : lines.join('').replace(/\n$/, '') }
  }
  return null
}

/** Lines `start` to `end` (from 0, `end` excluded); an insertion takes the line before with it, or else the one after. */
function candidates(start: number, end: number, total: number): readonly LineRange[] {
  if (start < end) return [{ first: start + 1, last: end }]
  const before = { first: start, last: start }
  const after = { first: start + 1, last: start + 1 }
  return [...(start > 0 ? [before] : []), ...(start < total ? [after] : [])]
}

/** Lines with their line breaks; only `\n` ends one, as for git and GitHub. */
function toLines(text: string): string[] {
  return text === '' ? [] : text.split(/(?<=\n)/)
}
