// What a story starts from: files, permissions, and the options of everything it makes.

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
  /** Archived repositories can be read, and nothing else. */
  readonly archived?: boolean
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
