// Pieces on disk, by names that say what is in them: a digest, or the id of a commit. It is a cache: deleting it loses
// nothing, and whoever reads from it checks what was read against the name.
import { randomUUID } from 'node:crypto'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

export interface Disk {
  readonly get: (name: string) => Promise<Uint8Array | null>
  /** Writes as a whole or not at all; a disk that is full or read-only is no trouble. */
  readonly put: (name: string, bytes: Uint8Array) => Promise<void>
  readonly drop: (name: string) => Promise<void>
}

/** Below a directory, which is made when needed; null: nothing is kept. */
export function openDisk(directory: string | null): Disk {
  if (directory === null)
    return { get: () => Promise.resolve(null), put: () => Promise.resolve(), drop: () => Promise.resolve() }
  const path = (name: string): string => {
    if (!/^[a-z0-9][a-z0-9.-]*$/.test(name)) throw new Error(`${JSON.stringify(name)} is no name of a piece`)
    return join(directory, name)
  }
  return {
    get: (name) => readFile(path(name)).catch(() => null),
    async put(name, bytes) {
      const fresh = `${path(name)}.${randomUUID()}`
      try {
        await mkdir(directory, { recursive: true })
        await writeFile(fresh, bytes)
        await rename(fresh, path(name))
      } catch {
        await rm(fresh, { force: true }).catch(() => undefined)
      }
    },
    drop: (name) => rm(path(name), { force: true }).catch(() => undefined),
  }
}
