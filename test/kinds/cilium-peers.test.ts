// Whom rules of Cilium's policies speak of. Each row names the page of docs.cilium.io (security/policy/...) or the file
// of cilium/cilium that it comes from.
import { describe, expect, it, test } from 'vitest'
import { parse } from 'yaml'
import { rootField } from '../../src/core/kubernetes/field.ts'
import { readCidrGroup } from '../../src/core/kubernetes/kinds/cilium-cidr-group.ts'
import type { CidrGroup } from '../../src/core/kubernetes/kinds/cilium-cidr-group.ts'
import { NO_SURROUNDINGS } from '../../src/core/kubernetes/kinds/cilium-rule.ts'
import type { Requirement } from '../../src/core/kubernetes/labels.ts'
import type { PolicyPeer } from '../../src/core/kubernetes/kinds/policy.ts'
import { block, egress, faultsOf, ingress, is, pods, spec } from './cilium-table.ts'
import type { Scope } from './cilium-table.ts'

const NAME = 'kubernetes.io/metadata.name'
const NONE: PolicyPeer = { kind: 'entity', entity: 'none' }
const entity = (name: 'world' | 'host' | 'remote-node' | 'nodes' | 'apiserver'): PolicyPeer => ({
  kind: 'entity',
  entity: name,
})
const BEYOND: readonly PolicyPeer[] = [
  { kind: 'entity', entity: 'world', doubt: true },
  { kind: 'entity', entity: 'nodes', doubt: true },
]
const notIn = (key: string, ...values: readonly string[]): Requirement => ({ key, operator: 'NotIn', values })
const group = (yaml: string): CidrGroup => readCidrGroup(rootField(parse(yaml)))
const unknown = (name: string, outside = false): PolicyPeer => ({ kind: 'unknown', name, outside })

