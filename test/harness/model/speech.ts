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

/** What a review comment remembers of the place it was written at; an answer shares that of its thread. */
export type Spot = Pick<
  ReviewCommentRecord,
  | 'path'
  | 'side'
  | 'startSide'
  | 'originalCommit'
  | 'originalMergeBase'
  | 'originalLine'
  | 'originalStartLine'
  | 'originalPosition'
  | 'hunk'
  | 'subject'
>

/** The spot of an anchor in the diff of a commit; a path alone is a comment on the file. */
export function spot(at: Anchor | { readonly path: string }, commit: string, mergeBase: string): Spot {
  const anchor = 'hunk' in at ? at : null
  return {
    path: at.path,
    side: anchor?.side ?? 'RIGHT',
    startSide: anchor?.startSide ?? null,
    originalCommit: commit,
    originalMergeBase: mergeBase,
    originalLine: anchor?.line ?? null,
    originalStartLine: anchor?.startLine ?? null,
    originalPosition: anchor?.position ?? null,
    hunk: anchor?.hunk ?? '',
    subject: anchor === null ? 'file' : 'line',
  }
}

export async function addReviewComment(
  world: World,
  review: ReviewRecord,
  { path, side, startSide, originalCommit, originalMergeBase, ...rest }: Spot,
  body: string,
  replyTo: ReviewCommentRecord | null = null,
): Promise<ReviewCommentRecord> {
  const at = world.iso()
  const record: ReviewCommentRecord = {
    id: world.id(),
    pull: review.pull,
    review,
    user: review.user,
    path,
    side,
    startSide,
    originalCommit,
    originalMergeBase,
    originalLine: rest.originalLine,
    originalStartLine: rest.originalStartLine,
    originalPosition: rest.originalPosition,
    hunk: rest.hunk,
    subject: rest.subject,
    replyTo,
    createdAt: at,
    updatedAt: at,
    reactions: [],
    body,
    line: null,
    startLine: null,
    position: null,
    resolvedBy: null,
    minimized: null,
    deleted: false,
  }
  await settle(record)
  review.pull.comments.push(record)
  review.pull.updatedAt = at
  return record
}

/** A review that carries a single comment and says nothing itself: GitHub makes one for each. */
export function addCarrier(world: World, pull: PullRecord, user: Account, commit: string): ReviewRecord {
  const id = world.id()
  const submittedAt = world.iso()
  const review: ReviewRecord = {
    id,
    pull,
    user,
    commit,
    state: 'COMMENTED',
    body: '',
    submittedAt,
    minimized: null,
  }
  pull.reviews.push(review)
  return review
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
