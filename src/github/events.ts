// What can happen, in our own words. Nothing behind the door asks what a webhook looked like.
import type { RepositoryName } from './api/client.ts'

interface Happened {
  readonly repository: RepositoryName
  readonly installation: number
}

/** A new head, a new base, or a first look. */
export interface PullRequestChanged extends Happened {
  readonly kind: 'pull-request-changed'
  readonly number: number
  readonly why: string
}

export interface PullRequestClosed extends Happened {
  readonly kind: 'pull-request-closed'
  readonly number: number
}

/** Somebody wrote a comment in the conversation of a pull request; whether it holds a command is not known yet. */
export interface CommandGiven extends Happened {
  readonly kind: 'command-given'
  readonly number: number
  readonly commentId: number
  /** When it was written: ISO 8601. */
  readonly at: string
  readonly body: string
  readonly author: Person
  readonly authorIsBot: boolean
}

export interface Person {
  readonly id: number
  readonly login: string
}

/** A button of our check run. */
export interface ButtonPressed extends Happened {
  readonly kind: 'button-pressed'
  readonly number: number
  readonly identifier: string
  readonly headSha: string
  readonly sender: Person
}

/** Somebody wants the check once more; null where the run does not say of which pull request. */
export interface CheckRerequested extends Happened {
  readonly kind: 'check-rerequested'
  readonly number: number | null
  readonly headSha: string
}

/** A merge queue made a commit of its own and waits for the check on it. */
export interface MergeGroupRequested extends Happened {
  readonly kind: 'merge-group-requested'
  readonly headSha: string
  /** What it goes on: the tip of the base branch, or the group before it in the queue. */
  readonly baseSha: string
  readonly baseRef: string
}

export type Event =
  | PullRequestChanged
  | PullRequestClosed
  | CommandGiven
  | ButtonPressed
  | CheckRerequested
  | MergeGroupRequested
