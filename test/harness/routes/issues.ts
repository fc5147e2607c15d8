// The conversation of a pull request, which to GitHub is an issue, and reactions to everything said.
import { forbidden, invalid, notFound } from '../errors.ts'
import { issueCommentEvent } from '../model/events.ts'
import type { IssueCommentRecord, ReactionRecord, RepositoryRecord } from '../model/records.ts'
import { addIssueComment, checkBody, checkSaysSomething, checkUnlocked, react } from '../model/speech.ts'
import { REACTIONS, issueComment, reaction } from '../shapes/comments.ts'
import { needOne, page, pullOf, repositoryOf, text } from '../server/routing.ts'
import type { Answer, Call, Route } from '../server/routing.ts'
import { reviewCommentOf } from './review-comments.ts'

const REPO = '/repos/{owner}/{repo}'
const COMMENT = `${REPO}/issues/comments/{comment_id}`
const REVIEW_COMMENT = `${REPO}/pulls/comments/{comment_id}`
export const issueRoutes: readonly Route[] = [
  { method: 'GET', template: `${REPO}/issues/{issue_number}/comments`, handle: list },
  { method: 'POST', template: `${REPO}/issues/{issue_number}/comments`, handle: create },
  { method: 'GET', template: COMMENT, handle: get },
  { method: 'PATCH', template: COMMENT, handle: update },
  { method: 'DELETE', template: COMMENT, handle: remove },
  {
    method: 'GET',
    template: `${COMMENT}/reactions`,
    handle: (call) => listReactions(call, issueReactions(call, 'read')),
  },
  {
    method: 'POST',
    template: `${COMMENT}/reactions`,
    handle: (call) => addReaction(call, issueReactions(call, 'write')),
  },
  {
    method: 'DELETE',
    template: `${COMMENT}/reactions/{reaction_id}`,
    handle: (call) => removeReaction(call, issueReactions(call, 'write')),
  },
  {
    method: 'GET',
    template: `${REVIEW_COMMENT}/reactions`,
    handle: (call) => listReactions(call, reviewReactions(call, 'read')),
  },
  {
    method: 'POST',
    template: `${REVIEW_COMMENT}/reactions`,
    handle: (call) => addReaction(call, reviewReactions(call, 'write')),
  },
  {
    method: 'DELETE',
    template: `${REVIEW_COMMENT}/reactions/{reaction_id}`,
    handle: (call) => removeReaction(call, reviewReactions(call, 'write')),
  },
]

function list(call: Call): Answer {
  const repo = repositoryOf(call)
  needOne(call, ['issues', 'read'], ['pull_requests', 'read'])
  const pull = pullOf(repo, call.params['issue_number'])
  const since = call.query.get('since')
  const found = pull.conversation.filter((comment) => since === null || comment.updatedAt >= since)
  const { items, headers } = page(call, found)
  return { status: 200, body: items.map((comment) => issueComment(call.world, comment)), headers }
}

/** In practice both permissions are needed (github/rest-api-description#6994). */
function create(call: Call): Answer {
  const { world } = call
  const repo = repositoryOf(call, ['issues', 'write'], ['pull_requests', 'write'])
  const pull = pullOf(repo, call.params['issue_number'])
  const body = text(call, 'body') ?? ''
  checkUnlocked(pull)
  checkSaysSomething('IssueComment', body)
  checkBody('IssueComment', body)
  const comment = addIssueComment(world, pull, world.bot, body)
  const { event, payload } = issueCommentEvent(world, 'created', comment, world.bot)
  world.hooks.later(event, () => payload)
  return { status: 201, body: issueComment(world, comment) }
}

function get(call: Call): Answer {
  const repo = repositoryOf(call)
  needOne(call, ['issues', 'read'], ['pull_requests', 'read'])
  return { status: 200, body: issueComment(call.world, commentOf(repo, call)) }
}

function update(call: Call): Answer {
  const comment = own(call)
  const body = text(call, 'body') ?? ''
  checkSaysSomething('IssueComment', body)
  checkBody('IssueComment', body)
  const changes = { body: { from: comment.body } }
  Object.assign(comment, { body, updatedAt: call.world.iso(), edited: true })
  const { event, payload } = issueCommentEvent(call.world, 'edited', comment, call.world.bot, { changes })
  call.world.hooks.later(event, () => payload)
  return { status: 200, body: issueComment(call.world, comment) }
}

function remove(call: Call): Answer {
  const comment = own(call)
  comment.pull.conversation.splice(comment.pull.conversation.indexOf(comment), 1)
  return { status: 204 }
}

function commentOf(repo: RepositoryRecord, call: Call): IssueCommentRecord {
  const all = [...repo.pulls.values()].flatMap((pull) => pull.conversation)
  const found = all.find((comment) => comment.id === Number(call.params['comment_id']))
  if (found === undefined) throw notFound()
  return found
}

/** Words of other people are not ours to edit or delete; GitHub might let us, a story should not. */
function own(call: Call): IssueCommentRecord {
  const comment = commentOf(repositoryOf(call, ['issues', 'write']), call)
  if (comment.user !== call.world.bot) throw forbidden()
  return comment
}

function issueReactions(call: Call, level: 'read' | 'write'): ReactionRecord[] {
  const comment = commentOf(repositoryOf(call, ['issues', level]), call)
  if (level === 'write') checkUnlocked(comment.pull)
  return comment.reactions
}

function reviewReactions(call: Call, level: 'read' | 'write'): ReactionRecord[] {
  const comment = reviewCommentOf(repositoryOf(call, ['pull_requests', level]), call.params['comment_id'])
  if (level === 'write') checkUnlocked(comment.pull)
  return comment.reactions
}

function listReactions(call: Call, reactions: readonly ReactionRecord[]): Answer {
  const wanted = call.query.get('content')
  const { items, headers } = page(
    call,
    reactions.filter((one) => wanted === null || one.content === wanted),
  )
  return { status: 200, body: items.map((one) => reaction(call.world, one)), headers }
}

/** 201 when new, 200 when the app had reacted so before: a lock for free. */
function addReaction(call: Call, reactions: ReactionRecord[]): Answer {
  const content = text(call, 'content') ?? ''
  if (!REACTIONS.some((one) => one === content))
    throw invalid('Reaction', 'content', 'content is not included')
  const { record, fresh } = react(call.world, reactions, call.world.bot, content)
  return { status: fresh ? 201 : 200, body: reaction(call.world, record) }
}

function removeReaction(call: Call, reactions: ReactionRecord[]): Answer {
  const index = reactions.findIndex((one) => one.id === Number(call.params['reaction_id']))
  const found = reactions[index]
  if (found === undefined) throw notFound()
  if (found.user !== call.world.bot) throw forbidden()
  reactions.splice(index, 1)
  return { status: 204 }
}
