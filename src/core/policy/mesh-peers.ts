// Whom a rule speaks of, as far as the mesh cares: known workloads, and representatives for the pods that its
// selectors could match and the tree does not show. Sets, so that a rule for everybody costs no more than one.
import { undescribed } from '../ambient/mesh.ts'
import type { MeshSide, MeshView, Role } from '../ambient/mesh.ts'
import {
  NO_ADDRESSES,
  intersectAddresses,
  noAddresses,
  subtractAddresses,
} from '../kubernetes/address-set.ts'
import { intersect, intervalSet, subtract, union } from '../kubernetes/interval-set.ts'
import { EVERYTHING, GATEWAY_NAME, NAMESPACE_NAME_LABEL, matchesPartly } from '../kubernetes/labels.ts'
import type { Selector } from '../kubernetes/labels.ts'
import type { Network } from '../kubernetes/network.ts'
import type { BlockPeer, PolicyPeer, PolicyRule } from '../kubernetes/kinds/policy.ts'
import type { ClusterState, NetworkPolicy } from '../kubernetes/state.ts'
import { networkFor, podAddressesMatch, podsMeantBy } from './rule-matches.ts'
import { NOBODY, fromRising } from './index-set.ts'
import type { IndexSet } from './index-set.ts'
import { podsName } from './peer.ts'
import type { Peer } from './peer.ts'
import { NO_PEERS, bothPeers, noPeers } from './peer-set.ts'
import type { PeerSet } from './peer-set.ts'
import { remembered } from './population.ts'
import type { Population } from './population.ts'

/** Peers that may speak HBONE, under the name by which a finding calls them. */
export interface MeshPeers {
  /** null: each workload goes by its own id. */
  readonly name: string | null
  readonly certain: PeerSet
  /** Whether they are in the mesh is not known. */
  readonly possible: PeerSet
}

export interface PeerFinder {
  /** The mesh peers that a rule names, in a fixed order; empty where it names only peers outside the mesh. */
  readonly ofRule: (rule: PolicyRule, policy: NetworkPolicy) => readonly MeshPeers[]
  /** Every peer that may be in the mesh, under the name `any`. */
  readonly everyone: MeshPeers
}

