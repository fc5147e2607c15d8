// The frame of Cilium's policies: whom they select, which directions they speak of and isolate. Each row names the
// page of docs.cilium.io (security/policy/...) or the file of cilium/cilium that it comes from.
import { describe, expect, it, test } from 'vitest'
import { quirksOf, readCiliumPolicies } from '../../src/core/kubernetes/kinds/cilium-policy.ts'
import { leftOutBy } from '../../src/core/kubernetes/kinds/cilium-identities.ts'
import { NO_SURROUNDINGS } from '../../src/core/kubernetes/kinds/cilium-rule.ts'
import { rootField } from '../../src/core/kubernetes/field.ts'
import { parse } from 'yaml'
import { faultsOf, is, pods, read, spec } from './cilium-table.ts'

const NAME = 'kubernetes.io/metadata.name'

describe('whole policies', () => {
  it('layer3, Simple Ingress Allow', () => {
    expect(
      spec(
        'endpointSelector: {matchLabels: {role: backend}}\ningress: [{fromEndpoints: [{matchLabels: {role: frontend}}]}]',
      ),
    ).toEqual({
      subjects: [{ pods: [is('role', 'backend')], namespaces: null }],
      rank: { stage: 'network-policies' },
      ingress: [
        {
          index: 0,
          route: ['spec', 'ingress', 0],
          action: 'allow',
          peers: [pods([is('role', 'frontend')], null)],
          ports: null,
          doubt: null,
        },
      ],
      egress: null,
      isolates: { ingress: true, egress: false },
    })
  })
  it('cnp_types.go, Parse: spec and specs together, each a rule of its own', () => {
    const { specs, faults } = read(`
spec: {endpointSelector: {}, ingress: [{}]}
specs:
- {endpointSelector: {}, ingress: [{}]}
- {endpointSelector: {}, egressDeny: [{toEntities: [world]}, {toEntities: [host]}]}`)
    expect(faults).toEqual([])
    expect(specs.map(({ ingress, egress }) => (ingress ?? egress ?? []).map(({ route }) => route))).toEqual([
      [['spec', 'ingress', 0]],
      [['specs', 0, 'ingress', 0]],
      [
        ['specs', 1, 'egressDeny', 0],
        ['specs', 1, 'egressDeny', 1],
      ],
    ])
    expect(specs[2]?.egress?.map(({ index, action }) => [index, action])).toEqual([
      [0, 'deny'],
      [1, 'deny'],
    ])
  })
  it('intro, Rule Basics: labels, description and log decide nothing', () => {
    const plain = 'endpointSelector: {}\ningress: [{}]'
    expect(spec(`${plain}\nlabels: [{key: a}]\ndescription: d\nlog: {value: v}`)).toEqual(spec(plain))
  })
})

describe('default deny', () => {
  test.each<[string, string, boolean, boolean]>([
    ['intro: an ingress section enables it for ingress', 'ingress: [{}]', true, false],
    ['intro: an egress section enables it for egress', 'egress: [{}]', false, true],
    ['deny: a deny policy enables it too', 'ingressDeny: [{fromEntities: [world]}]', true, false],
    ['rule.go, EnableDefaultDeny: false', 'ingress: [{}]\nenableDefaultDeny: {ingress: false}', false, false],
    ['rule.go: null is not set', 'ingress: [{}]\nenableDefaultDeny: {ingress: null}', true, false],
    [
      'istio.io platform-prerequisites',
      'ingress: [{}]\nenableDefaultDeny: {ingress: false, egress: false}',
      false,
      false,
    ],
    [
      'repository.go: true does nothing without rules',
      'ingress: [{}]\nenableDefaultDeny: {egress: true}',
      true,
      false,
    ],
    [
      'rule.go: "If omitted or empty, this rule does not apply at egress"',
      'ingress: [{}]\negress: []',
      true,
      false,
    ],
  ])('%s', (_, lines, ingress, egress) => {
    expect(spec(`endpointSelector: {}\n${lines}`).isolates).toEqual({ ingress, egress })
  })
  it('rule.go: a direction without rules is not spoken of', () => {
    const { ingress, egress } = spec('endpointSelector: {}\ningress: []\negressDeny: []\negress: [{}]')
    expect(ingress).toBeNull()
    expect(egress).toHaveLength(1)
  })
  it('layer3, Ingress/Egress Default Deny: a rule {} allows nobody', () => {
    expect(spec('endpointSelector: {}\negress: [{}]').egress).toMatchObject([{ peers: [], doubt: null }])
  })
})

