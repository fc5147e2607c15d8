// Repositories, branches, commits, comparisons and who may do what.
import type { RepositoryRecord } from '../model/records.ts'
import type { World } from '../model/world.ts'
import type { CommitInfo } from '../git/bare-repository.ts'
import { diffFiles } from '../git/diff.ts'
import { ApiError, notFound } from '../errors.ts'
import { commit } from '../shapes/commits.ts'
import { user } from '../shapes/people.ts'
import { diffEntry, pullSimple } from '../shapes/pulls.ts'
import { htmlUrl, repository, repositoryUrl } from '../shapes/repositories.ts'
import { page, repositoryOf } from '../server/routing.ts'
import type { Answer, Call, Route } from '../server/routing.ts'

/** Compare lists at most 300 files and 250 commits (OpenAPI, repos/compare-commits). */
const MAX_FILES = 300
const MAX_COMMITS = 250

const REPO = '/repos/{owner}/{repo}'
export const repositoryRoutes: readonly Route[] = [
  { method: 'GET', template: REPO, handle: getRepository },
  { method: 'GET', template: `${REPO}/branches/{branch}`, handle: getBranch },
  { method: 'GET', template: `${REPO}/commits/{ref}`, handle: getCommit },
  { method: 'GET', template: `${REPO}/commits/{commit_sha}/pulls`, handle: pullsOfCommit },
  { method: 'GET', template: `${REPO}/compare/{basehead}`, handle: compare },
  { method: 'GET', template: `${REPO}/collaborators/{username}/permission`, handle: permission },
]

/** The commit that a SHA, branch, tag or `heads/…` names, or 404 or 422 as GitHub answers. */
export async function commitNamed(repo: RepositoryRecord, name: string): Promise<string> {
  const candidates = /^[0-9a-f]{7,40}$/.test(name)
    ? [name, `refs/heads/${name}`]
    : [`refs/heads/${name}`, `refs/tags/${name}`, `refs/${name}`]
  for (const candidate of candidates) {
    const sha = await repo.git.commitOf(candidate)
    if (sha !== null) return sha
  }
  if (/^[0-9a-f]{40}$/.test(name)) throw new ApiError(422, `No commit found for SHA: ${name}`)
  throw notFound()
}

function getRepository(call: Call): Answer {
  const repo = repositoryOf(call)
  const body = repository(call.world, repo)
  const parent = repo.parent === null ? {} : { parent: repository(call.world, repo.parent) }
  return { status: 200, body: { ...body, ...parent } }
}

async function getBranch(call: Call): Promise<Answer> {
  const repo = repositoryOf(call, ['contents', 'read'])
  const name = call.params['branch'] ?? ''
  const sha = await repo.git.commitOf(`refs/heads/${name}`)
  if (sha === null) throw new ApiError(404, 'Branch not found')
  const url = `${repositoryUrl(call.world, repo)}/branches/${name}`
  return {
    status: 200,
    body: {
      name,
      commit: commit(call.world, repo, await repo.git.info(sha)),
      _links: { self: url, html: `${htmlUrl(call.world, repo)}/tree/${name}` },
      protected: false,
      protection: { enabled: false, required_status_checks: { contexts: [], checks: [] } },
      protection_url: `${url}/protection`,
    },
  }
}

async function getCommit(call: Call): Promise<Answer> {
  const repo = repositoryOf(call, ['contents', 'read'])
  const info = await repo.git.info(await commitNamed(repo, call.params['ref'] ?? ''))
  if (/\.sha\b/.test(call.accept)) {
    return { status: 200, raw: { type: 'application/vnd.github.v3.sha; charset=utf-8', content: info.sha } }
  }
  return { status: 200, body: await commitWithFiles(call.world, repo, info) }
}

async function commitWithFiles(world: World, repo: RepositoryRecord, info: CommitInfo): Promise<object> {
  const files = info.parents[0] === undefined ? [] : await diffFiles(repo.git, info.parents[0], info.sha)
  const additions = files.reduce((sum, file) => sum + file.additions, 0)
  const deletions = files.reduce((sum, file) => sum + file.deletions, 0)
  return {
    ...commit(world, repo, info),
    stats: { additions, deletions, total: additions + deletions },
    files: files.slice(0, MAX_FILES).map((file) => diffEntry(world, repo, file, info.sha)),
  }
}

