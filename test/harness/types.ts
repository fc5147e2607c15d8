// What a story may say and see. The stand-in's insides (world, git, routes) never appear here, so a story
// reads like a pull request page: someone does something, and then one looks at what the app left behind.

/** A file as a story writes it: text, bytes, `null` to delete, or text with a git mode (120000 is a symlink). */
export type FileContent = string | Uint8Array | null | { readonly text: string; readonly mode: GitMode }
export type GitMode = '100644' | '100755' | '120000'
/** Paths relative to the repository root, `/` between parts. */
export type Changes = Readonly<Record<string, FileContent>>

export type Level = 'read' | 'write' | 'admin'
export type Permissions = Readonly<Record<string, Level>>
export type CollaboratorLevel = 'admin' | 'write' | 'read' | 'none'

export interface GitHubOptions {
  readonly app?: {
    /** Default `ambient-guard`; its bot is `<slug>[bot]`, and `pull.check` looks for a run of this name. */
    readonly slug?: string
    /** Default: metadata, merge_queues read; contents, pull_requests, checks, issues write. */
    readonly permissions?: Permissions
    /** Subscribed webhook events; others are not delivered. Default: the six of app.yml. */
    readonly events?: readonly string[]
  }
  /** The clock of everything but tokens. Fix it and every commit SHA repeats. Default: real time. */
  readonly now?: () => Date
  /** Primary limit an hour; at 0 remaining GitHub answers 403. Default 5000. */
  readonly rateLimit?: number
}

export interface RepositoryOptions {
  /** Default `acme`. */
  readonly owner?: string
  readonly ownerType?: 'User' | 'Organization'
  /** Default `platform`. */
  readonly name?: string
  readonly files?: Changes
  readonly defaultBranch?: string
  readonly private?: boolean
  /** Is the app installed here? Default true. */
  readonly installed?: boolean
}

export interface PullRequestOptions {
  readonly title?: string
  readonly body?: string
  /** Head branch; default `change-<n>`. */
  readonly branch?: string
  /** Default: the repository's default branch. */
  readonly base?: string
  readonly changes: Changes
  /** Default `contributor`. */
  readonly author?: string
  readonly draft?: boolean
  readonly fork?: {
    readonly owner: string
    /** Default `User`. */
    readonly ownerType?: 'User' | 'Organization'
    /** "Allow edits by maintainers"; default true. */
    readonly maintainerCanModify?: boolean
    /** May the app commit there? The evidence conflicts, so default false; never true for an organization. */
    readonly acceptsAppCommits?: boolean
  }
}

/** Who does it; default `maintainer` for comments and buttons, the pull's author for pushes. */
export interface By {
  readonly by?: string
}
export interface PushOptions extends By {
  readonly message?: string
}

/** One webhook as it was sent, and what came back. `status` is null when nobody answered or listens. */
export interface Delivery {
  /** X-GitHub-Delivery. */
  readonly id: string
  readonly event: string
  readonly action: string | null
  readonly payload: Readonly<Record<string, unknown>>
  readonly status: number | null
  readonly body: string
  readonly signature: string
}
/** A delivery about a comment. */
export interface CommentDelivery extends Delivery {
  readonly commentId: number
}
/** How deliveries reach the app when not by HTTP: e.g. `probot.receive`. */
export type Listener = (delivery: Pick<Delivery, 'id' | 'event' | 'payload'>) => Promise<unknown>

export interface Annotation {
  readonly path: string
  readonly start_line: number
  readonly end_line: number
  readonly start_column?: number
  readonly end_column?: number
  readonly annotation_level: 'notice' | 'warning' | 'failure'
  readonly message: string
  readonly title?: string
  readonly raw_details?: string
}
export interface CheckAction {
  readonly label: string
  readonly description: string
  readonly identifier: string
}
export interface CheckState {
  readonly status: string
  readonly conclusion: string | null
  readonly title: string | null
  readonly at: string
}
/** A check run as a person sees it; live: reads follow the app's updates. */
export interface CheckRun {
  readonly id: number
  readonly name: string
  readonly headSha: string
  readonly status: string
  readonly conclusion: string | null
  readonly externalId: string | null
  readonly detailsUrl: string | null
  readonly output: {
    readonly title: string | null
    readonly summary: string | null
    readonly text: string | null
    readonly annotations: readonly Annotation[]
  }
  readonly actions: readonly CheckAction[]
  /** Every state it was created in or updated to, oldest first. */
  readonly history: readonly CheckState[]
  /** Presses "Re-run". */
  rerequest(options?: By): Promise<Delivery>
  /** Presses "Re-run all": check_suite.rerequested. */
  rerequestSuite(options?: By): Promise<Delivery>
  /** Presses a button. Throws when the run, completed, does not show one with this identifier. */
  requestAction(identifier: string, options?: By): Promise<Delivery>
}

