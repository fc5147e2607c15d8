// Labels that controllers give to pods: by which kind of workload, with which values, and what policies of every kind
// then say. Each source is named in src/core/kubernetes/kinds/given-labels.ts.
import { load } from 'js-yaml'
import { describe, expect, it } from 'vitest'
import { DEFAULT_CONFIG } from '../../src/core/config.ts'
import type { ClusterConfig } from '../../src/core/config.ts'
import { analyze, answer } from '../../src/core/index.ts'
import { rootField, selectorField } from '../../src/core/kubernetes/field.ts'
import { givenLabels, matchesPods } from '../../src/core/kubernetes/kinds/given-labels.ts'
import { readGatewayPods } from '../../src/core/kubernetes/kinds/gateway.ts'
import { readPodTemplate } from '../../src/core/kubernetes/kinds/workload.ts'
import type { Requirement } from '../../src/core/kubernetes/labels.ts'
import { countOf, firstIndexes } from '../../src/core/policy/index-set.ts'
import { manifestOf } from '../twin/product.ts'

const POD_NAME = 'statefulset.kubernetes.io/pod-name'
const POD_INDEX = 'apps.kubernetes.io/pod-index'
const JOB_INDEX = 'batch.kubernetes.io/job-completion-index'
const is = (key: string, value: string): string => `{matchLabels: {${key}: "${value}"}}`
const asks = (key: string, operator: string, values = ''): string =>
  `{matchExpressions: [{key: ${key}, operator: ${operator}${values === '' ? '' : `, values: [${values}]`}}]}`

