// A repository as a story sees it.
import { moveBranch, synchronize, tipOf } from '../model/pulls.ts'
import type { PullRecord, RepositoryRecord } from '../model/records.ts'
import type { World } from '../model/world.ts'
import { fullName, htmlUrl } from '../shapes/repositories.ts'
import type { PullRequestOptions, Repository } from '../types.ts'
import { fileOf, tipOf as tipNow } from './git.ts'
import { mergeGroup } from './merge-group.ts'
import { deliverFirst } from './pull-deeds.ts'
import { pullFace } from './pull.ts'

export function repositoryFace(world: World, repo: RepositoryRecord): Repository {
  return {
    owner: repo.owner.login,
    name: repo.name,
    fullName: fullName(repo),
    defaultBranch: repo.defaultBranch,
    cloneUrl: `${htmlUrl(world, repo)}.git`,
    path: repo.git.path,
    pullRequest: (options) =>
      world.exclusive(() => openPull(world, repo, options)).then((pull) => pullFace(world, pull)),
    pushToBase: async (
      changes,
      { by = 'maintainer', message = 'Change base', branch = repo.defaultBranch } = {},
    ) => {
      const sender = world.account(by)
      const events = await world.exclusive(async () => {
        const before = await tipOf(repo, branch)
        const sha = await repo.git.commit({
          parents: [before],
          changes,
          message,
          author: world.person(sender),
        })
        return moveBranch(world, repo, branch, sha, sender)
      })
      const push = events.filter(({ event }) => event === 'push')
      return deliverFirst(world, [...push, ...events.filter(({ event }) => event !== 'push')])
    },
    createBranch: async (name) =>
      repo.git.setRef(`refs/heads/${name}`, await tipOf(repo, repo.defaultBranch)),
    deleteBranch: (name) => repo.git.deleteRef(`refs/heads/${name}`),
    collaborator: (login, level) => {
      world.account(login)
      repo.collaborators.set(login.toLowerCase(), level)
    },
    mergeGroup: (pulls) => world.exclusive(() => mergeGroup(world, repo, pulls)),
    tip: (branch = repo.defaultBranch) => tipNow(repo.git, branch),
    file: (path, ref = repo.defaultBranch) => fileOf(repo.git, ref, path),
  }
}

async function openPull(
  world: World,
  repo: RepositoryRecord,
  options: PullRequestOptions,
): Promise<PullRecord> {
  const number = repo.nextNumber++
  const headRepo = options.fork === undefined ? repo : await forkOf(world, repo, options.fork)
  const author = world.account(options.author ?? options.fork?.owner ?? 'contributor')
  const headRef = options.branch ?? `change-${String(number)}`
  const baseRef = options.base ?? repo.defaultBranch
  const base = await tipOf(repo, baseRef)
  const title = options.title ?? 'Change manifests'
  const headSha = await headRepo.git.commit({
    parents: [base],
    changes: options.changes,
    message: title,
    author: world.person(author),
  })
  await headRepo.git.setRef(`refs/heads/${headRef}`, headSha)
  const at = world.iso()
  const pull: PullRecord = {
    id: world.id(),
    number,
    repo,
    headRepo,
    headRef,
    author,
    maintainerCanModify: options.fork === undefined ? false : (options.fork.maintainerCanModify ?? true),
    createdAt: at,
    title,
    body: options.body ?? null,
    draft: options.draft ?? false,
    state: 'open',
    locked: false,
    mergedAt: null,
    closedAt: null,
    updatedAt: at,
    baseRef,
    baseSha: base,
    headSha,
    mergeable: null,
    merging: null,
    mergeSha: null,
    files: [],
    mergeBase: base,
    commits: [],
    reviews: [],
    comments: [],
    conversation: [],
  }
  await synchronize(world, pull, headSha)
  repo.pulls.set(number, pull)
  return pull
}

async function forkOf(
  world: World,
  parent: RepositoryRecord,
  { owner, ownerType = 'User', acceptsAppCommits = false }: NonNullable<PullRequestOptions['fork']>,
): Promise<RepositoryRecord> {
  const known = world.repository(owner, parent.name)
  if (known !== undefined) return known
  const options = { owner, ownerType, name: parent.name, private: parent.private, installed: false }
  const fork = await world.addRepository(
    { ...options, defaultBranch: parent.defaultBranch },
    { parent, acceptsAppCommits },
  )
  await fork.git.setRef(`refs/heads/${parent.defaultBranch}`, await tipOf(parent, parent.defaultBranch))
  return fork
}
