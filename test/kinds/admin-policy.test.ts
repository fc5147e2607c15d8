// The network-policy-api of Kubernetes: what the comments and the validation of its types say, kind by kind.
import fc from 'fast-check'
import { load } from 'js-yaml'
import { describe, expect, it } from 'vitest'
import { rootField } from '../../src/core/kubernetes/field.ts'
import { readAdminPolicy } from '../../src/core/kubernetes/kinds/admin-policy.ts'
import type { PolicySpec } from '../../src/core/kubernetes/kinds/policy.ts'

type Kind = 'AdminNetworkPolicy' | 'BaselineAdminNetworkPolicy' | 'ClusterNetworkPolicy'

const HEADS: Readonly<Record<Kind, string>> = {
  AdminNetworkPolicy: 'priority: 10',
  BaselineAdminNetworkPolicy: '',
  ClusterNetworkPolicy: 'tier: Admin\npriority: 10',
}

function read(kind: Kind, spec: string): { readonly spec: PolicySpec; readonly faults: readonly string[] } {
  const root = rootField({ kind, metadata: { name: 'default' }, spec: load(spec) })
  return { spec: readAdminPolicy(root, kind), faults: root.faults.map(({ message }) => message) }
}

/** A policy of every pod, with this in its spec besides. */
function policy(kind: Kind, more: string): { readonly spec: PolicySpec; readonly faults: readonly string[] } {
  return read(kind, `${HEADS[kind]}\nsubject: {namespaces: {}}\n${more}`)
}

const isIn = (key: string, value: string) => ({ key, operator: 'In', values: [value] })
const every = (port: { readonly low: number; readonly high: number } | { readonly name: string }) =>
  ['TCP', 'UDP', 'SCTP'].map((protocol) => ({ protocol, ...port }))

it('AdminNetworkPolicy: the whole of one', () => {
  expect(
    read(
      'AdminNetworkPolicy',
      `
      priority: 50
      subject: {namespaces: {matchLabels: {team: a}}}
      ingress:
      - name: mesh
        action: Allow
        from: [{pods: {namespaceSelector: {matchLabels: {team: b}}, podSelector: {matchLabels: {app: web}}}}]
        ports: [{portNumber: {protocol: TCP, port: 15008}}]
      - action: Deny
        from: [{namespaces: {}}]
      egress: []`,
    ),
  ).toEqual({
    faults: [],
    spec: {
      subjects: [{ pods: [], namespaces: [isIn('team', 'a')] }],
      rank: { stage: 'admin', priority: 50 },
      ingress: [
        {
          index: 0,
          route: ['spec', 'ingress', 0],
          action: 'allow',
          peers: [{ kind: 'pods', pods: [isIn('app', 'web')], namespaces: [isIn('team', 'b')] }],
          ports: [{ protocol: 'TCP', low: 15008, high: 15008 }],
          doubt: null,
        },
        {
          index: 1,
          route: ['spec', 'ingress', 1],
          action: 'deny',
          peers: [{ kind: 'pods', pods: [], namespaces: [] }],
          ports: null,
          doubt: null,
        },
      ],
      // "ANPs with no egress rules do not affect egress traffic."
      egress: null,
      isolates: { ingress: false, egress: false },
    },
  })
})

describe('where it stands, and whom it is about', () => {
  it.each<[string, Kind, string, unknown]>([
    ['ANP', 'AdminNetworkPolicy', 'priority: 0', { stage: 'admin', priority: 0 }],
    ['BANP, alone in its cluster', 'BaselineAdminNetworkPolicy', '', { stage: 'baseline', priority: 0 }],
    [
      'CNP of Admin',
      'ClusterNetworkPolicy',
      'tier: Admin\npriority: 1000',
      { stage: 'admin', priority: 1000 },
    ],
    [
      'CNP of Baseline',
      'ClusterNetworkPolicy',
      'tier: Baseline\npriority: 7',
      { stage: 'baseline', priority: 7 },
    ],
  ])('%s', (_name, kind, head, rank) => {
    const { spec, faults } = read(kind, `${head}\nsubject: {namespaces: {}}`)
    expect(faults).toEqual([])
    expect(spec).toMatchObject({
      rank,
      subjects: [{ pods: [], namespaces: [] }],
      ingress: null,
      egress: null,
    })
  })

  it('subject.pods: namespace AND pod selectors', () => {
    const text =
      'subject: {pods: {namespaceSelector: {matchLabels: {a: b}}, podSelector: {matchExpressions: [{key: c, operator: Exists}]}}}'
    expect(read('ClusterNetworkPolicy', `${HEADS.ClusterNetworkPolicy}\n${text}`)).toMatchObject({
      faults: [],
      spec: { subjects: [{ pods: [{ key: 'c', operator: 'Exists' }], namespaces: [isIn('a', 'b')] }] },
    })
    const whole = 'subject: {pods: {podSelector: {}}}'
    expect(read('ClusterNetworkPolicy', `${HEADS.ClusterNetworkPolicy}\n${whole}`)).toMatchObject({
      faults: [],
      spec: { subjects: [{ pods: [], namespaces: [] }] },
    })
  })
})

