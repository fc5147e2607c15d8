// Go's text/template with the few functions of sprig that can be had exactly: what names and paths of generated
// Applications are made of. Conditions, loops, variables and every other function are named as not supported; a
// guess would judge an Application that Argo CD never makes.
import { posix } from 'node:path'

/** `unsupported`: we cannot evaluate it. `failed`: Argo CD itself would not. `why` is a piece of a sentence. */
export type Text =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly kind: 'unsupported' | 'failed'; readonly why: string }

/** A text may name a long parameter many times over. */
export const MAX_TEXT = 1_000_000
const TOO_LONG = `more than ${String(MAX_TEXT)} characters of text`

/** More tokens than anybody writes into one action; parentheses in it are read recursively. */
const MAX_TOKENS = 200

/** Thrown and caught inside of this file. */
class Stop extends Error {
  constructor(
    readonly kind: 'unsupported' | 'failed',
    message: string,
  ) {
    super(message)
  }
}

/** What a template makes of parameters. `strict` is the option `missingkey=error`. */
export function goTemplate(template: string, params: unknown, strict: boolean): Text {
  if (!template.includes('{{')) return { ok: true, text: template }
  try {
    return { ok: true, text: expand(template, params, strict) }
  } catch (error) {
    if (error instanceof Stop) return { ok: false, kind: error.kind, why: error.message }
    throw error
  }
}

/** text/template/parse/lex.go: `{{- ` and ` -}}` trim the text beside them; a comment is an action of its own. */
function expand(template: string, params: unknown, strict: boolean): string {
  let result = ''
  let at = 0
  let trims = false
  for (;;) {
    const open = template.indexOf('{{', at)
    const text = template.slice(at, open === -1 ? template.length : open)
    const cut = trims ? text.slice(skipSpace(text, 0, 1)) : text
    if (open === -1) return result + cut
    const left = /^\{\{-[ \t\r\n]/.test(template.slice(open, open + 4))
    result += left ? cut.slice(0, skipSpace(cut, cut.length - 1, -1) + 1) : cut
    if (result.length > MAX_TEXT) throw new Stop('unsupported', TOO_LONG)
    const begin = open + (left ? 3 : 2)
    const comment = /^\s*\/\*[\s\S]*?\*\/(?:[ \t\r\n]+-)?\}\}/.exec(template.slice(begin))
    if (comment !== null) {
      at = begin + comment[0].length
      trims = comment[0].endsWith('-}}')
      continue
    }
    const { tokens, end, trimsAfter } = tokensAt(template, begin)
    result += written(pipeline({ tokens, at: 0, whole: template.slice(open, end) }, params, strict))
    at = end
    trims = trimsAfter
  }
}

/** The first place from `at` on, in a direction, that is no white space. */
function skipSpace(text: string, from: number, step: 1 | -1): number {
  let at = from
  while (at >= 0 && at < text.length && ' \t\r\n'.includes(text.charAt(at))) at += step
  return at
}

type Token =
  | { readonly type: 'value'; readonly value: unknown }
  | { readonly type: 'path'; readonly fields: readonly string[] }
  | { readonly type: 'name' | 'mark'; readonly text: string }

const TOKENS =
  /\s+|"(?:[^"\\\n]|\\["\\nt])*"|`[^`]*`|(?:\.[\p{L}_][\p{L}\p{Nd}_]*)+(?![\p{L}\p{Nd}_.-])|\.(?=[\s)|}])|-?(?:0|[1-9]\d{0,4})(?![\w.])|[\p{L}_][\p{L}\p{Nd}_]*(?![\w.-])|[|()]/uy

function tokensAt(
  template: string,
  begin: number,
): { readonly tokens: readonly Token[]; readonly end: number; readonly trimsAfter: boolean } {
  const tokens: Token[] = []
  for (let at = begin; ;) {
    const close = /^(?:[ \t\r\n]+-)?\}\}/.exec(template.slice(at, at + 64))
    if (close !== null) return { tokens, end: at + close[0].length, trimsAfter: close[0].length > 2 }
    TOKENS.lastIndex = at
    const [found] = TOKENS.exec(template) ?? []
    if (found === undefined || tokens.length > MAX_TOKENS) {
      const end = template.indexOf('}}', at)
      if (end === -1) throw new Stop('failed', 'a template is not closed with }}')
      throw new Stop('unsupported', shown(template.slice(begin - 2, end + 2)))
    }
    at += found.length
    const token = tokenOf(found)
    if (token !== null) tokens.push(token)
  }
}

function tokenOf(found: string): Token | null {
  const first = found.charAt(0)
  if (/\s/.test(first)) return null
  if (first === '"') {
    const text = found.slice(1, -1).replace(/\\(.)/g, (_, char: string) => ESCAPES[char] ?? char)
    return { type: 'value', value: text }
  }
  if (first === '`') return { type: 'value', value: found.slice(1, -1) }
  if (first === '.') return { type: 'path', fields: found.split('.').filter((field) => field !== '') }
  if (/[-\d]/.test(first)) return { type: 'value', value: Number(found) }
  if (found === 'true' || found === 'false') return { type: 'value', value: found === 'true' }
  return /^[|()]$/.test(found) ? { type: 'mark', text: found } : { type: 'name', text: found }
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t' }

