// The stand-in itself: where it is, what reached it, and how to make it fail.
import type { Repository } from './deeds.ts'
import type { Permissions, RepositoryOptions } from './given.ts'
import type { Delivery, DeliveryLoss, Listener, Turn } from './heard.ts'

/** One request that reached the stand-in. Paths are without `/api/v3`; GraphQL is `/graphql`. */
export interface Request {
  readonly method: string
  readonly path: string
  readonly query: string
  readonly body: unknown
  /** GraphQL: the root fields, e.g. `createCommitOnBranch`. */
  readonly operations: readonly string[]
  readonly by: 'nobody' | 'app' | 'installation'
  readonly status: number
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly write: boolean
}
export interface RequestFilter {
  readonly method?: string
  /** A string is the whole path; `*` stands for one part. */
  readonly path?: string | RegExp
  /** GraphQL root field. */
  readonly operation?: string
  /** Asked about the body of the request. */
  readonly where?: (body: unknown) => boolean
}

export interface Fault extends RequestFilter {
  /** How often; default 1. */
  readonly times?: number
  /** How many requests that match are let by first; default 0. */
  readonly skip?: number
  /** Default 502. */
  readonly status?: number
  /** Default: what GitHub says with this status. Git gets the message alone. */
  readonly body?: unknown
  /** With `retry-after`, 403 and 429 are the secondary rate limit. */
  readonly headers?: Readonly<Record<string, string>>
  /**
   * Does the work first, then fails: a write that landed and was not answered. Of an answer to git, everything is
   * sent but its last part.
   */
  readonly afterWrite?: boolean
  /** Closes the socket instead of answering. */
  readonly hangUp?: boolean
  /** Never answers, and keeps the connection; with `afterWrite` the work is done. */
  readonly hangs?: boolean
  /** Does the work and begins the answer, but ends the connection halfway through its body. */
  readonly truncates?: boolean
}
/** A request that a story has stopped; it goes on when the hook is done. */
export interface Interrupted {
  /** Ends the connection without an answer. */
  hangUp(): void
}
export type Hook = (request: Interrupted) => void | Promise<void>
export interface FaultHandle {
  readonly hits: number
  stop(): void
}

export interface TokenOptions {
  readonly owner?: string
  readonly repositories?: readonly string[]
  readonly permissions?: Permissions
  /** Seconds; default 3600. */
  readonly ttl?: number
}

export interface GitHub {
  /** `http://127.0.0.1:PORT`; REST is at `/api/v3`, GraphQL at `/api/graphql`. */
  readonly url: string
  /** `127.0.0.1:PORT`, for GHE_HOST (GHE_PROTOCOL is http). */
  readonly host: string
  readonly apiUrl: string
  readonly appId: number
  /** PEM, made for this run. */
  readonly privateKey: string
  readonly webhookSecret: string
  readonly botLogin: string

  repository(options?: RepositoryOptions): Promise<Repository>
  /** Where webhooks go: a URL, a function, or null (the app is down). */
  deliverTo(target: string | Listener | null): void
  /** Every webhook so far, also the lost ones. */
  readonly deliveries: readonly Delivery[]
  /** Sends one again with the same GUID, as the app can by itself. */
  redeliver(delivery: Delivery): Promise<Delivery>
  /** The next webhooks that fit do not arrive, or their answer does not come back. */
  loses(loss?: DeliveryLoss): FaultHandle
  /** Suspends the installation of an owner (default: the first there is), or ends that. */
  suspend(options?: { readonly owner?: string; readonly ends?: boolean }): void
  /** Resolves when no delivery is under way (those caused by the app's own writes go out by themselves). */
  settled(): Promise<void>

  readonly requests: readonly Request[]
  readonly writes: readonly Request[]
  count(filter?: RequestFilter): number
  /** Forgets the requests so far, for "and then nothing is written". */
  forgetRequests(): void
  fail(fault: Fault): FaultHandle
  /** Disarms every fault that is left. */
  forgetFaults(): void
  /** Runs before a matching request is handled: for races, and for whoever goes away before anything happened. */
  before(filter: RequestFilter & Turn, hook: Hook): FaultHandle
  /** Runs when the work of a matching request is done, before it is answered (git: before its last part). */
  after(filter: RequestFilter & Turn, hook: Hook): FaultHandle
  /** A valid installation token, for tests that speak to the stand-in themselves. */
  token(options?: TokenOptions): string
  /** All tokens are expired from now on: 401. */
  expireTokens(): void

  /** Breaches of GitHub's OpenAPI description, by the app or by this stand-in. */
  readonly violations: readonly string[]
  /** Requests to endpoints or GraphQL fields that the stand-in does not have. */
  readonly unknown: readonly string[]
  /** Throws when there are violations, unknown requests, or deliveries whose signature was not accepted. */
  assertClean(): void
  close(): Promise<void>
}
