// A tree with some files replaced, added or removed: how a fix is tried before anybody commits it.
import { blobId } from '../objects.ts'
import { insidePath } from './inside.ts'
import { amendFiles, everyFile, fileAt, type TreeFile } from './file-list.ts'
import { listedOnce, listingOf, type Tree } from './tree.ts'

/**
 * `edits` maps a path to the new text, or to null for a file to remove. A replaced file keeps its mode, a new one has
 * 100644; a symbolic link or submodule that is replaced becomes a file. Removing what is not there is no error.
 */
export function overlayTree(tree: Tree, edits: ReadonlyMap<string, string | null>): Tree {
  const written = new Map<string, Uint8Array>()
  const removed = new Set<string>()
  for (const [path, text] of edits) {
    const inside = insidePath(path)
    if (text === null) removed.add(inside)
    else written.set(inside, new TextEncoder().encode(text))
  }
  const listing = listedOnce(async () => {
    const below = await listingOf(tree)
    const added = [...written].map(([path, bytes]): TreeFile => {
      const mode = fileAt(below, path)?.mode === '100755' ? '100755' : '100644'
      return { path, mode, id: blobId(bytes), size: bytes.length }
    })
    return amendFiles(below, removed, added)
  })
  return {
    label: tree.label,
    listing,
    files: async () => everyFile(await listing()),
    async read(files, wanted = () => true) {
      const below = files.filter(({ path }) => !written.has(path) && !removed.has(path))
      const found = new Map(below.length === 0 ? [] : await tree.read(below, wanted))
      for (const file of files) {
        const bytes = written.get(file.path)
        if (bytes !== undefined && wanted(file)) found.set(file.path, bytes)
      }
      return found
    },
  }
}
