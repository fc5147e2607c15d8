// Two parsers, one dialect: every odd text of the tables reads as sigs.k8s.io/yaml reads it, by js-yaml
// in bulk and by `yaml` with positions.

import { describe, expect, test } from 'vitest'
import { readDocument } from '../../src/core/yaml/index.ts'
import { parsePlaces } from '../../src/core/yaml/parse-places.ts'
import { DOCUMENTS, DUPLICATES, FAILS, MARKED, PLAIN } from './tables.ts'

function both(text: string): { readonly bulk: unknown; readonly placed: unknown } {
  const read = readDocument(text, { start: 0, end: text.length })
  const placed = parsePlaces(text)
  return { bulk: read.ok ? read.value : FAILS, placed: placed === null ? FAILS : placed.value }
}

describe('plain scalars', () => {
  test.each(PLAIN)('v: %s', (text, value) => {
    const expected = value === FAILS ? FAILS : { v: value }
    expect(both(`v: ${text}`)).toEqual({ bulk: expected, placed: expected })
    // In brackets and in lists the same scalar means the same.
    if (text === '' || text.includes(',') || text.includes('#')) return
    const listed = value === FAILS ? FAILS : [value]
    expect(both(`- ${text}`)).toEqual({ bulk: listed, placed: listed })
    expect(both(`[ ${text} ]`)).toEqual({ bulk: listed, placed: listed })
  })
})

test.each(MARKED)('with quotes or a tag: %j', (text, value) => {
  const expected = value === FAILS ? FAILS : { v: value }
  expect(both(`v: ${text}`)).toEqual({ bulk: expected, placed: expected })
})

test.each(DOCUMENTS)('document: %j', (text, value) => {
  const { bulk, placed } = both(text)
  expect(bulk).toEqual(value)
  // `yaml` has no node for a text of nothing but comments.
  if (value !== null) expect(placed).toEqual(value)
})

test.each(DUPLICATES)('a key that appears twice: %j', (text) => {
  const read = readDocument(text, { start: 0, end: text.length })
  expect(read.ok ? read.value : read.message).toMatch(/appears twice in one mapping$/)
  expect(parsePlaces(text)).toBeNull()
})

test('the error of a duplicate key points at its second appearance, in the file', () => {
  const text = 'first: 1\n---\nb: 1\nc: 2\nb: 3\n'
  const start = text.indexOf('b: 1')
  expect(readDocument(text, { start, end: text.length })).toEqual({
    ok: false,
    offset: text.indexOf('b: 3'),
    message: 'the key "b" appears twice in one mapping',
  })
})

test('the error of a parser points into the file, too', () => {
  const text = 'ok: 1\n---\na: 1\n  b: 2\n'
  const read = readDocument(text, { start: 10, end: text.length })
  expect(read.ok).toBe(false)
  if (!read.ok) expect(text.slice(0, read.offset).split('\n').length).toBe(4)
})

test('keys named like parts of a prototype are only keys', () => {
  const text =
    '__proto__: {polluted: 1}\nlabels: {app: x, __proto__: {polluted: 2}}\nm:\n  <<: {__proto__: {polluted: 3}}\n'
  const read = readDocument(text, { start: 0, end: text.length })
  if (!read.ok) throw new Error(read.message)
  expect(Reflect.get({}, 'polluted')).toBeUndefined()
  const { labels } = read.value as { labels: Record<string, unknown> }
  expect(Object.keys(labels)).toEqual(['app', '__proto__'])
  expect(labels['polluted']).toBeUndefined()
  // A selector that asks for a label nobody has gets nothing, whatever its name.
  expect(labels['constructor']).toBeUndefined()
  expect(labels['toString']).toBeUndefined()
})

// As kubectl reads them. Nothing of them has a place: nobody edits them.
test.each([
  ['a:\n  b: [{\n    c: 1\n  }]\n', { a: { b: [{ c: 1 }] } }],
  ['a:\n  - b: {\n    c: 1\n  }\n', { a: [{ b: { c: 1 } }] }],
  ['a: [\n{b: 1},\n{b: 2}\n]\n', { a: [{ b: 1 }, { b: 2 }] }],
  ["a:\n  b: 'it\nis'\n", { a: { b: 'it is' } }],
])('what stands too far out between brackets or quotes is read: %j', (text, value) => {
  const read = readDocument(text, { start: 0, end: text.length })
  expect(read).toMatchObject({ ok: true, value })
})

test.each(['a: [1, 2\nb: 3\n', 'a: [1\nb: 2]\n', 'a:\n  b: [{\n    c: 1\n---\n'])(
  'a bracket that is not closed stays an error: %j',
  (text) => {
    expect(readDocument(text, { start: 0, end: text.length }).ok).toBe(false)
  },
)
