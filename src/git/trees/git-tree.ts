// The files of a commit or tree, read from the object database: a checkout is never made.
import { GitError } from '../command.ts'
import { isObjectId, readBlobs, subtree } from '../objects.ts'
import { entriesAt } from '../tree-paths.ts'
import { createListings, type Listings } from './listings.ts'
import { everyFile, fileList } from './file-list.ts'
import { listedOnce, type Tree } from './tree.ts'
import { insidePath } from './inside.ts'

/**
 * A revision of the repository at `directory` (work tree, bare repository or mirror) as a tree. With `under`, only
 * that folder, as the root; a folder that this revision does not have is an empty tree.
 * `listings` remembers those of other trees. `files()` throws GitError `missing-object` where the revision is not there.
 */
export function gitTree(
  directory: string,
  treeish: string,
  options: { under?: string; listings?: Listings } = {},
): Tree {
  const under = insidePath(options.under ?? '')
  const listings = options.listings ?? createListings()
  const listing = listedOnce(async () => {
    // git lists a commit as it does its tree: what it is called need not be asked first.
    const known = under === '' && isObjectId(treeish) ? await listings.known(directory, treeish) : null
    if (known !== null) return known
    const root = await listings.treeOf(directory, treeish)
    if (root === null) throw new GitError('missing-object', `the repository does not have ${treeish}`)
    const tree = await subtree(directory, root, under)
    return tree === null ? fileList([]) : listings.list(directory, tree)
  })
  return {
    label: treeish,
    listing,
    files: async () => everyFile(await listing()),
    ...(under === '' ? { at: (paths) => entriesAt(directory, treeish, paths) } : {}),
    async read(files, wanted = () => true) {
      const blobs = files.filter((file) => file.mode !== '160000' && wanted(file))
      const bytes = await readBlobs(
        directory,
        blobs.map(({ id }) => id),
      )
      const found = new Map<string, Uint8Array>()
      for (const { path, id } of blobs) {
        const content = bytes.get(id)
        if (content !== undefined) found.set(path, content)
      }
      return found
    },
  }
}
