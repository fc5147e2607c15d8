// Pull requests: reading them starts GitHub's test merge, their files are the three-dot diff.
import { ApiError } from '../errors.ts'
import { look } from '../model/pulls.ts'
import type { PullRecord } from '../model/records.ts'
import { diffEntry, pullFull, pullSimple } from '../shapes/pulls.ts'
import { commit } from '../shapes/commits.ts'
import { page, pullOf, repositoryOf } from '../server/routing.ts'
import type { Answer, Call, Route } from '../server/routing.ts'

/** docs: repository limits; OpenAPI, pulls/list-files and pulls/list-commits. */
const MAX_FILES = 3000
const MAX_COMMITS = 250
const MAX_DIFF_FILES = 300
const MAX_DIFF_LINES = 20_000

const PULLS = '/repos/{owner}/{repo}/pulls'
export const pullRoutes: readonly Route[] = [
  { method: 'GET', template: PULLS, handle: list },
  { method: 'GET', template: `${PULLS}/{pull_number}`, handle: get },
  { method: 'GET', template: `${PULLS}/{pull_number}/files`, handle: files },
  { method: 'GET', template: `${PULLS}/{pull_number}/commits`, handle: commits },
]

function list(call: Call): Answer {
  const repo = repositoryOf(call, ['pull_requests', 'read'])
  const state = call.query.get('state') ?? 'open'
  const head = call.query.get('head')
  const base = call.query.get('base')
  const found = [...repo.pulls.values()].filter(
    (pull) =>
      (state === 'all' || pull.state === state) &&
      (base === null || pull.baseRef === base) &&
      // Without `owner:` GitHub ignores the filter.
      (head === null || !head.includes(':') || head === `${pull.headRepo.owner.login}:${pull.headRef}`),
  )
  const by = call.query.get('sort') === 'updated' ? 'updatedAt' : 'createdAt'
  found.sort((a, b) => compare(a[by], b[by]) || a.number - b.number)
  const ascending = (call.query.get('direction') ?? (call.query.has('sort') ? 'asc' : 'desc')) === 'asc'
  const { items, headers } = page(call, ascending ? found : found.reverse())
  return { status: 200, body: items.map((pull) => pullSimple(call.world, pull)), headers }
}

async function get(call: Call): Promise<Answer> {
  const repo = repositoryOf(call, ['pull_requests', 'read'])
  const pull = pullOf(repo, call.params['pull_number'])
  if (/\b(diff|patch)\b/.test(call.accept)) return diff(pull)
  await look(call.world, pull)
  return { status: 200, body: pullFull(call.world, pull) }
}

async function diff(pull: PullRecord): Promise<Answer> {
  const lines = pull.files.reduce((sum, file) => sum + file.additions + file.deletions, 0)
  if (pull.files.length > MAX_DIFF_FILES || lines > MAX_DIFF_LINES) {
    const what =
      pull.files.length > MAX_DIFF_FILES
        ? `files (${String(MAX_DIFF_FILES)})`
        : `lines (${String(MAX_DIFF_LINES)})`
    throw new ApiError(406, `Sorry, the diff exceeded the maximum number of ${what}.`, [
      { resource: 'PullRequest', field: 'diff', code: 'too_large' },
    ])
  }
  const content = await pull.repo.git.bytes(['diff', '--full-index', '-M', pull.mergeBase, pull.headSha])
  return { status: 200, raw: { type: 'application/vnd.github.diff; charset=utf-8', content } }
}

function files(call: Call): Answer {
  const repo = repositoryOf(call, ['pull_requests', 'read'])
  const pull = pullOf(repo, call.params['pull_number'])
  const { items, headers } = page(call, pull.files.slice(0, MAX_FILES))
  return { status: 200, body: items.map((file) => diffEntry(call.world, repo, file, pull.headSha)), headers }
}

async function commits(call: Call): Promise<Answer> {
  const repo = repositoryOf(call, ['pull_requests', 'read'])
  const pull = pullOf(repo, call.params['pull_number'])
  const { items, headers } = page(call, pull.commits.slice(0, MAX_COMMITS))
  const infos = await Promise.all(items.map((sha) => repo.git.info(sha)))
  return { status: 200, body: infos.map((info) => commit(call.world, repo, info)), headers }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
