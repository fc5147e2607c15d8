// Whom a rule speaks of, as far as the mesh cares: known workloads first, and representatives for the
// pods that its selectors could match and the tree does not show.
import { NO_ADDRESSES, intersectAddresses, subtractAddresses } from '../kubernetes/address-set.ts'
import { EVERYTHING, NAMESPACE_NAME_LABEL, matches, matchesPartly } from '../kubernetes/labels.ts'
import type { Selector } from '../kubernetes/labels.ts'
import type { Network } from '../kubernetes/network.ts'
import type { PolicyPeer, PolicyRule } from '../kubernetes/kinds/network-policy.ts'
import type { ClusterState, Namespace, NetworkPolicy, Workload } from '../kubernetes/state.ts'
import { grouped } from '../source/grouped.ts'
import { undescribed } from '../ambient/mesh.ts'
import type { MeshSide, MeshView, Role } from '../ambient/mesh.ts'
import { podAddressesMatch } from './engines/network-policy.ts'
import { podsName } from './peer.ts'
import type { Peer } from './peer.ts'

/** A peer that may speak HBONE, under the name by which a finding calls it. */
export interface MeshPeer {
  readonly peer: Peer
  readonly side: Exclude<MeshSide, 'outside'>
  readonly name: string
}

export interface PeerFinder {
  /** The mesh peers that a rule names, in a fixed order; empty where it names only peers outside the mesh. */
  readonly ofRule: (rule: PolicyRule, policy: NetworkPolicy) => readonly MeshPeer[]
  /** Every peer that may be in the mesh, under the name `any`. */
  readonly everyone: readonly MeshPeer[]
}

export function findPeers(state: ClusterState, mesh: MeshView, role: Role): PeerFinder {
  const { config, network } = state
  const namespaces = [...state.namespaces.values()]
  const gateways = config.mesh.gatewayNamespaces
    .filter((name) => !state.namespaces.has(name))
    .map(undescribed)
  const byNamespace = grouped(state.workloads, ({ namespace }) => namespace.name)
  const known = (workload: Workload, name: string): MeshPeer[] => {
    const side = mesh.member(workload)[role]
    return side === 'outside' ? [] : [{ peer: { kind: 'workload', workload }, side, name }]
  }
  const representative = (pods: Selector, namespace: Namespace, name: string): MeshPeer[] => {
    const side = mesh.podsSide(pods, namespace, role)
    return side === 'outside' ? [] : [{ peer: { kind: 'pods', pods, namespace }, side, name }]
  }

  /** The mesh peers in one namespace that a pod selector matches. */
  const inNamespace = (
    pods: Selector,
    namespace: Namespace,
    unseenName: string,
    allName: string | null,
  ): MeshPeer[] => {
    const matching = (byNamespace.get(namespace.name) ?? []).filter((workload) =>
      matches(pods, workload.pods.labels),
    )
    const members = matching.flatMap((workload) => known(workload, allName ?? workload.id))
    // A selector with labels that finds its workload is taken at its word; an empty one, or one that finds
    // nothing, also speaks of pods that the tree does not show.
    const settled = members.length > 0 || (matching.length > 0 && pods.length > 0)
    return settled ? members : representative(pods, namespace, unseenName)
  }

  const everywhere = (name: string): MeshPeer[] => [
    ...[...namespaces, ...gateways].flatMap((namespace) => inNamespace(EVERYTHING, namespace, name, name)),
    { peer: { kind: 'elsewhere', pods: EVERYTHING, namespaces: EVERYTHING }, side: 'possible', name },
  ]

  const ofSelectors = (
    { pods, namespaces: selector }: PolicyPeer & { readonly kind: 'pods' },
    policy: NetworkPolicy,
  ): MeshPeer[] => {
    if (selector === null) {
      const own = [{ key: NAMESPACE_NAME_LABEL, operator: 'In', values: [policy.namespace.name] }] as const
      return inNamespace(pods, policy.namespace, podsName(pods, own), null)
    }
    const unseenName = podsName(pods, selector)
    const allName = pods.length === 0 && selector.length === 0 ? unseenName : null
    const described = namespaces.filter(({ known: isKnown, labels }) => isKnown && matches(selector, labels))
    const perhaps = namespaces.filter(
      ({ known: isKnown, labels }) => !isKnown && matchesPartly(selector, labels) !== 'no',
    )
    const peers = [...described, ...perhaps].flatMap((namespace) =>
      inNamespace(pods, namespace, unseenName, allName),
    )
    // A selector that pins names speaks of those namespaces alone, and of each of them.
    const pinned = selector.some(({ key, operator }) => key === NAMESPACE_NAME_LABEL && operator === 'In')
    if (described.length > 0 && selector.length > 0 && !pinned) return peers
    const named = namedNamespaces(selector).filter((name) => !state.namespaces.has(name))
    const hidden = [...new Set([...named, ...gateways.map(({ name }) => name)])]
      .map(undescribed)
      .filter(({ labels }) => matchesPartly(selector, labels) !== 'no')
      .flatMap((namespace) => representative(pods, namespace, unseenName))
    if (pinned) return [...peers, ...hidden]
    return [
      ...peers,
      ...hidden,
      { peer: { kind: 'elsewhere', pods, namespaces: selector }, side: 'possible', name: unseenName },
    ]
  }

  const ofBlock = ({ cidr, except, addresses }: PolicyPeer & { readonly kind: 'block' }): MeshPeer[] => {
    const name = except.length === 0 ? cidr : `${cidr} except ${except.join(', ')}`
    if (!network.blocksMatchPods) return []
    const match = podAddressesMatch(addresses, network)
    if (match === 'yes') return everywhere(name)
    if (match === 'no') return []
    const pods =
      network.pods === null
        ? subtractAddresses(addresses, network.nodes ?? NO_ADDRESSES)
        : intersectAddresses(addresses, network.pods)
    // Addresses of nodes are no pods; what is left of the block may be none either.
    if (podAddressesMatch(pods, network) === 'no') return []
    return [
      {
        peer: { kind: 'addresses', addresses: pods, pods: true },
        side: network.pods === null ? 'possible' : 'certain',
        name,
      },
    ]
  }

  return {
    everyone: everywhere('any'),
    ofRule: (rule, policy) =>
      rule.peers === null
        ? everywhere('any')
        : rule.peers.flatMap((peer) => (peer.kind === 'block' ? ofBlock(peer) : ofSelectors(peer, policy))),
  }
}

/** Does a rule let in whoever comes, every pod among them? */
export function admitsAnySource({ peers }: PolicyRule, network: Network): boolean {
  return (
    peers === null ||
    peers.some((peer) => peer.kind === 'block' && podAddressesMatch(peer.addresses, network) === 'yes')
  )
}

function namedNamespaces(selector: Selector): readonly string[] {
  return selector.flatMap((requirement) =>
    requirement.key === NAMESPACE_NAME_LABEL && requirement.operator === 'In' ? requirement.values : [],
  )
}
