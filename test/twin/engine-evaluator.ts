// The twin for policies of all engines: one packet at a time, straight from the objects, as the documentation of each
// engine says. Slow and obvious, and without a line of src/. Where the documentation leaves an order open, every order
// is tried, and what they do not agree about is unknown.
import { holds, readBlock } from './addresses.ts'
import type { LabelSelector, NetworkPolicy, PolicyPeer, PolicyPort } from './cluster.ts'
import type {
  AdminPeer,
  AdminPolicy,
  AdminRule,
  CalicoEntity,
  CalicoPolicy,
  CalicoRule,
  CiliumPolicy,
  CiliumRule,
  EngineCluster,
  Packet,
  Pod,
} from './engine-objects.ts'
import { NODE_CIDR, POD_CIDR } from './engine-objects.ts'

export type EngineVerdict = 'allowed' | 'denied' | 'unknown'
type Direction = 'ingress' | 'egress'
type Labels = Readonly<Record<string, string>>
type Action = 'allow' | 'deny' | 'pass'
/** One side of a packet: the pod whose policies are asked, whom it talks to, and the pod that the port is of. */
interface Side {
  readonly cluster: EngineCluster
  readonly direction: Direction
  readonly pod: Pod
  readonly peer: Pod | string
  readonly port: number
  readonly protocol: string
  /** Do selectors that only exclude namespaces take whatever is no pod, as in some versions of Cilium? */
  readonly beyondPods?: boolean
}

const NAMESPACE_NAME = 'kubernetes.io/metadata.name'

/** Egress of the one end and ingress of the other; an address has no policies. */
export function evaluatePacket(cluster: EngineCluster, packet: Packet): EngineVerdict {
  const { from, to, port, protocol } = packet
  const verdicts: EngineVerdict[] = []
  if (typeof from !== 'string')
    verdicts.push(decideSide({ cluster, direction: 'egress', pod: from, peer: to, port, protocol }))
  if (typeof to !== 'string')
    verdicts.push(decideSide({ cluster, direction: 'ingress', pod: to, peer: from, port, protocol }))
  if (verdicts.includes('denied')) return 'denied'
  return verdicts.includes('unknown') ? 'unknown' : 'allowed'
}

function decideSide(side: Side): EngineVerdict {
  const outcomes =
    side.cluster.cni === 'cilium'
      ? [false, true].map((beyondPods) => onCilium({ ...side, beyondPods }))
      : side.cluster.cni === 'calico'
        ? onCalico(side)
        : onKubernetes(side)
  if (outcomes.every(Boolean)) return 'allowed'
  return outcomes.some(Boolean) ? 'unknown' : 'denied'
}

// Kubernetes: NetworkPolicy (API reference), and around it the Admin and Baseline tiers (network-policy-api.sigs.k8s.io).

function onKubernetes(side: Side): boolean[] {
  const admin = side.cluster.admin.filter(({ kind }) => kind === 'AdminNetworkPolicy')
  const baseline = side.cluster.admin.filter(({ kind }) => kind === 'BaselineAdminNetworkPolicy')
  // "the implementation can apply any of the matching policies" of one priority.
  return ordersOf(admin, ({ spec }) => spec.priority ?? 0).map((order) => {
    const first = adminAction(order, side)
    if (first === 'allow' || first === 'deny') return first === 'allow'
    const namespaced = kubernetesDecides(side)
    if (namespaced !== null) return namespaced
    return adminAction(baseline, side) !== 'deny'
  })
}

/** The first rule that matches, of the first policy in order that has one. */
function adminAction(policies: readonly AdminPolicy[], side: Side): Action | null {
  for (const policy of policies) {
    if (!adminSelects(policy.spec.subject, side.pod, side.cluster)) continue
    for (const rule of policy.spec[side.direction] ?? [])
      if (adminRule(rule, side)) return rule.action.toLowerCase() as Action
  }
  return null
}

