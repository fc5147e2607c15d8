// For documents of any shape and style: what is appended is read back, and nothing else has changed.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { applyEdits } from '../../src/core/source/text.ts'
import { patchDocument, readDocument, splitDocuments } from '../../src/core/yaml/index.ts'
import type { Route, YamlPatch } from '../../src/core/yaml/types.ts'

interface Style {
  readonly dash: number
  readonly indent: number
  readonly gap: number
  readonly flow: number
  readonly quotes: '"' | "'" | ''
  readonly comments: boolean
  readonly eol: '\n' | '\r\n'
  readonly finalEol: boolean
  readonly spread: boolean
  readonly marker: boolean
}

const style: fc.Arbitrary<Style> = fc.record({
  dash: fc.constantFrom(0, 2, 4),
  indent: fc.constantFrom(1, 2, 4),
  gap: fc.constantFrom(1, 1, 3),
  flow: fc.constantFrom(0, 1, 2, 3, 99),
  quotes: fc.constantFrom('', '"', "'"),
  comments: fc.boolean(),
  eol: fc.constantFrom('\n', '\r\n'),
  finalEol: fc.boolean(),
  spread: fc.boolean(),
  marker: fc.boolean(),
})

const key = fc.constantFrom(
  'app',
  'ports',
  'from',
  'to',
  'spec',
  'x-y',
  'a.b/c',
  'on',
  'y',
  '1',
  '0x1',
  'é',
  '__proto__',
)
const text = fc.oneof(
  fc.constantFrom(
    'TCP',
    'yes',
    '',
    '1e3',
    '~',
    ' a ',
    '- a',
    '#',
    'a: b',
    "it's",
    '"q"',
    '10.0.0.0/8',
    '::1',
    'a\nb',
    '- op: add\n  path: /a\n\n  value: 1',
    'a: 1\n# b\n',
    'a \n  b',
    '|\n+',
    '<<',
    '{',
    '0b1',
    '1:30',
    '\u2028é',
  ),
  fc.string({ maxLength: 8 }),
)
const leaf = fc.oneof(
  text,
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.boolean(),
  fc.constant(null),
)

const value = fc.letrec((tie) => ({
  node: fc.oneof({ maxDepth: 4, depthSize: 'small' }, leaf, tie('list'), tie('mapping')),
  list: fc.array(tie('node'), { maxLength: 3 }),
  mapping: fc.dictionary(key, tie('node'), { maxKeys: 4, noNullPrototype: true }),
}))

/** Writes a document by hand, independently of how patches are written. */
function write(root: unknown, how: Style): string {
  let comments = 0
  const note = (): string => {
    comments += 1
    return how.comments && comments % 2 === 0 ? ` # note ${String(comments)}` : ''
  }
  const quoted = (of: string): string =>
    how.quotes === "'" && /^[ -~]*$/.test(of) ? `'${of.replaceAll("'", "''")}'` : JSON.stringify(of)
  const scalar = (of: unknown): string => {
    if (typeof of !== 'string') return Object.is(of, -0) ? '0' : JSON.stringify(of)
    return how.quotes === '' && /^[A-Z][a-z]{4,}$|^TCP$/.test(of) ? of : quoted(of)
  }
  const name = (of: string): string =>
    how.quotes === '' && /^(?:app|ports|from|to|spec)$/.test(of) ? of : quoted(of)
  const flow = (of: unknown): string => {
    if (typeof of !== 'object' || of === null) return scalar(of)
    if (Array.isArray(of)) return `[${of.map(flow).join(', ')}]`
    return `{${Object.entries(of)
      .map(([k, v]) => `${name(k)}: ${flow(v)}`)
      .join(', ')}}`
  }
  const isInline = (of: unknown, level: number): boolean =>
    typeof of !== 'object' || of === null || Object.keys(of).length === 0 || level >= how.flow
  const block = (of: unknown, level: number): string[] => {
    if (isInline(of, level)) return inline(of)
    if (Array.isArray(of)) {
      return of.flatMap((item) => {
        const [first = '', ...rest] = block(item, level + 1)
        return [`-${' '.repeat(how.gap)}${first}`, ...rest.map((line) => ' '.repeat(1 + how.gap) + line)]
      })
    }
    return Object.entries(of as object).flatMap(([k, v]: [string, unknown]) => {
      if (isInline(v, level + 1)) {
        const [first = '', ...rest] = inline(v)
        return [`${name(k)}: ${first}`, ...rest.map((line) => ' '.repeat(4) + line)]
      }
      const offset = Array.isArray(v) ? how.dash : how.indent
      return [`${name(k)}:${note()}`, ...block(v, level + 1).map((line) => ' '.repeat(offset) + line)]
    })
  }
  const inline = (of: unknown): string[] => {
    if (how.spread && Array.isArray(of) && of.length > 0)
      return ['[', ...of.map((item) => `  ${flow(item)},${note()}`), ']']
    return [`${flow(of)}${note()}`]
  }
  const lines = [...(how.marker ? ['# head', '---'] : []), ...block(root, 0)]
  return lines.join(how.eol) + (how.finalEol ? how.eol : '')
}