interface Reading {
  readonly tokens: readonly Token[]
  at: number
  /** The action, for people. */
  readonly whole: string
}

function unsupported(reading: Reading): never {
  throw new Stop('unsupported', shown(reading.whole))
}

function failed(reading: Reading, why: string): never {
  throw new Stop('failed', `${shown(reading.whole)} ${why}`)
}

function shown(action: string): string {
  return action.length > 80 ? `${action.slice(0, 80)}…` : action
}

function isMark(token: Token | undefined, text: string): boolean {
  return token?.type === 'mark' && token.text === text
}

function pipeline(reading: Reading, params: unknown, strict: boolean): unknown {
  let piped: readonly unknown[] = []
  for (;;) {
    const value = command(reading, params, strict, piped)
    const next = reading.tokens[reading.at]
    if (!isMark(next, '|')) {
      if (next !== undefined && !isMark(next, ')')) unsupported(reading)
      return value
    }
    reading.at += 1
    piped = [value]
  }
}

function command(reading: Reading, params: unknown, strict: boolean, piped: readonly unknown[]): unknown {
  const first = reading.tokens[reading.at]
  const name = first?.type === 'name' ? first.text : null
  if (name !== null) reading.at += 1
  const operands: unknown[] = []
  for (;;) {
    const token = reading.tokens[reading.at]
    if (token === undefined || isMark(token, '|') || isMark(token, ')')) break
    operands.push(operand(reading, params, strict))
  }
  if (name !== null) return call(reading, name, [...operands, ...piped])
  if (operands.length !== 1 || piped.length > 0) unsupported(reading)
  return operands[0]
}

function operand(reading: Reading, params: unknown, strict: boolean): unknown {
  const token = reading.tokens[reading.at]
  reading.at += 1
  if (token?.type === 'value') return token.value
  if (token?.type === 'path') return token.fields.reduce((at, key) => field(reading, at, key, strict), params)
  if (!isMark(token, '(')) unsupported(reading)
  const value = pipeline(reading, params, strict)
  if (!isMark(reading.tokens[reading.at], ')')) unsupported(reading)
  reading.at += 1
  return value
}

/** evalField of exec.go: undefined is a key that a map does not have, null is one that holds nothing. */
function field(reading: Reading, value: unknown, key: string, strict: boolean): unknown {
  if (value === undefined) return undefined
  if (!isMap(value)) failed(reading, `asks for ${key} of what is no mapping`)
  if (Object.hasOwn(value, key)) return value[key]
  return strict ? failed(reading, `asks for ${key}, which is not among the parameters`) : undefined
}

/** fmt's %v: 8080, and 1e+06 for a million, since JSON numbers are float64 there. Null where it is no scalar. */
export function goText(value: unknown): string | null {
  if (typeof value === 'string') return value
  if (typeof value === 'boolean') return String(value)
  if (typeof value !== 'number' && typeof value !== 'bigint') return null
  const number = Number(value)
  const size = Math.abs(number)
  if (number === 0 || (size >= 1e-4 && size < 1e6)) return String(number)
  return number.toExponential().replace(/e([+-])(\d)$/, 'e$10$2')
}

function written(value: unknown): string {
  if (value === undefined || value === null) return '<no value>'
  const text = goText(value)
  if (text === null) throw new Stop('unsupported', 'a whole mapping or list where text is wanted')
  return text
}

type Call = (reading: Reading, args: readonly unknown[]) => unknown

function call(reading: Reading, name: string, args: readonly unknown[]): unknown {
  const made = Object.hasOwn(CALLS, name) ? CALLS[name] : undefined
  return made === undefined ? unsupported(reading) : made(reading, args)
}

