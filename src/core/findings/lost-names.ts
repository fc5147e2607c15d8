// What lost peers are called: workloads by their ids, all others by what a rule calls them.
import type { Workload } from '../kubernetes/state.ts'
import { indexesOf } from '../policy/index-set.ts'
import type { Population } from '../policy/population.ts'
import { compareText } from '../source/problem.ts'
import type { PeerSet } from '../policy/peer-set.ts'
import type { LostPeers } from './lost-peers.ts'

/** Many workloads lose the same peers, and those are one set: it is spelt out once. */
const SPELT = new WeakMap<PeerSet['known'], readonly string[]>()

/** Each name once, sorted. */
export function namesOf(lost: readonly LostPeers[], population: Population): readonly string[] {
  const [only, ...more] = lost
  if (only?.name !== null || more.length > 0) return spell(lost, population)
  const before = SPELT.get(only.peers.known)
  if (before !== undefined) return before
  const now = spell(lost, population)
  SPELT.set(only.peers.known, now)
  return now
}

function spell(lost: readonly LostPeers[], { workloads }: Population): readonly string[] {
  const names = new Set<string>()
  for (const { name, peers } of lost) {
    if (name !== null) names.add(name)
    else for (const index of indexesOf(peers.known)) names.add((workloads[index] as Workload).id)
  }
  return [...names].sort(compareText)
}
