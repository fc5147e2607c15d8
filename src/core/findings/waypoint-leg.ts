// Traffic to a workload behind a waypoint: which of it goes through, and is the waypoint let in? Source: istio
// pilot/pkg/serviceregistry/ambient/waypoints.go and ztunnel src/proxy/outbound.rs (build_request).
import type { World } from '../analysis.ts'
import { podsEnrolled } from '../ambient/enrollment.ts'
import { undescribed } from '../ambient/mesh.ts'
import { label, pinnedLabels } from '../kubernetes/labels.ts'
import { labelsField, get, rootField } from '../kubernetes/field.ts'
import { hasPort } from '../kubernetes/port-set.ts'
import type { Direction } from '../kubernetes/kinds/network-policy.ts'
import type { Workload } from '../kubernetes/state.ts'
import type { Peer } from '../policy/peer.ts'

/** `none`: the direct path decides. `open`: it is not needed. `unknown`: one or the other is. */
export type Detour = 'none' | 'open' | 'unknown'

/** Does the traffic between a workload and a peer go through the waypoint of `destination`, the end that receives? */
export function detour(
  world: World,
  workload: Workload,
  direction: Direction,
  peer: Peer,
  destination: Workload | null,
): Detour {
  if (destination?.waypoint == null || !sendsThroughWaypoints(world, direction, peer)) return 'none'
  const leg = waypointLeg(world, workload, direction, destination)
  // Closed to the waypoint and to the peer: whichever way the traffic takes, it ends there.
  if (leg === 'closed') return 'none'
  const waypoint = waypointOf(world, destination)
  if (waypoint === null) return 'unknown'
  const { services } = destination.waypoint
  switch (waypointFor(waypoint)) {
    case 'none':
      return 'none'
    case 'all':
      return leg
    case 'service':
      // A headless Service hands out pod addresses, and those bypass a waypoint for services.
      if (services.plain === 0) return 'none'
      return services.headless === 0 ? leg : 'unknown'
    default:
      return 'unknown'
  }
}

/** Is HBONE from (or to) the waypoint of `destination` admitted by the policies of `workload`? */
export function waypointLeg(
  world: World,
  workload: Workload,
  direction: Direction,
  destination: Workload,
): 'open' | 'unknown' | 'closed' {
  const { engine, state } = world
  const { hbonePort } = state.config.mesh
  const { sure, perhaps } = engine.allows(workload, waypointPeer(world, destination), direction)
  if (hasPort(sure, 'TCP', hbonePort)) return 'open'
  return hasPort(perhaps, 'TCP', hbonePort) ? 'unknown' : 'closed'
}

/** The waypoint of a workload, where the tree shows it. */
export function waypointOf({ state }: World, { waypoint }: Workload): Workload | null {
  if (waypoint === null) return null
  const found = state.workloads.find(
    ({ gateway, name, namespace }) =>
      gateway === 'istio-waypoint' && name === waypoint.name && namespace.name === waypoint.namespace,
  )
  return found ?? null
}

function waypointPeer(world: World, destination: Workload): Peer {
  const known = waypointOf(world, destination)
  if (known !== null) return { kind: 'workload', workload: known }
  const { name, namespace } = destination.waypoint ?? { name: '', namespace: '' }
  return {
    kind: 'pods',
    pods: [{ key: 'gateway.networking.k8s.io/gateway-name', operator: 'In', values: [name] }],
    namespace: world.state.namespaces.get(namespace) ?? undescribed(namespace),
  }
}

/** Ambient pods do; gateways and sidecars go straight, and of pods that nobody shows it is not assumed. */
function sendsThroughWaypoints(world: World, direction: Direction, peer: Peer): boolean {
  if (direction === 'egress') return true
  switch (peer.kind) {
    case 'workload':
      return world.mesh.member(peer.workload).enrollment.state === 'yes'
    case 'pods':
      return peer.namespace.known && podsEnrolled(pinnedLabels(peer.pods), peer.namespace, world.state.config)
    case 'elsewhere':
    case 'addresses':
      return false
  }
}

function waypointFor({ object }: Workload): string {
  const labels = labelsField(get(get(rootField(object), 'metadata'), 'labels'))
  return label(labels, 'istio.io/waypoint-for') ?? 'service'
}
