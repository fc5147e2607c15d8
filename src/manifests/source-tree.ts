// A tree as renderers see it: looked up by path and by folder, and never outside of itself. Symbolic links and
// submodules are named, and not followed.
import { posix } from 'node:path'
import { grouped } from '../core/source/grouped.ts'
import type { SourceFile } from '../core/source/text.ts'
import type { Tree, TreeFile } from '../git/tree.ts'

/** `missing`: nothing of that path. `outside`: the path leaves the tree, or is absolute. */
export type PathKind = 'file' | 'folder' | 'link' | 'submodule' | 'missing' | 'outside'

export interface SourceTree {
  /** What stands at a path of the tree. A path below a link or a submodule is that `link` or `submodule`. */
  readonly kindOf: (path: string) => PathKind
  /** The regular file at a path. */
  readonly file: (path: string) => TreeFile | null
  /** Every regular file below a folder, at any depth, sorted by path; `.` is the whole tree. */
  readonly below: (folder: string) => readonly TreeFile[]
  /** Names directly in a folder, sorted: of files, folders, links and submodules. */
  readonly names: (folder: string) => readonly string[]
  /** Bytes of regular files by path; what is gone is not in the answer. */
  readonly read: (paths: readonly string[]) => Promise<ReadonlyMap<string, Uint8Array>>
  /** A regular file as UTF-8 text; null where there is none, or it is no text. */
  readonly text: (path: string) => Promise<SourceFile | null>
}

/** Joins and normalises paths of the tree: no `.` parts, no slash at the end; the root is `.`. */
export function joinPath(...parts: readonly string[]): string {
  const joined = posix.join(...parts)
  return joined.length > 1 && joined.endsWith('/') ? joined.slice(0, -1) : joined
}

/** Is a path this file or folder, or something below it? `.` holds everything. */
export function isWithin(path: string, folder: string): boolean {
  const whole = posix.normalize(folder).replace(/\/$/, '')
  return whole === '.' || path === whole || path.startsWith(`${whole}/`)
}

/** A path of the tree, and every folder that holds it: in large trees, looked up and not searched for. */
export function foldersOf(path: string): readonly string[] {
  const found = [path, '.']
  for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1))
    found.push(path.slice(0, at))
  return found
}

/** `files` is what the tree lists. */
export function sourceTree(tree: Tree, files: readonly TreeFile[]): SourceTree {
  const byPath = new Map(files.map((file) => [file.path, file]))
  const regular = files.filter(({ mode }) => mode.startsWith('100'))
  const folders = new Map<string, Set<string>>([['.', new Set()]])
  for (const { path } of files) {
    for (let at = path; at !== '.'; at = posix.dirname(at)) {
      const parent = posix.dirname(at)
      const names = folders.get(parent)
      if (names?.has(posix.basename(at)) === true) break
      if (names === undefined) folders.set(parent, new Set([posix.basename(at)]))
      else names.add(posix.basename(at))
    }
  }
  const inFolder = grouped(regular, ({ path }) => posix.dirname(path))
  const special = (path: string): PathKind | null => {
    for (let at = path; at !== '.' && at !== '/'; at = posix.dirname(at)) {
      const mode = byPath.get(at)?.mode
      if (mode === '120000') return 'link'
      if (mode === '160000') return 'submodule'
    }
    return null
  }
  const fileAt = (path: string): TreeFile | null => {
    const file = byPath.get(path)
    return file?.mode.startsWith('100') === true ? file : null
  }
  const texts = new Map<string, Promise<SourceFile | null>>()
  const read = (paths: readonly string[]): Promise<ReadonlyMap<string, Uint8Array>> =>
    tree.read(paths.flatMap((path) => fileAt(path) ?? []))
  return {
    kindOf(path) {
      if (isOutside(path)) return 'outside'
      const at = joinPath(path)
      if (fileAt(at) !== null) return 'file'
      return special(at) ?? (folders.has(at) ? 'folder' : 'missing')
    },
    file: fileAt,
    below(folder) {
      const found: TreeFile[] = []
      const walk = (at: string): void => {
        found.push(...(inFolder.get(at) ?? []))
        for (const name of folders.get(at) ?? []) {
          const path = joinPath(at, name)
          if (folders.has(path)) walk(path)
        }
      }
      walk(joinPath(folder))
      return found.sort((a, b) => (a.path < b.path ? -1 : 1))
    },
    names: (folder) => [...(folders.get(joinPath(folder)) ?? [])].sort(),
    read,
    text(path) {
      const known = texts.get(path)
      if (known !== undefined) return known
      const text = read([path]).then((bytes) => decode(path, bytes.get(path)))
      texts.set(path, text)
      return text
    },
  }
}

function isOutside(path: string): boolean {
  const normal = posix.normalize(path)
  return path.startsWith('/') || path.includes('\0') || normal === '..' || normal.startsWith('../')
}

/** A file of a tree as UTF-8 text; null where it is none, or gone. */
export async function sourceFile(tree: Pick<Tree, 'read'>, file: TreeFile): Promise<SourceFile | null> {
  return decode(file.path, (await tree.read([file])).get(file.path))
}

function decode(path: string, bytes: Uint8Array | undefined): SourceFile | null {
  if (bytes === undefined) return null
  try {
    return { path, text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes) }
  } catch {
    return null
  }
}
