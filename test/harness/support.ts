// What the stand-in's own tests share: a client with a token of the app, and a pull request to talk about.
import { execFile } from 'node:child_process'
import { createSign } from 'node:crypto'
import { promisify } from 'node:util'
import { Octokit } from '@octokit/rest'
import { startGitHub } from './index.ts'
import type { GitHub, GitHubOptions, PullRequest, Repository, TokenOptions } from './index.ts'

const run = promisify(execFile)

/** Forty lines `line 1` to `line 40`; `replace` gives some of them another text, `null` drops them. */
export function lines(replace: Readonly<Record<number, string | null>> = {}): string {
  const all = Array.from({ length: 40 }, (_, index) => {
    const own = replace[index + 1]
    return own === undefined ? `line ${String(index + 1)}` : own
  })
  return `${all.filter((line) => line !== null).join('\n')}\n`
}

export interface Scene {
  readonly github: GitHub
  readonly repo: Repository
  /** Changes line 20 of `a.yaml` and drops line 30; the hunks show 17–23 and, on the left, 27–33. */
  readonly pull: PullRequest
  readonly octokit: Octokit
  /** Octokit sends parameters that are not of the operation along: so `of` where a pull request is meant. */
  readonly at: { readonly owner: string; readonly repo: string }
  readonly of: { readonly owner: string; readonly repo: string; readonly pull_number: number }
}

/** Starts a GitHub with one repository and one pull request, and closes it afterwards. */
export async function scene<T>(work: (scene: Scene) => Promise<T>, options: GitHubOptions = {}): Promise<T> {
  const github = await startGitHub(options)
  try {
    const repo = await github.repository({ files: { 'a.yaml': lines(), 'b.yaml': 'b\n' } })
    const pull = await repo.pullRequest({ changes: { 'a.yaml': lines({ 20: 'changed', 30: null }) } })
    const at = { owner: 'acme', repo: 'platform' }
    const of = { ...at, pull_number: pull.number }
    return await work({ github, repo, pull, octokit: client(github), at, of })
  } finally {
    await github.close()
  }
}

/** A client with an installation token, or with any other credential. */
export function client(github: GitHub, token: TokenOptions | string = {}): Octokit {
  const auth = typeof token === 'string' ? token : github.token(token)
  const quiet = {
    debug: () => undefined,
    info: () => undefined,
    warn: () => undefined,
    error: () => undefined,
  }
  return new Octokit({ baseUrl: github.apiUrl, auth, log: quiet })
}

/** A JWT of the app; `claims` may spoil it. */
export function jwt(github: GitHub, claims: Readonly<Record<string, unknown>> = {}): string {
  const now = Math.floor(Date.now() / 1000)
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const payload = { iss: String(github.appId), iat: now - 30, exp: now + 500, ...claims }
  const text = `${part({ alg: 'RS256', typ: 'JWT' })}.${part(payload)}`
  return `${text}.${createSign('RSA-SHA256').update(text).sign(github.privateKey, 'base64url')}`
}

export interface Refusal {
  readonly status: number
  readonly message: string
  readonly errors: readonly unknown[]
}

/** The refusal a request runs into; throws when there is none. */
export async function refusal(request: Promise<unknown>): Promise<Refusal> {
  try {
    await request
  } catch (error) {
    const { status, response } = error as { status: number; response?: { data: Partial<Refusal> } }
    return { status, message: response?.data.message ?? '', errors: response?.data.errors ?? [] }
  }
  throw new Error('the request was not refused')
}

/** Runs git with a token (none: empty text), and nothing of the machine's own settings. */
export async function git(
  token: string,
  args: readonly string[],
  signal?: AbortSignal,
): Promise<{ code: number | string; stdout: string; stderr: string }> {
  const basic = Buffer.from(`x-access-token:${token}`).toString('base64')
  const env = {
    PATH: process.env['PATH'] ?? '',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_TERMINAL_PROMPT: '0',
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: 'http.extraHeader',
    GIT_CONFIG_VALUE_0: token === '' ? '' : `Authorization: basic ${basic}`,
  }
  try {
    return { code: 0, ...(await run('git', [...args], signal === undefined ? { env } : { env, signal })) }
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number | string; stdout: string; stderr: string }
    return { code, stdout, stderr }
  }
}
