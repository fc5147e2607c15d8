import { describe, expect, test } from 'vitest'
import { lineAt } from '../../src/core/source/text.ts'
import { locate, splitDocuments } from '../../src/core/yaml/index.ts'
import type { Route } from '../../src/core/yaml/types.ts'

const POLICY = `# licence
---
kind: NetworkPolicy
metadata: {name: api, labels: {app: "api"}}   # one line
spec:
  ingress:   # rules
    - from: &web
        - podSelector: {} # any
      ports:
        -   port: 8080
            text: |
              # not a comment

    # about the next
    - from: *web

    -
      ports:
      - 1
  egress:
  - {<<: {to: [1, 22]}, ports: []}
  types:
# the end
`

function found(text: string, route: Route, document = 0): string | null {
  const range = splitDocuments(text)[document]
  const span = range === undefined ? null : locate(text, range, route)
  return span === null ? null : `${String(lineAt(text, span.start + 1))}: ${text.slice(span.start, span.end)}`
}

describe('locate', () => {
  test.each<[Route, string | null]>([
    [['kind'], '3: kind: NetworkPolicy'],
    [['metadata'], '4: metadata: {name: api, labels: {app: "api"}}'],
    [['metadata', 'labels', 'app'], '4: app: "api"'],
    [['spec', 'ingress', 0, 'from'], '7: from: &web\n        - podSelector: {}'],
    [['spec', 'ingress', 0, 'from', 0], '8: - podSelector: {}'],
    [['spec', 'ingress', 0, 'from', 0, 'podSelector'], '8: podSelector: {}'],
    [['spec', 'ingress', 0, 'ports', 0, 'port'], '10: port: 8080'],
    [
      ['spec', 'ingress', 0, 'ports', 0],
      '10: -   port: 8080\n            text: |\n              # not a comment',
    ],
    // An alias is where it is written; what is inside is where the anchor is.
    [['spec', 'ingress', 1], '15: - from: *web'],
    [['spec', 'ingress', 1, 'from'], '15: from: *web'],
    [['spec', 'ingress', 1, 'from', 0], '8: - podSelector: {}'],
    [['spec', 'ingress', 2, 'ports', 0], '19: - 1'],
    [['spec', 'ingress', 2], '17: -\n      ports:\n      - 1'],
    // What a merge key brought is where it was written.
    [['spec', 'egress', 0, 'to'], '21: to: [1, 22]'],
    [['spec', 'egress', 0, 'to', 1], '21: 22'],
    [['spec', 'egress', 0, 'ports'], '21: ports: []'],
    [['spec', 'types'], '22: types:'],
    [['spec', 'nothing'], null],
    [['spec', 'ingress', 3], null],
    [['spec', 'ingress', 'from'], null],
    [['spec', 0], null],
    [['kind', 'x'], null],
    [['spec', 'ingress', -1], null],
  ])('%j', (route, expected) => {
    expect(found(POLICY, route)).toBe(expected)
  })

  test('an empty route is the whole value', () => {
    expect(found('# c\na: 1\n# d\n', [])).toBe('2: a: 1')
  })

  test('keys are found by what they read as', () => {
    expect(found('"a b": 1\n0x1f: 2\non: 3\n', ['31'])).toBe('2: 0x1f: 2')
    expect(found('"a b": 1\n0x1f: 2\non: 3\n', ['true'])).toBe('3: on: 3')
    expect(found('__proto__: 1\n', ['constructor'])).toBeNull()
  })

  test('of a merge and an own key, the one that counts', () => {
    expect(found('<<: {a: 1}\na: 2\n', ['a'])).toBe('2: a: 2')
    expect(found('a: 2\n<<: {a: 1}\n', ['a'])).toBe('2: a: 1')
    expect(found('<<: [{a: 1}, {a: 2}]\n', ['a'])).toBe('1: a: 1')
  })

  test('in the second document, with carriage returns and a byte order mark', () => {
    expect(found('\ufeffa: 1\r\n---\r\nb:\r\n- 1\r\n- 2\r\n', ['b', 1], 1)).toBe('5: - 2')
  })

  test('asked twice, it answers the same; asked about another text, it answers about that', () => {
    const texts = Array.from({ length: 30 }, (_, i) => `pad: ${'x'.repeat(i)}\na: ${String(i)}\n`)
    for (const round of [1, 2]) {
      for (const [i, text] of texts.entries())
        expect(found(text, ['a']), String(round)).toBe(`2: a: ${String(i)}`)
    }
  })

  test('a document that cannot be read has no places', () => {
    expect(found('a: [1\n', ['a'])).toBeNull()
    expect(found('a: 1\na: 2\n', ['a'])).toBeNull()
  })
})
