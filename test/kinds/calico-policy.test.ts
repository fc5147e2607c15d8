// Policies, tiers and network sets of Calico: what the documentation and the sources of Calico say of each field.
import fc from 'fast-check'
import { load } from 'js-yaml'
import { describe, expect, it } from 'vitest'
import { addressSet } from '../../src/core/kubernetes/address-set.ts'
import { rootField } from '../../src/core/kubernetes/field.ts'
import {
  BUILT_IN_TIERS,
  NO_CALICO_SURROUNDINGS,
  readCalicoPolicy,
  readNetworkSet,
  readTier,
  STAGED_KINDS,
} from '../../src/core/kubernetes/kinds/calico-policy.ts'
import type { CalicoSurroundings, NetworkSetRef } from '../../src/core/kubernetes/kinds/calico-policy.ts'
import type { PolicySpec } from '../../src/core/kubernetes/kinds/policy.ts'

interface Read {
  readonly spec: PolicySpec
  readonly faults: readonly string[]
}

function read(
  scope: 'namespace' | 'cluster',
  spec: string,
  around: readonly NetworkSetRef[] | Partial<CalicoSurroundings> = [],
  version = 'projectcalico.org/v3',
): Read {
  const more = 'length' in around ? { sets: around } : around
  const surroundings = { ...NO_CALICO_SURROUNDINGS, ...more }
  const metadata = scope === 'namespace' ? { name: 'p', namespace: 'shop' } : { name: 'p' }
  const root = rootField({ apiVersion: version, kind: 'P', metadata, spec: load(spec) })
  return {
    spec: readCalicoPolicy(root, scope, surroundings),
    faults: root.faults.map(({ message }) => message),
  }
}

/** A rule of a policy of the cluster, or of the namespace shop, that is valid. */
function rule(
  text: string,
  direction: 'ingress' | 'egress' = 'ingress',
  scope: 'namespace' | 'cluster' = 'cluster',
  sets: readonly NetworkSetRef[] | Partial<CalicoSurroundings> = [],
) {
  const indented = text
    .split('\n')
    .map((line, i) => `${i === 0 ? '- ' : '  '}${line}`)
    .join('\n')
  const { spec, faults } = read(scope, `${direction}:\n${indented}`, sets)
  expect(faults).toEqual([])
  const rules = spec[direction] ?? []
  expect(rules).toHaveLength(1)
  const [only] = rules
  if (only === undefined) throw new Error('no rule')
  return only
}

const isIn = (key: string, ...values: string[]) => ({ key, operator: 'In', values })
const isNotIn = (key: string, ...values: string[]) => ({ key, operator: 'NotIn', values })
const NAME = 'kubernetes.io/metadata.name'
const block = (cidr: string, ...except: string[]) =>
  expect.objectContaining({ kind: 'block', cidr, except }) as unknown
const pods = (selector: unknown[], namespaces: unknown[] | null = [], doubt = false) => ({
  kind: 'pods',
  pods: selector,
  namespaces,
  ...(doubt ? { doubt: true } : {}),
})
const WORLD = { kind: 'entity', entity: 'world' }
const NODES = { kind: 'entity', entity: 'nodes' }
const TCP = (port: number) => ({ protocol: 'TCP', low: port, high: port })
const EVERY_TCP = { protocol: 'TCP', low: 1, high: 65535 }

