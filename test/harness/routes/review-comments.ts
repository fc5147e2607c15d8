// Comments on lines of a diff, one at a time, and answers in their threads.
import { forbidden, invalid, notFound } from '../errors.ts'
import { anchor, filesAt } from '../model/anchors.ts'
import type { AnchorInput } from '../model/anchors.ts'
import { reviewCommentEvent } from '../model/events.ts'
import type { PullRecord, RepositoryRecord, ReviewCommentRecord } from '../model/records.ts'
import { addReviewComment, checkBody, checkNothingPending, checkSaysSomething } from '../model/speech.ts'
import { addCarrier, checkUnlocked, rootOf, spot } from '../model/speech.ts'
import { reviewComment } from '../shapes/comments.ts'
import { page, pullOf, repositoryOf, text } from '../server/routing.ts'
import type { Answer, Call, Route } from '../server/routing.ts'

const PULLS = '/repos/{owner}/{repo}/pulls'
export const reviewCommentRoutes: readonly Route[] = [
  { method: 'GET', template: `${PULLS}/{pull_number}/comments`, handle: list },
  { method: 'POST', template: `${PULLS}/{pull_number}/comments`, handle: create },
  { method: 'POST', template: `${PULLS}/{pull_number}/comments/{comment_id}/replies`, handle: reply },
  { method: 'GET', template: `${PULLS}/comments/{comment_id}`, handle: get },
  { method: 'PATCH', template: `${PULLS}/comments/{comment_id}`, handle: update },
  { method: 'DELETE', template: `${PULLS}/comments/{comment_id}`, handle: remove },
]

/** A review comment of the repository by its id. */
export function reviewCommentOf(repo: RepositoryRecord, id: string | undefined): ReviewCommentRecord {
  const all = [...repo.pulls.values()].flatMap((pull) => pull.comments)
  const found = all.find((comment) => comment.id === Number(id) && !comment.deleted)
  if (found === undefined) throw notFound()
  return found
}

function list(call: Call): Answer {
  const pull = pullOf(repositoryOf(call, ['pull_requests', 'read']), call.params['pull_number'])
  const submitted = pull.comments.filter((comment) => !comment.deleted && comment.review.state !== 'PENDING')
  const { items, headers } = page(call, submitted)
  return { status: 200, body: items.map((comment) => reviewComment(call.world, comment)), headers }
}

async function create(call: Call): Promise<Answer> {
  const { world, body } = call
  const repo = repositoryOf(call, ['pull_requests', 'write'])
  const pull = pullOf(repo, call.params['pull_number'])
  if (typeof body['in_reply_to'] === 'number') {
    return answer(call, pull, reviewCommentOf(repo, String(body['in_reply_to'])))
  }
  checkSpeech(call, pull)
  const commit = text(call, 'commit_id') ?? ''
  const { files, mergeBase } = await filesAt(pull, commit)
  const path = text(call, 'path') ?? ''
  const onFile = text(call, 'subject_type') === 'file'
  if (onFile && !files.some((file) => file.path === path)) {
    throw invalid('PullRequestReviewComment', 'path', 'path is invalid')
  }
  const at = onFile ? { path } : anchor(files, body as AnchorInput)
  const carrier = addCarrier(world, pull, world.bot, commit)
  const comment = await addReviewComment(
    world,
    carrier,
    spot(at, commit, mergeBase),
    text(call, 'body') ?? '',
  )
  return created(call, comment)
}

async function reply(call: Call): Promise<Answer> {
  const repo = repositoryOf(call, ['pull_requests', 'write'])
  const pull = pullOf(repo, call.params['pull_number'])
  return answer(call, pull, reviewCommentOf(repo, call.params['comment_id']))
}

async function answer(call: Call, pull: PullRecord, to: ReviewCommentRecord): Promise<Answer> {
  if (to.pull !== pull) throw notFound()
  checkSpeech(call, pull)
  const root = rootOf(to)
  const carrier = addCarrier(call.world, pull, call.world.bot, root.originalCommit)
  const comment = await addReviewComment(call.world, carrier, root, text(call, 'body') ?? '', root)
  return created(call, comment)
}

function get(call: Call): Answer {
  const repo = repositoryOf(call, ['pull_requests', 'read'])
  return { status: 200, body: reviewComment(call.world, reviewCommentOf(repo, call.params['comment_id'])) }
}

function update(call: Call): Answer {
  const comment = own(call)
  const body = text(call, 'body') ?? ''
  checkSaysSomething('PullRequestReviewComment', body)
  checkBody('PullRequestReviewComment', body)
  Object.assign(comment, { body, updatedAt: call.world.iso() })
  return { status: 200, body: reviewComment(call.world, comment) }
}

function remove(call: Call): Answer {
  own(call).deleted = true
  return { status: 204 }
}

/** An app edits and deletes what it wrote itself; with write permission GitHub would allow more, we never need it. */
function own(call: Call): ReviewCommentRecord {
  const comment = reviewCommentOf(repositoryOf(call, ['pull_requests', 'write']), call.params['comment_id'])
  if (comment.user !== call.world.bot) throw forbidden()
  return comment
}

function checkSpeech(call: Call, pull: PullRecord): void {
  checkUnlocked(pull)
  checkSaysSomething('PullRequestReviewComment', text(call, 'body') ?? '')
  checkBody('PullRequestReviewComment', text(call, 'body') ?? '')
  checkNothingPending(pull, call.world.bot)
}

function created(call: Call, comment: ReviewCommentRecord): Answer {
  const { event, payload } = reviewCommentEvent(call.world, 'created', comment, call.world.bot)
  call.world.hooks.later(event, () => payload)
  return { status: 201, body: reviewComment(call.world, comment) }
}
