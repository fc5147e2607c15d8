// Waypoint → workload, at both: the workload must let the waypoint in, and the waypoint be let out to it. In the mesh that
// is HBONE; to what is outside it sends plaintext, on the ports that its Services lead to (facts on the path matrix:
// istio pilot/pkg/xds/endpoints/endpoint_builder.go, buildEnvoyLbEndpoint).
import type { World } from '../analysis.ts'
import { wouldBeInjected } from '../ambient/injection.ts'
import type { Through } from '../ambient/waypoints.ts'
import type { Direction } from '../kubernetes/kinds/policy.ts'
import { hasPort } from '../kubernetes/port-set.ts'
import type { Service, Workload } from '../kubernetes/state.ts'
import { fromRising, indexesOf } from '../policy/index-set.ts'
import { NOWHERE } from '../policy/peer.ts'
import { NO_PEERS, bothPeers, noPeers } from '../policy/peer-set.ts'
import type { PeerSet } from '../policy/peer-set.ts'
import { rulePorts } from '../policy/rule-matches.ts'
import type { Certainty, Culprit } from './finding.ts'
import { fallingShort } from './closing.ts'
import type { LostPeers } from './lost-peers.ts'
import { gateOf, meantThrough, openThrough, waypointAsLost } from './waypoint-end.ts'
import type { ClosedEnd, Meant } from './waypoint-end.ts'

/** The closed ends between waypoints and the workloads behind them. */
export function endsPastWaypoints(world: World): readonly ClosedEnd[] {
  const { detoured, mesh, population, state, waypoints } = world
  const { hbonePort } = state.config.mesh
  // Nobody takes a waypoint where ambient pods take none.
  return [...indexesOf(detoured)].flatMap((index) => {
    const { workload, receives } = mesh.member(population.workloads[index] as Workload)
    const ways =
      receives === 'certain'
        ? waypoints.all(workload).map((through) => ({ ...through, ports: [hbonePort], either: false }))
        : plaintextWays(world, workload, receives === 'possible')
    const ends = ways.flatMap((way) =>
      way.ports.flatMap((port) => [
        ...closedToWaypoint(world, workload, way, port),
        ...closedAtWaypoint(world, workload, way, port),
      ]),
    )
    // Of what may be in the mesh or not only that counts which is shut either way, and it is told once.
    return receives === 'possible'
      ? ends.filter(({ lost, port }) => lost.certainty === 'certain' && port === hbonePort)
      : ends
  })
}

/** A waypoint before a workload, and the TCP ports of it that it sends to. */
interface Way extends Through {
  readonly ports: readonly number[]
  /** Does it send to one of them only, nobody knows to which? */
  readonly either: boolean
}

/**
 * The ways to a workload that is outside the mesh, or may be: by its Services, and by its addresses. A sidecar may take
 * HBONE as well: where the mesh was installed for Ambient, the injector adds the label that says so
 * (files/injection-template.yaml).
 */
function plaintextWays(
  { state, waypoints }: World,
  workload: Workload,
  mayBeEnrolled: boolean,
): readonly Way[] {
  const all = waypoints.all(workload)
  const either = mayBeEnrolled || wouldBeInjected(workload.pods, workload.namespace) !== 'no'
  const byService = workload.services
    .filter(({ spec }) => !spec.headless)
    .map((service) => ({
      through: waypoints.wayTo(service, service.spec.labels).through,
      ports: targetsOf(service, workload),
    }))
  return all.map((way) => {
    const ports = byService.flatMap(({ through, ports: some }) =>
      through.some(({ waypoint }) => waypoint === way.waypoint) ? some : [],
    )
    const led = ports.length > 0 ? ports : workload.declaredPorts
    const own = [...new Set(led)].sort((a, b) => a - b)
    return { ...way, ports: either ? [...own, state.config.mesh.hbonePort] : own, either }
  })
}

/** The TCP ports of a workload that a Service leads to. */
function targetsOf({ spec }: Service, { pods }: Workload): readonly number[] {
  return spec.targets.flatMap(({ protocol, port }) => {
    if (protocol !== 'TCP') return []
    if (typeof port === 'number') return [port]
    return pods.ports.flatMap((entry) =>
      entry.name === port && entry.protocol === 'TCP' ? [entry.port] : [],
    )
  })
}

