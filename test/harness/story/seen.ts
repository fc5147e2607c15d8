// What the app leaves behind: check runs, reviews, comments, commits.
import type { By, Delivery } from './heard.ts'

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
  /** Is its thread resolved? */
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
