// The question behind the HBONE rules: whom do the policies of a workload admit on application ports,
// and not on the port by which the mesh delivers? Peers are asked in sets; see policy/peer-set.ts.
import type { World } from '../analysis.ts'
import type { Ways } from '../ambient/waypoints.ts'
import { contains, intersect, subtract } from '../kubernetes/interval-set.ts'
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
import type { Direction, PolicyRule } from '../kubernetes/kinds/policy.ts'
import type { NetworkPolicy, Workload } from '../kubernetes/state.ts'
import type { RuleOf } from '../policy/engine.ts'
import { rulePorts } from '../policy/rule-matches.ts'
import { clientOf } from '../policy/clients.ts'
import { NOBODY, fromRising, indexesOf } from '../policy/index-set.ts'
import type { IndexSet } from '../policy/index-set.ts'
import { admitsAnySource } from '../policy/mesh-peers.ts'
import { NOWHERE } from '../policy/peer.ts'
import type { Peer } from '../policy/peer.ts'
import { NO_PEERS, bothPeers, noPeers, onlyKnown, withoutKnown } from '../policy/peer-set.ts'
import type { PeerSet } from '../policy/peer-set.ts'
import { tierOf } from '../policy/stages.ts'
import { admittedBy, othersOf, plainPorts } from './admitted-by.ts'
import type { Certainty, Culprit } from './finding.ts'
import { applicationPorts, withOpenPorts } from './open-to.ts'
import type { Open } from './open-to.ts'

/** Peers that a rule admits on application ports, and that the HBONE port is closed to. */
export interface LostPeers {
  /** null: each workload goes by its own id. */
  readonly name: string | null
  readonly peers: PeerSet
  readonly certainty: Certainty
  /**
   * What the doubt is: they are not known to be in the mesh, the port is not served, a waypoint stands before it, or what
   * a rule does with them is not known.
   */
  readonly doubt: 'mesh' | 'port' | 'waypoint' | 'rule'
  /** Where the peers are a waypoint: who comes through it, and is lost with it. */
  readonly through?: PeerSet
}

export interface Loss {
  /** The rule that admits the peers elsewhere; where something denies them the HBONE port, that. */
  readonly culprit: Culprit
  readonly denied: boolean
  /** The application ports that are open to them. */
  readonly ports: PortSet
  /** Names of ports, where the peers are pods that nobody shows: what they come to is not known. */
  readonly names: readonly string[]
  readonly lost: readonly LostPeers[]
}

/** Who sends HBONE to a workload: all of the mesh, or, where it is a sidecar's, ambient pods alone. */
export type Senders = 'mesh' | 'ambient'

/** The rules that admit mesh peers on TCP ports, where HBONE from (or to) them is not admitted. */
export function lostPeers(
  world: World,
  workload: Workload,
  direction: Direction,
  senders: Senders = 'mesh',
): readonly Loss[] {
  const { engine, state } = world
  const { hbonePort } = state.config.mesh
  const rules = engine.admitting(workload, direction)
  const addsUp = engine.addsUp(workload, direction)
  const opens = (rule: PolicyRule): boolean =>
    rule.doubt === null && hasPort(plainPorts(rule), 'TCP', hbonePort)
  // One rule that opens the port to everybody settles all the others.
  if (addsUp && rules.some((one) => one.rule.peers === null && opens(one.rule))) return []
  const lossBy = ({ policy, rule }: RuleOf): readonly Loss[] => {
    // Most rules name numbers, and many of them 15008 or no port at all: those are not looked at further.
    if (opens(rule)) return addsUp ? [] : deniedLater(world, workload, direction, { policy, rule }, senders)
    let ports = NO_PORTS
    const names = new Set<string>()
    const lost = admittedBy(world, workload, direction, rule, policy).flatMap((admitted) => {
      if (hasPort(admitted.ports, 'TCP', hbonePort) && rule.doubt === null) return []
      // What another rule denies altogether was never there to lose.
      const there = withOpenPorts(world, workload, direction, admitted)
      const some = judge(world, workload, direction, rule, policy, there, senders)
      if (some.length > 0) {
        ports = unionPorts(ports, admitted.ports)
        for (const name of admitted.names) names.add(name)
      }
      return some
    })
    return lost.length === 0
      ? []
      : [{ culprit: { policy, rule }, denied: false, ports, names: [...names], lost }]
  }
  const byRules = rules.flatMap(lossBy)
  if (addsUp) return byRules
  // Where a rule of a tier falls short, that is to blame, and not the end of it.
  const short = new Set(
    byRules.flatMap(({ culprit }) => (culprit.rule === null ? [] : [tierOf(culprit.policy)])),
  )
  const losses = byRules.filter(({ culprit }) => culprit.rule !== null || !short.has(tierOf(culprit.policy)))
  const all = [...losses, ...deniedPeers(world, workload, direction, senders)]
  // What is passed on may be open though no rule admits it. Where one does, that is the one to blame.
  const isSure = all.some(({ lost }) => lost.some(({ certainty }) => certainty === 'certain'))
  const passing = engine.letting(workload, direction).filter(({ rule }) => rule.action === 'pass')
  return isSure ? all : [...all, ...passing.flatMap(lossBy)]
}