describe('actions', () => {
  it.each<[Kind, string, string]>([
    ['AdminNetworkPolicy', 'Allow', 'allow'],
    ['AdminNetworkPolicy', 'Deny', 'deny'],
    ['AdminNetworkPolicy', 'Pass', 'pass'],
    ['BaselineAdminNetworkPolicy', 'Allow', 'allow'],
    ['BaselineAdminNetworkPolicy', 'Deny', 'deny'],
    ['ClusterNetworkPolicy', 'Accept', 'allow'],
    ['ClusterNetworkPolicy', 'Deny', 'deny'],
    ['ClusterNetworkPolicy', 'Pass', 'pass'],
  ])('%s: %s', (kind, action, expected) => {
    const { spec, faults } = policy(kind, `ingress: [{action: ${action}, from: [{namespaces: {}}]}]`)
    expect(faults).toEqual([])
    expect(spec.ingress?.[0]?.action).toBe(expected)
  })
})

describe('ports', () => {
  const range = { protocol: 'UDP', low: 1, high: 9 }
  it.each<[string, Kind, string, unknown]>([
    [
      'portNumber',
      'AdminNetworkPolicy',
      'ports: [{portNumber: {protocol: SCTP, port: 9}}]',
      [{ protocol: 'SCTP', low: 9, high: 9 }],
    ],
    [
      'portNumber defaults to TCP',
      'BaselineAdminNetworkPolicy',
      'ports: [{portNumber: {port: 9}}]',
      [{ protocol: 'TCP', low: 9, high: 9 }],
    ],
    ['portRange', 'AdminNetworkPolicy', 'ports: [{portRange: {protocol: UDP, start: 1, end: 9}}]', [range]],
    [
      'namedPort, of whichever protocol',
      'AdminNetworkPolicy',
      'ports: [{namedPort: http}]',
      every({ name: 'http' }),
    ],
    ['no ports', 'AdminNetworkPolicy', '', null],
    [
      'tcp',
      'ClusterNetworkPolicy',
      'protocols: [{tcp: {destinationPort: {number: 9}}}]',
      [{ protocol: 'TCP', low: 9, high: 9 }],
    ],
    [
      'udp, a range',
      'ClusterNetworkPolicy',
      'protocols: [{udp: {destinationPort: {range: {start: 1, end: 9}}}}]',
      [range],
    ],
    [
      'several',
      'ClusterNetworkPolicy',
      'protocols: [{sctp: {destinationPort: {number: 9}}}, {destinationNamedPort: http}]',
      [{ protocol: 'SCTP', low: 9, high: 9 }, ...every({ name: 'http' })],
    ],
    ['no protocols', 'ClusterNetworkPolicy', '', null],
  ])('%s (%s)', (_name, kind, ports, expected) => {
    const action = kind === 'ClusterNetworkPolicy' ? 'Accept' : 'Allow'
    const more = ports === '' ? '' : `, ${ports}`
    const { spec, faults } = policy(kind, `ingress: [{action: ${action}, from: [{namespaces: {}}]${more}}]`)
    expect(faults).toEqual([])
    expect(spec.ingress?.[0]).toMatchObject({ ports: expected, doubt: null })
  })

  it('an empty list of v1alpha1 is doubt', () => {
    const { spec, faults } = policy(
      'AdminNetworkPolicy',
      'ingress: [{action: Allow, from: [{namespaces: {}}], ports: []}]',
    )
    expect(faults).toEqual([])
    expect(spec.ingress?.[0]?.doubt).not.toBeNull()
  })
})

