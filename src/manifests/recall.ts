// Bases of former looks: the next pull request has the same base as a rule, or one that is not far from it.
import { createListings, listingOf } from '../git/tree.ts'
import type { Tree } from '../git/tree.ts'
import { filesChanged } from './files-changed.ts'
import type { Gathered } from './load.ts'
import type { Recall } from './workshop.ts'

/** Files of all states that are kept; what two of them share counts twice. */
const MOST_FILES = 400_000

/** A memory of a process that looks at many pull requests. It lets the states go that were not asked for longest. */
export function createRecall(): Recall {
  return { bases: [], listings: createListings() }
}

/** The state that is nearest to a tree; null where none is near. */
export async function recallBase({ bases }: Recall, tree: Tree): Promise<Gathered | null> {
  const files = await listingOf(tree)
  let [nearest, fewest]: [Gathered | null, number] = [null, Infinity]
  for (const base of [...bases].reverse()) {
    const count = filesChanged(base.grounds.files, files)?.size ?? Infinity
    if (count < fewest) [nearest, fewest] = [base, count]
    if (count === 0) break
  }
  return nearest
}

/** Remembers a state; the last one is kept, however large it is. */
export function keepBase(recall: Recall, gathered: Gathered): void {
  const others = recall.bases.filter((base) => base !== gathered)
  let files = gathered.grounds.files.length
  const kept = [...others].reverse().filter((base) => (files += base.grounds.files.length) <= MOST_FILES)
  recall.bases = [...kept.reverse(), gathered]
}