export interface ReviewComment {
  readonly id: number
  readonly nodeId: string
  readonly reviewId: number
  readonly author: string
  readonly body: string
  readonly path: string
  /** Null once outdated. */
  readonly line: number | null
  readonly startLine: number | null
  readonly originalLine: number
  readonly side: 'LEFT' | 'RIGHT'
  readonly commit: string
  readonly inReplyTo: number | null
  readonly outdated: boolean
  readonly resolved: boolean
  /** The classifier it was hidden with. */
  readonly minimized: string | null
}
export interface Review {
  readonly id: number
  readonly nodeId: string
  readonly author: string
  readonly state: string
  readonly body: string
  readonly commit: string
  readonly minimized: string | null
  readonly comments: readonly ReviewComment[]
}
export interface IssueComment {
  readonly id: number
  readonly nodeId: string
  readonly author: string
  readonly body: string
  readonly edited: boolean
  readonly minimized: string | null
  readonly reactions: readonly Reaction[]
}
export interface Reaction {
  readonly user: string
  readonly content: string
}
export interface Commit {
  readonly sha: string
  readonly parents: readonly string[]
  readonly author: string
  readonly message: string
  /** Unified diff against the first parent. */
  readonly diff: string
  /** Paths it touches, sorted. */
  readonly files: readonly string[]
}

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
  /** Answers a review comment in its thread. */
  replies(reviewCommentId: number, body: string, options?: By): Promise<CommentDelivery>
  /** A person resolves the thread of a review comment; no webhook. */
  resolvesThread(reviewCommentId: number): void
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

/** A merge group, as in a merge queue. */
export interface MergeGroup {
  readonly head: string
  readonly base: string
  readonly check: CheckRun
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
  /** Default: `maintainer` write, the owner admin, others read (none when private). */
  collaborator(login: string, level: CollaboratorLevel): void
  mergeGroup(pulls: readonly PullRequest[]): Promise<MergeGroup>
  /** Tip of a branch. */
  tip(branch?: string): string
  file(path: string, ref?: string): string | null
}

/** One request that reached the stand-in. Paths are without `/api/v3`; GraphQL is `/graphql`. */
export interface Request {
  readonly method: string
  readonly path: string
  readonly query: string
  readonly body: unknown
  /** GraphQL: the root fields, e.g. `createCommitOnBranch`. */
  readonly operations: readonly string[]
  readonly by: 'nobody' | 'app' | 'installation'
  readonly status: number
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly write: boolean
}
export interface RequestFilter {
  readonly method?: string
  /** A string is the whole path; `*` stands for one part. */
  readonly path?: string | RegExp
  /** GraphQL root field. */
  readonly operation?: string
}

export interface Fault extends RequestFilter {
  /** How often; default 1. */
  readonly times?: number
  /** Default 502. */
  readonly status?: number
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  /** Does the work first, then fails: a write that landed and was not answered. */
  readonly afterWrite?: boolean
  /** Closes the socket instead of answering. */
  readonly hangUp?: boolean
}
export interface FaultHandle {
  readonly hits: number
  stop(): void
}

export interface TokenOptions {
  readonly owner?: string
  readonly repositories?: readonly string[]
  readonly permissions?: Permissions
  /** Seconds; default 3600. */
  readonly ttl?: number
}

export interface GitHub {
  /** `http://127.0.0.1:PORT`; REST is at `/api/v3`, GraphQL at `/api/graphql`. */
  readonly url: string
  /** `127.0.0.1:PORT`, for GHE_HOST (GHE_PROTOCOL is http). */
  readonly host: string
  readonly apiUrl: string
  readonly appId: number
  /** PEM, made for this run. */
  readonly privateKey: string
  readonly webhookSecret: string
  readonly botLogin: string

  repository(options?: RepositoryOptions): Promise<Repository>
  /** Where webhooks go: a URL, a function, or null (lost). */
  deliverTo(target: string | Listener | null): void
  /** Every webhook so far, also the lost ones. */
  readonly deliveries: readonly Delivery[]
  /** Sends one again with the same GUID. */
  redeliver(delivery: Delivery): Promise<Delivery>
  /** Resolves when no delivery is under way (those caused by the app's own writes go out by themselves). */
  settled(): Promise<void>

  readonly requests: readonly Request[]
  readonly writes: readonly Request[]
  count(filter?: RequestFilter): number
  /** Forgets the requests so far, for "and then nothing is written". */
  forgetRequests(): void
  fail(fault: Fault): FaultHandle
  /** Runs before a matching request is handled: for races. */
  before(filter: RequestFilter & { readonly times?: number }, hook: () => void | Promise<void>): FaultHandle
  /** A valid installation token, for tests that speak to the stand-in themselves. */
  token(options?: TokenOptions): string
  /** All tokens are expired from now on: 401. */
  expireTokens(): void

  /** Breaches of GitHub's OpenAPI description, by the app or by this stand-in. */
  readonly violations: readonly string[]
  /** Requests to endpoints or GraphQL fields that the stand-in does not have. */
  readonly unknown: readonly string[]
  /** Throws when there are violations, unknown requests, or deliveries whose signature was not accepted. */
  assertClean(): void
  close(): Promise<void>
}
