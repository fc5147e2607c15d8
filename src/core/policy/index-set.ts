// Sets of workloads or namespaces, by their place in the order of a population: whoever belongs together stands
// together there, so that a wide set is a few intervals.
import type { Interval, IntervalSet } from '../kubernetes/interval-set.ts'

export type IndexSet = IntervalSet<number>

export const NOBODY: IndexSet = []

/** The set of the first `count` indexes. */
export function firstIndexes(count: number): IndexSet {
  return count === 0 ? NOBODY : [[0, count]]
}

/** The set of indexes that come in rising order. */
export function fromRising(indexes: Iterable<number>): IndexSet {
  const intervals: [number, number][] = []
  for (const index of indexes) {
    const last = intervals.at(-1)
    if (last?.[1] === index) last[1] = index + 1
    else intervals.push([index, index + 1])
  }
  return intervals
}

/** The indexes of a set, rising. */
export function* indexesOf(set: IndexSet): Generator<number> {
  for (const [low, high] of set) for (let index = low; index < high; index += 1) yield index
}

export function countOf(set: IndexSet): number {
  return set.reduce((sum, [low, high]: Interval<number>) => sum + high - low, 0)
}
