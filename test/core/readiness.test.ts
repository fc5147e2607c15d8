// What "ready" promises, for every cluster: labelling exactly the namespaces that are called ready, or any one of
// them, breaks nothing, whatever the others do.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { DEFAULT_CONFIG } from '../../src/core/config.ts'
import type { ClusterConfig } from '../../src/core/config.ts'
import { analyze, compare, readiness } from '../../src/core/index.ts'
import type { Analysis, NamespaceReadiness } from '../../src/core/index.ts'
import { standing } from '../../src/core/ambient/standing.ts'
import { campaign } from '../twin/campaign.ts'
import type { Cluster } from '../twin/cluster.ts'
import { configOf, manifestOf, manifestsOf } from '../twin/product.ts'
import { clusters } from '../twin/random.ts'

const { runs, seed, timeout } = campaign(30)
const CONFIG = DEFAULT_CONFIG.clusters[0] as ClusterConfig

/** Some namespaces are enrolled, most could be, one kind gets sidecars. */
const mixed = clusters(
  fc.constantFrom(
    { 'istio.io/dataplane-mode': 'ambient' },
    { team: 'x' },
    { team: 'y' },
    {},
    { 'istio-injection': 'enabled' },
  ),
)

it('namespaces that are called ready can be enrolled without the others', { timeout }, () => {
  let promised = 0
  fc.assert(
    fc.property(mixed, fc.nat(), (cluster, pick) => {
      const before = analyzed(cluster, [])
      const ready = ask(cluster, before, openIn(before)).flatMap(({ namespace, verdict }) =>
        verdict === 'ready' ? [namespace] : [],
      )
      promised += ready.length
      for (const labelled of [ready, ready.slice(pick % (ready.length + 1)).slice(0, 1)]) {
        const broken = ask(cluster, before, labelled).flatMap(({ namespace, findings }) =>
          findings.map(({ message }) => `${namespace}: ${message}`),
        )
        expect(broken).toEqual([])
      }
    }),
    { seed, numRuns: runs },
  )
  expect(promised).toBeGreaterThan(runs / 4)
})

it('many of those clusters have namespaces that are not ready, or the promise would cost nothing', () => {
  const sample = fc.sample(mixed, { seed: 1, numRuns: 20 })
  const poor = sample.filter((cluster) => {
    const before = analyzed(cluster, [])
    return ask(cluster, before, openIn(before)).some(({ verdict }) => verdict === 'not-ready')
  })
  expect(poor.length).toBeGreaterThan(sample.length / 10)
})

it('a namespace that is asked about and described by nobody may have labels that a rule asks for', () => {
  const object = (kind: string, metadata: object, spec?: object): object => ({
    apiVersion: kind === 'NetworkPolicy' ? 'networking.k8s.io/v1' : 'v1',
    kind,
    metadata,
    ...(spec === undefined ? {} : { spec }),
  })
  const notGrey = [{ key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: ['grey'] }]
  const objects = [
    object('Namespace', { name: 'red' }),
    object('Pod', { name: 'w0', namespace: 'red' }, { containers: [{ name: 'main', image: 'example' }] }),
    object('NetworkPolicy', { name: 'p0', namespace: 'grey' }, { podSelector: {}, ingress: [] }),
    object(
      'NetworkPolicy',
      { name: 'p1', namespace: 'red' },
      {
        podSelector: {},
        ingress: [
          { from: [{ namespaceSelector: { matchExpressions: notGrey } }] },
          { from: [{ namespaceSelector: { matchLabels: { team: 'x' } } }], ports: [{ port: 80 }] },
        ],
      },
    ),
  ]
  const judged = (enroll: readonly string[]): Analysis =>
    analyze(
      { ...CONFIG, enroll },
      {},
      objects.map((one) => manifestOf(one)),
    )
  const touched = {
    lines: new Map(),
    paths: new Set<string>(),
    moved: new Map(),
    namespaces: new Set(['red', 'grey']),
  }
  for (const enroll of [['red'], ['red', 'grey']]) {
    const [before, after] = [judged([]), judged(enroll)]
    const brought = compare(before, after, touched, [], '2026-11-23').findings
    const [red] = readiness([{ before, after, brought, namespaces: ['red'] }], new Set())
    expect(red).toMatchObject({
      verdict: 'not-ready',
      findings: [{ rule: 'hbone-ingress', certainty: 'possible' }],
    })
  }
})

/** `before`: the cluster as it stands, worked out once for all questions. */
function ask(cluster: Cluster, before: Analysis, enroll: readonly string[]): readonly NamespaceReadiness[] {
  const after = analyzed(cluster, enroll)
  const touched = {
    lines: new Map(),
    paths: new Set<string>(),
    moved: new Map(),
    namespaces: new Set(enroll),
  }
  const brought = compare(before, after, touched, [], '2026-11-23').findings
  return readiness([{ before, after, brought, namespaces: enroll }], new Set())
}

function analyzed(cluster: Cluster, enroll: readonly string[]): Analysis {
  return analyze({ ...configOf(cluster), enroll }, {}, manifestsOf(cluster))
}

function openIn({ state }: Analysis): readonly string[] {
  return [...state.namespaces.values()]
    .filter((namespace) => standing(namespace, state.config) === 'open')
    .map(({ name }) => name)
}
