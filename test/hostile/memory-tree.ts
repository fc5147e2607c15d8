// Bytes by path, as a tree.
import { blobId } from '../../src/git/objects.ts'
import type { Tree } from '../../src/git/tree.ts'

export function memoryTree(files: ReadonlyMap<string, Uint8Array>): Tree {
  const listed = [...files]
    .map(([path, bytes]) => ({ path, mode: '100644', id: blobId(bytes), size: bytes.length }))
    .sort((a, b) => (a.path < b.path ? -1 : 1))
  return {
    label: 'memory',
    files: () => Promise.resolve(listed),
    read: (wanted) =>
      Promise.resolve(
        new Map(
          wanted.flatMap(({ path }) => {
            const bytes = files.get(path)
            return bytes === undefined ? [] : [[path, bytes]]
          }),
        ),
      ),
  }
}
