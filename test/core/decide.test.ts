// What stages decide, against brute force: every answer to every doubt is tried, and every order of policies that are
// tied. `sure` is what all of them allow, `perhaps` what one of them does.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { PolicyAction } from '../../src/core/kubernetes/kinds/policy.ts'
import { decide } from '../../src/core/policy/decide.ts'
import type { SetAlgebra, Stage, Step } from '../../src/core/policy/decide.ts'
import { campaign } from '../twin/campaign.ts'

/** Sets of a universe of four, as bits. */
const ALL = 0b1111
const BITS: SetAlgebra<number> = {
  none: 0,
  union: (a, b) => a | b,
  intersect: (a, b) => a & b,
  subtract: (a, b) => a & ~b,
}

const action = fc.constantFrom<PolicyAction>('allow', 'deny', 'pass')
const set = fc.oneof({ weight: 3, arbitrary: fc.nat(ALL) }, { weight: 1, arbitrary: fc.constantFrom(0, ALL) })
/** As engines make them: where nothing is doubtful, the two are one. */
const on = fc.oneof(
  set.map((one) => ({ sure: one, perhaps: one })),
  fc.tuple(set, set).map(([sure, more]) => ({ sure, perhaps: sure | more })),
)
const step: fc.Arbitrary<Step<number>> = fc.record({ action, on, tie: fc.constant(null) })
/** Who of three surely comes before whom. */
const precedence = fc.constantFrom<readonly string[]>(
  [],
  ['a<b'],
  ['a<c'],
  ['b<c'],
  ['a<b', 'a<c'],
  ['a<c', 'b<c'],
  ['a<b', 'a<c', 'b<c'],
)
const tied: fc.Arbitrary<readonly Step<number>[]> = fc
  .tuple(
    precedence,
    fc.array(fc.record({ action, on, member: fc.constantFrom('a', 'b', 'c') }), {
      minLength: 2,
      maxLength: 4,
    }),
  )
  .map(([before, list]) =>
    [...list]
      .sort((a, b) => (a.member < b.member ? -1 : 1))
      .map(({ member, ...rest }) => ({
        ...rest,
        tie: {
          among: '5',
          member,
          after: ['a', 'b', 'c'].filter((other) => before.includes(`${other}<${member}`)),
        },
      })),
  )
const stage: fc.Arbitrary<Stage<number>> = fc.record({
  steps: fc
    .tuple(
      fc.array(step, { maxLength: 3 }),
      fc.oneof({ weight: 2, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: tied }),
      fc.array(step, { maxLength: 1 }),
    )
    .map((parts) => parts.flat()),
  end: fc.constantFrom('denied', 'perhaps-denied', 'next'),
})
const stages = fc.array(stage, { maxLength: 3 })

describe('decide', () => {
  const { runs, seed, timeout } = campaign(1000)

  it('says what every answer to the doubts allows, and what some answer does', { timeout }, () => {
    fc.assert(
      fc.property(stages, (list) => {
        const { sure, perhaps } = decide(list, ALL, BITS)
        for (const element of [1, 2, 4, 8]) {
          const outcomes = walk(list, element)
          expect({ element, sure: (sure & element) !== 0, perhaps: (perhaps & element) !== 0 }).toEqual({
            element,
            sure: !outcomes.has('denied'),
            perhaps: outcomes.has('allowed'),
          })
        }
      }),
      { seed, numRuns: runs },
    )
  })

  it('allows everything where there is no stage', () => {
    expect(decide([], ALL, BITS)).toEqual({ sure: ALL, perhaps: ALL })
  })

  it('makes one value of the two where nothing is doubtful', () => {
    const algebra: SetAlgebra<readonly number[]> = {
      none: [],
      union: (a, b) => [...a, ...b],
      intersect: (a, b) => a.filter((one) => b.includes(one)),
      subtract: (a, b) => a.filter((one) => !b.includes(one)),
    }
    const one = [1]
    for (const each of ['allow', 'deny', 'pass'] as const) {
      const { sure, perhaps } = decide(
        [{ steps: [{ action: each, on: { sure: one, perhaps: one }, tie: null }], end: 'denied' }],
        [1, 2],
        algebra,
      )
      expect(perhaps).toBe(sure)
    }
  })
})

type Outcome = 'allowed' | 'denied'

/** Everything that may become of one element: a walk that goes both ways at each doubt. */
function walk([stage, ...later]: readonly Stage<number>[], element: number): ReadonlySet<Outcome> {
  if (stage === undefined) return new Set(['allowed'])
  const outcomes = new Set<Outcome>()
  const go = (some: ReadonlySet<Outcome>): void => {
    for (const outcome of some) outcomes.add(outcome)
  }
  const from = ([first, ...rest]: readonly Step<number>[]): void => {
    if (first === undefined) {
      if (stage.end !== 'denied') go(walk(later, element))
      if (stage.end !== 'next') outcomes.add('denied')
      return
    }
    if ((first.on.perhaps & element) !== 0) {
      if (first.action === 'pass') go(walk(later, element))
      else outcomes.add(first.action === 'allow' ? 'allowed' : 'denied')
    }
    if ((first.on.sure & element) === 0) from(rest)
  }
  for (const order of ordersOf(stage.steps)) from(order)
  return outcomes
}

/** Each order of the members of a tie, which stand together, that has those first that surely come first. */
function ordersOf(steps: readonly Step<number>[]): readonly (readonly Step<number>[])[] {
  const at = steps.findIndex(({ tie }) => tie !== null)
  if (at < 0) return [steps]
  const of = steps.filter(({ tie }) => tie !== null)
  const members = [...new Set(of.map(({ tie }) => tie?.member))]
  const isAllowed = (order: readonly (string | undefined)[]): boolean =>
    of.every(({ tie }) =>
      (tie?.after ?? []).every(
        (one) => !order.includes(one) || order.indexOf(one) < order.indexOf(tie?.member),
      ),
    )
  const orders = permutations(members).filter(isAllowed)
  return orders.map((order) => [
    ...steps.slice(0, at),
    ...order.flatMap((member) => of.filter(({ tie }) => tie?.member === member)),
    ...steps.slice(at + of.length),
  ])
}

function permutations<T>(items: readonly T[]): readonly (readonly T[])[] {
  if (items.length === 0) return [[]]
  return items.flatMap((first, index) =>
    permutations(items.filter((_, other) => other !== index)).map((rest) => [first, ...rest]),
  )
}
