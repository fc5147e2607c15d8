// One state of one cluster, thought through: who is enrolled, who reaches whom, what is wrong with it.
import type { ClusterConfig, RuleId, Severity } from './config.ts'
import { viewMesh } from './ambient/mesh.ts'
import { viewWaypoints } from './ambient/waypoints.ts'
import type { WaypointView } from './ambient/waypoints.ts'
import type { MeshView } from './ambient/mesh.ts'
import type { Finding } from './findings/finding.ts'
import { byFinding, bySeverity } from './findings/finding.ts'
import { STATE_RULES } from './findings/rules/index.ts'
import type { StateRule } from './findings/rule.ts'
import { bearsOnMesh, unseenAtLarge, unseenIn, withWhatItHides } from './findings/unseen.ts'
import type { UnseenIn } from './findings/unseen.ts'
import { amendState } from './kubernetes/amend-state.ts'
import type { Manifest } from './kubernetes/manifest.ts'
import { isEqual } from './kubernetes/origin.ts'
import { buildState } from './kubernetes/state.ts'
import type { ClusterState, Workload } from './kubernetes/state.ts'
import type { PolicyRule } from './kubernetes/kinds/policy.ts'
import type { Engine } from './policy/engine.ts'
import { clientCut } from './policy/clients.ts'
import type { ClientCut } from './policy/clients.ts'
import { fromRising } from './policy/index-set.ts'
import type { IndexSet } from './policy/index-set.ts'
import { findPeers } from './policy/mesh-peers.ts'
import type { PeerFinder } from './policy/mesh-peers.ts'
import { meanings } from './policy/port-names.ts'
import type { Meaning } from './policy/port-names.ts'
import { populate } from './policy/population.ts'
import type { Population } from './policy/population.ts'
import { policyEngine } from './policy/policy-engine.ts'
import { waypointPods } from './policy/waypoint-pods.ts'
import type { WaypointPods } from './policy/waypoint-pods.ts'
import { amendIndex, indexPolicies } from './policy/policy-index.ts'
import type { PolicyIndex } from './policy/policy-index.ts'
import { byPlace } from './source/problem.ts'
import type { Problem } from './source/problem.ts'

/** Severities that the configuration sets; a rule that it does not name keeps its own. */
export type RuleSettings = Readonly<Partial<Record<RuleId, Severity | 'off'>>>

/** What the rules look at. */
export interface World {
  readonly state: ClusterState
  readonly mesh: MeshView
  readonly waypoints: WaypointView
  readonly population: Population
  readonly index: PolicyIndex
  readonly engine: Engine
  readonly senders: PeerFinder
  readonly receivers: PeerFinder
  readonly clients: ClientCut
  readonly waypointPods: WaypointPods
  /** What the ports of an egress rule come to for each known destination. */
  readonly meanings: (rule: PolicyRule) => readonly Meaning[]
  /** The workloads to which some traffic of ambient pods goes, or may go, through a waypoint. */
  readonly detoured: IndexSet
}

export interface Analysis extends World {
  readonly rules: RuleSettings
  /** What it was made of. */
  readonly manifests: readonly Manifest[]
  /** Findings of the rules that judge a state, in order; those that judge a change come from `compare`. */
  readonly findings: readonly Finding[]
  readonly unseen: UnseenIn
  readonly problems: readonly Problem[]
}

/**
 * Works out one state of one cluster from its manifests, whose order does not matter. `given` are problems
 * met on the way to them; they count as problems of this state. Where `before` differs in policies of a few namespaces
 * alone, what these cannot touch is taken from it: the answer is the same.
 */
export function analyze(
  config: ClusterConfig,
  rules: RuleSettings,
  manifests: readonly Manifest[],
  given: readonly Problem[] = [],
  before: Analysis | null = null,
): Analysis {
  const { world, findings, unseen } =
    (before === null ? null : thinkOn(before, config, rules, manifests)) ??
    thinkAnew(config, rules, manifests)
  return {
    ...world,
    rules,
    manifests,
    findings,
    unseen,
    problems: [
      ...given.map((problem) => withWhatItHides(world, problem)),
      ...world.state.problems
        .filter((problem) => bearsOnMesh(world, problem))
        .map((problem) => withWhatItHides(world, problem)),
      ...[...unseen.values()].flat(),
      ...unseenAtLarge(world),
    ].sort(byPlace),
  }
}

