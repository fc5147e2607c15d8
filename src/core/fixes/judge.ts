// Is a plan proved? Both states are analysed; this compares them, and believes nothing the plan says.
import type { Analysis } from '../analysis.ts'
import { bySeverity } from '../findings/finding.ts'
import type { ComparedFinding, Comparison } from '../findings/compare.ts'
import { NO_ADDRESSES } from '../kubernetes/address-set.ts'
import type { AddressSet } from '../kubernetes/address-set.ts'
import { EVERYTHING, NAMESPACE_NAME_LABEL, implies } from '../kubernetes/labels.ts'
import type { Selector } from '../kubernetes/labels.ts'
import { DIRECTIONS } from '../kubernetes/kinds/policy.ts'
import type { Direction, PolicyPeer, PolicyRule, Subject } from '../kubernetes/kinds/policy.ts'
import { NO_PORTS, hasPort, noPorts, subtractPorts, unionPorts } from '../kubernetes/port-set.ts'
import type { PortSet } from '../kubernetes/port-set.ts'
import type { ClusterState, NetworkPolicy, Workload } from '../kubernetes/state.ts'
import { ruleMatches } from '../policy/rule-matches.ts'
import type { Peer } from '../policy/peer.ts'
import { grouped } from '../source/grouped.ts'
import type { Problem } from '../source/problem.ts'
import type { Opening } from './need.ts'
import type { Plan } from './plan.ts'

export type Verdict = { readonly proved: true } | { readonly proved: false; readonly reason: string }

/** One cluster before and after the plans' edits, each compared with the same base. */
export interface Trial {
  readonly before: Analysis
  readonly after: Analysis
  readonly compared: { readonly before: Comparison; readonly after: Comparison }
}

/** Judges plans that were applied together, on every cluster of the tree. */
export function judge(plans: readonly Plan[], trials: readonly Trial[]): Verdict {
  for (const trial of trials) {
    const own = plans.filter(({ cluster }) => cluster === trial.before.state.config.name)
    const reason = objection(own, trial)
    if (reason === null) continue
    // Where a text is shared, the reader wants to know who else reads it.
    const where = trials.length === 1 ? '' : `, in the cluster ${trial.before.state.config.name}`
    return { proved: false, reason: `${reason}${where}` }
  }
  return { proved: true }
}

function objection(plans: readonly Plan[], { before, after, compared }: Trial): string | null {
  const old = new Map(compared.before.findings.map((finding) => [finding.fingerprint, finding]))
  const now = compared.after.findings.filter(({ change }) => change !== 'resolved')
  const left = plans
    .flatMap(({ settles }) => settles)
    .find((id) => now.some((finding) => finding.fingerprint === id && !isRest(old.get(id), finding)))
  if (left !== undefined) return `the finding ${left} would remain`
  for (const finding of now) {
    const was = old.get(finding.fingerprint)
    if (finding.severity === 'note' || finding.change === 'resolved' || isRest(was, finding)) continue
    const worse =
      was === undefined ||
      was.change === 'resolved' ||
      bySeverity(finding.severity, was.severity) < 0 ||
      finding.peers.some((peer) => !was.peers.includes(peer))
    if (worse) return `it would bring ${finding.rule} on ${finding.workload.id}`
  }
  const problem = newProblem(before, after)
  if (problem !== undefined) return `it would bring a problem: ${problem.message}`
  const [was, is] = [idsOf(before.state), idsOf(after.state)]
  const lost = [...was].find((id) => !is.has(id))
  if (lost !== undefined) return `${lost} would be lost`
  const policies = new Set(after.state.policies.map(({ id }) => id))
  const added = [...is].find((id) => !was.has(id) && !policies.has(id))
  if (added !== undefined) return `it would add ${added}`
  return (
    isolatesMore(before.state, after.state) ??
    unlisted(plans, before, after) ??
    stillShut(plans, compared.before.findings, after)
  )
}

/** What an error hid in which others were lost for sure: it is less severe, and speaks of none of them. */
function isRest(was: ComparedFinding | undefined, is: ComparedFinding): boolean {
  return (
    was !== undefined &&
    was.change !== 'resolved' &&
    bySeverity(is.severity, was.severity) > 0 &&
    !is.peers.some((peer) => was.peers.includes(peer))
  )
}

