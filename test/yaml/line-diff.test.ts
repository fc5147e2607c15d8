import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { changedLines } from '../../src/core/source/line-diff.ts'

const lines = (base: string | null, head: string): number[] =>
  [...changedLines(base, head)].sort((a, b) => a - b)

describe('changedLines', () => {
  test.each<[string, string | null, string, number[]]>([
    ['a new file', null, 'a\nb\n', [1, 2]],
    ['a new empty file', null, '', []],
    ['nothing', 'a\nb\n', 'a\nb\n', []],
    ['a modified line', 'a\nb\nc\n', 'a\nB\nc\n', [2]],
    ['an added line', 'a\nc\n', 'a\nb\nc\n', [2]],
    ['a line added at the end', 'a\n', 'a\nb\n', [2]],
    ['two places', 'a\nb\nc\nd\ne\n', 'A\nb\nc\nd\nE\n', [1, 5]],
    ['one line becomes three', 'a\nb\nc\n', 'a\nx\ny\nz\nc\n', [2, 3, 4]],
    ['a deleted line is where the next one stands', 'a\nb\nc\n', 'a\nc\n', [2]],
    ['a deleted end is the last line', 'a\nb\nc\n', 'a\n', [1]],
    ['a deleted beginning is the first line', 'a\nb\nc\n', 'c\n', [1]],
    ['a deletion and a change elsewhere', 'a\nb\nc\nd\ne\n', 'a\nc\nd\nE\n', [2, 4]],
    ['two deletions', 'a\nb\nc\nd\ne\n', 'a\nc\ne\n', [2, 3]],
    ['everything is gone', 'a\nb\n', '', []],
    ['one line in a file of carriage returns', 'a\r\nb\r\nc\r\n', 'a\r\nB\r\nc\r\n', [2]],
    ['another line ending is another line', 'a\nb\n', 'a\r\nb\n', [1]],
    ['a line break at the end of the file', 'a\nb', 'a\nb\n', [2]],
    ['a repeated block', 'a\nb\n', 'a\nb\na\nb\n', [3, 4]],
  ])('%s', (_, base, head, expected) => {
    expect(lines(base, head)).toEqual(expected)
  })

  test('with the lines it names taken from head, base and head have the rest in common', () => {
    const file = fc
      .array(fc.constantFrom('a', 'b', 'c', ''), { maxLength: 12 })
      .map((all) => all.map((line) => `${line}\n`))
    fc.assert(
      fc.property(file, file, (base, head) => {
        const changed = changedLines(base.join(''), head.join(''))
        const kept = head.filter((_, index) => !changed.has(index + 1))
        let at = 0
        for (const line of base) if (line === kept[at]) at += 1
        expect(at).toBe(kept.length)
        for (const line of changed) expect(line >= 1 && line <= head.length).toBe(true)
        expect(changed.size === 0).toBe(base.join('') === head.join('') || head.length === 0)
      }),
    )
  })

  test('files that have nothing in common do not take forever', () => {
    const file = (word: string) => Array.from({ length: 20_000 }, (_, i) => `${word} ${String(i)}\n`).join('')
    expect(changedLines(`top\n${file('a')}end\n`, `top\n${file('b')}end\n`).size).toBe(20_000)
  })
})
