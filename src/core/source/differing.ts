// What two lists do not have in common. Most of two states of a large tree is the same from both ends on.

export type Difference<T> = readonly [gone: readonly T[], come: readonly T[]]

/** By the later list: the same two are asked about more than once. The earlier one is not kept alive by that. */
const known = new WeakMap<
  readonly unknown[],
  { readonly old: WeakRef<readonly unknown[]>; readonly difference: Difference<unknown> }
>()

/** The items that are in one of two lists alone, each once, told by what they are and not by what they say. */
export function differing<T>(old: readonly T[], now: readonly T[]): Difference<T> {
  const before = known.get(now)
  if (before?.old.deref() === old) return before.difference as Difference<T>
  return noted(old, now, differenceOf(old, now))
}

/** More items than this are not looked for one by one. */
const FEW = 50

/**
 * A list that was made of another one by taking items away and putting others in: with that said, `differing` need not
 * look. Returns `now`.
 */
export function madeFrom<T>(
  old: readonly T[],
  now: readonly T[],
  gone: readonly T[],
  come: readonly T[],
): readonly T[] {
  const [left, right] = [new Set(gone), new Set(come)]
  const difference: Difference<T> = [
    [...left].filter((one) => !right.has(one)),
    [...right].filter((one) => !left.has(one)),
  ]
  // The same item may stand in two places.
  const isSo =
    gone.length + come.length <= FEW &&
    gone.length + come.length === left.size + right.size &&
    !difference[0].some((one) => now.includes(one)) &&
    !difference[1].some((one) => old.includes(one))
  if (isSo) noted(old, now, difference)
  return now
}

function noted<T>(old: readonly T[], now: readonly T[], difference: Difference<T>): Difference<T> {
  known.set(now, { old: new WeakRef(old), difference })
  return difference
}

function differenceOf<T>(old: readonly T[], now: readonly T[]): Difference<T> {
  let start = 0
  while (start < old.length && start < now.length && old[start] === now[start]) start += 1
  const most = Math.min(old.length, now.length) - start
  let end = 0
  while (end < most && old[old.length - 1 - end] === now[now.length - 1 - end]) end += 1
  const left = new Set(old.slice(start, old.length - end))
  const right = new Set(now.slice(start, now.length - end))
  return [[...left].filter((one) => !right.has(one)), [...right].filter((one) => !left.has(one))]
}
