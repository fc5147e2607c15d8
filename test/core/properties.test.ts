// What holds for every cluster: the order of the input does not matter, rules only add, policies only add where
// policies already are, and the same question has one answer.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { analyze, answer } from '../../src/core/index.ts'
import type { Analysis, Answer } from '../../src/core/index.ts'
import type { Manifest } from '../../src/core/kubernetes/manifest.ts'
import { campaign } from '../twin/campaign.ts'
import type { Cluster, NetworkPolicy, PolicyRule } from '../twin/cluster.ts'
import { analyzeCluster, configOf, manifestOf, manifestsOf } from '../twin/product.ts'
import { NAMESPACES, rules, spec } from '../twin/random-policy.ts'
import { ask, clusters, openQuestion } from '../twin/random.ts'
import type { OpenQuestion } from '../twin/random.ts'

const QUESTIONS = 20
const { runs, seed, timeout } = campaign(600)
const numRuns = Math.ceil(runs / QUESTIONS)
const questions = fc.array(openQuestion, { minLength: QUESTIONS, maxLength: QUESTIONS, size: 'max' })
const namespace = fc.constantFrom(...NAMESPACES)

/** Clusters in which some namespaces are enrolled, so that there are findings. */
const enrolled = clusters(
  fc.constantFrom(
    { 'istio.io/dataplane-mode': 'ambient' },
    { 'istio.io/dataplane-mode': 'ambient', team: 'x' },
    { team: 'y' },
  ),
)

/** What findings also hang on, and objects that are described twice. */
const BESIDES: readonly Manifest[] = [
  manifestOf({
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: { name: 'edge', namespace: 'blue' },
    spec: { gatewayClassName: 'istio', listeners: [{ name: 'http', port: 80, protocol: 'HTTP' }] },
  }),
  manifestOf({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'app', namespace: 'red' },
    spec: { selector: { app: 'a' }, ports: [{ port: 80, targetPort: 81 }] },
  }),
  ...['a.json', 'b.json'].map((path, index) =>
    manifestOf(
      {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'NetworkPolicy',
        metadata: { name: 'twice', namespace: 'grey' },
        spec: { podSelector: {}, ingress: index === 0 ? [{}] : [] },
      },
      path,
    ),
  ),
]

function answers(analysis: Analysis, cluster: Cluster, asked: readonly OpenQuestion[]): readonly Answer[] {
  return asked.map((open) => answer(analysis, ask(cluster, open)))
}

const RANK = { denied: 0, unknown: 1, allowed: 2 } as const

/** The questions that are answered more generously in the second cluster than in the first. */
function opened(before: Cluster, after: Cluster, asked: readonly OpenQuestion[]): readonly unknown[] {
  const [then, now] = [before, after].map((cluster) => answers(analyzeCluster(cluster), before, asked))
  return (now ?? []).flatMap((last, index) => {
    const first = then?.[index]
    return first === undefined || RANK[last.verdict] <= RANK[first.verdict] ? [] : [{ first, last }]
  })
}

function policy(name: string, space: string, fields: NetworkPolicy['spec']): NetworkPolicy {
  const metadata = { name, namespace: space }
  return { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata, spec: fields }
}

function adding(cluster: Cluster, ...more: readonly NetworkPolicy[]): Cluster {
  return { ...cluster, policies: [...cluster.policies, ...more] }
}

