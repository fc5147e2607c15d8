// What every job has at hand; app.ts lays it out.
import type { Verdict } from '../github/api/checks.ts'
import type { Client, RepositoryName } from '../github/api/client.ts'
import type { Reach } from '../github/api/clients.ts'
import type { Overview } from '../github/api/overview.ts'
import type { GitTokens } from '../github/api/tokens.ts'
import type { Mirror } from '../git/mirror.ts'
import type { Report } from '../examine/report.ts'
import type { Clock } from '../ops/clock.ts'
import type { Log } from '../ops/log.ts'
import type { Question } from '../threads/question.ts'
import type { Task } from './task.ts'

export interface Bench {
  readonly clock: Clock
  /** Milliseconds that a look may take before its check run is made: until then it is made completed, in one call. */
  readonly shownAfter: number
  /** What is true of a question, thought about in whatever thread. */
  think(question: Question): Promise<Report>
  /** Leaves a task for whoever takes it up. */
  enqueue(task: Task): Promise<void>
  readonly log: Log
  readonly gitTokens: GitTokens
  /** Hears what was judged, and of which head, before it is written. */
  readonly told?: (verdict: Verdict, report: Pick<Report, 'findings'>, headSha: string) => void
  client(place: Pick<Subject, 'repository' | 'installation'>, reach?: Reach): Promise<Client>
  /** `<slug>[bot]`. */
  botLogin(): Promise<string>
  mirror(repository: RepositoryName): Mirror
  /** True for one caller in so many milliseconds, among all processes of the app. */
  turn(name: string, milliseconds: number): Promise<boolean>
  /** What git fetches. */
  gitUrl(repository: RepositoryName): string
  /** Where people open the repository. */
  webUrl(repository: RepositoryName): string
}

/** What the app has beyond that, and a single look with a token has not. */
export interface FleetBench extends Bench {
  readonly appId: number
  readonly overview: Overview
}

/** A pull request, and where it is. */
export interface Subject {
  readonly repository: RepositoryName
  readonly installation: number
  readonly number: number
}
