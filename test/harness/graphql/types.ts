// The object types that queries and mutations hand out (docs: GraphQL reference), as far as an app reads them.
import type { IssueCommentRecord, PullRecord, ReactionRecord } from '../model/records.ts'
import type { ReviewCommentRecord, ReviewRecord } from '../model/records.ts'
import { pullHtmlUrl } from '../shapes/pulls.ts'
import { account, actor } from './accounts.ts'
import { commit } from './checks.ts'
import { PAGE, connection } from './connection.ts'
import type { Type } from './execute.ts'
import { field } from './fields.ts'
import { ref } from './refs.ts'
import type { Viewer } from './viewer.ts'

export type Minimizable = IssueCommentRecord | ReviewCommentRecord | ReviewRecord

export function pullRequest(viewer: Viewer, pull: PullRecord): Type {
  return {
    __typename: 'PullRequest',
    id: `PR_${String(pull.id)}`,
    databaseId: pull.id,
    number: pull.number,
    title: pull.title,
    state: stateOf(pull),
    isDraft: pull.draft,
    locked: pull.locked,
    headRefName: pull.headRef,
    headRefOid: pull.headSha,
    baseRefName: pull.baseRef,
    baseRefOid: pull.baseSha,
    url: pullHtmlUrl(viewer.world, pull),
    author: () => actor(pull.author),
    // Null once the branch is gone.
    baseRef: () => ref(viewer, pull.repo, pull.baseRef),
    reviewThreads: field(PAGE, (args) => connection('PullRequestReviewThread', threads(viewer, pull), args)),
    commits: field(PAGE, (args) =>
      connection(
        'PullRequestCommit',
        pull.commits.map((oid) => ({
          __typename: 'PullRequestCommit',
          id: `PRC_${String(pull.id)}_${oid}`,
          commit: () => commit(viewer, pull.repo, oid),
        })),
        args,
      ),
    ),
    comments: field(PAGE, (args) =>
      connection(
        'IssueComment',
        pull.conversation.map((one) => comment(viewer, one)),
        args,
      ),
    ),
    reviews: field(PAGE, (args) =>
      connection(
        'PullRequestReview',
        pull.reviews.map((one) => review(viewer, one)),
        args,
      ),
    ),
  }
}

export function stateOf(pull: PullRecord): string {
  return pull.mergedAt === null ? pull.state.toUpperCase() : 'MERGED'
}

export function thread(viewer: Viewer, root: ReviewCommentRecord): Type {
  const inside = root.pull.comments.filter((one) => !one.deleted && (one === root || one.replyTo === root))
  return {
    __typename: 'PullRequestReviewThread',
    id: `PRRT_${String(root.id)}`,
    isResolved: root.resolvedBy !== null,
    // By the schema it is a user, which an app is not.
    resolvedBy: () => (root.resolvedBy?.type === 'User' ? account(root.resolvedBy) : null),
    isOutdated: root.line === null && root.subject === 'line',
    isCollapsed: root.resolvedBy !== null || root.line === null,
    path: root.path,
    line: root.line,
    startLine: root.startLine,
    originalLine: root.originalLine,
    diffSide: root.side,
    subjectType: root.subject.toUpperCase(),
    comments: field(PAGE, (args) =>
      connection(
        'PullRequestReviewComment',
        inside.map((one) => reviewComment(viewer, one)),
        args,
      ),
    ),
  }
}

export function reviewComment(viewer: Viewer, record: ReviewCommentRecord): Type {
  return {
    __typename: 'PullRequestReviewComment',
    ...common(viewer, record),
    id: `PRRC_${String(record.id)}`,
    path: record.path,
    line: record.line,
    outdated: record.line === null,
    url: `${pullHtmlUrl(viewer.world, record.pull)}#discussion_r${String(record.id)}`,
  }
}

export function comment(viewer: Viewer, record: IssueCommentRecord): Type {
  const url = `${pullHtmlUrl(viewer.world, record.pull)}#issuecomment-${String(record.id)}`
  return { __typename: 'IssueComment', ...common(viewer, record), id: `IC_${String(record.id)}`, url }
}

export function review(viewer: Viewer, record: ReviewRecord): Type {
  const url = `${pullHtmlUrl(viewer.world, record.pull)}#pullrequestreview-${String(record.id)}`
  return {
    __typename: 'PullRequestReview',
    ...common(viewer, record),
    id: `PRR_${String(record.id)}`,
    state: record.state,
    commit: () => commit(viewer, record.pull.repo, record.commit),
    url,
  }
}

function common(viewer: Viewer, record: Minimizable): Record<string, unknown> {
  return {
    databaseId: record.id,
    fullDatabaseId: String(record.id),
    author: () => actor(record.user),
    body: record.body,
    createdAt: 'createdAt' in record ? record.createdAt : record.submittedAt,
    reactionGroups: () => reactionGroups(viewer, 'reactions' in record ? record.reactions : []),
    isMinimized: record.minimized !== null,
    minimizedReason: record.minimized?.toLowerCase() ?? null,
  }
}

/** As GraphQL and as REST name them. */
const REACTIONS: Readonly<Record<string, string>> = {
  THUMBS_UP: '+1',
  THUMBS_DOWN: '-1',
  LAUGH: 'laugh',
  HOORAY: 'hooray',
  CONFUSED: 'confused',
  HEART: 'heart',
  ROCKET: 'rocket',
  EYES: 'eyes',
}

/** One for each reaction there is, given or not. */
function reactionGroups({ world }: Viewer, reactions: readonly ReactionRecord[]): Type[] {
  return Object.entries(REACTIONS).map(([content, name]) => {
    const given = reactions.filter((one) => one.content === name)
    return {
      __typename: 'ReactionGroup',
      content,
      createdAt: given[0]?.createdAt ?? null,
      viewerHasReacted: given.some(({ user }) => user === world.bot),
    }
  })
}

function threads(viewer: Viewer, pull: PullRecord): Type[] {
  return pull.comments
    .filter((one) => one.replyTo === null && !one.deleted && one.review.state !== 'PENDING')
    .map((root) => thread(viewer, root))
}
