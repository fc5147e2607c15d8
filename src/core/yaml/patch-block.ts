// Text edits that add lines of block style.

import type { TextEdit } from '../source/text.ts'
import type { Layout } from './layout.ts'
import type { EntryPlace, MappingPlace, Place, SequencePlace } from './places.ts'
import { entryLines, indented, itemLines, itemModels } from './render.ts'

/** A new item after the last one of a block sequence that has items; `parent` is the mapping that holds it. */
export function appendItem(
  text: string,
  sequence: SequencePlace,
  parent: MappingPlace | null,
  value: unknown,
  layout: Layout,
  eol: string,
): TextEdit[] {
  const { column } = sequence
  const last = sequence.items.at(-1)
  const between = last === undefined ? '' : text.slice(last.dash + 1, last.value.start)
  const gap = /^ +$/.test(between) ? between.length : layout.gap
  const lines = itemLines(value, itemModels([sequence], value), layout, gap)
  // A comment under the dashes is about the list, unless the list is not indented and the comment may
  // as well be about the key that follows.
  const indented = parent !== null && column > parent.column
  return insertLines(
    text,
    sequence,
    (at) => at > column || (at === column && indented),
    pad(lines, column),
    eol,
  )
}

/** A new entry after the last one of a block mapping. */
export function appendEntry(
  text: string,
  mapping: MappingPlace,
  key: string,
  value: unknown,
  layout: Layout,
  eol: string,
): TextEdit[] {
  const { column } = mapping
  const lines = entryLines(key, value, [mapping], layout)
  return insertLines(
    text,
    mapping,
    (at) => at > column || (at === column && column > 0),
    pad(lines, column),
    eol,
  )
}

/** Items or entries below the key of `entry`, in place of its empty value: nothing, null, `[]` or `{}`. */
export function fillEntry(
  text: string,
  mapping: MappingPlace,
  entry: EntryPlace,
  lines: readonly string[],
  offset: number,
  eol: string,
): TextEdit[] {
  const { value } = entry
  const { column } = mapping
  const inserted = insertLines(text, value, (at) => at > column, pad(lines, column + offset), eol)
  if (value.start === value.end) return inserted
  const after = /^ *(?=#)/.exec(text.slice(value.end))?.[0].length
  const before = / *$/.exec(text.slice(entry.colon + 1, value.start))?.[0].length ?? 0
  const removed =
    after === undefined
      ? { start: value.start - before, end: value.end, text: '' }
      : { start: value.start, end: value.end + after, text: '' }
  return [removed, ...inserted]
}

function pad(lines: readonly string[], column: number): string[] {
  return lines.map((line) => indented(line, ' '.repeat(column)))
}

/** Puts lines after the one on which `place` ends and the comment lines below it that `belong` to it. */
function insertLines(
  text: string,
  place: Place,
  belongs: (column: number) => boolean,
  lines: readonly string[],
  eol: string,
): TextEdit[] {
  let at = nextLine(text, lastOffset(text, place))
  for (;;) {
    const comment = /^( *)#/.exec(text.slice(at, endOf(text, at)))
    if (comment === null || !belongs(comment[1]?.length ?? 0)) break
    at = nextLine(text, at)
  }
  // A text without a line break at its end stays without one.
  const block =
    at > 0 && text[at - 1] === '\n'
      ? lines.map((line) => line + eol).join('')
      : lines.map((line) => eol + line).join('')
  return [{ start: at, end: at, text: block }]
}

/** The last offset that is still part of a node: for a block scalar that keeps its blank lines, in the last of them. */
function lastOffset(text: string, place: Place): number {
  const leaf = lastLeaf(place)
  if (leaf.kind !== 'scalar' || leaf.style !== 'block') return leaf.end
  const header = text.slice(leaf.start, endOf(text, leaf.start))
  if (!/^[|>][0-9]?\+/.test(header)) return leaf.end
  let at = leaf.end
  for (let next = nextLine(text, at); next < text.length; next = nextLine(text, next)) {
    if (text.slice(next, endOf(text, next)).trim() !== '') break
    at = next
  }
  return at
}

function lastLeaf(place: Place): Place {
  if (place.kind === 'mapping' && !place.flow) {
    const last = place.entries.at(-1)
    return last === undefined ? place : lastLeaf(last.value)
  }
  if (place.kind === 'sequence' && !place.flow) {
    const last = place.items.at(-1)
    return last === undefined ? place : lastLeaf(last.value)
  }
  return place
}

function nextLine(text: string, at: number): number {
  const end = text.indexOf('\n', at)
  return end === -1 ? text.length : end + 1
}

function endOf(text: string, at: number): number {
  const end = text.indexOf('\n', at)
  return end === -1 ? text.length : end
}