describe('subjects', () => {
  test.each<[string, string, 'namespace' | 'cluster', unknown]>([
    ['kubernetes: always the namespace of the CNP', '{}', 'namespace', [{ pods: [], namespaces: null }]],
    [
      'utils.go, ParseToCiliumRule: an illegal namespace match is removed',
      '{matchLabels: {"k8s:io.kubernetes.pod.namespace": other, a: b}}',
      'namespace',
      [{ pods: [is('a', 'b')], namespaces: null }],
    ],
    [
      'utils.go: one under the bare key is asked for beside the own namespace',
      '{matchLabels: {io.kubernetes.pod.namespace: other}}',
      'namespace',
      [{ pods: [], namespaces: [is(NAME, 'shop'), is(NAME, 'other')] }],
    ],
    [
      'utils.go: one in matchExpressions likewise',
      '{matchExpressions: [{key: "k8s:io.kubernetes.pod.namespace", operator: In, values: [other]}]}',
      'namespace',
      [{ pods: [], namespaces: [is(NAME, 'shop'), is(NAME, 'other')] }],
    ],
    ['kubernetes, Clusterwide Policies: any namespace', '{}', 'cluster', [{ pods: [], namespaces: [] }]],
    [
      'kubernetes: by name of the namespace',
      '{matchLabels: {"k8s:io.kubernetes.pod.namespace": shop, "any:a": b}}',
      'cluster',
      [{ pods: [is('a', 'b')], namespaces: [is(NAME, 'shop')] }],
    ],
    [
      'intro, EnableDefaultDeny example: NotIn kube-system',
      '{matchExpressions: [{key: io.kubernetes.pod.namespace, operator: NotIn, values: [kube-system]}]}',
      'cluster',
      [{ pods: [], namespaces: [{ key: NAME, operator: 'NotIn', values: ['kube-system'] }] }],
    ],
    [
      'kubernetes: by labels of the namespace, which may be any label',
      '{matchLabels: {"k8s:io.cilium.k8s.namespace.labels.kubernetes.io/metadata.name": shop}}',
      'cluster',
      [{ pods: [], namespaces: [is(NAME, 'shop')] }],
    ],
    [
      'kubernetes, ServiceAccounts',
      '{matchLabels: {io.cilium.k8s.policy.serviceaccount: leia}}',
      'namespace',
      [{ pods: [is('@serviceaccount', 'leia')], namespaces: null }],
    ],
    ['lifecycle, init: colon', '{matchLabels: {"reserved:init": ""}}', 'cluster', []],
    ['labels.go, parseSource: reserved with a dot', '{matchLabels: {reserved.init: ""}}', 'cluster', []],
    [
      'labels.go, parseSource: of other sources the dot is part of the key',
      '{matchLabels: {k8s.app: ""}}',
      'cluster',
      [{ pods: [is('k8s.app', '')], namespaces: [] }],
    ],
    [
      'a reserved label that must not be there is on no pod',
      '{matchExpressions: [{key: "reserved:init", operator: DoesNotExist}]}',
      'cluster',
      [{ pods: [], namespaces: [] }],
    ],
    [
      'labels.go: no pod has labels of the source cidr',
      '{matchLabels: {"cidr:10.0.0.0/8": ""}}',
      'cluster',
      [],
    ],
  ])('%s', (_, selector, scope, subjects) => {
    const read = spec(`endpointSelector: ${selector}\ningress: [{}]`, scope)
    expect(read.subjects).toEqual(subjects)
    expect(read.isolates.ingress).toBe(true)
  })
  it('host: a nodeSelector selects no pods', () => {
    expect(spec('nodeSelector: {}\ningress: [{}]', 'cluster').subjects).toEqual([])
  })
  test.each([
    ['kubernetes, Multi-Cluster', '{matchLabels: {io.cilium.k8s.policy.cluster: one}}'],
    ['labels.go, LabelSourceContainer', '{matchLabels: {"container:app": web}}'],
  ])('%s: it selects perhaps', (_, selector) => {
    const read = spec(`endpointSelector: ${selector}\ningress: [{fromEntities: [all]}]`)
    expect(read.subjects).toEqual([{ pods: [], namespaces: null, doubt: true }])
    expect(read.isolates).toEqual({ ingress: true, egress: false })
    expect(read.egress).toBeNull()
    // The policy is in doubt as a whole, and not rule by rule: see policy/worlds.ts.
    expect(read.ingress).toMatchObject([{ action: 'allow', peers: null, doubt: null }])
  })
  it('labelsfilter/filter.go: who does not have a label that is left out is never selected for it', () => {
    for (const key of ['kubernetes.io/role', 'pod-template-hash']) {
      const { subjects } = spec(`endpointSelector: {matchLabels: {${key}: x}}\ningress: [{}]`)
      expect(subjects).toEqual([{ pods: [is(key, 'x')], namespaces: null, doubt: true }])
    }
  })
  it('filter.go: labels that the setting of the agent leaves out', () => {
    const around = { ...NO_SURROUNDINGS, identities: leftOutBy(['k8s:app']) }
    const { subjects } = spec(
      'endpointSelector: {matchLabels: {app: web, tier: back}}\ningress: [{}]',
      'cluster',
      '',
      around,
    )
    expect(subjects).toEqual([{ pods: [is('app', 'web'), is('tier', 'back')], namespaces: [], doubt: true }])
  })
  it('labels of the namespace are in doubt where the policy does not say its own', () => {
    const read = spec(
      'endpointSelector: {matchLabels: {io.kubernetes.pod.namespace: other}}\ningress: [{}]',
      'namespace',
      '',
    )
    expect(read.subjects).toEqual([{ pods: [], namespaces: null, doubt: true }])
    expect(read.isolates.ingress).toBe(true)
    expect(read.ingress).toMatchObject([{ action: 'allow', doubt: null }])
  })
})

