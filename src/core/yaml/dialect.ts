// What a scalar means: the dialect of sigs.k8s.io/yaml, which is goyaml.v2 read into `interface{}` and
// written as JSON. Both parsers hand their scalars to these functions, so they cannot disagree on one.
// Sources: goyaml.v2/resolve.go and decode.go, yaml.go in github.com/kubernetes-sigs/yaml.

import { floatKey } from './float-key.ts'

export type ScalarValue = string | number | boolean | null

/** A scalar as either parser sees it: its text unescaped and unfolded, its full tag, plain or quoted. */
export interface ScalarText {
  readonly text: string
  /** `tag:yaml.org,2002:int`, `!Ref`, `!`; null when there is none. */
  readonly tag: string | null
  readonly plain: boolean
}

export type Resolved<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly message: string }

interface Typed {
  readonly kind: 'str' | 'int' | 'uint' | 'float' | 'bool' | 'null'
  readonly value: ScalarValue
}

const CORE = 'tag:yaml.org,2002:'

// resolveMap in resolve.go, in exactly these casings. A Map, because `constructor` is a scalar too.
const NAMED = new Map<string, Typed>([
  ...['y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON'].map(
    (text): [string, Typed] => [text, { kind: 'bool', value: true }],
  ),
  ...['n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF'].map(
    (text): [string, Typed] => [text, { kind: 'bool', value: false }],
  ),
  ...['', '~', 'null', 'Null', 'NULL'].map((text): [string, Typed] => [text, { kind: 'null', value: null }]),
  ...['.nan', '.NaN', '.NAN'].map((text): [string, Typed] => [text, { kind: 'float', value: NaN }]),
  ...['.inf', '.Inf', '.INF', '+.inf', '+.Inf', '+.INF'].map((text): [string, Typed] => [
    text,
    { kind: 'float', value: Infinity },
  ]),
  ...['-.inf', '-.Inf', '-.INF'].map((text): [string, Typed] => [text, { kind: 'float', value: -Infinity }]),
])

// strconv.ParseInt with base 0, after resolve.go has taken the underscores out.
const INTEGER = /^[-+]?(?:0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|0|[1-9][0-9]*)$/
const YAML_FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/
// strconv.ParseFloat, which lets underscores stand between digits.
const DOT_FLOAT = /^\.[0-9]+(?:_[0-9]+)*(?:[eE][-+]?[0-9]+(?:_[0-9]+)*)?$/
const TIMESTAMP =
  /^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt][0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}(?:\.[0-9]+)?(?:Z|[-+][0-9]{2}:[0-9]{2})| [0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}(?:\.[0-9]+)?)?$/
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

/**
 * The value of a scalar as the JSON carries it. Integers beyond 2^53 become the nearest number; -0 is 0;
 * timestamps and sexagesimals are strings; an unknown or local tag (`!Ref 5`) makes its text a string.
 * Errors: infinities and NaN, which JSON lacks; a text that its `!!tag` does not fit; bad base64.
 */
export function resolveScalar(scalar: ScalarText): Resolved<ScalarValue> {
  const typed = resolveTyped(scalar)
  if (!typed.ok) return typed
  const { value } = typed.value
  if (typeof value === 'number' && !Number.isFinite(value)) {
    return { ok: false, message: `JSON has no number for ${scalar.text}` }
  }
  return { ok: true, value: typeof value === 'number' ? value + 0 : value }
}

/**
 * The string that a scalar is as a mapping key (convertToJSONableObject in yaml.go): integers in
 * decimal, floats as Go prints a float32, booleans as true and false. Errors: null, and integers that
 * only fit an uint64, neither of which sigs.k8s.io/yaml takes as a key.
 */
export function resolveKey(scalar: ScalarText): Resolved<string> {
  const typed = resolveTyped(scalar)
  if (!typed.ok) return typed
  const { kind, value } = typed.value
  if (typeof value === 'string') return { ok: true, value }
  if (kind === 'null' || kind === 'uint') {
    return {
      ok: false,
      message: `${scalar.text === '' ? 'an empty scalar' : scalar.text} cannot be a mapping key`,
    }
  }
  if (kind === 'int') return { ok: true, value: exactInteger(scalar.text.replaceAll('_', '')).toString() }
  return { ok: true, value: typeof value === 'number' ? floatKey(value) : String(value) }
}

