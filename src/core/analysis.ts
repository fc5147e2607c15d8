// One state of one cluster, thought through: who is enrolled, who reaches whom, what is wrong with it.
import type { ClusterConfig, RuleId, Severity } from './config.ts'
import { viewMesh } from './ambient/mesh.ts'
import { viewWaypoints } from './ambient/waypoints.ts'
import type { WaypointView } from './ambient/waypoints.ts'
import type { MeshView } from './ambient/mesh.ts'
import type { Finding } from './findings/finding.ts'
import { byFinding, bySeverity } from './findings/finding.ts'
import { STATE_RULES } from './findings/rules/index.ts'
import { bearsOnMesh, unseenProblems, withWhatItHides } from './findings/unseen.ts'
import type { Manifest } from './kubernetes/manifest.ts'
import { buildState } from './kubernetes/state.ts'
import type { ClusterState } from './kubernetes/state.ts'
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
  readonly engine: Engine
  readonly senders: PeerFinder
  readonly receivers: PeerFinder
  readonly clients: ClientCut
  /** What the ports of an egress rule come to for each known destination. */
  readonly meanings: (rule: PolicyRule) => readonly Meaning[]
  /** The workloads to which some traffic of ambient pods goes, or may go, through a waypoint. */
  readonly detoured: IndexSet
}

export interface Analysis extends World {
  readonly rules: RuleSettings
  /** Findings of the rules that judge a state, in order; those that judge a change come from `compare`. */
  readonly findings: readonly Finding[]
  readonly problems: readonly Problem[]
}

/**
 * Works out one state of one cluster from its manifests, whose order does not matter. `given` are problems
 * met on the way to them; they count as problems of this state.
 */
export function analyze(
  config: ClusterConfig,
  rules: RuleSettings,
  manifests: readonly Manifest[],
  given: readonly Problem[] = [],
): Analysis {
  const state = buildState(config, manifests)
  const mesh = viewMesh(state)
  const waypoints = viewWaypoints(state)
  const population = populate(state)
  const world: World = {
    state,
    mesh,
    waypoints,
    population,
    engine: policyEngine(state, population),
    senders: findPeers(state, population, mesh, 'sends'),
    receivers: findPeers(state, population, mesh, 'receives'),
    clients: clientCut(population, mesh),
    meanings: meanings(population),
    detoured: fromRising(
      population.workloads.flatMap((workload, index) =>
        waypoints.ways(workload, 'ambient').direct === 'yes' ? [] : [index],
      ),
    ),
  }
  const findings = STATE_RULES.filter(({ id }) => rules[id] !== 'off').flatMap(({ check }) => check(world))
  return {
    ...world,
    rules,
    findings: findings.map((finding) => withSeverity(finding, rules)).sort(byFinding),
    problems: [
      ...given.map((problem) => withWhatItHides(world, problem)),
      ...state.problems.filter((problem) => bearsOnMesh(world, problem)),
      ...unseenProblems(world),
    ].sort(byPlace),
  }
}

/** The configured severity is a rule's highest: it lowers or raises errors, and never raises a doubt. */
export function withSeverity(finding: Finding, rules: RuleSettings): Finding {
  const configured = rules[finding.rule]
  if (configured === undefined || configured === 'off') return finding
  if (finding.lowered && bySeverity(configured, finding.severity) < 0) return finding
  return { ...finding, severity: configured }
}
