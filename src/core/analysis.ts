// One state of one cluster, thought through: who is enrolled, who reaches whom, what is wrong with it.
import type { ClusterConfig, RuleId, Severity } from './config.ts'
import { viewMesh } from './ambient/mesh.ts'
import type { MeshView } from './ambient/mesh.ts'
import type { Finding } from './findings/finding.ts'
import { byFinding, bySeverity } from './findings/finding.ts'
import { STATE_RULES } from './findings/rules/index.ts'
import { placeOf } from './kubernetes/manifest.ts'
import type { Manifest } from './kubernetes/manifest.ts'
import { buildState } from './kubernetes/state.ts'
import type { ClusterState } from './kubernetes/state.ts'
import type { Engine } from './policy/engine.ts'
import { networkPolicyEngine } from './policy/engines/network-policy.ts'
import { findPeers } from './policy/mesh-peers.ts'
import type { PeerFinder } from './policy/mesh-peers.ts'
import { byPlace } from './source/problem.ts'
import type { Problem } from './source/problem.ts'

/** Severities that the configuration sets; a rule that it does not name keeps its own. */
export type RuleSettings = Readonly<Partial<Record<RuleId, Severity | 'off'>>>

/** What the rules look at. */
export interface World {
  readonly state: ClusterState
  readonly mesh: MeshView
  readonly engine: Engine
  readonly senders: PeerFinder
  readonly receivers: PeerFinder
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
  const world: World = {
    state,
    mesh,
    engine: networkPolicyEngine(state),
    senders: findPeers(state, mesh, 'sends'),
    receivers: findPeers(state, mesh, 'receives'),
  }
  const findings = STATE_RULES.filter(({ id }) => rules[id] !== 'off').flatMap(({ check }) => check(world))
  return {
    ...world,
    rules,
    findings: findings.map((finding) => withSeverity(finding, rules)).sort(byFinding),
    problems: [...given, ...state.problems, ...undescribedNamespaces(world)].sort(byPlace),
  }
}

/** The configured severity is a rule's highest: it lowers or raises errors, and never raises a doubt. */
export function withSeverity(finding: Finding, rules: RuleSettings): Finding {
  const configured = rules[finding.rule]
  if (configured === undefined || configured === 'off') return finding
  if (finding.lowered && bySeverity(configured, finding.severity) < 0) return finding
  return { ...finding, severity: configured }
}

/** Enrolment in a namespace that nothing describes is unknown: one problem for each, no findings. */
function undescribedNamespaces({ state, mesh }: World): readonly Problem[] {
  const problems: Problem[] = []
  for (const namespace of state.namespaces.values()) {
    if (namespace.known || state.config.mesh.excludeNamespaces.includes(namespace.name)) continue
    const unknown = mesh.members.filter(
      ({ workload, enrollment }) => workload.namespace === namespace && enrollment.state === 'unknown',
    )
    const policies = state.policies.filter((policy) => policy.namespace === namespace)
    const inside = state.workloads.some((workload) => workload.namespace === namespace)
    const first = [...unknown.map(({ workload }) => workload), ...(inside ? [] : policies)]
      .map(({ origin }) => placeOf(origin, ['metadata']))
      .sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : a.line - b.line))[0]
    if (first === undefined) continue
    problems.push({
      ...first,
      code: 'namespace-not-described',
      class: 'unseen',
      message: `Nothing in the tree describes the namespace ${namespace.name}, so whether its workloads are enrolled in Ambient is not known.`,
      remedy: `Add its manifest, or state its labels under clusters.${state.config.name}.assume.namespaces.${namespace.name} in .github/ambient-guard.yml.`,
      hides: { namespaces: [namespace.name] },
    })
  }
  return problems
}
