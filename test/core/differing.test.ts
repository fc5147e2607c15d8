import fc from 'fast-check'
import { expect, it } from 'vitest'
import { differing, madeFrom } from '../../src/core/source/differing.ts'

const letters = fc.array(fc.constantFrom(...'abcdefgh'), { maxLength: 10 })

it('a list that says how it was made differs as one that does not', () => {
  fc.assert(
    fc.property(letters, fc.nat(10), fc.nat(3), letters, (old, from, count, put) => {
      const at = Math.min(from, old.length)
      const gone = old.slice(at, at + count)
      const now = [...old.slice(0, at), ...put, ...old.slice(at + count)]
      const told = differing(old, madeFrom(old, now, gone, put))
      const sorted = (lists: readonly (readonly string[])[]): string[][] =>
        lists.map((list) => [...list].sort())
      expect(sorted(told)).toEqual(sorted(differing([...old], [...now])))
    }),
    { numRuns: 2_000 },
  )
})

it('a list that says how it was made is not walked through', () => {
  const old = ['a', 'b', 'c']
  const walked: string[] = []
  const now = new Proxy(['a', 'x', 'c'], {
    get: (list, key) => {
      walked.push(String(key))
      return Reflect.get(list, key) as unknown
    },
  })
  madeFrom(old, now, ['b'], ['x'])
  walked.length = 0
  expect(differing(old, now)).toEqual([['b'], ['x']])
  expect(walked).toEqual([])
})