describe('for every cluster', () => {
  it('the order of the manifests does not matter, nor does asking again', { timeout }, () => {
    const keys = fc.array(fc.nat(1000), { minLength: 30, maxLength: 30, size: 'max' })
    fc.assert(
      fc.property(enrolled, questions, keys, (cluster, asked, order) => {
        const straight = [...manifestsOf(cluster), ...BESIDES]
        const shuffled = straight
          .map((manifest, index) => ({ manifest, key: order[index] ?? 0 }))
          .sort((a, b) => a.key - b.key)
          .map(({ manifest }) => manifest)
        const [first, again, other] = [straight, straight, shuffled].map((manifests) => {
          const analysis = analyze(configOf(cluster), {}, manifests)
          const { findings, problems } = analysis
          return { findings, problems, answers: answers(analysis, cluster, asked) }
        })
        expect(again).toEqual(first)
        expect(other).toEqual(first)
      }),
      { seed, numRuns },
    )
  })

  it('some of them have findings, or the order would matter to nobody', () => {
    const sample = fc.sample(enrolled, { seed: 1, numRuns: 30 })
    expect(sample.filter((cluster) => analyzeCluster(cluster).findings.length > 1).length).toBeGreaterThan(
      sample.length / 10,
    )
  })

  it('a rule only ever opens: nothing is less reachable with it than without', { timeout }, () => {
    const section = fc.constantFrom('ingress' as const, 'egress' as const)
    const rule = rules('from').filter((list) => list.length > 0)
    fc.assert(
      fc.property(clusters(), questions, section, rule, fc.nat(), (cluster, asked, way, more, pick) => {
        const chosen = cluster.policies[pick % Math.max(1, cluster.policies.length)]
        // Where policyTypes is missing, the first egress rule makes the policy speak of egress, and isolate.
        if (chosen === undefined || (way === 'egress' && (chosen.spec.policyTypes ?? []).length === 0)) return
        const added = more.map((one) => (way === 'ingress' ? one : asEgress(one)))
        const fields = { ...chosen.spec, [way]: [...(chosen.spec[way] ?? []), ...added] }
        const without = { ...cluster, policies: cluster.policies.filter((one) => one !== chosen) }
        const wider = adding(without, { ...chosen, spec: fields })
        expect(opened(wider, cluster, asked)).toEqual([])
      }),
      { seed, numRuns },
    )
  })

  it('a policy without rules opens nothing', { timeout }, () => {
    const types = fc.constantFrom(undefined, ['Ingress'], ['Egress'], ['Ingress', 'Egress'])
    fc.assert(
      fc.property(clusters(), questions, namespace, spec, types, (cluster, asked, space, given, wanted) => {
        const { podSelector = {} } = given
        const fields = { podSelector, ...(wanted === undefined ? {} : { policyTypes: wanted }) }
        expect(opened(cluster, adding(cluster, policy('new', space, fields)), asked)).toEqual([])
      }),
      { seed, numRuns },
    )
  })

  // "A policy never opens anything" is false: policies are a union, so a second one may admit whom the first does
  // not. It is true of pods that no other policy selects: those were open before.
  it('a policy for pods that no other policy selects opens nothing', { timeout }, () => {
    fc.assert(
      fc.property(clusters(), questions, namespace, spec, (cluster, asked, space, fields) => {
        // In this namespace the others select app=a, and the new one every other pod.
        const policies = cluster.policies.map((one) =>
          one.metadata.namespace === space
            ? { ...one, spec: { ...one.spec, podSelector: { matchLabels: { app: 'a' } } } }
            : one,
        )
        const before = { ...cluster, policies }
        const rest = { matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['a'] }] }
        const added = policy('new', space, { ...fields, podSelector: rest })
        expect(opened(before, adding(before, added), asked)).toEqual([])
      }),
      { seed, numRuns },
    )
  })

  it('a policy says nothing about pods of other namespaces', { timeout }, () => {
    fc.assert(
      fc.property(clusters(), questions, namespace, spec, (cluster, asked, space, fields) => {
        const elsewhere = asked.filter((open) => {
          const { from, to } = ask(cluster, open)
          return ![from, to].some((name) => name.includes(`/${space}/`))
        })
        const after = adding(cluster, policy('new', space, fields))
        expect(answers(analyzeCluster(after), cluster, elsewhere)).toEqual(
          answers(analyzeCluster(cluster), cluster, elsewhere),
        )
      }),
      { seed, numRuns },
    )
  })
})

describe('the exceptions that those sentences leave room for', () => {
  const template = { metadata: {}, spec: { containers: [{ name: 'main', image: 'example' }] } }
  const object = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'api', namespace: 'red' },
    spec: template.spec,
  }
  const cluster: Cluster = {
    namespaces: [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'red' } }],
    workloads: [{ kind: 'Pod', name: 'api', namespace: 'red', pod: template, object }],
    policies: [],
    network: { cni: 'unknown', ipFamilies: ['IPv4'], podCIDRs: null, nodeCIDRs: [] },
  }
  const verdict = (from: string, to: string, ...policies: readonly NetworkPolicy[]): string =>
    answer(analyzeCluster(adding(cluster, ...policies)), { from, to, port: 80, protocol: 'TCP' }).verdict

  it('a second policy opens what the first one closed', () => {
    const [closed, open] = [
      policy('closed', 'red', { podSelector: {} }),
      policy('open', 'red', { podSelector: {}, ingress: [{}] }),
    ]
    expect(verdict('203.0.113.7', 'Pod/red/api', closed)).toBe('denied')
    expect(verdict('203.0.113.7', 'Pod/red/api', closed, open)).toBe('allowed')
  })

  it('the first egress rule of a policy without policyTypes closes the rest of egress', () => {
    const narrow: PolicyRule = { to: [{ ipBlock: { cidr: '203.0.113.0/24' } }] }
    const without = policy('one', 'red', { podSelector: {}, egress: [] })
    const rule = policy('one', 'red', { podSelector: {}, egress: [narrow] })
    expect(verdict('Pod/red/api', '198.51.100.1', without)).toBe('allowed')
    expect(verdict('Pod/red/api', '198.51.100.1', rule)).toBe('denied')
  })
})

function asEgress({ from, ports }: PolicyRule): PolicyRule {
  return { ...(from === undefined ? {} : { to: from }), ...(ports === undefined ? {} : { ports }) }
}
