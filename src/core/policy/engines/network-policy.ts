// NetworkPolicy (networking.k8s.io/v1): policies that select a pod are a union of allows, and isolate it
// from everything they do not admit. Semantics: the API reference of NetworkPolicySpec.
import { intersect, subtract, union } from '../../kubernetes/interval-set.ts'
import { matches } from '../../kubernetes/labels.ts'
import type { Match } from '../../kubernetes/labels.ts'
import { ALL_PORTS, NO_PORTS, hasPort, noPorts, unionPorts } from '../../kubernetes/port-set.ts'
import type { Direction, PolicyRule } from '../../kubernetes/kinds/network-policy.ts'
import type { NetworkPolicy, Workload } from '../../kubernetes/state.ts'
import { grouped } from '../../source/grouped.ts'
import type { Engine, EngineFactory, RuleHit, Split } from '../engine.ts'
import { NOBODY, fromRising } from '../index-set.ts'
import type { IndexSet } from '../index-set.ts'
import type { Peer } from '../peer.ts'
import { NO_PEERS } from '../peer-set.ts'
import type { PeerSet, UnseenPods } from '../peer-set.ts'
import { remembered } from '../population.ts'
import type { Matched } from '../population.ts'
import { ruleMatches, rulePorts } from './rule-matches.ts'
import { ruleSets } from './rule-sets.ts'
import type { AdmittingRule } from './rule-sets.ts'

export const networkPolicyEngine: EngineFactory = ({ network, policies }, population) => {
  const byNamespace = grouped(policies, ({ namespace }) => namespace.name)
  const selected = {
    ingress: new Map<Workload, readonly NetworkPolicy[]>(),
    egress: new Map<Workload, readonly NetworkPolicy[]>(),
  }
  const lists = new Map<string, readonly NetworkPolicy[]>()

  const isolating: Engine['isolating'] = (workload, direction) => {
    const before = selected[direction].get(workload)
    if (before !== undefined) return before
    // Policies do not govern pods on the host network (docs: "hostNetwork pods", undefined by the API).
    const own = workload.pods.hostNetwork
      ? []
      : (byNamespace.get(workload.namespace.name) ?? []).filter(
          ({ spec }) => spec[direction] !== null && matches(spec.selector, workload.pods.labels),
        )
    const key = JSON.stringify(own.map(({ id }) => id))
    const found = lists.get(key) ?? own
    lists.set(key, found)
    selected[direction].set(workload, found)
    return found
  }

  const allows: Engine['allows'] = (workload, peer, direction) => {
    const isolatedBy = isolating(workload, direction)
    if (isolatedBy.length === 0) return { isolatedBy, sure: ALL_PORTS, perhaps: ALL_PORTS, hits: [] }
    const target = direction === 'ingress' ? workload : peer.kind === 'workload' ? peer.workload : null
    const hits = isolatedBy.flatMap((policy) =>
      (policy.spec[direction] ?? []).flatMap((rule): RuleHit[] => {
        const match = ruleMatches(rule, policy, peer, network)
        if (match === 'no') return []
        const ports = rulePorts(rule, target, peer)
        if (noPorts(ports.perhaps)) return []
        return [{ policy, rule, sure: match === 'yes' ? ports.sure : NO_PORTS, perhaps: ports.perhaps }]
      }),
    )
    const sure = hits.reduce((sum, hit) => unionPorts(sum, hit.sure), NO_PORTS)
    const doubtful = hits.some((hit) => hit.perhaps !== hit.sure)
    return {
      isolatedBy,
      sure,
      perhaps: doubtful ? hits.reduce((sum, hit) => unionPorts(sum, hit.perhaps), NO_PORTS) : sure,
      hits,
    }
  }

  const sets = ruleSets(population, network)
  const named = remembered(([name, port]: readonly [string, number]) =>
    fromRising(
      population.workloads.flatMap(({ pods }, index) =>
        pods.ports.some((entry) => entry.name === name && entry.protocol === 'TCP' && entry.port === port)
          ? [index]
          : [],
      ),
    ),
  )

  /** How a rule admits a TCP port into a workload, or into the peers that the workload sends to. */
  const admitting = (
    policy: NetworkPolicy,
    rule: PolicyRule,
    workload: Workload,
    direction: Direction,
    port: number,
  ): readonly AdmittingRule[] => {
    const into = direction === 'ingress' ? workload : null
    if (hasPort(rulePorts(rule, into, ADDRESSES).sure, 'TCP', port))
      return [{ policy, rule, into: null, intoUnseen: 'yes' }]
    if (direction === 'ingress') return []
    const names = (rule.ports ?? []).flatMap((entry) =>
      'name' in entry && entry.protocol === 'TCP' ? [entry.name] : [],
    )
    if (names.length === 0) return []
    const known = names.reduce((sum, name) => union(sum, named([name, port])), NOBODY)
    return [{ policy, rule, into: known, intoUnseen: 'maybe' }]
  }

  // Workloads under the same policies let in the same peers, as far as their port names mean the same numbers.
  const classes = new WeakMap<readonly NetworkPolicy[], Map<string, Admittance>>()
  const asked = new WeakMap<Workload, Map<string, Admittance>>()
  const admittance = (workload: Workload, direction: Direction, port: number): Admittance => {
    const own = asked.get(workload) ?? new Map<string, Admittance>()
    asked.set(workload, own)
    const question = `${direction} ${String(port)}`
    const answer = own.get(question) ?? admittanceOf(workload, direction, port)
    own.set(question, answer)
    return answer
  }
  const admittanceOf = (workload: Workload, direction: Direction, port: number): Admittance => {
    const policies = isolating(workload, direction)
    const rules = policies.flatMap((policy) =>
      (policy.spec[direction] ?? []).flatMap((rule) => admitting(policy, rule, workload, direction, port)),
    )
    const key = `${direction} ${String(port)} ${rules.map(({ policy, rule }) => `${policy.id}#${String(rule.index)}`).join()}`
    const known = classes.get(policies) ?? new Map<string, Admittance>()
    classes.set(policies, known)
    const before = known.get(key)
    if (before !== undefined) return before
    const now = { rules, known: sets.admitted(rules) }
    known.set(key, now)
    return now
  }

  const split: Engine['split'] = (workload, direction, port, peers) => {
    if (isolating(workload, direction).length === 0)
      return { open: peers, doubtful: NO_PEERS, closed: NO_PEERS }
    const { rules, known } = admittance(workload, direction, port)
    return cut(
      peers,
      known,
      (pods) => sets.admittedUnseen(rules, pods),
      (peer) => {
        const { sure, perhaps } = allows(workload, peer, direction)
        return hasPort(sure, 'TCP', port) ? 'yes' : hasPort(perhaps, 'TCP', port) ? 'maybe' : 'no'
      },
    )
  }

  const speaksOf: Engine['matches'] = (rule, policy, peers) => {
    const whole: readonly AdmittingRule[] = [{ policy, rule, into: null, intoUnseen: 'yes' }]
    return cut(
      peers,
      sets.matched(rule, policy),
      (pods) => sets.admittedUnseen(whole, pods),
      (peer) => ruleMatches(rule, policy, peer, network),
    )
  }
  return { isolating, allows, split, matches: speaksOf }
}

