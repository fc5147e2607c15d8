// One rule of a NetworkPolicy and one peer: does it speak of the peer, and which ports does it admit? Semantics:
// the API reference of NetworkPolicyPeer and NetworkPolicyPort.
import {
  addressSet,
  NO_ADDRESSES,
  PRIVATE_ADDRESSES,
  SHARED_ADDRESSES,
  coversAddresses,
  intersectAddresses,
  noAddresses,
  subtractAddresses,
} from '../kubernetes/address-set.ts'
import type { AddressSet } from '../kubernetes/address-set.ts'
import { implies, overlap, weaker } from '../kubernetes/labels.ts'
import type { Match, Selector } from '../kubernetes/labels.ts'
import { matchesPods } from '../kubernetes/kinds/given-labels.ts'
import type { Network } from '../kubernetes/network.ts'
import { ALL_PORTS, NO_PORTS, portRange, unionPorts } from '../kubernetes/port-set.ts'
import type { PortSet } from '../kubernetes/port-set.ts'
import type { BlockPeer, EntityPeer, PolicyPeer, PolicyPort, PolicyRule } from '../kubernetes/kinds/policy.ts'
import type { Namespace, NetworkPolicy, Workload } from '../kubernetes/state.ts'
import { onceEach } from '../source/once-each.ts'
import { matchesNamespace } from './namespace-matches.ts'
import type { Peer } from './peer.ts'

/** Rules that name no port by name admit the same into everybody: worked out once. */
const NUMBERS = new WeakMap<PolicyRule, PortSet>()

/** The ports that a rule admits into `target`, or, for egress to what is no known workload, may admit. */
export function rulePorts(
  rule: PolicyRule,
  target: Workload | null,
  peer: Peer,
): { readonly sure: PortSet; readonly perhaps: PortSet } {
  if (rule.ports === null) return { sure: ALL_PORTS, perhaps: ALL_PORTS }
  const numbers = NUMBERS.get(rule)
  if (numbers !== undefined) return { sure: numbers, perhaps: numbers }
  let sure = NO_PORTS
  let perhaps = NO_PORTS
  for (const entry of rule.ports) {
    if (!('name' in entry)) {
      sure = unionPorts(sure, portRange(entry.protocol, entry.low, entry.high))
    } else if (target !== null) {
      sure = unionPorts(sure, namedPorts(entry, target))
    } else if (peer.kind !== 'addresses') {
      // Pods that the tree does not show may call any port by that name. Addresses have no names.
      perhaps = unionPorts(perhaps, portRange(entry.protocol, 1, 65535))
    }
  }
  if (rule.ports.every((entry) => !('name' in entry))) NUMBERS.set(rule, sure)
  return { sure, perhaps: unionPorts(sure, perhaps) }
}

function namedPorts(entry: PolicyPort & { readonly name: string }, target: Workload): PortSet {
  return target.pods.ports
    .filter((port) => port.name === entry.name && port.protocol === entry.protocol)
    .reduce((sum, port) => unionPorts(sum, portRange(port.protocol, port.port)), NO_PORTS)
}

/** Does a rule of a policy admit a peer, whatever the port? */
export function ruleMatches(rule: PolicyRule, policy: NetworkPolicy, peer: Peer, network: Network): Match {
  const match = rule.peers === null ? 'yes' : anyMatches(rule.peers, policy, peer, network)
  return rule.doubt === null ? match : weaker(match, 'maybe')
}

function anyMatches(
  peers: readonly PolicyPeer[],
  policy: NetworkPolicy,
  peer: Peer,
  network: Network,
): Match {
  let result: Match = 'no'
  for (const candidate of peers) {
    const match = peerMatches(candidate, policy, peer, network)
    if (match === 'yes') return 'yes'
    if (match === 'maybe') result = 'maybe'
  }
  return result
}

