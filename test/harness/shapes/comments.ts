// How GitHub prints reviews, comments and reactions.
import type { World } from '../model/world.ts'
import type {
  IssueCommentRecord,
  PullRecord,
  ReactionRecord,
  ReviewCommentRecord,
  ReviewRecord,
} from '../model/records.ts'
import { app, association, user } from './people.ts'
import { pullHtmlUrl, pullUrl } from './pulls.ts'
import { repositoryUrl } from './repositories.ts'

type Json = Record<string, unknown>

export function review(world: World, record: ReviewRecord): Json {
  const html = `${pullHtmlUrl(world, record.pull)}#pullrequestreview-${String(record.id)}`
  return {
    id: record.id,
    node_id: `PRR_${String(record.id)}`,
    user: user(world, record.user),
    body: record.body,
    state: record.state,
    html_url: html,
    pull_request_url: pullUrl(world, record.pull),
    author_association: association(record.pull.repo, record.user),
    _links: { html: { href: html }, pull_request: { href: pullUrl(world, record.pull) } },
    ...(record.submittedAt === null ? {} : { submitted_at: record.submittedAt }),
    commit_id: record.commit,
  }
}

export function reviewComment(world: World, record: ReviewCommentRecord): Json {
  const url = `${repositoryUrl(world, record.pull.repo)}/pulls/comments/${String(record.id)}`
  const html = `${pullHtmlUrl(world, record.pull)}#discussion_r${String(record.id)}`
  return {
    url,
    pull_request_review_id: record.review.id,
    id: record.id,
    node_id: `PRRC_${String(record.id)}`,
    diff_hunk: record.hunk,
    path: record.path,
    // Outdated: no position, and the commit it was written on stays.
    commit_id: record.line === null ? record.originalCommit : record.pull.headSha,
    original_commit_id: record.originalCommit,
    user: user(world, record.user),
    body: record.body,
    created_at: record.createdAt,
    updated_at: record.updatedAt,
    html_url: html,
    pull_request_url: pullUrl(world, record.pull),
    author_association: association(record.pull.repo, record.user),
    _links: {
      self: { href: url },
      html: { href: html },
      pull_request: { href: pullUrl(world, record.pull) },
    },
    reactions: rollup(url, record.reactions),
    start_line: record.startLine,
    original_start_line: record.originalStartLine,
    start_side: record.startSide,
    line: record.line,
    original_line: record.originalLine,
    side: record.side,
    position: record.position,
    original_position: record.originalPosition,
    subject_type: record.subject,
    ...(record.replyTo === null ? {} : { in_reply_to_id: record.replyTo.id }),
  }
}

export function issueComment(world: World, record: IssueCommentRecord): Json {
  const repo = repositoryUrl(world, record.pull.repo)
  const url = `${repo}/issues/comments/${String(record.id)}`
  return {
    url,
    html_url: `${pullHtmlUrl(world, record.pull)}#issuecomment-${String(record.id)}`,
    issue_url: `${repo}/issues/${String(record.pull.number)}`,
    id: record.id,
    node_id: `IC_${String(record.id)}`,
    user: user(world, record.user),
    created_at: record.createdAt,
    updated_at: record.updatedAt,
    author_association: association(record.pull.repo, record.user),
    body: record.body,
    reactions: rollup(url, record.reactions),
    performed_via_github_app: record.viaApp ? app(world) : null,
  }
}

/** The issue face of a pull request, as `issue_comment` payloads hold it. */
export function issue(world: World, pull: PullRecord): Json {
  const url = `${repositoryUrl(world, pull.repo)}/issues/${String(pull.number)}`
  const html = pullHtmlUrl(world, pull)
  return {
    url,
    repository_url: repositoryUrl(world, pull.repo),
    labels_url: `${url}/labels{/name}`,
    comments_url: `${url}/comments`,
    events_url: `${url}/events`,
    html_url: html,
    id: pull.id,
    node_id: `PR_${String(pull.id)}`,
    number: pull.number,
    title: pull.title,
    user: user(world, pull.author),
    labels: [],
    state: pull.state,
    locked: pull.locked,
    assignee: null,
    assignees: [],
    milestone: null,
    comments: pull.conversation.length,
    created_at: pull.createdAt,
    updated_at: pull.updatedAt,
    closed_at: pull.closedAt,
    author_association: association(pull.repo, pull.author),
    active_lock_reason: null,
    draft: pull.draft,
    pull_request: {
      url: pullUrl(world, pull),
      html_url: html,
      diff_url: `${html}.diff`,
      patch_url: `${html}.patch`,
      merged_at: pull.mergedAt,
    },
    body: pull.body,
    reactions: rollup(url, []),
    performed_via_github_app: null,
    state_reason: null,
  }
}

export function reaction(world: World, record: ReactionRecord): Json {
  return {
    id: record.id,
    node_id: `REA_${String(record.id)}`,
    user: user(world, record.user),
    content: record.content,
    created_at: record.createdAt,
  }
}

/** What may be said with a reaction. */
export const REACTIONS = ['+1', '-1', 'laugh', 'confused', 'heart', 'hooray', 'rocket', 'eyes'] as const

function rollup(url: string, reactions: readonly ReactionRecord[]): Json {
  const count = (content: string): number => reactions.filter((one) => one.content === content).length
  return {
    url: `${url}/reactions`,
    total_count: reactions.length,
    ...Object.fromEntries(REACTIONS.map((content) => [content, count(content)])),
  }
}