describe('fromEndpoints and toEndpoints', () => {
  test.each<[string, string, Scope, readonly PolicyPeer[]]>([
    [
      'layer3, Egress Allow All Endpoints: {} are those of the own namespace',
      '{}',
      'namespace',
      [pods([], null)],
    ],
    ['utils.go, getEndpointSelector: {} clusterwide are all pods', '{}', 'cluster', [pods([], [])]],
    [
      'kubernetes, Clusterwide Policies',
      '{matchLabels: {name: luke}}',
      'cluster',
      [pods([is('name', 'luke')], [])],
    ],
    [
      'kubernetes, Expose pods across namespaces',
      '{matchLabels: {"k8s:io.kubernetes.pod.namespace": ns2, name: luke}}',
      'namespace',
      [pods([is('name', 'luke')], [is(NAME, 'ns2')])],
    ],
    [
      'utils.go: any: and bare keys name it as well',
      '{matchExpressions: [{key: "any:io.kubernetes.pod.namespace", operator: Exists}]}',
      'namespace',
      [pods([], [{ key: NAME, operator: 'Exists' }])],
    ],
    [
      'examples/policies/kubernetes/namespace/namespace-labels-policy.yaml',
      '{matchLabels: {io.cilium.k8s.namespace.labels.faction: alliance}}',
      'namespace',
      [pods([], [is('faction', 'alliance')])],
    ],
    [
      'kubernetes, Multi-Cluster: which cluster this is, is not known',
      '{matchLabels: {name: x, io.cilium.k8s.policy.cluster: two}}',
      'namespace',
      [{ kind: 'pods', pods: [is('name', 'x')], namespaces: null, doubt: true }],
    ],
    [
      'labelsfilter/filter.go: labels that are left out of identities',
      '{matchLabels: {statefulset.kubernetes.io/pod-name: db-0}}',
      'namespace',
      [
        {
          kind: 'pods',
          pods: [is('statefulset.kubernetes.io/pod-name', 'db-0')],
          namespaces: null,
          doubt: true,
        },
      ],
    ],
    [
      'labelsfilter/filter.go: who does not have such a label has it under no filter',
      '{matchLabels: {kubernetes.io/role: primary, a: b}}',
      'namespace',
      [
        {
          kind: 'pods',
          pods: [is('a', 'b'), is('kubernetes.io/role', 'primary')],
          namespaces: null,
          doubt: true,
        },
      ],
    ],
    [
      'labelsfilter/filter.go: and lacks it under any',
      '{matchExpressions: [{key: kubernetes.io/role, operator: NotIn, values: [x]}]}',
      'cluster',
      [
        pods([{ key: 'kubernetes.io/role', operator: 'NotIn', values: ['x'] }], []),
        { kind: 'pods', pods: [], namespaces: [], doubt: true },
      ],
    ],
    [
      'cilium/cilium#46949: what only excludes namespaces matches the world in some versions',
      '{matchExpressions: [{key: io.kubernetes.pod.namespace, operator: NotIn, values: [x]}]}',
      'namespace',
      [pods([], [notIn(NAME, 'x')]), ...BEYOND],
    ],
    [
      'cilium/cilium#46949: clusterwide as well',
      '{matchExpressions: [{key: "k8s:io.kubernetes.pod.namespace", operator: DoesNotExist}]}',
      'cluster',
      [pods([], [{ key: NAME, operator: 'DoesNotExist' }]), ...BEYOND],
    ],
    [
      'utils.go, getEndpointSelector: labels of namespaces stand alone in a namespace',
      '{matchExpressions: [{key: io.cilium.k8s.namespace.labels.team, operator: NotIn, values: [x]}]}',
      'namespace',
      [pods([], [notIn('team', 'x')]), ...BEYOND],
    ],
    [
      'utils.go, getEndpointSelector: clusterwide the name of the namespace is asked for beside them',
      '{matchExpressions: [{key: io.cilium.k8s.namespace.labels.team, operator: NotIn, values: [x]}]}',
      'cluster',
      [pods([], [notIn('team', 'x')])],
    ],
    [
      'the world has no labels that a pod must have',
      '{matchLabels: {a: b}, matchExpressions: [{key: io.kubernetes.pod.namespace, operator: NotIn, values: [x]}]}',
      'namespace',
      [pods([is('a', 'b')], [notIn(NAME, 'x')])],
    ],
    [
      'labelsfilter/filter.go: app.kubernetes.io is not among them',
      '{matchLabels: {app.kubernetes.io/name: web}}',
      'namespace',
      [pods([is('app.kubernetes.io/name', 'web')], null)],
    ],
    [
      'utils.go: a reserved label stands without namespace',
      '{matchLabels: {"reserved:host": ""}}',
      'namespace',
      [entity('host')],
    ],
    ['labels.go: $ is short for reserved', '{matchLabels: {$world: ""}}', 'cluster', [entity('world')]],
    [
      'labels.go: reserved labels have the empty value',
      '{matchLabels: {"reserved:host": "x"}}',
      'cluster',
      [NONE],
    ],
    [
      'labels.go: in dual stack there are two worlds',
      '{matchLabels: {"reserved:world-ipv4": ""}}',
      'cluster',
      [block('0.0.0.0/0')],
    ],
    [
      'unknown reserved labels',
      '{matchLabels: {"reserved:constructor": ""}}',
      'cluster',
      [unknown('identities reserved:constructor=')],
    ],
    [
      'a reserved label beside others',
      '{matchLabels: {"reserved:host": "", a: b}}',
      'cluster',
      [unknown('identities a=b,reserved:host=')],
    ],
    [
      'utils.go: beside a reserved label no namespace is added, so that it matches others than pods',
      '{matchExpressions: [{key: "reserved:host", operator: DoesNotExist}]}',
      'namespace',
      [pods([], []), unknown('identities !reserved:host')],
    ],
    ['no pod has labels of nodes', '{matchLabels: {"node:role": x}}', 'namespace', [NONE]],
    [
      'all pods lack labels of nodes',
      '{matchExpressions: [{key: "node:role", operator: NotIn, values: [x]}]}',
      'namespace',
      [pods([], null)],
    ],
  ])('%s', (_, selector, scope, peers) => {
    expect(ingress(`[{fromEndpoints: [${selector}]}]`, scope)).toMatchObject([
      { peers, ports: null, doubt: null },
    ])
    expect(egress(`[{toEndpoints: [${selector}]}]`, scope)).toMatchObject([
      { peers, ports: null, doubt: null },
    ])
  })
  it('utils.go, matchesPodInit: then what names no namespace clusterwide is not pods alone', () => {
    const { ingress } = spec(
      'endpointSelector: {matchExpressions: [{key: "reserved:init", operator: DoesNotExist}]}\ningress: [{fromEndpoints: [{}]}, {fromEndpoints: [{matchLabels: {io.kubernetes.pod.namespace: shop}}]}]',
      'cluster',
    )
    expect(ingress?.map(({ peers }) => peers)).toEqual([
      [pods([], []), unknown('identities *')],
      [pods([], [is(NAME, 'shop')])],
    ])
  })
})

