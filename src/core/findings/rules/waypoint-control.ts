// The policies of a waypoint, gateway or ztunnel cut it off from istiod, which configures it and gives it its certificate,
// or from DNS, by which it finds istiod. Source: istio manifests/charts/istio-control/istio-discovery/files/waypoint.yaml,
// manifests/charts/ztunnel/templates/daemonset.yaml (the proxy dials istiod.istio-system.svc:15012).
import type { World } from '../../analysis.ts'
import { undescribed } from '../../ambient/mesh.ts'
import { isZtunnel } from '../../ambient/ztunnel.ts'
import { ALL_ADDRESSES } from '../../kubernetes/address-set.ts'
import { EVERYTHING, NAMESPACE_NAME_LABEL, matches, matchesPartly } from '../../kubernetes/labels.ts'
import type { Selector } from '../../kubernetes/labels.ts'
import { hasPort } from '../../kubernetes/port-set.ts'
import type { Protocol } from '../../kubernetes/port-set.ts'
import type { PolicyPeer, PolicyRule } from '../../kubernetes/kinds/policy.ts'
import type { ClusterState, Namespace, NetworkPolicy, Workload } from '../../kubernetes/state.ts'
import { isGateway } from '../../policy/clients.ts'
import { fromRising } from '../../policy/index-set.ts'
import { ANYBODY, podsName } from '../../policy/peer.ts'
import type { Peer } from '../../policy/peer.ts'
import { NO_PEERS, bothPeers } from '../../policy/peer-set.ts'
import type { PeerSet } from '../../policy/peer-set.ts'
import { closing } from '../closing.ts'
import type { Finding } from '../finding.ts'
import { namesOf } from '../lost-names.ts'
import type { LostPeers } from '../lost-peers.ts'
import type { StateRule } from '../rule.ts'
import type { Gate } from '../waypoint-end.ts'
import { nameClosers, namePeers } from '../words.ts'

/** What every proxy of Istio needs beside its traffic. */
interface Need {
  readonly name: string
  readonly pods: Selector
  readonly namespace: string
  readonly port: number
  readonly protocol: Protocol
  readonly fate: string
}

const ISTIOD: Need = {
  name: 'istiod',
  pods: [{ key: 'app', operator: 'In', values: ['istiod'] }],
  namespace: 'istio-system',
  port: 15012,
  protocol: 'TCP',
  fate: 'it gets neither configuration nor a certificate, and does not become ready',
}

const NEEDS: readonly Need[] = [
  ISTIOD,
  {
    name: 'DNS',
    pods: [{ key: 'k8s-app', operator: 'In', values: ['kube-dns'] }],
    namespace: 'kube-system',
    port: 53,
    protocol: 'UDP',
    fate: 'it cannot find istiod by name, and does not become ready',
  },
]

export const waypointControl: StateRule = {
  id: 'waypoint-control',
  judges: 'state',
  hangsOn: 'any',
  check: (world) => {
    const proxies = world.state.workloads.filter((workload) => roleOf(workload) !== null)
    const cutOff = proxies.flatMap((proxy) =>
      NEEDS.flatMap((need) => {
        const gate = gateTo(world, proxy, need)
        return gate === 'open' ? [] : [asFinding(world, proxy, need, gate)]
      }),
    )
    return [...cutOff, ...keptFromIstiod(world, proxies)]
  },
}

/** What kind of proxy istiod configures there; null for workloads that are none. */
function roleOf(workload: Workload): string | null {
  if (workload.gateway === 'istio-waypoint') return 'a waypoint'
  if (isGateway(workload)) return 'a gateway'
  return isZtunnel(workload.pods.labels) ? 'ztunnel' : null
}

/**
 * Closed: where the tree shows who serves it, that one is not reached; where it does not, nobody is reached on the port
 * who could be it. Whoever names the port, or lets all of a namespace outside the mesh through, knows better than we do
 * where it is served, unless something else denies it. Doubtful is only what hangs on whole policies: which of them
 * select the gateway, and which comes first.
 */
function gateTo(world: World, gateway: Workload, need: Need): Gate {
  const { engine } = world
  const { port, protocol } = need
  if (engine.isOpen(gateway, 'egress')) return 'open'
  const named = engine.letting(gateway, 'egress').flatMap(({ policy, rule }) => {
    // A block may be that of its Service, or of a cache of DNS on the node.
    const meant = isShown(world, need)
      ? names(rule, need) && rule.peers !== null
        ? rule.peers.filter(({ kind }) => kind !== 'pods')
        : []
      : mayLeadTo(world, policy, rule, need)
        ? (rule.peers ?? [null])
        : []
    return meant.flatMap((peer) => ends(peer, policy))
  })
  const peers = [...servedBy(world, need), ...named]
  const reached = peers.filter((peer) =>
    hasPort(engine.allows(gateway, peer, 'egress').perhaps, protocol, port),
  )
  if (reached.length === 0) return 'closed'
  const isSettled = (peer: Peer): boolean => hasPort(engine.settled(gateway, peer, 'egress'), protocol, port)
  return reached.some(isSettled) ? 'open' : 'doubtful'
}

