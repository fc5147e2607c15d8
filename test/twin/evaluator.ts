// The twin: NetworkPolicy once more, slow and obvious, one packet at a time, from the API reference alone
// (networking.k8s.io/v1, NetworkPolicySpec). It shares no line with src/; where both agree, one of them is right.
// What the API or the tree leaves open is `open`, and taken through and/or by Kleene's rules.
import { holds, readBlock, samples } from './addresses.ts'
import type { Address, Block } from './addresses.ts'
import type {
  Cluster,
  LabelSelector,
  NetworkPolicy,
  PolicyPeer,
  PolicyPort,
  PolicyRule,
  Question,
  Workload,
} from './cluster.ts'
import { refused } from './refused.ts'

export interface Verdict {
  readonly verdict: 'allowed' | 'denied' | 'unknown'
  /** `ingress allow NetworkPolicy/shop/api 0`, `egress deny NetworkPolicy/shop/web`; sorted. None where unknown. */
  readonly because: readonly string[]
  /** Of an asked block, addresses that stand for all of it, and whether each is admitted. Empty where none is a block. */
  readonly packets: readonly { readonly address: Address; readonly allowed: boolean }[]
}

type Truth = 'yes' | 'no' | 'open'
type Direction = 'ingress' | 'egress'
type End = Workload | Address

const NAME_LABEL = 'kubernetes.io/metadata.name'
const UNKNOWN: Verdict = { verdict: 'unknown', because: [], packets: [] }
const RFC_1918 = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'].map(block)
const RFC_6598 = block('100.64.0.0/10')
const PROBE_SOURCE = block('fd16:9254:7127:1337:ffff:ffff:ffff:ffff')
/** RFC 4193, less the address that Istio uses itself. */
const RFC_4193 = [
  { ...block('fc00::/7'), last: PROBE_SOURCE.first - 1n },
  { ...block('fc00::/7'), first: PROBE_SOURCE.first + 1n },
]

/** May this packet pass? Blocks are asked address by address: allowed where all are, denied where one is not. */
export function evaluate(cluster: Cluster, question: Question): Verdict {
  const [from, to] = [find(cluster, question.from), find(cluster, question.to)]
  if (from === null || to === null || (!('pod' in from) && !('pod' in to))) return UNKNOWN
  const port = typeof question.port === 'number' ? question.port : portNamed(to, question)
  if (port === null) return UNKNOWN
  const one = (source: End, target: End): Omit<Verdict, 'packets'> =>
    packet(cluster, source, target, port, question.protocol)
  const asked = 'pod' in from ? ('pod' in to ? null : to) : from
  if (asked === null) return { ...one(from as Workload, to as Workload), packets: [] }
  const packets = samples(asked, blocksOf(cluster)).map((address) => ({
    address,
    ...('pod' in from ? one(from, address) : one(address, to as Workload)),
  }))
  const of = (wanted: Verdict['verdict']): typeof packets =>
    packets.filter(({ verdict }) => verdict === wanted)
  const verdict = of('denied').length > 0 ? 'denied' : of('unknown').length > 0 ? 'unknown' : 'allowed'
  return {
    verdict,
    because: verdict === 'unknown' ? [] : sorted(of(verdict).flatMap(({ because }) => because)),
    packets: packets.map((each) => ({ address: each.address, allowed: each.verdict === 'allowed' })),
  }
}

/** Both ends must agree: egress of the source's pod, ingress of the destination's. An address has no policies. */
function packet(
  cluster: Cluster,
  source: End,
  target: End,
  port: number,
  protocol: string,
): Omit<Verdict, 'packets'> {
  const sides = [
    ...('pod' in source ? [side(cluster, source, target, target, 'egress', port, protocol)] : []),
    ...('pod' in target ? [side(cluster, target, source, target, 'ingress', port, protocol)] : []),
  ]
  const answer = all(sides.map(({ truth }) => truth))
  if (answer === 'open') return { verdict: 'unknown', because: [] }
  const because = sides.filter(({ truth }) => truth === answer).flatMap((each) => each.because)
  return { verdict: answer === 'yes' ? 'allowed' : 'denied', because: sorted(because) }
}

