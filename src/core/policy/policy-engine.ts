// The policies of a cluster, of every kind that its CNI enforces, as one engine: which of them govern a workload, in
// which stages, and what they decide together. How one rule speaks of one peer is in rule-matches.ts, of many in
// rule-sets.ts.
import { intersect, union } from '../kubernetes/interval-set.ts'
import { weaker } from '../kubernetes/labels.ts'
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
import type { PortSet, Protocol } from '../kubernetes/port-set.ts'
import type { Direction } from '../kubernetes/kinds/policy.ts'
import type { ClusterState, NetworkPolicy, Workload } from '../kubernetes/state.ts'
import { ENDINGS, chainFor, isOpen } from './chain.ts'
import type { Chain } from './chain.ts'
import { closings } from './closers.ts'
import { INDEXES, cutPeers, doubtful } from './cut-peers.ts'
import { atBest, decide, decideAny, eitherOf } from './decide.ts'
import type { Doubtful, SetAlgebra, Stage, Step } from './decide.ts'
import type { Allowance, Engine, RuleHit, Split } from './engine.ts'
import { NOBODY, firstIndexes, fromRising } from './index-set.ts'
import type { IndexSet } from './index-set.ts'
import { NOWHERE } from './peer.ts'
import type { Peer } from './peer.ts'
import { NO_PEERS, bothPeers } from './peer-set.ts'
import type { PeerSet, UnseenPods } from './peer-set.ts'
import { narrowIn } from './policy-index.ts'
import type { PolicyIndex } from './policy-index.ts'
import { remembered } from './population.ts'
import type { Population } from './population.ts'
import { ruleMatches, rulePorts } from './rule-matches.ts'
import { ruleSets } from './rule-sets.ts'
import { isAbout, selects } from './selects.ts'
import type { Governing, PlacedRule, PlacedStage } from './stages.ts'
import { unlimited } from './worlds.ts'
import type { World } from './worlds.ts'