describe('matchesPods, of a workload that is called two', () => {
  it.each<[string, string, 'no' | 'maybe' | 'yes']>([
    ['apps/StatefulSet', is(POD_NAME, 'two-0'), 'maybe'],
    ['apps/StatefulSet', is(POD_NAME, 'three-0'), 'no'],
    ['apps/StatefulSet', is(POD_NAME, 'two-x'), 'no'],
    ['apps/StatefulSet', is(POD_NAME, 'two'), 'no'],
    ['apps/StatefulSet', asks(POD_NAME, 'In', 'three-0, two-0'), 'maybe'],
    ['apps/StatefulSet', asks(POD_NAME, 'NotIn', 'two-0'), 'maybe'],
    ['apps/StatefulSet', asks(POD_NAME, 'NotIn', 'three-0'), 'yes'],
    ['apps/StatefulSet', asks(POD_NAME, 'Exists'), 'yes'],
    ['apps/StatefulSet', asks(POD_NAME, 'DoesNotExist'), 'no'],
    ['apps/StatefulSet', is(POD_INDEX, '0'), 'maybe'],
    ['apps/StatefulSet', is(POD_INDEX, 'first'), 'no'],
    ['apps/StatefulSet', asks(POD_INDEX, 'Exists'), 'maybe'],
    ['apps/StatefulSet', asks(POD_INDEX, 'DoesNotExist'), 'maybe'],
    ['apps/StatefulSet', is('controller-revision-hash', 'two-7b9c'), 'maybe'],
    ['apps/StatefulSet', is('controller-revision-hash', '7b9c'), 'no'],
    ['apps/StatefulSet', is('pod-template-hash', '7b9c'), 'no'],
    ['apps/StatefulSet', is('job-name', 'two'), 'no'],
    ['apps/DaemonSet', is('controller-revision-hash', '7b9c'), 'maybe'],
    ['apps/DaemonSet', is('pod-template-generation', '1'), 'maybe'],
    ['apps/DaemonSet', is(POD_NAME, 'two-0'), 'no'],
    ['batch/Job', is('job-name', 'two'), 'yes'],
    ['batch/Job', is('job-name', 'three'), 'no'],
    ['batch/Job', asks('job-name', 'NotIn', 'two'), 'no'],
    ['batch/Job', asks('job-name', 'DoesNotExist'), 'no'],
    ['batch/Job', is('batch.kubernetes.io/job-name', 'two'), 'maybe'],
    ['batch/Job', is('controller-uid', 'x'), 'maybe'],
    ['batch/Job', is('batch.kubernetes.io/controller-uid', 'x'), 'maybe'],
    ['batch/Job', is(JOB_INDEX, '0'), 'maybe'],
    ['batch/Job', is(POD_INDEX, '0'), 'no'],
    ['batch/CronJob', is('job-name', 'two-29000000'), 'maybe'],
    ['batch/CronJob', is('job-name', 'two'), 'no'],
    ['batch/CronJob', asks('job-name', 'Exists'), 'yes'],
    ['batch/CronJob', is(JOB_INDEX, '0'), 'maybe'],
    ['apps/Deployment', is('pod-template-hash', '7b9c'), 'maybe'],
    ['apps/Deployment', asks('pod-template-hash', 'Exists'), 'yes'],
    ['apps/Deployment', asks(POD_INDEX, 'Exists'), 'no'],
    ['apps/Deployment', asks(POD_INDEX, 'DoesNotExist'), 'yes'],
    ['apps/Deployment', is('controller-revision-hash', '7b9c'), 'no'],
    ['apps/ReplicaSet', is('pod-template-hash', '7b9c'), 'maybe'],
    ['argoproj.io/Rollout', is('rollouts-pod-template-hash', '7b9c'), 'maybe'],
    ['argoproj.io/Rollout', is('pod-template-hash', '7b9c'), 'no'],
    ['apps.openshift.io/DeploymentConfig', is('deploymentconfig', 'two'), 'yes'],
    ['apps.openshift.io/DeploymentConfig', is('deployment', 'one-3'), 'no'],
    ['apps.kruise.io/CloneSet', asks('apps.kruise.io/cloneset-instance-id', 'Exists'), 'yes'],
    ['apps.kruise.io/StatefulSet', is(POD_INDEX, '0'), 'maybe'],
    ['v1/ReplicationController', is('pod-template-hash', '7b9c'), 'no'],
    ['v1/Pod', is('pod-template-hash', '7b9c'), 'no'],
    ['v1/Pod', asks('job-name', 'NotIn', 'two'), 'yes'],
    // What the template has itself.
    ['apps/StatefulSet', `{matchLabels: {app: two, ${POD_INDEX}: "0"}}`, 'maybe'],
    ['apps/StatefulSet', `{matchLabels: {app: three, ${POD_INDEX}: "0"}}`, 'no'],
    ['apps/StatefulSet', is('app', 'two'), 'yes'],
  ])('%s, %s: %s', (kind, written, match) => {
    const selector = selectorField(rootField(load(written)))
    expect(matchesPods(selector, { labels: { app: 'two' }, given: givenLabels(kind, 'two', false) })).toBe(
      match,
    )
  })

  it.each<[Requirement['operator'], string, boolean, 'no' | 'maybe' | 'yes']>([
    ['StartsWith', 'tw', false, 'yes'],
    ['StartsWith', 'two-1', false, 'maybe'],
    ['StartsWith', 'three', false, 'no'],
    ['StartsWith', 'three', true, 'yes'],
    ['Contains', 'wo', false, 'yes'],
    ['Contains', 'wo', true, 'no'],
    ['Contains', '0', false, 'maybe'],
    ['EndsWith', '-0', false, 'maybe'],
  ])('pod-name %s %s, negated %s: %s', (operator, text, negated, match) => {
    const asked = { key: POD_NAME, operator, text, negated } as Requirement
    const given = givenLabels('apps/StatefulSet', 'two', false)
    expect(matchesPods([asked], { labels: {}, given })).toBe(match)
  })

  const read = (groupKind: string, written: string, asked: string): string =>
    matchesPods(selectorField(rootField(load(asked))), readPodTemplate(rootField(load(written)), groupKind))
  it.each<[string, string, string, string, 'no' | 'maybe' | 'yes']>([
    ['a name that is made up', 'batch/Job', '{metadata: {generateName: x-}}', is('job-name', 'y'), 'maybe'],
    [
      'a Job with a selector of its own',
      'batch/Job',
      '{metadata: {name: a}, spec: {manualSelector: true}}',
      is('job-name', 'a'),
      'no',
    ],
    [
      'and a CronJob',
      'batch/CronJob',
      '{metadata: {name: a}, spec: {jobTemplate: {spec: {manualSelector: true}}}}',
      asks('job-name', 'Exists'),
      'no',
    ],
    [
      'a ReplicaSet shows its hash',
      'apps/ReplicaSet',
      '{spec: {template: {metadata: {labels: {pod-template-hash: a}}}}}',
      is('pod-template-hash', 'b'),
      'no',
    ],
    [
      'a Deployment writes over it',
      'apps/Deployment',
      '{spec: {template: {metadata: {labels: {pod-template-hash: a}}}}}',
      is('pod-template-hash', 'b'),
      'maybe',
    ],
  ])('%s', (_, groupKind, written, asked, match) => {
    expect(read(groupKind, written, asked)).toBe(match)
  })
  it('Istio makes Deployments for Gateways', () => {
    const pods = readGatewayPods(rootField({ spec: {} }), 'gate', 'istio')
    const selector = selectorField(rootField(load(is('pod-template-hash', 'b'))))
    expect(pods === null ? null : matchesPods(selector, pods)).toBe('maybe')
  })
})

