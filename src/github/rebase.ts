// The analysed text is that of the merge; comments sit on the head, and commits go on it. Where the two differ,
// lines and edits are carried over by what they have in common, or not at all.
import { diffArrays } from 'diff'
import type { TextEdit } from '../core/source/text.ts'

/** Beyond this many differing lines nothing is carried over. */
const MAX_EDITS = 2000

/** From lines of one text to the same lines of another, both from 1. */
export type LineMap = (line: number) => number | null

/** Lines that both texts share, aligned; a line that only one has maps to null. */
export function mapLines(from: string, to: string): LineMap {
  if (from === to) return (line) => line
  const pairs = new Map<number, number>()
  let [left, right] = [1, 1]
  for (const part of diffArrays(toLines(from), toLines(to), { maxEditLength: MAX_EDITS }) ?? []) {
    if (part.added) right += part.count
    else if (part.removed) left += part.count
    else for (let count = 0; count < part.count; count += 1) pairs.set(left++, right++)
  }
  return (line) => pairs.get(line) ?? null
}

/**
 * The same edits on another text. Null unless every edit falls on lines that both texts share, together with the
 * line before and the line after: what an edit leans on has to be there.
 */
export function rebaseEdits(
  from: string,
  edits: readonly TextEdit[],
  to: string,
): readonly TextEdit[] | null {
  if (from === to) return edits
  const [starts, targets] = [lineStarts(from), lineStarts(to)]
  const map = mapLines(from, to)
  // After the last line break stands an empty line that is no line of the text; it goes where the last line goes.
  const follow: LineMap = (line) => {
    if (starts[line - 1] !== from.length) return map(line)
    return to.endsWith('\n') && map(line - 1) === targets.length - 1 ? targets.length : null
  }
  const rebased: TextEdit[] = []
  for (const edit of edits) {
    const [first, last] = [lineOf(starts, edit.start), lineOf(starts, edit.end)]
    const target = follow(first)
    if (target === null) return null
    for (let line = Math.max(1, first - 1); line <= Math.min(starts.length, last + 1); line += 1) {
      if (follow(line) !== line + target - first) return null
    }
    const shift = (targets[target - 1] ?? 0) - (starts[first - 1] ?? 0)
    rebased.push({ ...edit, start: edit.start + shift, end: edit.end + shift })
  }
  return rebased
}

function toLines(text: string): string[] {
  return text === '' ? [] : text.split(/(?<=\n)/)
}

/** Offsets at which lines start, the one after the last line break included. */
function lineStarts(text: string): readonly number[] {
  const starts = [0]
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return starts
}

/** The line, from 1, that an offset is on. */
function lineOf(starts: readonly number[], offset: number): number {
  let [low, high] = [0, starts.length - 1]
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if ((starts[middle] ?? Infinity) <= offset) low = middle
    else high = middle - 1
  }
  return low + 1
}
