// Work that leaves no trace on GitHub until it is done, kept on disk meanwhile: a queue in one process forgets what waits
// when that process ends, and no sweep finds a button that somebody pressed.
import { createHash } from 'node:crypto'
import { mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Entry } from './queue.ts'

export interface Journal<T> {
  /** Resolves when the piece will be found again, whatever happens to this process. */
  keep(entry: Entry<T>): Promise<void>
  /** It is done. Where a newer one of its slot was kept meanwhile, that stays. */
  done(entry: Entry<T>): Promise<void>
  /**
   * What an earlier process left, a few times at most: what ends a process would end the next one, too. Where that cannot be
   * counted, since the disk is full, `uncounted` hears why.
   */
  left(uncounted?: (error: unknown) => void): Promise<readonly Entry<T>[]>
}

interface Page<T> {
  /** How often a process has taken it up that ended before it was done. */
  readonly tries: number
  readonly entry: Entry<T>
}

const MOST_TRIES = 3

/** @param directory of this process alone; it is made when there is something to keep */
export function createJournal<T>(directory: string): Journal<T> {
  const pathOf = ({ key, slot }: Entry<T>): string =>
    join(
      directory,
      `${createHash('sha256')
        .update(JSON.stringify([key, slot]))
        .digest('hex')}.json`,
    )
  const newest = new Map<string, Entry<T>>()
  const write = async (path: string, page: Page<T>): Promise<void> => {
    // Half a file is never found under the name of a whole one.
    await writeFile(`${path}.new`, JSON.stringify(page), { mode: 0o600, flush: true })
    await rename(`${path}.new`, path)
  }
  return {
    async keep(entry) {
      await mkdir(directory, { recursive: true, mode: 0o700 })
      newest.set(pathOf(entry), entry)
      await write(pathOf(entry), { tries: 0, entry })
    },
    async done(entry) {
      const path = pathOf(entry)
      if (newest.get(path) !== entry) return
      newest.delete(path)
      await rm(path, { force: true })
    },
    async left(uncounted = () => undefined) {
      const names = await readdir(directory).catch(() => [])
      const entries: Entry<T>[] = []
      for (const name of names.filter((one) => one.endsWith('.json')).sort()) {
        const path = join(directory, name)
        const page = read<T>(await readFile(path, 'utf8'))
        if (page === null || page.tries >= MOST_TRIES) await rm(path, { force: true })
        else {
          await write(path, { ...page, tries: page.tries + 1 }).catch(uncounted)
          newest.set(path, page.entry)
          entries.push(page.entry)
        }
      }
      return entries
    },
  }
}

function read<T>(text: string): Page<T> | null {
  try {
    return JSON.parse(text) as Page<T>
  } catch {
    return null
  }
}