/** The engine of a cluster; where nothing enforces policies, one that knows none. */
export function policyEngine(state: ClusterState, population: Population, index: PolicyIndex): Engine {
  const { network } = state
  const tiers = network.stages.includes('calico-tiers') ? state.tiers : null
  const isEnforced = network.stages.length > 0

  const chains = new Map<string, Chain>()
  const known = { ingress: new Map<Workload, Chain>(), egress: new Map<Workload, Chain>() }
  const chainOf = (workload: Workload, direction: Direction): Chain => {
    const before = known[direction].get(workload)
    if (before !== undefined) return before
    // Policies do not govern pods on the host network (docs: "hostNetwork pods", undefined by the API).
    const candidates =
      workload.pods.hostNetwork || !isEnforced
        ? []
        : [...narrowIn(index, workload.namespace.name), ...index.wide]
    const governing = candidates.flatMap((policy): Governing[] => {
      const rules = policy.spec[direction]
      const match = rules === null ? 'no' : selects(policy, workload)
      if (rules === null || match === 'no') return []
      const partial = rules.filter(({ own }) => own !== undefined)
      const own = new Map(partial.map((rule) => [rule, isAbout(rule, policy, workload)]))
      return [{ policy, match, own }]
    })
    const ending = workload.pods.hostNetwork ? 'next' : ENDINGS[network.enforcement.mode]
    const named = governing.map(({ policy, match, own }) => [numberOf(policy), match, ...own.values()])
    const key = JSON.stringify([direction, ending, named])
    const chain = chains.get(key) ?? chainFor(governing, direction, tiers, ending)
    chains.set(key, chain)
    known[direction].set(workload, chain)
    return chain
  }
  const numbers = new Map<NetworkPolicy, number>()
  const numberOf = (policy: NetworkPolicy): number => {
    const number = numbers.get(policy) ?? numbers.size
    numbers.set(policy, number)
    return number
  }

  /** The ports on which a rule speaks of a peer; null: of none. */
  const portsFor = (
    { policy, rule, match: selected }: PlacedRule,
    workload: Workload,
    peer: Peer,
    direction: Direction,
  ): Doubtful<PortSet> | null => {
    const match = weaker(ruleMatches(rule, policy, peer, network), selected)
    if (match === 'no') return null
    const target = direction === 'ingress' ? workload : peer.kind === 'workload' ? peer.workload : null
    const ports = rulePorts(rule, target, peer)
    if (noPorts(ports.perhaps)) return null
    return match === 'yes' ? ports : { sure: NO_PORTS, perhaps: ports.perhaps }
  }

  const allowsIn = (only: World | null, workload: Workload, peer: Peer, direction: Direction): Allowance => {
    const chain = chainOf(workload, direction)
    if (isOpen(chain)) return OPEN
    const hits: RuleHit[] = []
    const denials: RuleHit[] = []
    const stagesIn = (world: World, heard: ((hit: RuleHit) => void) | null): readonly Stage<PortSet>[] =>
      world.map((stage) => ({
        end: stage.end,
        steps: stage.rules.flatMap((placed): Step<PortSet>[] => {
          const on = portsFor(placed, workload, peer, direction)
          if (on === null) return []
          const { policy, rule, tie } = placed
          heard?.({ policy, rule, ...on })
          return [{ action: rule.action, on, tie }]
        }),
      }))
    const seen = stagesIn(chain.stages, (hit) => {
      if (hit.rule.action === 'allow') hits.push(hit)
      if (hit.rule.action === 'deny') denials.push(hit)
    })
    const worlds = only === null ? chain.worlds : [only]
    const all = worlds.map((world) => (world === chain.stages ? seen : stagesIn(world, null)))
    return { ...decideAny(all, ALL_PORTS, PORTS), hits, denials }
  }
  const allows: Engine['allows'] = (workload, peer, direction) => allowsIn(null, workload, peer, direction)

  const settled: Engine['settled'] = (workload, peer, direction) => {
    const worlds = chainOf(workload, direction).worlds.map((world) =>
      world.map(({ rules, end }): Stage<PortSet> => ({
        end,
        steps: rules.flatMap((placed): Step<PortSet>[] => {
          const on = portsFor(placed, workload, peer, direction)
          if (on === null) return []
          const step = { action: placed.rule.action, on, tie: placed.tie }
          return [placed.match === 'yes' ? atBest(step) : step]
        }),
      })),
    )
    return decideAny(worlds, ALL_PORTS, PORTS).sure
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

  /** How a rule speaks of a port of a workload, or of the peers that the workload sends to; null: not at all. */
  const onPort = (
    placed: PlacedRule,
    workload: Workload,
    direction: Direction,
    port: number,
    protocol: Protocol = 'TCP',
  ): OnPort | null => {
    const { rule, match } = placed
    const into = direction === 'ingress' ? workload : null
    const ports = rulePorts(rule, into, NOWHERE)
    if (hasPort(ports.sure, protocol, port)) return { ...placed, into: null, intoUnseen: match }
    if (direction === 'ingress' || protocol !== 'TCP') return null
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

  const ofKnown = ({ policy, rule, into, match, tie }: OnPort): Step<IndexSet> => {
    const all = sets.matched(rule, policy)
    const some = into === null ? all : { yes: intersect(all.yes, into), maybe: intersect(all.maybe, into) }
    return { action: rule.action, on: doubtful(some, match), tie }
  }
  const ofUnseen = ({ policy, rule, intoUnseen, match, tie }: OnPort, pods: UnseenPods): Step<IndexSet> => ({
    action: rule.action,
    on: doubtful(sets.matchedUnseen(rule, policy, pods), weaker(match, intoUnseen)),
    tie,
  })

  // Workloads under the same policies let in the same peers, as far as their port names mean the same numbers.
  const classes = new WeakMap<Chain, Map<string, Admittance>>()
  const asked = new WeakMap<Workload, Map<string, Admittance>>()
  const admittance = (workload: Workload, direction: Direction, port: number): Admittance => {
    const own = asked.get(workload) ?? new Map<string, Admittance>()
    asked.set(workload, own)
    const question = `${direction} ${String(port)}`
    const answer = own.get(question) ?? admittanceOf(chainOf(workload, direction), workload, direction, port)
    own.set(question, answer)
    return answer
  }
  const admittanceOf = (chain: Chain, workload: Workload, direction: Direction, port: number): Admittance => {
    const onPorts = (world: World): OnPorts['stages'] =>
      world.map(({ rules, end }) => ({
        end,
        rules: rules.flatMap((placed) => onPort(placed, workload, direction, port) ?? []),
      }))
    const key = JSON.stringify([
      port,
      onPorts(chain.stages).map(({ rules }) =>
        rules.map(({ policy, rule }) => [numberOf(policy), rule.route]),
      ),
    ])
    const same = classes.get(chain) ?? new Map<string, Admittance>()
    classes.set(chain, same)
    const before = same.get(key)
    if (before !== undefined) return before
    const now = chain.worlds.map((world): OnPorts => {
      const stages = onPorts(world)
      const known = decide(
        stages.map(({ rules, end }): Stage<IndexSet> => ({
          end,
          steps: rules.map(ofKnown),
        })),
        population.everyone,
        INDEXES,
      )
      return { world, stages, known }
    })
    same.set(key, now)
    return now
  }

  /** `worlds`: all that are left open, or one of them. */
  const splitIn = (
    worlds: Admittance,
    workload: Workload,
    direction: Direction,
    port: number,
    peers: PeerSet,
  ): Split =>
    cutPeers(
      peers,
      eitherOf(
        worlds.map(({ known: decided }) => decided),
        INDEXES,
      ),
      (pods) =>
        decideAny(
          worlds.map(({ stages }) =>
            stages.map(({ rules, end }): Stage<IndexSet> => ({
              end,
              steps: rules.map((one) => ofUnseen(one, pods)),
            })),
          ),
          everywhere,
          INDEXES,
        ),
      (peer) => {
        const [one, ...more] = worlds
        const { sure, perhaps } = allowsIn(
          more.length > 0 ? null : (one?.world ?? null),
          workload,
          peer,
          direction,
        )
        return hasPort(sure, 'TCP', port) ? 'yes' : hasPort(perhaps, 'TCP', port) ? 'maybe' : 'no'
      },
    )

  const split: Engine['split'] = (workload, direction, port, peers) =>
    isOpen(chainOf(workload, direction))
      ? { open: peers, doubtful: NO_PEERS, closed: NO_PEERS }
      : splitIn(admittance(workload, direction, port), workload, direction, port, peers)

  const parted: Engine['parted'] = (workload, direction, [open, closed], peers) => {
    const chain = chainOf(workload, direction)
    if (chain.worlds.length <= 1) return NO_PEERS
    const [opens, closes] = [admittance(workload, direction, open), admittance(workload, direction, closed)]
    let found = NO_PEERS
    let left = peers
    for (const index of chain.worlds.keys()) {
      const there = splitIn(opens.slice(index, index + 1), workload, direction, open, left)
      const some = bothPeers(there.open, there.doubtful)
      const then = splitIn(closes.slice(index, index + 1), workload, direction, closed, some)
      found = bothPeers(found, then.closed)
      left = [there.closed, then.open, then.doubtful].reduce(bothPeers)
    }
    return found
  }

  const passing: Engine['passing'] = (workload, direction, port, peers) => {
    const chain = chainOf(workload, direction)
    if (!chain.stages.some(({ rules }) => rules.some(({ rule }) => rule.partly))) {
      return split(workload, direction, port, peers)
    }
    const some = { ...chain, stages: unlimited(chain.stages), worlds: chain.worlds.map(unlimited) }
    return splitIn(admittanceOf(some, workload, direction, port), workload, direction, port, peers)
  }

  const closing: Engine['closing'] = (workload, direction, port, peers, protocol = 'TCP') =>
    closings(
      chainOf(workload, direction).stages.map((stage) => ({
        ...stage,
        rules: stage.rules.flatMap((placed) => onPort(placed, workload, direction, port, protocol) ?? []),
      })),
      {
        known: ofKnown,
        unseen: ofUnseen,
        single: (placed, peer) => portsFor(placed, workload, peer, direction),
      },
      [protocol, port],
      peers,
    )

  const speaksOf: Engine['matches'] = (rule, policy, peers) =>
    cutPeers(
      peers,
      doubtful(sets.matched(rule, policy), 'yes'),
      (pods) => doubtful(sets.matchedUnseen(rule, policy, pods), 'yes'),
      (peer) => ruleMatches(rule, policy, peer, network),
    )

  return {
    governing: (workload, direction) => chainOf(workload, direction).governing,
    isOpen: (workload, direction) => isOpen(chainOf(workload, direction)),
    isolating: (workload, direction) => chainOf(workload, direction).isolating,
    isolation: (workload, direction) => chainOf(workload, direction).isolation,
    wavers: (workload, direction) => chainOf(workload, direction).wavers,
    admitting: (workload, direction) => chainOf(workload, direction).admitting,
    denying: (workload, direction) => chainOf(workload, direction).denying,
    letting: (workload, direction) => chainOf(workload, direction).letting,
    addsUp: (workload, direction) => chainOf(workload, direction).addsUp,
    allows,
    settled,
    split,
    passing,
    parted,
    closing,
    matches: speaksOf,
  }
}

const OPEN = { sure: ALL_PORTS, perhaps: ALL_PORTS, hits: [], denials: [] }

const PORTS: SetAlgebra<PortSet> = {
  none: NO_PORTS,
  union: unionPorts,
  intersect: intersectPorts,
  subtract: subtractPorts,
}

/** A rule that speaks of a port: into whom (null: everybody), and for sure into pods that nobody shows? */
interface OnPort extends PlacedRule {
  readonly into: IndexSet | null
  readonly intoUnseen: Exclude<Match, 'no'>
}

/** In a world, the rules that speak of a port, by stage, and the known workloads that they let through. */
interface OnPorts {
  readonly world: World
  readonly stages: readonly { readonly rules: readonly OnPort[]; readonly end: PlacedStage['end'] }[]
  readonly known: Doubtful<IndexSet>
}

/** World by world. */
type Admittance = readonly OnPorts[]
