// What lies outside of the tree, for renderers: fetched where the configuration allows the host and the author pinned
// it, within limits, and otherwise a reason and a remedy. One of these for each report, so that base and head are told
// the same; a memory and a directory may serve many.
import type { Fetched, Remote } from '../manifests/unit.ts'
import { systemResolve } from './address.ts'
import type { Resolve } from './address.ts'
import { fetchChart, requirePin, urlOf } from './chart.ts'
import type { RemoteChart } from './chart.ts'
import { openDisk } from './disk.ts'
import { fetchGitFolder } from './git-folder.ts'
import { REMOTE_LIMITS, deadlineIn } from './limits.ts'
import type { RemoteLimits } from './limits.ts'
import { sha256 } from './means.ts'
import type { Means } from './means.ts'
import type { RemoteMemory } from './memory.ts'
import { parseReference, requireFixed, requireRef } from './reference.ts'
import { Refusal, VENDOR } from './refusal.ts'
import { fetched, openWeb, permit } from './web.ts'

export interface RemoteOptions {
  /** `remote.allow` of the configuration. */
  readonly allow: readonly string[]
  /** Where archives and packs are kept by digest; null: nowhere. */
  readonly cacheDirectory: string | null
  readonly limits?: Partial<RemoteLimits>
  /** What other reports of this process have fetched. */
  readonly memory?: RemoteMemory
  readonly resolve?: Resolve
  /** Addresses that count as public, and are spoken to without TLS. Nobody but a test has any. */
  readonly testAddresses?: readonly string[]
}

/** Pieces fetched at once. */
const CONCURRENT = 4

/** Asks nobody but hosts that are allowed, and sends nothing of ours. Never throws for what a tree or a server says. */
export function createRemote(options: RemoteOptions): Remote {
  const { allow, memory, resolve = systemResolve, testAddresses = [] } = options
  const limits = { ...REMOTE_LIMITS, ...options.limits }
  const disk = openDisk(options.cacheDirectory)
  const indexes = onceEach<Buffer>()
  const pieces = onceEach<Fetched>()
  const turn = turns(CONCURRENT)
  const piece = (key: string, work: (means: Means) => Promise<Fetched>): Promise<Fetched> => {
    if (!pieces.has(key) && pieces.size() >= limits.pieces)
      throw new Refusal(`more than ${String(limits.pieces)} pieces are not in the tree`, VENDOR)
    return pieces.get(key, () =>
      turn(() => {
        const deadline = deadlineIn(limits.milliseconds)
        const web = openWeb({ allow, resolve, testAddresses }, deadline)
        const shared: Means['shared'] = (url, fetch) => indexes.get(url.href, fetch)
        return work({ web, disk, limits, deadline, shared })
      }).catch(asData),
    )
  }
  /** By what is pinned; the hosts that were allowed are part of it, since a redirect may have needed them. */
  const pinned = async (key: string, work: (means: Means) => Promise<Fetched>): Promise<Fetched> => {
    const name = sha256(JSON.stringify([key, [...allow].sort()]))
    const known = memory?.get(name)
    if (known !== undefined) return known
    const found = await piece(key, work)
    if (found.ok) memory?.set(name, found)
    return found
  }
  const chart = async (source: RemoteChart): Promise<Fetched> => {
    permit(urlOf(source), null, allow)
    requirePin(source)
    const key = JSON.stringify([source.url, source.name, source.version])
    return pinned(key, (means) => fetchChart(source, means))
  }
  const resource = async (text: string): Promise<Fetched> => {
    const reference = parseReference(text)
    permit(reference.url, null, allow)
    if (reference.kind === 'git') {
      requireRef(reference)
      return pinned(text, (means) => fetchGitFolder(reference, means))
    }
    requireFixed(reference.url)
    return piece(text, (means) => fetchFile(reference.url, means))
  }
  return { chart: (source) => chart(source).catch(asData), resource: (url) => resource(url).catch(asData) }
}

/** Where nothing is allowed: nothing is asked, and the reason names the host that would be. */
export const NO_REMOTE: Remote = createRemote({ allow: [], cacheDirectory: null })

/** A file by URL has no pin but its URL, so it is remembered for one report only. */
async function fetchFile(url: URL, { web, limits }: Means): Promise<Fetched> {
  const { body } = await fetched(web, url, { maxBytes: limits.archiveBytes, what: 'the file' })
  const name = url.pathname.slice(url.pathname.lastIndexOf('/') + 1).replace(/[^\w.-]/g, '_') || 'file'
  const entry = /^\.+$/.test(name) ? 'file' : name
  return { ok: true, files: new Map([[entry, new Uint8Array(body)]]), entry, id: `sha256:${sha256(body)}` }
}

function asData(error: unknown): Fetched {
  if (!(error instanceof Refusal)) throw error
  return { ok: false, reason: error.reason, remedy: error.remedy }
}

/** Work by key: what was asked for already is not asked for again. Work that throws is forgotten. */
function onceEach<T>(): {
  readonly has: (key: string) => boolean
  readonly size: () => number
  readonly get: (key: string, work: () => Promise<T>) => Promise<T>
} {
  const known = new Map<string, Promise<T>>()
  return {
    has: (key) => known.has(key),
    size: () => known.size,
    get(key, work) {
      const promise = known.get(key) ?? work()
      known.set(key, promise)
      promise.catch(() => known.delete(key))
      return promise
    },
  }
}

/** Lets so many work at once; the others wait for their turn. */
function turns(width: number): <T>(work: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = []
  let busy = 0
  return async (work) => {
    if (busy === width) await new Promise<void>((resolve) => waiting.push(resolve))
    else busy += 1
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      if (next === undefined) busy -= 1
      else next()
    }
  }
}
