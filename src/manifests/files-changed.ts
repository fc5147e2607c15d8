// Which files differ between two listings of which one was made of the other: what is the same is the same value.
import type { TreeFile } from '../git/tree.ts'

export interface FileChange {
  readonly before: TreeFile | null
  readonly after: TreeFile | null
}

/** More than this are no change of a tree but another one. */
const MANY = 500

/**
 * The changes by path, from one sorted listing to another; null where there are many. Files are told apart by what they
 * are and not by what they say: asking a file on disk for its id would read it.
 */
export function filesChanged(
  before: readonly TreeFile[],
  after: readonly TreeFile[],
): ReadonlyMap<string, FileChange> | null {
  const last = known.get(after)
  if (last?.before.deref() === before) return last.changes
  const changes = changesBetween(before, after)
  known.set(after, { before: new WeakRef(before), changes })
  return changes
}

/** By the later listing: the same two are asked about more than once. The earlier one is not kept alive by that. */
const known = new WeakMap<
  readonly TreeFile[],
  {
    readonly before: WeakRef<readonly TreeFile[]>
    readonly changes: ReadonlyMap<string, FileChange> | null
  }
>()

function changesBetween(
  before: readonly TreeFile[],
  after: readonly TreeFile[],
): ReadonlyMap<string, FileChange> | null {
  const changes = new Map<string, FileChange>()
  if (before === after) return changes
  let [one, other] = [0, 0]
  while (one < before.length || other < after.length) {
    const [old, now] = [before[one], after[other]]
    if (old !== now) {
      if (changes.size === MANY) return null
      if (now === undefined || (old !== undefined && old.path < now.path)) {
        if (old !== undefined) changes.set(old.path, { before: old, after: null })
        one += 1
        continue
      }
      if (old === undefined || now.path < old.path) {
        changes.set(now.path, { before: null, after: now })
        other += 1
        continue
      }
      changes.set(now.path, { before: old, after: now })
    }
    one += 1
    other += 1
  }
  return changes
}