/** What a plan lists must be open where the findings are that it is made for, as far as anybody can tell. */
function stillShut(
  plans: readonly Plan[],
  findings: readonly ComparedFinding[],
  after: Analysis,
): string | null {
  const workloads = new Map(after.state.workloads.map((workload) => [workload.id, workload]))
  for (const { opens, settles } of plans) {
    for (const {
      direction,
      fingerprint,
      port,
      protocol,
      workload: { id },
    } of findings) {
      const workload = workloads.get(id)
      if (workload === undefined || !settles.includes(fingerprint)) continue
      const isOpen = (peer: Peer): boolean =>
        hasPort(after.engine.allows(workload, peer, direction).perhaps, protocol, port)
      for (const policy of after.engine.governing(workload, direction)) {
        const own = opens.filter(
          (opening) =>
            opening.policyId === policy.id &&
            opening.direction === direction &&
            hasPort(opening.ports, protocol, port),
        )
        const all = own.flatMap(({ peers }) => peers ?? [EVERY_POD])
        const shut = all.some((peer) => {
          const meant = standingFor(peer, policy, after)
          return meant.length > 0 && !meant.some(isOpen)
        })
        if (shut) return `what it opens on ${id} is denied all the same`
      }
    }
  }
  return null
}

/** Those whom a peer of a policy speaks of for sure: addresses, or pods in namespaces that the tree describes or not. */
function standingFor(peer: PolicyPeer, policy: NetworkPolicy, { state }: Analysis): readonly Peer[] {
  if (peer.kind === 'block') return [{ kind: 'addresses', addresses: peer.addresses, pods: false }]
  if (peer.kind !== 'pods') return []
  const { pods, namespaces } = peer
  const all: readonly Peer[] = [
    ...[...state.namespaces.values()].map((namespace): Peer => ({ kind: 'pods', pods, namespace })),
    { kind: 'elsewhere', pods, namespaces: namespaces ?? EVERYTHING },
  ]
  const rule = openingRule([peer])
  return all.filter((one) => ruleMatches(rule, policy, one, state.network) === 'yes')
}

const EVERY_POD: PolicyPeer = { kind: 'pods', pods: EVERYTHING, namespaces: EVERYTHING }

/** What an opening says, as a rule. */
function openingRule(peers: Opening['peers']): PolicyRule {
  return { index: -1, route: [], action: 'allow', peers, ports: null, doubt: null }
}

/** The same words may be said of several places: each of them counts. */
function newProblem(before: Analysis, after: Analysis): Problem | undefined {
  const keyOf = ({ code, message }: Problem): string => JSON.stringify([code, message])
  const left = new Map<string, number>()
  for (const problem of before.problems) left.set(keyOf(problem), (left.get(keyOf(problem)) ?? 0) + 1)
  return after.problems.find((problem) => {
    const count = left.get(keyOf(problem)) ?? 0
    left.set(keyOf(problem), count - 1)
    return count === 0
  })
}

/** Everything that makes a difference to who reaches whom. */
function idsOf(state: ClusterState): ReadonlySet<string> {
  const { workloads, policies, serviceEntries, authorizations, carriers } = state
  return new Set([
    ...[...state.namespaces.keys()].map((name) => `Namespace/${name}`),
    ...[workloads, policies, serviceEntries, authorizations, carriers].flatMap((named) =>
      named.map(({ id }) => id),
    ),
  ])
}

/** What newly isolates may select only pods that a policy isolates already, those that the tree does not show included. */
function isolatesMore(before: ClusterState, after: ClusterState): string | null {
  const keyOf = ({ id, spec }: NetworkPolicy): string => JSON.stringify([id, spec.subjects])
  for (const direction of DIRECTIONS) {
    // A member more of one object is a policy more.
    const known = new Set(before.policies.filter((policy) => isolatesIn(policy, direction)).map(keyOf))
    for (const policy of after.policies) {
      if (!isolatesIn(policy, direction) || known.has(keyOf(policy))) continue
      const isolated = policy.spec.subjects.every((subject) =>
        before.policies.some(
          (other) =>
            isolatesIn(other, direction) &&
            other.spec.subjects.some((wide) => holds(wide, other, subject, policy)),
        ),
      )
      if (!isolated) return `${policy.id} would isolate pods that nothing isolates now`
    }
  }
  return null
}

function isolatesIn({ spec }: NetworkPolicy, direction: Direction): boolean {
  return spec[direction] !== null && spec.isolates[direction]
}

/** Are all pods of a subject among those of a wider one? */
function holds(wide: Subject, of: NetworkPolicy, subject: Subject, policy: NetworkPolicy): boolean {
  if (!implies(subject.pods, wide.pods)) return false
  if (wide.namespaces === null)
    return subject.namespaces === null && of.namespace.name === policy.namespace.name
  const own: Selector = [{ key: NAMESPACE_NAME_LABEL, operator: 'In', values: [policy.namespace.name] }]
  return implies(subject.namespaces ?? own, wide.namespaces)
}

