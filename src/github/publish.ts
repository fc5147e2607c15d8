// Speaking on the diff: at most one review for each head, only what is not said yet, and never a failure of the
// check because GitHub did not like an anchor.
import type { Report, ReportFinding } from '../examine/report.ts'
import { inlineComment, markersIn, reviewBody } from '../words/github/comment.ts'
import { isRefusal } from './api/client.ts'
import type { Client } from './api/client.ts'
import { listFiles } from './api/pulls.ts'
import type { Pull } from './api/pulls.ts'
import { createReview, deletePendingReview, listReviewComments, listReviews } from './api/reviews.ts'
import type { NewComment, Review } from './api/reviews.ts'
import { parseHunks } from './hunks.ts'
import { anchorPaths, placeComments } from './placing.ts'
import type { Ground } from './placing.ts'

/** Texts of the merge and of the head for these paths, as far as they exist. */
export type TextReader = (paths: ReadonlySet<string>) => Promise<Pick<Ground, 'judged' | 'head'>>

export interface Published {
  /** Findings that belong on the diff and are on no line of it. */
  readonly unplaced: number
  readonly refused: boolean
}

const NOTHING: Published = { unplaced: 0, refused: false }

/** What is worth a comment: introduced errors and warnings that nobody has waived. */
export function worthSaying({ findings }: Report): readonly ReportFinding[] {
  return findings.filter(
    ({ change, severity, waived }) => change === 'introduced' && severity !== 'note' && waived === null,
  )
}

/** Posts what is new in a report. `botLogin` tells our own words from those of others. */
export async function publishReview(
  client: Client,
  pull: Pull,
  botLogin: string,
  report: Report,
  readTexts: TextReader,
): Promise<Published> {
  const worth = worthSaying(report)
  if (worth.length === 0) return NOTHING
  const reviews = (await listReviews(client, pull.number)).filter(({ author }) => author === botLogin)
  // One that a crash left unsubmitted would block every review to come.
  for (const { id, pending } of reviews) if (pending) await deletePendingReview(client, pull.number, id)
  if (reviews.some(({ pending, commit }) => !pending && commit === pull.headSha)) return NOTHING
  const said = await fingerprintsSaid(client, pull.number, botLogin, reviews)
  const fresh = worth.filter(({ fingerprint }) => !said.has(fingerprint))
  if (fresh.length === 0) return NOTHING

  const paths = anchorPaths(fresh)
  const [files, texts] = await Promise.all([listFiles(client, pull.number, paths), readTexts(paths)])
  const hunks = new Map(files.map(({ path, patch }) => [path, parseHunks(patch ?? '')]))
  const { comments, unplaced } = placeComments(fresh, report, { ...texts, hunks })
  if (comments.length === 0) return { unplaced: unplaced.length, refused: false }
  const placed = fresh.filter((finding) => !unplaced.includes(finding))
  const posted = await post(client, pull, botLogin, {
    body: reviewBody(report, placed, true),
    bodyAlone: reviewBody(report, placed, false),
    comments: comments.map(({ path, startLine, line, findings, offer }) => ({
      path,
      startLine,
      line,
      body: inlineComment(findings, offer),
    })),
  })
  return { unplaced: unplaced.length, refused: !posted }
}

interface Speech {
  readonly body: string
  /** For a review without comments: the findings are in it. */
  readonly bodyAlone: string
  readonly comments: readonly NewComment[]
}

/** False when GitHub takes it in no form; the summary of the check has it all the same. */
async function post(
  client: Client,
  pull: Pull,
  botLogin: string,
  { body, bodyAlone, comments }: Speech,
): Promise<boolean> {
  const attempts = [
    { commit: pull.headSha, body, comments },
    { commit: pull.headSha, body: bodyAlone, comments: [] },
  ]
  for (const review of attempts) {
    try {
      await createReview(client, pull.number, review)
      return true
    } catch (error) {
      if (!isRefusal(error, 'unprocessable', 'unavailable', 'forbidden', 'limited')) throw error
      if (error.kind === 'forbidden' || error.kind === 'limited') return false
      // No answer does not mean no review.
      if (error.kind === 'unavailable' && (await hasReview(client, pull, botLogin))) return true
    }
  }
  return false
}

async function hasReview(client: Client, pull: Pull, botLogin: string): Promise<boolean> {
  const reviews = await listReviews(client, pull.number)
  return reviews.some(
    ({ author, commit, pending }) => author === botLogin && commit === pull.headSha && !pending,
  )
}

/**
 * Fingerprints in comments of ours that still stand on a line, an outdated one having lost its place; and in reviews
 * of ours that had to say them without a line.
 */
async function fingerprintsSaid(
  client: Client,
  number: number,
  botLogin: string,
  reviews: readonly Review[],
): Promise<ReadonlySet<string>> {
  const comments = await listReviewComments(client, number)
  const standing = comments.filter(({ author, outdated }) => author === botLogin && !outdated)
  return new Set([...standing, ...reviews].flatMap(({ body }) => markersIn(body)))
}
