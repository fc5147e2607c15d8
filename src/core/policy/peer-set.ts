// Many peers at once: the workloads that the tree shows, the pods that it does not, and the few that are neither.
import { intersect, subtract, union } from '../kubernetes/interval-set.ts'
import type { Selector } from '../kubernetes/labels.ts'
import type { Namespace, Workload } from '../kubernetes/state.ts'
import { NOBODY, indexesOf } from './index-set.ts'
import type { IndexSet } from './index-set.ts'
import type { Peer } from './peer.ts'
import type { Population } from './population.ts'

/** Representatives: in each of some namespaces, pods that a selector could match and that the tree does not show. */
export interface UnseenPods {
  readonly pods: Selector
  readonly namespaces: IndexSet
}

export interface PeerSet {
  readonly known: IndexSet
  readonly unseen: readonly UnseenPods[]
  /** Peers of namespaces that nothing mentions, and addresses. */
  readonly rest: readonly Peer[]
}

export const NO_PEERS: PeerSet = { known: NOBODY, unseen: [], rest: [] }

export function noPeers({ known, unseen, rest }: PeerSet): boolean {
  return known.length === 0 && unseen.every(({ namespaces }) => namespaces.length === 0) && rest.length === 0
}

/** The peers of a set, one by one. */
export function* eachPeer({ known, unseen, rest }: PeerSet, population: Population): Generator<Peer> {
  for (const index of indexesOf(known))
    yield { kind: 'workload', workload: population.workloads[index] as Workload }
  for (const { pods, namespaces } of unseen) {
    for (const index of indexesOf(namespaces))
      yield { kind: 'pods', pods, namespace: population.namespaces[index] as Namespace }
  }
  yield* rest
}

/** Those of the workloads in a set that are also in `some`. */
export function onlyKnown({ known }: PeerSet, some: IndexSet): PeerSet {
  return { ...NO_PEERS, known: intersect(known, some) }
}

export function withoutKnown(peers: PeerSet, some: IndexSet): PeerSet {
  return some.length === 0 ? peers : { ...peers, known: subtract(peers.known, some) }
}

/** Two sets whose rest is told apart by identity. */
export function bothPeers(a: PeerSet, b: PeerSet): PeerSet {
  if (noPeers(a)) return b
  if (noPeers(b)) return a
  return {
    known: union(a.known, b.known),
    unseen: [...a.unseen, ...b.unseen],
    rest: [...new Set([...a.rest, ...b.rest])],
  }
}