const pods = (labels: object): object => ({
  metadata: { labels },
  spec: { containers: [{ name: 'main', ports: [{ containerPort: 8080 }] }] },
})
const OBJECTS = [
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'a' } },
  {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 'two', namespace: 'a' },
    spec: { template: pods({ app: 'two' }) },
  },
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'a' },
    spec: { template: pods({ app: 'web' }) },
  },
]

/** The verdicts about 15008 from the Deployment to the StatefulSet, and the other way round. */
function verdicts(cni: ClusterConfig['cni'], written: string): readonly string[] {
  const [cluster] = DEFAULT_CONFIG.clusters
  if (cluster === undefined) throw new Error('no cluster')
  const { state, ...rest } = analyze(
    { ...cluster, cni },
    {},
    [...OBJECTS, load(written) as object].map((object, index) => manifestOf(object, `${String(index)}.json`)),
  )
  expect(state.policies).toHaveLength(1)
  const [web, two] = ['Deployment/a/web', 'StatefulSet/a/two']
  return [
    [web, two],
    [two, web],
  ].map(
    ([from = '', to = '']) => answer({ state, ...rest }, { from, to, port: 15008, protocol: 'TCP' }).verdict,
  )
}

describe('policies that ask for given labels', () => {
  const calico = 'apiVersion: projectcalico.org/v3\nkind: GlobalNetworkPolicy\nmetadata: {name: p}\nspec: '
  const kubernetes =
    'apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p, namespace: a}\nspec: '
  const cilium =
    'apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: p, namespace: a}\nspec: '
  const admin =
    'apiVersion: policy.networking.k8s.io/v1alpha1\nkind: AdminNetworkPolicy\nmetadata: {name: p}\nspec: '
  const rule = 'ingress: [{ports: [{port: 8080}]}]'
  const denied = 'ports: [{portNumber: {protocol: TCP, port: 15008}}]'
  const cases: [string, ClusterConfig['cni'], string, readonly [string, string]][] = [
    ...(['calico', 'cilium', 'kindnet', 'antrea', 'unknown'] as const).flatMap(
      (cni): [string, ClusterConfig['cni'], string, readonly [string, string]][] => [
        [
          'one replica',
          cni,
          `${kubernetes}{podSelector: {matchLabels: {app: two, ${POD_INDEX}: "0"}}, ${rule}}`,
          ['unknown', 'allowed'],
        ],
        [
          'by its name',
          cni,
          `${kubernetes}{podSelector: ${is(POD_NAME, 'two-0')}, ${rule}}`,
          ['unknown', 'allowed'],
        ],
        [
          'of another set',
          cni,
          `${kubernetes}{podSelector: ${is(POD_NAME, 'three-0')}, ${rule}}`,
          ['allowed', 'allowed'],
        ],
        [
          'all that have an index',
          cni,
          `${kubernetes}{podSelector: ${asks(POD_INDEX, 'Exists')}, ${rule}}`,
          ['unknown', 'allowed'],
        ],
        [
          'a peer',
          cni,
          `${kubernetes}{podSelector: {matchLabels: {app: web}}, ingress: [{from: [{podSelector: ${is(POD_INDEX, '0')}}]}]}`,
          ['allowed', 'unknown'],
        ],
        [
          'a peer of another set',
          cni,
          `${kubernetes}{podSelector: {matchLabels: {app: web}}, ingress: [{from: [{podSelector: ${is(POD_NAME, 'three-0')}}]}]}`,
          ['allowed', 'denied'],
        ],
      ],
    ),
    [
      'Cilium, a subject',
      'cilium',
      `${cilium}{endpointSelector: ${is(POD_INDEX, '0')}, ingress: [{toPorts: [{ports: [{port: "8080"}]}]}]}`,
      ['unknown', 'allowed'],
    ],
    [
      'Cilium, a peer that is denied',
      'cilium',
      `${cilium}{endpointSelector: {matchLabels: {app: web}}, ingress: [{fromEntities: [all]}], ingressDeny: [{fromEndpoints: [${is(POD_INDEX, '0')}]}]}`,
      ['allowed', 'unknown'],
    ],
    [
      'Calico, a subject',
      'calico',
      `${calico}{selector: "${POD_NAME} == 'two-0'", ingress: [{action: Deny}]}`,
      ['unknown', 'allowed'],
    ],
    [
      'Calico, of another set',
      'calico',
      `${calico}{selector: "${POD_NAME} starts with 'three-'", ingress: [{action: Deny}]}`,
      ['allowed', 'allowed'],
    ],
    [
      'Calico, a peer',
      'calico',
      `${calico}{selector: "app == 'web'", ingress: [{action: Deny, source: {selector: "${POD_NAME} == 'two-0'"}}, {action: Allow}]}`,
      ['allowed', 'unknown'],
    ],
    [
      'an AdminNetworkPolicy',
      'ovn-kubernetes',
      `${admin}{priority: 1, subject: {pods: {namespaceSelector: {}, podSelector: ${is(POD_INDEX, '0')}}}, ingress: [{action: Deny, from: [{namespaces: {}}], ${denied}}]}`,
      ['unknown', 'allowed'],
    ],
  ]
  it.each(cases)('%s, on %s', (_, cni, policy, expected) => {
    expect(verdicts(cni, policy)).toEqual(expected)
  })
})

describe('among more workloads than are looked at one by one', () => {
  const many = Array.from({ length: 250 }, (_, index) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `p${String(index)}`, namespace: 'a', labels: { app: 'p' } },
    spec: { containers: [] },
  }))
  it.each<[string, number, number]>([
    [is(POD_INDEX, '0'), 1, 1],
    [asks(POD_NAME, 'Exists'), 1, 0],
    [is(POD_NAME, 'three-0'), 0, 0],
    [asks(POD_INDEX, 'DoesNotExist'), 252, 1],
  ])('%s: %i, of which perhaps: %i', (written, matched, perhaps) => {
    const [cluster] = DEFAULT_CONFIG.clusters
    if (cluster === undefined) throw new Error('no cluster')
    const { population } = analyze(
      cluster,
      {},
      [...OBJECTS, ...many].map((object, index) => manifestOf(object, `${String(index)}.json`)),
    )
    const selector = selectorField(rootField(load(written)))
    const everywhere = firstIndexes(population.namespaces.length)
    expect(countOf(population.matching(selector, everywhere))).toBe(matched)
    expect(countOf(population.matchingPerhaps(selector, everywhere))).toBe(perhaps)
  })
})
