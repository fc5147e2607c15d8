// Keeping a mirror healthy over months: locks of processes that died, packs that pile up, commits nobody asks for.
import { readdir, rm, stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { git, GitError, line } from './command.ts'

/**
 * Removes what a killed git left: lock files, and what it had of a pack. A lock older than the time a fetch may take has no
 * owner, nor has one of a time so far ahead; a younger one may have one, in another process, and is waited for until it is gone
 * or that old.
 */
export async function clearRemains(directory: string, timeoutMs: number): Promise<void> {
  const entries = [
    ...(await readdir(directory)),
    ...(await readdir(join(directory, 'refs'), { recursive: true })).map((path) => join('refs', path)),
  ]
  const locks = entries.filter((path) => path.endsWith('.lock')).map((path) => join(directory, path))
  const isOwned = (age: number): boolean => Math.abs(age) < timeoutMs
  for (const lock of locks) {
    for (;;) {
      const age = await ageOf(lock)
      if (age === null) break
      if (!isOwned(age)) {
        await rm(lock, { force: true })
        break
      }
      await sleep(Math.min(100, timeoutMs - age))
    }
  }
  // create_tmp_packfile and odb_mkstemp of git: each as large as what had come until then.
  const packs = join(directory, 'objects', 'pack')
  for (const name of await readdir(packs)) {
    const age = name.startsWith('tmp_') ? await ageOf(join(packs, name)) : null
    if (age !== null && !isOwned(age)) await rm(join(packs, name), { force: true })
  }
}

/** More packs than this are made one; of the commits, this many stay. */
const LIMITS = { packs: 50, commits: 64 }

/**
 * After every so many fetches: packs are made one, and all but the commits used last are let go, by the time of their
 * ref's file.
 */
export async function tidy(directory: string, limits = LIMITS): Promise<void> {
  const packs = (await readdir(join(directory, 'objects', 'pack'))).filter((name) => name.endsWith('.pack'))
  if (packs.length < limits.packs) return
  const here = { cwd: directory, env: { GIT_DIR: directory }, timeoutMs: 300_000 }
  try {
    const listed = line(await git(['for-each-ref', '--format=%(refname)', 'refs/kept'], here)).split('\n')
    const aged = await Promise.all(
      listed.map(async (name) => ({ name, age: (await ageOf(join(directory, name))) ?? Infinity })),
    )
    const old = aged.sort((a, b) => a.age - b.age).slice(limits.commits)
    if (old.length > 0) {
      await git(['update-ref', '--stdin'], {
        ...here,
        input: old.map(({ name }) => `delete ${name}\n`).join(''),
      })
    }
    await git(['repack', '-A', '-d', '-q', '--unpack-unreachable=1.hour.ago'], here)
    await git(['prune', '--expire=1.hour.ago'], here)
  } catch (error) {
    // The commits that were asked for are here, and a mirror that stays untidy is tidied the next time.
    if (!(error instanceof GitError)) throw error
  }
}

/** Marks these refs as used now, so that `tidy` lets go of others first. */
export async function touch(directory: string, refs: readonly string[]): Promise<void> {
  const now = new Date()
  await Promise.all(refs.map((name) => utimes(join(directory, name), now, now).catch(() => undefined)))
}

/** Milliseconds since the file was written; null when it is not there. */
async function ageOf(path: string): Promise<number | null> {
  try {
    return Date.now() - (await stat(path)).mtimeMs
  } catch {
    return null
  }
}