/** Cuts a set of peers in three, each sort of them by an answer of its own. */
function cut(
  { known, unseen, rest }: PeerSet,
  shown: Matched,
  hidden: (pods: UnseenPods) => Matched,
  single: (peer: Peer) => Match,
): Split {
  const knownParts = cutBy(known, shown)
  const unseenParts = unseen.map((those) => ({ those, parts: cutBy(those.namespaces, hidden(those)) }))
  const restParts = grouped(rest, single)
  const part = (name: keyof Split, match: Match): PeerSet => ({
    known: knownParts[name],
    unseen: unseenParts.flatMap(({ those, parts }) =>
      parts[name].length === 0 ? [] : [{ pods: those.pods, namespaces: parts[name] }],
    ),
    rest: restParts.get(match) ?? [],
  })
  return { open: part('open', 'yes'), doubtful: part('doubtful', 'maybe'), closed: part('closed', 'no') }
}

/** The parts of a set that are matched for sure, perhaps and not at all. */
function cutBy(set: IndexSet, { yes, maybe }: Matched): Readonly<Record<keyof Split, IndexSet>> {
  const rest = subtract(set, yes)
  return { open: intersect(set, yes), doubtful: intersect(rest, maybe), closed: subtract(rest, maybe) }
}

/** The rules that admit a port, and the known workloads that they admit. */
interface Admittance {
  readonly rules: readonly AdmittingRule[]
  readonly known: Matched
}

/** Where names of ports mean nothing. */
const ADDRESSES: Peer = { kind: 'addresses', addresses: { IPv4: [], IPv6: [] }, pods: false }
