// NetworkPolicy (networking.k8s.io/v1): policies that select a pod are a union of allows, and isolate it
// from everything they do not admit. Semantics: the API reference of NetworkPolicySpec.
import {
  PRIVATE_ADDRESSES,
  SHARED_ADDRESSES,
  coversAddresses,
  intersectAddresses,
  noAddresses,
  subtractAddresses,
} from '../../kubernetes/address-set.ts'
import type { AddressSet } from '../../kubernetes/address-set.ts'
import { NAMESPACE_NAME_LABEL, implies, matches, matchesPartly, overlap } from '../../kubernetes/labels.ts'
import type { Match, Selector } from '../../kubernetes/labels.ts'
import type { Network } from '../../kubernetes/network.ts'
import { ALL_PORTS, NO_PORTS, noPorts, portRange, unionPorts } from '../../kubernetes/port-set.ts'
import type { PortSet } from '../../kubernetes/port-set.ts'
import type { Direction, PolicyPeer, PolicyPort, PolicyRule } from '../../kubernetes/kinds/network-policy.ts'
import type { Namespace, NetworkPolicy, Workload } from '../../kubernetes/state.ts'
import { grouped } from '../../source/grouped.ts'
import type { Allowance, Engine, EngineFactory, RuleHit } from '../engine.ts'
import type { Peer } from '../peer.ts'

export const networkPolicyEngine: EngineFactory = ({ network, policies }) => {
  const byNamespace = grouped(policies, ({ namespace }) => namespace.name)
  const selected = {
    ingress: new Map<Workload, readonly NetworkPolicy[]>(),
    egress: new Map<Workload, readonly NetworkPolicy[]>(),
  }

  const isolating: Engine['isolating'] = (workload, direction) => {
    const before = selected[direction].get(workload)
    if (before !== undefined) return before
    // Policies do not govern pods on the host network (docs: "hostNetwork pods", undefined by the API).
    const found = workload.pods.hostNetwork
      ? []
      : (byNamespace.get(workload.namespace.name) ?? []).filter(
          ({ spec }) => spec[direction] !== null && matches(spec.selector, workload.pods.labels),
        )
    selected[direction].set(workload, found)
    return found
  }

  const judgeAll = (workload: Workload, peer: Peer, direction: Direction): Allowance => {
    const isolatedBy = isolating(workload, direction)
    if (isolatedBy.length === 0) return { isolatedBy, sure: ALL_PORTS, perhaps: ALL_PORTS, hits: [] }
    const target = direction === 'ingress' ? workload : peer.kind === 'workload' ? peer.workload : null
    const hits = isolatedBy.flatMap((policy) =>
      (policy.spec[direction] ?? []).flatMap((rule): RuleHit[] => {
        const match = ruleMatches(rule, policy, peer, network)
        if (match === 'no') return []
        const ports = rulePorts(rule, target, peer)
        if (noPorts(ports.perhaps)) return []
        return [{ policy, rule, sure: match === 'yes' ? ports.sure : NO_PORTS, perhaps: ports.perhaps }]
      }),
    )
    const sure = hits.reduce((sum, hit) => unionPorts(sum, hit.sure), NO_PORTS)
    const doubtful = hits.some((hit) => hit.perhaps !== hit.sure)
    return {
      isolatedBy,
      sure,
      perhaps: doubtful ? hits.reduce((sum, hit) => unionPorts(sum, hit.perhaps), NO_PORTS) : sure,
      hits,
    }
  }

  // Every rule of a workload asks about the same peers, so the answers of the workload at hand are kept.
  let kept: { readonly workload: Workload; readonly direction: Direction } | null = null
  const byPeer = new Map<Workload, Allowance>()
  const allows: Engine['allows'] = (workload, peer, direction) => {
    if (peer.kind !== 'workload') return judgeAll(workload, peer, direction)
    if (kept?.workload !== workload || kept.direction !== direction) {
      kept = { workload, direction }
      byPeer.clear()
    }
    const before = byPeer.get(peer.workload)
    if (before !== undefined) return before
    const now = judgeAll(workload, peer, direction)
    byPeer.set(peer.workload, now)
    return now
  }
  return { isolating, allows }
}

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
  if (rule.peers === null) return 'yes'
  let result: Match = 'no'
  for (const candidate of rule.peers) {
    const match =
      candidate.kind === 'block' ? blockMatches(candidate, peer, network) : podsMatch(candidate, policy, peer)
    if (match === 'yes') return 'yes'
    if (match === 'maybe') result = 'maybe'
  }
  return result
}

function podsMatch(
  candidate: PolicyPeer & { readonly kind: 'pods' },
  policy: NetworkPolicy,
  peer: Peer,
): Match {
  switch (peer.kind) {
    case 'workload': {
      const { pods, namespace } = peer.workload
      if (!matches(candidate.pods, pods.labels)) return 'no'
      const match = namespaceMatches(candidate.namespaces, policy, namespace)
      // The API leaves it to the CNI whether a selector sees pods that use the host's address.
      return match === 'yes' && pods.hostNetwork ? 'maybe' : match
    }
    case 'pods':
      return weakest(
        selectorMatches(peer.pods, candidate.pods),
        namespaceMatches(candidate.namespaces, policy, peer.namespace),
      )
    case 'elsewhere':
      if (candidate.namespaces === null) return 'no'
      return weakest(
        selectorMatches(peer.pods, candidate.pods),
        selectorMatches(peer.namespaces, candidate.namespaces),
      )
    case 'addresses':
      if (!peer.pods) return 'no'
      return candidate.pods.length === 0 && candidate.namespaces?.length === 0 ? 'yes' : 'maybe'
  }
}

function namespaceMatches(selector: Selector | null, policy: NetworkPolicy, namespace: Namespace): Match {
  if (selector === null) return namespace.name === policy.namespace.name ? 'yes' : 'no'
  if (namespace.known) return matches(selector, namespace.labels) ? 'yes' : 'no'
  return matchesPartly(selector, { [NAMESPACE_NAME_LABEL]: namespace.name })
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
    const match =
      network.nodes === null
        ? withinUnknown(candidate.addresses, network)
        : within(network.nodes, candidate.addresses)
    // Cilium tells nodes by identity; that blocks reach them is a setting (policyCIDRMatchMode).
    return network.blocksMatchPods ? match : weakest(match, 'maybe')
  }
  return podAddressesMatch(candidate.addresses, network)
}

/** Does a block hold the addresses of pods? On Cilium and its derivatives it never applies to pods. */
export function podAddressesMatch(block: AddressSet, network: Network): Match {
  if (!network.blocksMatchPods) return 'no'
  return network.pods === null ? withinUnknown(block, network) : within(network.pods, block)
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

function weakest(a: Match, b: Match): Match {
  if (a === 'no' || b === 'no') return 'no'
  return a === 'maybe' || b === 'maybe' ? 'maybe' : 'yes'
}
