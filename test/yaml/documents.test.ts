import fc from 'fast-check'
import { expect, test } from 'vitest'
import { lineAt } from '../../src/core/source/text.ts'
import { readDocument, splitDocuments } from '../../src/core/yaml/index.ts'

/** The text of each document with the line it begins on. */
function pieces(text: string): [number, string][] {
  return splitDocuments(text).map((range) => [range.line, text.slice(range.start, range.end)])
}

test.each<[string, string, [number, string][]]>([
  ['one document', 'a: 1\n', [[1, 'a: 1\n']]],
  ['a marker in front', '---\na: 1\n', [[2, 'a: 1\n']]],
  [
    'two documents',
    'a: 1\n---\nb: 2\n',
    [
      [1, 'a: 1\n'],
      [3, 'b: 2\n'],
    ],
  ],
  [
    'content on the line of the marker',
    '---\na: 1\n--- {b: 2}\n',
    [
      [2, 'a: 1\n'],
      [3, '--- {b: 2}\n'],
    ],
  ],
  ['a comment on the line of the marker', '--- # Source: x\na: 1\n', [[1, '--- # Source: x\na: 1\n']]],
  [
    'a tab after the marker',
    'a: 1\n---\t\nb: 2',
    [
      [1, 'a: 1\n'],
      [3, 'b: 2'],
    ],
  ],
  [
    'a block scalar on the line of the marker',
    '--- |\n text\n---\nb',
    [
      [1, '--- |\n text\n'],
      [4, 'b'],
    ],
  ],
  [
    'a marker inside a block scalar',
    'a: |\n  x\n---\nb: 1\n',
    [
      [1, 'a: |\n  x\n'],
      [4, 'b: 1\n'],
    ],
  ],
  ['an indented marker is text', 'a: |\n  ---\n  x\n', [[1, 'a: |\n  ---\n  x\n']]],
  ['four dashes are text', '----\na\n', [[1, '----\na\n']]],
  ['dashes that go on are text', '---a\n', [[1, '---a\n']]],
  [
    'an end marker',
    'a: 1\n...\nb: 2\n',
    [
      [1, 'a: 1\n'],
      [3, 'b: 2\n'],
    ],
  ],
  [
    'an end marker and a comment',
    'a: 1\n... # c\n---\nb: 2\n',
    [
      [1, 'a: 1\n'],
      [4, 'b: 2\n'],
    ],
  ],
  ['something after an end marker', 'a: 1\n... b\n', [[1, 'a: 1\n... b\n']]],
  ['a directive', '%YAML 1.1\n---\na: 1\n', [[1, '%YAML 1.1\n---\na: 1\n']]],
  ['a directive below a comment', '# c\n%YAML 1.1\n---\na: 1\n', [[1, '# c\n%YAML 1.1\n---\na: 1\n']]],
  [
    'a directive after an end marker',
    'a: 1\n...\n%YAML 1.1\n---\nb: 2\n',
    [
      [1, 'a: 1\n'],
      [3, '%YAML 1.1\n---\nb: 2\n'],
    ],
  ],
  [
    'a percent sign that is no directive',
    '---\n%a\n---\nb: 1\n',
    [
      [2, '%a\n'],
      [4, 'b: 1\n'],
    ],
  ],
  [
    'a byte order mark',
    '\ufeffa: 1\n---\nb: 2\n',
    [
      [1, 'a: 1\n'],
      [3, 'b: 2\n'],
    ],
  ],
  ['a byte order mark and a marker', '\ufeff---\na: 1\n', [[2, 'a: 1\n']]],
  [
    'carriage returns',
    'a: 1\r\n---\r\nb: 2\r\n',
    [
      [1, 'a: 1\r\n'],
      [3, 'b: 2\r\n'],
    ],
  ],
  [
    'no line break at the end',
    'a: 1\n---\nb: 2',
    [
      [1, 'a: 1\n'],
      [3, 'b: 2'],
    ],
  ],
  ['a marker at the end', 'a: 1\n---', [[1, 'a: 1\n']]],
  ['nothing', '', []],
  ['nothing but markers', '---\n---\n...\n---\n', []],
  ['nothing but comments', '# a\n---\n# b\n--- # c\n\n', []],
])('%s', (_, text, expected) => {
  expect(pieces(text)).toEqual(expected)
})

test('documents without content do not count', () => {
  const bare = 'a: 1\n---\nb: 2\n'
  const padded = '# licence\n---\n---\na: 1\n---\n# nothing\n--- # here\n---\nb: 2\n---\n'
  const values = (text: string) =>
    splitDocuments(text).map((range) => [range.index, readDocument(text, range)])
  expect(values(padded)).toEqual(values(bare))
})

const lines = fc.constantFrom(
  ...[
    '---',
    '...',
    '--- a',
    '--- # c',
    '... # c',
    '# c',
    '',
    ' ',
    'a: 1',
    '- b',
    '  ---',
    '---x',
    '%YAML 1.1',
    'x: |',
    '  y',
    '\t',
  ],
)

test('documents lie in order, hold all content, and begin on the line they say', () => {
  fc.assert(
    fc.property(fc.array(lines), fc.constantFrom('\n', '\r\n'), fc.boolean(), (parts, eol, mark) => {
      const text = (mark ? '\ufeff' : '') + parts.join(eol)
      const documents = splitDocuments(text)
      let at = 0
      for (const [index, document] of documents.entries()) {
        expect(document.index).toBe(index)
        expect(document.start).toBeGreaterThanOrEqual(at)
        expect(document.end).toBeGreaterThan(document.start)
        expect(document.line).toBe(lineAt(text, document.start))
        expect(text.slice(at, document.start)).toMatch(/^\ufeff?(?:(?:---|\.\.\.)?\s*(?:#.*)?(?:\r?\n|$))*$/)
        at = document.end
      }
      expect(text.slice(at)).toMatch(/^\ufeff?(?:(?:---|\.\.\.)?\s*(?:#.*)?(?:\r?\n|$))*$/)
    }),
  )
})

test('never throws, whatever the text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
      for (const range of splitDocuments(text)) readDocument(text, range)
    }),
  )
})