describe('the spec', () => {
  it('is the sample of "Global network policy"', () => {
    const { spec, faults } = read(
      'cluster',
      `
      selector: role == 'database'
      types: [Ingress, Egress]
      ingress:
      - action: Allow
        metadata: {annotations: {from: frontend, to: database}}
        protocol: TCP
        source: {selector: role == 'frontend'}
        destination: {ports: [6379]}
      egress:
      - action: Allow`,
    )
    expect(faults).toEqual([])
    expect(spec).toEqual({
      subjects: [{ pods: [isIn('role', 'database')], namespaces: [] }],
      rank: { stage: 'calico-tiers', tier: 'default', order: Infinity },
      ingress: [
        {
          index: 0,
          route: ['spec', 'ingress', 0],
          action: 'allow',
          peers: [pods([isIn('role', 'frontend')])],
          ports: [{ protocol: 'TCP', low: 6379, high: 6379 }],
          doubt: null,
        },
      ],
      egress: [
        { index: 0, route: ['spec', 'egress', 0], action: 'allow', peers: null, ports: null, doubt: null },
      ],
      isolates: { ingress: false, egress: false },
    })
  })

  it.each<[string, string, boolean, boolean]>([
    // The table under "* If types has no value".
    ['no rules', '{}', true, false],
    ['rules for ingress', 'ingress: [{action: Allow}]', true, false],
    ['rules for egress', 'egress: [{action: Allow}]', false, true],
    ['rules for both', '{ingress: [{action: Allow}], egress: [{action: Allow}]}', true, true],
    ['an empty list of rules for egress', 'egress: []', true, false],
    ['types that are empty', '{types: [], egress: [{action: Allow}]}', false, true],
    ['types that are given', '{types: [Egress], ingress: [{action: Allow}]}', false, true],
  ])('types, with %s', (_name, spec, ingress, egress) => {
    for (const scope of ['namespace', 'cluster'] as const) {
      const { spec: result, faults } = read(scope, spec)
      expect(faults).toEqual([])
      expect([result.ingress !== null, result.egress !== null]).toEqual([ingress, egress])
    }
  })

  it('types of what is stored without the API server are both (felix/calc/policy_sorter.go, governsType)', () => {
    const { spec } = read('cluster', 'egress: [{action: Allow}]', [], 'crd.projectcalico.org/v1')
    expect([spec.ingress, spec.egress?.length]).toEqual([[], 1])
    expect(read('cluster', 'types: [Ingress]', [], 'crd.projectcalico.org/v1').spec.egress).toBeNull()
  })

  it('tier and order are its rank (tier defaults to default; no order is last)', () => {
    expect(read('cluster', '{tier: security, order: 10.5}').spec.rank).toEqual({
      stage: 'calico-tiers',
      tier: 'security',
      order: 10.5,
    })
    expect(read('namespace', "{tier: '', order: -1}").spec.rank).toEqual({
      stage: 'calico-tiers',
      tier: 'default',
      order: -1,
    })
  })

  it('performanceHints change nothing', () => {
    expect(read('cluster', 'performanceHints: [AssumeNeededOnEveryNode]')).toEqual(read('cluster', '{}'))
  })

  it.each<[string, 'namespace' | 'cluster', string, unknown]>([
    [
      'NetworkPolicy: of its namespace',
      'namespace',
      "selector: a == 'b'",
      [{ pods: [isIn('a', 'b')], namespaces: null }],
    ],
    ['empty is all()', 'namespace', '{}', [{ pods: [], namespaces: null }]],
    ['GlobalNetworkPolicy: of every namespace', 'cluster', 'selector: all()', [{ pods: [], namespaces: [] }]],
    [
      '||',
      'cluster',
      "selector: a == 'b' || has(c)",
      [
        { pods: [isIn('a', 'b')], namespaces: [] },
        { pods: [{ key: 'c', operator: 'Exists' }], namespaces: [] },
      ],
    ],
    [
      'projectcalico.org/namespace',
      'cluster',
      `selector: projectcalico.org/namespace == "default"`,
      [{ pods: [], namespaces: [isIn(NAME, 'default')] }],
    ],
    [
      'not in namespaces, as people exempt kube-system',
      'cluster',
      `selector: projectcalico.org/namespace not in {"kube-system"}`,
      [{ pods: [], namespaces: [{ key: NAME, operator: 'NotIn', values: ['kube-system'] }] }],
    ],
    [
      'namespaceSelector',
      'cluster',
      `{selector: has(a), namespaceSelector: "team == 'x'"}`,
      [{ pods: [{ key: 'a', operator: 'Exists' }], namespaces: [isIn('team', 'x')] }],
    ],
    [
      'namespaceSelector by projectcalico.org/name',
      'cluster',
      `namespaceSelector: projectcalico.org/name == 'x'`,
      [{ pods: [], namespaces: [isIn(NAME, 'x')] }],
    ],
    ['namespaceSelector all()', 'cluster', 'namespaceSelector: all()', [{ pods: [], namespaces: [] }]],
    [
      'serviceAccountSelector by projectcalico.org/name',
      'namespace',
      `serviceAccountSelector: projectcalico.org/name == 'web'`,
      [{ pods: [isIn('@serviceaccount', 'web')], namespaces: null }],
    ],
    ['!all(): nobody', 'cluster', `selector: "!all()"`, []],
  ])('selector, %s', (_name, scope, spec, expected) => {
    const { spec: result, faults } = read(scope, spec)
    expect(faults).toEqual([])
    expect(result.subjects).toEqual(expected)
    expect(result.ingress).toEqual([])
  })

  it.each<[string, string]>([
    ['labels of service accounts', `serviceAccountSelector: team == 'a'`],
    [
      'too many conjunctions',
      `selector: ${Array.from({ length: 65 }, (_, i) => `has(a${String(i)})`).join(' || ')}`,
    ],
    ['too deep a selector', `selector: "${'('.repeat(60)}has(a)${')'.repeat(60)}"`],
  ])(
    'what cannot be told of the subjects is doubt of the policy as a whole, and not rule by rule: %s',
    (_name, text) => {
      const { spec, faults } = read('cluster', `${text}\ningress: [{action: Deny}, {action: Log}]`)
      expect(faults).toEqual([])
      expect(spec.subjects).toEqual([{ pods: [], namespaces: [], doubt: true }])
      expect(spec.egress).toBeNull()
      expect(spec.ingress).toMatchObject([{ action: 'deny', doubt: null }])
    },
  )

  it.each<[string, 'namespace' | 'cluster', string, unknown]>([
    [
      'the accounts that carry the label, and those that nobody shows',
      'namespace',
      "serviceAccountSelector: role == 'x'",
      [
        { pods: [isIn('@serviceaccount', 'web')], namespaces: null },
        { pods: [isNotIn('@serviceaccount', 'plain', 'web')], namespaces: null, doubt: true },
      ],
    ],
    [
      'none carries it',
      'namespace',
      "serviceAccountSelector: role == 'z'",
      [{ pods: [isNotIn('@serviceaccount', 'plain', 'web')], namespaces: null, doubt: true }],
    ],
    [
      'what it must not carry',
      'namespace',
      "serviceAccountSelector: role != 'x'\nselector: has(a)",
      [
        { pods: [{ key: 'a', operator: 'Exists' }, isIn('@serviceaccount', 'plain')], namespaces: null },
        {
          pods: [{ key: 'a', operator: 'Exists' }, isNotIn('@serviceaccount', 'plain', 'web')],
          namespaces: null,
          doubt: true,
        },
      ],
    ],
    [
      'of every namespace',
      'cluster',
      "serviceAccountSelector: role == 'y'",
      [
        { pods: [isNotIn('@serviceaccount', 'plain', 'web')], namespaces: [isIn(NAME, 'shop')], doubt: true },
        { pods: [isIn('@serviceaccount', 'web')], namespaces: [isIn(NAME, 'bank')] },
        { pods: [isNotIn('@serviceaccount', 'web')], namespaces: [isIn(NAME, 'bank')], doubt: true },
        { pods: [], namespaces: [isNotIn(NAME, 'bank', 'shop')], doubt: true },
      ],
    ],
  ])('labels of service accounts of the tree: %s', (_name, scope, text, expected) => {
    const accounts = [
      { namespace: 'shop', name: 'web', labels: { role: 'x' } },
      { namespace: 'shop', name: 'plain', labels: {} },
      { namespace: 'bank', name: 'web', labels: { role: 'y' } },
    ]
    const { spec, faults } = read(scope, text, { accounts })
    expect(faults).toEqual([])
    expect(spec.subjects).toEqual(expected)
  })

  it.each<[string, string, boolean]>([
    // event_sequencer.go, tierInfoToProtoTierInfo.
    ['doNotTrack', '{doNotTrack: true, applyOnForward: true}', true],
    ['preDNAT', '{preDNAT: true, applyOnForward: true}', true],
    ['applyOnForward alone', '{applyOnForward: true}', false],
    ['none', '{preDNAT: false, doNotTrack: false}', false],
  ])('hosts only: %s', (_name, spec, hostsOnly) => {
    const { spec: result, faults } = read('cluster', spec)
    expect(faults).toEqual([])
    expect(result.subjects.length === 0).toBe(hostsOnly)
  })
})

