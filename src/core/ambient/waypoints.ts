// Which traffic to a workload goes through a waypoint. Source: istio pilot/pkg/serviceregistry/ambient
// (waypoints.go: fetchWaypointForTarget; services.go: ingressUseWaypointFromLabels) and ztunnel
// src/proxy/outbound.rs (build_request: a Service's waypoint first, a workload's only for pod addresses).
import { get, items, labelsField, rootField, selectorField, text } from '../kubernetes/field.ts'
import { readGatewayPods } from '../kubernetes/kinds/gateway.ts'
import { USE_WAYPOINT, label, matches } from '../kubernetes/labels.ts'
import type { Labels, Match } from '../kubernetes/labels.ts'
import { grouped } from '../source/grouped.ts'
import type { ClusterState, Named, Namespace, Service, Workload } from '../kubernetes/state.ts'
import { undescribed } from './mesh.ts'

export interface Waypoint {
  /** `Gateway/namespace/name`. */
  readonly id: string
  /** The pods that Istio runs for it, by their labels, shown in the tree or not. */
  readonly pods: Workload
  /** Does the tree show whose pods they are? If not, it may not exist, and traffic then goes straight. */
  readonly shown: boolean
}

/** Who sends: ambient pods use waypoints, gateways where they are told to, sidecars never. */
export type Client = 'ambient' | 'gateway' | 'other'

export interface Through {
  readonly waypoint: Waypoint
  readonly sure: boolean
}

/** How the traffic of a client arrives at a workload: straight, through waypoints, or some of it each way. */
export interface Ways {
  readonly direct: Match
  readonly through: readonly Through[]
}

const STRAIGHT: Ways = { direct: 'yes', through: [] }

export interface WaypointView {
  readonly ways: (destination: Workload, client: Client) => Ways
  /** Every waypoint through which anybody's traffic to a workload goes, for sure or perhaps. */
  readonly all: (destination: Workload) => readonly Through[]
  /** The way to what carries a label such as a Service's or ServiceEntry's. */
  readonly wayTo: (object: Named, labels: Labels) => Ways
}

export function viewWaypoints(state: ClusterState): WaypointView {
  const shown = new Map(
    state.workloads.filter(({ gateway }) => gateway !== null).map((pods) => [pods.id, pods]),
  )
  const made = new Map<string, Waypoint>()
  const find = (name: string, namespaceName: string, asker: Named): Waypoint => {
    const id = `Gateway/${namespaceName}/${name}`
    const known = made.get(id)
    if (known !== undefined) return known
    const pods = shown.get(id)
    const namespace = state.namespaces.get(namespaceName) ?? undescribed(namespaceName)
    const waypoint = { id, pods: pods ?? presume(id, name, namespace, asker), shown: pods !== undefined }
    made.set(id, waypoint)
    return waypoint
  }

  /** The way by what labels say; `traffic` is what the waypoint must be for. */
  const resolve = (object: Named, labels: Labels, traffic: 'service' | 'workload'): Ways => {
    const own = attachment(labels, object.namespace.name)
    const attached = own === undefined ? attachment(object.namespace.labels, object.namespace.name) : own
    if (attached == null) return STRAIGHT
    const waypoint = find(attached.name, attached.namespace, object)
    // Gateways of other classes may have been made to stand in for one (istio.io/latest/docs/ambient, "sandwiches").
    if (waypoint.pods.gateway !== 'istio-waypoint' || !waypoint.shown) {
      // A waypoint is for Services unless it says otherwise: pods inherit no such one from their namespace.
      return traffic === 'workload' && own === undefined
        ? STRAIGHT
        : { direct: 'maybe', through: [{ waypoint, sure: false }] }
    }
    const purpose = label(labelsOf(waypoint.pods), 'istio.io/waypoint-for') ?? 'service'
    if (purpose !== traffic && purpose !== 'all') return STRAIGHT
    const admitted = admitsRoutesOf(waypoint.pods, object.namespace)
    if (admitted === 'no') return STRAIGHT
    return admitted === 'yes'
      ? { direct: 'no', through: [{ waypoint, sure: true }] }
      : { direct: 'maybe', through: [{ waypoint, sure: false }] }
  }

  const toPods = (destination: Workload): Ways => resolve(destination, destination.pods.labels, 'workload')
  const toService = (service: Service, client: Client): Ways =>
    client === 'ambient' || ingressUsesWaypoint(service)
      ? resolve(service, service.spec.labels, 'service')
      : STRAIGHT

  const work = (destination: Workload, client: Client): Ways => {
    if (client === 'other' || destination.gateway !== null) return STRAIGHT
    const plain = destination.services.filter(({ spec }) => !spec.headless)
    // A headless Service hands out the addresses of pods, as does whoever has no Service at all.
    const byAddress = plain.length < destination.services.length || plain.length === 0
    return together([
      ...plain.map((service) => toService(service, client)),
      ...(byAddress ? [client === 'ambient' ? toPods(destination) : STRAIGHT] : []),
    ])
  }
  const answers = { ambient: new Map<Workload, Ways>(), gateway: new Map<Workload, Ways>() }
  const ways: WaypointView['ways'] = (destination, client) => {
    if (client === 'other') return STRAIGHT
    const before = answers[client].get(destination)
    if (before !== undefined) return before
    const now = work(destination, client)
    answers[client].set(destination, now)
    return now
  }
  return {
    ways,
    all: (destination) => together([ways(destination, 'ambient'), ways(destination, 'gateway')]).through,
    wayTo: (object, labels) => resolve(object, labels, 'service'),
  }
}