/** Mesh peers that a rule keeps from the HBONE port, and that come, or go, to application ports. */
function deniedPeers(
  world: World,
  workload: Workload,
  direction: Direction,
  senders: Senders,
): readonly Loss[] {
  const { engine, state } = world
  const { hbonePort } = state.config.mesh
  const denying = engine
    .denying(workload, direction)
    .filter(({ rule }) => hasPort(rulePorts(rule, null, NOWHERE).perhaps, 'TCP', hbonePort))
  if (denying.length === 0) return []
  // Where policies isolate, whoever comes is admitted by a rule, and goes by what that calls it.
  if (engine.isolation(workload, direction) === 'yes') {
    const admitted = closedThoughAdmitted(world, workload, direction, senders)
    const losses = denying.flatMap((culprit) => deniedOf(world, workload, direction, culprit, admitted))
    if (losses.length > 0) return losses
  }
  const finder = othersOf(world, workload, direction)
  return denying.flatMap(({ policy, rule }): readonly Loss[] => {
    const closed = finder.ofRule(rule, policy).flatMap((peers): readonly Closed[] => {
      const wanted = { ports: applicationPorts(world, workload, direction, peers), names: [], peers }
      const there = withOpenPorts(world, workload, direction, wanted)
      return judge(world, workload, direction, rule, policy, there, senders).map((lost) => ({
        ports: there.ports,
        lost,
      }))
    })
    return deniedOf(world, workload, direction, { policy, rule }, closed)
  })
}

interface Closed {
  readonly ports: PortSet
  readonly lost: LostPeers
}

/** The peers that come to application ports, by the rules that admit them, and not to the HBONE port. */
function closedThoughAdmitted(
  world: World,
  workload: Workload,
  direction: Direction,
  senders: Senders,
): readonly Closed[] {
  return world.engine.admitting(workload, direction).flatMap(({ policy, rule }) =>
    admittedBy(world, workload, direction, rule, policy).flatMap((admitted): readonly Closed[] => {
      const likely = applicationPorts(world, workload, direction, admitted.peers)
      const asked = intersectPorts(admitted.ports, likely)
      const wanted = noPorts(asked) ? admitted : { ...admitted, ports: asked }
      const there = withOpenPorts(world, workload, direction, wanted)
      return judge(world, workload, direction, rule, policy, there, senders).map((lost) => ({
        ports: there.ports,
        lost,
      }))
    }),
  )
}

