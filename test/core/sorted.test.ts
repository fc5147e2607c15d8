import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { differing } from '../../src/core/source/differing.ts'
import { groupsOf } from '../../src/core/source/groups.ts'
import type { Groups } from '../../src/core/source/groups.ts'
import { amendSorted, positionIn } from '../../src/core/source/sorted.ts'

interface Item {
  readonly key: string
  readonly serial: number
}

/** Keys are few, so that many items share one. */
const items = fc
  .array(fc.constantFrom('', 'a', 'ab', 'b', 'é', '\uffff', '🙂'), { maxLength: 12 })
  .map((keys) => keys.map((key, serial): Item => ({ key, serial })))
const keyOf = ({ key }: Item): string => key
const inOrder = (some: readonly Item[]): Item[] =>
  [...some].sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))

describe('a list in order', () => {
  it('is searched for the first item with a key, or for the place where that would be', () => {
    fc.assert(
      fc.property(items, fc.string({ maxLength: 2 }), (some, key) => {
        const sorted = inOrder(some)
        const index = sorted.findIndex((item) => item.key >= key)
        expect(positionIn(sorted, key, keyOf)).toBe(index === -1 ? sorted.length : index)
      }),
    )
  })

  it('loses and gets items as if it were filtered and sorted again', () => {
    fc.assert(
      fc.property(items, items, fc.infiniteStream(fc.boolean()), (some, others, choices) => {
        const sorted = inOrder(some)
        const gone = sorted.filter(() => choices.next().value === true)
        const come = others.map(({ key, serial }): Item => ({ key, serial: serial + 100 }))
        const expected = inOrder([...sorted.filter((item) => !gone.includes(item)), ...come])
        expect(amendSorted(sorted, gone, come, keyOf)).toEqual(expected)
      }),
    )
  })

  it('has nothing to lose in an item that only looks like one of its own', () => {
    const sorted = [{ key: 'a', serial: 1 }]
    expect(amendSorted(sorted, [{ key: 'a', serial: 1 }], [], keyOf)).toEqual(sorted)
  })
})

describe('groups', () => {
  it('are, after some of them changed, what they would be made anew', () => {
    const changes = fc.array(fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), items), { maxLength: 4 })
    fc.assert(
      fc.property(items, changes, (some, steps) => {
        let groups: Groups<Item> = groupsOf(some, keyOf)
        let plain = new Map(some.map(({ key }) => [key, some.filter((one) => one.key === key)]))
        for (const step of steps) {
          const entries = Object.entries(step)
          groups = groups.with(new Map(entries))
          plain = new Map([...plain, ...entries])
        }
        const there = [...plain].filter(([, list]) => list.length > 0)
        expect([...groups.keys()].sort()).toEqual(there.map(([key]) => key).sort())
        for (const key of [...plain.keys(), 'nobody']) expect(groups.get(key)).toEqual(plain.get(key) ?? [])
      }),
    )
  })

  it('keep the very lists that did not change, also after very many changes', () => {
    const kept = { key: 'kept', serial: 0 }
    const before = groupsOf([kept, { key: 'gone', serial: 1 }], keyOf)
    const many = Array.from({ length: 3000 }, (_, serial) => ({ key: `k${String(serial)}`, serial }))
    const after = many.reduce(
      (groups, item) => groups.with(new Map([[item.key, [item]]])),
      before.with(new Map([['gone', []]])),
    )
    expect(after.get('kept')).toBe(before.get('kept'))
    expect(after.get('k7')).toEqual([many[7]])
    expect(after.get('gone')).toBe(before.get('nobody'))
    expect([...after.keys()]).toHaveLength(3001)
  })
})

describe('two lists', () => {
  it('differ in what is in one of them alone, whichever pair was asked about before', () => {
    const [a, b, c, d] = [{ n: 1 }, { n: 2 }, { n: 3 }, { n: 4 }]
    const now = [a, c, d]
    expect(differing([a, b, d], now)).toEqual([[b], [c]])
    expect(differing([a, c], now)).toEqual([[], [d]])
    expect(differing(now, now)).toEqual([[], []])
    expect(differing([a, b, d], now)).toEqual([[b], [c]])
  })
})
