// What every source of manifests looks like: a list of files, and a way to read many of them at once.
import { compareText } from '../../core/source/problem.ts'

export interface TreeFile {
  /** Relative to the root of the tree, `/` between the parts. */
  readonly path: string
  /** As git writes it: `100644`, `100755`, `120000` (symbolic link) or `160000` (submodule). */
  readonly mode: string
  /**
   * The git blob id of the content (of the target, for a symbolic link; the commit, for a submodule): the same
   * content has the same id in every tree. For a file on disk it is computed when first asked for, from the bytes
   * on disk, and throws where the file is gone by then.
   */
  readonly id: string
  /** In bytes; 0 for a submodule. */
  readonly size: number
}

export interface Tree {
  /** A short name for people: a revision, a directory, `working tree`. */
  readonly label: string
  /** Every file, sorted by path (UTF-16 units). Submodules and symbolic links are listed and never followed. */
  files(): Promise<readonly TreeFile[]>
  /**
   * The bytes of these files (of this tree) by path; of a symbolic link, its target. Not in the answer: submodules,
   * and files on disk that are gone by now.
   */
  read(files: readonly TreeFile[]): Promise<ReadonlyMap<string, Uint8Array>>
}

/** The order of `Tree.files`. */
export function byPath(a: TreeFile, b: TreeFile): number {
  return compareText(a.path, b.path)
}
