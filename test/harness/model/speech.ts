// Saying something on a pull request: the limits that every kind of comment shares, and adding it to the record.
import { ApiError, invalid, unprocessable } from '../errors.ts'
import type { World } from './world.ts'
import type { Account, IssueCommentRecord, PullRecord, ReactionRecord } from './records.ts'
import type { ReviewCommentRecord, ReviewRecord } from './records.ts'
import type { Anchor } from './anchors.ts'
import { settle } from './pulls.ts'

/** "Body is too long (maximum is 65536 characters)": not in the OpenAPI description. */
const MAX_BODY = 65_536

export function checkBody(resource: string, body: string): void {
  if ([...body].length > MAX_BODY) {
    throw invalid(resource, 'body', `body is too long (maximum is ${String(MAX_BODY)} characters)`)
  }
}

/** GitHub refuses an empty comment; blank counts as empty. */
export function checkSaysSomething(resource: string, body: string): void {
  if (body.trim() === '') throw invalid(resource, 'body', "body can't be blank")
}

export function checkUnlocked(pull: PullRecord): void {
  if (pull.locked) throw new ApiError(403, 'Unable to create comment because issue is locked.')
}

/** One pending review for each user and pull request. */
export function checkNothingPending(pull: PullRecord, user: Account): void {
  if (pull.reviews.some((review) => review.user === user && review.state === 'PENDING')) {
    throw unprocessable('User can only have one pending review per pull request')
  }
}

export function addIssueComment(
  world: World,
  pull: PullRecord,
  user: Account,
  body: string,
): IssueCommentRecord {
  const at = world.iso()
  const record: IssueCommentRecord = {
    id: world.id(),
    pull,
    user,
    viaApp: user === world.bot,
    createdAt: at,
    updatedAt: at,
    reactions: [],
    body,
    edited: false,
    minimized: null,
  }
  pull.conversation.push(record)
  pull.updatedAt = at
  return record
}

export async function addReviewComment(
  world: World,
  review: ReviewRecord,
  place: Anchor | { readonly path: string } | ReviewCommentRecord,
  input: { readonly body: string; readonly mergeBase: string; readonly replyTo?: ReviewCommentRecord },
): Promise<ReviewCommentRecord> {
  const at = world.iso()
  const anchor = 'hunk' in place && 'position' in place && !('review' in place) ? place : null
  const record: ReviewCommentRecord = {
    id: world.id(),
    pull: review.pull,
    review,
    user: review.user,
    path: place.path,
    side: anchor?.side ?? input.replyTo?.side ?? 'RIGHT',
    startSide: anchor?.startSide ?? input.replyTo?.startSide ?? null,
    originalCommit: input.replyTo?.originalCommit ?? review.commit,
    originalMergeBase: input.replyTo?.originalMergeBase ?? input.mergeBase,
    originalLine: anchor?.line ?? input.replyTo?.originalLine ?? null,
    originalStartLine: anchor?.startLine ?? input.replyTo?.originalStartLine ?? null,
    originalPosition: anchor?.position ?? input.replyTo?.originalPosition ?? null,
    hunk: anchor?.hunk ?? input.replyTo?.hunk ?? '',
    subject: anchor === null && input.replyTo === undefined ? 'file' : (input.replyTo?.subject ?? 'line'),
    replyTo: input.replyTo ?? null,
    createdAt: at,
    updatedAt: at,
    reactions: [],
    body: input.body,
    line: null,
    startLine: null,
    position: null,
    resolved: false,
    minimized: null,
    deleted: false,
  }
  await settle(record)
  review.pull.comments.push(record)
  review.pull.updatedAt = at
  return record
}

/** The first comment of a thread. */
export function rootOf(comment: ReviewCommentRecord): ReviewCommentRecord {
  return comment.replyTo === null ? comment : rootOf(comment.replyTo)
}

/** Adds a reaction; `fresh` is false when the user has given it already. */
export function react(
  world: World,
  reactions: ReactionRecord[],
  user: Account,
  content: string,
): { record: ReactionRecord; fresh: boolean } {
  const known = reactions.find((one) => one.user === user && one.content === content)
  if (known !== undefined) return { record: known, fresh: false }
  const record = { id: world.id(), user, content, createdAt: world.iso() }
  reactions.push(record)
  return { record, fresh: true }
}