function side(
  cluster: Cluster,
  pod: Workload,
  peer: End,
  target: End,
  direction: Direction,
  port: number,
  protocol: string,
): { readonly truth: Truth; readonly because: readonly string[] } {
  const here = cluster.policies.filter(({ metadata }) => metadata.namespace === pod.namespace)
  // Nobody knows what the author of a policy meant that the API server refuses.
  if (here.some((policy) => refused(policy))) return { truth: 'open', because: [] }
  const isolating = here.filter(
    (policy) => types(policy).includes(direction) && selects(policy.spec.podSelector, labelsOf(pod)),
  )
  if (isolating.length === 0) return { truth: 'yes', because: [] }
  // Whether a policy governs a pod that shares the host's network is undefined.
  if (onHost(pod)) return { truth: 'open', because: [] }
  const rules = isolating.flatMap((policy) =>
    (policy.spec[direction] ?? []).map((rule, index) => ({
      name: `${direction} allow ${nameOf(policy)} ${String(index)}`,
      truth: admits(cluster, policy, rule, direction, peer, target, port, protocol),
    })),
  )
  const truth = any(rules.map((rule) => rule.truth))
  if (truth === 'no')
    return { truth, because: isolating.map((policy) => `${direction} deny ${nameOf(policy)}`) }
  return { truth, because: rules.filter((rule) => rule.truth === 'yes').map(({ name }) => name) }
}

/** "If this field is not specified, it will default based on the existence of ingress or egress rules." */
function types({ spec }: NetworkPolicy): readonly Direction[] {
  const written = spec.policyTypes ?? []
  if (written.length > 0) return written.map((type) => (type === 'Ingress' ? 'ingress' : 'egress'))
  return (spec.egress ?? []).length > 0 ? ['ingress', 'egress'] : ['ingress']
}

/** "It matches if both ports and from (to) match"; either list matches all where it is empty or missing. */
function admits(
  cluster: Cluster,
  policy: NetworkPolicy,
  rule: PolicyRule,
  direction: Direction,
  peer: End,
  target: End,
  port: number,
  protocol: string,
): Truth {
  const peers = (direction === 'ingress' ? rule.from : rule.to) ?? []
  const ports = rule.ports ?? []
  return all([
    peers.length === 0 ? 'yes' : any(peers.map((entry) => isPeer(cluster, policy, entry, peer))),
    ports.length === 0 || ports.some((entry) => isPort(entry, target, port, protocol)) ? 'yes' : 'no',
  ])
}

function isPort(entry: PolicyPort, target: End, port: number, protocol: string): boolean {
  if ((entry.protocol ?? 'TCP') !== protocol) return false
  if (entry.port === undefined) return true
  if (typeof entry.port === 'string') {
    // A name means what the pod that is called says by it; addresses have no names.
    if (!('pod' in target)) return false
    return portsOf(target).some(
      (own) => own.name === entry.port && (own.protocol ?? 'TCP') === protocol && own.containerPort === port,
    )
  }
  return entry.port <= port && port <= (entry.endPort ?? entry.port)
}

function isPeer(cluster: Cluster, policy: NetworkPolicy, entry: PolicyPeer, peer: End): Truth {
  if (entry.ipBlock !== undefined) {
    const { cidr, except = [] } = entry.ipBlock
    return isInBlock(cluster, block(cidr), except.map(block), peer)
  }
  // Selectors speak of pods; an address that is asked for is nobody's pod.
  if (!('pod' in peer)) return mayMeanAnything(cluster, entry) ? 'open' : 'no'
  if (onHost(peer) && mayMeanAnything(cluster, entry)) return 'open'
  return all([
    selects(entry.podSelector, labelsOf(peer)) ? 'yes' : 'no',
    isInNamespace(cluster, policy, entry.namespaceSelector, peer),
    // Whether a selector sees a pod that has its node's address is undefined.
    onHost(peer) ? 'open' : 'yes',
  ])
}

