// The stand-in itself: where it is, what reached it, and how to make it fail.
import type { Repository } from './deeds.ts'
import type { Permissions, RepositoryOptions } from './given.ts'
import type { Delivery, Listener } from './heard.ts'

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
  /** Default 502. */
  readonly status?: number
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  /** Does the work first, then fails: a write that landed and was not answered. */
  readonly afterWrite?: boolean
  /** Closes the socket instead of answering. */
  readonly hangUp?: boolean
}
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
  /** Where webhooks go: a URL, a function, or null (lost). */
  deliverTo(target: string | Listener | null): void
  /** Every webhook so far, also the lost ones. */
  readonly deliveries: readonly Delivery[]
  /** Sends one again with the same GUID. */
  redeliver(delivery: Delivery): Promise<Delivery>
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
  /** Runs before a matching request is handled: for races. */
  before(filter: RequestFilter & { readonly times?: number }, hook: () => void | Promise<void>): FaultHandle
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
