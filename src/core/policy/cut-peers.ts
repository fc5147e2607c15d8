// Cuts a set of peers by an answer that each sort of them gets in its own way: known workloads and unseen pods in sets,
// the few others one by one.
import { intersect, subtract, union } from '../kubernetes/interval-set.ts'
import type { Match } from '../kubernetes/labels.ts'
import { grouped } from '../source/grouped.ts'
import type { Doubtful, SetAlgebra } from './decide.ts'
import type { Split } from './engine.ts'
import { NOBODY } from './index-set.ts'
import type { IndexSet } from './index-set.ts'
import type { Peer } from './peer.ts'
import type { PeerSet, UnseenPods } from './peer-set.ts'
import type { Matched } from './population.ts'

/** The three parts of a set of peers: `shown` of all workloads, `hidden` of the namespaces of some unseen pods. */
export function cutPeers(
  { known, unseen, rest }: PeerSet,
  shown: Doubtful<IndexSet>,
  hidden: (pods: UnseenPods) => Doubtful<IndexSet>,
  single: (peer: Peer) => Match,
): Split {
  const knownParts = cutBy(known, shown)
  const unseenParts = unseen.map((those) => ({ those, parts: cutBy(those.namespaces, hidden(those)) }))
  const restParts = grouped(rest, single)
  const part = (name: keyof Split, match: Match): PeerSet => ({
    known: knownParts[name],
    unseen: unseenParts.flatMap(({ those, parts }) =>
      parts[name].length === 0 ? [] : [{ pods: those.pods, namespaces: parts[name] }],
    ),
    rest: restParts.get(match) ?? [],
  })
  return { open: part('open', 'yes'), doubtful: part('doubtful', 'maybe'), closed: part('closed', 'no') }
}

/** The parts of a set that are matched for sure, perhaps and not at all. */
function cutBy(
  set: IndexSet,
  { sure, perhaps }: Doubtful<IndexSet>,
): Readonly<Record<keyof Split, IndexSet>> {
  const rest = subtract(set, sure)
  return { open: intersect(set, sure), doubtful: intersect(rest, perhaps), closed: subtract(rest, perhaps) }
}

/** The two parts as sets that hold each other; with a doubt about the rule itself, nothing is sure. */
export function doubtful({ yes, maybe }: Matched, match: Match): Doubtful<IndexSet> {
  const perhaps = maybe.length === 0 ? yes : union(yes, maybe)
  return { sure: match === 'yes' ? yes : NOBODY, perhaps }
}

export const INDEXES: SetAlgebra<IndexSet> = { none: NOBODY, union, intersect, subtract }
