// Traffic through a waypoint takes two connections, client to waypoint and waypoint to workload, both on the HBONE
// port. Each has two ends with policies of their own: this is one that keeps the other out.
import type { World } from '../analysis.ts'
import type { Waypoint } from '../ambient/waypoints.ts'
import { EVERYTHING, GATEWAY_CLASS, GATEWAY_NAME, NAMESPACE_NAME_LABEL } from '../kubernetes/labels.ts'
import type { Selector } from '../kubernetes/labels.ts'
import { subtract } from '../kubernetes/interval-set.ts'
import { hasPort } from '../kubernetes/port-set.ts'
import type { Direction, PolicyRule } from '../kubernetes/kinds/policy.ts'
import type { NetworkPolicy, Workload } from '../kubernetes/state.ts'
import { fromRising, indexesOf } from '../policy/index-set.ts'
import type { MeshPeers } from '../policy/mesh-peers.ts'
import { podsName } from '../policy/peer.ts'
import type { Peer } from '../policy/peer.ts'
import { NO_PEERS, bothPeers, noPeers, onlyKnown } from '../policy/peer-set.ts'
import type { PeerSet } from '../policy/peer-set.ts'
import type { Certainty, Culprit } from './finding.ts'
import { admittedBy } from './admitted-by.ts'
import type { LostPeers } from './lost-peers.ts'
import { applicationPorts, withOpenPorts } from './open-to.ts'

export interface ClosedEnd {
  /** Whose policies they are: a workload behind the waypoint, a client of it, or the waypoint itself. */
  readonly end: Workload
  readonly direction: Direction
  /** The TCP port that is shut: of HBONE, or of a workload outside the mesh, to which the waypoint sends plaintext. */
  readonly port: number
  readonly waypoint: Waypoint
  /** What the waypoint stands before: `Kind/namespace/name`. */
  readonly before: string
  readonly lost: LostPeers
  readonly culprits: readonly Culprit[]
  /** The waypoints, by id, where the rules name those on other ports and no client: they mean who comes through them. */
  readonly named?: readonly string[]
}

export type Gate = 'open' | 'doubtful' | 'closed'

/**
 * Is a TCP port, that of HBONE unless another is given, open between a workload and another, as far as the policies of the
 * first go?
 */
export function gateOf(
  { engine, state }: World,
  workload: Workload,
  way: Direction,
  other: Workload,
  port: number = state.config.mesh.hbonePort,
): Gate {
  const { sure, perhaps } = engine.allows(workload, { kind: 'workload', workload: other }, way)
  return hasPort(sure, 'TCP', port) ? 'open' : hasPort(perhaps, 'TCP', port) ? 'doubtful' : 'closed'
}

/** A rule of a workload behind a waypoint, and whom it means to let in of those who come through the waypoint. */
export interface Meant {
  readonly policy: NetworkPolicy
  readonly rule: PolicyRule
  readonly clients: MeshPeers
  /** It names the waypoint, and so means whoever comes through it. */
  readonly itself: boolean
  /** Other waypoints that it names, by id: it means whoever comes through a waypoint, if not through which. */
  readonly others: readonly string[]
}

/**
 * Those of the mesh who come through a waypoint to a workload that lets in whoever nothing denies, as far as its application
 * is open to them. NO_PEERS where something isolates it: then its rules say who is meant.
 */
export function openThrough(world: World, workload: Workload, waypoint: Waypoint): PeerSet {
  const { clients, engine, senders, waypoints } = world
  if (engine.isolation(workload, 'ingress') !== 'no') return NO_PEERS
  const ports = applicationPorts(world, workload, 'ingress', senders.everyone)
  const admitted = { ports, names: [], peers: senders.everyone }
  const cut = clients(withOpenPorts(world, workload, 'ingress', admitted).peers.certain)
  return (['ambient', 'gateway'] as const)
    .filter((client) => waypoints.ways(workload, client).through.some((one) => one.waypoint === waypoint))
    .map((client) => cut[client])
    .reduce(bothPeers, NO_PEERS)
}

