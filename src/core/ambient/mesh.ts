// The mesh has two sides: who sends HBONE and who receives it (facts on the path matrix: istio
// pilot/pkg/xds/endpoints/endpoint_builder.go, ztunnel src/proxy/outbound.rs).
import type { ClusterConfig } from '../config.ts'
import { NAMESPACE_NAME_LABEL, label, pinnedLabels } from '../kubernetes/labels.ts'
import type { Selector } from '../kubernetes/labels.ts'
import type { ClusterState, Namespace, Workload } from '../kubernetes/state.ts'
import { enrollment, enrollmentKind, podsEnrolled } from './enrollment.ts'
import type { Enrollment } from './enrollment.ts'
import { injectionKind, wouldBeInjected } from './injection.ts'

/** How sure it is that a peer speaks HBONE: `certain`, `possible`, or `outside` the mesh. */
export type MeshSide = 'certain' | 'possible' | 'outside'

export interface Member {
  readonly workload: Workload
  readonly enrollment: Enrollment
  readonly sends: MeshSide
  readonly receives: MeshSide
}

/** Which side of the mesh is asked for: who sends HBONE to us, or who receives it from us. */
export type Role = 'sends' | 'receives'

/** What the mesh is in one state of one cluster. */
export interface MeshView {
  readonly members: readonly Member[]
  readonly member: (workload: Workload) => Member
  /** What pods would be that a selector matches in a namespace, and that the tree does not show. */
  readonly podsSide: (pods: Selector, namespace: Namespace, role: Role) => MeshSide
  /** Would such pods be enrolled, for sure? */
  readonly podsEnrolled: (pods: Selector, namespace: Namespace) => boolean
  /** Namespaces of one kind are alike to the mesh: pods of a selector would be the same in all of them. */
  readonly kindOf: (namespace: Namespace) => string
}

export function viewMesh(state: ClusterState): MeshView {
  const members = state.workloads.map((workload) => memberOf(workload, state.config))
  const kinds = new WeakMap<Namespace, string>()
  const byWorkload = new Map(members.map((member) => [member.workload, member]))
  return {
    members,
    member: (workload) => {
      const member = byWorkload.get(workload)
      if (member === undefined) throw new Error(`${workload.id} is not in this state`)
      return member
    },
    podsSide: (pods, namespace, role) => podsSide(pods, namespace, role, state),
    podsEnrolled: (pods, namespace) =>
      namespace.known && podsEnrolled(pinnedLabels(pods), namespace, state.config) === 'yes',
    kindOf: (namespace) => {
      const before = kinds.get(namespace)
      if (before !== undefined) return before
      const { config } = state
      const kind = namespace.known
        ? [enrollmentKind(namespace, config), injectionKind(namespace), runsGateways(namespace, state)]
        : [config.mesh.excludeNamespaces.includes(namespace.name)]
      const now = JSON.stringify(kind)
      kinds.set(namespace, now)
      return now
    },
  }
}

/** What a workload is in the mesh. */
export function memberOf(workload: Workload, config: ClusterConfig): Member {
  const enrolled = enrollment(workload, config)
  const injected = wouldBeInjected(workload.pods, workload.namespace)
  const tunnel = label(workload.pods.labels, 'networking.istio.io/tunnel') === 'http'
  const sends = strongest(
    fromState(enrolled.state),
    fromMatch(injected),
    workload.gateway === null ? 'outside' : 'certain',
  )
  const receives = strongest(
    fromState(enrolled.state),
    workload.gateway === 'istio-waypoint' || workload.gateway === 'istio-east-west' ? 'certain' : 'outside',
    tunnel ? fromMatch(injected) : 'outside',
  )
  return { workload, enrollment: enrolled, sends, receives }
}

/**
 * Certain where the namespace is known and enrols or injects them, or their own labels do; outside only
 * where the namespace is known and nothing speaks for the mesh, nor may once its labels are filled in; else possible.
 */
function podsSide(pods: Selector, namespace: Namespace, role: Role, state: ClusterState): MeshSide {
  const { config } = state
  if (config.mesh.excludeNamespaces.includes(namespace.name)) return 'outside'
  if (!namespace.known) return 'possible'
  const labels = pinnedLabels(pods)
  const enrols = podsEnrolled(labels, namespace, config)
  const injected = wouldBeInjected({ labels, annotations: {}, hostNetwork: false }, namespace)
  const asSidecar =
    role === 'sends' || label(labels, 'networking.istio.io/tunnel') === 'http' ? injected : 'no'
  if (enrols === 'yes' || asSidecar === 'yes') return 'certain'
  if (label(labels, 'gateway.istio.io/managed') !== undefined) return 'certain'
  if (enrols === 'maybe' || asSidecar === 'maybe') return 'possible'
  // The label by which Istio's own charts mark their gateways, and the one that the Gateway API asks for.
  if (
    label(labels, 'istio') !== undefined ||
    label(labels, 'gateway.networking.k8s.io/gateway-name') !== undefined
  )
    return 'possible'
  return runsGateways(namespace, state) && role === 'sends' ? 'possible' : 'outside'
}

function runsGateways({ name }: Namespace, { config, gatewayNamespaces }: ClusterState): boolean {
  return gatewayNamespaces.has(name) || config.mesh.gatewayNamespaces.includes(name)
}

/** A namespace that the tree does not describe, by name: possible, unless the mesh excludes it. */
export function undescribed(name: string): Namespace {
  return { name, labels: { [NAMESPACE_NAME_LABEL]: name }, known: false, origin: null }
}

function fromState(state: Enrollment['state']): MeshSide {
  return state === 'yes' ? 'certain' : state === 'unknown' ? 'possible' : 'outside'
}

function fromMatch(match: 'no' | 'maybe' | 'yes'): MeshSide {
  return match === 'yes' ? 'certain' : match === 'maybe' ? 'possible' : 'outside'
}

function strongest(...sides: readonly MeshSide[]): MeshSide {
  return sides.includes('certain') ? 'certain' : sides.includes('possible') ? 'possible' : 'outside'
}
