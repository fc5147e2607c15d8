// Client → waypoint, at the client: it must be let out to the waypoint, and not to the workload behind it.
import type { World } from '../analysis.ts'
import type { Client, Through, Waypoint } from '../ambient/waypoints.ts'
import { contains, intersect, subtract, union } from '../kubernetes/interval-set.ts'
import type { PolicyRule } from '../kubernetes/kinds/policy.ts'
import { hasPort } from '../kubernetes/port-set.ts'
import type { NetworkPolicy, Workload } from '../kubernetes/state.ts'
import { clientOf } from '../policy/clients.ts'
import type { Peer } from '../policy/peer.ts'
import { rulePorts } from '../policy/rule-matches.ts'
import { countOf, fromRising, indexesOf } from '../policy/index-set.ts'
import type { IndexSet } from '../policy/index-set.ts'
import { NO_PEERS, noPeers } from '../policy/peer-set.ts'
import type { PeerSet } from '../policy/peer-set.ts'
import { grouped } from '../source/grouped.ts'
import type { Certainty } from './finding.ts'
import { admittedBy } from './admitted-by.ts'
import { fallingShort } from './closing.ts'
import { withOpenPorts } from './open-to.ts'
import { anyWaypoint, gateOf, waypointAsLost } from './waypoint-end.ts'
import type { ClosedEnd } from './waypoint-end.ts'

/** The closed ends at enrolled workloads and gateways, as clients of waypoints. */
export function endsBeforeWaypoints(world: World): readonly ClosedEnd[] {
  const behind = lookBehind(world)
  return world.mesh.members.flatMap(({ workload }) => {
    const kind = clientOf(workload, world.mesh)
    return kind === 'other' ? [] : closedForClient(world, workload, kind, behind)
  })
}

/** What clients find on their way to workloads behind waypoints, worked out once for all of them. */
interface Behind {
  /** The workloads behind waypoints that are outside the mesh: the way to the waypoint is the same. */
  readonly outside: IndexSet
  /** The waypoints that the tree shows, and all of them. */
  readonly shown: IndexSet
  readonly waypoints: PeerSet
}

function lookBehind({ detoured, mesh, population, waypoints }: World): Behind {
  const through = [...indexesOf(detoured)].flatMap(
    (index) => waypoints.ways(population.workloads[index] as Workload, 'ambient').through,
  )
  const all = [...new Set(through.map(({ waypoint }) => waypoint))]
  const known = all.flatMap(({ pods, shown }) => (shown ? [population.indexOf(pods)] : []))
  const shown = fromRising(known.sort((a, b) => a - b))
  const hidden = grouped(
    all.filter((waypoint) => !waypoint.shown),
    ({ pods }) => pods.name,
  )
  const unseen = [...hidden.values()].map((same) => ({
    pods: Object.entries(same[0]?.pods.pods.labels ?? {}).map(
      ([key, value]) => ({ key, operator: 'In', values: [value] }) as const,
    ),
    namespaces: fromRising(
      same.flatMap(({ pods }) => population.namespaceIndex(pods.namespace.name) ?? []).sort((a, b) => a - b),
    ),
  }))
  const nowhere = all.filter(
    ({ pods, shown: isShown }) => !isShown && population.namespaceIndex(pods.namespace.name) === undefined,
  )
  return {
    outside: fromRising(
      [...indexesOf(detoured)].filter(
        (index) => mesh.member(population.workloads[index] as Workload).receives === 'outside',
      ),
    ),
    shown,
    waypoints: {
      known: shown,
      unseen,
      rest: nowhere.map(({ pods }) => ({ kind: 'workload', workload: pods })),
    },
  }
}

/** So many waypoints are not told one by one. */
const MANY = 20

/** Client → waypoint, at the client: it may send to a workload behind the waypoint, and not to the waypoint. */
function closedForClient(world: World, client: Workload, kind: Client, behind: Behind): readonly ClosedEnd[] {
  const { detoured, population, waypoints } = world
  if (detoured.length === 0) return []
  const denied = deniedToClient(world, client, kind, behind)
  if (denied.length > 0) return denied
  return world.engine.letting(client, 'egress').flatMap(({ policy, rule }) => {
    const found: ClosedEnd[] = []
    const closed = new Set<Waypoint>()
    for (const { destinations, certain } of meantBehind(world, client, rule, policy, behind)) {
      const isOpen = openWaypoints(world, client, destinations, behind)
      for (const index of isOpen === 'all' ? [] : indexesOf(destinations)) {
        const destination = population.workloads[index] as Workload
        for (const through of waypoints.ways(destination, kind).through) {
          const { waypoint } = through
          if (isOpen !== 'all' && isOpen(waypoint)) continue
          const certainty = closedBy(world, client, destination, through, certain)
          if (certainty === null) continue
          closed.add(waypoint)
          const lost = waypointAsLost(world, waypoint, certainty)
          const culprits = fallingShort(world, client, 'egress', lost.peers, [{ policy, rule }])
          found.push({
            ...{ end: client, direction: 'egress', port: world.state.config.mesh.hbonePort },
            ...{ waypoint, before: destination.id, lost, culprits },
          })
        }
        if (closed.size > MANY)
          return found.slice(0, 1).map((end) => ({ ...end, lost: anyWaypoint(end.lost) }))
      }
    }
    return found
  })
}

