// The order of names with numbers.
import { expect, it } from 'vitest'
import { compareNaturally } from '../../src/core/source/natural.ts'

it.each([
  [
    ['api-10', 'api-2', 'api-1'],
    ['api-1', 'api-2', 'api-10'],
  ],
  [
    ['a1b10', 'a1b9', 'a', 'a1'],
    ['a', 'a1', 'a1b9', 'a1b10'],
  ],
  [
    ['n9007199254740993', 'n9007199254740992', 'n08', 'n8', 'n10'],
    ['n08', 'n8', 'n10', 'n9007199254740992', 'n9007199254740993'],
  ],
  [
    ['b', 'B', '', '2', 'é'],
    ['', '2', 'B', 'b', 'é'],
  ],
])('%j', (names, ordered) => {
  expect([...names].sort(compareNaturally)).toEqual(ordered)
  expect([...names].reverse().sort(compareNaturally)).toEqual(ordered)
})
