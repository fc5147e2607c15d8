// `${name}` and its relatives, as Flux replaces them after a build. A port of fluxcd/pkg/envsubst (parse/scan.go,
// parse/parse.go, template.go, funcs.go), down to its oddities: `$$` is `$` everywhere, and `:?`, `:+`, `?` and `+`
// give what stands after them where the variable is empty. What may cost too much ends as a failure.

export type Substituted =
  | { readonly ok: true; readonly text: string }
  /** `known`: upstream fails on it as well. Otherwise it is a form that is not evaluated here. */
  | { readonly ok: false; readonly known: boolean; readonly message: string }

/** UTF-16 units of what comes out; documents that are longer are not read either. */
const MAX_OUTPUT = 5 * 1024 * 1024
const MAX_NESTING = 50
/** Matching a pattern at every place of a value is quadratic. */
const MAX_TRIMMED = 4096

/** Variables that are not known are empty, as upstream has it outside of its strict mode. */
export function envsubst(text: string, variables: ReadonlyMap<string, string>): Substituted {
  if (!text.includes('$')) return { ok: true, text }
  try {
    return { ok: true, text: evaluate(text, variables) }
  } catch (error) {
    if (error instanceof Failure) return { ok: false, known: error.known, message: error.message }
    throw error
  }
}

/** Not an exception for others: the parser's way out of its recursion. */
class Failure extends Error {
  readonly known: boolean
  constructor(message: string, known = true) {
    super(message)
    this.known = known
  }
}

type Token = 'end' | 'open' | 'close' | 'text' | 'illegal'
/** Does a character belong to the token? `length` is that of the token with it. */
type Accept = (character: string, length: number) => boolean

interface Mode {
  readonly open?: boolean
  readonly close?: boolean
  readonly text?: boolean
  /** Which characters escape: `$` before `$`, and a backslash before `/` or itself. */
  readonly escapes?: '$' | '$\\'
}

function evaluate(source: string, variables: ReadonlyMap<string, string>): string {
  let at = 0
  let token = ''
  let produced = 0

  const peek = (): string => source[at] ?? ''
  const isEscape = (character: string, escapes: Mode['escapes']): boolean =>
    escapes !== undefined &&
    ((character === '$' && peek() === '$') ||
      (character === '\\' && escapes === '$\\' && (peek() === '/' || peek() === '\\')))
  const opens = (character: string, mode: Mode): boolean =>
    mode.open === true && character === '$' && peek() === '{'

  const scan = (mode: Mode, accept: Accept): Token => {
    token = ''
    const first = peek()
    if (first === '') return 'end'
    at += 1
    if (opens(first, mode)) {
      at += 1
      return 'open'
    }
    if (mode.close === true && first === '}') return 'close'
    if (mode.text !== true) return 'illegal'
    const parts: string[] = []
    let length = 1
    if (isEscape(first, mode.escapes)) {
      parts.push(peek())
      at += 1
    } else if (accept(first, 1)) parts.push(first)
    else return 'illegal'
    for (let next = peek(); next !== ''; next = peek()) {
      at += 1
      if (opens(next, mode)) {
        at -= 1
        break
      }
      if (isEscape(next, mode.escapes)) {
        parts.push(peek())
        at += 1
        length += 1
        continue
      }
      if (!accept(next, length + 1)) {
        at -= 1
        break
      }
      parts.push(next)
      length += 1
    }
    token = parts.join('')
    return 'text'
  }

  const operator = (accept: Accept): string => {
    if (scan({ text: true }, accept) !== 'text') throw new Failure('bad substitution')
    return token
  }
  const close = (): void => {
    if (scan({ close: true }, () => false) !== 'close') throw new Failure('bad substitution')
  }
  const parameter = (accept: Accept, depth: number, escapes?: Mode['escapes']): string => {
    const found = scan({ text: true, open: true, ...(escapes === undefined ? {} : { escapes }) }, accept)
    if (found === 'open') return expansion(depth + 1)
    if (found === 'text') return token
    throw new Failure('unable to parse substitution within function')
  }

  /** What stands between `${` and `}`; the opening is read already. */
  const expansion = (depth: number): string => {
    if (depth > MAX_NESTING) throw new Failure('expansions are nested too deep', false)
    if (peek() === '#') {
      at += 1
      const name = operator(isIdentifier)
      close()
      return String(Buffer.byteLength(variables.get(name) ?? ''))
    }
    if (scan({ text: true }, isIdentifier) !== 'text') throw new Failure('unable to parse variable name')
    const value = variables.get(token) ?? ''
    switch (peek()) {
      case ':':
        return '=-?+'.includes(source[at + 1] ?? ' ') ? fallback(value, depth) : slice(value, depth)
      case '=':
        return fallback(value, depth)
      case ',':
      case '^': {
        const kind = operator((character, length) => (character === ',' || character === '^') && length < 3)
        close()
        return cased(value, kind)
      }
      case '/':
        return replaced(value, depth)
      case '#':
      case '%': {
        const kind = operator((character, length) => (character === '#' || character === '%') && length < 3)
        const pattern = parameter(isNotClosing, depth)
        close()
        return trimmed(value, kind, pattern)
      }
      case '}':
        at += 1
        return value
      default:
        throw new Failure('missing closing brace')
    }
  }

  const fallback = (value: string, depth: number): string => {
    operator(
      peek() === '='
        ? (character, length) => length === 1 && character === '='
        : (character, length) =>
            length === 1 ? character === ':' : length === 2 && '=-?+'.includes(character),
    )
    const parts: string[] = []
    while (peek() !== '}') parts.push(parameter(isNotClosing, depth))
    close()
    return value === '' ? parts.join('') : value
  }

  const slice = (value: string, depth: number): string => {
    operator((character, length) => length === 1 && character === ':')
    const from = parameter((character) => character !== ':' && character !== '}', depth)
    const found = scan({ text: true, close: true }, (character) => character === ':')
    if (found === 'close') return sliced(value, from, null)
    if (found !== 'text') throw new Failure('bad substitution')
    const length = parameter(isNotClosing, depth)
    close()
    return sliced(value, from, length)
  }

  const replaced = (value: string, depth: number): string => {
    const kind = operator((character, length) =>
      length === 1 ? character === '/' : length === 2 && '/#%'.includes(character),
    )
    const pattern = peek() === '/' ? '' : parameter((character) => character !== '/', depth, '$\\')
    operator((character) => character === '/')
    const by = peek() === '}' ? null : parameter(isNotClosing, depth, '$\\')
    close()
    return replace(value, kind, pattern, by)
  }

  const parts: string[] = []
  for (;;) {
    const found = scan({ text: true, open: true, escapes: '$' }, () => true)
    if (found === 'end') return parts.join('')
    const part = found === 'open' ? expansion(0) : token
    produced += part.length
    if (produced > MAX_OUTPUT) throw new Failure('what comes out is too long', false)
    parts.push(part)
  }
}