/** A function of strings alone; text beyond ASCII is left out, where Go and JavaScript differ on letters and spaces. */
function strings(count: number, make: (...args: string[]) => string | null): Call {
  return (reading, args) => {
    if (args.length !== count) unsupported(reading)
    const texts = args.map((arg) => {
      if (typeof arg !== 'string') return failed(reading, 'wants text and is given something else')
      return isAscii(arg) ? arg : unsupported(reading)
    })
    return make(...texts) ?? unsupported(reading)
  }
}

/** What they do is in sprig's functions.go, and normalize in Argo CD's template_functions.go. */
const CALLS: Readonly<Record<string, Call>> = {
  lower: strings(1, (text) => text.toLowerCase()),
  upper: strings(1, (text) => text.toUpperCase()),
  trim: strings(1, (text) => text.trim()),
  trimSuffix: strings(2, (end, text) =>
    text.endsWith(end) ? text.slice(0, text.length - end.length) : text,
  ),
  trimPrefix: strings(2, (start, text) => (text.startsWith(start) ? text.slice(start.length) : text)),
  replace: strings(3, (old, by, text) => (old === '' ? null : text.split(old).join(by))),
  base: strings(1, (path) => (path === '' ? '.' : posix.basename(path) || '/')),
  normalize: strings(1, sanitizeName),
  index(reading, [value, ...keys]) {
    if (keys.length === 0) unsupported(reading)
    return keys.reduce((at, key) => indexed(reading, at, key), value)
  },
  default(reading, args) {
    return args.length === 2 ? (isEmpty(args[1]) ? args[0] : args[1]) : unsupported(reading)
  },
  quote: quoted((text) => (/^[\x20-\x7e]*$/.test(text) && !/["\\]/.test(text) ? `"${text}"` : null)),
  squote: quoted((text) => `'${text}'`),
  toJson: (reading, args) => (args.length === 1 ? goJson(reading, args[0]) : unsupported(reading)),
  printf(reading, [format, ...args]) {
    if (typeof format !== 'string') return unsupported(reading)
    const parts = format.split('%s')
    if (format.replaceAll('%s', '').includes('%') || parts.length !== args.length + 1) unsupported(reading)
    return parts.reduce((text, part, at) => {
      const arg = args[at - 1]
      return typeof arg === 'string' ? text + arg + part : unsupported(reading)
    })
  },
  dig(reading, args) {
    const keys = args.slice(0, -2)
    if (keys.length === 0) unsupported(reading)
    let at = args[args.length - 1]
    for (const key of keys) {
      if (typeof key !== 'string' || !isMap(at)) return unsupported(reading)
      if (!Object.hasOwn(at, key)) return args[args.length - 2]
      at = at[key]
    }
    return at
  },
}

function indexed(reading: Reading, value: unknown, key: unknown): unknown {
  if (Array.isArray(value)) {
    const list: readonly unknown[] = value
    if (typeof key === 'number' && key >= 0 && key < list.length) return list[key]
    return failed(reading, `asks for item ${String(key)} of ${String(list.length)}`)
  }
  if (isMap(value) && typeof key === 'string') return Object.hasOwn(value, key) ? value[key] : null
  return value === null || value === undefined ? failed(reading, 'looks into nothing') : unsupported(reading)
}

function quoted(make: (text: string) => string | null): Call {
  return (reading, args) =>
    args
      .filter((arg) => arg !== undefined && arg !== null)
      .map((arg) => make(goText(arg) ?? unsupported(reading)) ?? unsupported(reading))
      .join(' ')
}

/** encoding/json: keys in order, and no character that HTML reads. */
function goJson(reading: Reading, value: unknown): string {
  if (value === undefined) return unsupported(reading)
  const ordered = (part: unknown): unknown => {
    if (Array.isArray(part)) return part.map(ordered)
    if (typeof part === 'bigint') return unsupported(reading)
    if (!isMap(part)) return part
    return Object.fromEntries(
      Object.keys(part)
        .sort()
        .map((key) => [key, ordered(part[key])]),
    )
  }
  return JSON.stringify(ordered(value)).replace(
    /[<>&\u2028\u2029]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** SanitizeName of Argo CD's template_functions.go: a name that DNS allows. */
export function sanitizeName(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^-a-z0-9.]/gu, '-')
    .slice(0, 253)
    .replace(/^[-.]+|[-.]+$/g, '')
}

/** sprig's `empty`. */
function isEmpty(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0
  return isMap(value) ? Object.keys(value).length === 0 : !value
}

function isAscii(text: string): boolean {
  return /^[\t\n\r\x20-\x7e]*$/.test(text)
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