/** Who serves it: the workloads that the tree shows, else pods as the charts label them. */
function servedBy({ state }: World, { namespace, pods }: Need): readonly Peer[] {
  const shown = state.workloads.filter(
    (workload) => workload.namespace.name === namespace && matches(pods, workload.pods.labels),
  )
  if (shown.length > 0) return shown.map((workload) => ({ kind: 'workload', workload }))
  return [{ kind: 'pods', pods, namespace: state.namespaces.get(namespace) ?? undescribed(namespace) }]
}

function isShown(world: World, need: Need): boolean {
  return servedBy(world, need).some(({ kind }) => kind === 'workload')
}

/** Where a peer of a rule leads, `null` being anybody. */
function ends(peer: PolicyPeer | null, { namespace }: NetworkPolicy): readonly Peer[] {
  switch (peer?.kind) {
    case 'pods': {
      const { pods, namespaces } = peer
      return [
        namespaces === null ? { kind: 'pods', pods, namespace } : { kind: 'elsewhere', pods, namespaces },
      ]
    }
    case 'block':
      return [{ kind: 'addresses', addresses: peer.addresses, pods: false }]
    case 'entity':
    case 'unknown':
    case undefined:
      return [ANYBODY, { kind: 'addresses', addresses: ALL_ADDRESSES, pods: false }]
  }
}

/** Could what a rule admits be istiod or DNS, of which the tree shows nothing? */
function mayLeadTo({ state, mesh }: World, policy: NetworkPolicy, rule: PolicyRule, need: Need): boolean {
  if (names(rule, need) || rule.peers === null) return covers(rule, need)
  if (!covers(rule, need)) return false
  return rule.peers.some((peer) => {
    if (peer.kind !== 'pods') return true
    if (peer.namespaces === null) return policy.namespace.name === need.namespace
    // Applications live in enrolled namespaces; what configures the mesh and what answers names do not.
    const home = state.namespaces.get(need.namespace) ?? undescribed(need.namespace)
    const chosen = [home, ...state.namespaces.values()].filter((one) => selects(peer.namespaces, one))
    const outside = chosen.some(
      (one) => one === home || mesh.podsSide(EVERYTHING, one, 'receives') !== 'certain',
    )
    return outside || speaksOfStrangers(peer.namespaces, state)
  })
}

function selects(selector: Selector | null, { known, labels }: Namespace): boolean {
  if (selector === null) return false
  return known ? matches(selector, labels) : matchesPartly(selector, labels) !== 'no'
}

/** Does a selector for namespaces speak of one that the tree does not mention, or of none that it does? */
function speaksOfStrangers(selector: Selector | null, { namespaces }: ClusterState): boolean {
  if (selector === null) return false
  const named = selector.find(({ key, operator }) => key === NAMESPACE_NAME_LABEL && operator === 'In')
  return named?.operator === 'In'
    ? named.values.some((name) => !namespaces.has(name))
    : ![...namespaces.values()].some((one) => selects(selector, one))
}

/** Is the port one of the ports of a rule? */
function covers({ ports }: PolicyRule, { port, protocol }: Need): boolean {
  return (
    ports?.some(
      (entry) => 'name' in entry || (entry.protocol === protocol && entry.low <= port && port <= entry.high),
    ) ?? true
  )
}

/** Does a rule name the port itself? */
function names({ ports }: PolicyRule, { port, protocol }: Need): boolean {
  return (
    ports?.some(
      (entry) =>
        'name' in entry || (entry.protocol === protocol && entry.low === port && entry.high === port),
    ) ?? false
  )
}

