// Calico's selector language as an expression. A selector that Calico cannot parse is refused with the policy around
// it, so the parser follows the original's token for token: libcalico-go/lib/selector/tokenizer/tokenizer.go and
// parser/parser.go, whose `!` binds closer than `&&` and that closer than `||`.
import type { Requirement } from '../labels.ts'

export type Expression =
  | { readonly kind: 'label'; readonly requirement: Requirement }
  | { readonly kind: 'all' | 'global' }
  | { readonly kind: 'not'; readonly part: Expression }
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Expression[] }

export type ParsedSelector =
  | { readonly ok: true; readonly expression: Expression }
  /** `invalid`: why Calico refuses it, after "it has"; null: longer or deeper than anybody writes, so nobody read it. */
  | { readonly ok: false; readonly invalid: string | null }

/** More is somebody playing: the API takes 1,024 characters now, and took any number once. */
const LONGEST = 16_384
const DEEPEST = 50

/** Reads a selector; the empty one is `all()`. */
export function parseSelector(text: string): ParsedSelector {
  if (text.length > LONGEST) return { ok: false, invalid: null }
  const tokens = tokenize(text)
  if (typeof tokens === 'string') return { ok: false, invalid: tokens }
  if (tokens.length === 0) return { ok: true, expression: { kind: 'all' } }
  const reading = { tokens, at: 0, depth: 0 }
  const expression = readOr(reading)
  if (typeof expression === 'string') return { ok: false, invalid: expression }
  if (expression === null) return { ok: false, invalid: null }
  if (reading.at < tokens.length)
    return { ok: false, invalid: `unexpected ${nameToken(tokens[reading.at])} after its end` }
  return { ok: true, expression }
}

type Operator = '==' | '!=' | 'contains' | 'starts with' | 'ends with' | 'not in' | 'in'

type Token =
  | { readonly kind: '(' | ')' | '{' | '}' | ',' | '!' | '&&' | '||' | 'all' | 'global' }
  | { readonly kind: 'label' | 'has' | 'text'; readonly value: string }
  | { readonly kind: 'operator'; readonly operator: Operator }

const SIGNS = ['&&', '||', '(', ')', '{', '}', ',', '!'] as const
const WORDS: readonly (readonly [RegExp, Operator])[] = [
  [/^contains/, 'contains'],
  [/^starts[ \t]*with/, 'starts with'],
  [/^ends[ \t]*with/, 'ends with'],
  [/^not[ \t]*in/, 'not in'],
  [/^in/, 'in'],
]
const IDENTIFIER = /^[a-zA-Z0-9_./-]+/

