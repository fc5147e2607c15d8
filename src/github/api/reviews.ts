// Reviews: saying something once, on lines of the diff.
import { ONCE, ask, where } from './client.ts'
import type { Client } from './client.ts'

/** Lines of the head, from 1, on the right side of the three-dot diff; both in one hunk. */
export interface NewComment {
  readonly path: string
  /** The first of several lines; null for one line. */
  readonly startLine: number | null
  readonly line: number
  readonly body: string
}

export interface NewReview {
  readonly commit: string
  readonly body: string
  readonly comments: readonly NewComment[]
  /** Not submitted, it is seen by nobody else, and can be deleted. */
  readonly submit: boolean
}

/** One review of kind COMMENT, all or nothing; answers with its number. */
export async function createReview(client: Client, number: number, review: NewReview): Promise<number> {
  const { data } = await ask(`take a review of pull request ${String(number)}`, () =>
    client.octokit.rest.pulls.createReview({
      ...where(client),
      ...ONCE,
      pull_number: number,
      commit_id: review.commit,
      ...(review.submit ? { event: 'COMMENT' as const } : {}),
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
  return data.id
}

/** Deletes a review of ours that was begun and never submitted: it would block every other. */
export async function deletePendingReview(client: Client, number: number, id: number): Promise<void> {
  await ask(`delete pending review ${String(id)}`, () =>
    client.octokit.rest.pulls.deletePendingReview({ ...where(client), pull_number: number, review_id: id }),
  )
}
