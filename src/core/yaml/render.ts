// Writes a new value in the manner of its siblings: `models` are nodes that already stand where the
// value will, the best first. They decide the order of keys, quotes, and block or flow style.

import { resolveKey, resolvePlain } from './dialect.ts'
import type { Layout } from './layout.ts'
import { followAlias } from './places.ts'
import type { MappingPlace, Place, ScalarPlace } from './places.ts'

/** Lines of a flow collection that is spread over several: its own indentation, and one step more. */
export interface Spread {
  readonly newline: string
  readonly indent: string
  readonly step: string
}

/** Siblings looked at for a style; more of them would say the same. */
const MODELS = 20

// Plain in every reader of YAML 1.1 and 1.2: a colon only inside, as in `a:b`, and none in flow style.
const SAFE = /^[\w./][\w./@%+=-]*$/
const SAFE_IN_BLOCK = /^[\w./][\w./@%+=-]*(?::[\w./@%+=-]+)*$/
// Strings for goyaml.v2, but dates and base-60 numbers for other readers.
const AMBIGUOUS = /^(?:[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?|[0-9]{4}-[0-9]{1,2}-[0-9].*|\.{3})$/

/** The lines of a value in block style, without the indentation that all of them share. */
export function blockLines(value: unknown, models: readonly Place[], layout: Layout): string[] {
  const literal = literalLines(value, layout)
  if (literal !== null) return literal
  if (!isFilled(value) || isFlow(models)) return [inlineText(value, models, layout)]
  if (Array.isArray(value)) {
    return value.flatMap((item) => itemLines(item, itemModels(models, item), layout, layout.gap))
  }
  return orderedKeys(value, models).flatMap((key) => entryLines(key, Reflect.get(value, key), models, layout))
}

/** The lines of one item of a block sequence, the dash first. */
export function itemLines(item: unknown, models: readonly Place[], layout: Layout, gap: number): string[] {
  const [first = '', ...rest] = blockLines(item, models, layout)
  const indent = ' '.repeat(1 + gap)
  return [`-${' '.repeat(gap)}${first}`, ...rest.map((line) => indented(line, indent))]
}

/** The lines of one entry of a block mapping. */
export function entryLines(key: string, value: unknown, models: readonly Place[], layout: Layout): string[] {
  const name = `${keyText(key, models, layout, false)}:`
  const children = valueModels(models, key)
  const [header, ...literal] = literalLines(value, layout) ?? []
  if (header !== undefined)
    return [`${name} ${header}`, ...literal.map((line) => indented(line, ' '.repeat(layout.indent)))]
  if (!isFilled(value) || isFlow(children)) return [`${name} ${inlineText(value, children, layout)}`]
  const offset = Array.isArray(value) ? (dashOffsetOf(models, key) ?? layout.dashOffset) : layout.indent
  return [name, ...blockLines(value, children, layout).map((line) => indented(line, ' '.repeat(offset)))]
}

// Lines that every reader takes as they stand: the first shows how far all are indented, none is blank but empty
// ones in the middle, and nothing trails.
const LITERAL = /^[!-~][ -~]*(?:\n+[ -~]*[!-~])+\n?$/
const BLANK_LINE = /\n +(?=\n)/

/** Text of several lines as a literal block scalar, its header first; null for what is not, or not safely, one. */
function literalLines(value: unknown, layout: Layout): string[] | null {
  if (layout.json || typeof value !== 'string') return null
  if (!LITERAL.test(value) || BLANK_LINE.test(value)) return null
  return value.endsWith('\n') ? ['|', ...value.slice(0, -1).split('\n')] : ['|-', ...value.split('\n')]
}

/** Empty lines, which only a literal block has, stay empty. */
export function indented(line: string, indent: string): string {
  return line === '' ? line : indent + line
}

/** What follows a dash or a key on its line: a scalar, or a collection in flow style. */
function inlineText(value: unknown, models: readonly Place[], layout: Layout): string {
  if (typeof value !== 'object' || value === null) return scalarText(value, models, layout, false)
  return flowText(value, models, layout, null)
}

/** A value in flow style, on one line, or spread over several where its models or the layout are. */
export function flowText(
  value: unknown,
  models: readonly Place[],
  layout: Layout,
  spread: Spread | null,
): string {
  if (typeof value !== 'object' || value === null) return scalarText(value, models, layout, true)
  const inner =
    spread === null || !isSpread(models, layout) ? null : { ...spread, indent: spread.indent + spread.step }
  const parts = Array.isArray(value)
    ? value.map((item) => flowText(item, itemModels(models, item), layout, inner))
    : orderedKeys(value, models).map((key) => flowEntry(key, Reflect.get(value, key), models, layout, inner))
  const [open, close] = Array.isArray(value) ? '[]' : '{}'
  if (parts.length === 0) return `${String(open)}${String(close)}`
  const pad = Array.isArray(value) ? layout.bracketPad : layout.bracePad
  if (spread === null || inner === null) {
    return `${String(open)}${pad}${parts.join(`,${layout.comma}`)}${pad}${String(close)}`
  }
  const lines = parts.join(`,${spread.newline}${inner.indent}`)
  return `${String(open)}${spread.newline}${inner.indent}${lines}${spread.newline}${spread.indent}${String(close)}`
}

/** One entry of a flow mapping; `models` are mappings. */
export function flowEntry(
  key: string,
  value: unknown,
  models: readonly Place[],
  layout: Layout,
  spread: Spread | null,
): string {
  const name = keyText(key, models, layout, true)
  // `{a:1}` is one key in YAML unless the key is quoted.
  const colon = name.startsWith('"') ? layout.colon : layout.colon || ' '
  return `${name}:${colon}${flowText(value, valueModels(models, key), layout, spread)}`
}

/** The siblings that a new item should look like: those with all of its keys, then some, the last first. */
export function itemModels(models: readonly Place[], item: unknown): Place[] {
  const siblings = models
    .flatMap((model) => (model.kind === 'sequence' ? model.items.slice(-MODELS).reverse() : []))
    .map((sibling) => followAlias(sibling.value))
  const keys = typeof item === 'object' && item !== null && !Array.isArray(item) ? Object.keys(item) : []
  const shared = (place: Place): number =>
    place.kind === 'mapping'
      ? keys.filter((key) => place.entries.some((entry) => entry.key === key)).length
      : 0
  const rank = (place: Place): number => (shared(place) === keys.length ? 2 : shared(place) > 0 ? 1 : 0)
  return siblings.sort((a, b) => rank(b) - rank(a))
}

function valueModels(models: readonly Place[], key: string): Place[] {
  return mappings(models)
    .flatMap((model) => model.entries.filter((entry) => entry.key === key))
    .map((entry) => followAlias(entry.value))
}

function dashOffsetOf(models: readonly Place[], key: string): number | undefined {
  for (const model of mappings(models)) {
    const value = model.entries.find((entry) => entry.key === key)?.value
    if (value?.kind === 'sequence' && !value.flow && !model.flow) return value.column - model.column
  }
  return undefined
}

function orderedKeys(value: object, models: readonly Place[]): string[] {
  const keys = Object.keys(value)
  const model = mappings(models)[0]
  const known = model?.entries.map((entry) => entry.key).filter((key): key is string => key !== null) ?? []
  return [...known.filter((key) => keys.includes(key)), ...keys.filter((key) => !known.includes(key))]
}

function mappings(models: readonly Place[]): MappingPlace[] {
  return models.filter((model) => model.kind === 'mapping')
}

function isFilled(value: unknown): value is object {
  return typeof value === 'object' && value !== null && Object.keys(value).length > 0
}

function filled(models: readonly Place[]): Place | undefined {
  return models.find(
    (model) =>
      (model.kind === 'mapping' && model.entries.length > 0) ||
      (model.kind === 'sequence' && model.items.length > 0),
  )
}

function isFlow(models: readonly Place[]): boolean {
  const model = filled(models)
  return model !== undefined && 'flow' in model && model.flow
}

/** Whether the best model is spread over several lines; without one, what the layout says. */
function isSpread(models: readonly Place[], layout: Layout): boolean {
  const model = filled(models)
  return model !== undefined && 'spread' in model ? model.spread : layout.spread
}

function keyText(key: string, models: readonly Place[], layout: Layout, flow: boolean): string {
  if (layout.json) return JSON.stringify(key)
  const names = mappings(models).flatMap((model) => model.entries.map((entry) => entry.name))
  const name = names.find((place) => place.kind === 'scalar' && place.text === key) ?? names.at(-1)
  if (name?.kind === 'scalar' && (name.style === 'single' || name.style === 'double'))
    return quote(key, name.style)
  const read = resolveKey({ text: key, tag: null, plain: true })
  return isSafe(key, flow) && read.ok && read.value === key ? key : quote(key, 'double')
}

function scalarText(value: unknown, models: readonly Place[], layout: Layout, flow: boolean): string {
  if (typeof value !== 'string') return JSON.stringify(value)
  if (layout.json) return JSON.stringify(value)
  const model = models.find((place): place is ScalarPlace => place.kind === 'scalar')
  if (model?.style === 'single' || model?.style === 'double') return quote(value, model.style)
  return isSafe(value, flow) && resolvePlain(value) === value ? value : quote(value, 'double')
}

function isSafe(text: string, flow: boolean): boolean {
  return (flow ? SAFE : SAFE_IN_BLOCK).test(text) && !AMBIGUOUS.test(text)
}

function quote(text: string, style: 'single' | 'double'): string {
  return style === 'single' && /^[\x20-\x7e]*$/.test(text)
    ? `'${text.replaceAll("'", "''")}'`
    : JSON.stringify(text)
}
