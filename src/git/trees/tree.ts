// What every source of manifests looks like: a list of files, and a way to read many of them at once.
import { madeFrom } from '../../core/source/differing.ts'
import { compareText } from '../../core/source/problem.ts'
import { amendSorted, positionIn } from '../../core/source/sorted.ts'

export interface TreeFile {
  /** Relative to the root of the tree, `/` between the parts. */
  readonly path: string
  /**
   * As git writes it: `100644`, `100755`, `120000` (symbolic link) or `160000` (submodule); of a disk also
   * `040000`, a folder whose name is no text, which is not looked into.
   */
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
  /** Those at some paths, in their order: of a source that can tell without listing all. `filesAt` asks either. */
  at?(paths: readonly string[]): Promise<readonly TreeFile[]>
  /**
   * The bytes of these files (of this tree) by path; of a symbolic link, its target. Not in the answer: submodules,
   * files on disk that are gone by now, and those that are not `wanted`. That is asked of each file once its id is
   * known; for files on disk this is the moment to ask for it, as each is then read once for its id and its bytes.
   */
  read(
    files: readonly TreeFile[],
    wanted?: (file: TreeFile) => boolean,
  ): Promise<ReadonlyMap<string, Uint8Array>>
}

/**
 * Lists once, when first asked: what is judged is one state of a tree, whatever happens to it meanwhile, and a proof
 * looks at the same files as the finding did.
 */
export function listedOnce(list: () => Promise<readonly TreeFile[]>): Tree['files'] {
  let files: Promise<readonly TreeFile[]> | null = null
  return () => (files ??= list())
}

/** The order of `Tree.files`. */
export function byPath(a: TreeFile, b: TreeFile): number {
  return compareText(a.path, b.path)
}

/** The file at a path, among files in the order of `Tree.files`. */
export function fileAt(files: readonly TreeFile[], path: string): TreeFile | undefined {
  const file = files[positionIn(files, path, pathOf)]
  return file?.path === path ? file : undefined
}

/** The files of a tree at these paths, in their order. */
export async function filesAt(tree: Tree, paths: readonly string[]): Promise<readonly TreeFile[]> {
  if (tree.at !== undefined) return tree.at(paths)
  const files = await tree.files()
  return paths.flatMap((path) => fileAt(files, path) ?? [])
}

/** Files in order without those at some paths, and with others, which may be at the same ones. */
export function amendFiles(
  files: readonly TreeFile[],
  gone: Iterable<string>,
  come: readonly TreeFile[],
): readonly TreeFile[] {
  const removed = [...gone].flatMap((path) => fileAt(files, path) ?? [])
  return madeFrom(files, amendSorted(files, removed, come, pathOf), removed, come)
}

function pathOf({ path }: TreeFile): string {
  return path
}