function adminSelects({ namespaces, pods }: AdminPeer, pod: Pod, cluster: EngineCluster): boolean {
  if (namespaces !== undefined) return selects(namespaces, namespaceLabels(pod.namespace, cluster))
  if (pods === undefined) return false
  return (
    selects(pods.namespaceSelector, namespaceLabels(pod.namespace, cluster)) &&
    selects(pods.podSelector, pod.labels)
  )
}

function adminRule({ from, to, ports }: AdminRule, side: Side): boolean {
  const { peer, cluster } = side
  const spoken = (from ?? to ?? []).some((one) => {
    if (one.networks !== undefined) return one.networks.some((cidr) => inBlock(peer, cidr))
    if (one.nodes !== undefined) return typeof peer === 'string' && inBlock(peer, NODE_CIDR)
    return typeof peer !== 'string' && adminSelects(one, peer, cluster)
  })
  if (!spoken || ports === undefined) return spoken
  return ports.some(({ portNumber, portRange, namedPort }) => {
    if (portNumber !== undefined)
      return portNumber.protocol === side.protocol && portNumber.port === side.port
    if (portRange !== undefined)
      return (
        portRange.protocol === side.protocol && portRange.start <= side.port && side.port <= portRange.end
      )
    return namedPort !== undefined && isCalled(namedPort, side)
  })
}

/** null: no policy selects the pod in this direction. */
function kubernetesDecides(side: Side): boolean | null {
  const selecting = side.cluster.kubernetes.filter((policy) => kubernetesSelects(policy, side))
  return selecting.length === 0 ? null : selecting.some((policy) => kubernetesAdmits(policy, side))
}

function kubernetesSelects({ metadata, spec }: NetworkPolicy, { pod, direction }: Side): boolean {
  const types = spec.policyTypes ?? ((spec.egress ?? []).length > 0 ? ['Ingress', 'Egress'] : ['Ingress'])
  const type = direction === 'ingress' ? 'Ingress' : 'Egress'
  return (
    types.includes(type) &&
    metadata.namespace === pod.namespace &&
    selects(spec.podSelector ?? {}, pod.labels)
  )
}

function kubernetesAdmits(policy: NetworkPolicy, side: Side): boolean {
  return (policy.spec[side.direction] ?? []).some(({ from, to, ports }) => {
    const peers = from ?? to ?? []
    const spoken = peers.length === 0 || peers.some((peer) => kubernetesPeer(peer, policy, side))
    return (
      spoken && ((ports ?? []).length === 0 || (ports ?? []).some((entry) => kubernetesPort(entry, side)))
    )
  })
}

function kubernetesPeer(
  { ipBlock, namespaceSelector, podSelector }: PolicyPeer,
  { metadata }: NetworkPolicy,
  { peer, cluster, beyondPods }: Side,
): boolean {
  if (ipBlock !== undefined) {
    // docs.cilium.io, "CIDR based": they do not apply to pods.
    if (cluster.cni === 'cilium' && typeof peer !== 'string') return false
    return inBlock(peer, ipBlock.cidr) && !(ipBlock.except ?? []).some((cidr) => inBlock(peer, cidr))
  }
  if (typeof peer === 'string') return beyondPods === true && onlyExcludes(namespaceSelector, podSelector)
  const there =
    namespaceSelector === undefined
      ? peer.namespace === metadata.namespace
      : selects(namespaceSelector, namespaceLabels(peer.namespace, cluster))
  return there && selects(podSelector ?? {}, peer.labels)
}

/** cilium/cilium#46949 */
function onlyExcludes(namespaces: LabelSelector | undefined, pods: LabelSelector = {}): boolean {
  const asks = ({ matchLabels, matchExpressions }: LabelSelector): boolean =>
    Object.keys(matchLabels ?? {}).length > 0 ||
    (matchExpressions ?? []).some(({ operator }) => operator === 'In' || operator === 'Exists')
  return (namespaces?.matchExpressions ?? []).length > 0 && ![namespaces ?? {}, pods].some(asks)
}

