// Listings of trees of repositories, remembered: a tree never changes. That of a tree like one that is known is made of
// that one, by what git says differs between the two; what is the same is then the very same value in both.
import { git, GitError } from '../command.ts'
import { blobSizes, isObjectId, resolveObject } from '../objects.ts'
import { nulTexts } from '../path-text.ts'
import { treeChanges } from '../tree-changes.ts'
import { BYTES_PER_FILE, MOST_FILES, tooManyFiles } from './most-files.ts'
import { amendFiles, byPath, fileList, type FileList, type TreeFile } from './file-list.ts'

export interface Listings {
  /** The id of the tree of a commit or tree; null where the repository has neither. */
  readonly treeOf: (directory: string, treeish: string) => Promise<string | null>
  /** Every file of a commit or tree by its id, where that shows from what is remembered; null otherwise. */
  readonly known: (directory: string, id: string) => Promise<FileList | null>
  /** Every file of a tree, sorted by path. @throws GitError `too-many-files` */
  readonly list: (directory: string, tree: string) => Promise<FileList>
}

/** Files in all listings together; what two listings share counts twice, and is kept once. */
const MOST_KEPT = 4 * MOST_FILES

/** @param most how many files its listings may have together @param mostOfTree how many one of them may have */
export function createListings(most = MOST_KEPT, mostOfTree = MOST_FILES): Listings {
  const known = new Map<string, { readonly directory: string; readonly files: FileList }>()
  const trees = new Map<string, string>()
  const keep = (key: string, directory: string, files: FileList): void => {
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
        : await amended(directory, like[1].files, like[0].slice(directory.length + 1), id, mostOfTree))
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
      const files =
        (await remembered(directory, tree)) ?? fileList(await listTree(directory, tree, mostOfTree))
      keep(`${directory} ${tree}`, directory, files)
      return files
    },
  }
}

/**
 * `<mode> SP <type> SP <id> SP <size, padded, or ->TAB<path>NUL`, git-ls-tree(1). For sizes git looks for the object of
 * each path, and a tree may name one a billion times: where there are many paths, they are counted first.
 */
async function listTree(directory: string, tree: string, most: number): Promise<readonly TreeFile[]> {
  const all = most * BYTES_PER_FILE
  const text = (await lsTree(directory, ['-l', tree], Math.min(all, FEW_BYTES))) ?? (await counted())
  if (text === null) throw tooManyFiles(most)
  const entries = nulTexts(text)
  if (entries.length > most) throw tooManyFiles(most)
  const files: TreeFile[] = []
  for (const entry of entries) {
    const tab = entry.indexOf('\t')
    const [mode = '', , id = '', size = ''] = entry.slice(0, tab).split(/ +/)
    files.push({ path: entry.slice(tab + 1), mode, id, size: size === '-' ? 0 : Number(size) })
  }
  return files.sort(byPath)

  async function counted(): Promise<Buffer | null> {
    const names = await lsTree(directory, [tree], all)
    if (names === null || nulTexts(names).length > most) return null
    return lsTree(directory, ['-l', tree], all)
  }
}

/** More than most repositories have. */
const FEW_BYTES = 8 * 1024 * 1024

/** What git lists; null where that is more. */
async function lsTree(
  directory: string,
  args: readonly string[],
  maxOutputBytes: number,
): Promise<Buffer | null> {
  try {
    const options = { cwd: directory, maxOutputBytes }
    return (await git(['ls-tree', '-r', '-z', '--full-tree', ...args], options)).stdout
  } catch (error) {
    if (error instanceof GitError && error.reason === 'output-too-large') return null
    throw error
  }
}

/** The listing of `to`, made of the files of `from`; null where the repository has lost that one meanwhile. */
async function amended(
  directory: string,
  files: FileList,
  from: string,
  to: string,
  most: number,
): Promise<FileList | null> {
  const changed = await treeChanges(directory, from, to, most)
  if (changed === null) return null
  if (changed.size === 0) return files
  const fresh = [...changed].flatMap(([path, now]) => (now === null ? [] : [{ path, ...now }]))
  const sizes = await blobSizes(
    directory,
    fresh.filter(({ mode }) => mode !== SUBMODULE).map(({ id }) => id),
  )
  const added = fresh.map(({ path, mode, id }): TreeFile => ({ path, mode, id, size: sizes.get(id) ?? 0 }))
  const all = amendFiles(files, changed.keys(), added)
  if (all.length > most) throw tooManyFiles(most)
  return all
}

const SUBMODULE = '160000'
