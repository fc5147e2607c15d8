// Random NetworkPolicies for the twin: every form that the API accepts and people stumble over, and a few that it
// refuses. The alphabets are small, so that labels, ports and blocks collide.
import fc from 'fast-check'
import { readBlock } from './addresses.ts'
import type { LabelSelector, NetworkPolicy, PolicyPeer, PolicyPort, PolicyRule } from './cluster.ts'

export const NAMESPACES = ['red', 'blue', 'grey'] as const
/** `constructor` is a good label, and a trap for whoever looks labels up in a plain object. */
export const KEYS = ['app', 'tier', 'constructor']
export const VALUES = ['a', 'b', '']
export const PORTS = [80, 80, 81, 90, 1, 15008, 65535]
export const NAMES = ['http', 'web', 'dns']
export const PROTOCOLS = ['TCP', 'UDP', 'SCTP'] as const
const IPV4 = [
  '0.0.0.0/0',
  '10.0.0.0/8',
  '10.244.0.0/16',
  '10.244.128.0/17',
  '192.168.0.0/16',
  '192.168.7.0/24',
  '172.16.0.0/12',
  '100.64.0.0/10',
  '100.64.0.0/11',
  '203.0.113.0/24',
  '203.0.113.99/25',
  '203.0.113.128/25',
  '203.0.113.7/32',
  '255.255.255.255/32',
]
const IPV6 = [
  '::/0',
  'fc00::/7',
  'fd00:10:244::/56',
  'fd00:10:244:80::/57',
  'fd16:9254:7127:1337:ffff:ffff:ffff:ffff/128',
  '2001:db8::/32',
  '2001:db8:0:1::/64',
  '2001:db8::7/128',
]
export const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(value, { nil: undefined })

/** An object without the keys that are undefined: what YAML would hold. */
export function compact<T extends object>(object: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as never
}

function selectors(keys: readonly string[], values: readonly string[]): fc.Arbitrary<LabelSelector> {
  const key = fc.constantFrom(...keys)
  const value = fc.constantFrom(...values)
  const expression = fc.oneof(
    fc.record({
      key,
      operator: fc.constantFrom('In', 'NotIn'),
      values: fc.uniqueArray(value, { minLength: 1, maxLength: 2 }),
    }),
    fc.record({ key, operator: fc.constantFrom('Exists', 'DoesNotExist') }),
  )
  return fc.oneof(
    { weight: 2, arbitrary: fc.constant({}) },
    {
      weight: 3,
      arbitrary: fc
        .dictionary(key, value, { minKeys: 1, maxKeys: 2, noNullPrototype: true })
        .map((matchLabels) => ({ matchLabels })),
    },
    {
      weight: 3,
      arbitrary: fc
        .array(expression, { minLength: 1, maxLength: 2 })
        .map((matchExpressions) => ({ matchExpressions })),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        matchLabels: fc.dictionary(key, value, { maxKeys: 1, noNullPrototype: true }),
        matchExpressions: fc.array(expression, { maxLength: 1 }),
      }),
    },
  )
}

const podSelector = selectors(KEYS, VALUES)
const namespaceSelector = fc.oneof(
  selectors(['team', 'constructor'], ['x', 'y']),
  fc.constantFrom(...NAMESPACES).map((name) => ({ matchLabels: { 'kubernetes.io/metadata.name': name } })),
  fc.uniqueArray(fc.constantFrom(...NAMESPACES), { minLength: 1 }).map((values) => ({
    matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'NotIn', values }],
  })),
)

/** Exceptions must lie strictly inside their block. */
const ipBlock = fc
  .tuple(
    fc.constantFrom(...IPV4, ...IPV6),
    maybe(fc.array(fc.constantFrom(...IPV4, ...IPV6), { maxLength: 4 })),
  )
  .map(([cidr, candidates]) => {
    const whole = readBlock(cidr)
    const except = candidates?.filter((text) => {
      const part = readBlock(text)
      if (whole === null || part?.family !== whole.family) return false
      const inside = whole.first <= part.first && part.last <= whole.last
      return inside && part.last - part.first < whole.last - whole.first
    })
    return compact({ cidr, except })
  })

const peer: fc.Arbitrary<PolicyPeer> = fc.oneof(
  fc.record({ podSelector }),
  fc.record({ namespaceSelector }),
  fc.record({ podSelector, namespaceSelector }),
  fc.record({ ipBlock }),
)