/**
 * The same, where nothing isolates the client, and it may send wherever nothing denies it: one workload behind each waypoint
 * that a denial keeps it from, which it could reach on a port of its own.
 */
function deniedToClient(world: World, client: Workload, kind: Client, behind: Behind): readonly ClosedEnd[] {
  const { detoured, engine, population, state, waypoints } = world
  if (engine.isOpen(client, 'egress') || engine.isolation(client, 'egress') !== 'no') return []
  const { closed } = engine.split(client, 'egress', state.config.mesh.hbonePort, behind.waypoints)
  if (noPeers(closed)) return []
  const found = new Map<Waypoint, ClosedEnd>()
  for (const index of indexesOf(detoured)) {
    const destination = population.workloads[index] as Workload
    for (const through of waypoints.ways(destination, kind).through) {
      const { waypoint } = through
      if (found.has(waypoint)) continue
      const certainty = closedBy(world, client, destination, through, true)
      if (certainty === null) continue
      const { perhaps } = engine.allows(client, { kind: 'workload', workload: destination }, 'egress')
      const { declaredPorts } = destination
      const isOpen =
        declaredPorts.length === 0
          ? perhaps.TCP.length > 0
          : declaredPorts.some((port) => hasPort(perhaps, 'TCP', port))
      if (!isOpen) continue
      const lost = waypointAsLost(world, waypoint, certainty)
      const culprits = fallingShort(world, client, 'egress', lost.peers, [])
      found.set(waypoint, {
        ...{ end: client, direction: 'egress', port: state.config.mesh.hbonePort },
        ...{ waypoint, before: destination.id, lost, culprits },
      })
      if (found.size > MANY) {
        const [first] = found.values()
        return first === undefined ? [] : [{ ...first, lost: anyWaypoint(first.lost) }]
      }
    }
  }
  return [...found.values()]
}

/** The workloads behind waypoints that an egress rule means, in the mesh and outside. */
function meantBehind(
  world: World,
  client: Workload,
  rule: PolicyRule,
  policy: NetworkPolicy,
  { outside }: Behind,
): readonly { readonly destinations: IndexSet; readonly certain: boolean }[] {
  const { detoured, engine, population } = world
  const inMesh = admittedBy(world, client, 'egress', rule, policy).flatMap((admitted) => {
    const { peers, perhaps } = withOpenPorts(world, client, 'egress', admitted)
    const possible = union(peers.possible.known, perhaps.known)
    return [
      { destinations: intersect(peers.certain.known, detoured), certain: true },
      { destinations: intersect(possible, detoured), certain: false },
    ]
  })
  const named = engine.matches(rule, policy, { ...NO_PEERS, known: outside }).open.known
  const served = [...indexesOf(named)].filter((index) => {
    const destination = population.workloads[index] as Workload
    const peer: Peer = { kind: 'workload', workload: destination }
    const { TCP } = rulePorts(rule, destination, peer).sure
    const { perhaps } = engine.allows(client, peer, 'egress')
    const { declaredPorts } = destination
    return declaredPorts.some((port) => contains(TCP, port) && hasPort(perhaps, 'TCP', port))
  })
  return [...inMesh, { destinations: fromRising(served), certain: true }].filter(
    ({ destinations }) => destinations.length > 0,
  )
}

/** Which waypoints a client may surely send to: asked at once where there are many destinations, else one by one. */
function openWaypoints(
  { engine, population, state }: World,
  client: Workload,
  destinations: IndexSet,
  { shown, waypoints }: Behind,
): 'all' | ((waypoint: Waypoint) => boolean) {
  if (countOf(destinations) <= MANY) return () => false
  const { closed, doubtful } = engine.split(client, 'egress', state.config.mesh.hbonePort, waypoints)
  if (noPeers(closed) && noPeers(doubtful)) return 'all'
  const open = subtract(shown, union(closed.known, doubtful.known))
  return (waypoint) => waypoint.shown && contains(open, population.indexOf(waypoint.pods))
}

/** null: the client may send to the waypoint, or goes straight, and that is another rule's business. */
function closedBy(
  world: World,
  client: Workload,
  destination: Workload,
  { waypoint, sure }: Through,
  certain: boolean,
): Certainty | null {
  const gate = gateOf(world, client, 'egress', waypoint.pods)
  // A doubt on both sides is no news.
  if (gate === 'open' || (gate === 'doubtful' && !(sure && certain))) return null
  if (!sure && gateOf(world, client, 'egress', destination) !== 'open') return null
  return sure && certain && gate === 'closed' ? 'certain' : 'possible'
}