export function findPeers(
  state: ClusterState,
  population: Population,
  mesh: MeshView,
  role: Role,
): PeerFinder {
  const { network } = state
  const sideOf = (wanted: MeshSide): IndexSet =>
    fromRising(
      population.workloads.flatMap((workload, index) =>
        mesh.member(workload)[role] === wanted ? [index] : [],
      ),
    )
  const certain = sideOf('certain')
  const possible = sideOf('possible')
  const members = union(certain, possible)

  /** What unseen pods of a selector would be, by namespaces that are alike to the mesh. */
  const sides = remembered((pods: Selector): { readonly certain: IndexSet; readonly possible: IndexSet } => {
    const answers = new Map<string, MeshSide>()
    const found: Record<MeshSide, number[]> = { certain: [], possible: [], outside: [] }
    for (const [index, namespace] of population.namespaces.entries()) {
      const kind = mesh.kindOf(namespace)
      const side = answers.get(kind) ?? mesh.podsSide(pods, namespace, role)
      answers.set(kind, side)
      found[side].push(index)
    }
    return { certain: fromRising(found.certain), possible: fromRising(found.possible) }
  })

  /** The mesh peers in some namespaces that a pod selector matches, each workload by its id unless all share a name. */
  const inNamespaces = (
    pods: Selector,
    namespaces: IndexSet,
    unseenName: string,
    allName: string | null,
  ): readonly MeshPeers[] => {
    const matching = population.matching(pods, namespaces)
    const known = intersect(matching, members)
    // A selector with labels that finds its workload in a namespace is taken at its word there; an empty one, or one
    // that finds nothing, also speaks of pods that the tree does not show.
    const settled = population.homesOf(asksForLabels(pods) ? matching : known)
    const open = subtract(namespaces, settled)
    const side = sides(pods)
    const part = (shown: IndexSet, hidden: IndexSet): PeerSet => {
      const unseen = intersect(open, hidden)
      return { known: shown, unseen: unseen.length === 0 ? [] : [{ pods, namespaces: unseen }], rest: [] }
    }
    const seen = { certain: intersect(known, certain), possible: intersect(known, possible) }
    if (allName !== null) {
      return [
        {
          name: allName,
          certain: part(seen.certain, side.certain),
          possible: part(seen.possible, side.possible),
        },
      ]
    }
    return [
      { name: null, certain: part(seen.certain, NOBODY), possible: part(seen.possible, NOBODY) },
      { name: unseenName, certain: part(NOBODY, side.certain), possible: part(NOBODY, side.possible) },
    ]
  }

  const elsewhere = (pods: Selector, namespaces: Selector): PeerSet => ({
    ...NO_PEERS,
    rest: [{ kind: 'elsewhere', pods, namespaces }],
  })

  const everybody = remembered((name: string): readonly MeshPeers[] => [
    ...inNamespaces(EVERYTHING, [[0, population.namespaces.length]], name, name),
    { name, certain: NO_PEERS, possible: elsewhere(EVERYTHING, EVERYTHING) },
  ])

  const ofSelectors = remembered(
    ([pods, selector, ownNamespace]: readonly [Selector, Selector | null, string]): readonly MeshPeers[] => {
      if (selector === null) {
        const own = [{ key: NAMESPACE_NAME_LABEL, operator: 'In', values: [ownNamespace] }] as const
        const index = population.namespaceIndex(ownNamespace)
        return index === undefined ? [] : inNamespaces(pods, [[index, index + 1]], podsName(pods, own), null)
      }
      const unseenName = podsName(pods, selector)
      const allName = pods.length === 0 && selector.length === 0 ? unseenName : null
      const { yes, maybe } = population.namespacesMatching(selector)
      const mentioned = intersect(union(yes, maybe), population.mentioned)
      // A selector that pins names speaks of those namespaces alone, and of each of them.
      const pinned = selector.some(({ key, operator }) => key === NAMESPACE_NAME_LABEL && operator === 'In')
      // Any other that asks for labels of pods, and finds such pods anywhere, means those.
      if (
        asksForLabels(pods) &&
        !asksForGateways(pods) &&
        !pinned &&
        population.matching(pods, mentioned).length > 0
      )
        return inNamespaces(pods, population.homesOf(population.matching(pods, mentioned)), unseenName, null)
      const peers = inNamespaces(pods, mentioned, unseenName, allName)
      if (intersect(yes, population.described).length > 0 && selector.length > 0 && !pinned) return peers
      const named = namedNamespaces(selector).filter((name) => population.namespaceIndex(name) === undefined)
      const strangers = [...new Set(named)]
        .map(undescribed)
        .filter(
          (namespace) =>
            matchesPartly(selector, namespace.labels) !== 'no' &&
            mesh.podsSide(pods, namespace, role) !== 'outside',
        )
        .map((namespace): Peer => ({ kind: 'pods', pods, namespace }))
      const gateways = intersect(subtract(union(yes, maybe), population.mentioned), sides(pods).possible)
      const hidden = {
        ...NO_PEERS,
        unseen: gateways.length === 0 ? [] : [{ pods, namespaces: gateways }],
        rest: [...strangers, ...(pinned ? [] : elsewhere(pods, selector).rest)],
      }
      return [...peers, { name: unseenName, certain: NO_PEERS, possible: hidden }]
    },
  )

  const ofBlock = (block: BlockPeer, policy: NetworkPolicy): readonly MeshPeers[] => {
    const { cidr, except, addresses } = block
    const name = except.length === 0 ? cidr : `${cidr} except ${except.join(', ')}`
    if (networkFor(policy, network).blocksMatchPods === false) return []
    const match = podsMeantBy(block, network)
    if (match === 'yes') return everybody(name)
    if (match === 'no') return []
    const sure = network.pods === null ? NO_ADDRESSES : intersectAddresses(addresses, network.pods)
    const pods = noAddresses(sure) ? subtractAddresses(addresses, network.nodes ?? NO_ADDRESSES) : sure
    // Addresses of nodes are no pods; what is left of the block may be none either.
    if (podAddressesMatch(pods, network) === 'no') return []
    const peers: PeerSet = { ...NO_PEERS, rest: [{ kind: 'addresses', addresses: pods, pods: true }] }
    return noAddresses(sure)
      ? [{ name, certain: NO_PEERS, possible: peers }]
      : [{ name, certain: peers, possible: NO_PEERS }]
  }

  const ofPeer = (peer: PolicyPeer, policy: NetworkPolicy): readonly MeshPeers[] => {
    switch (peer.kind) {
      case 'block':
        return ofBlock(peer, policy)
      case 'pods':
        return ofSelectors([
          peer.pods,
          peer.namespaces,
          peer.namespaces === null ? policy.namespace.name : '',
        ])
      case 'entity':
        // Nodes and the world outside are not in the mesh.
        return []
      case 'unknown':
        return peer.outside ? [] : everybody(peer.name).map(onlyPossibly)
    }
  }

  const [every, ...more] = everybody('any')
  return {
    everyone: {
      name: 'any',
      certain: every?.certain ?? NO_PEERS,
      possible: {
        known: every?.possible.known ?? NOBODY,
        unseen: every?.possible.unseen ?? [],
        rest: more.flatMap(({ possible: { rest } }) => rest),
      },
    },
    ofRule: ({ peers }, policy) => {
      const all = peers === null ? everybody('any') : peers.flatMap((peer) => ofPeer(peer, policy))
      return merged(all.filter((group) => !noPeers(group.certain) || !noPeers(group.possible)))
    },
  }
}

/** Known workloads of several selectors are one set: each goes by its own id anyway. */
function merged(groups: readonly MeshPeers[]): readonly MeshPeers[] {
  const [first, ...others] = groups.filter(({ name }) => name === null)
  if (first === undefined || others.length === 0) return groups
  const known = (side: 'certain' | 'possible'): PeerSet => ({
    ...NO_PEERS,
    known: intervalSet([first, ...others].flatMap((group) => group[side].known)),
  })
  return [
    { name: null, certain: known('certain'), possible: known('possible') },
    ...groups.filter(({ name }) => name !== null),
  ]
}

function onlyPossibly({ name, certain, possible }: MeshPeers): MeshPeers {
  return { name, certain: NO_PEERS, possible: bothPeers(certain, possible) }
}

/** Does a selector say what its pods are, and not only what they are not? */
function asksForLabels(pods: Selector): boolean {
  return pods.some(({ operator }) => operator === 'In')
}

/** Gateways come from charts more often than not, and stand in namespaces of their own: one that is found is not all. */
function asksForGateways(pods: Selector): boolean {
  return pods.some(({ key }) => key === 'istio' || key === GATEWAY_NAME)
}

/** Does a rule let in whoever comes, every pod among them? */
export function admitsAnySource({ doubt, peers }: PolicyRule, network: Network): boolean {
  return (
    doubt === null &&
    (peers === null || peers.some((peer) => peer.kind === 'block' && podsMeantBy(peer, network) === 'yes'))
  )
}

function namedNamespaces(selector: Selector): readonly string[] {
  return selector.flatMap((requirement) =>
    requirement.key === NAMESPACE_NAME_LABEL && requirement.operator === 'In' ? requirement.values : [],
  )
}