/** Whom the rules of a workload let in of those who come through a waypoint. */
export function meantThrough(world: World, workload: Workload, waypoint: Waypoint): readonly Meant[] {
  const { clients, engine, population, state, waypointPods, waypoints } = world
  const { hbonePort } = state.config.mesh
  const uses = (client: 'ambient' | 'gateway'): boolean =>
    waypoints.ways(workload, client).through.some((one) => one.waypoint === waypoint)
  const [ambient, gateways] = [uses('ambient'), uses('gateway')]
  const own = waypoint.shown ? fromRising([population.indexOf(waypoint.pods)]) : []
  const isItself = (peers: PeerSet): boolean =>
    !noPeers(onlyKnown(peers, own)) || peers.unseen.some(({ pods }) => namesGateway(pods, waypoint))
  const through = (peers: PeerSet): PeerSet => {
    const cut = clients(peers)
    const some =
      ambient && gateways ? bothPeers(cut.ambient, cut.gateway) : ambient ? cut.ambient : cut.gateway
    return { ...some, unseen: some.unseen.filter(({ pods }) => !namesGateway(pods, waypoint)) }
  }
  const elsewhere = subtract(waypointPods.shown, own)
  return engine.letting(workload, 'ingress').flatMap(({ policy, rule }) =>
    admittedBy(world, workload, 'ingress', rule, policy).flatMap((admitted) => {
      const { name, certain, possible } = admitted.peers
      const { peers, perhaps } = withOpenPorts(world, workload, 'ingress', admitted)
      const rest = bothPeers(peers.possible, perhaps)
      const meant = { name, certain: through(peers.certain), possible: through(rest) }
      const itself = isItself(certain) || isItself(possible)
      const nobody = noPeers(meant.certain) && noPeers(meant.possible)
      const named = speaksHbone(rule, hbonePort)
        ? onlyKnown(bothPeers(peers.certain, rest), elsewhere)
        : NO_PEERS
      const others = [...indexesOf(named.known)].flatMap((index) => population.workloads[index]?.id ?? [])
      return nobody && !itself && others.length === 0
        ? []
        : [{ policy, rule, clients: meant, itself, others }]
    }),
  )
}

/** Is a rule about HBONE, by a Gateway that it selects or by the port that it gives? Any other may mean other pods there. */
function speaksHbone({ peers, ports }: PolicyRule, hbonePort: number): boolean {
  const isGateway = peers?.some(
    (peer) => peer.kind === 'pods' && peer.pods.some(({ key }) => key === GATEWAY_NAME),
  )
  const isPort = ports?.some(
    (port) =>
      port.protocol === 'TCP' && !('name' in port) && port.low === hbonePort && port.high === hbonePort,
  )
  return isGateway === true || isPort === true
}

/** Do pods that the tree does not show belong to the Gateway of a waypoint, by the label that names it? */
function namesGateway(pods: PeerSet['unseen'][number]['pods'], waypoint: Waypoint): boolean {
  return pods.some(
    (one) => one.key === GATEWAY_NAME && one.operator === 'In' && one.values.includes(waypoint.pods.name),
  )
}

/**
 * A waypoint as a lost peer: by its id, or, where nothing shows it, by the label that Istio gives its pods. `through` are
 * those who come that way.
 */
export function waypointAsLost(
  { population }: World,
  { pods, shown }: Waypoint,
  certainty: Certainty,
  through: PeerSet = NO_PEERS,
): LostPeers {
  if (shown) {
    const peers = { ...NO_PEERS, known: fromRising([population.indexOf(pods)]) }
    return { name: null, peers, certainty, doubt: 'waypoint', through }
  }
  const name = podsName(
    [{ key: GATEWAY_NAME, operator: 'In', values: [pods.name] }],
    [{ key: NAMESPACE_NAME_LABEL, operator: 'In', values: [pods.namespace.name] }],
  )
  const peers: PeerSet = { ...NO_PEERS, rest: [{ kind: 'workload', workload: pods }] }
  return { name, peers, certainty, doubt: 'waypoint', through }
}

const PODS_OF_WAYPOINTS: Selector = [{ key: GATEWAY_CLASS, operator: 'In', values: ['istio-waypoint'] }]

/** What all waypoints together go by, where too many of them are lost to be told one by one. */
export const ANY_WAYPOINT = podsName(PODS_OF_WAYPOINTS, EVERYTHING)

export function anyWaypoint({ certainty, doubt }: LostPeers): LostPeers {
  const everywhere: Peer = { kind: 'elsewhere', pods: PODS_OF_WAYPOINTS, namespaces: EVERYTHING }
  return { name: ANY_WAYPOINT, peers: { ...NO_PEERS, rest: [everywhere] }, certainty, doubt }
}
