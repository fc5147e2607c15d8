// The `yaml` package's nodes told as places. It reads a few times slower than js-yaml, keeps positions,
// and forgives what libyaml forgives: a closing bracket that stands under its key.

import { isAlias, isCollection, isMap, isScalar, parseDocument } from 'yaml'
import type { Alias, CST, Document, Node, Pair, Scalar, YAMLMap, YAMLSeq } from 'yaml'
import { documentBuilder } from './builder.ts'
import type { Builder } from './builder.ts'
import { isMergeKey, resolveKey } from './dialect.ts'
import { MAX_POSITIONED_LENGTH } from './limits.ts'
import type { AliasPlace, EntryPlace, ItemPlace, Place, ScalarPlace } from './places.ts'

/** How `yaml` parses for us: all scalars as text, whose meaning `dialect.ts` gives; merges and keys are ours. */
const OPTIONS = {
  version: '1.2',
  schema: 'failsafe',
  merge: false,
  resolveKnownTags: false,
  uniqueKeys: false,
  keepSourceTokens: true,
  prettyErrors: false,
  logLevel: 'silent',
} as const

const CONTROL = /[^\P{Cc}\t\n\r\u0085]/u

const INDICATORS = new Set(['seq-item-ind', 'map-value-ind', 'anchor', 'tag'])

export interface ParsedPlaces {
  readonly root: Place
  readonly aliased: ReadonlySet<Place>
  /** Made by the same builder that `readDocument` uses. */
  readonly value: unknown
}

/** The nodes and the value of one document, or null if it is too long or not well formed. Never throws. */
export function parsePlaces(text: string): ParsedPlaces | null {
  // `yaml` lets control characters through, which libyaml and js-yaml do not.
  if (text.length > MAX_POSITIONED_LENGTH || CONTROL.test(text)) return null
  try {
    const document = parseDocument(text, OPTIONS)
    if (document.errors.length > 0 || document.contents === null) return null
    const aliased = new Set<Place>()
    const root = placeNode(document, text, aliased)
    if (root === null) return null
    const builder = documentBuilder()
    visit(root, builder)
    return { root, aliased, value: builder.value() }
  } catch {
    // What the builder refuses, and input so deep that the recursive parser gives up.
    return null
  }
}

/** Tells a document's nodes in the order of the text, as the builder wants them. */
function visit(place: Place, builder: Builder): void {
  switch (place.kind) {
    case 'alias':
      builder.alias(place.name, place.start)
      break
    case 'scalar':
      builder.scalar(
        { text: place.text, tag: place.tag, plain: place.style === 'plain' },
        place.start,
        place.anchor,
      )
      break
    case 'sequence':
      builder.open('sequence', place.start, place.anchor)
      for (const item of place.items) visit(item.value, builder)
      builder.close()
      break
    case 'mapping':
      builder.open('mapping', place.start, place.anchor)
      for (const entry of place.entries) {
        visit(entry.name, builder)
        visit(entry.value, builder)
      }
      builder.close()
      break
  }
}

