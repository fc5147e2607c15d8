// How a document is laid out, so that what is added looks as if its author had written it.

import type { MappingPlace, Place, PlacedDocument, SequencePlace } from './places.ts'

export interface Layout {
  /** Columns from the key of a mapping to the dashes of its sequence: 0 is kubectl's own style. */
  readonly dashOffset: number
  /** Columns from a mapping's keys to those of a mapping inside it. */
  readonly indent: number
  /** Spaces after a dash. */
  readonly gap: number
  /** What stands after the colon and the comma, and inside the brackets, of flow collections. */
  readonly colon: string
  readonly comma: string
  readonly bracePad: string
  readonly bracketPad: string
  /** Whether new flow collections without a model are spread over lines where the others are. */
  readonly spread: boolean
  /** The document is JSON: everything is quoted, nothing is block style. */
  readonly json: boolean
}

type Seen = Record<'dashOffset' | 'indent' | 'gap', number[]> &
  Record<'colon' | 'comma' | 'bracePad' | 'bracketPad', string[]>

/**
 * The layout used inside `near`, else in the whole document, else what kubectl prints. Where a
 * document is of two minds, the more frequent wins, and of those the earlier.
 */
export function layoutOf(document: PlacedDocument, near: readonly Place[]): Layout {
  const wide = observe(document.text, [document.root])
  const close = observe(document.text, near)
  const pick = <K extends keyof Seen>(key: K): Seen[K][number] | undefined =>
    mostFrequent<number | string>(close[key]) ?? mostFrequent<number | string>(wide[key])
  const colon = pick('colon') ?? ' '
  const json = isJsonText(document.text)
  return {
    dashOffset: pick('dashOffset') ?? 0,
    indent: pick('indent') ?? 2,
    gap: pick('gap') ?? 1,
    colon,
    comma: pick('comma') ?? colon,
    bracePad: pick('bracePad') ?? '',
    bracketPad: pick('bracketPad') ?? '',
    spread: json || (mostFrequent(near.flatMap(spreadsInside)) ?? false),
    json,
  }
}

/** Whether the text is JSON, and must still be after an edit. */
export function isJsonText(text: string): boolean {
  if (!/^\s*[[{]/.test(text)) return false
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** For each filled flow collection right inside this one, whether it is spread over lines. */
function spreadsInside(place: Place): boolean[] {
  const children =
    place.kind === 'mapping'
      ? place.entries.map((entry) => entry.value)
      : place.kind === 'sequence'
        ? place.items.map((item) => item.value)
        : []
  return children.flatMap((child) => {
    if (child.kind === 'mapping') return child.flow && child.entries.length > 0 ? [child.spread] : []
    return child.kind === 'sequence' && child.flow && child.items.length > 0 ? [child.spread] : []
  })
}

function observe(text: string, places: readonly Place[]): Seen {
  const seen: Seen = {
    dashOffset: [],
    indent: [],
    gap: [],
    colon: [],
    comma: [],
    bracePad: [],
    bracketPad: [],
  }
  for (const place of places) look(text, place, seen)
  return seen
}

function look(text: string, place: Place, seen: Seen): void {
  if (place.kind === 'mapping') {
    lookAtMapping(text, place, seen)
    for (const entry of place.entries) look(text, entry.value, seen)
  } else if (place.kind === 'sequence') {
    lookAtSequence(text, place, seen)
    for (const item of place.items) look(text, item.value, seen)
  }
}

function lookAtMapping(text: string, mapping: MappingPlace, seen: Seen): void {
  if (mapping.flow) {
    lookAtFlow(
      text,
      mapping.start,
      mapping.entries.map((entry) => ({ start: entry.name.start, end: entry.value.end })),
      seen.comma,
      seen.bracePad,
    )
  }
  for (const { value, colon } of mapping.entries) {
    if (mapping.flow) {
      if (colon !== -1) spaces(text.slice(colon + 1, value.start), seen.colon)
    } else if (value.kind === 'mapping' && !value.flow) {
      seen.indent.push(value.column - mapping.column)
    } else if (value.kind === 'sequence' && !value.flow) {
      seen.dashOffset.push(value.column - mapping.column)
    }
  }
}

function lookAtSequence(text: string, sequence: SequencePlace, seen: Seen): void {
  if (sequence.flow) {
    const items = sequence.items.map((item) => item.value)
    lookAtFlow(text, sequence.start, items, seen.comma, seen.bracketPad)
    return
  }
  for (const { dash, value } of sequence.items) {
    const between = text.slice(dash + 1, value.start)
    if (/^ +$/.test(between)) seen.gap.push(between.length)
  }
}

function lookAtFlow(
  text: string,
  start: number,
  children: readonly { readonly start: number; readonly end: number }[],
  commas: string[],
  pads: string[],
): void {
  for (const [index, child] of children.entries()) {
    const before = children[index - 1]
    if (before === undefined) spaces(text.slice(start + 1, child.start), pads)
    else if (text[before.end] === ',') spaces(text.slice(before.end + 1, child.start), commas)
  }
}

/** Notes what stands there if it is at most spaces; a line break is another style. */
function spaces(between: string, into: string[]): void {
  if (/^ *$/.test(between)) into.push(between)
}

function mostFrequent<T>(seen: readonly T[]): T | undefined {
  const counts = new Map<T, number>()
  for (const one of seen) counts.set(one, (counts.get(one) ?? 0) + 1)
  return [...counts].reduce<[T, number] | undefined>(
    (best, entry) => (best === undefined || entry[1] > best[1] ? entry : best),
    undefined,
  )?.[0]
}
