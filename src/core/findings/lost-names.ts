// What lost peers are called: workloads by their ids, all others by what a rule calls them.
import type { Workload } from '../kubernetes/state.ts'
import { indexesOf } from '../policy/index-set.ts'
import type { Population } from '../policy/population.ts'
import { compareText } from '../source/problem.ts'
import type { LostPeers } from './lost-peers.ts'

/** Each name once, sorted. */
export function namesOf(lost: readonly LostPeers[], { workloads }: Population): readonly string[] {
  const names = new Set<string>()
  for (const { name, peers } of lost) {
    if (name !== null) names.add(name)
    else for (const index of indexesOf(peers.known)) names.add((workloads[index] as Workload).id)
  }
  return [...names].sort(compareText)
}
