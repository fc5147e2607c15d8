// What differs between two trees of a repository, as far down as they differ and no further.
import { objectReader } from './reader.ts'
import { FOLDER, entriesOf } from './tree-entries.ts'
import type { TreeEntry } from './tree-entries.ts'
import { MOST_FILES, tooManyFiles } from './trees/most-files.ts'

/**
 * The paths in which two commits or trees differ, with what is there in the later one; null: nothing. Null where the
 * repository has one of them not. @param most how many files either may have
 * @throws GitError, `too-many-files` where so much differs that one of them has more
 */
export async function treeChanges(
  directory: string,
  from: string,
  to: string,
  most = MOST_FILES,
): Promise<ReadonlyMap<string, TreeEntry | null> | null> {
  const reader = objectReader(directory)
  const [old, now] = await reader.info([`${from}^{tree}`, `${to}^{tree}`])
  if (old?.type !== 'tree' || now?.type !== 'tree') return null
  const changes = new Map<string, TreeEntry | null>()
  let pairs: Pair[] = old.id === now.id ? [] : [{ folder: '', old: old.id, now: now.id }]
  while (pairs.length > 0) {
    const ids = [...new Set(pairs.flatMap((pair) => [pair.old ?? [], pair.now ?? []].flat()))]
    const found = await reader.read(ids)
    const trees = new Map<string, ReadonlyMap<string, TreeEntry>>()
    for (const [index, id] of ids.entries()) {
      const tree = found[index]
      if (tree?.type !== 'tree') return null
      trees.set(id, entriesOf(tree))
    }
    const entries = (id: string | null): ReadonlyMap<string, TreeEntry> => trees.get(id ?? '') ?? new Map()
    const deeper: Pair[] = []
    for (const pair of pairs) {
      for (const one of compareFolders(pair.folder, entries(pair.old), entries(pair.now), changes))
        deeper.push(one)
      // One tree may stand in another a thousand times, and that in a third.
      if (changes.size + deeper.length > most * 2) throw tooManyFiles(most)
    }
    pairs = deeper
  }
  return changes
}

/** A folder of both trees, or (null) of one alone. */
interface Pair {
  readonly folder: string
  readonly old: string | null
  readonly now: string | null
}

/** Puts what differs between two folders into `changes`, but for what is in folders of theirs: those are the answer. */
function compareFolders(
  folder: string,
  old: ReadonlyMap<string, TreeEntry>,
  now: ReadonlyMap<string, TreeEntry>,
  changes: Map<string, TreeEntry | null>,
): readonly Pair[] {
  const deeper: Pair[] = []
  for (const name of new Set([...old.keys(), ...now.keys()])) {
    const [before, after] = [old.get(name), now.get(name)]
    if (before?.id === after?.id && before?.mode === after?.mode) continue
    const path = `${folder}${name}`
    const [was, is] = [before, after].map((one) => (one?.mode === FOLDER ? one.id : null))
    if (before !== undefined && was === null && after?.mode === FOLDER) changes.set(path, null)
    if (after !== undefined && is === null) changes.set(path, after)
    if (after === undefined && was === null) changes.set(path, null)
    if ((was ?? is ?? null) !== null) deeper.push({ folder: `${path}/`, old: was ?? null, now: is ?? null })
  }
  return deeper
}
