// Files as they are on disk, for trees that are directories. Nothing here follows a symbolic link, neither at the
// end of a path nor on the way to it, so that a tree cannot show files from elsewhere. Only the command line reads
// disks, and has nothing else to do meanwhile: synchronous calls take a third of the time on thousands of files.
import { createHash } from 'node:crypto'
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readFileSync,
  readlinkSync,
  readSync,
  type Stats,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { blobId, type ObjectFormat } from '../objects.ts'
import { insidePath } from './inside.ts'
import type { TreeFile } from './file-list.ts'

/** A directory on disk whose files are looked at. `root` is trusted; what is below it is not. */
export interface Disk {
  readonly root: string
  readonly format: ObjectFormat
}

/**
 * The file at `path`, under the name it has in its tree, or null: nothing there, a directory, a device, or something
 * behind a symbolic link.
 */
export function look(disk: Disk, path: string, name: string, walked: Walked): TreeFile | null {
  if (!parentsAreReal(disk.root, path, walked)) return null
  const stats = unlessGone(() => lstatSync(join(disk.root, path)))
  return stats === null ? null : describe(disk, path, stats, name)
}

/** The file that `stats` (of `lstat`) describe; null unless it is a regular file or a symbolic link. */
export function describe(disk: Disk, path: string, stats: Stats, name = path): TreeFile | null {
  if (!stats.isFile() && !stats.isSymbolicLink()) return null
  const mode = stats.isSymbolicLink() ? '120000' : (stats.mode & 0o100) !== 0 ? '100755' : '100644'
  const file: TreeFile = {
    path: name,
    mode,
    size: stats.size,
    get id() {
      const known = ids.get(file)
      if (known !== undefined) return known
      const id = hash(join(disk.root, path), mode, disk.format)
      ids.set(file, id)
      return id
    },
  }
  return file
}

/** A file whose name is no text, and by which it cannot be opened: it is listed, and never read. */
export function unnamed(path: string, mode = '100644'): TreeFile {
  return { path, mode, id: blobId(new Uint8Array()), size: 0 }
}

/** The ids of files whose bytes somebody has seen. */
const ids = new WeakMap<TreeFile, string>()

/** The bytes of these files by path, without those that are gone and those that are not wanted. */
export function readAll(
  disk: Disk,
  files: readonly TreeFile[],
  wanted: (file: TreeFile) => boolean = () => true,
): Map<string, Uint8Array> {
  const found = new Map<string, Uint8Array>()
  const walked: Walked = new Map()
  for (const file of files) {
    const { path, mode } = file
    if (insidePath(path) !== path) throw new Error(`${JSON.stringify(path)} is not a path of this tree`)
    if (mode === '160000' || (ids.has(file) && !wanted(file))) continue
    if (!parentsAreReal(disk.root, path, walked)) continue
    const bytes = unlessGone(() => readOne(join(disk.root, path), mode))
    if (bytes === null) continue
    const isNew = !ids.has(file)
    if (isNew) ids.set(file, blobId(bytes, disk.format))
    if (!isNew || wanted(file)) found.set(path, bytes)
  }
  return found
}

/** Directories already looked at: whether they are real ones, all the way from the root. */
export type Walked = Map<string, boolean>

function parentsAreReal(root: string, path: string, walked: Walked): boolean {
  const parent = dirname(path)
  if (parent === '.') return true
  const known = walked.get(parent)
  if (known !== undefined) return known
  const real =
    parentsAreReal(root, parent, walked) &&
    (unlessGone(() => lstatSync(join(root, parent)))?.isDirectory() ?? false)
  walked.set(parent, real)
  return real
}

function readOne(path: string, mode: string): Uint8Array {
  if (mode === '120000') return readlinkSync(path, { encoding: 'buffer' })
  const file = openSync(path, READ_THE_FILE_ITSELF)
  try {
    return readFileSync(file)
  } finally {
    closeSync(file)
  }
}

/** No links, and no waiting for the other end where a pipe has taken the place of a file. */
const READ_THE_FILE_ITSELF = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK

/** ENOENT, ENOTDIR, EISDIR; ELOOP and EINVAL: a link where a file was, or a file where a link was. */
const GONE = new Set(['ENOENT', 'ENOTDIR', 'EISDIR', 'ELOOP', 'EINVAL'])

function unlessGone<T>(ask: () => T): T | null {
  try {
    return ask()
  } catch (error) {
    if (error instanceof Error && 'code' in error && GONE.has(String(error.code))) return null
    throw error
  }
}

function hash(path: string, mode: string, format: ObjectFormat): string {
  if (mode === '120000') return blobId(readlinkSync(path, { encoding: 'buffer' }), format)
  const file = openSync(path, READ_THE_FILE_ITSELF)
  try {
    return hashOpen(file, format)
  } finally {
    closeSync(file)
  }
}

const CHUNK = 256 * 1024

function hashOpen(file: number, format: ObjectFormat): string {
  const { size } = fstatSync(file)
  const sum = createHash(format).update(`blob ${String(size)}\0`)
  // Not zeroed, and no larger than the file: with thousands of small files, clearing it costs more than reading.
  const chunk = Buffer.allocUnsafe(Math.min(size + 1, CHUNK))
  for (let count = readSync(file, chunk); count > 0; count = readSync(file, chunk)) {
    sum.update(chunk.subarray(0, count))
  }
  return sum.digest('hex')
}
