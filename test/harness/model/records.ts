// What the stand-in remembers besides git: plain records that routes change and shapes print.
import type { Annotation, CheckAction, CheckState, CollaboratorLevel } from '../types.ts'
import type { BareRepository } from '../git/bare-repository.ts'
import type { FileDiff } from '../git/diff.ts'

export interface Account {
  readonly id: number
  readonly login: string
  readonly type: 'User' | 'Organization' | 'Bot'
}

export interface InstallationRecord {
  readonly id: number
  readonly account: Account
  readonly createdAt: string
  suspendedAt: string | null
}

export interface RepositoryRecord {
  readonly id: number
  readonly owner: Account
  readonly name: string
  readonly private: boolean
  readonly archived: boolean
  readonly defaultBranch: string
  readonly git: BareRepository
  readonly installed: boolean
  readonly parent: RepositoryRecord | null
  /** May the app commit to this fork? Only asked of forks. */
  readonly acceptsAppCommits: boolean
  readonly collaborators: Map<string, CollaboratorLevel>
  readonly pulls: Map<number, PullRecord>
  readonly runs: RunRecord[]
  readonly suites: SuiteRecord[]
  /** By base branch; a branch that is not here has no merge queue. */
  readonly queues: Map<string, QueueGroup[]>
  readonly createdAt: string
  nextNumber: number
}

/** Pull requests that a merge queue tests together, until the app's check on the head is completed. */
export interface QueueGroup {
  readonly base: string
  readonly head: string
  readonly entries: readonly QueueEntry[]
}

export interface QueueEntry {
  readonly pull: PullRecord
  /** The base, everything of the group that is ahead, and this pull request. */
  readonly head: string
  readonly enqueuedAt: string
}

export interface PullRecord {
  readonly id: number
  readonly number: number
  readonly repo: RepositoryRecord
  readonly headRepo: RepositoryRecord
  readonly headRef: string
  readonly author: Account
  readonly maintainerCanModify: boolean
  readonly createdAt: string
  title: string
  body: string | null
  draft: boolean
  state: 'open' | 'closed'
  locked: boolean
  mergedAt: string | null
  closedAt: string | null
  updatedAt: string
  baseRef: string
  /** Tip of base when the pull request was last synchronized: GitHub's `base.sha`, not the merge base. */
  baseSha: string
  headSha: string
  /** Null until a GET has asked for it; not recomputed when base moves. */
  mergeable: boolean | null
  /** The background job that a GET started. */
  merging: Promise<void> | null
  mergeSha: string | null
  /** The three-dot diff, as "Files changed" shows it. */
  files: readonly FileDiff[]
  mergeBase: string
  commits: readonly string[]
  readonly reviews: ReviewRecord[]
  readonly comments: ReviewCommentRecord[]
  readonly conversation: IssueCommentRecord[]
}

export interface ReactionRecord {
  readonly id: number
  readonly user: Account
  readonly content: string
  readonly createdAt: string
}

export interface ReviewRecord {
  readonly id: number
  readonly pull: PullRecord
  readonly user: Account
  readonly commit: string
  state: 'PENDING' | 'COMMENTED' | 'APPROVED' | 'CHANGES_REQUESTED' | 'DISMISSED'
  body: string
  submittedAt: string | null
  minimized: string | null
}

export type Side = 'LEFT' | 'RIGHT'

export interface ReviewCommentRecord {
  readonly id: number
  readonly pull: PullRecord
  readonly review: ReviewRecord
  readonly user: Account
  readonly path: string
  readonly side: Side
  readonly startSide: Side | null
  readonly originalCommit: string
  readonly originalMergeBase: string
  readonly originalLine: number | null
  readonly originalStartLine: number | null
  readonly originalPosition: number | null
  readonly hunk: string
  readonly subject: 'line' | 'file'
  readonly replyTo: ReviewCommentRecord | null
  readonly createdAt: string
  readonly reactions: ReactionRecord[]
  updatedAt: string
  body: string
  /** Null once the line is no longer part of the diff. */
  line: number | null
  startLine: number | null
  position: number | null
  /** Of a thread's first comment: who resolved the thread. */
  resolvedBy: Account | null
  minimized: string | null
  deleted: boolean
}

export interface IssueCommentRecord {
  readonly id: number
  readonly pull: PullRecord
  readonly user: Account
  readonly viaApp: boolean
  readonly createdAt: string
  readonly reactions: ReactionRecord[]
  updatedAt: string
  body: string
  edited: boolean
  minimized: string | null
}

export interface SuiteRecord {
  readonly id: number
  readonly repo: RepositoryRecord
  readonly headSha: string
  readonly headBranch: string | null
  readonly createdAt: string
}

export interface RunRecord {
  readonly id: number
  readonly repo: RepositoryRecord
  readonly suite: SuiteRecord
  readonly headSha: string
  readonly annotations: Annotation[]
  readonly history: CheckState[]
  name: string
  status: string
  conclusion: string | null
  title: string | null
  summary: string | null
  text: string | null
  actions: readonly CheckAction[]
  externalId: string | null
  detailsUrl: string | null
  startedAt: string | null
  completedAt: string | null
}
