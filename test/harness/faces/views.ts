// Records as a story reads them.
import type { IssueCommentRecord, ReviewCommentRecord, ReviewRecord } from '../model/records.ts'
import { rootOf } from '../model/speech.ts'
import type { IssueComment, Review, ReviewComment } from '../types.ts'

export function reviewCommentView(record: ReviewCommentRecord): ReviewComment {
  return {
    id: record.id,
    nodeId: `PRRC_${String(record.id)}`,
    reviewId: record.review.id,
    author: record.user.login,
    body: record.body,
    path: record.path,
    line: record.line,
    startLine: record.startLine,
    originalLine: record.originalLine ?? 0,
    side: record.side,
    commit: record.originalCommit,
    inReplyTo: record.replyTo?.id ?? null,
    outdated: record.line === null && record.subject === 'line',
    resolved: rootOf(record).resolvedBy !== null,
    minimized: record.minimized,
  }
}

export function reviewView(record: ReviewRecord): Review {
  return {
    id: record.id,
    nodeId: `PRR_${String(record.id)}`,
    author: record.user.login,
    state: record.state,
    body: record.body,
    commit: record.commit,
    minimized: record.minimized,
    comments: record.pull.comments
      .filter((comment) => comment.review === record && !comment.deleted)
      .map(reviewCommentView),
  }
}

export function commentView(record: IssueCommentRecord): IssueComment {
  return {
    id: record.id,
    nodeId: `IC_${String(record.id)}`,
    author: record.user.login,
    body: record.body,
    edited: record.edited,
    minimized: record.minimized,
    reactions: record.reactions.map(({ user, content }) => ({ user: user.login, content })),
  }
}
