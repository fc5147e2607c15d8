// Files as they are on disk, for trees that are directories. Nothing here follows a symbolic link, neither at the
// end of a path nor on the way to it, so that a tree cannot show files from elsewhere.
import { createHash } from 'node:crypto'
import { closeSync, constants, fstatSync, openSync, readlinkSync, readSync, type Stats } from 'node:fs'
import { lstat, open, readlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { blobId, type ObjectFormat } from '../objects.ts'
import { insidePath } from './inside.ts'
import type { TreeFile } from './tree.ts'

/** A directory on disk whose files are looked at. `root` is trusted; what is below it is not. */
export interface Disk {
  readonly root: string
  readonly format: ObjectFormat
}

/** The file at `path`, or null: nothing there, a directory, a device, or something behind a symbolic link. */
export async function look(disk: Disk, path: string, walked: Walked = new Map()): Promise<TreeFile | null> {
  if (!(await parentsAreReal(disk.root, path, walked))) return null
  const stats = await unlessGone(lstat(join(disk.root, path)))
  return stats === null ? null : describe(disk, path, stats)
}

/** The file that `stats` (of `lstat`) describe; null unless it is a regular file or a symbolic link. */
export function describe(disk: Disk, path: string, stats: Stats): TreeFile | null {
  if (!stats.isFile() && !stats.isSymbolicLink()) return null
  const mode = stats.isSymbolicLink() ? '120000' : (stats.mode & 0o100) !== 0 ? '100755' : '100644'
  let id: string | undefined
  return {
    path,
    mode,
    size: stats.size,
    get id() {
      return (id ??= hash(join(disk.root, path), mode, disk.format))
    },
  }
}

/** The bytes of these files by path, without those that are gone. */
export async function readAll(disk: Disk, files: readonly TreeFile[]): Promise<Map<string, Uint8Array>> {
  const found = new Map<string, Uint8Array>()
  const walked: Walked = new Map()
  const rest = files.values()
  const worker = async (): Promise<void> => {
    for (const { path, mode } of rest) {
      if (insidePath(path) !== path) throw new Error(`${JSON.stringify(path)} is not a path of this tree`)
      if (mode === '160000' || !(await parentsAreReal(disk.root, path, walked))) continue
      const bytes = await unlessGone(readOne(join(disk.root, path), mode))
      if (bytes !== null) found.set(path, bytes)
    }
  }
  await Promise.all(Array.from({ length: 16 }, worker))
  return found
}

/** Directories already looked at: whether they are real ones, all the way from the root. */
export type Walked = Map<string, Promise<boolean>>

function parentsAreReal(root: string, path: string, walked: Walked): Promise<boolean> {
  const parent = dirname(path)
  if (parent === '.') return Promise.resolve(true)
  const known = walked.get(parent)
  if (known !== undefined) return known
  const answer = (async () => {
    if (!(await parentsAreReal(root, parent, walked))) return false
    return (await unlessGone(lstat(join(root, parent))))?.isDirectory() ?? false
  })()
  walked.set(parent, answer)
  return answer
}

async function readOne(path: string, mode: string): Promise<Uint8Array> {
  if (mode === '120000') return readlink(path, { encoding: 'buffer' })
  const handle = await open(path, READ_THE_FILE_ITSELF)
  try {
    return await handle.readFile()
  } finally {
    await handle.close()
  }
}

/** No links, and no waiting for the other end where a pipe has taken the place of a file. */
const READ_THE_FILE_ITSELF = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK

/** ENOENT, ENOTDIR, EISDIR; ELOOP and EINVAL: a link where a file was, or a file where a link was. */
const GONE = new Set(['ENOENT', 'ENOTDIR', 'EISDIR', 'ELOOP', 'EINVAL'])

async function unlessGone<T>(promise: Promise<T>): Promise<T | null> {
  try {
    return await promise
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

function hashOpen(file: number, format: ObjectFormat): string {
  const sum = createHash(format).update(`blob ${String(fstatSync(file).size)}\0`)
  const chunk = new Uint8Array(256 * 1024)
  for (let count = readSync(file, chunk); count > 0; count = readSync(file, chunk)) {
    sum.update(chunk.subarray(0, count))
  }
  return sum.digest('hex')
}
