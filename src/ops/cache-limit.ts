// Keeping what is cached on disk below a limit: what was used longest ago goes first. Everything in it can be had again.
import type { Dirent } from 'node:fs'
import { lstat, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'

/** What is let go of as a whole: the mirror of a repository, a rendering, a fetched chart. */
interface Piece {
  readonly path: string
  readonly bytes: number
  /** Milliseconds since the epoch: the newest time of anything in it. */
  readonly used: number
}

export interface Kept {
  /** What is left, in bytes. */
  readonly bytes: number
  readonly dropped: number
}

/** What was used so recently may be in use: milliseconds. Longer than any job takes. */
const IN_USE = 60 * 60_000

/** Lets go of what was used longest ago until the rest is within `limit` bytes, as far as nothing of it is in use. */
export async function keepWithin(directory: string, limit: number, now: Date): Promise<Kept> {
  const pieces = [...(await piecesOf(directory))].sort((a, b) => a.used - b.used)
  let bytes = pieces.reduce((sum, piece) => sum + piece.bytes, 0)
  let dropped = 0
  for (const piece of pieces) {
    if (bytes <= limit || now.getTime() - piece.used < IN_USE) break
    await drop(piece.path)
    bytes -= piece.bytes
    dropped += 1
  }
  return { bytes, dropped }
}

/** Out of the way at once, so that nobody finds half of it. */
async function drop(path: string): Promise<void> {
  const aside = `${path}.dropped`
  await rename(path, aside)
  await rm(aside, { recursive: true, force: true })
}

/** A bare repository is one piece, and so is every file that stands elsewhere. */
async function piecesOf(directory: string): Promise<readonly Piece[]> {
  const pieces: Piece[] = []
  for (const entry of await entriesOf(directory)) {
    const path = join(directory, entry.name)
    if (!entry.isDirectory()) pieces.push(await measure(path, false))
    else if (isWhole(entry.name)) pieces.push(await measure(path, true))
    else pieces.push(...(await piecesOf(path)))
  }
  return pieces
}

/** Mirrors, those that were never finished, and what a process that died did not finish dropping. */
function isWhole(name: string): boolean {
  return /\.git(?:\.new-[^/]*)?(?:\.dropped)?$/.test(name)
}

async function measure(path: string, deep: boolean): Promise<Piece> {
  const own = await sizeOf(path)
  if (!deep) return { path, ...own }
  let { bytes, used } = own
  for (const entry of await entriesOf(path)) {
    const inner = await measure(join(path, entry.name), entry.isDirectory())
    bytes += inner.bytes
    used = Math.max(used, inner.used)
  }
  return { path, bytes, used }
}

/** What is gone by now takes no room. That a folder was looked into, by us as well, says nothing about its use. */
async function sizeOf(path: string): Promise<Omit<Piece, 'path'>> {
  try {
    const stats = await lstat(path)
    return { bytes: stats.size, used: stats.isDirectory() ? 0 : Math.max(stats.mtimeMs, stats.atimeMs) }
  } catch {
    return { bytes: 0, used: 0 }
  }
}

async function entriesOf(directory: string): Promise<readonly Dirent[]> {
  try {
    return await readdir(directory, { withFileTypes: true })
  } catch {
    return []
  }
}
