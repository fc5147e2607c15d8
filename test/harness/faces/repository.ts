// A repository as a story sees it.
import { envelope, pushEvent } from '../model/events.ts'
import { moveBranch, suiteFor, synchronize, tipOf } from '../model/pulls.ts'
import type { PullRecord, RepositoryRecord } from '../model/records.ts'
import type { World } from '../model/world.ts'
import { fullName, htmlUrl } from '../shapes/repositories.ts'
import type { MergeGroup, PullRequest, PullRequestOptions, Repository } from '../types.ts'
import { checkFace, latestRun } from './check.ts'
import { fileOf, tipOf as tipNow } from './git.ts'
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
    collaborator: (login, level) => {
      world.account(login)
      repo.collaborators.set(login.toLowerCase(), level)
    },
    mergeGroup: (pulls) => world.exclusive(() => queue(world, repo, pulls)),
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

/** Merges the pull requests one on the other onto base, as the queue does before it asks for checks. */
async function queue(
  world: World,
  repo: RepositoryRecord,
  pulls: readonly PullRequest[],
): Promise<MergeGroup> {
  const records = pulls.map((pull) => repo.pulls.get(pull.number))
  const baseRef = records[0]?.baseRef ?? repo.defaultBranch
  const base = await tipOf(repo, baseRef)
  const merger = world.account('github-merge-queue[bot]', 'Bot')
  let head = base
  for (const pull of records) {
    if (pull === undefined) throw new Error('a merge group takes pull requests of its own repository')
    const tree = await repo.git.mergeTree(head, pull.headSha)
    if (tree === null) throw new Error(`pull request ${String(pull.number)} does not merge`)
    const message = `Merge pull request #${String(pull.number)}`
    const author = world.person(merger)
    head = await repo.git.commitTree({ tree, parents: [head, pull.headSha], message, author })
  }
  const branch = `gh-readonly-queue/${baseRef}/pr-${String(records.at(-1)?.number ?? 0)}-${base}`
  await repo.git.setRef(`refs/heads/${branch}`, head)
  suiteFor(world, repo, head, branch)
  const tip = await repo.git.info(head)
  const person = ({ name, email }: { name: string; email: string }) => ({ name, email })
  const send = (action: string, more = {}) =>
    world.hooks.deliver('merge_group', {
      action,
      merge_group: {
        head_sha: head,
        head_ref: `refs/heads/${branch}`,
        base_sha: base,
        base_ref: `refs/heads/${baseRef}`,
        head_commit: {
          id: head,
          tree_id: tip.tree,
          message: tip.message,
          timestamp: world.iso(tip.committer.date),
          author: person(tip.author),
          committer: person(tip.committer),
        },
      },
      ...more,
      ...envelope(world, repo, merger),
    })
  return {
    head,
    base,
    get check() {
      const run = latestRun(repo.runs, head, world.slug)
      if (run === undefined) throw new Error(`no check run ${world.slug} on the merge group ${head}`)
      return checkFace(world, run)
    },
    requested: () => {
      const pushed = pushEvent(
        world,
        repo,
        { branch, before: '0'.repeat(40), after: head, forced: false },
        merger,
      )
      world.hooks.later(pushed.event, () => pushed.payload)
      return send('checks_requested')
    },
    destroyed: async (reason = 'dequeued') => {
      await repo.git.deleteRef(`refs/heads/${branch}`)
      return send('destroyed', { reason })
    },
  }
}
