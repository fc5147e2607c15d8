// Reviews: all or nothing, one pending for each user, and 200 where one would expect 201.
import { ApiError, invalid, notFound, unprocessable } from '../errors.ts'
import { anchor, filesAt } from '../model/anchors.ts'
import type { AnchorInput } from '../model/anchors.ts'
import { reviewCommentEvent } from '../model/events.ts'
import type { PullRecord, ReviewRecord } from '../model/records.ts'
import {
  spot,
  addReviewComment,
  checkBody,
  checkNothingPending,
  checkSaysSomething,
  checkUnlocked,
} from '../model/speech.ts'
import { review, reviewComment } from '../shapes/comments.ts'
import { page, pullOf, repositoryOf, text } from '../server/routing.ts'
import type { Answer, Call, Route } from '../server/routing.ts'

const REVIEWS = '/repos/{owner}/{repo}/pulls/{pull_number}/reviews'
export const reviewRoutes: readonly Route[] = [
  { method: 'GET', template: REVIEWS, handle: list },
  { method: 'POST', template: REVIEWS, handle: create },
  { method: 'GET', template: `${REVIEWS}/{review_id}`, handle: get },
  { method: 'DELETE', template: `${REVIEWS}/{review_id}`, handle: removePending },
  { method: 'POST', template: `${REVIEWS}/{review_id}/events`, handle: submit },
  { method: 'GET', template: `${REVIEWS}/{review_id}/comments`, handle: commentsOf },
]

const STATES = { COMMENT: 'COMMENTED', APPROVE: 'APPROVED', REQUEST_CHANGES: 'CHANGES_REQUESTED' } as const

function list(call: Call): Answer {
  const pull = pullOf(repositoryOf(call, ['pull_requests', 'read']), call.params['pull_number'])
  // Nobody sees a pending review of somebody else.
  const visible = pull.reviews.filter((one) => one.state !== 'PENDING' || one.user === call.world.bot)
  const { items, headers } = page(call, visible)
  return { status: 200, body: items.map((one) => review(call.world, one)), headers }
}

async function create(call: Call): Promise<Answer> {
  const { world } = call
  const pull = pullOf(repositoryOf(call, ['pull_requests', 'write']), call.params['pull_number'])
  checkUnlocked(pull)
  const event = text(call, 'event') as keyof typeof STATES | undefined
  const body = text(call, 'body') ?? ''
  checkBody('PullRequestReview', body)
  checkEvent(pull, event, body, world.slug)
  checkNothingPending(pull, world.bot)
  const commit = text(call, 'commit_id') ?? pull.headSha
  const { files, mergeBase } = await filesAt(pull, commit)
  const inputs = (call.body['comments'] ?? []) as (AnchorInput & { body: string })[]
  const anchors = inputs.map((input) => {
    checkSaysSomething('PullRequestReviewComment', input.body)
    checkBody('PullRequestReviewComment', input.body)
    return anchor(files, input)
  })
  const record: ReviewRecord = {
    id: world.id(),
    pull,
    user: world.bot,
    commit,
    state: event === undefined ? 'PENDING' : STATES[event],
    body,
    submittedAt: event === undefined ? null : world.iso(),
    minimized: null,
  }
  pull.reviews.push(record)
  for (const [index, at] of anchors.entries()) {
    const here = spot(at, commit, mergeBase)
    const comment = await addReviewComment(world, record, here, inputs[index]?.body ?? '')
    if (event !== undefined) announce(call, comment)
  }
  return { status: 200, body: review(world, record) }
}

function checkEvent(
  pull: PullRecord,
  event: keyof typeof STATES | undefined,
  body: string,
  slug: string,
): void {
  if (event === undefined) return
  if (event !== 'APPROVE' && body.trim() === '') throw unprocessable("Body can't be blank")
  if (event !== 'COMMENT' && pull.author.login === `${slug}[bot]`) {
    throw unprocessable('Can not review your own pull request')
  }
}

function get(call: Call): Answer {
  const pull = pullOf(repositoryOf(call, ['pull_requests', 'read']), call.params['pull_number'])
  return { status: 200, body: review(call.world, reviewOf(call, pull)) }
}

/** Submitted reviews cannot be deleted. */
function removePending(call: Call): Answer {
  const pull = pullOf(repositoryOf(call, ['pull_requests', 'write']), call.params['pull_number'])
  const record = reviewOf(call, pull)
  if (record.state !== 'PENDING') throw unprocessable('Can not delete a non-pending pull request review')
  pull.reviews.splice(pull.reviews.indexOf(record), 1)
  for (const comment of pull.comments) if (comment.review === record) comment.deleted = true
  return { status: 200, body: review(call.world, record) }
}

function submit(call: Call): Answer {
  const pull = pullOf(repositoryOf(call, ['pull_requests', 'write']), call.params['pull_number'])
  const record = reviewOf(call, pull)
  checkUnlocked(pull)
  if (record.state !== 'PENDING') throw unprocessable('Can not submit a non-pending review')
  const event = text(call, 'event') as keyof typeof STATES | undefined
  const body = text(call, 'body') ?? record.body
  if (event === undefined) throw invalid('PullRequestReview', 'event', 'event is required')
  checkBody('PullRequestReview', body)
  checkEvent(pull, event, body, call.world.slug)
  Object.assign(record, { state: STATES[event], body, submittedAt: call.world.iso() })
  for (const comment of pull.comments) if (comment.review === record) announce(call, comment)
  return { status: 200, body: review(call.world, record) }
}

function commentsOf(call: Call): Answer {
  const pull = pullOf(repositoryOf(call, ['pull_requests', 'read']), call.params['pull_number'])
  const record = reviewOf(call, pull)
  const all = pull.comments.filter((comment) => comment.review === record && !comment.deleted)
  const { items, headers } = page(call, all)
  return { status: 200, body: items.map((comment) => reviewComment(call.world, comment)), headers }
}

function reviewOf(call: Call, pull: PullRecord): ReviewRecord {
  const record = pull.reviews.find((one) => one.id === Number(call.params['review_id']))
  if (record === undefined) throw notFound()
  if (record.state === 'PENDING' && record.user !== call.world.bot) throw new ApiError(404, 'Not Found')
  return record
}

function announce(call: Call, comment: Parameters<typeof reviewCommentEvent>[2]): void {
  const { event, payload } = reviewCommentEvent(call.world, 'created', comment, call.world.bot)
  call.world.hooks.later(event, () => payload)
}