describe('fromEntities and toEntities (layer3, Entities based; entity.go)', () => {
  test.each<[string, readonly PolicyPeer[] | null]>([
    ['[world]', [entity('world')]],
    ['[host]', [entity('host')]],
    ['[remote-node]', [entity('remote-node')]],
    ['[kube-apiserver]', [entity('apiserver')]],
    ['[cluster]', [pods([], []), entity('nodes'), entity('apiserver')]],
    ['[host, world]', [entity('host'), entity('world')]],
    ['[all]', null],
    ['[host, all]', null],
    ['[none]', [NONE]],
    ['[health]', [NONE]],
    ['[init]', [NONE]],
    ['[ingress]', [NONE]],
    ['[unmanaged]', [unknown('endpoints that Cilium does not manage')]],
  ])('%s', (entities, peers) => {
    expect(ingress(`[{fromEntities: ${entities}}]`)).toMatchObject([{ peers, ports: null, doubt: null }])
    expect(egress(`[{toEntities: ${entities}}]`)).toMatchObject([{ peers, ports: null, doubt: null }])
  })
})

describe('addresses', () => {
  it('layer3, Allow to external CIDR block', () => {
    expect(
      egress('[{toCIDR: [20.1.1.1/32]}, {toCIDRSet: [{cidr: 10.0.0.0/8, except: [10.96.0.0/12]}]}]'),
    ).toMatchObject([
      { peers: [block('20.1.1.1/32')] },
      {
        peers: [
          {
            kind: 'block',
            cidr: '10.0.0.0/8',
            except: ['10.96.0.0/12'],
            addresses: {
              IPv4: [
                [10 * 2 ** 24, 10 * 2 ** 24 + 96 * 2 ** 16],
                [10 * 2 ** 24 + 112 * 2 ** 16, 11 * 2 ** 24],
              ],
            },
          },
        ],
      },
    ])
  })
  it('istio.io platform-prerequisites', () => {
    expect(ingress('[{fromCIDR: [169.254.7.127/32]}]', 'cluster')).toMatchObject([
      { peers: [block('169.254.7.127/32')], ports: null },
    ])
  })
  it('rule_validation.go, CIDR.Validate: an address is a block', () => {
    expect(ingress('[{fromCIDR: [10.0.0.1, "::1"]}]')).toMatchObject([
      { peers: [block('10.0.0.1/32'), block('::1/128')] },
    ])
  })
  it('layer3: CiliumCIDRGroups that the tree does not show', () => {
    expect(
      ingress('[{fromCIDRSet: [{cidrGroupRef: vpn}, {cidrGroupSelector: {matchLabels: {a: b}}}]}]'),
    ).toMatchObject([{ peers: [unknown('CiliumCIDRGroup vpn'), unknown('CiliumCIDRGroups a=b')] }])
  })
  const groups = ['{name: vpn, labels: {role: vpn}}', '{name: two, labels: {role: vpn, a: b}}'].map(
    (metadata, index) => group(`metadata: ${metadata}\nspec: {externalCIDRs: [10.4${String(index)}.0.0/24]}`),
  )
  const [vpn, two] = [block('10.40.0.0/24'), block('10.41.0.0/24')]
  test.each<[string, string, readonly PolicyPeer[]]>([
    ['ciliumcidrgroup: by name', '{cidrGroupRef: vpn}', [vpn]],
    ['ciliumcidrgroup: by labels', '{cidrGroupSelector: {matchLabels: {role: vpn}}}', [vpn, two]],
    [
      'cidr.go: by expressions',
      '{cidrGroupSelector: {matchExpressions: [{key: a, operator: Exists}]}}',
      [two],
    ],
    ['another name', '{cidrGroupRef: web}', [unknown('CiliumCIDRGroup web')]],
    [
      'labels that none of them has',
      '{cidrGroupSelector: {matchLabels: {role: web}}}',
      [unknown('CiliumCIDRGroups role=web')],
    ],
    ['cidr.go: {} is any address of a group', '{cidrGroupSelector: {}}', [unknown('CiliumCIDRGroups *')]],
    [
      'cidr.go: what excludes is fulfilled by addresses of no group',
      '{cidrGroupSelector: {matchExpressions: [{key: a, operator: DoesNotExist}]}}',
      [unknown('CiliumCIDRGroups !a')],
    ],
    [
      'cidr.go, ExceptCIDRs: not supported beside a group, and applied',
      '{cidrGroupRef: vpn, except: [10.40.0.0/30]}',
      [unknown('CiliumCIDRGroup vpn')],
    ],
  ])('%s', (_, rule, peers) => {
    const around = { ...NO_SURROUNDINGS, groups }
    expect(ingress(`[{fromCIDRSet: [${rule}]}]`, 'namespace', around)).toMatchObject([{ peers }])
  })
  it('cidrgroups_types.go: a group of nobody', () => {
    const around = { ...NO_SURROUNDINGS, groups: [group('metadata: {name: vpn}\nspec: {externalCIDRs: []}')] }
    expect(ingress('[{fromCIDRSet: [{cidrGroupRef: vpn}]}]', 'namespace', around)).toMatchObject([
      { peers: [] },
    ])
  })
  test.each([
    ['externalCIDRs is required', 'spec: {}', /externalCIDRs is missing/],
    ['cilium_cidr_group.go: prefixes alone', 'spec: {externalCIDRs: [10.0.0.1]}', /must be a block/],
    ['and of nothing else', 'spec: {externalCIDRs: [ten]}', /must be a block/],
  ])('cidrgroups_types.go: %s', (_, yaml, message) => {
    const root = rootField(parse(yaml))
    readCidrGroup(root)
    expect(root.faults.map((one) => one.message)).toEqual([expect.stringMatching(message)])
  })
})