describe('peers of egress', () => {
  it.each<[string, string, unknown]>([
    [
      'namespaces',
      '[{namespaces: {matchLabels: {a: b}}}]',
      { peers: [{ kind: 'pods', pods: [], namespaces: [isIn('a', 'b')] }], doubt: null },
    ],
    ['every node', '[{nodes: {}}]', { peers: [{ kind: 'entity', entity: 'nodes' }], doubt: null }],
    [
      'some nodes',
      '[{nodes: {matchLabels: {a: b}}}]',
      { peers: [{ kind: 'entity', entity: 'nodes' }], doubt: expect.any(String) as unknown },
    ],
    [
      'networks',
      '[{networks: [10.0.0.0/8, "fd00::/8"]}]',
      {
        peers: [
          { kind: 'block', cidr: '10.0.0.0/8', except: [] },
          { kind: 'block', cidr: 'fd00::/8' },
        ],
        doubt: null,
      },
    ],
    [
      'domainNames',
      '[{domainNames: ["*.kubernetes.io", example.com.]}]',
      {
        peers: [
          { kind: 'unknown', name: 'names *.kubernetes.io', outside: true },
          { kind: 'unknown', name: 'names example.com.', outside: true },
        ],
        doubt: null,
      },
    ],
    [
      'several',
      '[{networks: [10.0.0.0/8]}, {namespaces: {}}]',
      { peers: [{ kind: 'block' }, { kind: 'pods' }], doubt: null },
    ],
  ])('%s', (_name, to, expected) => {
    for (const [kind, action] of [
      ['AdminNetworkPolicy', 'Allow'],
      ['ClusterNetworkPolicy', 'Accept'],
    ] as const) {
      const { spec, faults } = policy(kind, `egress: [{action: ${action}, to: ${to}}]`)
      expect(faults).toEqual([])
      expect(spec.egress?.[0]).toMatchObject(expected as object)
      expect(spec.ingress).toBeNull()
    }
  })

  it('"DomainNames is only supported for Accept rules": others may be about anybody', () => {
    const { spec, faults } = policy(
      'ClusterNetworkPolicy',
      'egress: [{action: Deny, to: [{domainNames: [example.com]}]}]',
    )
    expect(faults).toEqual([])
    expect(spec.egress?.[0]).toMatchObject({ peers: null, doubt: expect.any(String) as unknown })
  })
})

