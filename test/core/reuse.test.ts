// A state that is gathered from another one, and an analysis that is made of another one, say what those from nothing
// say: of each case of both states, and of random clusters whose manifests change at random.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CONFIG_PATH, DEFAULT_CONFIG, readConfig } from '../../src/core/config.ts'
import type { ClusterConfig, Config } from '../../src/core/config.ts'
import { analyze, compare, explain } from '../../src/core/index.ts'
import type { Analysis } from '../../src/core/index.ts'
import type { Manifest } from '../../src/core/kubernetes/manifest.ts'
import { clusterNames, clustersOf, gather } from '../../src/manifests/load.ts'
import type { Gathered, LoadedCluster } from '../../src/manifests/load.ts'
import { findCases, stateOf } from '../cases/case.ts'
import { analyzeObjects } from '../twin/engine-product.ts'
import { engineClusters } from '../twin/engine-random.ts'
import { campaign, spread } from '../twin/campaign.ts'
import { configOf, manifestOf, manifestsOf } from '../twin/product.ts'
import { NAMESPACES, spec } from '../twin/random-policy.ts'
import { clusters } from '../twin/random.ts'
import { testWorkshop } from '../workshop.ts'

const CASES = join(import.meta.dirname, '../../fixtures/cases')
const NOTHING = {
  lines: new Map(),
  paths: new Set<string>(),
  moved: new Map(),
  namespaces: new Set<string>(),
}

/** Everything that is said of a state, and what governs each of its workloads. */
function said(analysis: Analysis, base: Analysis): unknown {
  const { engine, findings, problems, state } = analysis
  const compared = compare(base, analysis, NOTHING, [], '2026-01-01')
  return {
    findings,
    problems,
    state: { ...state, namespaces: [...state.namespaces], plainPolicies: plainPolicies(state) },
    explanations: findings.map((finding) => explain(finding, analysis)),
    compared,
    governing: state.workloads.map((workload) =>
      (['ingress', 'egress'] as const).map((direction) =>
        engine.governing(workload, direction).map(({ id }) => id),
      ),
    ),
  }
}

/** By namespace; their order within one says nothing. */
function plainPolicies({ plainPolicies: groups }: Analysis['state']): unknown {
  return [...groups.keys()].sort().map((name) => [name, new Set(groups.get(name))])
}

/** Equal, which is soon seen; where it is not, it takes as long as it takes to show what is not. */
function expectSame(one: unknown, other: unknown): void {
  if (!isDeepStrictEqual(one, other)) expect(one).toEqual(other)
}

/** Was the analysis made of the other one? */
function isMadeOf(analysis: Analysis, before: Analysis): boolean {
  return analysis.population === before.population
}

/** Was the later one made of the earlier one? What each says is compared. */
function check(
  config: ClusterConfig,
  rules: Config['rules'],
  [old, now]: readonly [LoadedCluster | readonly Manifest[], LoadedCluster | readonly Manifest[]],
  forwards: 'only' | 'and back',
): boolean {
  const [before, after] = [old, now].map((one) =>
    'manifests' in one ? one : { manifests: one, problems: [] },
  ) as [LoadedCluster, LoadedCluster]
  const [base, anew] = [before, after].map(({ manifests, problems }) =>
    analyze(config, rules, manifests, problems),
  ) as [Analysis, Analysis]
  const made = analyze(config, rules, after.manifests, after.problems, base)
  expectSame(said(made, base), said(anew, base))
  if (forwards === 'only') return isMadeOf(made, base)
  const back = analyze(config, rules, before.manifests, before.problems, anew)
  expectSame(said(back, anew), said(base, anew))
  return isMadeOf(made, base)
}

describe('an analysis made of another one', () => {
  const made: string[] = []
  const gathered: string[] = []
  // A few of all kinds of cases; `npm run test:long` takes all.
  const chosen = spread(findCases(CASES), 18)

  it.each(chosen)('says the same of %s, forwards and backwards', async (name) => {
    const folder = join(CASES, name)
    const file = ['base', 'both'].map((part) => join(folder, part, CONFIG_PATH)).find(existsSync)
    const {
      clusters: configured,
      rules,
      ignorePaths,
    } = file === undefined ? DEFAULT_CONFIG : readConfig(CONFIG_PATH, readFileSync(file, 'utf8')).config
    const workshop = testWorkshop()
    const options = { ignorePaths, assumed: [], clusters: configured, repositories: [] }
    const base = await gather(stateOf(folder, 'base'), options, workshop)
    const head = await gather(stateOf(folder, 'head'), options, workshop)
    const names = clusterNames([base, head])
    const again = await gather(stateOf(folder, 'head'), options, workshop, base)
    expect(clusterNames([base, again])).toEqual(names)
    const told = (state: Gathered): unknown => [
      state.holdings,
      clustersOf(state, names, configured).map((one) => ({
        ...one,
        grown: one.grown.map(({ part }) => part),
      })),
    ]
    expectSame(told(again), told(head))
    if (again.revises !== null) gathered.push(name)
    const heads = new Map(clustersOf(head, names, configured).map((one) => [one.config.name, one]))
    for (const before of clustersOf(base, names, configured)) {
      const after = heads.get(before.config.name)
      if (after === undefined) continue
      if (check(before.config, rules, [before, after], 'and back')) made.push(name)
    }
  })

  it('was made of the other one in many of them', () => {
    expect(new Set(made).size).toBeGreaterThan(chosen.length / 10)
    expect(gathered.length).toBeGreaterThan(chosen.length / 10)
  })
})

