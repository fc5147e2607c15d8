// Which files differ between two listings of which one was made of the other: what is the same is the same value.
import { compareText } from '../core/source/problem.ts'
import type { FileList, TreeFile } from '../git/tree.ts'

export interface FileChange {
  readonly before: TreeFile | null
  readonly after: TreeFile | null
}

/** More than this are no change of a tree but another one. */
const MANY = 500

/**
 * The changes by path, from one listing to another, in order; null where there are many. Files are told apart by what
 * they are and not by what they say: asking a file on disk for its id would read it.
 */
export function filesChanged(before: FileList, after: FileList): ReadonlyMap<string, FileChange> | null {
  const [left, right] = [new Set(before.pieces), new Set(after.pieces)]
  const ofBefore = new Set(before.pieces.filter((piece) => !right.has(piece)).flat())
  const ofAfter = new Set(after.pieces.filter((piece) => !left.has(piece)).flat())
  const gone = [...ofBefore].filter((file) => !ofAfter.has(file))
  const come = [...ofAfter].filter((file) => !ofBefore.has(file))
  if (gone.length > MANY || come.length > MANY) return null
  const [old, now] = [gone, come].map((files) => new Map(files.map((file) => [file.path, file])))
  const paths = [...new Set([...gone, ...come].map(({ path }) => path))].sort(compareText)
  return new Map(
    paths.map((path) => [path, { before: old?.get(path) ?? null, after: now?.get(path) ?? null }]),
  )
}