/** What is newly open must be listed, and nothing may close. */
function unlisted(plans: readonly Plan[], before: Analysis, after: Analysis): string | null {
  const openings = grouped(
    plans.flatMap(({ opens }) => opens),
    ({ policyId }) => policyId,
  )
  const later = new Map(after.state.workloads.map((workload) => [workload.id, workload]))
  for (const workload of before.state.workloads) {
    const same = later.get(workload.id)
    if (same === undefined) return `${workload.id} would be lost`
    for (const direction of DIRECTIONS) {
      if (sameRules(before, workload, after, same, direction)) continue
      for (const peer of everyPeer(before, after, workload, same, direction)) {
        const was = before.engine.allows(workload, peer, direction).perhaps
        const is = after.engine.allows(same, peer, direction).perhaps
        if (!noPorts(subtractPorts(was, is))) return `it would close something on ${workload.id}`
        const extra = subtractPorts(
          subtractPorts(is, was),
          listed(openings, before, workload, peer, direction),
        )
        if (!noPorts(extra)) return `it would open more on ${workload.id} than it lists`
      }
    }
  }
  return null
}

function sameRules(
  before: Analysis,
  workload: Workload,
  after: Analysis,
  same: Workload,
  direction: Direction,
): boolean {
  const rulesOf = (analysis: Analysis, subject: Workload): string =>
    JSON.stringify(
      analysis.engine
        .governing(subject, direction)
        .map(({ id, spec }) => [id, spec.isolates[direction], spec[direction]]),
      (_key, value: unknown) => (typeof value === 'bigint' ? value.toString() : value),
    )
  return rulesOf(before, workload) === rulesOf(after, same)
}

function listed(
  openings: ReadonlyMap<string, readonly Opening[]>,
  before: Analysis,
  workload: Workload,
  peer: Peer,
  direction: Direction,
): PortSet {
  return before.engine.governing(workload, direction).reduce((sum, policy) => {
    const own = (openings.get(policy.id) ?? []).filter(
      (opening) => opening.direction === direction && (opening.workloads?.includes(workload.id) ?? true),
    )
    return own.reduce((ports, opening) => {
      const rule = openingRule(opening.peers)
      return ruleMatches(rule, policy, peer, before.state.network) === 'no'
        ? ports
        : unionPorts(ports, opening.ports)
    }, sum)
  }, NO_PORTS)
}

/** One peer of every sort that any rule could tell apart: workloads, unseen pods, stretches of addresses. */
function everyPeer(
  before: Analysis,
  after: Analysis,
  was: Workload,
  is: Workload,
  direction: Direction,
): readonly Peer[] {
  const { state } = before
  const rules = [
    ...before.engine.governing(was, direction),
    ...after.engine.governing(is, direction),
  ].flatMap(({ spec }) => spec[direction] ?? [])
  const blocks = rules
    .flatMap(({ peers }) => peers ?? [])
    .flatMap((peer) => (peer.kind === 'block' ? [peer.addresses] : []))
  const selectors = rules
    .flatMap(({ peers }) => peers ?? [])
    .flatMap((peer) => (peer.kind === 'pods' ? [peer] : []))
  const sorts = [...grouped(selectors, (peer) => JSON.stringify([peer.pods, peer.namespaces])).values()]
  return [
    ...state.workloads.map((workload): Peer => ({ kind: 'workload', workload })),
    ...[...state.namespaces.values()].map((namespace): Peer => ({
      kind: 'pods',
      pods: EVERYTHING,
      namespace,
    })),
    ...sorts
      .flatMap(([one]) => one ?? [])
      .map(({ pods, namespaces }): Peer =>
        namespaces === null
          ? { kind: 'pods', pods, namespace: was.namespace }
          : { kind: 'elsewhere', pods, namespaces },
      ),
    { kind: 'elsewhere', pods: EVERYTHING, namespaces: EVERYTHING },
    ...stretches(blocks).map((addresses): Peer => ({ kind: 'addresses', addresses, pods: false })),
  ]
}

/** Cuts all addresses at every edge of the blocks: inside a stretch no block tells two addresses apart. */
function stretches(blocks: readonly AddressSet[]): readonly AddressSet[] {
  const v4 = [...new Set([0, 2 ** 32, ...blocks.flatMap(({ IPv4 }) => IPv4.flat())])].sort((a, b) => a - b)
  const v6 = [...new Set([0n, 1n << 128n, ...blocks.flatMap(({ IPv6 }) => IPv6.flat())])].sort((a, b) =>
    a < b ? -1 : a > b ? 1 : 0,
  )
  return [
    ...v4
      .slice(1)
      .map((high, index): AddressSet => ({ ...NO_ADDRESSES, IPv4: [[v4[index] as number, high]] })),
    ...v6
      .slice(1)
      .map((high, index): AddressSet => ({ ...NO_ADDRESSES, IPv6: [[v6[index] as bigint, high]] })),
  ]
}
