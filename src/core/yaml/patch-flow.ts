// Text edits inside brackets: what is written in flow style stays in flow style, and JSON stays JSON.

import type { TextEdit } from '../source/text.ts'
import type { Layout } from './layout.ts'
import type { EntryPlace, MappingPlace, SequencePlace } from './places.ts'
import { flowEntry, flowText, itemModels } from './render.ts'
import type { Spread } from './render.ts'

/** A new item at the end of a flow sequence, empty or not. */
export function appendFlowItem(
  text: string,
  sequence: SequencePlace,
  value: unknown,
  layout: Layout,
  eol: string,
): TextEdit[] {
  const models = itemModels([sequence], value)
  const last = sequence.items.at(-1)?.value
  if (last === undefined) return fillBrackets(text, sequence, [value], layout, eol)
  return insertAfter(text, sequence, last.start, last.end, layout, eol, (spread) =>
    flowText(value, models, layout, spread),
  )
}

/** A new entry at the end of a flow mapping, empty or not. */
export function appendFlowEntry(
  text: string,
  mapping: MappingPlace,
  key: string,
  value: unknown,
  layout: Layout,
  eol: string,
): TextEdit[] {
  const last = mapping.entries.at(-1)
  if (last === undefined) return fillBrackets(text, mapping, { [key]: value }, layout, eol)
  return insertAfter(text, mapping, last.name.start, last.value.end, layout, eol, (spread) =>
    flowEntry(key, value, [mapping], layout, spread),
  )
}

/** A value in place of the null of an entry of a flow mapping; `{a: }` and `{a:}` have no text there. */
export function replaceFlowNull(
  text: string,
  entry: EntryPlace,
  value: unknown,
  layout: Layout,
  eol: string,
): TextEdit[] {
  const { start, end } = entry.value
  const written = flowText(value, [], layout, spreadAt(text, entry.name.start, eol))
  if (start < end) return [{ start, end, text: written }]
  return [{ start: entry.colon + 1, end: entry.colon + 1, text: ` ${written}` }]
}

/** Replaces `[]` or `{}`; a comment inside keeps its place, above what is new. */
function fillBrackets(
  text: string,
  place: MappingPlace | SequencePlace,
  value: unknown,
  layout: Layout,
  eol: string,
): TextEdit[] {
  const close = place.end - 1
  if (text.slice(place.start + 1, close).trim() === '') {
    const written = flowText(value, [], layout, spreadAt(text, place.start, eol))
    return [{ start: place.start, end: place.end, text: written }]
  }
  // After a comment the bracket is on a later line than it, and alone.
  const start = lineStart(text, close)
  const written = flowText(value, [], layout, null).slice(1, -1).trim()
  return [{ start, end: start, text: `${text.slice(start, close)}  ${written}${eol}` }]
}

function insertAfter(
  text: string,
  container: MappingPlace | SequencePlace,
  lastStart: number,
  lastEnd: number,
  layout: Layout,
  eol: string,
  write: (spread: Spread | null) => string,
): TextEdit[] {
  const indent = indentBefore(text, lastStart)
  if (indent === null) return [{ start: lastEnd, end: lastEnd, text: `,${layout.comma}${write(null)}` }]
  const outer = /^[ \t]*/.exec(text.slice(lineStart(text, container.start)))?.[0] ?? ''
  const step = indent.startsWith(outer) && indent.length > outer.length ? indent.slice(outer.length) : '  '
  const item = write({ newline: eol, indent, step })
  const tail = text.slice(lastEnd, container.end - 1)
  const comma = trailingComma(tail)
  const lineEnd = text.indexOf('\n', lastEnd + comma + 1)
  if (lineEnd === -1 || lineEnd >= container.end) {
    return [{ start: lastEnd, end: lastEnd, text: `,${eol}${indent}${item}` }]
  }
  // Below the line, so that a comment on it stays with the child it is about.
  const below = {
    start: lineEnd + 1,
    end: lineEnd + 1,
    text: `${indent}${item}${comma === -1 ? '' : ','}${eol}`,
  }
  return comma === -1 ? [{ start: lastEnd, end: lastEnd, text: ',' }, below] : [below]
}

/** Where in the text between the last child and the bracket a comma stands, outside of comments; else -1. */
function trailingComma(tail: string): number {
  const match = /^(?:\s|(?<=\s)#[^\n]*\n)*,/.exec(tail)
  return match === null ? -1 : match[0].length - 1
}

/** How a collection that begins on the line of `at` is spread: only where that line begins with `at`. */
function spreadAt(text: string, at: number, eol: string): Spread | null {
  const start = lineStart(text, at)
  const line = /^([ \t]*)(?:"(?:[^"\\\n]|\\.)*": *)?/.exec(text.slice(start))
  const indent = line?.[1] ?? ''
  const begins = start + (line?.[0].length ?? 0)
  if (at !== begins && at !== start + indent.length) return null
  const unit = /\n([ \t]+)\S/.exec(text)?.[1] ?? '  '
  return indent === '' && start === 0 ? null : { newline: eol, indent, step: unit }
}

function indentBefore(text: string, at: number): string | null {
  const before = text.slice(lineStart(text, at), at)
  return /^[ \t]*$/.test(before) && text.lastIndexOf('\n', at - 1) !== -1 ? before : null
}

function lineStart(text: string, at: number): number {
  return at === 0 ? 0 : text.lastIndexOf('\n', at - 1) + 1
}