/** Those of them that a rule denies, and nothing that comes before it has decided about. */
function deniedOf(
  { engine, state }: World,
  workload: Workload,
  direction: Direction,
  { policy, rule }: RuleOf,
  closed: readonly Closed[],
): readonly Loss[] {
  let ports = NO_PORTS
  const lost = closed.flatMap((one) => {
    const { hbonePort } = state.config.mesh
    // Whom it keeps from all ports loses none; only whom it does not may be among them.
    const all = noPorts(subtractPorts(one.ports, rulePorts(rule, null, NOWHERE).sure))
    if (one.lost.doubt === 'rule' && all) return []
    const own = engine
      .closing(workload, direction, hbonePort, one.lost.peers)
      .find((closing) => closing.rule === rule)
    if (own === undefined) return []
    const { open, doubtful } = engine.matches(rule, policy, own.peers)
    const parts: readonly LostPeers[] = [
      { ...one.lost, peers: open },
      { ...one.lost, peers: doubtful, certainty: 'possible' },
    ]
    const some = parts.filter(({ peers }) => !noPeers(peers))
    if (some.length > 0) ports = unionPorts(ports, one.ports)
    return some
  })
  return lost.length === 0 ? [] : [{ culprit: { policy, rule }, denied: true, ports, names: [], lost }]
}

/** A rule that opens the HBONE port, to peers that never get as far: another tier ends before, and no rule there says so. */
function deniedLater(
  world: World,
  workload: Workload,
  direction: Direction,
  { policy, rule }: RuleOf,
  senders: Senders,
): readonly Loss[] {
  const { engine, state } = world
  const isElsewhere = (other: NetworkPolicy): boolean => tierOf(other) !== tierOf(policy)
  // Before or after a tier that nothing describes nobody knows what comes.
  if (state.network.stages.includes('calico-tiers') && !state.tiers.has(tierOf(policy))) return []
  if (!engine.isolating(workload, direction).some(isElsewhere)) return []
  return admittedBy(world, workload, direction, rule, policy).flatMap((admitted) => {
    const there = withOpenPorts(world, workload, direction, admitted)
    return judge(world, workload, direction, rule, policy, there, senders).flatMap((one) =>
      engine
        .closing(workload, direction, state.config.mesh.hbonePort, one.peers)
        .flatMap(({ policies: [before], rule: denial, peers }): Loss[] => {
          if (denial !== null || before === undefined || !isElsewhere(before)) return []
          const culprit = { policy: before, rule: null }
          return [{ culprit, denied: true, ports: there.ports, names: [], lost: [{ ...one, peers }] }]
        }),
    )
  })
}

function judge(
  world: World,
  workload: Workload,
  direction: Direction,
  rule: PolicyRule,
  policy: NetworkPolicy,
  { ports, names, peers, perhaps, parted }: Open,
  senders: Senders,
): readonly LostPeers[] {
  const { engine, state } = world
  const { hbonePort } = state.config.mesh
  const certain = engine.split(workload, direction, hbonePort, peers.certain)
  const possible = engine.split(workload, direction, hbonePort, peers.possible)
  const anySource = direction === 'ingress' && admitsAnySource(rule, state.network)
  // A doubt on both sides is no news: whoever is only possibly a mesh peer is possibly let in, too.
  let sure = anySource ? bothPeers(certain.closed, possible.closed) : certain.closed
  let unsure = anySource ? certain.doubtful : bothPeers(certain.doubtful, possible.closed)
  // Unless both doubts are one, and only a port of the application or the HBONE port is open.
  unsure = bothPeers(unsure, engine.split(workload, direction, hbonePort, parted).doubtful)
  // A rule that only perhaps matches a peer, or on ports that the destination does not declare, is a doubt, too.
  const hits = engine.matches(rule.partly === true ? { ...rule, doubt: null } : rule, policy, sure)
  // Nor is it certain of those who may be kept from all ports; of anybody at all, some are not.
  const other = engine.split(workload, direction, hbonePort, perhaps).closed
  let byRule = bothPeers(hits.doubtful, anySource ? NO_PEERS : other)
  sure = hits.open
  if (names.length > 0) {
    // Whether such pods call a port by that name is not known.
    unsure = [unsure, byRule, sure].reduce(bothPeers)
    sure = byRule = NO_PEERS
  }
  const unserved = notServed(world, workload, direction, ports)
  const straight = goStraight(world, workload, direction, senders)
  const groups = [
    ...straight(sure).map((part) => ({ ...part, kind: 'mesh', certainty: 'certain' }) as const),
    ...straight(unsure).map((part) => ({ ...part, kind: 'mesh', certainty: 'possible' }) as const),
    ...straight(anySource ? other : NO_PEERS).map(
      (part) => ({ ...part, kind: 'rule', certainty: 'certain' }) as const,
    ),
    ...straight(byRule).map((part) => ({ ...part, kind: 'rule', certainty: 'possible' }) as const),
  ]
  return groups.flatMap(({ part, doubt, kind: why, certainty }): LostPeers[] => {
    const behind = doubt === 'waypoint'
    const away = unserved === 'all' ? part : onlyKnown(part, unserved)
    const served = unserved === 'all' ? NO_PEERS : withoutKnown(part, unserved)
    const those = (some: PeerSet, kind: LostPeers['doubt'], how: Certainty): LostPeers[] =>
      noPeers(some) ? [] : [{ name: peers.name, peers: some, certainty: how, doubt: kind }]
    return [
      ...those(served, behind ? 'waypoint' : why, behind ? 'possible' : certainty),
      ...those(away, behind ? 'waypoint' : 'port', 'possible'),
    ]
  })
}