/** Whether `<<` is written so that it merges: plain, or with the tag that says so (isMerge in decode.go). */
export function isMergeKey(scalar: ScalarText): boolean {
  if (scalar.text !== '<<') return false
  return scalar.tag === null ? scalar.plain : scalar.tag === `${CORE}merge`
}

/** What a plain, untagged scalar is. Numbers may be infinite or NaN. */
export function resolvePlain(text: string): ScalarValue {
  return typePlain(text).value
}

function resolveTyped({ text, tag, plain }: ScalarText): Resolved<Typed> {
  if (tag === null) return { ok: true, value: plain ? typePlain(text) : { kind: 'str', value: text } }
  const name = tag.startsWith(CORE) ? tag.slice(CORE.length) : ''
  if (name === 'binary') return decodeBinary(text)
  const string: Resolved<Typed> = { ok: true, value: { kind: 'str', value: text } }
  if (name === 'timestamp' && TIMESTAMP.test(text)) return string
  if (!['bool', 'int', 'float', 'null', 'timestamp'].includes(name)) return string
  const typed = typePlain(text)
  if (typed.kind === name || (typed.kind === 'uint' && name === 'int')) return { ok: true, value: typed }
  if (typed.kind === 'int' && name === 'float')
    return { ok: true, value: { kind: 'float', value: typed.value } }
  return { ok: false, message: `cannot read ${JSON.stringify(clip(text))} as a !!${name}` }
}

/** resolve() in resolve.go: the first character decides what is tried at all. */
function typePlain(text: string): Typed {
  const first = text.charCodeAt(0)
  const digitOrSign = (first >= 48 && first <= 57) || first === 43 || first === 45
  const named = text.length <= 5 ? NAMED.get(text) : undefined
  if (named !== undefined) return named
  if (first === 46) {
    const value = DOT_FLOAT.test(text) ? Number(text.replaceAll('_', '')) : NaN
    return Number.isFinite(value) ? { kind: 'float', value } : { kind: 'str', value: text }
  }
  if (digitOrSign) {
    const digits = text.replaceAll('_', '')
    const integer = INTEGER.test(digits) ? typeInteger(digits) : null
    if (integer !== null) return integer
    const value = YAML_FLOAT.test(digits) ? Number(digits) : NaN
    if (Number.isFinite(value)) return { kind: 'float', value }
  }
  return { kind: 'str', value: text }
}

/** An int64, else an uint64, else null: what is larger is a float if it is decimal, a string if it is not. */
function typeInteger(digits: string): Typed | null {
  if (digits.length <= 10) return { kind: 'int', value: Number(exactInteger(digits)) }
  // Quadratic beyond reason, and certainly out of range: a 64-bit binary literal has 67 characters.
  if (digits.replace(/^([-+]?0?[xXbBoO]?)0+/, '$1').length > 80) return null
  const exact = exactInteger(digits)
  if (exact >= -(2n ** 63n) && exact < 2n ** 63n) return { kind: 'int', value: Number(exact) }
  if (exact >= 0n && exact < 2n ** 64n && !digits.startsWith('+'))
    return { kind: 'uint', value: Number(exact) }
  return null
}

function exactInteger(digits: string): bigint {
  const negative = digits.startsWith('-')
  const bare = digits.replace(/^[-+]/, '')
  const magnitude = BigInt(/^0[0-7]/.test(bare) ? `0o${bare.slice(1)}` : bare)
  return negative ? -magnitude : magnitude
}

/** Base64 as Go's StdEncoding: line breaks are skipped, spaces are not; bytes that are not UTF-8 become U+FFFD. */
function decodeBinary(text: string): Resolved<Typed> {
  const encoded = text.replace(/[\r\n]/g, '')
  if (!BASE64.test(encoded)) return { ok: false, message: 'a !!binary value holds invalid base64' }
  const bytes = Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0))
  return {
    ok: true,
    value: { kind: 'str', value: new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes) },
  }
}

function clip(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text
}
