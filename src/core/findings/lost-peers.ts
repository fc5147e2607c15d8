// The question behind the HBONE rules: whom do the policies of a workload admit on application ports,
// and not on the port by which the mesh delivers? Peers are asked in sets; see policy/peer-set.ts.
import type { World } from '../analysis.ts'
import type { Ways } from '../ambient/waypoints.ts'
import { contains, intersect, subtract, union } from '../kubernetes/interval-set.ts'
import {
  ALL_PORTS,
  NO_PORTS,
  hasPort,
  intersectPorts,
  noPorts,
  portRange,
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
import type { MeshPeers } from '../policy/mesh-peers.ts'
import type { Peer } from '../policy/peer.ts'
import { NO_PEERS, bothPeers, noPeers, onlyKnown, withoutKnown } from '../policy/peer-set.ts'
import type { PeerSet } from '../policy/peer-set.ts'
import type { Certainty, Culprit } from './finding.ts'

/** Peers that a rule admits on application ports, and that the HBONE port is closed to. */
export interface LostPeers {
  /** null: each workload goes by its own id. */
  readonly name: string | null
  readonly peers: PeerSet
  readonly certainty: Certainty
  /** What the doubt is: they are not known to be in the mesh, the port is not served, or a waypoint stands before it. */
  readonly doubt: 'mesh' | 'port' | 'waypoint'
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

/** Mesh peers that a rule admits, and the ports on which it does. */
export interface Admitted {
  readonly ports: PortSet
  /** Names that it admits into pods that nobody shows. */
  readonly names: readonly string[]
  readonly peers: MeshPeers
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
  const admittedElsewhere = rules.flatMap(({ policy, rule }) => {
    // Most rules name numbers, and many of them 15008 or no port at all: those are not looked at further.
    if (opens(rule)) return addsUp ? [] : deniedLater(world, workload, direction, { policy, rule }, senders)
    let ports = NO_PORTS
    const names = new Set<string>()
    const lost = admittedBy(world, workload, direction, rule, policy).flatMap((admitted) => {
      if (hasPort(admitted.ports, 'TCP', hbonePort) && rule.doubt === null) return []
      // What another rule denies altogether was never there to lose.
      const there = addsUp ? admitted : withOpenPorts(world, workload, direction, admitted)
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
  })
  return addsUp
    ? admittedElsewhere
    : [...admittedElsewhere, ...deniedPeers(world, workload, direction, senders)]
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
  if (engine.isolating(workload, direction).length > 0) {
    const admitted = closedThoughAdmitted(world, workload, direction, senders)
    const losses = denying.flatMap((culprit) => deniedOf(world, culprit, admitted))
    if (losses.length > 0) return losses
  }
  const finder = direction === 'ingress' ? world.senders : world.receivers
  return denying.flatMap(({ policy, rule }): Loss[] => {
    let ports = NO_PORTS
    const lost = finder.ofRule(rule, policy).flatMap((peers) => {
      const wanted = { ports: applicationPorts(world, workload, direction, peers), names: [], peers }
      const there = withOpenPorts(world, workload, direction, wanted)
      const some = judge(world, workload, direction, rule, policy, there, senders)
      if (some.length > 0) ports = unionPorts(ports, there.ports)
      return some
    })
    return lost.length === 0 ? [] : [{ culprit: { policy, rule }, denied: true, ports, names: [], lost }]
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

/** Those of them that a rule denies. */
function deniedOf({ engine }: World, { policy, rule }: RuleOf, closed: readonly Closed[]): readonly Loss[] {
  let ports = NO_PORTS
  const lost = closed.flatMap((one) => {
    const { open, doubtful } = engine.matches(rule, policy, one.lost.peers)
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
  const [before] = world.engine
    .isolating(workload, direction)
    .filter((other) => tierOf(other) !== tierOf(policy))
  if (before === undefined) return []
  return admittedBy(world, workload, direction, rule, policy).flatMap((admitted): Loss[] => {
    const there = withOpenPorts(world, workload, direction, admitted)
    const lost = judge(world, workload, direction, rule, policy, there, senders)
    return lost.length === 0
      ? []
      : [{ culprit: { policy: before, rule: null }, denied: true, ports: there.ports, names: [], lost }]
  })
}

/** Policies of one tier are looked through together before it ends. */
function tierOf({ spec: { rank } }: NetworkPolicy): string {
  return rank.stage === 'calico-tiers'
    ? rank.tier
    : rank.stage === 'network-policies'
      ? 'default'
      : rank.stage
}

/** The ports that an application listens on, as far as anybody says. */
function applicationPorts(
  { population, state }: World,
  workload: Workload,
  direction: Direction,
  { certain, possible }: MeshPeers,
): PortSet {
  const declared =
    direction === 'ingress'
      ? workload.declaredPorts
      : [...indexesOf(union(certain.known, possible.known))]
          .slice(0, MOST_ASKED)
          .flatMap((index) => population.workloads[index]?.declaredPorts ?? [])
  const numbers = declared.filter((port) => port !== state.config.mesh.hbonePort)
  return (numbers.length === 0 ? SOME_APPLICATION : numbers).reduce(
    (sum, port) => unionPorts(sum, portRange('TCP', port)),
    NO_PORTS,
  )
}

const MOST_ASKED = 20
/** Where nobody declares any: ports that applications have more often than others. */
const SOME_APPLICATION = [80, 443, 8080]

/** The peers for whom some of the ports are open now, and those ports. */
function withOpenPorts(
  { engine }: World,
  workload: Workload,
  direction: Direction,
  { ports, names, peers }: Admitted,
): Admitted {
  const declared = direction === 'ingress' ? workload.declaredPorts : []
  const asked = [
    ...new Set([
      ...declared.filter((port) => contains(ports.TCP, port)),
      ...ports.TCP.flatMap(([low, high]) => (high - low === 1 ? [low] : [low, high - 1])),
    ]),
  ].slice(0, MOST_ASKED)
  let [certain, possible, open] = [NO_PEERS, NO_PEERS, NO_PORTS]
  for (const port of asked) {
    const now = engine.split(workload, direction, port, peers.certain)
    const perhaps = engine.split(workload, direction, port, peers.possible)
    const may = [now.doubtful, perhaps.open, perhaps.doubtful].reduce(bothPeers)
    if (noPeers(now.open) && noPeers(may)) continue
    certain = bothPeers(certain, now.open)
    possible = bothPeers(possible, may)
    open = unionPorts(open, portRange('TCP', port))
  }
  const rest = { ...possible, known: subtract(possible.known, certain.known) }
  return { ports: noPorts(open) ? ports : open, names, peers: { name: peers.name, certain, possible: rest } }
}

/**
 * The mesh peers that a rule speaks of on TCP ports, and on which. Egress rules for DNS and the internet speak of no
 * mesh peer: a rule without peers, or with blocks, counts only for known workloads that receive HBONE and serve a port
 * of it, and port 53 alone only for those that declare it.
 */
export function admittedBy(
  world: World,
  workload: Workload,
  direction: Direction,
  rule: PolicyRule,
  policy: NetworkPolicy,
): readonly Admitted[] {
  const finder = direction === 'ingress' ? world.senders : world.receivers
  if (direction === 'ingress') {
    const ports = rulePorts(rule, workload, NOWHERE).sure
    return ports.TCP.length === 0
      ? []
      : finder.ofRule(rule, policy).map((peers) => ({ ports, names: [], peers }))
  }
  const selectors = rule.peers?.filter(({ kind }) => kind === 'pods' || kind === 'unknown') ?? []
  const groups = [
    ...(selectors.length === 0 ? [] : finder.ofRule({ ...rule, peers: selectors }, policy)).map((group) => ({
      group,
      wide: false,
    })),
    ...(namesPodsAlone(rule) ? [] : finder.ofRule({ ...rule, peers: blocksOf(rule) }, policy)).map(
      (group) => ({
        group,
        wide: true,
      }),
    ),
  ]
  return groups.flatMap(({ group, wide }) =>
    byPorts(world, rule, group).flatMap(({ ports, names, peers }): Admitted[] => {
      if (ports.TCP.length === 0 && (names.length === 0 || wide)) return []
      const control = names.length === 0 && isControl(ports.TCP)
      const declaring = world.population.declaring(ports.TCP)
      const serving = control ? withoutGateways(world, declaring) : declaring
      if (wide) {
        // Such a rule counts for known workloads alone, so they are called by their names.
        const receivers = world.receivers.everyone.certain
        const perhaps = holdsSomePods(peers) ? onlyKnown(receivers, serving) : NO_PEERS
        const named = { name: null, certain: onlyKnown(peers.certain, serving), possible: perhaps }
        return noPeers(named.certain) && noPeers(named.possible) ? [] : [{ ports, names: [], peers: named }]
      }
      if (!control && (names.length > 0 || !isDns(ports.TCP))) return [{ ports, names, peers }]
      const certain = onlyKnown(peers.certain, serving)
      const possible = onlyKnown(peers.possible, serving)
      return noPeers(certain) && noPeers(possible)
        ? []
        : [{ ports, names, peers: { ...peers, certain, possible } }]
    }),
  )
}

/** A block that holds the addresses of some pods, nobody can say of which. */
function holdsSomePods({ certain, possible }: MeshPeers): boolean {
  return [...certain.rest, ...possible.rest].some((peer) => peer.kind === 'addresses' && peer.pods)
}

/** For egress, a rule's names of ports mean other numbers for each destination, and none for those nobody shows. */
function byPorts(world: World, rule: PolicyRule, group: MeshPeers): readonly Admitted[] {
  const plain = plainPorts(rule)
  if (rule.ports?.every((port) => !('name' in port)) ?? true)
    return [{ ports: plain, names: [], peers: group }]
  const { certain, possible } = group
  const unseen = { certain: { ...certain, known: NOBODY }, possible: { ...possible, known: NOBODY } }
  return [
    ...world.meanings(rule).flatMap(({ ports, workloads }): Admitted[] => {
      const peers = {
        ...group,
        certain: onlyKnown(certain, workloads),
        possible: onlyKnown(possible, workloads),
      }
      return noPeers(peers.certain) && noPeers(peers.possible) ? [] : [{ ports, names: [], peers }]
    }),
    { ports: plain, names: namesOf(rule), peers: { ...group, ...unseen } },
  ]
}

function namesOf({ ports }: PolicyRule): readonly string[] {
  return (ports ?? []).flatMap((port) => ('name' in port && port.protocol === 'TCP' ? [port.name] : []))
}

function judge(
  world: World,
  workload: Workload,
  direction: Direction,
  rule: PolicyRule,
  policy: NetworkPolicy,
  { ports, names, peers }: Admitted,
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
  // A rule that only perhaps matches a peer, or on ports that the destination does not declare, is a doubt, too.
  const hits = engine.matches(rule, policy, sure)
  unsure = bothPeers(unsure, hits.doubtful)
  sure = hits.open
  if (names.length > 0) {
    // Whether such pods call a port by that name is not known.
    unsure = bothPeers(unsure, sure)
    sure = NO_PEERS
  }
  const unserved = notServed(world, workload, direction, ports)
  const straight = goStraight(world, workload, direction, senders)
  const groups = [
    ...straight(sure).map((part) => ({ ...part, certainty: 'certain' as const })),
    ...straight(unsure).map((part) => ({ ...part, certainty: 'possible' as const })),
  ]
  return groups.flatMap(({ part, doubt, certainty }): LostPeers[] => {
    const behind = doubt === 'waypoint'
    const away = unserved === 'all' ? part : onlyKnown(part, unserved)
    const served = unserved === 'all' ? NO_PEERS : withoutKnown(part, unserved)
    const those = (some: PeerSet, kind: LostPeers['doubt'], how: Certainty): LostPeers[] =>
      noPeers(some) ? [] : [{ name: peers.name, peers: some, certainty: how, doubt: kind }]
    return [
      ...those(served, behind ? 'waypoint' : 'mesh', behind ? 'possible' : certainty),
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

/** Does a rule speak of pods by selectors alone, and not of anybody or of addresses? */
function namesPodsAlone({ peers }: PolicyRule): boolean {
  return peers !== null && peers.every(({ kind }) => kind === 'pods')
}

/** The blocks of a rule; null where it speaks of anybody. */
function blocksOf({ peers }: PolicyRule): PolicyRule['peers'] {
  return peers === null ? null : peers.filter(({ kind }) => kind === 'block')
}

/** Every gateway shows its health and metrics, by its proxy and not as an application of the mesh. */
function withoutGateways({ population }: World, some: IndexSet): IndexSet {
  return fromRising([...indexesOf(some)].filter((index) => population.workloads[index]?.gateway === null))
}

/** istiod's ports, and those by which proxies show their health and metrics: they count for applications that declare them. */
const CONTROL = [15010, 15012, 15014, 15017, 15020, 15021, 15090]

function isControl(ports: PortSet['TCP']): boolean {
  return ports.every(([low, high]) => CONTROL.some((port) => low === port && high === port + 1))
}

function isDns(ports: PortSet['TCP']): boolean {
  return ports.every(([low, high]) => low === 53 && high === 54)
}

/** Where names of ports mean nothing. */
const NOWHERE: Peer = { kind: 'addresses', addresses: { IPv4: [], IPv6: [] }, pods: false }

/** The ports that a rule admits into any destination: its numbers, without its names. */
function plainPorts(rule: PolicyRule): PortSet {
  return rule.ports === null ? ALL_PORTS : rulePorts(rule, null, NOWHERE).sure
}
