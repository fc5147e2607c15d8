// Keeping what is cached on disk below a limit: what was used longest ago goes first. All that goes can be had again.
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

/**
 * Only what the app itself puts there, by place and name, since the folder may hold things of others: mirrors, as
 * src/git/mirror.ts lays them out, each one piece; and files of src/manifests/render-cache.ts and src/remote/disk.ts, in
 * folders that no owner of a mirror can be called.
 */
async function piecesOf(directory: string): Promise<readonly Piece[]> {
  const pieces: Piece[] = []
  for (const folder of await foldersIn(directory)) {
    const path = join(directory, folder)
    if (folder === '_remote') pieces.push(...(await filesIn(path)))
    for (const name of await foldersIn(path)) {
      const inner = join(path, name)
      if (await isMirror(inner)) pieces.push(await measure(inner, true))
      else if (folder === '_rendered' && /^[0-9a-f]{2}$/.test(name)) pieces.push(...(await filesIn(inner)))
    }
  }
  return pieces
}

/** Bare repositories of others have no refs like ours, and none is half made without a template or half dropped. */
async function isMirror(path: string): Promise<boolean> {
  if (/\.git(?:\.new-\w{6})?(?:\.dropped)+$/.test(path)) return true
  if (/\.git\.new-\w{6}$/.test(path))
    return (await entriesOf(path)).every(({ name }) => /^(?:HEAD|config|objects|refs)(?:\.lock)?$/.test(name))
  return path.endsWith('.git') && (await foldersIn(join(path, 'refs'))).includes('kept')
}

async function foldersIn(directory: string): Promise<readonly string[]> {
  return (await entriesOf(directory)).filter((entry) => entry.isDirectory()).map(({ name }) => name)
}

/** Files whose name begins with what it is made of: a digest, or the id of a commit. */
async function filesIn(directory: string): Promise<readonly Piece[]> {
  const names = (await entriesOf(directory))
    .filter((entry) => entry.isFile() && /^(?:sha256-|git-)?[0-9a-f]{40}/.test(entry.name))
    .map(({ name }) => name)
  return Promise.all(names.map((name) => measure(join(directory, name), false)))
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