/** Open pull requests with this head, and closed ones that hold the commit. */
async function pullsOfCommit(call: Call): Promise<Answer> {
  const repo = repositoryOf(call, ['pull_requests', 'read'])
  const sha = await commitNamed(repo, call.params['commit_sha'] ?? '')
  const pulls = [...repo.pulls.values()].filter((pull) => pull.headSha === sha || pull.commits.includes(sha))
  const { items, headers } = page(call, pulls)
  return { status: 200, body: items.map((pull) => pullSimple(call.world, pull)), headers }
}

async function compare(call: Call): Promise<Answer> {
  const { world } = call
  const repo = repositoryOf(call, ['contents', 'read'])
  const [from = '', to = ''] = (call.params['basehead'] ?? '').split('...')
  const [base, head] = await Promise.all([from, to].map((name) => commitAcross(world, repo, name)))
  if (base === undefined || head === undefined) throw notFound()
  const mergeBase = await repo.git.mergeBase(base, head)
  if (mergeBase === null) throw new ApiError(404, `No common ancestor between ${from} and ${to}.`)
  const [ahead, behind, files] = await Promise.all([
    repo.git.commitsBetween(base, head),
    repo.git.commitsBetween(head, base),
    diffFiles(repo.git, mergeBase, head),
  ])
  const shown = await Promise.all(ahead.slice(0, MAX_COMMITS).map((sha) => repo.git.info(sha)))
  const { items: commits, headers } = call.query.has('page')
    ? page(call, shown)
    : { items: shown, headers: {} }
  const first = Number(call.query.get('page') ?? 1) === 1
  const html = `${htmlUrl(world, repo)}/compare/${base}...${head}`
  return {
    status: 200,
    headers,
    body: {
      url: `${repositoryUrl(world, repo)}/compare/${base}...${head}`,
      html_url: html,
      permalink_url: html,
      diff_url: `${html}.diff`,
      patch_url: `${html}.patch`,
      base_commit: commit(world, repo, await repo.git.info(base)),
      merge_base_commit: commit(world, repo, await repo.git.info(mergeBase)),
      status: relation(ahead.length, behind.length),
      ahead_by: ahead.length,
      behind_by: behind.length,
      total_commits: ahead.length,
      commits: commits.map((info) => commit(world, repo, info)),
      files: first ? files.slice(0, MAX_FILES).map((file) => diffEntry(world, repo, file, head)) : [],
    },
  }
}

/** `owner:branch` names a branch of a fork. */
async function commitAcross(world: World, repo: RepositoryRecord, name: string): Promise<string> {
  const colon = name.indexOf(':')
  if (colon === -1) return commitNamed(repo, name)
  const owner = name.slice(0, colon).toLowerCase()
  const fork = [...world.repositories.values()].find(
    (one) => one.owner.login.toLowerCase() === owner && (one === repo || one.parent === repo),
  )
  if (fork === undefined) throw notFound()
  return commitNamed(fork, name.slice(colon + 1))
}

function relation(ahead: number, behind: number): string {
  if (ahead > 0) return behind > 0 ? 'diverged' : 'ahead'
  return behind > 0 ? 'behind' : 'identical'
}

function permission(call: Call): Answer {
  const repo = repositoryOf(call, ['metadata', 'read'])
  const login = call.params['username'] ?? ''
  const account = call.world.knownAccount(login)
  if (account === undefined) throw new ApiError(404, `${login} is not a user`)
  const level = call.world.levelOf(repo, login)
  const push = level === 'admin' || level === 'write'
  return {
    status: 200,
    body: {
      permission: level,
      role_name: level,
      user: {
        ...user(call.world, account),
        role_name: level,
        permissions: {
          admin: level === 'admin',
          maintain: level === 'admin',
          push,
          triage: push,
          pull: level !== 'none',
        },
      },
    },
  }
}
