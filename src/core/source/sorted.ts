// Lists that are in order of a key, and long: what is looked for is found without walking through them, and where few
// items differ the rest is copied in pieces.

/** Where the first item with this key stands, or would stand. @param sorted in order of its keys, by UTF-16 unit */
export function positionIn<T>(sorted: readonly T[], key: string, keyOf: (item: T) => string): number {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (keyOf(sorted[middle] as T) < key) low = middle + 1
    else high = middle
  }
  return low
}

/**
 * A list without some of its items, and with others in their places. What is `gone` is told by what it is and not by
 * its key; what it does not have is nothing to take away.
 */
export function amendSorted<T>(
  sorted: readonly T[],
  gone: Iterable<T>,
  come: Iterable<T>,
  keyOf: (item: T) => string,
): readonly T[] {
  const after = (key: string): number => {
    let at = positionIn(sorted, key, keyOf)
    while (at < sorted.length && keyOf(sorted[at] as T) === key) at += 1
    return at
  }
  const cuts = joined(
    [
      ...[...come].map((item) => ({ at: after(keyOf(item)), put: [item], skip: 0 })),
      ...[...gone].flatMap((item) => {
        const at = sorted.indexOf(item, positionIn(sorted, keyOf(item), keyOf))
        return at === -1 ? [] : { at, put: [], skip: 1 }
      }),
    ].sort((a, b) => a.at - b.at || compare(a.put[0], b.put[0], keyOf)),
  )
  return cutAt(sorted, cuts)
}

/** The list with what each cut puts there in the place of what it skips. @param cuts in order, none within another */
export function cutAt<T>(list: readonly T[], cuts: readonly Cut<T>[]): readonly T[] {
  const length = cuts.reduce((sum, { put, skip }) => sum + put.length - skip, list.length)
  // Item by item into one array of the right size: pieces that are joined are copied twice.
  const made = new Array<T>(length)
  let [from, to] = [0, 0]
  for (const { at, put, skip } of cuts) {
    while (from < at) made[to++] = list[from++] as T
    for (const item of put) made[to++] = item
    from += skip
  }
  while (from < list.length) made[to++] = list[from++] as T
  return made
}

/** Some items from a place on are skipped, and others put there. */
export interface Cut<T> {
  readonly at: number
  readonly put: readonly T[]
  readonly skip: number
}

/** Cuts in order, those that meet as one. */
function joined<T>(cuts: readonly Cut<T>[]): readonly Cut<T>[] {
  const all: Cut<T>[] = []
  for (const cut of cuts) {
    const last = all.at(-1)
    if (last !== undefined && last.at + last.skip === cut.at)
      all[all.length - 1] = { at: last.at, put: [...last.put, ...cut.put], skip: last.skip + cut.skip }
    else all.push(cut)
  }
  return all
}

/** What comes is put before what goes from the same place; two that come there are in order. */
function compare<T>(a: T | undefined, b: T | undefined, keyOf: (item: T) => string): number {
  if (a === undefined || b === undefined) return (a === undefined ? 1 : 0) - (b === undefined ? 1 : 0)
  return keyOf(a) < keyOf(b) ? -1 : keyOf(b) < keyOf(a) ? 1 : 0
}
