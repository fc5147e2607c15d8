// The arithmetic below every verdict: intervals, ports, addresses, selectors.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  ALL_ADDRESSES,
  addressSet,
  coversAddresses,
  noAddresses,
  parseAddresses,
  subtractAddresses,
} from '../../src/core/kubernetes/address-set.ts'
import { formatBlocks } from '../../src/core/kubernetes/blocks.ts'
import { contains, intersect, intervalSet, subtract, union } from '../../src/core/kubernetes/interval-set.ts'
import type { IntervalSet } from '../../src/core/kubernetes/interval-set.ts'
import {
  SERVICE_ACCOUNT,
  describeSelector,
  implies,
  matches,
  matchesPartly,
  overlap,
} from '../../src/core/kubernetes/labels.ts'
import type { Labels, Requirement, Selector } from '../../src/core/kubernetes/labels.ts'
import {
  ALL_PORTS,
  NO_PORTS,
  describePorts,
  portRange,
  subtractPorts,
  unionPorts,
} from '../../src/core/kubernetes/port-set.ts'

const numbers = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 20 })), { maxLength: 6 })
  .map((pairs) => intervalSet(pairs.map(([low, high]) => [low, high] as const)))
const members = (set: IntervalSet<number>): number[] =>
  Array.from({ length: 22 }, (_, n) => n).filter((n) => contains(set, n))

describe('interval sets', () => {
  it('are what sets of their members are', () => {
    fc.assert(
      fc.property(numbers, numbers, (a, b) => {
        const [left, right] = [members(a), members(b)]
        expect(members(union(a, b))).toEqual([...new Set([...left, ...right])].sort((x, y) => x - y))
        expect(members(intersect(a, b))).toEqual(left.filter((n) => right.includes(n)))
        expect(members(subtract(a, b))).toEqual(left.filter((n) => !right.includes(n)))
      }),
    )
  })

  it('have one form: sorted, apart, none empty', () => {
    expect(
      intervalSet([
        [5, 7],
        [3, 3],
        [1, 3],
        [3, 5],
      ]),
    ).toEqual([[1, 7]])
    expect(
      intervalSet([
        [5, 7],
        [1, 3],
      ]),
    ).toEqual([
      [1, 3],
      [5, 7],
    ])
  })
})

describe('port sets', () => {
  it('say what they hold', () => {
    expect(describePorts(unionPorts(portRange('TCP', 80), portRange('UDP', 53, 55)))).toBe(
      '80/TCP and 53-55/UDP',
    )
    expect(describePorts(ALL_PORTS)).toBe('every port')
    expect(describePorts(NO_PORTS)).toBe('no port')
    expect(describePorts(subtractPorts(ALL_PORTS, portRange('SCTP', 1, 65535)))).toBe(
      'every TCP port and every UDP port',
    )
  })
})

