// Waivers and the days that they count: which one holds, which has ended, which soon will, which holds for nothing.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { daysUntil, isDay } from '../../src/core/calendar.ts'
import { readConfig } from '../../src/core/config.ts'
import type { Waiver } from '../../src/core/config.ts'
import type { Finding } from '../../src/core/findings/finding.ts'
import { endingWaivers, idleWaivers, waivedBy } from '../../src/core/findings/waivers.ts'

const waiver = (expires: string, workload = 'Deployment/shop/api'): Waiver => ({
  rule: 'hbone-ingress',
  workload,
  reason: 'soon',
  owner: 'team',
  expires,
})
const finding = { rule: 'hbone-ingress', workload: { id: 'Deployment/shop/api' } } as unknown as Finding

describe('days', () => {
  it('are those of the calendar', () => {
    const time = fc.integer({ min: Date.UTC(1900, 0, 1), max: Date.UTC(2200, 0, 1) })
    const text = (at: number): string => new Date(at).toISOString().slice(0, 10)
    fc.assert(
      fc.property(time, time, (a, b) => {
        const [from, to] = [text(a), text(b)]
        expect(isDay(from)).toBe(true)
        expect(daysUntil(from, to)).toBe((Date.parse(to) - Date.parse(from)) / 86_400_000)
      }),
    )
  })

  it.each([
    '2027-02-29',
    '2100-02-29',
    '2027-04-31',
    '2027-13-01',
    '2027-00-01',
    '2027-01-00',
    '2027-1-1',
    '',
  ])('%j is none', (text) => {
    expect(isDay(text)).toBe(false)
  })

  it.each(['2028-02-29', '2000-02-29', '2027-12-31'])('%j is one', (text) => {
    expect(isDay(text)).toBe(true)
  })
})

describe('a finding', () => {
  it('is waived until the last day, and then was', () => {
    const one = waiver('2027-01-31')
    expect(waivedBy(finding, [one], '2027-01-31')).toEqual({ waived: one, lapsed: null })
    expect(waivedBy(finding, [one], '2027-02-01')).toEqual({ waived: null, lapsed: one })
  })

  it('goes by the waiver that holds longest, wherever it stands', () => {
    const [short, long] = [waiver('2027-01-31'), waiver('2027-03-01')]
    for (const both of [
      [short, long],
      [long, short],
    ]) {
      expect(waivedBy(finding, both, '2027-01-01')).toEqual({ waived: long, lapsed: null })
      expect(waivedBy(finding, both, '2027-02-15')).toEqual({ waived: long, lapsed: null })
      expect(waivedBy(finding, both, '2027-03-02')).toEqual({ waived: null, lapsed: long })
    }
  })

  it('is not waived by one for another rule or workload', () => {
    const others: readonly Waiver[] = [
      waiver('2027-01-31', 'Deployment/shop/web'),
      { ...waiver('2027-01-31'), rule: 'isolated' },
    ]
    expect(waivedBy(finding, others, '2027-01-01')).toEqual({ waived: null, lapsed: null })
  })
})

it('a waiver is told fourteen days before its end, the first to end first, and once', () => {
  const [late, soon, last] = [waiver('2027-01-31'), waiver('2027-01-20', 'b'), waiver('2027-01-17', 'c')]
  const found = [late, soon, late, last, null].map((waived) => ({ waived }))
  expect(endingWaivers(found, '2027-01-16')).toEqual([
    { waiver: last, days: 1 },
    { waiver: soon, days: 4 },
  ])
  expect(endingWaivers(found, '2027-01-17')[0]).toEqual({ waiver: last, days: 0 })
  expect(endingWaivers(found, '2027-01-17').at(-1)).toEqual({ waiver: late, days: 14 })
})

it('a waiver is idle where its finding is nowhere', () => {
  const [here, elsewhere] = [waiver('2027-01-31'), waiver('2020-01-31', 'Deployment/shop/web')]
  expect(idleWaivers([elsewhere, here], [finding])).toEqual([elsewhere])
})

describe('what is wrong in a configuration', () => {
  it('says what holds in its place: for an item of a list, no default', () => {
    const { problems } = readConfig(
      'c.yml',
      [
        'failOn: always',
        'ignorePaths: [""]',
        'waivers:',
        '  - {rule: isolated, workload: Deployment/a/a, reason: b, owner: c, expires: soon}',
        '  - {rule: isolated, workload: Deployment/a/a, reasn: b, owner: c, expires: 2027-01-31}',
      ].join('\n'),
    )
    expect(problems.map(({ line, remedy }) => `${String(line)}: ${remedy}`)).toEqual([
      '1: See docs/configuration.md; until it is mended, its default holds.',
      '2: See docs/configuration.md; until it is mended, the list holds without it.',
      '4: See docs/configuration.md; until it is mended, this waiver does not hold.',
      '5: Did you mean "reason"? Until it is mended, this waiver does not hold.',
      '5: See docs/configuration.md; until it is mended, this waiver does not hold.',
    ])
  })

  it('is told in the order of the lines, whatever else is wrong', () => {
    const { problems } = readConfig('c.yml', 'rules: {isolated: x}\nnobody: 1\nfailOn: x\n---\nversion: 1\n')
    expect(problems.map(({ line }) => line)).toEqual([1, 2, 3, 5])
  })
})
