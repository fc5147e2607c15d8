// Waypoints as peers: one sends to what is behind it, and takes what its clients send; for any other workload its pods are
// nobody. Source: istio architecture/ambient/ztunnel.md; ztunnel src/proxy/outbound.rs, build_request.
import type { World } from '../analysis.ts'
import { intersect, subtract, union } from '../kubernetes/interval-set.ts'
import { GATEWAY_NAME } from '../kubernetes/labels.ts'
import type { Selector } from '../kubernetes/labels.ts'
import type { Direction } from '../kubernetes/kinds/policy.ts'
import type { Workload } from '../kubernetes/state.ts'
import { clientOf } from '../policy/clients.ts'
import { fromRising, indexesOf } from '../policy/index-set.ts'
import type { PeerSet } from '../policy/peer-set.ts'
import { podsOf } from '../policy/waypoint-pods.ts'
import { compareText } from '../source/problem.ts'

/** A set of peers by what they have to do with a workload; whoever is no waypoint counts. */
export interface ByStanding {
  readonly counts: PeerSet
  /** Waypoints of which it is not known that traffic of the workload takes them. */
  readonly perhaps: PeerSet
  /** Waypoints of which it is known that none does. */
  readonly nobody: PeerSet
}

/** Does traffic come to a workload, or go from it, through a Gateway, by its id? null: not that the tree shows. */
export function passes(
  { mesh, waypointPods, waypoints }: World,
  workload: Workload,
  direction: Direction,
): (id: string) => 'surely' | 'perhaps' | null {
  const through =
    direction === 'ingress'
      ? new Map(waypoints.all(workload).map((one) => [one.waypoint.id, one]))
      : waypointPods.used(clientOf(workload, mesh)).byId
  return (id) => {
    const one = through.get(id)
    return one === undefined ? null : one.sure ? 'surely' : 'perhaps'
  }
}

/**
 * Cuts sets of peers of a workload. `former` are ids of Gateways that were waypoints, beside those that the state itself
 * speaks of: of a Gateway that nothing shows, and that nothing calls a waypoint, nobody knows what it is, and it counts.
 */
export function byStanding(
  world: World,
  workload: Workload,
  direction: Direction,
  former: ReadonlySet<string> = new Set(),
): (peers: PeerSet) => ByStanding {
  const { mesh, population, waypointPods, waypoints } = world
  // Gateways take none that ambient pods do not.
  const ambient = waypointPods.used('ambient')
  const through =
    direction === 'ingress'
      ? waypoints.all(workload)
      : [...waypointPods.used(clientOf(workload, mesh)).byId.values()]
  const sure = podsOf(
    through.filter((one) => one.sure),
    population,
  )
  // A route may send what comes through the waypoint of another Service on to this workload, though not to a waypoint.
  const isDestination = direction === 'ingress' && workload.gateway === null
  const routing = isDestination ? ambient.pods : []
  const likely = subtract(union(podsOf(through, population), intersect(routing, waypointPods.shown)), sure)
  const none = subtract(subtract(waypointPods.shown, sure), likely)
  const pass = passes(world, workload, direction)
  const unseenStanding = (pods: Selector, namespace: string): keyof ByStanding => {
    const ids = gatewaysOf(pods, namespace)
    const isWaypoint = (id: string): boolean => former.has(id) || ambient.byId.has(id)
    if (ids.length === 0 || !ids.every(isWaypoint)) return 'counts'
    return ids.every((id) => pass(id) === null) ? 'nobody' : 'perhaps'
  }
  return ({ known, unseen, rest }) => {
    const part = (wanted: keyof ByStanding): Omit<PeerSet, 'known'> => ({
      unseen: unseen.flatMap(({ pods, namespaces }) => {
        if (!pods.some(asksForGateway)) return wanted === 'counts' ? [{ pods, namespaces }] : []
        const some = fromRising(
          [...indexesOf(namespaces)].filter(
            (index) => unseenStanding(pods, population.namespaces[index]?.name ?? '') === wanted,
          ),
        )
        return some.length === 0 ? [] : [{ pods, namespaces: some }]
      }),
      rest: rest.filter(
        (peer) =>
          (peer.kind === 'pods' ? unseenStanding(peer.pods, peer.namespace.name) : 'counts') === wanted,
      ),
    })
    return {
      counts: { known: subtract(subtract(known, likely), none), ...part('counts') },
      perhaps: { known: intersect(known, likely), ...part('perhaps') },
      nobody: { known: intersect(known, none), ...part('nobody') },
    }
  }
}

/**
 * The waypoints, by id, that rules of a workload let through on a TCP port, although it is not known that any traffic takes
 * them.
 */
export function idleWaypoints(
  world: World,
  workload: Workload,
  direction: Direction,
  port: number,
  former: ReadonlySet<string>,
): readonly string[] {
  const { engine, receivers, senders } = world
  const finder = direction === 'ingress' ? senders : receivers
  const cut = byStanding(world, workload, direction, former)
  const ids = engine.letting(workload, direction).flatMap(({ policy, rule }) =>
    finder.ofRule(rule, policy).flatMap(({ certain, possible }) =>
      [certain, possible].flatMap((peers) => {
        const { perhaps, nobody } = cut(peers)
        return [perhaps, nobody].flatMap((some) => {
          const { open, doubtful } = engine.split(workload, direction, port, some)
          return [...idsOf(open, world), ...idsOf(doubtful, world)]
        })
      }),
    ),
  )
  return [...new Set(ids)].sort(compareText)
}

function idsOf({ known, unseen, rest }: PeerSet, { population }: World): readonly string[] {
  return [
    ...[...indexesOf(known)].flatMap((index) => population.workloads[index]?.id ?? []),
    ...unseen.flatMap(({ pods, namespaces }) =>
      [...indexesOf(namespaces)].flatMap((index) =>
        gatewaysOf(pods, population.namespaces[index]?.name ?? ''),
      ),
    ),
    ...rest.flatMap((peer) => (peer.kind === 'pods' ? gatewaysOf(peer.pods, peer.namespace.name) : [])),
  ]
}

function asksForGateway(one: Selector[number]): boolean {
  return one.key === GATEWAY_NAME && one.operator === 'In'
}

function gatewaysOf(pods: Selector, namespace: string): readonly string[] {
  return pods.flatMap((one) =>
    one.key === GATEWAY_NAME && one.operator === 'In'
      ? one.values.map((name) => `Gateway/${namespace}/${name}`)
      : [],
  )
}