/** What does not hang on what was met on the way to the manifests. */
interface Thought {
  readonly world: World
  readonly findings: readonly Finding[]
  readonly unseen: UnseenIn
}

function thinkAnew(config: ClusterConfig, rules: RuleSettings, manifests: readonly Manifest[]): Thought {
  const state = buildState(config, manifests)
  const mesh = viewMesh(state)
  const waypoints = viewWaypoints(state)
  const population = populate(state)
  const index = indexPolicies(state)
  const world: World = {
    state,
    mesh,
    waypoints,
    population,
    index,
    engine: policyEngine(state, population, index),
    senders: findPeers(state, population, mesh, 'sends'),
    receivers: findPeers(state, population, mesh, 'receives'),
    clients: clientCut(population, mesh),
    waypointPods: waypointPods(state, population, waypoints),
    meanings: meanings(population),
    detoured: fromRising(
      population.workloads.flatMap((workload, at) =>
        waypoints.ways(workload, 'ambient').direct === 'yes' ? [] : [at],
      ),
    ),
  }
  const findings = activeRules(rules).flatMap(({ check }) => check(world))
  return { world, findings: inOrder(findings, rules), unseen: unseenIn(world) }
}

/**
 * The same, where only policies of some namespaces differ from `before`; null where more does. Who is in the mesh, who
 * sends through what, and whom a selector means are then as they were. A policy of a namespace governs the pods of that
 * namespace alone: for all others its engine comes to the same. What a rule says of a workload hangs on the policies
 * that govern it, as far as the rule says so (`hangsOn`); all other rules judge anew.
 */
function thinkOn(
  before: Analysis,
  config: ClusterConfig,
  rules: RuleSettings,
  manifests: readonly Manifest[],
): Thought | null {
  if (!isEqual(before.state.config, config) || !isEqual(before.rules, rules)) return null
  const amended = amendState(before.state, before.manifests, manifests, before.index.byNamespace.get)
  if (amended === null) return null
  const { state, policies } = amended
  if (policies.size === 0) return { world: before, findings: before.findings, unseen: before.unseen }
  const index = amendIndex(before.index, policies)
  const { mesh, waypoints, population, senders, receivers, clients, meanings: meant, detoured } = before
  const engine = policyEngine(state, population, index)
  const world: World = {
    ...{ state, mesh, waypoints, population, index, engine },
    ...{ senders, receivers, clients, meanings: meant, detoured },
    waypointPods: before.waypointPods,
  }
  const isAmended = ({ namespace }: Pick<Workload, 'namespace'>): boolean => policies.has(namespace.name)
  const members = mesh.members.filter(({ workload }) => isAmended(workload))
  const there: World = { ...world, mesh: { ...mesh, members } }
  const findings = activeRules(rules).flatMap(({ id, hangsOn, check }) => {
    if (hangsOn === 'any') return check(world)
    const known = before.findings.filter(({ rule }) => rule === id)
    return hangsOn === 'none'
      ? known
      : [...known.filter(({ workload }) => !isAmended(workload)), ...check(there)]
  })
  return {
    world,
    findings: inOrder(findings, rules),
    unseen: unseenIn(world, new Set(policies.keys()), before.unseen),
  }
}

function activeRules(rules: RuleSettings): readonly StateRule[] {
  return STATE_RULES.filter(({ id }) => rules[id] !== 'off')
}

function inOrder(findings: readonly Finding[], rules: RuleSettings): readonly Finding[] {
  return findings.map((finding) => withSeverity(finding, rules)).sort(byFinding)
}

/** The configured severity is a rule's highest: it lowers or raises errors, and never raises a doubt. */
export function withSeverity(finding: Finding, rules: RuleSettings): Finding {
  const configured = rules[finding.rule]
  if (configured === undefined || configured === 'off') return finding
  if (finding.lowered && bySeverity(configured, finding.severity) < 0) return finding
  return { ...finding, severity: configured }
}
