import fc from 'fast-check'
import { expect, test } from 'vitest'
import { composeEdits } from '../../src/core/source/compose-edits.ts'
import { applyEdits } from '../../src/core/source/text.ts'
import type { TextEdit } from '../../src/core/source/text.ts'

/** Edits that lie within a text of this length and do not overlap. */
function editsOf(length: number): fc.Arbitrary<TextEdit[]> {
  const cuts = fc.array(fc.nat(length), { maxLength: 6 }).map((all) => all.sort((a, b) => a - b))
  return fc
    .tuple(cuts, fc.array(fc.string({ maxLength: 3 }), { minLength: 3, maxLength: 3 }))
    .map(([all, texts]) =>
      texts.flatMap((text, index) => {
        const [start, end] = [all[index * 2], all[index * 2 + 1]]
        return start === undefined || end === undefined ? [] : [{ start, end, text }]
      }),
    )
}

test('one round of edits does what two did', () => {
  fc.assert(
    fc.property(
      fc
        .string({ maxLength: 20 })
        .chain((text) =>
          editsOf(text.length).chain((first) =>
            editsOf(applyEdits(text, first).length).map((second) => ({ text, first, second })),
          ),
        ),
      ({ text, first, second }) => {
        const composed = composeEdits(text.length, first, second)
        expect(applyEdits(text, composed)).toBe(applyEdits(applyEdits(text, first), second))
      },
    ),
  )
})

test('text that both rounds left alone is in no edit', () => {
  const composed = composeEdits(6, [{ start: 2, end: 2, text: 'XY' }], [{ start: 3, end: 3, text: '-' }])
  expect(composed).toEqual([{ start: 2, end: 2, text: 'X-Y' }])
})
