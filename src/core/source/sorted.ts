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
  const cuts = [
    ...[...come].map((item) => ({ at: after(keyOf(item)), put: [item], skip: 0 })),
    ...[...gone].flatMap((item) => {
      const at = sorted.indexOf(item, positionIn(sorted, keyOf(item), keyOf))
      return at === -1 ? [] : { at, put: [], skip: 1 }
    }),
  ].sort((a, b) => a.at - b.at || compare(a.put[0], b.put[0], keyOf))
  const pieces: (readonly T[])[] = []
  let from = 0
  for (const { at, put, skip } of cuts) {
    pieces.push(sorted.slice(from, at), put)
    from = at + skip
  }
  return ([] as readonly T[]).concat(...pieces, sorted.slice(from))
}

/** What comes is put before what goes from the same place; two that come there are in order. */
function compare<T>(a: T | undefined, b: T | undefined, keyOf: (item: T) => string): number {
  if (a === undefined || b === undefined) return (a === undefined ? 1 : 0) - (b === undefined ? 1 : 0)
  return keyOf(a) < keyOf(b) ? -1 : keyOf(b) < keyOf(a) ? 1 : 0
}