describe('rules', () => {
  it('go in order; Log decides nothing and keeps the numbers of the others (_rule.mdx)', () => {
    const { spec } = read('cluster', 'ingress: [{action: Log}, {action: Pass}, {action: Deny}]')
    expect(spec.ingress?.map(({ index, action }) => [index, action])).toEqual([
      [1, 'pass'],
      [2, 'deny'],
    ])
  })

  it.each<[string, string, unknown, string | null]>([
    ['no protocol', 'action: Allow', null, null],
    ['TCP', 'action: Allow\nprotocol: TCP', [EVERY_TCP], null],
    ['6', 'action: Allow\nprotocol: 6', [EVERY_TCP], null],
    ['"132"', 'action: Allow\nprotocol: "132"', [{ protocol: 'SCTP', low: 1, high: 65535 }], null],
    ['ICMP', 'action: Allow\nprotocol: ICMP\nicmp: {type: 8, code: 0}', [], null],
    ['UDPLite', 'action: Allow\nprotocol: UDPLite', [], null],
    ['47', 'action: Allow\nprotocol: 47', [], null],
    [
      'notProtocol',
      'action: Deny\nnotProtocol: TCP',
      [
        { protocol: 'UDP', low: 1, high: 65535 },
        { protocol: 'SCTP', low: 1, high: 65535 },
      ],
      null,
    ],
    [
      'notProtocol ICMP',
      'action: Deny\nnotProtocol: ICMP',
      [EVERY_TCP, { protocol: 'UDP', low: 1, high: 65535 }, { protocol: 'SCTP', low: 1, high: 65535 }],
      null,
    ],
    ['both', 'action: Deny\nprotocol: TCP\nnotProtocol: TCP', [], null],
    [
      'ports of every form (_ports.mdx)',
      "action: Allow\nprotocol: TCP\ndestination: {ports: [8080, '1234:5678', named-port, '443']}",
      [
        { protocol: 'TCP', low: 443, high: 443 },
        { protocol: 'TCP', low: 1234, high: 5678 },
        { protocol: 'TCP', low: 8080, high: 8080 },
        { protocol: 'TCP', name: 'named-port' },
      ],
      null,
    ],
    [
      'named ports without a protocol are of TCP (rule_scanner.go)',
      'action: Allow\ndestination: {ports: [http]}',
      [{ protocol: 'TCP', name: 'http' }],
      null,
    ],
    ['an empty list of ports', 'action: Allow\ndestination: {ports: [], notPorts: []}', null, null],
    [
      'notPorts',
      'action: Deny\nprotocol: UDP\ndestination: {notPorts: [53]}',
      [
        { protocol: 'UDP', low: 1, high: 52 },
        { protocol: 'UDP', low: 54, high: 65535 },
      ],
      null,
    ],
    [
      'ports and notPorts',
      "action: Deny\nprotocol: TCP\ndestination: {ports: ['1:100'], notPorts: ['50:200']}",
      [{ protocol: 'TCP', low: 1, high: 49 }],
      null,
    ],
    [
      'notPorts that are named',
      'action: Deny\nprotocol: TCP\ndestination: {notPorts: [http]}',
      [EVERY_TCP],
      'ports other than a named one',
    ],
    [
      'named ports but for numbers',
      'action: Deny\nprotocol: TCP\ndestination: {ports: [http], notPorts: [80]}',
      [{ protocol: 'TCP', name: 'http' }],
      'ports other than a named one',
    ],
    [
      'ports of the client',
      'action: Allow\nprotocol: TCP\nsource: {ports: [1024]}',
      [EVERY_TCP],
      'ports of the client',
    ],
    [
      'every port of the client',
      "action: Allow\nprotocol: TCP\nsource: {ports: ['1:65535']}",
      [EVERY_TCP],
      null,
    ],
    [
      'ports that are not of the client',
      'action: Allow\nprotocol: TCP\nsource: {notPorts: [1024]}',
      [EVERY_TCP],
      'ports of the client',
    ],
    ['HTTP', 'action: Allow\nhttp: {methods: [GET], paths: [{exact: /}]}', null, 'some HTTP requests only'],
    ['notICMP beside TCP', 'action: Allow\nnotICMP: {type: 8}', null, 'what is not some kind of ICMP'],
  ])('ports: %s', (_name, text, ports, doubt) => {
    const read = rule(text)
    expect(read.ports).toEqual(ports)
    if (doubt === null) expect(read.doubt).toBeNull()
    else expect(read.doubt).toContain(doubt)
  })

  it('have the ports of the destination in both directions', () => {
    const text = 'action: Allow\nprotocol: TCP\ndestination: {ports: [443]}'
    expect(rule(text, 'egress').ports).toEqual(rule(text, 'ingress').ports)
    expect(rule('action: Allow\nprotocol: TCP\nsource: {ports: [443]}', 'egress')).toMatchObject({
      ports: [EVERY_TCP],
      doubt: 'it asks for ports of the client',
    })
  })

  const end = (fields: string, direction: 'ingress' | 'egress'): string =>
    `action: Allow\n${direction === 'ingress' ? 'source' : 'destination'}: ${fields}`

  it.each<[string, 'namespace' | 'cluster', string, unknown]>([
    ['nobody asked', 'cluster', '{}', null],
    [
      'nets',
      'cluster',
      '{nets: [10.0.0.0/8, 192.168.0.0/16]}',
      [block('10.0.0.0/8'), block('192.168.0.0/16')],
    ],
    [
      'nets without notNets',
      'cluster',
      '{nets: [10.0.0.0/8], notNets: [10.1.0.0/16, 11.0.0.0/8]}',
      [block('10.0.0.0/8', '10.1.0.0/16')],
    ],
    ['nets that notNets cover', 'cluster', '{nets: [10.1.0.0/16], notNets: [10.0.0.0/8]}', []],
    [
      'notNets are of their version of IP only (FilterRuleToIPVersion)',
      'cluster',
      '{notNets: [10.0.0.0/8]}',
      [block('0.0.0.0/0', '10.0.0.0/8')],
    ],
    ['notNets of IPv6', 'cluster', '{notNets: ["fd00::/8"]}', [block('::/0', 'fd00::/8')]],
    ['selector, of the namespace', 'namespace', "{selector: a == 'b'}", [pods([isIn('a', 'b')], null)]],
    ['selector, of every namespace', 'cluster', "{selector: a == 'b'}", [pods([isIn('a', 'b')])]],
    ['all() is not everybody', 'cluster', '{selector: all()}', [pods([])]],
    [
      'namespaceSelector alone',
      'namespace',
      "{namespaceSelector: team == 'x'}",
      [pods([], [isIn('team', 'x')])],
    ],
    [
      'namespaceSelector by name',
      'namespace',
      "{namespaceSelector: projectcalico.org/name == 'x', selector: has(a)}",
      [pods([{ key: 'a', operator: 'Exists' }], [isIn(NAME, 'x')])],
    ],
    ['namespaceSelector all()', 'namespace', '{namespaceSelector: all()}', [pods([])]],
    ['global() has no pods', 'namespace', '{namespaceSelector: global(), selector: has(a)}', []],
    [
      'serviceAccounts by name',
      'namespace',
      '{serviceAccounts: {names: [a, b]}}',
      [pods([isIn('@serviceaccount', 'a', 'b')], null)],
    ],
    [
      'serviceAccounts by name, of other namespaces',
      'namespace',
      '{serviceAccounts: {names: [a]}, namespaceSelector: has(t)}',
      [pods([isIn('@serviceaccount', 'a')], [{ key: 't', operator: 'Exists' }])],
    ],
    [
      'serviceAccounts by name, in the cluster',
      'cluster',
      '{serviceAccounts: {names: [a]}}',
      [pods([isIn('@serviceaccount', 'a')])],
    ],
    [
      'serviceAccounts by label',
      'cluster',
      "{serviceAccounts: {names: [a], selector: team == 'x'}}",
      [pods([isIn('@serviceaccount', 'a')], [], true)],
    ],
    ['serviceAccounts of nobody in particular', 'cluster', '{serviceAccounts: {}}', null],
    [
      'selector and nets',
      'cluster',
      "{selector: a == 'b', nets: [10.0.0.0/8]}",
      [pods([isIn('a', 'b')], [], true)],
    ],
    [
      'selector and notNets',
      'namespace',
      "{selector: a == 'b', notNets: [10.0.0.0/8]}",
      [pods([isIn('a', 'b')], null, true)],
    ],
    [
      'selector and notSelector (combineMatchesIfPossible)',
      'cluster',
      "{selector: has(a), notSelector: a == 'b'}",
      [
        pods([
          { key: 'a', operator: 'Exists' },
          { key: 'a', operator: 'NotIn', values: ['b'] },
        ]),
      ],
    ],
    [
      'notSelector alone: anywhere, except (Understanding notSelector)',
      'cluster',
      '{notSelector: has(foo)}',
      [pods([{ key: 'foo', operator: 'DoesNotExist' }]), WORLD, NODES],
    ],
    [
      'notSelector alone stays in the namespace (GetEntityRuleSelector)',
      'namespace',
      '{notSelector: has(foo)}',
      [pods([{ key: 'foo', operator: 'DoesNotExist' }], null)],
    ],
    [
      'notSelector in other namespaces',
      'cluster',
      "{notSelector: has(foo), namespaceSelector: t == 'x'}",
      [pods([{ key: 'foo', operator: 'DoesNotExist' }], [isIn('t', 'x')])],
    ],
    [
      'more conjunctions than 64: any pod, perhaps',
      'namespace',
      `{selector: "${Array.from({ length: 65 }, (_, i) => `has(a${String(i)})`).join(' || ')}"}`,
      [pods([], null, true)],
    ],
    [
      'a label of the pod that is its namespace',
      'namespace',
      "{selector: projectcalico.org/namespace == 'other'}",
      [],
    ],
    [
      'services',
      'namespace',
      '{services: {name: db}}',
      [{ kind: 'unknown', name: 'Service shop/db', outside: false }],
    ],
    [
      'services of a namespace',
      'cluster',
      '{services: {name: db, namespace: shop}}',
      [{ kind: 'unknown', name: 'Service shop/db', outside: false }],
    ],
  ])('peers: %s', (_name, scope, fields, expected) => {
    for (const direction of ['ingress', 'egress'] as const) {
      const read = rule(end(fields, direction), direction, scope)
      expect(read.peers).toEqual(expected)
      expect(read.doubt).toBeNull()
    }
  })

  it('say addresses exactly', () => {
    expect(rule('action: Allow\nsource: {nets: [10.0.0.0/30], notNets: [10.0.0.2/32]}').peers).toMatchObject([
      { addresses: addressSet(['10.0.0.0/31', '10.0.0.3/32']) },
    ])
  })

  it('doubt what peers cannot say', () => {
    expect(rule('action: Allow\nsource: {notSelector: has(a), nets: [10.0.0.0/8]}')).toMatchObject({
      peers: [block('10.0.0.0/8')],
      doubt: expect.stringContaining('pods of some labels') as unknown,
    })
    const deep = `"${'('.repeat(60)}has(a)${')'.repeat(60)}"`
    expect(rule(`action: Allow\nsource: {selector: ${deep}}`)).toMatchObject({
      peers: [pods([], [], true)],
      doubt: expect.any(String) as unknown,
    })
    expect(rule(`action: Allow\nsource: {notSelector: ${deep}}`)).toMatchObject({
      peers: null,
      doubt: expect.any(String) as unknown,
    })
  })

  const A = { key: 'a', operator: 'Exists' }
  it.each<[string, 'ingress' | 'egress', 'namespace' | 'cluster', string, unknown, boolean]>([
    ['all() in the cluster', 'ingress', 'cluster', '{selector: all()}', undefined, false],
    ['all() in the namespace', 'egress', 'namespace', '{selector: all()}', undefined, false],
    ['every namespace', 'ingress', 'cluster', '{namespaceSelector: all()}', undefined, false],
    ['some pods', 'ingress', 'namespace', '{selector: has(a)}', [{ pods: [A], namespaces: null }], false],
    [
      'some namespaces',
      'ingress',
      'cluster',
      '{namespaceSelector: has(a)}',
      [{ pods: [], namespaces: [A] }],
      false,
    ],
    [
      'not some pods',
      'egress',
      'cluster',
      '{notSelector: has(a)}',
      [{ pods: [{ key: 'a', operator: 'DoesNotExist' }], namespaces: [] }],
      false,
    ],
    [
      'some service accounts',
      'egress',
      'cluster',
      '{serviceAccounts: {names: [a]}}',
      [{ pods: [isIn('@serviceaccount', 'a')], namespaces: [] }],
      false,
    ],
    [
      'labels of service accounts that nobody shows',
      'egress',
      'cluster',
      '{serviceAccounts: {selector: has(a)}}',
      [{ pods: [], namespaces: [], doubt: true }],
      false,
    ],
    ['some addresses', 'ingress', 'cluster', '{nets: [10.0.0.0/8]}', undefined, true],
    ['not some addresses', 'egress', 'cluster', '{notNets: [10.0.0.0/8]}', undefined, true],
  ])('the end of the workload itself: %s', (_name, direction, scope, end, own, doubt) => {
    const side = direction === 'ingress' ? 'destination' : 'source'
    const read = rule(`action: Allow\n${side}: ${end}`, direction, scope)
    expect(read.own).toEqual(own)
    expect(read.doubt !== null).toBe(doubt)
    if (!doubt) expect(read.peers).toBeNull()
  })

  it('a network set may hold the addresses of pods that the own end does not select', () => {
    const sets = [
      { name: 's', namespace: null, labels: { a: 'x' }, cidrs: addressSet(['10.0.0.0/8']), domains: false },
    ]
    const text = 'action: Allow\ndestination: {selector: has(a)}'
    expect(rule(text, 'ingress', 'cluster', sets).own).toEqual([
      { pods: [A], namespaces: [] },
      { pods: [], namespaces: [], doubt: true },
    ])
    const not = 'action: Allow\ndestination: {notSelector: has(a)}'
    expect(rule(not, 'ingress', 'cluster', sets).doubt).not.toBeNull()
  })

  it.each<[string, 'ingress' | 'egress', string, unknown]>([
    ['egress goes to its own ports', 'egress', '', [TCP(8080), { protocol: 'UDP', name: 'dns' }]],
    ['of the protocol that is asked for', 'egress', 'protocol: TCP\n', [TCP(8080)]],
    ['ingress comes from any port of its pods', 'ingress', '', null],
  ])('the Service of a rule (rule_scanner.go, ServiceIncludePorts): %s', (_name, direction, more, ports) => {
    const spec = {
      selector: { app: 'db' },
      labels: {},
      headless: false,
      targets: [
        { protocol: 'TCP', port: 8080 },
        { protocol: 'UDP', port: 'dns' },
      ],
    } as const
    const services = [{ namespace: 'shop', name: 'db', spec }]
    const end = direction === 'ingress' ? 'source' : 'destination'
    const text = `action: Allow\n${more}${end}: {services: {name: db}}`
    expect(rule(text, direction, 'namespace', { services })).toMatchObject({
      peers: [pods([isIn('app', 'db')], [isIn(NAME, 'shop')])],
      ports,
      doubt: null,
    })
    // Endpoints that somebody else picks are nobody's that is known.
    const headless = [{ namespace: 'shop', name: 'db', spec: { ...spec, selector: null } }]
    expect(rule(text, direction, 'namespace', { services: headless }).peers).toEqual([
      { kind: 'unknown', name: 'Service shop/db', outside: false },
    ])
  })

  it.each<[string, string, unknown]>([
    ['alone', 'action: Allow\nipVersion: 4', [block('0.0.0.0/0')]],
    [
      '6, where pods have addresses of IPv4 alone',
      'action: Allow\nipVersion: 6',
      [expect.objectContaining({ kind: 'block', cidr: '::/0', noPods: true })],
    ],
    ['6, of pods that have none', 'action: Allow\nipVersion: 6\nsource: {selector: has(a)}', []],
    ['with blocks of it', 'action: Allow\nipVersion: 4\nsource: {nets: [10.0.0.0/8]}', [block('10.0.0.0/8')]],
    [
      'with pods',
      'action: Allow\nipVersion: 4\nsource: {selector: has(a)}',
      [pods([{ key: 'a', operator: 'Exists' }], [])],
    ],
    [
      'by the block of the other end',
      'action: Allow\ndestination: {nets: [0.0.0.0/0]}',
      [block('0.0.0.0/0')],
    ],
  ])('ipVersion: %s', (_name, text, peers) => {
    expect(rule(text)).toMatchObject({ peers, doubt: null })
  })

  it('a version of IP that pods have beside another is a doubt', () => {
    const families = ['IPv4', 'IPv6'] as const
    const text = 'action: Allow\nipVersion: 6\nsource: {selector: has(a)}'
    expect(rule(text, 'ingress', 'cluster', { families }).peers).toEqual([
      pods([{ key: 'a', operator: 'Exists' }], [], true),
    ])
  })

  it('names of the internet are outside, where egress is allowed (Calico Enterprise, DNS policy)', () => {
    expect(rule('action: Allow\ndestination: {domains: ["*.example.com"]}', 'egress')).toMatchObject({
      peers: [{ kind: 'unknown', name: 'names *.example.com', outside: true }],
      doubt: null,
    })
    for (const [text, direction] of [
      ['action: Deny\ndestination: {domains: [example.com]}', 'egress'],
      ['action: Allow\nsource: {domains: [example.com]}', 'ingress'],
      ['action: Allow\ndestination: {domains: [example.com], selector: has(a)}', 'egress'],
    ] as const)
      expect(rule(text, direction)).toMatchObject({ peers: null, doubt: expect.any(String) as unknown })
  })
})

