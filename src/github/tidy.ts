// Putting away what we said on the diff and what no longer holds. A thread in which a person answered is theirs, one
// that a person closed stays closed, and one that we closed opens again when its finding is back.
import { markersIn } from '../words/github/comment.ts'
import type { Client } from './api/client.ts'
import { hide, putAway, takeUp } from './api/speech.ts'
import type { Review, Speech, Thread } from './api/speech.ts'

export interface Tidying {
  readonly away: readonly Thread[]
  readonly up: readonly Thread[]
  readonly hide: readonly Review[]
}

/** Fingerprints that a reader finds said on a line, or in a review that had to say them without one. */
export function saidIn(speech: Speech, botLogin: string): ReadonlySet<string> {
  const { threads, reviews } = ours(speech, botLogin)
  return new Set([
    ...threads.filter(({ outdated }) => !outdated).flatMap(({ body }) => markersIn(body)),
    ...reviews.filter(({ hidden }) => !hidden).flatMap(({ body }) => markersIn(body)),
  ])
}

/**
 * What is to be put away and taken up.
 * @param live fingerprints of what is true of the head and worth a comment
 * @param posted those that a comment was just written for
 */
export function tidying(
  speech: Speech,
  botLogin: string,
  live: ReadonlySet<string>,
  posted: ReadonlySet<string>,
): Tidying {
  const { threads, reviews } = ours(speech, botLogin)
  const elsewhere = new Set([...saidIn(speech, botLogin), ...posted])
  const isStale = ({ body, outdated }: Thread): boolean => {
    const holding = markersIn(body).filter((mark) => live.has(mark))
    return outdated ? holding.every((mark) => elsewhere.has(mark)) : holding.length === 0
  }
  const bySomebody = ({ resolvedBy }: Thread): boolean =>
    resolvedBy !== null &&
    `${resolvedBy.replace(/\[bot\]$/, '')}[bot]` !== botLogin &&
    resolvedBy !== botLogin
  return {
    away: threads.filter(
      (thread) =>
        isStale(thread) &&
        !thread.resolved &&
        !thread.hidden &&
        thread.answers.every((login) => login === botLogin),
    ),
    up: threads.filter(
      (thread) => thread.resolved && !thread.outdated && !isStale(thread) && !bySomebody(thread),
    ),
    hide: reviews.filter(({ body, hidden }) => !hidden && markersIn(body).every((mark) => !live.has(mark))),
  }
}

/** @throws ApiError */
export async function tidy(client: Client, { away, up, hide: hidden }: Tidying): Promise<void> {
  for (const thread of up) await takeUp(client, thread)
  for (const thread of away) await putAway(client, thread)
  for (const { id } of hidden) await hide(client, id)
}

/** What this app wrote and marked. Somebody else's text is not looked into, whatever stands in it. */
function ours({ threads, reviews }: Speech, botLogin: string): Pick<Speech, 'threads' | 'reviews'> {
  const isOurs = ({ author, body }: { author: string; body: string }): boolean =>
    author === botLogin && markersIn(body).length > 0
  return { threads: threads.filter(isOurs), reviews: reviews.filter((one) => !one.pending && isOurs(one)) }
}
