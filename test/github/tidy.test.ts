// What of our words is put away, taken up again or left alone.
import { describe, expect, it } from 'vitest'
import type { Review, Speech, Thread } from '../../src/github/api/speech.ts'
import { saidIn, tidying } from '../../src/github/tidy.ts'

const BOT = 'ambient-guard[bot]'
const mark = (digit: string): string => `f-${digit.repeat(10)}`
const body = (...marks: readonly string[]): string =>
  `Something is lost.\n\n${marks.map((one) => `<!-- ambient-guard ${one} -->`).join('\n')}`

const thread = (more: Partial<Thread> = {}): Thread => ({
  id: 'T',
  author: BOT,
  body: body(mark('a')),
  outdated: false,
  resolved: false,
  resolvedBy: null,
  commentId: 'C',
  hidden: false,
  answers: [],
  ...more,
})

const review = (more: Partial<Review> = {}): Review => ({
  id: 'R',
  number: 1,
  author: BOT,
  pending: false,
  commit: 'abc',
  body: body(mark('a')),
  hidden: false,
  ...more,
})

const speech = (threads: readonly Thread[], reviews: readonly Review[] = []): Speech => ({
  open: true,
  draft: false,
  headSha: 'abc',
  threads,
  reviews,
})

function done(
  given: Speech,
  live: readonly string[],
  posted: readonly string[] = [],
): { away: number; up: number; hide: number } {
  const { away, up, hide } = tidying(given, BOT, new Set(live), new Set(posted))
  return { away: away.length, up: up.length, hide: hide.length }
}

const NOTHING = { away: 0, up: 0, hide: 0 }

describe('a thread', () => {
  it.each<[string, Partial<Thread>, readonly string[], readonly string[], Partial<typeof NOTHING>]>([
    ['whose finding holds stays', {}, [mark('a')], [], {}],
    ['whose finding is gone is put away', {}, [], [], { away: 1 }],
    ['of two findings, one of which holds, stays', { body: body(mark('a'), mark('b')) }, [mark('b')], [], {}],
    ['that a person answered stays', { answers: ['maintainer'] }, [], [], {}],
    ['that another bot answered stays', { answers: ['reviewer[bot]'] }, [], [], {}],
    ['that only we answered is put away', { answers: [BOT] }, [], [], { away: 1 }],
    ['that is resolved is not resolved again', { resolved: true, resolvedBy: 'maintainer' }, [], [], {}],
    ['that is hidden stays hidden', { hidden: true }, [], [], {}],
    ['without a mark is none of these', { body: 'Hello.' }, [], [], {}],
    ['of somebody else is not ours, whatever it says', { author: 'stranger' }, [], [], {}],
    ['of a person called like the app is not ours', { author: 'ambient-guard' }, [], [], {}],
    ['whose line is gone stays while nothing else says it', { outdated: true }, [mark('a')], [], {}],
    [
      'whose line is gone goes once it is said anew',
      { outdated: true },
      [mark('a')],
      [mark('a')],
      { away: 1 },
    ],
    ['whose line and finding are gone is put away', { outdated: true }, [], [], { away: 1 }],
    ['that we resolved opens when its finding is back', { resolved: true }, [mark('a')], [], { up: 1 }],
    [
      'that an app like us resolved opens, too',
      { resolved: true, resolvedBy: 'ambient-guard' },
      [mark('a')],
      [],
      { up: 1 },
    ],
    ['that a person resolved stays', { resolved: true, resolvedBy: 'maintainer' }, [mark('a')], [], {}],
    [
      'without its line does not open again',
      { resolved: true, outdated: true },
      [mark('a')],
      [mark('a')],
      {},
    ],
  ])('%s', (_, more, live, posted, wanted) => {
    expect(done(speech([thread(more)]), live, posted)).toEqual({ ...NOTHING, ...wanted })
  })

  it('makes place for another of ours that says the same on a line', () => {
    const both = speech([thread({ outdated: true }), thread({ id: 'U' })])
    expect(tidying(both, BOT, new Set([mark('a')]), new Set()).away.map(({ id }) => id)).toEqual(['T'])
  })
})

describe('a review that says findings without a line', () => {
  it.each<[string, Partial<Review>, readonly string[], Partial<typeof NOTHING>]>([
    ['stays while one of them holds', {}, [mark('a')], {}],
    ['is hidden once none does', {}, [], { hide: 1 }],
    ['that is hidden stays so', { hidden: true }, [], {}],
    ['of nothing but words stays', { body: 'This change brings 1 error.' }, [], {}],
    ['that is not submitted is none', { pending: true }, [], {}],
    ['of somebody else is not ours', { author: 'stranger' }, [], {}],
  ])('%s', (_, more, live, wanted) => {
    expect(done(speech([], [review(more)]), live)).toEqual({ ...NOTHING, ...wanted })
  })
})

it('is said what stands on a line, or in a review that shows', () => {
  const given = speech(
    [
      thread(),
      thread({ body: body(mark('b')), outdated: true }),
      thread({ body: body(mark('c')), author: 'stranger' }),
      thread({ body: body(mark('d')), resolved: true, resolvedBy: 'maintainer' }),
    ],
    [review({ body: body(mark('e')) }), review({ body: body(mark('f')), hidden: true })],
  )
  expect([...saidIn(given, BOT)].sort()).toEqual([mark('a'), mark('d'), mark('e')])
})
