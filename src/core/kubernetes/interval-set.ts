// Sets of numbers as sorted, disjoint, half-open intervals: the arithmetic below ports and addresses.
// Half-open, so that one implementation serves number and bigint: it only ever compares.

/** `[low, high)`: low is inside, high is not. */
export type Interval<T> = readonly [low: T, high: T]

/** Sorted, disjoint and not touching; the empty list is the empty set. */
export type IntervalSet<T extends number | bigint> = readonly Interval<T>[]

/** The set of every number in any of the intervals, given in any order; empty intervals are dropped. */
export function intervalSet<T extends number | bigint>(intervals: readonly Interval<T>[]): IntervalSet<T> {
  const sorted = intervals
    .filter(([low, high]) => low < high)
    .sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0))
  const merged: [T, T][] = []
  for (const [low, high] of sorted) {
    const last = merged.at(-1)
    if (last !== undefined && low <= last[1]) {
      if (high > last[1]) last[1] = high
    } else {
      merged.push([low, high])
    }
  }
  return merged
}

export function union<T extends number | bigint>(a: IntervalSet<T>, b: IntervalSet<T>): IntervalSet<T> {
  if (a.length === 0) return b
  if (b.length === 0) return a
  return intervalSet([...a, ...b])
}

/** What is in both; `a` itself where all of it is. */
export function intersect<T extends number | bigint>(a: IntervalSet<T>, b: IntervalSet<T>): IntervalSet<T> {
  const result: Interval<T>[] = []
  let whole = 0
  let i = 0
  let j = 0
  for (;;) {
    const left = a[i]
    const right = b[j]
    if (left === undefined || right === undefined) return whole === a.length ? a : result
    const low = left[0] > right[0] ? left[0] : right[0]
    const high = left[1] < right[1] ? left[1] : right[1]
    if (low < high) result.push([low, high])
    if (low === left[0] && high === left[1]) whole += 1
    if (left[1] < right[1]) i += 1
    else j += 1
  }
}

/** Everything in `a` that is not in `b`. */
export function subtract<T extends number | bigint>(a: IntervalSet<T>, b: IntervalSet<T>): IntervalSet<T> {
  if (a.length === 0 || b.length === 0) return a
  const result: Interval<T>[] = []
  let first = 0
  for (const [low, high] of a) {
    let at = low
    while (first < b.length && (b[first] as Interval<T>)[1] <= low) first += 1
    for (let i = first; i < b.length; i += 1) {
      const [cutLow, cutHigh] = b[i] as Interval<T>
      if (cutLow >= high) break
      if (cutLow > at) result.push([at, cutLow])
      at = cutHigh
    }
    if (at < high) result.push([at, high])
  }
  return result
}

export function contains<T extends number | bigint>(set: IntervalSet<T>, value: T): boolean {
  return set.some(([low, high]) => low <= value && value < high)
}