function kubernetesPort({ protocol, port, endPort }: PolicyPort, side: Side): boolean {
  if ((protocol ?? 'TCP') !== side.protocol) return false
  if (port === undefined) return true
  if (typeof port === 'string') return isCalled(port, side)
  return port <= side.port && side.port <= (endPort ?? port)
}

// Cilium (docs.cilium.io, security/policy): denials win over whatever allows, and default deny holds as soon as one
// policy with rules of the direction selects the endpoint, unless that says no.

function onCilium(side: Side): boolean {
  const { cluster, direction, pod } = side
  const own = cluster.cilium.filter((policy) => ciliumSelects(policy, pod))
  const speaking = own.filter(
    ({ spec }) => [...(spec[direction] ?? []), ...(spec[`${direction}Deny`] ?? [])].length > 0,
  )
  if (
    speaking.some((policy) =>
      (policy.spec[`${direction}Deny`] ?? []).some((rule) => ciliumRule(rule, policy, side)),
    )
  )
    return false
  if (kubernetesDecides(side) === true) return true
  if (
    speaking.some((policy) => (policy.spec[direction] ?? []).some((rule) => ciliumRule(rule, policy, side)))
  )
    return true
  const isolated = speaking.some(({ spec }) => spec.enableDefaultDeny?.[direction] !== false)
  return !isolated && kubernetesDecides(side) === null
}

const POD_NAMESPACE = 'k8s:io.kubernetes.pod.namespace'

function ciliumSelects({ kind, metadata, spec }: CiliumPolicy, pod: Pod): boolean {
  if (kind === 'CiliumNetworkPolicy' && metadata.namespace !== pod.namespace) return false
  return selects(spec.endpointSelector, { ...pod.labels, [POD_NAMESPACE]: pod.namespace })
}

function ciliumRule(rule: CiliumRule, policy: CiliumPolicy, side: Side): boolean {
  const endpoints = rule.fromEndpoints ?? rule.toEndpoints
  const entities = rule.fromEntities ?? rule.toEntities
  const blocks = rule.fromCIDR ?? rule.toCIDR
  const sets = rule.fromCIDRSet ?? rule.toCIDRSet
  const { peer } = side
  const named = [endpoints, entities, blocks, sets].some((list) => list !== undefined)
  // A rule that is empty allows nobody: it is how default deny is written.
  if (!named && rule.toPorts === undefined) return false
  const spoken =
    !named ||
    (endpoints ?? []).some((one) => ciliumEndpoint(one, policy, peer)) ||
    // Whoever has an address and is neither a pod nor a node is of the world.
    (entities ?? []).some(
      (entity) => entity === 'all' || (typeof peer === 'string' && !inBlock(peer, NODE_CIDR)),
    ) ||
    (typeof peer === 'string' && (blocks ?? []).some((cidr) => inBlock(peer, cidr))) ||
    (typeof peer === 'string' &&
      (sets ?? []).some(
        ({ cidr, except }) => inBlock(peer, cidr) && !(except ?? []).some((hole) => inBlock(peer, hole)),
      ))
  if (!spoken || rule.toPorts === undefined) return spoken
  return rule.toPorts
    .flatMap(({ ports }) => ports)
    .some(({ port, endPort, protocol }) => {
      if (protocol !== undefined && protocol !== 'ANY' && protocol !== side.protocol) return false
      if (!/^\d+$/.test(port)) return isCalled(port, side)
      const low = Number(port)
      return low === 0 || (low <= side.port && side.port <= (endPort ?? low))
    })
}

/** Selectors of a policy of a namespace are about that, unless they name another. */
function ciliumEndpoint(selector: LabelSelector, policy: CiliumPolicy, peer: Pod | string): boolean {
  if (typeof peer === 'string') return false
  const named = [
    ...Object.keys(selector.matchLabels ?? {}),
    ...(selector.matchExpressions ?? []).map(({ key }) => key),
  ].includes(POD_NAMESPACE)
  if (policy.kind === 'CiliumNetworkPolicy' && !named && peer.namespace !== policy.metadata.namespace)
    return false
  return selects(selector, { ...peer.labels, [POD_NAMESPACE]: peer.namespace })
}