describe('other peers', () => {
  it('layer3, Node based: by labels that are not in the tree', () => {
    const rule = { peers: [entity('nodes')], doubt: 'the labels of nodes are not known' }
    expect(ingress('[{fromNodes: [{matchLabels: {a: b}}]}]')).toMatchObject([rule])
    expect(egress('[{toNodes: [{matchLabels: {a: b}}]}]')).toMatchObject([rule])
  })
  it('layer3, Services based', () => {
    expect(
      egress(
        '[{toServices: [{k8sService: {serviceName: db, namespace: data}}, {k8sServiceSelector: {selector: {matchLabels: {a: b}}, namespace: n}}]}]',
      ),
    ).toMatchObject([{ peers: [unknown('Service data/db'), unknown('Services a=b in n')] }])
  })
  it('layer3, DNS based: non-cluster peers', () => {
    expect(egress('[{toFQDNs: [{matchName: a.io}, {matchPattern: "*.b.io"}]}]')).toMatchObject([
      { peers: [unknown('names a.io', true), unknown('names *.b.io', true)] },
    ])
  })
  it('groups.go: security groups of AWS', () => {
    expect(egress('[{toGroups: [{aws: {securityGroupsIds: [sg-1]}}]}]')).toMatchObject([
      { peers: [unknown('AWS security groups')] },
    ])
  })
  it('layer3, Additional Label Requirements: asked of other rules too', () => {
    const doubt = 'what fromRequires asks for is asked of other rules too'
    expect(ingress('[{fromRequires: [{matchLabels: {env: prod}}]}]')).toMatchObject([
      { action: 'allow', peers: [], doubt },
      { action: 'deny', peers: null, ports: null, doubt, route: ['spec', 'ingress', 0] },
    ])
  })
})

