// The only room that knows octokit. A client is bound to one repository, and whatever GitHub refuses becomes one
// kind of error that says what was being done.
import type { ProbotOctokit } from 'probot'

/** As much of Octokit as is used, whichever of its packages it comes from. */
export type Octokit = Pick<InstanceType<typeof ProbotOctokit>, 'rest' | 'paginate' | 'graphql'>

export interface RepositoryName {
  readonly owner: string
  readonly name: string
}

export interface Client {
  readonly octokit: Octokit
  readonly repository: RepositoryName
  readonly installation: number
  /** The app that all of this is done as; null for a person, who has no check runs. */
  readonly app: AppName | null
  /** Who speaks, where that is known beforehand; null: the bot of the app that made the check run. */
  readonly login: string | null
  /** Does anybody hear commands and buttons? */
  readonly hears: boolean
  /** Is there a check run? False once GitHub has refused one to a token. */
  readonly checked: boolean
}

/** By its slug where a token is all there is, which does not tell the id. GitHub gives neither twice. */
export type AppName = { readonly id: number } | { readonly slug: string }

/**
 * `stale`: the branch has moved. `limited`: too much was asked, and nothing was done. `unavailable`: GitHub did not
 * answer, or with 5xx: the work may have been done.
 */
export type Refusal =
  'not-found' | 'forbidden' | 'limited' | 'unprocessable' | 'stale' | 'unavailable' | 'failed'

/** GitHub did not do what was asked. The message is one sentence, without tokens. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  constructor(
    readonly kind: Refusal,
    readonly status: number | null,
    message: string,
    /** Seconds after which GitHub wants to be asked again, where it says so. */
    readonly retryAfter: number | null = null,
  ) {
    super(message)
  }
}

/** Nothing more is asked of GitHub: another process may be at the same work by now. */
export class LeftToOthers extends Error {
  override readonly name = 'LeftToOthers'
  constructor() {
    super('the work was left: another process may have taken it up')
  }
}

/** Writes that may not happen twice are never retried blindly: a 502 may hide that they landed. */
export const ONCE = { request: { retries: 0 } } as const

/** Runs one call. `doing` completes "GitHub refused to …". @throws ApiError */
export async function ask<T>(doing: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    throw asApiError(doing, error) ?? error
  }
}

/** The `owner` and `repo` of every REST call. */
export function where({ repository }: Client): { readonly owner: string; readonly repo: string } {
  return { owner: repository.owner, repo: repository.name }
}

/** True for an ApiError of one of these kinds. */
export function isRefusal(error: unknown, ...kinds: readonly Refusal[]): error is ApiError {
  return error instanceof ApiError && kinds.includes(error.kind)
}

const KINDS: Readonly<Record<number, Refusal>> = { 403: 'forbidden', 404: 'not-found', 422: 'unprocessable' }

/** What kind of refusal an error of Octokit is; null for any other error. */
export function refusalOf(error: unknown): Refusal | null {
  return asApiError('', error)?.kind ?? null
}

/** Structural, since several copies of octokit's error classes may be installed. */
function asApiError(doing: string, error: unknown): ApiError | null {
  if (!(error instanceof Error)) return null
  const first = (
    error as { readonly errors?: readonly { readonly type?: string; readonly message?: string }[] }
  ).errors?.[0]
  if (error.name === 'GraphqlResponseError' && first !== undefined) {
    const kind = GRAPHQL_KINDS[first.type ?? ''] ?? 'failed'
    const { headers } = error as { readonly headers?: Headers }
    const message = sentence(doing, first.message ?? first.type ?? 'no reason given')
    return new ApiError(kind, null, message, kind === 'limited' ? pauseOf(headers) : null)
  }
  const status = (error as { readonly status?: unknown }).status
  if (typeof status !== 'number') return null
  const { response } = error as { readonly response?: { readonly headers?: Headers } }
  if (response === undefined) return new ApiError('unavailable', null, unreached(doing, error))
  const kind = kindOf(status, error.message)
  return new ApiError(kind, status, sentence(doing, error.message), pauseOf(response.headers))
}

type Headers = Readonly<Record<string, string | number | undefined>>

/**
 * Seconds until GitHub wants to be asked again: those that it names, else those until the hour of its limit is over, by
 * its own clock. @see https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
 */
function pauseOf(headers: Headers = {}): number | null {
  const after = Number(headers['retry-after'] ?? NaN)
  if (Number.isFinite(after)) return after
  const [left, reset] = [headers['x-ratelimit-remaining'], headers['x-ratelimit-reset']].map(Number)
  const now = Date.parse(String(headers['date'] ?? '')) || Date.now()
  return left === 0 && reset !== undefined && Number.isFinite(reset)
    ? Math.max(1, Math.ceil(reset - now / 1000))
    : null
}

/** Whom nobody could ask refused nothing. Of the cause its code is told: its message may name addresses of this network. */
function unreached(doing: string, error: Error): string {
  const { url } = (error as { readonly request?: { readonly url?: string } }).request ?? {}
  const host = url !== undefined && URL.canParse(url) ? ` at ${new URL(url).host}` : ''
  const code = codeOf(error)
  return `GitHub could not be reached${host} to ${doing}: ${CAUSES[code ?? ''] ?? code ?? 'no answer came'}`
}

/** Of the innermost cause that has one. */
function codeOf(error: unknown): string | null {
  if (!(error instanceof Error)) return null
  const { code } = error as NodeJS.ErrnoException
  return codeOf(error.cause) ?? (typeof code === 'string' ? code : null)
}

const CAUSES: Readonly<Record<string, string>> = {
  ENOTFOUND: 'that name is not known here (ENOTFOUND)',
  EAI_AGAIN: 'that name could not be looked up (EAI_AGAIN)',
  ECONNREFUSED: 'nothing listens there (ECONNREFUSED)',
  ECONNRESET: 'the connection broke (ECONNRESET)',
  UND_ERR_SOCKET: 'the connection broke (UND_ERR_SOCKET)',
  UND_ERR_CONNECT_TIMEOUT: 'no connection in time (UND_ERR_CONNECT_TIMEOUT)',
}

/** Both limits, the one an hour and the one on bursts, are 403 or 429. */
function kindOf(status: number, message: string): Refusal {
  if (status === 429 || (status === 403 && /rate limit|abuse detection/i.test(message))) return 'limited'
  return status >= 500 ? 'unavailable' : (KINDS[status] ?? 'failed')
}

const GRAPHQL_KINDS: Readonly<Record<string, Refusal>> = {
  STALE_DATA: 'stale',
  FORBIDDEN: 'forbidden',
  NOT_FOUND: 'not-found',
  UNPROCESSABLE: 'unprocessable',
  RATE_LIMITED: 'limited',
}

function sentence(doing: string, why: string): string {
  const short = why
    .replace(/\s*-\s*https:\/\/\S+$/, '')
    .replace(/\s+/g, ' ')
    .slice(0, 500)
  return `GitHub refused to ${doing}: ${short}`
}