describe('what is refused', () => {
  test.each<[string, string, RegExp]>([
    [
      'rule_validation.go: one of both selectors',
      'ingress: [{}]',
      /neither endpointSelector nor nodeSelector/,
    ],
    [
      'rule_validation.go: not both',
      'endpointSelector: {}\nnodeSelector: {}\ningress: [{}]',
      /beside a nodeSelector/,
    ],
    ['cnp_types.go: no nodeSelector in a CNP', 'nodeSelector: {}\ningress: [{}]', /selects nodes/],
    ['rule_validation.go: at least one rule', 'endpointSelector: {}', /has no rule/],
    ['rule_validation.go: empty lists are no rule', 'endpointSelector: {}\ningress: []', /has no rule/],
    [
      'rule.go: booleans',
      'endpointSelector: {}\ningress: [{}]\nenableDefaultDeny: {ingress: "no"}',
      /must be true or false/,
    ],
    ['unknown keys', 'endpointSelector: {}\ningress: [{}]\npodSelector: {}', /unknown field "podSelector"/],
    ['an empty rule', 'endpointSelector: {}\ningress: [null]', /ingress\[0\] must be a mapping, not nothing/],
  ])('%s', (_, lines, message) => {
    expect(faultsOf(lines)).toEqual([expect.stringMatching(message)])
  })
  it('errors.go, ErrEmptyCNP', () => {
    expect(read('kind: CiliumNetworkPolicy').faults).toHaveLength(1)
  })
  it('never throws', () => {
    const odd: unknown[] = [
      null,
      undefined,
      1,
      '',
      'x',
      true,
      [],
      [null],
      {},
      [[]],
      { a: null },
      ['constructor'],
      [{}],
    ]
    const keys = [
      'fromEndpoints',
      'fromEntities',
      'fromCIDR',
      'fromCIDRSet',
      'fromNodes',
      'fromGroups',
      'toPorts',
      'icmps',
      'fromRequires',
      'authentication',
      'toServices',
      'toFQDNs',
    ]
    for (const value of odd) {
      const objects: unknown[] = [value, { spec: value }, { specs: value }]
      for (const key of ['endpointSelector', 'nodeSelector', 'enableDefaultDeny', 'ingress', 'egressDeny'])
        objects.push({ spec: { endpointSelector: {}, [key]: value } })
      for (const key of keys) {
        objects.push({ spec: { ingress: [{ [key]: value }] } })
        objects.push({ spec: { egress: [{ [key.replace('from', 'to')]: value }] } })
        objects.push({
          spec: { egress: [{ [key.replace('from', 'to')]: [value, { cidr: value, k8sService: value }] }] },
        })
      }
      for (const key of ['ports', 'rules', 'listener', 'serverNames'])
        objects.push({ spec: { egress: [{ toPorts: [{ [key]: value }] }] } })
      for (const key of ['port', 'endPort', 'protocol'])
        objects.push({ spec: { egress: [{ toPorts: [{ ports: [{ port: '1', [key]: value }] }] }] } })
      for (const key of ['reserved:constructor', 'reserved:__proto__', ':', '$', ''])
        objects.push({ spec: { ingress: [{ fromEndpoints: [{ matchLabels: { [key]: '' } }] }] } })
      for (const object of objects)
        for (const scope of ['namespace', 'cluster'] as const) {
          readCiliumPolicies(rootField(object), scope)
          quirksOf(rootField(object), 15008)
        }
    }
    expect(odd).not.toHaveLength(0)
  })
})