describe('addresses', () => {
  it.each([
    ['10.0.0.0/8', ['10.0.0.0/8']],
    ['10.1.2.3/8', ['10.0.0.0/8']],
    ['10.0.0.1', ['10.0.0.1/32']],
    ['0.0.0.0/0', ['0.0.0.0/0']],
    ['::/0', ['::/0']],
    ['fd16:9254:7127:1337:ffff::/80', ['fd16:9254:7127:1337:ffff::/80']],
    ['255.255.255.255/32', ['255.255.255.255/32']],
  ])('%s is %j', (text, blocks) => {
    expect(formatBlocks(parseAddresses(text) ?? { IPv4: [], IPv6: [] })).toEqual(blocks)
  })

  it.each([
    '10.0.0.0/33',
    '10.0.0/8',
    '010.0.0.1',
    '10.0.0.256',
    '10.0.0.0/',
    '10.0.0.0/08',
    '10.0.0.0/-1',
    '0x7f.1',
    'fe80::1%eth0',
    '::ffff:10.0.0.1',
    '::/129',
    '',
    'any',
    '10.0.0.0/8/8',
  ])('%j is no address', (text) => {
    expect(parseAddresses(text)).toBeNull()
  })

  it('are cut exactly', () => {
    const rest = subtractAddresses(addressSet(['10.0.0.0/30']), addressSet(['10.0.0.2']))
    expect(formatBlocks(rest)).toEqual(['10.0.0.0/31', '10.0.0.3/32'])
    expect(coversAddresses(addressSet(['169.254.0.0/16']), addressSet(['169.254.7.127']))).toBe(true)
    expect(noAddresses(subtractAddresses(ALL_ADDRESSES, addressSet(['0.0.0.0/0', '::/0'])))).toBe(true)
  })

  it('print as the blocks that they are', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2 ** 32 - 2 }),
        fc.integer({ min: 1, max: 5000 }),
        (low, size) => {
          const set = { IPv4: [[low, Math.min(low + size, 2 ** 32)] as const], IPv6: [] }
          const back = addressSet(formatBlocks(set))
          expect(back.IPv4).toEqual(set.IPv4)
        },
      ),
    )
  })
})

const values = ['a', 'b', 'c']
const requirement: fc.Arbitrary<Requirement> = fc.oneof(
  fc.record({
    key: fc.constantFrom('x', 'y'),
    operator: fc.constantFrom('In' as const, 'NotIn' as const),
    values: fc.uniqueArray(fc.constantFrom(...values), { minLength: 1 }),
  }),
  fc.record({
    key: fc.constantFrom('x', 'y'),
    operator: fc.constantFrom('Exists' as const, 'DoesNotExist' as const),
  }),
)
const selector: fc.Arbitrary<Selector> = fc.array(requirement, { maxLength: 3 })
const everyLabels: readonly Labels[] = [undefined, ...values].flatMap((x) =>
  [undefined, ...values].map((y) => ({
    ...(x === undefined ? {} : { x }),
    ...(y === undefined ? {} : { y }),
  })),
)

describe('selectors', () => {
  it('imply only what holds for every set of labels', () => {
    fc.assert(
      fc.property(selector, selector, (narrow, wide) => {
        if (!implies(narrow, wide)) return
        for (const labels of everyLabels)
          if (matches(narrow, labels)) expect(matches(wide, labels)).toBe(true)
      }),
    )
  })

  it('that some labels match together are never said to be apart', () => {
    fc.assert(
      fc.property(selector, selector, (a, b) => {
        if (everyLabels.some((labels) => matches(a, labels) && matches(b, labels)))
          expect(overlap(a, b)).toBe(true)
      }),
    )
  })

  it('decide with some labels known only what no other label can change', () => {
    fc.assert(
      fc.property(selector, fc.constantFrom(...values), (wanted, x) => {
        const answers = new Set(
          everyLabels.filter((labels) => labels.x === x).map((labels) => matches(wanted, labels)),
        )
        const partly = matchesPartly(wanted, { x })
        if (partly === 'yes') expect(answers).toEqual(new Set([true]))
        if (partly === 'no') expect(answers).toEqual(new Set([false]))
      }),
    )
  })

  it('are written as kubectl writes them', () => {
    const all: Selector = [
      { key: 'tier', operator: 'NotIn', values: ['b', 'a'] },
      { key: 'app', operator: 'In', values: ['web'] },
      { key: 'old', operator: 'DoesNotExist' },
    ]
    expect(describeSelector(all)).toBe('!old,app=web,tier notin (a,b)')
    expect(describeSelector([])).toBe('*')
    expect(describeSelector([{ key: SERVICE_ACCOUNT, operator: 'In', values: ['web', 'api'] }])).toBe(
      'serviceaccount(api,web)',
    )
    expect(describeSelector([{ key: SERVICE_ACCOUNT, operator: 'NotIn', values: ['web'] }])).toBe(
      '!serviceaccount(web)',
    )
  })
})