describe('network sets', () => {
  const set = (namespace: string | null, more: Partial<NetworkSetRef> = {}): NetworkSetRef => ({
    name: 'db',
    namespace,
    labels: { role: 'db' },
    cidrs: addressSet(['198.51.100.0/28', '203.0.113.0/24']),
    domains: false,
    ...more,
  })
  const both = [block('198.51.100.0/28'), block('203.0.113.0/24')]
  const db = pods([isIn('role', 'db')])
  it.each<[string, 'namespace' | 'cluster', string, readonly NetworkSetRef[], unknown]>([
    ['by labels', 'cluster', "{selector: role == 'db'}", [set(null)], [db, ...both]],
    [
      'of the own namespace',
      'namespace',
      "{selector: role == 'db'}",
      [set('shop'), set('other'), set(null)],
      [pods([isIn('role', 'db')], null), ...both],
    ],
    [
      'global()',
      'namespace',
      "{selector: role == 'db', namespaceSelector: global()}",
      [set(null), set('shop')],
      both,
    ],
    [
      'global, by what their namespaces must not have',
      'cluster',
      "{selector: role == 'db', namespaceSelector: t != 'x'}",
      [set(null)],
      [
        pods([isIn('role', 'db')], [{ key: 't', operator: 'NotIn', values: ['x'] }]),
        { kind: 'unknown', name: 'GlobalNetworkSet db', outside: false },
      ],
    ],
    [
      'of another namespace, which the policy of a namespace names',
      'namespace',
      "{selector: role == 'db', namespaceSelector: projectcalico.org/name == 'other'}",
      [set('other'), set('shop')],
      [
        pods([isIn('role', 'db')], [isIn('kubernetes.io/metadata.name', 'other')]),
        { kind: 'unknown', name: 'NetworkSet other/db', outside: false },
      ],
    ],
    ['other labels', 'cluster', "{selector: role == 'web'}", [set(null)], [pods([isIn('role', 'web')])]],
    [
      'and nets',
      'cluster',
      "{selector: role == 'db', nets: [203.0.113.128/25]}",
      [set(null)],
      [pods([isIn('role', 'db')], [], true), block('203.0.113.128/25')],
    ],
    [
      'and notNets',
      'cluster',
      "{selector: role == 'db', notNets: [203.0.113.0/24]}",
      [set(null)],
      [pods([isIn('role', 'db')], [], true), block('198.51.100.0/28')],
    ],
    [
      'by labels of their namespace',
      'cluster',
      "{selector: role == 'db', namespaceSelector: t == 'x'}",
      [set('shop')],
      [
        pods([isIn('role', 'db')], [isIn('t', 'x')]),
        { kind: 'unknown', name: 'NetworkSet shop/db', outside: false },
      ],
    ],
    [
      'with names, which mean nothing for ingress',
      'cluster',
      "{selector: role == 'db'}",
      [set(null, { domains: true })],
      [db, ...both],
    ],
  ])('%s', (_name, scope, fields, sets, expected) => {
    expect(rule(`action: Allow\nsource: ${fields}`, 'ingress', scope, sets)).toMatchObject({
      peers: expected,
      doubt: null,
    })
  })

  it('with names are outside, where egress is allowed ("Global network set" of Calico Enterprise)', () => {
    const sets = [set(null, { domains: true, cidrs: addressSet([]) })]
    const names = { kind: 'unknown', name: 'names in GlobalNetworkSet db', outside: true }
    expect(
      rule("action: Allow\ndestination: {selector: role == 'db'}", 'egress', 'cluster', sets).peers,
    ).toEqual([db, names])
    expect(
      rule("action: Deny\ndestination: {selector: role == 'db'}", 'egress', 'cluster', sets).peers,
    ).toEqual([db])
  })

  it('that a notSelector excludes are doubt', () => {
    expect(
      rule("action: Allow\nsource: {notSelector: role == 'db'}", 'ingress', 'cluster', [set(null)]).doubt,
    ).not.toBeNull()
    expect(
      rule("action: Allow\nsource: {notSelector: role == 'x'}", 'ingress', 'cluster', [set(null)]).doubt,
    ).toBeNull()
  })

  it('are read', () => {
    const root = rootField(
      load(`
      kind: NetworkSet
      metadata: {name: a, namespace: shop, labels: {role: db}}
      spec: {nets: [198.51.100.0/28, 203.0.113.1], allowedEgressDomains: [db.com]}`),
    )
    expect(readNetworkSet(root)).toEqual({
      name: 'a',
      namespace: 'shop',
      labels: { role: 'db' },
      cidrs: addressSet(['198.51.100.0/28', '203.0.113.1/32']),
      domains: true,
    })
    expect(root.faults).toEqual([])
    expect(readNetworkSet(rootField({ kind: 'GlobalNetworkSet', metadata: { name: 'g' } }))).toMatchObject({
      namespace: null,
      domains: false,
    })
    const bad = rootField({
      kind: 'GlobalNetworkSet',
      metadata: { name: 'g', labels: { 'projectcalico.org/namespace': 'a' } },
      spec: { nets: ['10.0.0.0/33'] },
    })
    readNetworkSet(bad)
    expect(bad.faults).toHaveLength(2)
  })
})

