// What stands at some paths of a tree: only the folders on the way are read, however many files there are.
import { GitError } from './command.ts'
import { objectReader } from './reader.ts'
import { FOLDER, entriesOf } from './tree-entries.ts'
import type { TreeEntry } from './tree-entries.ts'

export interface PathEntry extends TreeEntry {
  readonly path: string
  /** In bytes; 0 for a submodule. */
  readonly size: number
}

/**
 * The files, links and submodules at these paths of a commit or tree, in the order of the paths. Where there is none,
 * or a folder, there is nothing.
 * @throws GitError `missing-object` where the repository has not such a tree
 */
export async function entriesAt(
  directory: string,
  treeish: string,
  paths: readonly string[],
): Promise<readonly PathEntry[]> {
  const reader = objectReader(directory)
  const folders = new Map<string, Promise<ReadonlyMap<string, TreeEntry>>>()
  const read = (name: string): Promise<ReadonlyMap<string, TreeEntry> | null> => {
    const known = folders.get(name)
    if (known !== undefined) return known
    const reading = reader.read([name]).then(([tree]) => {
      if (tree?.type !== 'tree')
        throw new GitError('missing-object', `the repository does not have ${name.replace('^{tree}', '')}`)
      return entriesOf(tree)
    })
    folders.set(name, reading)
    return reading
  }
  const find = async (path: string): Promise<(TreeEntry & { readonly path: string }) | null> => {
    let at: TreeEntry = { mode: FOLDER, id: `${treeish}^{tree}` }
    for (const part of path.split('/')) {
      const entry = at.mode === FOLDER ? (await read(at.id))?.get(part) : undefined
      if (entry === undefined) return null
      at = entry
    }
    return at.mode === FOLDER ? null : { ...at, path }
  }
  const found = (await Promise.all(paths.map(find))).filter((one) => one !== null)
  // A submodule is a commit of another repository.
  const stored = found.filter(({ mode }) => mode !== SUBMODULE)
  const infos = await reader.info(stored.map(({ id }) => id))
  const sizes = new Map(stored.map((one, index) => [one, infos[index]?.size ?? 0]))
  return found.map((one) => ({ ...one, size: sizes.get(one) ?? 0 }))
}

const SUBMODULE = '160000'