function placeNode(document: Document.Parsed, text: string, aliased: Set<Place>): Place | null {
  // An alias stands for the last node of its name before it, so anchors are noted as the text goes by.
  const anchors = new Map<string, Place>()
  let broken = false

  function node(source: Node | null, at: number): Place {
    if (source === null) return empty(at)
    if (isAlias(source)) return alias(source)
    const place = isScalar(source)
      ? scalar(source, at)
      : isCollection(source)
        ? collection(source)
        : empty(at)
    if (place.anchor !== null) anchors.set(place.anchor, place)
    return place
  }

  function alias(source: Alias): Place {
    const target = anchors.get(source.source)
    const [start, end] = rangeOf(source)
    if (target === undefined) {
      broken = true
      return empty(start)
    }
    aliased.add(target)
    const place: AliasPlace = {
      kind: 'alias',
      start,
      end,
      anchor: null,
      tag: null,
      name: source.source,
      target,
    }
    return place
  }

  /** `at` is where an empty scalar stands: right after its indicator and properties. */
  function scalar(source: Scalar, at: number): ScalarPlace {
    const range = rangeOf(source)
    const [start, rawEnd] = range[0] === range[1] ? [at, at] : range
    const block = source.type === 'BLOCK_LITERAL' || source.type === 'BLOCK_FOLDED'
    return {
      kind: 'scalar',
      start,
      end: block ? start + text.slice(start, rawEnd).trimEnd().length : rawEnd,
      anchor: source.anchor ?? null,
      tag: source.tag ?? null,
      text: typeof source.value === 'string' ? source.value : '',
      style: block
        ? 'block'
        : source.type === 'QUOTE_SINGLE'
          ? 'single'
          : source.type === 'QUOTE_DOUBLE'
            ? 'double'
            : 'plain',
    }
  }

  function collection(source: YAMLMap | YAMLSeq): Place {
    const token = source.srcToken
    // Pairs in a flow sequence (`[a: b]`) have no token of their own; their text is never edited.
    const flow = token === undefined || token.type === 'flow-collection'
    const [start, rawEnd] = rangeOf(source)
    const common = { start, anchor: source.anchor ?? null, tag: source.tag ?? null, flow }
    const column = token === undefined || !('indent' in token) ? 0 : token.indent
    if (isMap(source)) {
      const entries = (source.items as Pair<Node, Node | null>[]).map((pair) => entry(pair))
      const end = flow ? rawEnd : (entries.at(-1)?.value.end ?? rawEnd)
      return {
        ...common,
        kind: 'mapping',
        column,
        entries,
        end,
        spread: spreads(flow, start, entries[0]?.name),
      }
    }
    const starts = flow ? [] : itemStarts(token)
    const items = (source.items as Node[]).map((item, index): ItemPlace => {
      const parts = starts[index] ?? []
      const dash = parts.find((part) => part.type === 'seq-item-ind')?.offset ?? -1
      return { dash, value: node(item, endOf(parts) ?? rangeOf(item)[0]) }
    })
    const end = flow ? rawEnd : (items.at(-1)?.value.end ?? rawEnd)
    return { ...common, kind: 'sequence', column, items, end, spread: spreads(flow, start, items[0]?.value) }
  }

  function spreads(flow: boolean, start: number, first: Place | undefined): boolean {
    return flow && first !== undefined && text.slice(start, first.start).includes('\n')
  }

  function entry(pair: Pair<Node, Node | null>): EntryPlace {
    const name = node(pair.key, 0)
    const parts = pair.srcToken?.sep ?? []
    const colon = parts.find((part) => part.type === 'map-value-ind')?.offset ?? -1
    const value = node(pair.value, endOf(parts) ?? name.end)
    const keyScalar = name.kind === 'alias' ? name.target : name
    if (keyScalar.kind !== 'scalar') return { key: '', name, value, colon }
    const written = { text: keyScalar.text, tag: keyScalar.tag, plain: keyScalar.style === 'plain' }
    if (name.kind === 'scalar' && isMergeKey(written)) return { key: null, name, value, colon }
    const key = resolveKey(written)
    return { key: key.ok ? key.value : '', name, value, colon }
  }

  const root = node(document.contents as Node | null, 0)
  return broken ? null : root
}

function empty(at: number): ScalarPlace {
  return { kind: 'scalar', start: at, end: at, anchor: null, tag: null, text: '', style: 'plain' }
}

function rangeOf(source: Node): [number, number] {
  const range = source.range
  return range == null ? [0, 0] : [range[0], range[1]]
}

function itemStarts(token: CST.Token | undefined): CST.SourceToken[][] {
  if (token?.type !== 'block-seq') return []
  return token.items
    .map((item) => item.start)
    .filter((start) => start.some((part) => part.type === 'seq-item-ind'))
}

/** Where the last indicator or property of these ends: an empty scalar stands there. */
function endOf(parts: readonly CST.SourceToken[]): number | undefined {
  const last = parts.filter((part) => INDICATORS.has(part.type)).at(-1)
  return last === undefined ? undefined : last.offset + last.source.length
}