describe('empty lists (cilium/cilium#29608; mergeEndpointSelectors)', () => {
  const ports = 'toPorts: [{ports: [{port: "80", protocol: TCP}]}]'
  test.each(['fromEndpoints', 'fromEntities', 'fromCIDR', 'fromCIDRSet', 'fromNodes'])(
    '%s: [] is nobody',
    (key) => {
      expect(ingress(`[{${key}: [], ${ports}}]`)).toMatchObject([{ peers: [], doubt: null }])
      expect(ingress(`[{${key}: []}]`)).toMatchObject([{ peers: [], doubt: null }])
      expect(egress(`[{${key.replace('from', 'to')}: [], ${ports}}]`)).toMatchObject([
        { peers: [], doubt: null },
      ])
    },
  )
  it('absent is everybody', () => {
    expect(ingress(`[{${ports}}]`)).toMatchObject([{ peers: null, doubt: null }])
    expect(ingress(`[{fromCIDR: null, ${ports}}]`)).toMatchObject([{ peers: null, doubt: null }])
  })
  test.each(['toServices', 'toFQDNs', 'toGroups'])('%s: [] is not documented', (key) => {
    expect(egress(`[{${key}: [], ${ports}}]`)).toMatchObject([
      { peers: null, doubt: expect.any(String) as unknown },
    ])
  })
  it('one empty list makes nobody of a full one', () => {
    expect(ingress('[{fromCIDR: [], fromEntities: [all]}]')).toMatchObject([{ peers: [] }])
  })
  it('a denial of {} is in doubt', () => {
    expect(spec('endpointSelector: {}\ningressDeny: [{}]').ingress).toMatchObject([
      { action: 'deny', peers: null, ports: null, doubt: expect.any(String) as unknown },
    ])
  })
})

describe('what is refused', () => {
  test.each<[string, string, RegExp]>([
    [
      'rule_validation.go: combining',
      'ingress: [{fromEndpoints: [{}], fromEntities: [world]}]',
      /fromEndpoints and fromEntities/,
    ],
    [
      'rule_validation.go: combining on egress',
      'egress: [{toFQDNs: [{matchName: a}], toCIDR: [1.1.1.1/32]}]',
      /toCIDR and toFQDNs/,
    ],
    ['entity.go: unsupported entity', 'ingress: [{fromEntities: [internet]}]', /must be one of all, cluster/],
    ['entity.go: world-ipv4 is not in the enum', 'ingress: [{fromEntities: [world-ipv4]}]', /must be one of/],
    ['CIDR.Validate', 'ingress: [{fromCIDR: [ten]}]', /must be a block/],
    ['CIDRRule.Validate: prefixes alone', 'ingress: [{fromCIDRSet: [{cidr: 10.0.0.1}]}]', /must be a block/],
    [
      'CIDRRule.Validate: one of three',
      'ingress: [{fromCIDRSet: [{cidr: 10.0.0.0/8, cidrGroupRef: a}]}]',
      /must have one of/,
    ],
    ['CIDRRule.Validate: one at least', 'ingress: [{fromCIDRSet: [{}]}]', /must have one of/],
    [
      'CIDRRule.Validate: inside',
      'ingress: [{fromCIDRSet: [{cidr: 10.0.0.0/8, except: [11.0.0.0/9]}]}]',
      /must lie inside 10/,
    ],
    ['deny: no toFQDNs', 'egressDeny: [{toFQDNs: [{matchName: a}]}]', /unknown field "toFQDNs"/],
    ['egress keys on ingress', 'ingress: [{toCIDR: [10.0.0.0/8]}]', /unknown field "toCIDR"/],
    [
      'a selector of the wrong shape',
      'ingress: [{fromEndpoints: [{podSelector: {}}]}]',
      /unknown field "podSelector"/,
    ],
  ])('%s', (_, lines, message) => {
    expect(faultsOf(`endpointSelector: {}\n${lines}`)).toEqual([expect.stringMatching(message)])
  })
})