describe('quirks', () => {
  const quirks = (yaml: string, hbonePort = 15008): readonly unknown[] =>
    quirksOf(rootField(parse(yaml)), hbonePort).map(({ route }) => route)
  it('utils.go: a CNP that names another namespace', () => {
    const policy = (namespace: string): string => `
kind: CiliumNetworkPolicy
metadata: {namespace: shop}
spec: {endpointSelector: {matchLabels: {"k8s:io.kubernetes.pod.namespace": ${namespace}}}, ingress: [{}]}`
    expect(quirks(policy('shop'))).toEqual([])
    expect(quirks(policy('other'))).toEqual([
      ['spec', 'endpointSelector', 'matchLabels', 'k8s:io.kubernetes.pod.namespace'],
    ])
  })
  it('layer 7 rules on the port of HBONE', () => {
    const policy = (port: string): string =>
      `specs: [{endpointSelector: {}, ingress: [{toPorts: [{ports: [${port}], rules: {http: [{}]}}]}]}]`
    expect(quirks(policy('{port: "8080"}'))).toEqual([])
    expect(quirks(policy('{port: "15008"}'))).toEqual([['specs', 0, 'ingress', 0, 'toPorts', 0, 'rules']])
    expect(quirks(policy('{port: "15000", endPort: 15010}'))).toHaveLength(1)
    expect(quirks(policy('{port: "15008"}'), 15009)).toEqual([])
    expect(quirks(policy('{port: "15009"}'), 15009)).toHaveLength(1)
    expect(quirks(policy('{port: "15000", endPort: 15008}'), 15009)).toEqual([])
  })
})
