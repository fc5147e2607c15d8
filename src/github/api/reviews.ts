// Reviews and their comments: reading what is there, saying something once.
import { ONCE, ask, where } from './client.ts'
import type { Client } from './client.ts'

export interface ReviewComment {
  readonly author: string
  readonly body: string
  readonly outdated: boolean
}

export interface Review {
  readonly id: number
  readonly author: string
  readonly pending: boolean
  readonly commit: string | null
  readonly body: string
}

/** Lines of the head, from 1, on the right side of the three-dot diff; both in one hunk. */
export interface NewComment {
  readonly path: string
  /** The first of several lines; null for one line. */
  readonly startLine: number | null
  readonly line: number
  readonly body: string
}

export async function listReviewComments(client: Client, number: number): Promise<readonly ReviewComment[]> {
  const data = await ask(`list the review comments of pull request ${String(number)}`, () =>
    client.octokit.paginate(client.octokit.rest.pulls.listReviewComments, {
      ...where(client),
      pull_number: number,
      per_page: 100,
    }),
  )
  // The schema leaves it out, but a comment whose line is gone has `line: null`.
  return data.map(({ user, body, line }) => ({ author: author(user), body, outdated: line == null }))
}

export async function listReviews(client: Client, number: number): Promise<readonly Review[]> {
  const data = await ask(`list the reviews of pull request ${String(number)}`, () =>
    client.octokit.paginate(client.octokit.rest.pulls.listReviews, {
      ...where(client),
      pull_number: number,
      per_page: 100,
    }),
  )
  return data.map(({ id, user, state, commit_id, body }) => ({
    id,
    author: author(user),
    pending: state === 'PENDING',
    commit: commit_id,
    body,
  }))
}

/** One review of kind COMMENT, all or nothing. */
export async function createReview(
  client: Client,
  number: number,
  review: { readonly commit: string; readonly body: string; readonly comments: readonly NewComment[] },
): Promise<void> {
  await ask(`take a review of pull request ${String(number)}`, () =>
    client.octokit.rest.pulls.createReview({
      ...where(client),
      ...ONCE,
      pull_number: number,
      commit_id: review.commit,
      event: 'COMMENT',
      body: review.body,
      comments: review.comments.map(({ path, startLine, line, body }) => ({
        path,
        body,
        line,
        side: 'RIGHT',
        ...(startLine === null ? {} : { start_line: startLine, start_side: 'RIGHT' }),
      })),
    }),
  )
}

/** Deletes a review of ours that was begun and never submitted: it would block every other. */
export async function deletePendingReview(client: Client, number: number, id: number): Promise<void> {
  await ask(`delete pending review ${String(id)}`, () =>
    client.octokit.rest.pulls.deletePendingReview({ ...where(client), pull_number: number, review_id: id }),
  )
}

/** The account of somebody who is gone is null. */
function author(user: { readonly login: string } | null): string {
  return user?.login ?? 'ghost'
}
