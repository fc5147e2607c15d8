// A merge group as a story sees it: what the queue makes of pull requests, and the check it waits for.
import { envelope, pushEvent } from '../model/events.ts'
import { suiteFor, tipOf } from '../model/pulls.ts'
import { enqueue, isQueued, leaveQueue } from '../model/queue.ts'
import type { QueueEntry, RepositoryRecord } from '../model/records.ts'
import type { World } from '../model/world.ts'
import type { MergeGroup, PullRequest } from '../types.ts'
import { checkFace, latestRun } from './check.ts'

/** Merges the pull requests one on the other onto base, as the queue does before it asks for checks. */
export async function mergeGroup(
  world: World,
  repo: RepositoryRecord,
  pulls: readonly PullRequest[],
): Promise<MergeGroup> {
  const records = pulls.map((pull) => repo.pulls.get(pull.number))
  const baseRef = records[0]?.baseRef ?? repo.defaultBranch
  const base = await tipOf(repo, baseRef)
  const merger = world.account('github-merge-queue[bot]', 'Bot')
  const enqueuedAt = world.iso()
  const entries: QueueEntry[] = []
  let head = base
  for (const pull of records) {
    if (pull === undefined) throw new Error('a merge group takes pull requests of its own repository')
    const tree = await repo.git.mergeTree(head, pull.headSha)
    if (tree === null) throw new Error(`pull request ${String(pull.number)} does not merge`)
    const message = `Merge pull request #${String(pull.number)}`
    const author = world.person(merger)
    head = await repo.git.commitTree({ tree, parents: [head, pull.headSha], message, author })
    entries.push({ pull, head, enqueuedAt })
  }
  const branch = `gh-readonly-queue/${baseRef}/pr-${String(records.at(-1)?.number ?? 0)}-${base}`
  await repo.git.setRef(`refs/heads/${branch}`, head)
  suiteFor(world, repo, head, branch)
  enqueue(repo, baseRef, { base, head, entries })
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
    get queued() {
      return isQueued(repo, head)
    },
    get check() {
      const run = latestRun(repo.runs, head, world.slug)
      if (run === undefined) throw new Error(`no check run ${world.slug} on the merge group ${head}`)
      return checkFace(world, run)
    },
    get checks() {
      return repo.runs
        .filter((run) => run.headSha === head)
        .map((run) => checkFace(world, run))
        .reverse()
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
      leaveQueue(repo, head)
      await repo.git.deleteRef(`refs/heads/${branch}`)
      return send('destroyed', { reason })
    },
  }
}