describe('tiers (tier.mdx, tier.go)', () => {
  const tier = (name: string, spec: unknown) => {
    const root = rootField({ metadata: { name }, spec })
    return [readTier(root), root.faults.length]
  }
  it.each<[string, string, unknown, unknown, number]>([
    [
      'the sample',
      'internal-access',
      { order: 100, defaultAction: 'Deny' },
      { order: 100, defaultAction: 'Deny' },
      0,
    ],
    ['defaults', 'a', {}, { order: Infinity, defaultAction: 'Deny' }, 0],
    ['no spec', 'a', undefined, { order: Infinity, defaultAction: 'Deny' }, 0],
    ['Pass', 'a', { defaultAction: 'Pass' }, { order: Infinity, defaultAction: 'Pass' }, 0],
    ['Allow', 'a', { defaultAction: 'Allow' }, { order: Infinity, defaultAction: 'Deny' }, 1],
    ['order as a text', 'a', { order: '1' }, { order: Infinity, defaultAction: 'Deny' }, 1],
    ['default as it is', 'default', { order: 1000000 }, { order: 1000000, defaultAction: 'Deny' }, 0],
    ['default, moved', 'default', { order: 10 }, { order: 10, defaultAction: 'Deny' }, 1],
    ['kube-admin without Pass', 'kube-admin', { order: 1000 }, { order: 1000, defaultAction: 'Deny' }, 1],
    [
      'kube-baseline as it is',
      'kube-baseline',
      { order: 10000000, defaultAction: 'Pass' },
      { order: 10000000, defaultAction: 'Pass' },
      0,
    ],
  ])('%s', (_name, name, spec, expected, faults) => {
    expect(tier(name, spec)).toEqual([expected, faults])
  })
  it('are built in', () => {
    expect(BUILT_IN_TIERS['default']).toEqual({ order: 1_000_000, defaultAction: 'Deny' })
    expect(BUILT_IN_TIERS['kube-admin']).toEqual({ order: 1_000, defaultAction: 'Pass' })
    expect(BUILT_IN_TIERS['kube-baseline']).toEqual({ order: 10_000_000, defaultAction: 'Pass' })
    expect(STAGED_KINDS).toHaveLength(3)
  })
})