function peerMatches(candidate: PolicyPeer, policy: NetworkPolicy, peer: Peer, network: Network): Match {
  switch (candidate.kind) {
    case 'block':
      return blockMatches(candidate, peer, networkFor(policy, network))
    case 'pods': {
      const match = podsMatch(candidate, policy, peer)
      return candidate.doubt === undefined ? match : weaker(match, 'maybe')
    }
    case 'entity': {
      const match = entityMatches(candidate, peer, network)
      return candidate.doubt === undefined ? match : weaker(match, 'maybe')
    }
    case 'unknown':
      // A name of the internet is no pod's, and no address of the machine itself.
      if (!candidate.outside) return 'maybe'
      return peer.kind !== 'addresses' || isOfMachine(peer.addresses) ? 'no' : 'maybe'
  }
}

/** CIDR rules of Cilium never match its own endpoints (docs.cilium.io, layer3), whichever CNI the tree shows. */
export function networkFor({ kind }: NetworkPolicy, network: Network): Network {
  if (network.blocksMatchPods === false || !kind.startsWith('Cilium')) return network
  return onCilium(network)
}

const onCilium = onceEach((network: Network): Network => ({ ...network, blocksMatchPods: false }))

/** Entities are what is no pod: nodes, and the world outside of the cluster (docs.cilium.io, layer3, entities). */
function entityMatches({ entity }: EntityPeer, peer: Peer, network: Network): Match {
  if (entity === 'none') return 'no'
  if (peer.kind === 'workload') {
    if (!peer.workload.pods.hostNetwork || entity === 'world') return 'no'
    // The API server may run on any node, and which node is whose is not known.
    return entity === 'nodes' ? 'yes' : 'maybe'
  }
  if (peer.kind !== 'addresses' || peer.pods) return 'no'
  const { addresses } = peer
  const nodes = network.nodes === null ? maybeInside(addresses) : within(addresses, network.nodes)
  const pods = network.pods === null ? maybeInside(addresses) : within(addresses, network.pods)
  switch (entity) {
    case 'world':
      return nodes === 'yes' || pods === 'yes' ? 'no' : nodes === 'no' && pods === 'no' ? 'yes' : 'maybe'
    case 'nodes':
      return nodes
    case 'host':
    case 'remote-node':
      return weaker(nodes, 'maybe')
    case 'apiserver':
      // It may be a service of the cloud, at any address that is not link-local.
      return isOfMachine(addresses) ? 'no' : 'maybe'
  }
}

/** Nodes and pods live at private addresses more often than not; nobody says at which. */
function maybeInside(addresses: AddressSet): Match {
  return noAddresses(intersectAddresses(addresses, PRIVATE_ADDRESSES)) ? 'no' : 'maybe'
}

function isOfMachine(addresses: AddressSet): boolean {
  return within(addresses, LINK_LOCAL) === 'yes' || within(addresses, PROBE_SOURCE) === 'yes'
}

const LINK_LOCAL = addressSet(['169.254.0.0/16', 'fe80::/10'])
/** Istio's IPv6 source of probes is a unique local address (cni/pkg/nodeagent/options.go), and no node's or pod's. */
const PROBE_SOURCE = addressSet(['169.254.7.127/32', 'fd16:9254:7127:1337:ffff:ffff:ffff:ffff/128'])

function podsMatch(
  candidate: PolicyPeer & { readonly kind: 'pods' },
  policy: NetworkPolicy,
  peer: Peer,
): Match {
  switch (peer.kind) {
    case 'workload': {
      const { pods, namespace } = peer.workload
      const those = matchesPods(candidate.pods, pods)
      if (those === 'no') return 'no'
      const match = weaker(those, namespaceMatches(candidate.namespaces, policy, namespace))
      // The API leaves it to the CNI whether a selector sees pods that use the host's address.
      return match === 'yes' && pods.hostNetwork ? 'maybe' : match
    }
    case 'pods':
      return weaker(
        selectorMatches(peer.pods, candidate.pods),
        namespaceMatches(candidate.namespaces, policy, peer.namespace),
      )
    case 'elsewhere':
      if (candidate.namespaces === null) return 'no'
      return weaker(
        selectorMatches(peer.pods, candidate.pods),
        selectorMatches(peer.namespaces, candidate.namespaces),
      )
    case 'addresses':
      if (!peer.pods) return 'no'
      // They may be anybody's: a selector that does not take all pods leaves some of them out.
      return candidate.pods.length === 0 && candidate.namespaces?.length === 0 ? 'yes' : 'no'
  }
}

