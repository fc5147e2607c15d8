// What every source of manifests looks like: a list of files, and a way to read many of them at once.
import { fileAt, fileList, type FileList, type TreeFile } from './file-list.ts'

export interface Tree {
  /** A short name for people: a revision, a directory, `working tree`. */
  readonly label: string
  /** Every file, sorted by path (UTF-16 units). Submodules and symbolic links are listed and never followed. */
  files(): Promise<readonly TreeFile[]>
  /** The same in pieces: of a source that makes them of those of another tree. `listingOf` asks either. */
  listing?(): Promise<FileList>
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
export function listedOnce<T>(list: () => Promise<T>): () => Promise<T> {
  let files: Promise<T> | null = null
  return () => (files ??= list())
}

/** The files of a tree in pieces, which trees that are like each other share. */
export async function listingOf(tree: Tree): Promise<FileList> {
  return tree.listing === undefined ? fileList(await tree.files()) : tree.listing()
}

/** The files of a tree at these paths, in their order. */
export async function filesAt(tree: Tree, paths: readonly string[]): Promise<readonly TreeFile[]> {
  if (tree.at !== undefined) return tree.at(paths)
  const files = await listingOf(tree)
  return paths.flatMap((path) => fileAt(files, path) ?? [])
}