/** Routes to lists, and to keys that are empty or absent: everything that can be appended to. */
function targets(of: unknown, route: Route = []): Route[] {
  if (Array.isArray(of))
    return [route, ...of.flatMap((item: unknown, index) => targets(item, [...route, index]))]
  if (typeof of !== 'object' || of === null) return []
  const found: Route[] = Object.hasOwn(of, 'added') ? [] : [[...route, 'added']]
  for (const [name, child] of Object.entries(of) as [string, unknown][]) {
    found.push(...(child === null ? [[...route, name]] : targets(child, [...route, name])))
  }
  return found
}

/** What a patch does to the value, told again from its description. */
function apply(of: unknown, [step, ...rest]: Route, item: unknown): unknown {
  if (step === undefined) return [...((of as unknown[] | null | undefined) ?? []), item]
  if (Array.isArray(of))
    return of.map((old: unknown, index) => (index === step ? apply(old, rest, item) : old))
  const mapping = of as Record<string, unknown>
  const entries = Object.entries(mapping).map(([name, old]) => [
    name,
    name === step ? apply(old, rest, item) : old,
  ])
  return Object.fromEntries(
    Object.hasOwn(mapping, step) ? entries : [...entries, [step, apply(null, rest, item)]],
  ) as unknown
}

const root = fc.oneof(
  value.list as fc.Arbitrary<unknown>,
  value.mapping as fc.Arbitrary<unknown>,
  fc.record({ spec: value.mapping, ports: value.list }) as fc.Arbitrary<unknown>,
)

test('appended values read back, and everything else stays', () => {
  fc.assert(
    fc.property(
      root,
      style,
      fc.array(fc.tuple(fc.nat(), value.node), { minLength: 1, maxLength: 4 }),
      (before, how, wishes) => {
        const text = write(before, how)
        const range = splitDocuments(text)[0]
        const read = range === undefined ? undefined : readDocument(text, range)
        if (range === undefined || !read?.ok) throw new Error(`not a document: ${text}`)
        expect(read.value, text).toEqual(normal(before))
        // A quoted key may be a template for somebody.
        fc.pre(!/\{\{|\{%|<%/.test(text))

        let expected = normal(before)
        const patches: YamlPatch[] = []
        for (const [choice, item] of wishes) {
          const routes = targets(expected)
          const route = routes[choice % Math.max(routes.length, 1)]
          if (route === undefined) continue
          patches.push({ op: 'append', route, value: item })
          expected = apply(expected, route, normal(item))
        }

        const result = patchDocument(text, range, patches)
        if (!result.ok) throw new Error(`${result.reason}\n${text}\n${JSON.stringify(patches)}`)
        const after = applyEdits(text, result.edits)
        const now = splitDocuments(after)[0]
        expect(now && readDocument(after, now), after).toEqual({ ok: true, value: expected })
        expect(after.endsWith('\n'), after).toBe(text.endsWith('\n'))
        if (how.eol === '\r\n' && text.includes('\n')) expect(after).not.toMatch(/[^\r]\n/)
        expect(after.match(/# (?:note \d+|head)/g)).toEqual(text.match(/# (?:note \d+|head)/g))
        for (const edit of result.edits) {
          expect(text.slice(edit.start, edit.end)).toMatch(/^ *(?:null|\[\]|\{\})? *$/)
        }
      },
    ),
    { numRuns: 400 },
  )
})

/** As JSON carries it: no negative zero. */
function normal(of: unknown): unknown {
  return JSON.parse(JSON.stringify(of)) as unknown
}
