// What strangers may send: it ends as a sentence, soon, and never as a crash.

import { describe, expect, test } from 'vitest'
import { locate, patchDocument, readDocument, splitDocuments } from '../../src/core/yaml/index.ts'
import { MAX_LENGTH } from '../../src/core/yaml/limits.ts'

/**
 * Milliseconds of processor time, which other work on the machine adds little to: fifty times what sorting 200,000
 * texts takes here and now. What is quadratic takes minutes, on a fast machine and on a slow one.
 */
const SOON = 50 * sorting()

function sorting(): number {
  const texts = Array.from({ length: 200_000 }, (_, index) => String((index * 7919) % 1_000_003))
  const started = process.cpuUsage()
  texts.sort()
  const { user, system } = process.cpuUsage(started)
  return (user + system) / 1000
}

function explain(text: string): string {
  const started = process.cpuUsage()
  const range = { index: 0, start: 0, end: text.length, line: 1 }
  const read = readDocument(text, range)
  expect(locate(text, range, ['a']), 'what cannot be read is nowhere').toSatisfy(
    (span) => read.ok || span === null,
  )
  expect(patchDocument(text, range, [{ op: 'append', route: ['no', 'where'], value: 1 }]).ok).toBe(false)
  splitDocuments(text)
  const { user, system } = process.cpuUsage(started)
  expect((user + system) / 1000).toBeLessThan(SOON)
  return read.ok ? 'read' : read.message
}

function bomb(levels: number, width: number): string {
  const lines = ['a0: &a0 [x, x, x]']
  for (let level = 1; level <= levels; level += 1) {
    lines.push(
      `a${String(level)}: &a${String(level)} [${Array<string>(width)
        .fill(`*a${String(level - 1)}`)
        .join(', ')}]`,
    )
  }
  return lines.join('\n')
}

const DEPTH = /nested deeper than 100 levels/
const ALIASED = /aliases add more than 400000 nodes/

describe('reading ends soon with a sentence', () => {
  test.each<[string, string, RegExp]>([
    ['a billion laughs', bomb(9, 9), ALIASED],
    [
      'laughs merged into mappings',
      Array.from({ length: 40 }, (_, i) =>
        i === 0
          ? 'm0: &m0 {x: 1}'
          : `m${String(i)}: &m${String(i)} {<<: [*m${String(i - 1)}, *m${String(i - 1)}]}`,
      ).join('\n'),
      ALIASED,
    ],
    ['one anchor, used all the time', `a: &a [${'1,'.repeat(1000)}1]\nb: [${'*a,'.repeat(1000)}*a]`, ALIASED],
    [
      'a long string, used all the time',
      `a: &a "${'x'.repeat(1_000_000)}"\nb: [${'*a,'.repeat(1000)}*a]`,
      ALIASED,
    ],
    ['brackets 10,000 deep', `${'['.repeat(10_000)}${']'.repeat(10_000)}`, DEPTH],
    ['braces 10,000 deep', `${'{a: '.repeat(10_000)}1${'}'.repeat(10_000)}`, DEPTH],
    ['brackets that never close', '['.repeat(100_000), DEPTH],
    ['dashes 10,000 deep', `${'- '.repeat(10_000)}x`, DEPTH],
    ['question marks 10,000 deep', `${'? '.repeat(10_000)}x`, DEPTH],
    ['mappings 2,000 deep', Array.from({ length: 2000 }, (_, i) => `${' '.repeat(i)}a:`).join('\n'), DEPTH],
    ['depth by aliases', bomb(120, 1), DEPTH],
    ['deep behind a bracket under its key', `a: [\n1\n]\nb: ${'['.repeat(10_000)}`, /not closed|deeper/],
    ['an anchor in itself', 'a: &a {b: [*a]}', /&a contains itself/],
    ['a key that is a list', `? [${'1,'.repeat(10_000)}1]\n: x`, /cannot be a mapping key/],
    ['more than a document may be', 'x'.repeat(MAX_LENGTH + 1), /longer than 5242880 characters/],
    ['a null byte', 'a: \u0000', /null byte/],
    ['properties without end', `a: ${'!x '.repeat(50_000)}`, /./],
    ['tags within tags', `${'!a ['.repeat(90)}x${']'.repeat(90)}`, /^read$/],
    [
      'properties on each line',
      Array.from({ length: 90 }, (_, i) => `${' '.repeat(i)}!a &b${String(i)}\n${' '.repeat(i)}k:`).join(
        '\n',
      ),
      /./,
    ],
    ['a number of a million digits', `a: 0x${'f'.repeat(1_000_000)}`, /^read$/],
    ['a decimal of a million digits', `a: ${'9'.repeat(1_000_000)}`, /^read$/],
    ['underscores by the million', `a: 1${'_'.repeat(1_000_000)}x`, /^read$/],
    ['spaces by the million', `a: b${' '.repeat(1_000_000)}#c`, /^read$/],
    ['30,000 keys', Array.from({ length: 30_000 }, (_, i) => `k${String(i)}: 1`).join('\n'), /^read$/],
    ['a scalar of five megabytes', `a: ${'x'.repeat(5_000_000)}`, /^read$/],
    ['a block scalar of a megabyte', `a: |\n${'  some text that goes on\n'.repeat(40_000)}`, /^read$/],
    ['a quoted scalar of a megabyte', `a: "${'\\x41'.repeat(250_000)}"`, /^read$/],
  ])('%s', (_, text, expected) => {
    expect(explain(text)).toMatch(expected)
  })
})

test('a document as deep as allowed is read, located and patched', () => {
  const text = `${'{a: '.repeat(99)}[1]${'}'.repeat(99)}`
  const range = { index: 0, start: 0, end: text.length, line: 1 }
  const route = Array<string>(99).fill('a')
  expect(readDocument(text, range).ok).toBe(true)
  expect(locate(text, range, [...route, 0])).toEqual({ start: text.indexOf('1'), end: text.indexOf('1') + 1 })
  expect(patchDocument(text, range, [{ op: 'append', route, value: 2 }])).toEqual({
    ok: true,
    edits: [{ start: text.indexOf('1') + 1, end: text.indexOf('1') + 1, text: ', 2' }],
  })
})

test('20,000 documents are cut and read in linear time', () => {
  const text = '# c\n---\na: 1\n'.repeat(20_000)
  const started = performance.now()
  const documents = splitDocuments(text)
  expect(documents).toHaveLength(20_000)
  expect(documents.every((range) => readDocument(text, range).ok)).toBe(true)
  expect(performance.now() - started).toBeLessThan(SOON)
})
