// The files of a commit or tree, read from the object database: a checkout is never made.
import { git, GitError } from '../command.ts'
import { readBlobs, resolveObject, subtree } from '../objects.ts'
import { byPath, listedOnce, type Tree, type TreeFile } from './tree.ts'
import { insidePath } from './inside.ts'

/**
 * A revision of the repository at `directory` (work tree, bare repository or mirror) as a tree. With `under`, only
 * that folder, as the root; a folder that this revision does not have is an empty tree.
 * `files()` throws GitError `missing-object` where the revision is not there.
 */
export function gitTree(directory: string, treeish: string, options: { under?: string } = {}): Tree {
  const under = insidePath(options.under ?? '')
  return {
    label: treeish,
    files: listedOnce(async () => {
      const root = await resolveObject(directory, treeish, 'tree')
      if (root === null) throw new GitError('missing-object', `the repository does not have ${treeish}`)
      const tree = await subtree(directory, root, under)
      return tree === null ? [] : list(directory, tree)
    }),
    async read(files, wanted = () => true) {
      const blobs = files.filter((file) => file.mode !== '160000' && wanted(file))
      const bytes = await readBlobs(directory, blobs)
      const found = new Map<string, Uint8Array>()
      for (const { path, id } of blobs) {
        const content = bytes.get(id)
        if (content !== undefined) found.set(path, content)
      }
      return found
    },
  }
}

/** `<mode> SP <type> SP <id> SP <size, padded, or ->TAB<path>NUL`, git-ls-tree(1). */
async function list(directory: string, tree: string): Promise<readonly TreeFile[]> {
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