function isIdentifier(character: string): boolean {
  return /[\p{L}\p{Nd}_]/u.test(character)
}

function isNotClosing(character: string): boolean {
  return character !== '}'
}

function cased(value: string, kind: string): string {
  const [first = ''] = value
  const rest = value.slice(first.length)
  switch (kind) {
    case ',':
      return first.toLowerCase() + rest
    case '^':
      return first.toUpperCase() + rest
    case ',,':
      return value.toLowerCase()
    case '^^':
      return value.toUpperCase()
    default:
      return value
  }
}

/** `${name:from}` and `${name:from:length}`, in bytes, as Go slices strings. What is no number changes nothing. */
function sliced(value: string, from: string, length: string | null): string {
  const bytes = Buffer.from(value)
  const position = integer(from)
  if (position === null) return value
  const start = position < 0 ? Math.max(bytes.length + position, 0) : position
  if (length === null) return bytes.subarray(start).toString()
  const count = integer(length)
  if (count === null) return value
  const end = count < 0 ? bytes.length + count : start + count
  return end < start ? '' : bytes.subarray(start, end).toString()
}

function integer(text: string): number | null {
  return /^[+-]?\d{1,15}$/.test(text) ? Number(text) : null
}

function replace(value: string, kind: string, pattern: string, by: string | null): string {
  switch (kind) {
    case '/#':
      return by !== null && value.startsWith(pattern) ? by + value.slice(pattern.length) : value
    case '/%':
      return by !== null && value.endsWith(pattern)
        ? value.slice(0, value.length - pattern.length) + by
        : value
    case '//': {
      // Go puts the replacement before and after every character for an empty pattern.
      const pieces = pattern === '' ? ['', ...value, ''] : value.split(pattern)
      if (pieces.length * (by ?? '').length > MAX_OUTPUT)
        throw new Failure('what comes out is too long', false)
      return pieces.join(by ?? '')
    }
    default: {
      const found = value.indexOf(pattern)
      return found === -1 ? value : value.slice(0, found) + (by ?? '') + value.slice(found + pattern.length)
    }
  }
}

/** `#`, `##`, `%` and `%%`: the shortest or longest piece at the beginning or end that matches, and is not empty. */
function trimmed(value: string, kind: string, pattern: string): string {
  if (/[[\\]/.test(pattern)) throw new Failure(`the pattern ${pattern} has a class or an escape`, false)
  if (value.length > MAX_TRIMMED || pattern.length > MAX_TRIMMED) {
    throw new Failure('a value is too long to be trimmed', false)
  }
  if (kind.startsWith('%')) {
    return reversed(trimmed(reversed(value), kind.replaceAll('%', '#'), reversed(pattern)))
  }
  const lengths = Array.from({ length: value.length }, (_, index) => index + 1)
  if (kind === '##') lengths.reverse()
  const length = lengths.find((each) => matches(pattern, value.slice(0, each)))
  return length === undefined ? value : value.slice(length)
}

function reversed(text: string): string {
  return [...text].reverse().join('')
}

/** `*` is any text, slashes too, and `?` any character: envsubst/path/match.go. Never backtracks further than one star. */
function matches(pattern: string, text: string): boolean {
  let p = 0
  let t = 0
  let star = -1
  let resume = 0
  while (t < text.length) {
    if (pattern[p] === '*') {
      star = p
      resume = t
      p += 1
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === text[t])) {
      p += 1
      t += 1
    } else if (star !== -1) {
      p = star + 1
      resume += 1
      t = resume
    } else return false
  }
  while (pattern[p] === '*') p += 1
  return p === pattern.length
}
