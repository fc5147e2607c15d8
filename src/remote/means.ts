// What fetching needs, and what there is to fetch.
import { createHash } from 'node:crypto'
import type { Disk } from './disk.ts'
import type { Deadline, RemoteLimits } from './limits.ts'
import type { Web } from './web.ts'

/** For one piece. */
export interface Means {
  readonly web: Web
  readonly disk: Disk
  readonly limits: RemoteLimits
  readonly deadline: Deadline
  /** Of one report: what several pieces need is asked for once. */
  readonly shared: (url: URL, work: () => Promise<Buffer>) => Promise<Buffer>
}

/** A chart that was found, and not yet brought. */
export interface Archive {
  /** Of sha256, in hex; null where the repository does not say. */
  readonly digest: string | null
  readonly download: () => Promise<Uint8Array>
}

/** In hex. */
export function sha256(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex')
}