export const protocol = fc.constantFrom(undefined, undefined, 'TCP' as const, ...PROTOCOLS)
const port: fc.Arbitrary<PolicyPort> = fc.oneof(
  fc.record({ port: fc.constantFrom(...PORTS), protocol }).map(compact),
  fc
    .record({ port: fc.constantFrom(...PORTS), span: fc.constantFrom(0, 1, 10, 15000, 65535), protocol })
    .map(({ port: low, span, protocol: name }) =>
      compact({ port: low, endPort: Math.min(low + span, 65535), protocol: name }),
    ),
  fc.record({ port: fc.constantFrom(...NAMES), protocol }).map(compact),
  fc.record({ protocol }).map(compact),
)

const peers = fc.oneof(
  { weight: 1, arbitrary: fc.constantFrom(undefined, null, []) },
  { weight: 2, arbitrary: fc.array(peer, { minLength: 1, maxLength: 3 }) },
)
const ports = fc.oneof(
  { weight: 1, arbitrary: fc.constantFrom(undefined, null, []) },
  { weight: 2, arbitrary: fc.array(port, { minLength: 1, maxLength: 3 }) },
)
export const rules = (key: 'from' | 'to'): fc.Arbitrary<readonly PolicyRule[]> =>
  fc.array(
    fc.tuple(peers, ports).map(([list, entries]) => compact({ [key]: list, ports: entries })),
    { maxLength: 4, size: 'max' },
  )

export const spec: fc.Arbitrary<NetworkPolicy['spec']> = fc
  .record({
    podSelector: fc.oneof(
      { weight: 5, arbitrary: podSelector },
      { weight: 4, arbitrary: fc.constant({}) },
      { weight: 1, arbitrary: fc.constant(undefined) },
    ),
    policyTypes: fc.constantFrom(
      undefined,
      undefined,
      [],
      ['Ingress'],
      ['Egress'],
      ['Ingress', 'Egress'],
      ['Egress', 'Ingress'],
    ),
    ingress: fc.oneof(
      { weight: 1, arbitrary: fc.constantFrom(undefined, null) },
      { weight: 4, arbitrary: rules('from') },
    ),
    egress: fc.oneof(fc.constantFrom(undefined, null), rules('to')),
  })
  .map((fields) => compact(fields) as NetworkPolicy['spec'])

/** What the API server refuses, each for its own reason; made into an `ingress` or `egress` section. */
const REFUSED: readonly PolicyRule[] = [
  { ports: [{ port: 'http', endPort: 90 }] },
  { ports: [{ endPort: 90 }] },
  { ports: [{ port: 80, endPort: 79 }] },
  { ports: [{ port: 0 }] },
  { ports: [{ port: 65536 }] },
  { ports: [{ port: 80, endPort: 65536 }] },
  { ports: [{ port: '80' }] },
  { ports: [{ port: 80, protocol: 'ICMP' }] },
  { from: [{}] },
  { from: [{ podSelector: {}, ipBlock: { cidr: '10.0.0.0/8' } }] },
  { from: [{ namespaceSelector: {}, ipBlock: { cidr: '10.0.0.0/8' } }] },
  { from: [{ ipBlock: { cidr: '10.0.0.0' } }] },
  { from: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['10.0.0.0/8'] } }] },
  { from: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['11.0.0.0/9'] } }] },
  { from: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['0.0.0.0/0'] } }] },
  { from: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['2001:db8::/32'] } }] },
  { from: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['10.0.0.1'] } }] },
  { from: [{ podSelector: { matchExpressions: [{ key: 'app', operator: 'In', values: [] }] } }] },
  { from: [{ podSelector: { matchExpressions: [{ key: 'app', operator: 'NotIn' }] } }] },
  { from: [{ podSelector: { matchExpressions: [{ key: 'app', operator: 'Exists', values: ['a'] }] } }] },
  { from: [{ namespaceSelector: { matchExpressions: [{ key: 'team', operator: 'Gt', values: ['1'] }] } }] },
]
export const refusedSpec: fc.Arbitrary<NetworkPolicy['spec']> = fc.oneof(
  fc.constantFrom(...REFUSED).map((rule) => ({ podSelector: {}, ingress: [rule] })),
  fc.constant({ podSelector: {}, policyTypes: ['Inbound'] }),
)
