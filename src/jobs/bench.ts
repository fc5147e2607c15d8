// What every job has at hand; app.ts lays it out.
import type { Verdict } from '../github/api/checks.ts'
import type { Client, RepositoryName } from '../github/api/client.ts'
import type { GitTokens } from '../github/api/tokens.ts'
import type { Mirror } from '../git/mirror.ts'
import type { Config } from '../core/config.ts'
import type { Workshop } from '../manifests/workshop.ts'
import type { Clock } from '../ops/clock.ts'
import type { Log } from '../ops/log.ts'

export interface Bench {
  readonly clock: Clock
  /** With what trees are loaded; what may be fetched is the configuration's to say. */
  workshop(config: Config): Workshop
  readonly log: Log
  readonly gitTokens: GitTokens
  /** Hears what was judged, before it is written. */
  readonly told?: (verdict: Verdict) => void
  client(place: Pick<Subject, 'repository' | 'installation'>): Promise<Client>
  /** `<slug>[bot]`. */
  botLogin(): Promise<string>
  mirror(repository: RepositoryName): Mirror
  /** What git fetches. */
  gitUrl(repository: RepositoryName): string
  /** Where people open the repository. */
  webUrl(repository: RepositoryName): string
}

/** A pull request, and where it is. */
export interface Subject {
  readonly repository: RepositoryName
  readonly installation: number
  readonly number: number
}

/** Jobs about one pull request run one after the other. */
export function keyOf({ repository, number }: Subject): string {
  return `${repository.owner}/${repository.name}#${String(number)}`.toLowerCase()
}

/** Jobs about one commit, for what names no pull request. */
export function commitKey({ owner, name }: RepositoryName, sha: string): string {
  return `${owner}/${name}@${sha}`.toLowerCase()
}