// Calico (docs.tigera.io, reference/resources: tier, networkpolicy, globalnetworkpolicy, networkset).

/** A policy of any kind, as one of Calico's tiers has it. */
interface Placed {
  readonly kind: string
  readonly name: string
  readonly tier: string
  readonly order: number
  readonly act: (side: Side) => Action | null
}

function onCalico(side: Side): boolean[] {
  const { cluster, direction } = side
  const placed: Placed[] = [
    ...cluster.kubernetes
      .filter((policy) => kubernetesSelects(policy, side))
      .map((policy): Placed => ({
        kind: 'Kubernetes',
        name: policy.metadata.name,
        tier: 'default',
        order: 1000,
        act: () => (kubernetesAdmits(policy, side) ? 'allow' : null),
      })),
    ...cluster.admin
      .filter(
        ({ spec }) => adminSelects(spec.subject, side.pod, cluster) && (spec[direction] ?? []).length > 0,
      )
      .map((policy): Placed => ({
        kind: policy.kind,
        name: policy.metadata.name,
        tier: policy.kind === 'AdminNetworkPolicy' ? 'kube-admin' : 'kube-baseline',
        order: policy.spec.priority ?? 0,
        act: () => adminAction([policy], side),
      })),
    ...cluster.calico
      .filter((policy) => calicoSelects(policy, side))
      .map((policy): Placed => ({
        kind: policy.kind,
        name: policy.metadata.name,
        tier: policy.spec.tier ?? 'default',
        order: policy.spec.order ?? Infinity,
        act: () => calicoAction(policy, side),
      })),
  ]
  const known = [
    { name: 'default', order: 1_000_000, action: 'Deny' },
    { name: 'kube-admin', order: 1000, action: 'Pass' },
    { name: 'kube-baseline', order: 10_000_000, action: 'Pass' },
    ...cluster.tiers.map(({ metadata, spec }) => ({
      name: metadata.name,
      order: spec.order ?? Infinity,
      action: spec.defaultAction ?? 'Deny',
    })),
  ].sort((a, b) => (a.order === b.order ? (a.name < b.name ? -1 : 1) : a.order - b.order))
  // A tier that nothing describes may stand anywhere, do either at its end, or not be there.
  const strange = placed.find(({ tier }) => known.every(({ name }) => name !== tier))
  const arrangements = [known]
  if (strange !== undefined)
    for (const at of [0, ...known.map((_, index) => index + 1)])
      for (const action of ['Deny', 'Pass'])
        arrangements.push([
          ...known.slice(0, at),
          { name: strange.tier, order: NaN, action },
          ...known.slice(at),
        ])
  return arrangements.flatMap((tiers) => inTiers(side, placed, tiers))
}

interface PlacedTier {
  readonly name: string
  readonly action: string
}

/** What becomes of a packet in tiers in order, for every way in which the policies of each may be ordered. */
function inTiers(side: Side, placed: readonly Placed[], tiers: readonly PlacedTier[]): boolean[] {
  let ways: readonly (readonly (readonly Placed[])[])[] = [[]]
  for (const { name } of tiers) {
    const orders = ordersOf(
      placed.filter(({ tier }) => tier === name),
      ({ order }) => order,
    ).filter(isByName)
    ways = ways.flatMap((way) => orders.map((order) => [...way, order]))
  }
  return ways.map((way) => {
    for (const [index, policies] of way.entries()) {
      if (policies.length === 0) continue
      let action: Action | null = null
      for (const policy of policies) action ??= policy.act(side)
      if (action === 'allow') return true
      if (action === 'deny') return false
      if (action === null && tiers[index]?.action === 'Deny') return false
    }
    // The profile of a namespace of Kubernetes allows everything.
    return true
  })
}

/**
 * Policies of one kind and order go by name: in some versions of Calico with a slash behind it. How names of two kinds
 * compare depends on the version altogether.
 */