/** The tokens, or what is wrong. Only blanks and tabs part them, as in the original; a line break is an error. */
function tokenize(text: string): readonly Token[] | string {
  const tokens: Token[] = []
  let rest = text
  const take = (length: number, token: Token): void => {
    tokens.push(token)
    rest = rest.slice(length)
  }
  for (;;) {
    rest = rest.replace(/^[ \t]+/, '')
    if (rest === '') return tokens
    const quote = rest[0]
    if (quote === '"' || quote === "'") {
      const end = rest.indexOf(quote, 1)
      if (end === -1) return 'a text whose quote is not closed'
      take(end + 1, { kind: 'text', value: rest.slice(1, end) })
      continue
    }
    const comparison = rest.startsWith('==') ? '==' : rest.startsWith('!=') ? '!=' : undefined
    const sign = SIGNS.find((known) => rest.startsWith(known))
    if (comparison !== undefined) take(2, { kind: 'operator', operator: comparison })
    else if (sign !== undefined) take(sign.length, { kind: sign })
    else if (tokens.at(-1)?.kind === 'label') {
      // Straight after a label a word is an operator, never another label.
      const word = WORDS.find(([pattern]) => pattern.test(rest))
      if (word === undefined) return `no operator after ${nameToken(tokens.at(-1))}`
      take(word[0].exec(rest)?.[0].length ?? 0, { kind: 'operator', operator: word[1] })
    } else {
      const call = /^(all|global)\([ \t]*\)/.exec(rest)
      const has = /^has\([ \t]*([a-zA-Z0-9_./-]+)[ \t]*\)/.exec(rest)
      const identifier = IDENTIFIER.exec(rest)
      if (call !== null) take(call[0].length, { kind: call[1] === 'all' ? 'all' : 'global' })
      else if (has !== null) take(has[0].length, { kind: 'has', value: has[1] ?? '' })
      else if (/^(has|all|global)\(/.test(rest))
        return `a "${rest.slice(0, rest.indexOf('('))}(" that is not closed`
      else if (identifier !== null) take(identifier[0].length, { kind: 'label', value: identifier[0] })
      else return `an unexpected ${JSON.stringify(rest.slice(0, 1))}`
    }
  }
}

interface Reading {
  readonly tokens: readonly Token[]
  at: number
  depth: number
}

/** The expression, what is wrong with it, or null where it is too deep. */
type Read = Expression | string | null

function readOr(reading: Reading): Read {
  return readChain(reading, '||', 'or', () => readChain(reading, '&&', 'and', () => readOperation(reading)))
}

function readChain(reading: Reading, sign: '&&' | '||', kind: 'and' | 'or', next: () => Read): Read {
  const parts: Expression[] = []
  for (;;) {
    const part = next()
    if (part === null || typeof part === 'string') return part
    parts.push(part)
    if (reading.tokens[reading.at]?.kind !== sign) break
    reading.at += 1
  }
  const [only] = parts
  return parts.length === 1 && only !== undefined ? only : { kind, parts }
}

function readOperation(reading: Reading): Read {
  let negated = false
  while (reading.tokens[reading.at]?.kind === '!') {
    negated = !negated
    reading.at += 1
  }
  const expression = readOperand(reading)
  if (expression === null || typeof expression === 'string') return expression
  return negated ? { kind: 'not', part: expression } : expression
}

function readOperand(reading: Reading): Read {
  const token = reading.tokens[reading.at]
  reading.at += 1
  switch (token?.kind) {
    case 'all':
    case 'global':
      return { kind: token.kind }
    case 'has':
      return { kind: 'label', requirement: { key: token.value, operator: 'Exists' } }
    case 'label':
      return readComparison(token.value, reading)
    case '(': {
      if (reading.depth >= DEEPEST) return null
      reading.depth += 1
      const inner = readOr(reading)
      reading.depth -= 1
      if (inner === null || typeof inner === 'string') return inner
      if (reading.tokens[reading.at]?.kind !== ')') return 'a parenthesis that is not closed'
      reading.at += 1
      return inner
    }
    default:
      return `${nameToken(token)} where an expression must stand`
  }
}

function readComparison(key: string, reading: Reading): Read {
  const token = reading.tokens[reading.at]
  if (token?.kind !== 'operator') return `no operator after the label ${key}`
  reading.at += 1
  const { operator } = token
  if (operator === 'in' || operator === 'not in') {
    const values = readSet(reading)
    if (typeof values === 'string') return values
    return { kind: 'label', requirement: { key, operator: operator === 'in' ? 'In' : 'NotIn', values } }
  }
  const value = reading.tokens[reading.at]
  if (value?.kind !== 'text') return `no text in quotes after ${key} ${operator}`
  reading.at += 1
  return { kind: 'label', requirement: compare(key, operator, value.value) }
}

function compare(key: string, operator: Exclude<Operator, 'in' | 'not in'>, text: string): Requirement {
  switch (operator) {
    case '==':
      return { key, operator: 'In', values: [text] }
    case '!=':
      return { key, operator: 'NotIn', values: [text] }
    case 'contains':
      return { key, operator: 'Contains', text, negated: false }
    case 'starts with':
      return { key, operator: 'StartsWith', text, negated: false }
    case 'ends with':
      return { key, operator: 'EndsWith', text, negated: false }
  }
}

/** `{ 'a', 'b' }`; the original takes an empty set and a comma at the end. */
function readSet(reading: Reading): readonly string[] | string {
  if (reading.tokens[reading.at]?.kind !== '{') return 'no set in braces after in'
  reading.at += 1
  const values: string[] = []
  for (;;) {
    const token = reading.tokens[reading.at]
    if (token?.kind !== 'text') break
    values.push(token.value)
    reading.at += 1
    if (reading.tokens[reading.at]?.kind !== ',') break
    reading.at += 1
  }
  if (reading.tokens[reading.at]?.kind !== '}') return 'a set that is not closed'
  reading.at += 1
  return values
}

function nameToken(token: Token | undefined): string {
  if (token === undefined) return 'nothing'
  switch (token.kind) {
    case 'label':
      return `the label ${token.value}`
    case 'has':
      return `has(${token.value})`
    case 'text':
      return `the text "${token.value}"`
    case 'operator':
      return `"${token.operator}"`
    case 'all':
    case 'global':
      return `${token.kind}()`
    default:
      return `"${token.kind}"`
  }
}
