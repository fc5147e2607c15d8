// Texts of renderings, kept beyond the process. The key is a hash of everything that decided a text, so nothing in
// here is ever wrong, only old; what has not been asked for longest goes first.
import { createHash, randomUUID } from 'node:crypto'
import { mkdir, readFile, readdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { RenderCache } from './unit.ts'

/** Bytes on disk beyond which old texts are removed. */
const MAX_BYTES = 512 * 1024 * 1024
/** Texts that are written between two looks at how much there is. */
const BETWEEN_LOOKS = 500

/** In a folder, which is made when it is needed; a disk that fails makes a cache that forgets. */
export function diskCache(directory: string, maxBytes = MAX_BYTES): RenderCache {
  let written = 0
  const fileOf = (key: string): string => {
    const name = createHash('sha256').update(key).digest('hex')
    return join(directory, name.slice(0, 2), name)
  }
  return {
    async get(key) {
      try {
        const file = fileOf(key)
        const text = await readFile(file, 'utf8')
        const now = new Date()
        await utimes(file, now, now)
        return text
      } catch {
        return null
      }
    },
    async set(key, text) {
      const file = fileOf(key)
      try {
        await mkdir(join(file, '..'), { recursive: true, mode: 0o700 })
        const fresh = `${file}.${randomUUID()}`
        await writeFile(fresh, text, { mode: 0o600 })
        await rename(fresh, file)
        if (written % BETWEEN_LOOKS === 0) await prune(directory, maxBytes)
        written += 1
      } catch {
        // Full, or not ours to write: the next run renders again.
      }
    },
  }
}

/** As long as the process. */
export function memoryCache(): RenderCache {
  const texts = new Map<string, string>()
  return {
    get: (key) => Promise.resolve(texts.get(key) ?? null),
    set: (key, text) => Promise.resolve(void texts.set(key, text)),
  }
}

async function prune(directory: string, maxBytes: number): Promise<void> {
  const files = await Promise.all(
    (await readdir(directory)).map(async (folder) => {
      const names = await readdir(join(directory, folder)).catch(() => [])
      return Promise.all(
        names.map(async (name) => {
          const path = join(directory, folder, name)
          const found = await stat(path).catch(() => null)
          return found === null ? [] : [{ path, size: found.size, used: found.mtimeMs }]
        }),
      )
    }),
  )
  const all = files.flat(2).sort((a, b) => b.used - a.used)
  let total = 0
  for (const { path, size } of all) {
    total += size
    if (total > maxBytes) await rm(path, { force: true })
  }
}
