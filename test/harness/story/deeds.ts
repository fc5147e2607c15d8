// The pages of a story: a pull request, a merge group, a repository, and what people do there.
import type { Changes, CollaboratorLevel, PullRequestOptions } from './given.ts'
import type { By, CommentDelivery, Delivery, PushOptions } from './heard.ts'
import type { CheckRun, Commit, IssueComment, Reaction, Review, ReviewComment } from './seen.ts'

export interface PullRequest {
  readonly number: number
  readonly title: string
  readonly branch: string
  readonly base: string
  /** Head SHA. */
  readonly head: string
  readonly state: 'open' | 'closed'
  readonly merged: boolean

  opened(options?: By): Promise<Delivery>
  pushes(changes: Changes, options?: PushOptions): Promise<Delivery>
  /** Replaces the branch by one commit on the tip of base. */
  forcePushes(changes: Changes, options?: PushOptions): Promise<Delivery>
  /** Merges base into the branch ("Update branch"); throws on a conflict. */
  updatesFromBase(options?: By): Promise<Delivery>
  reopened(options?: By): Promise<Delivery>
  readyForReview(options?: By): Promise<Delivery>
  convertedToDraft(options?: By): Promise<Delivery>
  retargeted(base: string, options?: By): Promise<Delivery>
  retitled(title: string, options?: By): Promise<Delivery>
  /** With `merged` the base branch moves too. */
  closed(options?: By & { readonly merged?: boolean }): Promise<Delivery>
  comment(body: string, options?: By): Promise<CommentDelivery>
  /** Edits an issue comment of this pull request. */
  editsComment(commentId: number, body: string, options?: By): Promise<CommentDelivery>
  /** Comments on a line of the head that the diff shows. */
  commentsOn(path: string, line: number, body: string, options?: By): Promise<CommentDelivery>
  /** Answers a review comment in its thread. */
  replies(reviewCommentId: number, body: string, options?: By): Promise<CommentDelivery>
  /** A person resolves the thread of a review comment; no webhook. */
  resolvesThread(reviewCommentId: number, options?: By): void
  /** Locks the conversation: comments and reviews answer 403; no webhook is subscribed. */
  locks(): void

  /** Latest run named like the app on the head; throws when there is none (ask `checks` first). */
  readonly check: CheckRun
  /** All runs on the head, latest first. */
  readonly checks: readonly CheckRun[]
  /** Latest run named like the app on some commit. */
  checkOn(sha: string): CheckRun | undefined
  /** Submitted reviews, oldest first. */
  readonly reviews: readonly Review[]
  /** The latest; throws when there is none. */
  readonly review: Review
  readonly pendingReviews: readonly Review[]
  /** Review comments of submitted reviews, replies too, oldest first. */
  readonly reviewComments: readonly ReviewComment[]
  readonly conversation: readonly IssueComment[]
  /** Of an issue or review comment. */
  reactions(commentId: number): readonly Reaction[]
  readonly lastCommit: Commit
  /** Text of a file on the head; null when it is not there. */
  file(path: string): string | null
  mode(path: string): string | null
}

/** A merge group: in the queue of its base branch from the beginning, until its check is completed. */
export interface MergeGroup {
  readonly head: string
  readonly base: string
  /** Is it still in the queue? */
  readonly queued: boolean
  readonly check: CheckRun
  /** All runs on the head, latest first. */
  readonly checks: readonly CheckRun[]
  requested(): Promise<Delivery>
  destroyed(reason?: 'merged' | 'invalidated' | 'dequeued'): Promise<Delivery>
}

export interface Repository {
  readonly owner: string
  readonly name: string
  readonly fullName: string
  readonly defaultBranch: string
  readonly cloneUrl: string
  /** Where the bare repository lies. */
  readonly path: string
  pullRequest(options: PullRequestOptions): Promise<PullRequest>
  /** Someone pushes to the base branch: `push` only, pull requests hear nothing. */
  pushToBase(changes: Changes, options?: PushOptions & { readonly branch?: string }): Promise<Delivery>
  /** A new branch at the tip of the default branch. */
  createBranch(name: string): Promise<void>
  /** The branch alone: pull requests onto it are open for the moment that they are on GitHub. */
  deleteBranch(name: string): Promise<void>
  /** Default: `maintainer` write, the owner admin, others read (none when private). */
  collaborator(login: string, level: CollaboratorLevel): void
  mergeGroup(pulls: readonly PullRequest[]): Promise<MergeGroup>
  /** Tip of a branch. */
  tip(branch?: string): string
  file(path: string, ref?: string): string | null
}