describe('what Calico refuses', () => {
  it.each<[string, 'namespace' | 'cluster', string, string]>([
    ['a selector that does not parse', 'cluster', "selector: a = 'b'", 'spec.selector is no selector'],
    ['global() where it may not be', 'cluster', 'selector: global()', 'spec.selector uses global()'],
    [
      'global() in a selector of a rule',
      'cluster',
      'ingress: [{action: Allow, source: {selector: global()}}]',
      'uses global()',
    ],
    [
      'global() with others',
      'cluster',
      'ingress: [{action: Allow, source: {namespaceSelector: global() || has(a)}}]',
      'combines global()',
    ],
    [
      'namespaceSelector of a NetworkPolicy',
      'namespace',
      'namespaceSelector: all()',
      'unknown field "namespaceSelector"',
    ],
    ['types', 'cluster', 'types: [Both]', 'spec.types[0] is "Both"'],
    ['types twice', 'cluster', 'types: [Ingress, Ingress]', 'spec.types names one twice'],
    ['order', 'cluster', 'order: "1"', 'spec.order must be a number'],
    ['no action', 'cluster', 'ingress: [{}]', 'spec.ingress[0].action is nothing'],
    [
      'an action in other letters',
      'cluster',
      'ingress: [{action: allow}]',
      'it must be Allow, Deny, Pass or Log',
    ],
    ['an action that objects have', 'cluster', 'ingress: [{action: constructor}]', 'it must be Allow'],
    ['an empty rule', 'cluster', 'ingress: [null]', 'spec.ingress[0] is empty'],
    ['protocol', 'cluster', 'ingress: [{action: Allow, protocol: tcp}]', 'protocol is "tcp"'],
    ['protocol 0', 'cluster', 'ingress: [{action: Allow, protocol: 0}]', 'protocol is 0'],
    [
      'ports without protocol',
      'cluster',
      'ingress: [{action: Allow, destination: {ports: [80]}}]',
      'needs the protocol TCP, UDP or SCTP',
    ],
    [
      'ports of ICMP',
      'cluster',
      'ingress: [{action: Allow, protocol: ICMP, destination: {ports: [http]}}]',
      'needs the protocol',
    ],
    [
      'port 0',
      'cluster',
      'ingress: [{action: Allow, protocol: TCP, destination: {ports: [0]}}]',
      'from 1 to 65535',
    ],
    [
      'a range backwards',
      'cluster',
      "ingress: [{action: Allow, protocol: TCP, destination: {ports: ['90:80']}}]",
      '"90:80"',
    ],
    [
      'a range with a dash',
      'cluster',
      "ingress: [{action: Allow, protocol: TCP, destination: {ports: ['80:90:91']}}]",
      'neither a port',
    ],
    [
      'an address for a block',
      'cluster',
      'ingress: [{action: Allow, source: {nets: [10.0.0.1]}}]',
      'must be a block',
    ],
    [
      'blocks of both versions',
      'cluster',
      'ingress: [{action: Allow, source: {nets: [10.0.0.0/8, "fd00::/8"]}}]',
      'at once',
    ],
    [
      'blocks of both versions at both ends',
      'cluster',
      'ingress: [{action: Allow, source: {nets: [10.0.0.0/8]}, destination: {notNets: ["fd00::/8"]}}]',
      'at once',
    ],
    [
      'ipVersion and a block of the other',
      'cluster',
      'ingress: [{action: Allow, ipVersion: 6, source: {nets: [10.0.0.0/8]}}]',
      'at once',
    ],
    ['ipVersion 5', 'cluster', 'ingress: [{action: Allow, ipVersion: 5}]', 'must be 4 or 6'],
    [
      'notNets of all',
      'cluster',
      'ingress: [{action: Allow, source: {notNets: [0.0.0.0/0]}}]',
      'leaves nobody',
    ],
    ['ICMP of IPv6', 'cluster', 'ingress: [{action: Allow, protocol: ICMP, ipVersion: 6}]', 'must be 4'],
    [
      'icmp without ICMP',
      'cluster',
      'ingress: [{action: Allow, icmp: {type: 8}}]',
      'needs the protocol ICMP',
    ],
    [
      'code without type',
      'cluster',
      'ingress: [{action: Allow, protocol: ICMP, icmp: {code: 8}}]',
      'a code without a type',
    ],
    ['http for egress', 'cluster', 'egress: [{action: Allow, http: {}}]', 'only for rules for ingress'],
    ['http to deny', 'cluster', 'ingress: [{action: Deny, http: {}}]', 'only for rules that allow'],
    [
      'http over UDP',
      'cluster',
      'ingress: [{action: Allow, protocol: UDP, http: {}}]',
      'needs the protocol TCP',
    ],
    [
      'services at the wrong end',
      'namespace',
      'ingress: [{action: Allow, destination: {services: {name: a}}}]',
      'only for the source',
    ],
    [
      'services without a namespace',
      'cluster',
      'ingress: [{action: Allow, source: {services: {name: a}}}]',
      'needs a namespace',
    ],
    [
      'services without a name',
      'namespace',
      'ingress: [{action: Allow, source: {services: {}}}]',
      'names no Service',
    ],
    [
      'services beside a selector',
      'namespace',
      'ingress: [{action: Allow, source: {services: {name: a}, selector: has(b)}}]',
      'beside services',
    ],
    [
      'services beside ports',
      'namespace',
      'egress: [{action: Allow, protocol: TCP, destination: {services: {name: a}, ports: [80]}}]',
      'bring their own ports',
    ],
    [
      'preDNAT and doNotTrack',
      'cluster',
      '{preDNAT: true, doNotTrack: true, applyOnForward: true}',
      'cannot both be true',
    ],
    ['preDNAT without applyOnForward', 'cluster', 'preDNAT: true', 'applyOnForward must be true'],
    [
      'preDNAT of egress',
      'cluster',
      '{preDNAT: true, applyOnForward: true, types: [Egress]}',
      'for ingress only',
    ],
    ['a flag as a text', 'cluster', 'applyOnForward: "true"', 'must be true or false'],
    ['an unknown field of a rule', 'cluster', 'ingress: [{action: Allow, from: []}]', 'unknown field "from"'],
    [
      'an unknown field of an end',
      'cluster',
      'ingress: [{action: Allow, source: {podSelector: {}}}]',
      'unknown field "podSelector"',
    ],
    ['an end that is none', 'cluster', 'ingress: [{action: Allow, source: 5}]', 'source must be a mapping'],
  ])('%s', (_name, scope, spec, message) => {
    const { faults } = read(scope, spec)
    expect(faults).toEqual([expect.stringContaining(message)])
  })
})

