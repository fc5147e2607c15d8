// What can happen to a manifest, by accident or by a stranger: a file, changed in a few places.
import fc from 'fast-check'

/** One change of the bytes of a file; fractions are of its bytes or lines. */
type Mutation = (bytes: Buffer) => Buffer

const fraction = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true })

/** Values that a field of Kubernetes does not expect, as YAML spells them. */
const ODD_VALUES = [
  '',
  '1e400',
  '.nan',
  '-.inf',
  'null',
  '~',
  '-1',
  '0',
  '99999',
  '123456789012345678901234567890',
  '0x1F',
  '0o17',
  '1_000',
  '012',
  '9090.5',
  '9.09e3',
  'yes',
  'true',
  '2026-11-23',
  '12:30:45',
  '[]',
  '{}',
  '[[]]',
  '[null]',
  '{a: }',
  '""',
  '" "',
  '"*"',
  "''",
  '|',
  '>-',
  '&a x',
  '*a',
  '*nobody',
  '!!int "9090"',
  '!!binary OTA5MA==',
  '!!str 9090',
  '!Ref x',
  '!!set {a}',
  '<<',
  '=',
  '- 1',
  '? x',
  '{{ .Values.port }}',
  '${PORT}',
  `"${'x'.repeat(70_000)}"`,
  'x'.repeat(300),
  '"a\\u0000b"',
  '"\\u001b[31mred\\u009b2J"',
  '"\\u202etxt\\u2066"',
  '"a\\nkind: NetworkPolicy"',
  '"\\ud800"',
  '\u0085',
  'a\u2028b',
  'a\u200bb',
  '\ufeff',
  '\u0007',
] as const

/** Lines that change what those around them mean. */
const ODD_LINES = [
  '---',
  '...',
  '--- !!map',
  '--- |',
  '%YAML 1.2',
  '%TAG ! tag:x,2026:',
  '# a comment',
  '\t',
  '{',
  '}',
  ']',
  '"',
  "'",
  '- ',
  '? ',
  ': ',
  'a: &a [*a]',
  '&a a: &b b',
  '<<: *a',
  '<<: {}',
  '<<: [{kind: ConfigMap}, {spec: {}}]',
  '<<: {ingress: [{}]}',
  'kind: NetworkPolicy',
  'kind: ConfigMap',
  'kind: List',
  'items: []',
  'apiVersion: v1',
  'spec: {}',
  'spec:',
  'metadata: null',
  'namespace: elsewhere',
  'ports: [{port: 99999}]',
  'port: -1',
  'endPort: 1',
  'podSelector: {}',
  'policyTypes: [Egress]',
  'ingress: null',
  '{{- if .Values.on }}',
  '<<<<<<< HEAD',
  '=======',
  '\u0000',
] as const

const linesOf = (bytes: Buffer): string[] => bytes.toString('latin1').split('\n')
const join = (lines: readonly string[]): Buffer => Buffer.from(lines.join('\n'), 'latin1')
/** Lines are cut as latin1, so that whatever is no UTF-8 stays as it is; what is put in is UTF-8 already. */
const raw = (text: string): string => Buffer.from(text, 'utf8').toString('latin1')
const pick = (at: number, of: readonly unknown[]): number => Math.floor(at * of.length)

function onLines(change: (lines: string[], at: number) => readonly string[]): fc.Arbitrary<Mutation> {
  return fraction.map((at) => (bytes) => {
    const lines = linesOf(bytes)
    return join(change(lines, pick(at, lines)))
  })
}

/** Another value for the key of a line that has one. */
const values = fc.tuple(fraction, fc.constantFrom(...ODD_VALUES)).map(([at, value]): Mutation => (bytes) => {
  const lines = linesOf(bytes)
  const keyed = lines.flatMap((line, index) => (/^[\s-]*[\w./"'-]+:(?: |$)/.test(line) ? [index] : []))
  const index = keyed[pick(at, keyed)]
  if (index === undefined) return bytes
  lines[index] = (lines[index] ?? '').replace(/:(?: .*)?$/, () => `: ${raw(value)}`)
  return join(lines)
})

const inserted = fc
  .tuple(fraction, fc.nat({ max: 8 }), fc.constantFrom(...ODD_LINES))
  .map(([at, depth, line]): Mutation => (bytes) => {
    const lines = linesOf(bytes)
    const index = pick(at, lines)
    const own = /^[ -]*/.exec(lines[index] ?? '')?.[0].length ?? 0
    const indent = depth < 3 ? depth : own
    return join([...lines.slice(0, index), ' '.repeat(indent) + raw(line), ...lines.slice(index)])
  })

/** Something in front of a value: an anchor, an alias, a tag, a quote that does not end. */
const decorated = fc
  .tuple(
    fraction,
    fc.constantFrom('&a ', '*a ', '!!str ', '!!seq ', '!x ', '"', "'", '[', '{', '| ', '@', '`'),
  )
  .map(([at, mark]): Mutation => (bytes) => {
    const lines = linesOf(bytes)
    const index = pick(at, lines)
    lines[index] = (lines[index] ?? '').replace(/: |- |$/, (found) => found + mark)
    return join(lines)
  })

const flipped = fc.tuple(fraction, fc.integer({ min: 0, max: 255 })).map(([at, to]): Mutation => (bytes) => {
  const changed = Buffer.from(bytes)
  changed[Math.floor(at * bytes.length)] = to
  return changed
})

const torn = fc.tuple(fraction, fc.nat({ max: 200 })).map(([at, length]): Mutation => (bytes) => {
  const from = Math.floor(at * bytes.length)
  return Buffer.concat([bytes.subarray(0, from), bytes.subarray(from + length)])
})

const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  { weight: 3, arbitrary: values },
  { weight: 2, arbitrary: inserted },
  { weight: 1, arbitrary: decorated },
  { weight: 1, arbitrary: flipped },
  { weight: 1, arbitrary: torn },
  { weight: 1, arbitrary: onLines((lines, at) => lines.filter((_, index) => index !== at)) },
  { weight: 1, arbitrary: onLines((lines, at) => lines.slice(0, at)) },
  { weight: 1, arbitrary: onLines((lines, at) => lines.toSpliced(at, 0, lines[at] ?? '')) },
  {
    weight: 1,
    arbitrary: onLines((lines, at) => lines.toSpliced(at, 2, lines[at + 1] ?? '', lines[at] ?? '')),
  },
  { weight: 1, arbitrary: onLines((lines, at) => lines.with(at, ` ${lines[at] ?? ''}`)) },
  { weight: 1, arbitrary: onLines((lines, at) => lines.with(at, (lines[at] ?? '').replace(/^ {1,2}/, ''))) },
  { weight: 1, arbitrary: onLines((lines, at) => lines.with(at, `\t${(lines[at] ?? '').trimStart()}`)) },
  { weight: 1, arbitrary: onLines((lines) => [...lines, '---', ...lines]) },
  { weight: 1, arbitrary: onLines((lines) => lines.map((line) => `${line}\r`)) },
  { weight: 1, arbitrary: onLines((lines, at) => [...lines.slice(at), ...lines.slice(0, at)]) },
)

/** One to four changes, one after the other. */
export const mutated: fc.Arbitrary<Mutation> = fc
  .array(mutation, { minLength: 1, maxLength: 4 })
  .map((all) => (bytes) => all.reduce<Buffer>((now, change) => change(now), bytes))
