// The policies of a cluster, of every kind that its CNI enforces, as one engine: which of them govern a workload, in
// which stages, and what they decide together. How one rule speaks of one peer is in rule-matches.ts, of many in
// rule-sets.ts.
import { intersect, subtract, union } from '../kubernetes/interval-set.ts'
import { EVERYTHING, matches, matchesPartly, weaker } from '../kubernetes/labels.ts'
import type { Match } from '../kubernetes/labels.ts'
import {
  ALL_PORTS,
  NO_PORTS,
  hasPort,
  intersectPorts,
  noPorts,
  subtractPorts,
  unionPorts,
} from '../kubernetes/port-set.ts'
import type { PortSet } from '../kubernetes/port-set.ts'
import type { Direction, Subject } from '../kubernetes/kinds/policy.ts'
import type { ClusterState, NetworkPolicy, Workload } from '../kubernetes/state.ts'
import { grouped } from '../source/grouped.ts'
import { decide } from './decide.ts'
import type { Doubtful, SetAlgebra, Stage, Step } from './decide.ts'
import type { Engine, RuleHit, RuleOf, Split } from './engine.ts'
import { NOBODY, firstIndexes, fromRising } from './index-set.ts'
import type { IndexSet } from './index-set.ts'
import { NOWHERE } from './peer.ts'
import type { Peer } from './peer.ts'
import { NO_PEERS } from './peer-set.ts'
import type { PeerSet, UnseenPods } from './peer-set.ts'
import { remembered } from './population.ts'
import type { Matched, Population } from './population.ts'
import { ruleMatches, rulePorts } from './rule-matches.ts'
import { ruleSets } from './rule-sets.ts'
import { stagesFor } from './stages.ts'
import type { Governing, PlacedRule, PlacedStage } from './stages.ts'