function isByName(policies: readonly Placed[]): boolean {
  return policies.every((one, index) =>
    policies
      .slice(index + 1)
      .every(
        (later) =>
          later.kind !== one.kind ||
          later.order !== one.order ||
          one.name < later.name ||
          `${one.name}/` < `${later.name}/`,
      ),
  )
}

function calicoSelects({ apiVersion, kind, metadata, spec }: CalicoPolicy, side: Side): boolean {
  const { pod, direction, cluster } = side
  if (kind === 'NetworkPolicy' && metadata.namespace !== pod.namespace) return false
  if (
    spec.namespaceSelector !== undefined &&
    !selectorHolds(spec.namespaceSelector, calicoNamespace(pod.namespace, cluster))
  )
    return false
  if (!selectorHolds(spec.selector ?? 'all()', calicoLabels(pod))) return false
  if (spec.types !== undefined) return spec.types.includes(direction === 'ingress' ? 'Ingress' : 'Egress')
  // What is stored without types governs both ways; the API server writes them where they are left out.
  if (apiVersion.startsWith('crd.')) return true
  const has = { ingress: (spec.ingress ?? []).length > 0, egress: (spec.egress ?? []).length > 0 }
  return direction === 'egress' ? has.egress : has.ingress || !has.egress
}

function calicoAction(policy: CalicoPolicy, side: Side): Action | null {
  for (const rule of policy.spec[side.direction] ?? [])
    if (rule.action !== 'Log' && calicoRule(rule, policy, side)) return rule.action.toLowerCase() as Action
  return null
}

function calicoRule(
  { protocol, source, destination }: CalicoRule,
  policy: CalicoPolicy,
  side: Side,
): boolean {
  const numbers: Readonly<Record<number, string>> = { 6: 'TCP', 17: 'UDP', 132: 'SCTP' }
  if (protocol !== undefined && (numbers[Number(protocol)] ?? protocol) !== side.protocol) return false
  const { ports, notPorts } = destination ?? {}
  if (ports !== undefined && !ports.some((port) => calicoPort(port, side))) return false
  if (notPorts?.some((port) => calicoPort(port, side)) === true) return false
  const [peer, own] = side.direction === 'ingress' ? [source, destination] : [destination, source]
  return calicoPeer(own ?? {}, policy, { ...side, peer: side.pod }) && calicoPeer(peer ?? {}, policy, side)
}

function calicoPort(port: number | string, side: Side): boolean {
  if (typeof port === 'number') return port === side.port
  const [low, high] = port.split(':').map(Number)
  return low !== undefined && high !== undefined
    ? low <= side.port && side.port <= high
    : isCalled(port, side)
}

/** All that is asked of an end must hold. */
function calicoPeer(entity: CalicoEntity, policy: CalicoPolicy, { peer, cluster }: Side): boolean {
  const { nets, notNets, selector, notSelector, namespaceSelector, serviceAccounts } = entity
  if (nets !== undefined && !nets.some((net) => inBlock(peer, net))) return false
  if (notNets?.some((net) => inBlock(peer, net)) === true) return false
  if (
    serviceAccounts !== undefined &&
    (typeof peer === 'string' || !serviceAccounts.names.includes(peer.account))
  )
    return false
  const asks = [selector, notSelector, namespaceSelector, serviceAccounts].some((one) => one !== undefined)
  if (!asks) return true
  const positive = [selector, namespaceSelector, serviceAccounts].some((one) => one !== undefined)
  const sets = cluster.sets.filter(({ spec }) => spec.nets.some((net) => inBlock(peer, net)))
  // Those of the peer's faces that are in scope: the pod itself, and global sets that hold its address.
  const narrow = policy.kind === 'NetworkPolicy' && namespaceSelector === undefined
  const faces = [
    ...(typeof peer === 'string' || (narrow && peer.namespace !== policy.metadata.namespace)
      ? []
      : [{ labels: calicoLabels(peer), namespace: peer.namespace as string | null }]),
    // A selector of a namespace's policy without a namespaceSelector is about that namespace, and sets that are
    // global are in none.
    ...(narrow || serviceAccounts !== undefined
      ? []
      : sets.map(({ metadata }) => ({ labels: metadata.labels ?? {}, namespace: null }))),
  ]
  const meets = faces.some(
    ({ labels, namespace }) =>
      (selector === undefined || selectorHolds(selector, labels)) &&
      (notSelector === undefined || !selectorHolds(notSelector, labels)) &&
      (namespaceSelector === undefined ||
        (namespace !== null && selectorHolds(namespaceSelector, calicoNamespace(namespace, cluster)))),
  )
  // Alone, in a policy of the cluster, `notSelector` is true of whoever is not selected, whatever it is.
  if (!positive && policy.kind === 'GlobalNetworkPolicy')
    return typeof peer === 'string' || !selectorHolds(notSelector ?? '', calicoLabels(peer))
  return meets
}

