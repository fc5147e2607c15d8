// Files in order of their paths, in pieces. A list that is another one but for a few files shares all other pieces with
// it: it costs little to make, to keep and to compare, however many files there are.
import { onceEach } from '../../core/source/once-each.ts'
import { compareText } from '../../core/source/problem.ts'
import { positionIn } from '../../core/source/sorted.ts'

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

export interface FileList {
  /** None of them is empty. */
  readonly pieces: readonly (readonly TreeFile[])[]
  readonly length: number
}

/** Files in a piece, about. */
const PIECE = 256

/** Of one array always the same list. @param files in order of their paths, each of which is there once */
export const fileList = onceEach((files: readonly TreeFile[]): FileList => listOf(cut(files)))

/** Of one list always the same array. */
export const everyFile = onceEach(({ pieces }: FileList): readonly TreeFile[] => pieces.flat())

/** The file at a path. */
export function fileAt({ pieces }: FileList, path: string): TreeFile | undefined {
  const piece = pieces[pieceFor(pieces, path)] ?? []
  const file = piece[positionIn(piece, path, pathOf)]
  return file?.path === path ? file : undefined
}

/** The list without those at some paths, and with others, which take the places of those at the same paths. */
export function amendFiles(list: FileList, gone: Iterable<string>, come: readonly TreeFile[]): FileList {
  const pieces: (readonly TreeFile[])[] = [...list.pieces]
  const paths = new Set([...gone, ...come.map(pathOf)])
  const fresh = new Map<number, TreeFile[]>()
  for (const path of paths) {
    const at = pieceFor(pieces, path)
    if (!fresh.has(at))
      fresh.set(
        at,
        (pieces[at] ?? []).filter((file) => !paths.has(file.path)),
      )
  }
  for (const file of come) fresh.get(pieceFor(pieces, file.path))?.push(file)
  const amended = [...fresh].map(([at, files]) => [at, cut(files.sort(byPath))] as const)
  // From the end on, since a piece may become several, or none.
  for (const [at, some] of amended.sort(([a], [b]) => b - a)) pieces.splice(at, 1, ...some)
  return listOf(pieces)
}

/** The order of `Tree.files`. */
export function byPath(a: TreeFile, b: TreeFile): number {
  return compareText(a.path, b.path)
}

/** The piece that a path is in, or would be; 0 where there is none. */
function pieceFor(pieces: FileList['pieces'], path: string): number {
  const after = positionIn(pieces, path, lastPathOf)
  return Math.min(after, Math.max(0, pieces.length - 1))
}

function lastPathOf(piece: readonly TreeFile[]): string {
  return piece.at(-1)?.path ?? ''
}

function cut(files: readonly TreeFile[]): FileList['pieces'] {
  if (files.length > 0 && files.length < 2 * PIECE) return [files]
  const count = Math.ceil(files.length / PIECE)
  return Array.from({ length: count }, (_, at) => files.slice(at * PIECE, (at + 1) * PIECE))
}

function listOf(pieces: FileList['pieces']): FileList {
  return { pieces, length: pieces.reduce((sum, { length }) => sum + length, 0) }
}

function pathOf({ path }: TreeFile): string {
  return path
}