function namespaceMatches(selector: Selector | null, policy: NetworkPolicy, namespace: Namespace): Match {
  if (selector === null) return namespace.name === policy.namespace.name ? 'yes' : 'no'
  return matchesNamespace(selector, namespace)
}

function selectorMatches(narrow: Selector, wide: Selector): Match {
  if (implies(narrow, wide)) return 'yes'
  return overlap(narrow, wide) ? 'maybe' : 'no'
}

function blockMatches(
  candidate: PolicyPeer & { readonly kind: 'block' },
  peer: Peer,
  network: Network,
): Match {
  if (peer.kind === 'addresses') return within(peer.addresses, candidate.addresses)
  if (peer.kind === 'workload' && peer.workload.pods.hostNetwork) {
    return hostBlockMatches(candidate.addresses, network)
  }
  return podsInBlock(candidate, network)
}

/** Does a block hold the addresses of nodes, which are those of pods on the host network? */
export function hostBlockMatches(block: AddressSet, network: Network): Match {
  const match = network.nodes === null ? withinUnknown(block, network) : within(network.nodes, block)
  // Cilium tells nodes by identity; that blocks reach them is a setting (policyCIDRMatchMode).
  return network.blocksMatchPods === true ? match : weaker(match, 'maybe')
}

/** Does the block that a rule names admit pods? */
export function podsInBlock(block: BlockPeer, network: Network): Match {
  const match = podsMeantBy(block, network)
  return network.blocksMatchPods === true ? match : weaker(match, 'maybe')
}

/** Does it speak of pods? Who wrote it may have meant them, whatever becomes of that. */
export function podsMeantBy({ addresses, noPods }: BlockPeer, network: Network): Match {
  return noPods === true ? 'no' : podAddressesMatch(addresses, network)
}

/** Does a block hold the addresses of pods? On Cilium and its derivatives it never applies to pods. */
export function podAddressesMatch(block: AddressSet, network: Network): Match {
  if (network.blocksMatchPods === false) return 'no'
  const match = network.pods === null ? withinUnknown(block, network) : within(network.pods, block)
  return match === 'no' && holdsOtherFamily(block, network) ? 'maybe' : match
}

/**
 * Pods of a dual-stack cluster have an address of the other family, too, and nobody says which: a block of it may hold
 * them. IPv4 alone is also what holds where nobody says anything: every IPv6 address is a doubt then.
 */
function holdsOtherFamily(block: AddressSet, { families, pods, primaryFamily }: Network): boolean {
  const other = primaryFamily === 'IPv4' ? 'IPv6' : 'IPv4'
  if (pods !== null && pods[other].length > 0) return false
  const match = within({ ...NO_ADDRESSES, [other]: PRIVATE_ADDRESSES[other] }, block)
  if (families.includes(other)) return match !== 'no'
  return pods === null && other === 'IPv6' && match === 'yes'
}

/**
 * Nobody says where pods live: a block that holds all private addresses holds them too. A block that holds
 * shared address space (RFC 6598) and more, but nothing else private, is the internet: its usual exceptions
 * are those of RFC 1918.
 */
function withinUnknown(block: AddressSet, { primaryFamily }: Network): Match {
  const pods: AddressSet = { IPv4: [], IPv6: [], [primaryFamily]: PRIVATE_ADDRESSES[primaryFamily] }
  const match = within(pods, block)
  const onlyShared = noAddresses(intersectAddresses(block, subtractAddresses(pods, SHARED_ADDRESSES)))
  return match === 'maybe' && onlyShared && !coversAddresses(SHARED_ADDRESSES, block) ? 'no' : match
}

function within(part: AddressSet, block: AddressSet): Match {
  if (coversAddresses(block, part)) return 'yes'
  return noAddresses(intersectAddresses(block, part)) ? 'no' : 'maybe'
}