/** The engine of a cluster; where nothing enforces policies, one that knows none. */
export function policyEngine(state: ClusterState, population: Population): Engine {
  const { network } = state
  const policies = network.stages.length === 0 ? [] : state.policies
  const tiers = network.stages.includes('calico-tiers') ? state.tiers : null
  const wide = policies.filter(isWide)
  const byNamespace = grouped(
    policies.filter((policy) => !isWide(policy)),
    ({ namespace }) => namespace.name,
  )

  const chains = new Map<string, Chain>()
  const known = { ingress: new Map<Workload, Chain>(), egress: new Map<Workload, Chain>() }
  const chainOf = (workload: Workload, direction: Direction): Chain => {
    const before = known[direction].get(workload)
    if (before !== undefined) return before
    // Policies do not govern pods on the host network (docs: "hostNetwork pods", undefined by the API).
    const candidates = workload.pods.hostNetwork
      ? []
      : [...(byNamespace.get(workload.namespace.name) ?? []), ...wide]
    const governing = candidates.flatMap((policy): Governing[] => {
      const match = policy.spec[direction] === null ? 'no' : selects(policy, workload)
      return match === 'no' ? [] : [{ policy, match }]
    })
    const key = JSON.stringify([direction, governing.map(({ policy, match }) => [numberOf(policy), match])])
    const chain = chains.get(key) ?? chainFor(governing, direction, tiers)
    chains.set(key, chain)
    known[direction].set(workload, chain)
    return chain
  }
  const numbers = new Map(policies.map((policy, index) => [policy, index]))
  const numberOf = (policy: NetworkPolicy): number => numbers.get(policy) ?? -1

  const allows: Engine['allows'] = (workload, peer, direction) => {
    const chain = chainOf(workload, direction)
    if (chain.governing.length === 0) return OPEN
    const target = direction === 'ingress' ? workload : peer.kind === 'workload' ? peer.workload : null
    const hits: RuleHit[] = []
    const denials: RuleHit[] = []
    const stages = chain.stages.map((stage): Stage<PortSet> => ({
      end: stage.end,
      steps: stage.rules.flatMap(({ policy, rule, tie, match: selected }): Step<PortSet>[] => {
        const match = weaker(ruleMatches(rule, policy, peer, network), selected)
        if (match === 'no') return []
        const ports = rulePorts(rule, target, peer)
        if (noPorts(ports.perhaps)) return []
        const on = match === 'yes' ? ports : { sure: NO_PORTS, perhaps: ports.perhaps }
        if (rule.action === 'allow') hits.push({ policy, rule, ...on })
        if (rule.action === 'deny') denials.push({ policy, rule, ...on })
        return [{ action: rule.action, on, tie }]
      }),
    }))
    return { ...decide(stages, ALL_PORTS, PORTS), hits, denials }
  }

  const sets = ruleSets(population, network)
  const everywhere = firstIndexes(population.namespaces.length)
  const named = remembered(([name, port]: readonly [string, number]) =>
    fromRising(
      population.workloads.flatMap(({ pods }, index) =>
        pods.ports.some((entry) => entry.name === name && entry.protocol === 'TCP' && entry.port === port)
          ? [index]
          : [],
      ),
    ),
  )

  /** How a rule speaks of a TCP port of a workload, or of the peers that the workload sends to; null: not at all. */
  const onPort = (
    placed: PlacedRule,
    workload: Workload,
    direction: Direction,
    port: number,
  ): OnPort | null => {
    const { rule, match } = placed
    const into = direction === 'ingress' ? workload : null
    const ports = rulePorts(rule, into, NOWHERE)
    if (hasPort(ports.sure, 'TCP', port)) return { ...placed, into: null, intoUnseen: match }
    if (direction === 'ingress') return null
    const names = (rule.ports ?? []).flatMap((entry) =>
      'name' in entry && entry.protocol === 'TCP' ? [entry.name] : [],
    )
    if (names.length === 0) return null
    return {
      ...placed,
      into: names.reduce((sum, name) => union(sum, named([name, port])), NOBODY),
      intoUnseen: 'maybe',
    }
  }

  // Workloads under the same policies let in the same peers, as far as their port names mean the same numbers.
  const classes = new WeakMap<Chain, Map<string, Admittance>>()
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
    const chain = chainOf(workload, direction)
    const stages = chain.stages.map(({ rules, end }) => ({
      end,
      rules: rules.flatMap((placed) => onPort(placed, workload, direction, port) ?? []),
    }))
    const key = JSON.stringify([
      port,
      stages.map(({ rules }) => rules.map(({ policy, rule }) => [numberOf(policy), rule.route])),
    ])
    const same = classes.get(chain) ?? new Map<string, Admittance>()
    classes.set(chain, same)
    const before = same.get(key)
    if (before !== undefined) return before
    const decided = decide(
      stages.map(({ rules, end }): Stage<IndexSet> => ({
        end,
        steps: rules.map(({ policy, rule, into, match, tie }) => {
          const all = sets.matched(rule, policy)
          const some =
            into === null ? all : { yes: intersect(all.yes, into), maybe: intersect(all.maybe, into) }
          return { action: rule.action, on: doubtful(some, match), tie }
        }),
      })),
      population.everyone,
      INDEXES,
    )
    const now = { stages, known: decided }
    same.set(key, now)
    return now
  }

  const split: Engine['split'] = (workload, direction, port, peers) => {
    if (chainOf(workload, direction).governing.length === 0)
      return { open: peers, doubtful: NO_PEERS, closed: NO_PEERS }
    const { stages, known: decided } = admittance(workload, direction, port)
    return cut(
      peers,
      decided,
      (pods) =>
        decide(
          stages.map(({ rules, end }): Stage<IndexSet> => ({
            end,
            steps: rules.map(({ policy, rule, intoUnseen, match, tie }) => ({
              action: rule.action,
              tie,
              on: doubtful(sets.matchedUnseen(rule, policy, pods), weaker(match, intoUnseen)),
            })),
          })),
          everywhere,
          INDEXES,
        ),
      (peer) => {
        const { sure, perhaps } = allows(workload, peer, direction)
        return hasPort(sure, 'TCP', port) ? 'yes' : hasPort(perhaps, 'TCP', port) ? 'maybe' : 'no'
      },
    )
  }

  const speaksOf: Engine['matches'] = (rule, policy, peers) =>
    cut(
      peers,
      doubtful(sets.matched(rule, policy), 'yes'),
      (pods) => doubtful(sets.matchedUnseen(rule, policy, pods), 'yes'),
      (peer) => ruleMatches(rule, policy, peer, network),
    )

  return {
    governing: (workload, direction) => chainOf(workload, direction).governing,
    isolating: (workload, direction) => chainOf(workload, direction).isolating,
    admitting: (workload, direction) => chainOf(workload, direction).admitting,
    denying: (workload, direction) => chainOf(workload, direction).denying,
    letting: (workload, direction) => chainOf(workload, direction).letting,
    addsUp: (workload, direction) => chainOf(workload, direction).addsUp,
    allows,
    split,
    matches: speaksOf,
  }
}

