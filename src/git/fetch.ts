// Talking to a remote that may want a token: how the token travels, and what can go wrong, as types and sentences.
import { GitError, type GitOptions } from './command.ts'

export interface Remote {
  /** http or https, without user or password: arguments and errors show it. */
  readonly url: string
  /** An installation token, of any length and form. Null where the repository is public. */
  readonly token: string | null
}

/**
 * `redirected`: the repository lives elsewhere now, and the token does not follow. `locked`: another process is at it.
 * `disk`: what came cannot be written here.
 */
export type FetchFailure =
  'unauthorized' | 'not-found' | 'redirected' | 'timed-out' | 'unreachable' | 'locked' | 'disk' | 'failed'

/** The remote did not give what was asked. The message is one sentence, without the token. */
export class FetchFailed extends Error {
  override readonly name: string = 'FetchFailed'
  constructor(
    readonly reason: FetchFailure,
    message: string,
  ) {
    super(message)
  }
}

/** The remote answers, and does not have this commit, or not for us. */
export class CommitMissing extends Error {
  override readonly name = 'CommitMissing'
  constructor(readonly commit: string) {
    super(`the remote repository does not have commit ${commit}`)
  }
}

/**
 * How git reaches the remote. The token is configuration by environment, bound to the origin of the URL: it is in no
 * argument, file or log. Redirects are refused: whether a header travels to the new address has depended on the
 * version of curl (CVE-2018-1000007), and whoever asks GitHub's API for the name of a repository has the present one.
 */
export function remoteOptions(
  remote: Remote,
  env: Readonly<Record<string, string>>,
): Pick<GitOptions, 'env' | 'config'> {
  const url = URL.canParse(remote.url) ? new URL(remote.url) : null
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') {
    throw new Error('a mirror is fetched from an http or https URL without credentials')
  }
  const credentials = Buffer.from(`x-access-token:${remote.token ?? ''}`).toString('base64')
  return {
    env: { GIT_ALLOW_PROTOCOL: 'http:https', ...env },
    config: [
      ['http.followRedirects', 'false'],
      ['http.lowSpeedLimit', '100'],
      ['http.lowSpeedTime', '60'],
      ['protocol.version', '2'],
      // One pack for each fetch: thousands of loose objects are slower to read, and may come incomplete.
      ['fetch.unpackLimit', '1'],
      ...(remote.token === null
        ? []
        : [[`http.${url.origin}/.extraHeader`, `Authorization: basic ${credentials}`] as const]),
    ],
  }
}

/** What a failed fetch means; CommitMissing without a commit that is known; null where it is no failure of git. */
export function failureOf(error: unknown, remote: Remote): FetchFailed | CommitMissing | null {
  const full = diskFailureOf(error)
  if (full !== null) return full
  if (!(error instanceof GitError)) return null
  if (error.reason === 'timed-out') return new FetchFailed('timed-out', redact(error.message, remote))
  if (REFUSED_ID.test(error.stderr)) return new CommitMissing('')
  const sign = SIGNS.find(([, pattern]) => pattern.test(error.stderr))
  const [reason] = sign ?? ['failed' as const]
  return new FetchFailed(reason, redact(`${SENTENCES[reason]} (${error.message})`, remote))
}

/** What the disk of this machine did not take, which is no fault of the remote; null for anything else. */
export function diskFailureOf(error: unknown): FetchFailed | null {
  const { code } = error as { readonly code?: unknown }
  const sign =
    error instanceof GitError ? DISK.exec(error.stderr)?.[1] : DISK_CODES.find((one) => one === code)
  return sign === undefined ? null : new FetchFailed('disk', `${SENTENCES.disk} (${sign})`)
}

/** strerror(3), not as told by the other side. */
const DISK = /^(?!remote:).*\b(No space left on device|Disk quota exceeded|Read-only file system)\b/im
const DISK_CODES = ['ENOSPC', 'EDQUOT', 'EROFS', 'EACCES']

/** upload-pack.c, fetch-pack.c and remote-curl.c of git; the second is protocol version 0. */
const REFUSED_ID =
  /not our ref|does not allow request for unadvertised object|couldn't find remote ref|no such remote ref/i

const SIGNS: readonly (readonly [FetchFailure, RegExp])[] = [
  ['unauthorized', /Authentication failed|could not read Username|could not read Password|error: 40[13]/i],
  ['not-found', /repository '.*' not found|error: 404/i],
  ['redirected', /error: 30[12378]|unable to update url base from redirection/i],
  ['locked', /\.lock': File exists|shallow file has changed|cannot lock ref/i],
  [
    'unreachable',
    /Could not resolve host|Failed to connect|Connection (refused|reset)|timed out|too slow|SSL|certificate/i,
  ],
  [
    'unreachable',
    /error: (?:429|5\d\d)|hung up|early EOF|Empty reply|RPC failed|disconnect|bad pack header|bad line length|expected .* after/i,
  ],
]

const SENTENCES: Readonly<Record<FetchFailure, string>> = {
  unauthorized: 'the remote repository refuses the token',
  'not-found': 'the remote repository is not there, or not for this token',
  redirected: 'the remote repository has moved, and redirects are not followed',
  'timed-out': 'the remote repository did not answer in time',
  unreachable: 'the remote repository cannot be reached',
  locked: 'another process is using the mirror',
  disk: 'the app cannot write to its own disk, which is full or read-only',
  failed: 'the remote repository could not be fetched',
}

function redact(text: string, remote: Remote): string {
  if (remote.token === null || remote.token === '') return text
  const encoded = Buffer.from(`x-access-token:${remote.token}`).toString('base64')
  return text.replaceAll(encoded, '[token]').replaceAll(remote.token, '[token]')
}