/** At the workload: it lets in clients that come through the waypoint, and not the waypoint. */
function closedToWaypoint(world: World, workload: Workload, way: Way, port: number): readonly ClosedEnd[] {
  const { engine } = world
  const { waypoint, sure } = way
  if (engine.isOpen(workload, 'ingress')) return []
  const gate = gateOf(world, workload, 'ingress', waypoint.pods, port)
  if (gate === 'open' || (gate === 'doubtful' && !sure)) return []
  const { meant, everybody, through } = wantedThrough(world, workload, way, port)
  if (meant.length === 0 && noPeers(everybody)) return []
  // Whether the traffic comes this way is not known: where the straight way is closed as well, another rule says so.
  if (!sure && noPeers(engine.split(workload, 'ingress', port, through).open)) return []
  const known =
    !noPeers(everybody) ||
    meant.some(
      ({ clients, itself, others, rule, policy }) =>
        itself || others.length > 0 || !noPeers(engine.matches(rule, policy, clients.certain).open),
    )
  const isOpen = way.either && isOpenElsewhere(world, workload, 'ingress', waypoint.pods, way)
  const certainty: Certainty = sure && known && gate === 'closed' && !isOpen ? 'certain' : 'possible'
  const lost = waypointAsLost(world, waypoint, certainty, through)
  const rules = meant.map(({ policy, rule }) => ({ policy, rule }))
  const culprits = fallingShort(world, workload, 'ingress', lost.peers, rules, port)
  const isOther = ({ clients: { certain, possible } }: Meant): boolean =>
    noPeers(certain) && noPeers(possible)
  const ids = meant.flatMap(({ itself, others }) => (itself ? [waypoint.id, ...others] : others))
  const named = meant.every(isOther) ? [...new Set(ids)] : []
  return [
    {
      ...{ end: workload, direction: 'ingress', port },
      ...{ waypoint, before: workload.id, lost, culprits, named },
    },
  ]
}

/** Is some of the ports of a way not shut? */
function isOpenElsewhere(
  world: World,
  workload: Workload,
  direction: Direction,
  other: Workload,
  { ports }: Way,
): boolean {
  return ports.some((port) => gateOf(world, workload, direction, other, port) !== 'closed')
}

interface Wanted {
  readonly meant: readonly Meant[]
  readonly everybody: PeerSet
  /** All of them together. */
  readonly through: PeerSet
}

/**
 * Whom a workload means of those who come through a waypoint to a port of it: the rules that admit them, or, where nothing
 * isolates it, everybody; then what keeps the waypoint from it is a denial.
 */
function wantedThrough(world: World, workload: Workload, way: Way, port: number): Wanted {
  const all = meantThrough(world, workload, way.waypoint)
  // A rule that names waypoints means whoever comes through them to any port, unless some port is open to this one.
  const isLetIn = !way.either && isOpenElsewhere(world, workload, 'ingress', way.waypoint.pods, way)
  const meant = all.filter(
    ({ itself, others, rule }) =>
      port === world.state.config.mesh.hbonePort ||
      hasPort(rulePorts(rule, workload, NOWHERE).perhaps, 'TCP', port) ||
      (!isLetIn && (itself || others.length > 0)),
  )
  const everybody = all.length > 0 ? NO_PEERS : openThrough(world, workload, way.waypoint)
  const coming = meant.map(({ clients: { certain, possible } }) => bothPeers(certain, possible))
  return { meant, everybody, through: [everybody, ...coming].reduce(bothPeers) }
}

/** At the waypoint: it may not send to what is behind it. */
function closedAtWaypoint(world: World, workload: Workload, way: Way, port: number): readonly ClosedEnd[] {
  const { engine, population, state } = world
  const { waypoint, sure, either } = way
  if (engine.isOpen(waypoint.pods, 'egress')) return []
  const gate = gateOf(world, waypoint.pods, 'egress', workload, port)
  const { hits } = engine.allows(waypoint.pods, { kind: 'workload', workload }, 'egress')
  // Whether a block holds the address of the workload is a doubt about every port of it, and no news of this one.
  const byBlocks =
    !engine.wavers(waypoint.pods, 'egress') &&
    hits.every(
      ({ rule, perhaps }) =>
        !hasPort(perhaps, 'TCP', port) || rule.peers?.every(({ kind }) => kind === 'block') === true,
    )
  if (gate === 'open' || (gate === 'doubtful' && (!sure || byBlocks))) return []
  const { meant, everybody, through } = wantedThrough(world, workload, way, port)
  const isPlain = port !== state.config.mesh.hbonePort
  // Of several ports of a workload outside the mesh, some may be for nobody who comes this way.
  if (isPlain && meant.length === 0 && noPeers(everybody)) return []
  const admitting = hits.map(({ policy, rule }): Culprit => ({ policy, rule }))
  const peers = { ...NO_PEERS, known: fromRising([population.indexOf(workload)]) }
  const culprits = fallingShort(world, waypoint.pods, 'egress', peers, admitting, port)
  // Where others of its ports are open to the waypoint, and nobody says who comes to this one, perhaps nobody does.
  const isOther =
    (either || !noPeers(everybody)) && isOpenElsewhere(world, waypoint.pods, 'egress', workload, way)
  const certainty = sure && gate === 'closed' && !isOther ? 'certain' : 'possible'
  const lost: LostPeers = {
    name: null,
    peers,
    certainty,
    doubt: gate === 'doubtful' ? 'rule' : 'mesh',
    through,
  }
  return [
    {
      ...{ end: waypoint.pods, direction: 'egress', port },
      ...{ waypoint, before: workload.id, lost, culprits },
    },
  ]
}
