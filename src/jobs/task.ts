// What is to be done, as data: any process of the app can take it up.
import { parseComment } from '../github/commands/parse.ts'
import type { RepositoryName } from '../github/api/client.ts'
import type {
  ButtonPressed,
  CheckRerequested,
  CommandGiven,
  Event,
  MergeGroupRequested,
} from '../github/events.ts'
import type { Entry } from '../ops/queue.ts'
import type { Subject } from './bench.ts'
import { FIX_ACTION, RECHECK_ACTION } from './verdict.ts'

/**
 * How a pull request is looked at. `look`: a check that stands for the same head and base is left as it is. `recheck`:
 * somebody asked, and wants to see it run. `glance`: only its base has moved, and nothing is written unless that
 * changes what is said.
 */
export type Manner = 'look' | 'recheck' | 'glance'

export interface ReviewWanted extends Subject {
  readonly kind: 'review-wanted'
  readonly manner: Manner
}

/** Everything is gone through, for what was missed. */
export interface SweepWanted {
  readonly kind: 'sweep-wanted'
  /** A process has just begun, and nothing of an earlier one is under way. */
  readonly first: boolean
}

/** One repository is gone through. */
export interface RepositorySweepWanted extends Omit<SweepWanted, 'kind'> {
  readonly kind: 'repository-sweep-wanted'
  readonly repository: RepositoryName
  readonly installation: number
}

export type Task = (
  | ReviewWanted
  | CommandGiven
  | ButtonPressed
  | CheckRerequested
  | MergeGroupRequested
  | SweepWanted
  | RepositorySweepWanted
) & {
  /** The delivery of the webhook that it comes of, for the log. */
  readonly delivery?: string | undefined
  /** Found by a sweep: nobody has just asked for it. */
  readonly swept?: true
}

/** What is to be done about an event; null: nothing. */
export function taskOf(event: Event): Task | null {
  switch (event.kind) {
    case 'pull-request-changed':
      return reviewOf(event, 'look')
    case 'pull-request-closed':
      return null
    case 'command-given':
      return event.authorIsBot || parseComment(event.body) === null ? null : event
    case 'button-pressed':
      if (event.identifier === RECHECK_ACTION.identifier) return reviewOf(event, 'recheck')
      return event.identifier === FIX_ACTION.identifier ? event : null
    case 'check-rerequested':
      return event.number === null ? event : reviewOf({ ...event, number: event.number }, 'recheck')
    case 'merge-group-requested':
      return event
  }
}

/** A look at a pull request. */
export function reviewOf({ repository, installation, number }: Subject, manner: Manner): ReviewWanted {
  return { kind: 'review-wanted', repository, installation, number, manner }
}

/**
 * Where a task stands in the queue: what is about one pull request, or one commit, is done one after the other, and what a
 * sweep found after what somebody waits for.
 */
export function entryOf(task: Task): Entry<Task> {
  const isSweep = task.kind === 'sweep-wanted' || task.kind === 'repository-sweep-wanted'
  return { ...placeOf(task), task, ...(isSweep || task.swept === true ? { later: true } : {}) }
}

/** Does nothing on GitHub tell that this is wanted, until it is done? No sweep finds it then. */
export function isUntold(task: Task): boolean {
  return (
    task.kind === 'button-pressed' ||
    task.kind === 'check-rerequested' ||
    (task.kind === 'review-wanted' && task.manner === 'recheck')
  )
}

function placeOf(task: Task): Pick<Entry<Task>, 'key' | 'slot'> {
  switch (task.kind) {
    case 'review-wanted':
      return { key: pullKey(task), slot: task.manner }
    case 'command-given':
      return { key: pullKey(task), slot: `comment ${String(task.commentId)}` }
    case 'button-pressed':
      return { key: pullKey(task), slot: `button ${task.identifier} ${task.headSha}` }
    case 'check-rerequested':
      return { key: commitKey(task.repository, task.headSha), slot: 'rerequested' }
    case 'merge-group-requested':
      return { key: commitKey(task.repository, task.headSha), slot: 'merge group' }
    case 'sweep-wanted':
      return { key: 'sweep', slot: task.first ? 'first sweep' : 'sweep' }
    case 'repository-sweep-wanted':
      return { key: `sweep ${nameOf(task.repository)}`, slot: 'sweep' }
  }
}

function pullKey({ repository, number }: Pick<Subject, 'repository' | 'number'>): string {
  return `${nameOf(repository)}#${String(number)}`
}

function commitKey(repository: RepositoryName, sha: string): string {
  return `${nameOf(repository)}@${sha}`
}

/** GitHub takes names in any case of letters. */
function nameOf({ owner, name }: RepositoryName): string {
  return `${owner}/${name}`.toLowerCase()
}
