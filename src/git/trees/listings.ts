// Listings of trees of repositories, remembered: a tree never changes. That of a tree like one that is known is made of
// that one, by what git says differs between the two; what is the same is then the very same value in both.
import { git } from '../command.ts'
import { blobSizes, isObjectId, resolveObject } from '../objects.ts'
import { byPath, type TreeFile } from './tree.ts'

export interface Listings {
  /** The id of the tree of a commit or tree; null where the repository has neither. */
  readonly treeOf: (directory: string, treeish: string) => Promise<string | null>
  /** Every file of a commit or tree by its id, where that shows from what is remembered; null otherwise. */
  readonly known: (directory: string, id: string) => Promise<readonly TreeFile[] | null>
  /** Every file of a tree, sorted by path. */
  readonly list: (directory: string, tree: string) => Promise<readonly TreeFile[]>
}

/** Files in all listings together; what two listings share counts twice, and is kept once. */
const MOST_FILES = 2_000_000

/** @param most how many files its listings may have together */
export function createListings(most = MOST_FILES): Listings {
  const known = new Map<string, { readonly directory: string; readonly files: readonly TreeFile[] }>()
  const trees = new Map<string, string>()
  const keep = (key: string, directory: string, files: readonly TreeFile[]): void => {
    known.delete(key)
    known.set(key, { directory, files })
    let total = [...known.values()].reduce((sum, one) => sum + one.files.length, 0)
    for (const [oldest, one] of known) {
      if (total <= most || oldest === key) break
      known.delete(oldest)
      total -= one.files.length
    }
  }
  const remembered: Listings['known'] = async (directory, id) => {
    const key = `${directory} ${id}`
    const like = [...known].reverse().find(([, one]) => one.directory === directory)
    const files =
      known.get(key)?.files ??
      (like === undefined
        ? null
        : await amended(directory, like[1].files, like[0].slice(directory.length + 1), id))
    if (files !== null) keep(key, directory, files)
    return files
  }
  return {
    async treeOf(directory, treeish) {
      const key = `${directory} ${treeish}`
      const before = trees.get(key)
      if (before !== undefined) return before
      const tree = await resolveObject(directory, treeish, 'tree')
      // A name may mean something else tomorrow; an id does not.
      if (tree !== null && isObjectId(treeish)) {
        if (trees.size > 10_000) trees.clear()
        trees.set(key, tree)
      }
      return tree
    },
    known: remembered,
    async list(directory, tree) {
      const files = (await remembered(directory, tree)) ?? (await listTree(directory, tree))
      keep(`${directory} ${tree}`, directory, files)
      return files
    },
  }
}

/** `<mode> SP <type> SP <id> SP <size, padded, or ->TAB<path>NUL`, git-ls-tree(1). */
async function listTree(directory: string, tree: string): Promise<readonly TreeFile[]> {
  const done = await git(['ls-tree', '-r', '-z', '-l', '--full-tree', tree], { cwd: directory })
  const files: TreeFile[] = []
  for (const entry of done.stdout.toString('utf8').split('\0')) {
    if (entry === '') continue
    const tab = entry.indexOf('\t')
    const [mode = '', , id = '', size = ''] = entry.slice(0, tab).split(/ +/)
    files.push({ path: entry.slice(tab + 1), mode, id, size: size === '-' ? 0 : Number(size) })
  }
  return files.sort(byPath)
}

/**
 * The listing of `to`, made of the files of `from`; null where the repository has lost that one meanwhile.
 * `:<old mode> SP <mode> SP <old id> SP <id> SP <status>NUL<path>NUL`, git-diff-tree(1).
 */
async function amended(
  directory: string,
  files: readonly TreeFile[],
  from: string,
  to: string,
): Promise<readonly TreeFile[] | null> {
  const args = ['diff-tree', '-r', '-z', '--no-renames', '--no-abbrev', '--ignore-submodules=none', from, to]
  const done = await git(args, { cwd: directory, accept: [0, 128] })
  if (done.code !== 0) return null
  const parts = done.stdout.toString('utf8').split('\0')
  const changed = new Map<string, { readonly mode: string; readonly id: string } | null>()
  for (let at = 0; at + 1 < parts.length; at += 2) {
    const [, mode = '', , id = '', status = ''] = (parts[at] ?? '').split(' ')
    changed.set(parts[at + 1] ?? '', status === 'D' ? null : { mode, id })
  }
  if (changed.size === 0) return files
  const fresh = [...changed].flatMap(([path, now]) => (now === null ? [] : [{ path, ...now }]))
  const blobs = fresh.filter(({ mode }) => mode !== SUBMODULE).map(({ id }) => id)
  const sizes = blobs.length === 0 ? new Map<string, number>() : await blobSizes(directory, blobs)
  const added = fresh
    .map(({ path, mode, id }): TreeFile => ({ path, mode, id, size: sizes.get(id) ?? 0 }))
    .sort(byPath)
  return withThose(files, changed, added)
}

const SUBMODULE = '160000'

/** Files without the changed ones, and with those that are added; both lists are sorted by path. */
export function withThose(
  files: readonly TreeFile[],
  changed: ReadonlyMap<string, unknown>,
  added: readonly TreeFile[],
): readonly TreeFile[] {
  const all: TreeFile[] = []
  let next = 0
  for (const file of files) {
    for (let one = added[next]; one !== undefined && one.path < file.path; one = added[next]) {
      all.push(one)
      next += 1
    }
    if (!changed.has(file.path)) all.push(file)
  }
  return [...all, ...added.slice(next)]
}