function asFinding(world: World, gateway: Workload, need: Need, gate: Exclude<Gate, 'open'>): Finding {
  const { engine, state } = world
  const { name, port, protocol, fate } = need
  const peers: PeerSet = { ...NO_PEERS, rest: servedBy(world, need) }
  const culprits = closing(world, gateway, 'egress', port, peers, protocol)
  const policies = [...new Set(culprits.map(({ policy }) => policy))]
  const sure = gate === 'closed'
  const verb = !sure ? 'may' : policies.length > 1 ? 'do' : 'does'
  const remedy = policies.length > 0 ? '' : ' It takes a policy that lets it.'
  return {
    rule: 'waypoint-control',
    severity: sure ? 'error' : 'warning',
    lowered: !sure,
    certainty: sure ? 'certain' : 'possible',
    cluster: state.config.name,
    workload: gateway,
    direction: 'egress',
    port,
    protocol,
    peers: [podsName(need.pods, [{ key: NAMESPACE_NAME_LABEL, operator: 'In', values: [need.namespace] }])],
    lost: [],
    culprits,
    isolatedBy: engine.isolating(gateway, 'egress'),
    enrolledBy: [],
    workloadRoutes: [gateway.pods.labelsRoute],
    message: `${gateway.id} is ${String(roleOf(gateway))}. ${nameClosers(policies, state.network)} ${verb} not let it reach ${name} on ${String(port)}/${protocol}: ${sure ? '' : 'if so, '}${fate}.${remedy}`,
  }
}

/** The other end: the policies of istiod admit none of those that it configures, or not all of them. */
function keptFromIstiod(world: World, proxies: readonly Workload[]): readonly Finding[] {
  const { engine, mesh, population } = world
  const istiods = isShown(world, ISTIOD)
    ? servedBy(world, ISTIOD).flatMap((peer) => (peer.kind === 'workload' ? peer.workload : []))
    : []
  const isOut = (peer: Peer): boolean =>
    istiods.every((istiod) => !hasPort(engine.allows(istiod, peer, 'ingress').perhaps, 'TCP', ISTIOD.port))
  const shown = proxies.filter((workload) => isOut({ kind: 'workload', workload }))
  // It runs on every node of a mesh in which anything is enrolled, in a namespace that nobody may show.
  const isAmbient = mesh.members.some(({ enrollment }) => enrollment.state === 'yes')
  const isHidden = isAmbient && !proxies.some(({ pods }) => isZtunnel(pods.labels))
  const hidden: readonly Peer[] = isHidden && unseenZtunnel(world).every(isOut) ? unseenZtunnel(world) : []
  if (istiods.length === 0 || (shown.length === 0 && hidden.length === 0)) return []
  const known = fromRising(shown.map((workload) => population.indexOf(workload)).sort((a, b) => a - b))
  const lost: readonly LostPeers[] = [
    { name: null, peers: { ...NO_PEERS, known }, certainty: 'certain', doubt: 'mesh' },
    ...hidden.slice(0, 1).map((peer): LostPeers => ({
      ...{ name: podsName(ZTUNNEL, HOME), certainty: 'certain', doubt: 'mesh' },
      peers: { ...NO_PEERS, rest: [peer] },
    })),
  ]
  return istiods.map((istiod) => closedIstiod(world, istiod, lost))
}

const ZTUNNEL: Selector = [{ key: 'app', operator: 'In', values: ['ztunnel'] }]
const HOME: Selector = [{ key: NAMESPACE_NAME_LABEL, operator: 'In', values: [ISTIOD.namespace] }]

/** Its pods where istiod is, and anywhere else. */
function unseenZtunnel({ state }: World): readonly Peer[] {
  const namespace = state.namespaces.get(ISTIOD.namespace) ?? undescribed(ISTIOD.namespace)
  return [
    { kind: 'pods', pods: ZTUNNEL, namespace },
    { kind: 'elsewhere', pods: ZTUNNEL, namespaces: EVERYTHING },
  ]
}

function closedIstiod(world: World, istiod: Workload, lost: readonly LostPeers[]): Finding {
  const { engine, population, state } = world
  const { port, protocol } = ISTIOD
  const peers = lost.map((one) => one.peers).reduce(bothPeers)
  const culprits = closing(world, istiod, 'ingress', port, peers)
  const policies = [...new Set(culprits.map(({ policy }) => policy))]
  const names = namesOf(lost, population)
  const verb = policies.length > 1 ? 'keep' : 'keeps'
  return {
    rule: 'waypoint-control',
    severity: 'error',
    lowered: false,
    certainty: 'certain',
    cluster: state.config.name,
    workload: istiod,
    direction: 'ingress',
    port,
    protocol,
    peers: names,
    lost,
    culprits,
    isolatedBy: engine.isolating(istiod, 'ingress'),
    enrolledBy: [],
    workloadRoutes: [istiod.pods.labelsRoute],
    message: `${istiod.id} configures the proxies of the mesh on ${String(port)}/${protocol}. ${nameClosers(policies, state.network)} ${verb} ${namePeers(names)} out there: it gets neither configuration nor certificates.`,
  }
}