it('never throws, whatever the shape', () => {
  const keys = [
    'spec',
    'metadata',
    'namespace',
    'selector',
    'namespaceSelector',
    'ingress',
    'egress',
    'types',
    'order',
    'source',
    'destination',
    'ports',
    'nets',
    'notNets',
    'serviceAccounts',
    'services',
    'domains',
    'action',
    'protocol',
    'icmp',
    'http',
    'tier',
    'preDNAT',
    'labels',
  ]
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 5 },
      fc.constantFrom<unknown>(
        null,
        1,
        -1.5,
        true,
        'Allow',
        'TCP',
        'has(a)',
        '10.0.0.0/8',
        '',
        '__proto__',
        NaN,
      ),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom(...keys), tie('value')),
    ),
  }))
  fc.assert(
    fc.property(value, value, value, (spec, ingress, rule) => {
      for (const object of [
        spec,
        { spec },
        { metadata: spec, spec: { ingress, egress: [rule] } },
        { spec: { ingress: [rule], selector: 'has(a)' } },
      ]) {
        readCalicoPolicy(rootField(object), 'cluster', NO_CALICO_SURROUNDINGS)
        readCalicoPolicy(rootField(object), 'namespace', {
          ...NO_CALICO_SURROUNDINGS,
          sets: [readNetworkSet(rootField(object))],
        })
        readTier(rootField(object))
      }
    }),
  )
  const many = rootField({
    spec: {
      selector: 'all()',
      ingress: Array.from({ length: 150_000 }, () => 1),
      serviceAccountSelector: 'has(a)',
    },
  })
  readCalicoPolicy(many, 'cluster', NO_CALICO_SURROUNDINGS)
  expect(many.faults.length).toBeGreaterThan(0)
})
