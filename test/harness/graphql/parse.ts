// Enough of the GraphQL language to read what an app sends: one operation, variables, arguments, aliases,
// inline and named fragments. Directives and everything else are refused.
// Grammar: https://spec.graphql.org/October2021/#sec-Appendix-Grammar-Summary

export type Value =
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'literal'; readonly value: unknown }
  | { readonly kind: 'list'; readonly items: readonly Value[] }
  | { readonly kind: 'object'; readonly fields: Readonly<Record<string, Value>> }
export interface Field {
  readonly kind: 'field'
  readonly alias: string
  readonly name: string
  readonly args: Readonly<Record<string, Value>>
  readonly selection: readonly Selection[] | null
}
export type Selection =
  | Field
  | { readonly kind: 'inline'; readonly on: string | null; readonly selection: readonly Selection[] }
  | { readonly kind: 'spread'; readonly name: string }
export interface Document {
  readonly type: 'query' | 'mutation'
  readonly selection: readonly Selection[]
  readonly fragments: ReadonlyMap<string, { readonly on: string; readonly selection: readonly Selection[] }>
  readonly variables: readonly {
    readonly name: string
    readonly required: boolean
    readonly fallback: Value | null
  }[]
}

const TOKEN =
  /[\s,\uFEFF]+|#[^\n]*|("""[\s\S]*?"""|"(?:[^"\\\n]|\\.)*"|\.\.\.|[!$()&:=@[\]{|}]|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|[A-Za-z_]\w*)/gy

/** Reads a document with one operation; throws an Error that says where it stopped. */
export function parse(source: string): Document {
  const tokens = lex(source)
  let at = 0
  const peek = (): string => tokens[at] ?? ''
  const next = (): string => tokens[at++] ?? ''
  const accept = (token: string): boolean => peek() === token && ++at > 0
  const expect = (token: string): void => {
    if (!accept(token)) throw new Error(`Expected ${token}, found ${peek() === '' ? 'the end' : peek()}`)
  }
  const many = <T>(open: string, close: string, one: () => T): T[] => {
    const found: T[] = []
    for (expect(open); !accept(close);) {
      if (peek() === '') throw new Error(`Expected ${close}, found the end`)
      found.push(one())
    }
    return found
  }
  const value = (): Value => {
    const token = peek()
    if (token === '[') return { kind: 'list', items: many('[', ']', value) }
    if (token === '{') return { kind: 'object', fields: Object.fromEntries(many('{', '}', pair)) }
    at++
    if (token === '$') return { kind: 'variable', name: next() }
    return { kind: 'literal', value: literal(token) }
  }
  const pair = (): [string, Value] => {
    const name = next()
    expect(':')
    return [name, value()]
  }
  const selections = (): Selection[] => many('{', '}', selection)
  const selection = (): Selection => {
    if (accept('...')) {
      if (peek() === 'on' || peek() === '{') {
        const on = accept('on') ? next() : null
        return { kind: 'inline', on, selection: selections() }
      }
      return { kind: 'spread', name: next() }
    }
    const first = next()
    const name = accept(':') ? next() : first
    const args = peek() === '(' ? Object.fromEntries(many('(', ')', pair)) : {}
    if (peek() === '@') throw new Error('directives are not supported')
    return { kind: 'field', alias: first, name, args, selection: peek() === '{' ? selections() : null }
  }
  const type = (): boolean => {
    if (accept('[')) {
      type()
      expect(']')
    } else at++
    return accept('!')
  }
  const variable = (): Document['variables'][number] => {
    expect('$')
    const name = next()
    expect(':')
    const required = type()
    return { name, required, fallback: accept('=') ? value() : null }
  }

  const fragments = new Map<string, { on: string; selection: readonly Selection[] }>()
  let operation: Omit<Document, 'fragments'> | null = null
  while (at < tokens.length) {
    if (accept('fragment')) {
      const name = next()
      expect('on')
      fragments.set(name, { on: next(), selection: selections() })
      continue
    }
    if (operation !== null) throw new Error('only one operation is supported')
    const kind = peek() === '{' ? 'query' : next()
    if (kind !== 'query' && kind !== 'mutation') throw new Error(`Expected query or mutation, found ${kind}`)
    if (/^\w/.test(peek())) at++
    const variables = peek() === '(' ? many('(', ')', variable) : []
    operation = { type: kind, variables, selection: selections() }
  }
  if (operation === null) throw new Error('A query attribute must be specified and must be a string.')
  return { ...operation, fragments }
}

function lex(source: string): string[] {
  const tokens: string[] = []
  TOKEN.lastIndex = 0
  while (TOKEN.lastIndex < source.length) {
    const from = TOKEN.lastIndex
    const found = TOKEN.exec(source)
    if (found === null)
      throw new Error(`Unexpected character at ${String(from)}: ${source.slice(from, from + 10)}`)
    if (found[1] !== undefined) tokens.push(found[1])
  }
  return tokens
}

/** Enum values are their name as text. */
function literal(token: string): unknown {
  if (token.startsWith('"""')) return token.slice(3, -3)
  if (token.startsWith('"') || /^-?\d/.test(token)) return JSON.parse(token)
  if (token === 'true' || token === 'false') return token === 'true'
  if (token === 'null') return null
  if (!/^\w+$/.test(token)) throw new Error(`Unexpected ${token === '' ? 'end' : token}`)
  return token
}