/** Some versions of Cilium take selectors that only exclude namespaces for the world and nodes, too (cilium/cilium#46949). */
function mayMeanAnything(cluster: Cluster, { namespaceSelector, podSelector }: PolicyPeer): boolean {
  if (cluster.network.cni !== 'cilium' || namespaceSelector === undefined) return false
  const only = (selector: LabelSelector): boolean =>
    Object.keys(selector.matchLabels ?? {}).length === 0 &&
    (selector.matchExpressions ?? []).every(({ operator }) => ['NotIn', 'DoesNotExist'].includes(operator))
  const excludes = (namespaceSelector.matchExpressions ?? []).length > 0
  return excludes && only(namespaceSelector) && only(podSelector ?? {})
}

function isInNamespace(
  cluster: Cluster,
  policy: NetworkPolicy,
  selector: LabelSelector | undefined,
  { namespace }: Workload,
): Truth {
  if (selector === undefined) return namespace === policy.metadata.namespace ? 'yes' : 'no'
  const object = cluster.namespaces.find(({ metadata }) => metadata.name === namespace)
  const labels = new Map(Object.entries(object?.metadata.labels ?? {})).set(NAME_LABEL, namespace)
  if (object !== undefined) return selects(selector, labels) ? 'yes' : 'no'
  // Of a namespace that is not in the tree only the label that the API server sets is known.
  return all(
    requirements(selector).map(([key, test]) =>
      key === NAME_LABEL ? (test(labels.get(key)) ? 'yes' : 'no') : 'open',
    ),
  )
}

function isInBlock(cluster: Cluster, whole: Block, excepts: readonly Block[], peer: End): Truth {
  const truth = isInFirstFamily(cluster, whole, excepts, peer)
  const { cni, ipFamilies, podCIDRs } = cluster.network
  if (truth !== 'no' || !('pod' in peer) || onHost(peer) || cni === 'cilium') return truth
  // Pods of a dual-stack cluster have a second address, and where it lies is not said: it may be in the block. IPv4
  // alone is also what a configuration that says nothing comes to, and then a block of every IPv6 address is a doubt.
  const other = ipFamilies[0] === 'IPv6' ? 'IPv4' : 'IPv6'
  if ((podCIDRs ?? []).some((cidr) => block(cidr).family === other)) return 'no'
  const places = privateBlocks(other).flatMap((home) => samples(home, [whole, ...excepts]))
  const inside = places.filter(
    (address) => holds(whole, address) && !excepts.some((except) => holds(except, address)),
  )
  if (ipFamilies.includes(other)) return inside.length > 0 ? 'open' : 'no'
  return podCIDRs === null && other === 'IPv6' && inside.length === places.length ? 'open' : 'no'
}

function isInFirstFamily(cluster: Cluster, whole: Block, excepts: readonly Block[], peer: End): Truth {
  const { network } = cluster
  const inside = (address: Address): boolean =>
    holds(whole, address) && !excepts.some((except) => holds(except, address))
  if (!('pod' in peer)) return inside(peer) ? 'yes' : 'no'
  // Cilium never applies blocks to pods it manages; from a node, what it does depends on which node.
  const ignored = network.cni === 'cilium'
  if (ignored && !onHost(peer)) return 'no'
  const configured = onHost(peer) ? network.nodeCIDRs : (network.podCIDRs ?? [])
  const homes = configured.length > 0 ? configured.map(block) : privateBlocks(network.ipFamilies[0])
  const places = homes.flatMap((home) => samples(home, [whole, ...excepts]))
  const [some, every] = [places.some(inside), places.every(inside)]
  const truth = every ? 'yes' : some ? 'open' : 'no'
  if (truth === 'yes' && ignored) return 'open'
  if (truth !== 'open' || configured.length > 0) return truth
  // Where nobody says where pods live: a block with shared address space (RFC 6598) in it, other addresses beside
  // it, and nothing else private, is how people write "the internet".
  const own = samples(whole, [...excepts, RFC_6598]).filter(inside)
  const internet =
    own.some((at) => !holds(RFC_6598, at)) && !places.some((at) => inside(at) && !holds(RFC_6598, at))
  return internet ? 'no' : 'open'
}

