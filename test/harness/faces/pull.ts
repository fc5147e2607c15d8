// A pull request as a story sees it: what people do there, and what the app left behind.
import type { PullRecord, ReviewCommentRecord } from '../model/records.ts'
import type { World } from '../model/world.ts'
import type { PullRequest } from '../types.ts'
import { checkFace, latestRun } from './check.ts'
import { commitOf, fileOf, modeOf } from './git.ts'
import { pullDeeds } from './pull-deeds.ts'
import { commentView, reviewCommentView, reviewView } from './views.ts'

export function pullFace(world: World, pull: PullRecord): PullRequest {
  const { git } = pull.repo
  const checkOn = (sha: string) => {
    const run = latestRun(pull.repo.runs, sha, world.slug)
    return run === undefined ? undefined : checkFace(world, run)
  }
  const visible = (comment: ReviewCommentRecord): boolean =>
    !comment.deleted && comment.review.state !== 'PENDING'
  const reviews = (pending: boolean) =>
    pull.reviews.filter((one) => (one.state === 'PENDING') === pending).map(reviewView)
  return Object.defineProperties(pullDeeds(world, pull) as PullRequest, {
    ...getters({
      number: () => pull.number,
      title: () => pull.title,
      branch: () => pull.headRef,
      base: () => pull.baseRef,
      head: () => pull.headSha,
      state: () => pull.state,
      merged: () => pull.mergedAt !== null,
      check: () => {
        const found = checkOn(pull.headSha)
        if (found === undefined) throw new Error(`no check run ${world.slug} on the head ${pull.headSha}`)
        return found
      },
      checks: () =>
        pull.repo.runs
          .filter((run) => run.headSha === pull.headSha)
          .map((run) => checkFace(world, run))
          .reverse(),
      reviews: () => reviews(false),
      review: () => {
        const last = reviews(false).at(-1)
        if (last === undefined) throw new Error(`no review on pull request ${String(pull.number)}`)
        return last
      },
      pendingReviews: () => reviews(true),
      reviewComments: () => pull.comments.filter(visible).map(reviewCommentView),
      conversation: () => pull.conversation.map(commentView),
      lastCommit: () => commitOf(git, pull.headSha),
    }),
    checkOn: { value: checkOn },
    reactions: {
      value: (id: number) => {
        const found = [...pull.conversation, ...pull.comments].find((comment) => comment.id === id)
        if (found === undefined)
          throw new Error(`no comment ${String(id)} on pull request ${String(pull.number)}`)
        return found.reactions.map(({ user, content }) => ({ user: user.login, content }))
      },
    },
    file: { value: (path: string) => fileOf(git, pull.headSha, path) },
    mode: { value: (path: string) => modeOf(git, pull.headSha, path) },
  })
}

function getters(fields: Record<string, () => unknown>): PropertyDescriptorMap {
  return Object.fromEntries(Object.entries(fields).map(([name, get]) => [name, { get, enumerable: true }]))
}