/**
 * What labels say of a waypoint: undefined nothing, null none (an object's own `none` opts out of that of its
 * namespace).
 */
function attachment(
  labels: Labels,
  namespace: string,
): { readonly name: string; readonly namespace: string } | null | undefined {
  const name = label(labels, USE_WAYPOINT)
  if (name === undefined) return undefined
  // An empty name is that of no Gateway, and the namespace is not asked.
  if (name === 'none' || name === '') return null
  return { name, namespace: label(labels, 'istio.io/use-waypoint-namespace') ?? namespace }
}

/** The Service's word before that of its namespace. */
function ingressUsesWaypoint({ spec, namespace }: Service): boolean {
  const word =
    label(spec.labels, 'istio.io/ingress-use-waypoint') ??
    label(namespace.labels, 'istio.io/ingress-use-waypoint')
  // strconv.ParseBool
  return word !== undefined && ['1', 't', 'T', 'TRUE', 'true', 'True'].includes(word)
}

/** Does any listener of a waypoint let objects of a namespace attach? Only its own, where it does not say. */
function admitsRoutesOf({ object, namespace: home }: Workload, namespace: Namespace): Match {
  if (namespace.name === home.name) return 'yes'
  const answers = items(get(get(rootField(object), 'spec'), 'listeners')).map((listener): Match => {
    const namespaces = get(get(listener, 'allowedRoutes'), 'namespaces')
    const from = text(get(namespaces, 'from')) ?? 'Same'
    if (from === 'All') return 'yes'
    if (from !== 'Selector') return 'no'
    if (!namespace.known) return 'maybe'
    return matches(selectorField(get(namespaces, 'selector')), namespace.labels) ? 'yes' : 'no'
  })
  return answers.includes('yes') ? 'yes' : answers.includes('maybe') ? 'maybe' : 'no'
}

function labelsOf({ object }: Workload): Labels {
  return labelsField(get(get(rootField(object), 'metadata'), 'labels'))
}

/** The pods of a waypoint that the tree does not show: its name alone says which labels Istio gives them. */
function presume(id: string, name: string, namespace: Namespace, { origin }: Named): Workload {
  const object = { metadata: { name, namespace: namespace.name }, spec: { listeners: [{ port: 15008 }] } }
  const pods = readGatewayPods(rootField(object), name, 'istio-waypoint')
  if (pods === null) throw new Error('a waypoint without addresses has pods')
  return {
    id,
    kind: 'Gateway',
    name,
    namespace,
    origin,
    object,
    pods,
    gateway: 'istio-waypoint',
    services: [],
    declaredPorts: [15008],
  }
}

function together(ways: readonly Ways[]): Ways {
  const [only, ...more] = ways
  if (only === undefined) return STRAIGHT
  if (more.length === 0) return only
  const every = (match: Match): boolean => ways.every(({ direct }) => direct === match)
  const byWaypoint = grouped(
    ways.flatMap(({ through }) => through),
    ({ waypoint }) => waypoint,
  )
  return {
    direct: every('yes') ? 'yes' : every('no') ? 'no' : 'maybe',
    through: [...byWaypoint].map(([waypoint, same]) => ({ waypoint, sure: same.some(({ sure }) => sure) })),
  }
}