/** Those for whom the destination declares ports, and none of these. */
function notServed(
  { population }: World,
  workload: Workload,
  direction: Direction,
  { TCP }: PortSet,
): IndexSet | 'all' {
  if (direction === 'ingress') {
    const { declaredPorts } = workload
    return declaredPorts.length > 0 && !declaredPorts.some((port) => contains(TCP, port)) ? 'all' : NOBODY
  }
  return subtract(population.declaring(ALL_PORTS.TCP), population.declaring(TCP))
}

/** What of a set of peers goes straight between them and the workload, for sure or perhaps. */
type Straight = (peers: PeerSet) => readonly { readonly part: PeerSet; readonly doubt: 'none' | 'waypoint' }[]

function goStraight(world: World, workload: Workload, direction: Direction, senders: Senders): Straight {
  const { waypoints, clients, detoured, population, mesh } = world
  if (direction === 'egress') {
    const client = clientOf(workload, mesh)
    // What is behind a waypoint is looked at one by one. Others than ambient pods send HBONE to those alone.
    return (all) => {
      const peers = client === 'ambient' ? all : clients(all).ambient
      const parts = [...indexesOf(intersect(peers.known, detoured))].flatMap((index) => {
        const destination = population.workloads[index] as Workload
        const doubt = doubtOf(waypoints.ways(destination, client), world, workload, direction)
        return doubt === null ? [] : [{ part: { ...NO_PEERS, known: fromRising([index]) }, doubt }]
      })
      return [{ part: withoutKnown(peers, detoured), doubt: 'none' }, ...parts]
    }
  }
  return (peers) => {
    // What its own waypoints lack is the business of the path through them.
    const own = waypoints
      .ways(workload, 'ambient')
      .through.filter(({ sure }) => sure)
      .map(({ waypoint }) => population.indexOf(waypoint.pods))
    const cut = clients(withoutKnown(peers, fromRising(own.sort((a, b) => a - b))))
    const all = ['ambient', 'gateway', 'other'] as const
    return (senders === 'mesh' ? all : (['ambient'] as const)).flatMap((client) => {
      const doubt = doubtOf(waypoints.ways(workload, client), world, workload, direction)
      return doubt === null ? [] : [{ part: cut[client], doubt }]
    })
  }
}

/** null: nothing goes straight. Closed to every waypoint on the way as well: whichever way it takes, it ends there. */
function doubtOf(
  { direct, through }: Ways,
  { engine, state: { config } }: World,
  workload: Workload,
  direction: Direction,
): 'none' | 'waypoint' | null {
  if (direct === 'no') return null
  if (direct === 'yes') return 'none'
  const closed = through.every(({ waypoint }) => {
    const peer: Peer = { kind: 'workload', workload: waypoint.pods }
    return !hasPort(engine.allows(workload, peer, direction).perhaps, 'TCP', config.mesh.hbonePort)
  })
  return closed ? 'none' : 'waypoint'
}