/** What policies make of a workload, and of every other that they govern alike. */
interface Chain {
  readonly stages: readonly PlacedStage[]
  readonly governing: readonly NetworkPolicy[]
  readonly isolating: readonly NetworkPolicy[]
  readonly admitting: readonly RuleOf[]
  readonly denying: readonly RuleOf[]
  readonly letting: readonly RuleOf[]
  readonly addsUp: boolean
}

function chainFor(
  governing: readonly Governing[],
  direction: Direction,
  tiers: ClusterState['tiers'] | null,
): Chain {
  const stages = stagesFor(governing, direction, tiers)
  const rules = stages.flatMap((stage) => stage.rules)
  const isolating = new Set(stages.flatMap((stage) => stage.isolating))
  const policies = governing.map(({ policy }) => policy)
  return {
    stages,
    governing: policies,
    isolating: policies.filter((policy) => isolating.has(policy)),
    admitting: rules.filter(({ rule }) => rule.action === 'allow'),
    letting: rules.filter(({ rule }) => rule.action !== 'deny'),
    denying: rules.filter(({ rule }) => rule.action === 'deny'),
    addsUp: stages.length <= 1 && rules.every(({ rule }) => rule.action === 'allow'),
  }
}

/** Does a policy look beyond its own namespace for the pods that it selects? */
function isWide({ spec }: NetworkPolicy): boolean {
  return spec.subjects.some(({ namespaces }) => namespaces !== null)
}

/** Does a policy select the pods of a workload? Perhaps, where the labels of their namespace are not known. */
export function selects(policy: NetworkPolicy, { pods, namespace }: Workload): Match {
  let result: Match = 'no'
  for (const subject of policy.spec.subjects) {
    if (!matches(subject.pods, pods.labels)) continue
    const there = inNamespaces(subject, policy, namespace)
    const match = subject.doubt === undefined ? there : weaker(there, 'maybe')
    if (match === 'yes') return 'yes'
    if (match === 'maybe') result = 'maybe'
  }
  return result
}

function inNamespaces(
  { namespaces }: Subject,
  policy: NetworkPolicy,
  namespace: Workload['namespace'],
): Match {
  if (namespaces === null) return policy.namespace.name === namespace.name ? 'yes' : 'no'
  if (namespaces === EVERYTHING || namespaces.length === 0) return 'yes'
  if (namespace.known) return matches(namespaces, namespace.labels) ? 'yes' : 'no'
  return matchesPartly(namespaces, namespace.labels)
}

const OPEN = { sure: ALL_PORTS, perhaps: ALL_PORTS, hits: [], denials: [] }

const PORTS: SetAlgebra<PortSet> = {
  none: NO_PORTS,
  union: unionPorts,
  intersect: intersectPorts,
  subtract: subtractPorts,
}

const INDEXES: SetAlgebra<IndexSet> = { none: NOBODY, union, intersect, subtract }

/** The two parts as sets that hold each other; with a doubt about the rule itself, nothing is sure. */
function doubtful({ yes, maybe }: Matched, match: Exclude<Match, 'no'> | Match): Doubtful<IndexSet> {
  const perhaps = maybe.length === 0 ? yes : union(yes, maybe)
  return { sure: match === 'yes' ? yes : NOBODY, perhaps }
}

/** Cuts a set of peers in three, each sort of them by an answer of its own. */
function cut(
  { known, unseen, rest }: PeerSet,
  shown: Doubtful<IndexSet>,
  hidden: (pods: UnseenPods) => Doubtful<IndexSet>,
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
function cutBy(
  set: IndexSet,
  { sure, perhaps }: Doubtful<IndexSet>,
): Readonly<Record<keyof Split, IndexSet>> {
  const rest = subtract(set, sure)
  return { open: intersect(set, sure), doubtful: intersect(rest, perhaps), closed: subtract(rest, perhaps) }
}

/** A rule that speaks of a port: into whom (null: everybody), and for sure into pods that nobody shows? */
interface OnPort extends PlacedRule {
  readonly into: IndexSet | null
  readonly intoUnseen: Exclude<Match, 'no'>
}

/** The rules that speak of a port, by stage, and the known workloads that they let through. */
interface Admittance {
  readonly stages: readonly { readonly rules: readonly OnPort[]; readonly end: PlacedStage['end'] }[]
  readonly known: Doubtful<IndexSet>
}