const { runs, seed, timeout } = campaign(30)

/** Something that a change does to a list of manifests, with numbers that are taken modulo what there is. */
const change = fc.oneof(
  fc.record({ kind: fc.constant('drop' as const), at: fc.nat() }),
  fc.record({ kind: fc.constant('respell' as const), at: fc.nat(), spec }),
  fc.record({ kind: fc.constant('add' as const), namespace: fc.constantFrom(...NAMESPACES), spec }),
  fc.record({ kind: fc.constant('again' as const), at: fc.nat(), spec }),
)
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never

function changed(manifests: readonly Manifest[], changes: readonly Change[]): readonly Manifest[] {
  return changes.reduce((all, one, index) => {
    const path = `${one.kind}-${String(index)}.json`
    if (one.kind === 'add') {
      const metadata = { name: `added-${String(index)}`, namespace: one.namespace }
      return [...all, policyOf(metadata, one.spec, path)]
    }
    const policies = all.filter(({ kind }) => kind === 'NetworkPolicy')
    const some = one.kind === 'drop' ? all : policies
    const chosen = some[one.at % Math.max(1, some.length)]
    if (chosen === undefined) return all
    if (one.kind === 'drop') return all.filter((manifest) => manifest !== chosen)
    const other = policyOf(chosen.object.metadata as object, one.spec, path)
    return one.kind === 'again'
      ? [...all, other]
      : all.map((manifest) => (manifest === chosen ? other : manifest))
  }, manifests)
}

function policyOf(metadata: object, fields: object, path: string): Manifest {
  return manifestOf(
    { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata, spec: fields },
    path,
  )
}

const AMBIENT = { 'istio.io/dataplane-mode': 'ambient' }
const enrolled = clusters(fc.constantFrom(AMBIENT, { ...AMBIENT, team: 'x' }, { team: 'y' }))

const BESIDES: readonly Manifest[] = [
  {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: { name: 'way', namespace: 'blue' },
    spec: {
      gatewayClassName: 'istio-waypoint',
      listeners: [{ name: 'mesh', port: 15008, protocol: 'HBONE' }],
    },
  },
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name: 'app',
      namespace: 'red',
      labels: { 'istio.io/use-waypoint': 'way', 'istio.io/use-waypoint-namespace': 'blue' },
    },
    spec: { selector: { app: 'a' }, ports: [{ port: 80, targetPort: 81 }] },
  },
  {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'probed', namespace: 'red', labels: { app: 'a' } },
    spec: {
      containers: [{ name: 'main', image: 'x', readinessProbe: { httpGet: { path: '/', port: 81 } } }],
    },
  },
].map((object) => manifestOf(object))

describe('whatever changes', () => {
  // What a WeakRef was made of stays until the turn ends, which of all runs together is too long.
  it('policies of Kubernetes: it says what one from nothing says', { timeout }, async () => {
    let made = 0
    await fc.assert(
      fc.asyncProperty(
        enrolled,
        fc.array(change, { minLength: 1, maxLength: 3 }),
        async (cluster, changes) => {
          await nextTurn()
          const before = [...manifestsOf(cluster), ...BESIDES]
          const after = changed(before, changes)
          if (check(configOf(cluster), {}, [before, after], 'and back')) made += 1
        },
      ),
      { seed, numRuns: runs, endOnFailure: true },
    )
    expect(made).toBeGreaterThan(runs / 4)
  })

  it('policies of every engine: it says what one from nothing says', { timeout }, async () => {
    let made = 0
    await fc.assert(
      fc.asyncProperty(
        engineClusters,
        fc.array(change, { minLength: 1, maxLength: 2 }),
        async (cluster, changes) => {
          await nextTurn()
          const { manifests, state } = analyzeObjects(cluster)
          const after = changed(manifests, changes)
          if (check(state.config, {}, [manifests, after], 'only')) made += 1
        },
      ),
      { seed, numRuns: Math.ceil(runs / 3), endOnFailure: true },
    )
    expect(made).toBeGreaterThan(0)
  })
})