function calicoLabels({ labels, namespace }: Pod): Labels {
  return { ...labels, 'projectcalico.org/namespace': namespace }
}

function calicoNamespace(name: string, cluster: EngineCluster): Labels {
  return { ...namespaceLabels(name, cluster), 'projectcalico.org/name': name }
}

/** The part of Calico's language that random policies use: terms between `&&`. */
function selectorHolds(text: string, labels: Labels): boolean {
  return text.split(' && ').every((term) => {
    if (term === 'all()') return true
    const [, not, has] = /^(!?)has\((.+)\)$/.exec(term) ?? []
    if (has !== undefined) return (labels[has] !== undefined) !== (not === '!')
    const [, key = '', operator, values = ''] = /^(\S+) (==|!=|in|not in) (.+)$/.exec(term) ?? []
    const listed = values.replaceAll(/[{}' ]/g, '').split(',')
    const value = labels[key]
    const among = value !== undefined && listed.includes(value)
    return operator === '==' || operator === 'in' ? among : !among
  })
}

// What they share.

/** The order by number, in every way in which those of one number may follow each other. */
function ordersOf<T>(items: readonly T[], numberOf: (item: T) => number): readonly (readonly T[])[] {
  if (items.length === 0) return [[]]
  const least = Math.min(...items.map(numberOf))
  return items.flatMap((first, index) =>
    numberOf(first) === least
      ? ordersOf(
          items.filter((_, other) => other !== index),
          numberOf,
        ).map((rest) => [first, ...rest])
      : [],
  )
}

/** Has the pod that the packet goes to a port of that name at that number? */
function isCalled(name: string, { direction, pod, peer, port, protocol }: Side): boolean {
  const target = direction === 'ingress' ? pod : peer
  return (
    typeof target !== 'string' &&
    target.ports.some((one) => one.name === name && one.containerPort === port && one.protocol === protocol)
  )
}

/** Of pods it is only known that they live in their block: random blocks hold all of that or nothing. */
function inBlock(peer: Pod | string, cidr: string): boolean {
  const block = readBlock(cidr)
  const address = readBlock(typeof peer === 'string' ? peer : (POD_CIDR.split('/')[0] ?? ''))
  if (block === null || address === null) throw new Error(`${cidr} is no block`)
  return holds(block, { family: address.family, value: address.first })
}

function namespaceLabels(name: string, { namespaces }: EngineCluster): Labels {
  const found = namespaces.find(({ metadata }) => metadata.name === name)
  return { ...found?.metadata.labels, [NAMESPACE_NAME]: name }
}

function selects({ matchLabels, matchExpressions }: LabelSelector, labels: Labels): boolean {
  return (
    Object.entries(matchLabels ?? {}).every(([key, value]) => labels[key] === value) &&
    (matchExpressions ?? []).every(({ key, operator, values }) => {
      const value = labels[key]
      if (operator === 'Exists') return value !== undefined
      if (operator === 'DoesNotExist') return value === undefined
      return (value !== undefined && (values ?? []).includes(value)) === (operator === 'In')
    })
  )
}