function privateBlocks(family: string | undefined): readonly Block[] {
  return family === 'IPv6' ? RFC_4193 : [...RFC_1918, RFC_6598]
}

function selects(selector: LabelSelector | undefined, labels: ReadonlyMap<string, string>): boolean {
  return requirements(selector).every(([key, test]) => test(labels.get(key)))
}

type Requirement = readonly [key: string, test: (value: string | undefined) => boolean]

/** "The requirements are ANDed"; "NotIn" and "DoesNotExist" hold for objects without the key. */
function requirements(selector: LabelSelector | undefined): readonly Requirement[] {
  return [
    ...Object.entries(selector?.matchLabels ?? {}).map(([key, wanted]): Requirement => [
      key,
      (value) => value === wanted,
    ]),
    ...(selector?.matchExpressions ?? []).map(({ key, operator, values = [] }): Requirement => {
      const among = (value: string | undefined): boolean => value !== undefined && values.includes(value)
      if (operator === 'In') return [key, among]
      if (operator === 'NotIn') return [key, (value) => !among(value)]
      if (operator === 'Exists') return [key, (value) => value !== undefined]
      return [key, (value) => value === undefined]
    }),
  ]
}

function portNamed(to: Workload | Block, { port, protocol }: Question): number | null {
  if (!('pod' in to)) return null
  const own = portsOf(to).find((each) => each.name === port && (each.protocol ?? 'TCP') === protocol)
  return own?.containerPort ?? null
}

/** Of containers, and of init containers that keep running (KEP-753). */
function portsOf({ pod }: Workload): NonNullable<Workload['pod']['spec']['containers'][number]['ports']> {
  const { containers, initContainers = [] } = pod.spec
  const running = [...containers, ...initContainers.filter((each) => each.restartPolicy === 'Always')]
  return running.flatMap(({ ports = [] }) => ports)
}

function labelsOf({ pod }: Workload): ReadonlyMap<string, string> {
  return new Map(Object.entries(pod.metadata.labels ?? {}))
}

function onHost({ pod }: Workload): boolean {
  return pod.spec.hostNetwork === true
}

function find(cluster: Cluster, name: string): Workload | Block | null {
  const named = cluster.workloads.find((each) => `${each.kind}/${each.namespace}/${each.name}` === name)
  return named ?? readBlock(name)
}

function blocksOf({ policies }: Cluster): readonly Block[] {
  const rules = policies.flatMap(({ spec }) => [...(spec.ingress ?? []), ...(spec.egress ?? [])])
  return rules
    .flatMap(({ from, to }) => [...(from ?? []), ...(to ?? [])])
    .flatMap(({ ipBlock }) => (ipBlock === undefined ? [] : [ipBlock.cidr, ...(ipBlock.except ?? [])]))
    .flatMap((text) => readBlock(text) ?? [])
}

function nameOf({ metadata }: NetworkPolicy): string {
  return `NetworkPolicy/${metadata.namespace}/${metadata.name}`
}

function block(text: string): Block {
  const read = readBlock(text)
  if (read === null) throw new Error(`not a block: ${text}`)
  return read
}

function sorted(lines: readonly string[]): readonly string[] {
  return [...new Set(lines)].sort()
}

function all(truths: readonly Truth[]): Truth {
  return truths.includes('no') ? 'no' : truths.includes('open') ? 'open' : 'yes'
}

function any(truths: readonly Truth[]): Truth {
  return truths.includes('yes') ? 'yes' : truths.includes('open') ? 'open' : 'no'
}
