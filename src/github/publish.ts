// Speaking on the diff: one review with what is not said yet, what no longer holds put away, and never a failure of
// the check because GitHub did not like an anchor.
import type { Report, ReportFinding } from '../examine/report.ts'
import { inlineComment, reviewBody } from '../words/github/comment.ts'
import { ApiError } from './api/client.ts'
import type { Client } from './api/client.ts'
import { listFiles } from './api/pulls.ts'
import type { Pull } from './api/pulls.ts'
import { deletePendingReview } from './api/reviews.ts'
import type { Speech } from './api/speech.ts'
import { parseHunks } from './hunks.ts'
import { anchorPaths, placeComments } from './placing.ts'
import type { Ground, PlacedComment } from './placing.ts'
import { postReview } from './post.ts'
import type { Patience, Wording } from './post.ts'
import { saidIn, tidy, tidying } from './tidy.ts'

export interface Published {
  /** Findings that belong on the diff and are on no line of it. */
  readonly unplaced: number
  readonly refused: boolean
  /** Why what no longer holds was left where it is; null where nothing kept it. */
  readonly untidied: ApiError | null
}

/** What is worth a comment: introduced errors and warnings that nobody has waived. */
export function worthSaying({ findings }: Report): readonly ReportFinding[] {
  return findings.filter(
    ({ change, severity, waived }) => change === 'introduced' && severity !== 'note' && waived === null,
  )
}

/**
 * Brings the diff to where one run on this head alone would leave it.
 * @param speech what stands there; `botLogin` tells our own words from those of others
 * @param texts of the merge and of the head, for the files that the report points into
 */
export async function publishReview(
  client: Client,
  pull: Pull,
  botLogin: string,
  speech: Speech,
  report: Report,
  texts: Pick<Ground, 'judged' | 'head'>,
  patience: Patience,
): Promise<Published> {
  const worth = worthSaying(report)
  // One that a crash left unsubmitted would block every review to come.
  for (const { number, pending, author } of speech.reviews)
    if (pending && author === botLogin) await deletePendingReview(client, pull.number, number)

  const ground = await groundFor(client, pull, worth, texts)
  // Which twenty lines are spoken on is a matter of the head, not of what was said before.
  const { unplaced } = placeComments(worth, report, ground)
  const said = saidIn(speech, botLogin)
  const fresh = worth.filter((one) => !unplaced.includes(one) && !said.has(one.fingerprint))
  const posted = fresh.length === 0 ? [] : await post(client, pull, botLogin, report, fresh, ground, patience)
  const untidied = await tidyUp(client, botLogin, speech, report, posted ?? [], patience)
  return { unplaced: unplaced.length, refused: posted === null, untidied }
}

async function groundFor(
  client: Client,
  pull: Pull,
  worth: readonly ReportFinding[],
  texts: Pick<Ground, 'judged' | 'head'>,
): Promise<Ground> {
  const files = worth.length === 0 ? [] : await listFiles(client, pull.number, anchorPaths(worth))
  return { ...texts, hunks: new Map(files.map(({ path, patch }) => [path, parseHunks(patch ?? '')])) }
}

/** The findings that are said now; null where GitHub takes the review in no form. */
async function post(
  client: Client,
  pull: Pull,
  botLogin: string,
  report: Report,
  fresh: readonly ReportFinding[],
  ground: Ground,
  patience: Patience,
): Promise<readonly ReportFinding[] | null> {
  const { comments } = placeComments(fresh, report, ground)
  const findingsOf = (some: readonly PlacedComment[]): readonly ReportFinding[] =>
    some.flatMap(({ findings }) => findings)
  const wording: Wording = {
    commentOf: ({ path, startLine, line, findings, offer }) => ({
      path,
      startLine,
      line,
      body: inlineComment(findings, offer, client),
    }),
    bodyFor: (refused) => reviewBody(report, findingsOf(comments), findingsOf(refused), client),
  }
  const posted = await postReview(client, pull, botLogin, comments, wording, patience)
  return posted ? fresh : null
}

/** What can hide a finding leaves its thread open. Nothing here is worth a red check. */
async function tidyUp(
  client: Client,
  botLogin: string,
  speech: Speech,
  report: Report,
  posted: readonly ReportFinding[],
  patience: Patience,
): Promise<ApiError | null> {
  if (report.problems.some(({ relevant }) => relevant)) return null
  const marks = (findings: readonly ReportFinding[]): ReadonlySet<string> =>
    new Set(findings.map(({ fingerprint }) => fingerprint))
  try {
    const stale = tidying(speech, botLogin, marks(worthSaying(report)), marks(posted))
    await patience(() => tidy(client, stale))
    return null
  } catch (error) {
    if (error instanceof ApiError) return error
    throw error
  }
}