describe('what the CRDs refuse', () => {
  const rule = (more: string): string => `ingress: [{action: Deny, from: [{namespaces: {}}], ${more}}]`
  it.each<[string, Kind, string, string]>([
    ['a name that is not default', 'BaselineAdminNetworkPolicy', 'priority: 1', 'unknown field "priority"'],
    ['no subject', 'AdminNetworkPolicy', 'subject: null', 'spec.subject must have exactly one'],
    [
      'two subjects',
      'AdminNetworkPolicy',
      'subject: {namespaces: {}, pods: {namespaceSelector: {}, podSelector: {}}}',
      'exactly one',
    ],
    [
      'pods without a podSelector',
      'AdminNetworkPolicy',
      'subject: {pods: {namespaceSelector: {}}}',
      'podSelector is missing',
    ],
    ['no priority', 'AdminNetworkPolicy', 'priority: null', 'spec.priority is missing'],
    ['a priority beyond 1000', 'AdminNetworkPolicy', 'priority: 1001', 'from 0 to 1000'],
    ['a priority below 0', 'ClusterNetworkPolicy', 'priority: -1', 'from 0 to 1000'],
    ['a tier of AdminNetworkPolicy', 'AdminNetworkPolicy', 'tier: Admin', 'unknown field "tier"'],
    ['no tier', 'ClusterNetworkPolicy', 'tier: null', 'spec.tier is nothing'],
    ['another tier', 'ClusterNetworkPolicy', 'tier: NetworkPolicy', 'must be Admin or Baseline'],
    [
      'Allow in v1alpha2',
      'ClusterNetworkPolicy',
      'ingress: [{action: Allow, from: [{namespaces: {}}]}]',
      'must be Accept, Deny or Pass',
    ],
    [
      'Accept in v1alpha1',
      'AdminNetworkPolicy',
      'ingress: [{action: Accept, from: [{namespaces: {}}]}]',
      'must be Allow, Deny or Pass',
    ],
    [
      'Pass in a baseline',
      'BaselineAdminNetworkPolicy',
      'ingress: [{action: Pass, from: [{namespaces: {}}]}]',
      'must be Allow or Deny',
    ],
    ['no action', 'AdminNetworkPolicy', 'ingress: [{from: [{namespaces: {}}]}]', 'action is nothing'],
    ['no from', 'AdminNetworkPolicy', 'ingress: [{action: Deny}]', 'from must name at least one peer'],
    ['an empty from', 'ClusterNetworkPolicy', 'ingress: [{action: Deny, from: []}]', 'at least one peer'],
    ['an empty peer', 'AdminNetworkPolicy', 'ingress: [{action: Deny, from: [{}]}]', 'exactly one'],
    [
      'two in one peer',
      'AdminNetworkPolicy',
      'egress: [{action: Deny, to: [{namespaces: {}, nodes: {}}]}]',
      'exactly one',
    ],
    [
      'nodes without a rule for names',
      'BaselineAdminNetworkPolicy',
      'egress: [{action: Allow, to: [{nodes: {}}], ports: [{namedPort: http}]}]',
      'names ports, which only pods have',
    ],
    [
      'networks that are no blocks',
      'ClusterNetworkPolicy',
      'egress: [{action: Deny, to: [{networks: [10.0.0.1]}]}]',
      'must be a block',
    ],
    [
      'no networks',
      'ClusterNetworkPolicy',
      'egress: [{action: Deny, to: [{networks: []}]}]',
      'at least one block',
    ],
    [
      'a name that is none',
      'ClusterNetworkPolicy',
      'egress: [{action: Accept, to: [{domainNames: ["*"]}]}]',
      'must be a name',
    ],
    ['ports of v1alpha1 in v1alpha2', 'ClusterNetworkPolicy', rule('ports: []'), 'unknown field "ports"'],
    ['an empty list of protocols', 'ClusterNetworkPolicy', rule('protocols: []'), 'at least one entry'],
    ['an empty entry of protocols', 'ClusterNetworkPolicy', rule('protocols: [{}]'), 'exactly one'],
    [
      'tcp without a port',
      'ClusterNetworkPolicy',
      rule('protocols: [{tcp: {}}]'),
      'must have a destinationPort',
    ],
    [
      'a number and a range',
      'ClusterNetworkPolicy',
      rule('protocols: [{tcp: {destinationPort: {number: 1, range: {start: 1, end: 2}}}}]'),
      'exactly one',
    ],
    [
      'a range of one port',
      'ClusterNetworkPolicy',
      rule('protocols: [{tcp: {destinationPort: {range: {start: 2, end: 2}}}}]'),
      'must be above its start',
    ],
    [
      'a range backwards',
      'AdminNetworkPolicy',
      rule('ports: [{portRange: {start: 3, end: 2}}]'),
      'must be above its start',
    ],
    [
      'a range without an end',
      'AdminNetworkPolicy',
      rule('ports: [{portRange: {start: 3}}]'),
      'end is missing',
    ],
    ['no port', 'AdminNetworkPolicy', rule('ports: [{portNumber: {protocol: TCP}}]'), 'port is missing'],
    ['port 0', 'AdminNetworkPolicy', rule('ports: [{portNumber: {port: 0}}]'), 'from 1 to 65535'],
    [
      'a protocol',
      'AdminNetworkPolicy',
      rule('ports: [{portNumber: {protocol: ICMP, port: 1}}]'),
      'must be TCP, UDP or SCTP',
    ],
    [
      'too many rules',
      'ClusterNetworkPolicy',
      `ingress: [${Array.from({ length: 26 }, () => '{action: Deny, from: [{namespaces: {}}]}').join(', ')}]`,
      'more than 25 rules',
    ],
  ])('%s (%s)', (_name, kind, more, message) => {
    const key = more.slice(0, more.indexOf(':'))
    const lines = [...HEADS[kind].split('\n'), 'subject: {namespaces: {}}'].filter(
      (line) => !line.startsWith(`${key}:`),
    )
    expect(read(kind, [...lines, more].join('\n')).faults).toEqual([expect.stringContaining(message)])
  })

  it.each([
    ['nodes', '{}'],
    ['networks', '[10.0.0.0/8]'],
    ['domainNames', '[example.com]'],
  ])('peers of ingress outside of the cluster: %s', (key, value) => {
    const { faults } = policy('ClusterNetworkPolicy', `ingress: [{action: Deny, from: [{${key}: ${value}}]}]`)
    expect(faults).toContainEqual(expect.stringContaining(`unknown field "${key}"`))
  })

  it('a baseline that is not called default', () => {
    const root = rootField({ metadata: { name: 'base' }, spec: { subject: { namespaces: {} } } })
    readAdminPolicy(root, 'BaselineAdminNetworkPolicy')
    expect(root.faults).toMatchObject([
      { route: ['metadata', 'name'], message: expect.stringContaining('must be called default') as unknown },
    ])
  })
})

it('never throws, whatever the shape', () => {
  const keys = [
    'spec',
    'subject',
    'pods',
    'namespaces',
    'podSelector',
    'ingress',
    'egress',
    'from',
    'to',
    'ports',
    'protocols',
    'tcp',
    'destinationPort',
    'range',
    'action',
    'networks',
    'nodes',
    'domainNames',
    'matchLabels',
  ]
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 5 },
      fc.constantFrom<unknown>(null, 1, -1.5, true, 'Allow', 'TCP', '10.0.0.0/8', '__proto__'),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom(...keys), tie('value')),
    ),
  }))
  fc.assert(
    fc.property(
      value,
      value,
      fc.constantFrom('AdminNetworkPolicy', 'BaselineAdminNetworkPolicy', 'ClusterNetworkPolicy', ''),
      (one, two, kind) => {
        for (const object of [
          one,
          { spec: one },
          { spec: { subject: one, ingress: [two], egress: { to: [two] } } },
        ])
          readAdminPolicy(rootField(object), kind)
      },
    ),
  )
})
