// One review without a server: the story of the app, told once with a token instead of with the app's key.
import type { Config } from './core/config.ts'
import type { CheckOutput, Conclusion, Verdict } from './github/api/checks.ts'
import { ApiError } from './github/api/client.ts'
import type { RepositoryName } from './github/api/client.ts'
import { tokenClient } from './github/api/token.ts'
import type { TokenClient } from './github/api/token.ts'
import { openMirror } from './git/mirror.ts'
import type { Bench } from './jobs/bench.ts'
import { mergeGroupJob } from './jobs/merge-group.ts'
import type { Job } from './jobs/job.ts'
import { SHOWN_AFTER } from './jobs/own-run.ts'
import { publicReason } from './jobs/reason.ts'
import { reviewJob } from './jobs/review.ts'
import type { Workshop } from './manifests/workshop.ts'
import type { Clock } from './ops/clock.ts'
import type { TokenSettings } from './ops/token-settings.ts'
import { answer, reportOf } from './threads/question.ts'

export type Question =
  | { readonly about: 'pull request'; readonly number: number }
  | {
      readonly about: 'merge group'
      readonly headSha: string
      readonly baseSha: string
      readonly baseRef: string
    }

export type Outcome =
  /** `unchecked`: why no check run was written; null where it was. `headSha`: of what was judged. */
  | {
      readonly kind: 'judged'
      readonly conclusion: Conclusion
      readonly output: CheckOutput
      readonly unchecked: string | null
      readonly headSha: string
    }
  | { readonly kind: 'closed' }
  | { readonly kind: 'moving' }
  /** A sentence, and what kind of trouble it is. */
  | {
      readonly kind: 'failed'
      readonly reason: string
      readonly trouble: 'token' | 'missing' | 'permission' | 'network' | 'other'
    }

export interface OnceOptions {
  readonly settings: TokenSettings
  readonly repository: RepositoryName
  readonly question: Question
  /** Where the mirror of the repository is kept. */
  readonly cacheDirectory: string
  readonly workshop: (config: Config) => Workshop
  readonly clock: Clock
}

/** Heads that are looked at, one after the other, where somebody keeps pushing. */
const MAX_LOOKS = 3

/** Judges, and writes what the token may write. @throws what is a bug */
export async function reviewOnce(options: OnceOptions): Promise<Outcome> {
  const { settings, repository, question } = options
  try {
    const client = await tokenClient(settings, repository)
    for (let look = 0; look < MAX_LOOKS; look += 1) {
      let told: Told | null = null
      let moved = false
      const bench = layOut(options, client, {
        told: (verdict, _report, headSha) => (told = { verdict, headSha }),
        enqueue: () => {
          moved = true
          return Promise.resolve()
        },
      })
      await perform(
        question.about === 'merge group'
          ? mergeGroupJob(bench, { kind: 'merge-group-requested', repository, installation: 0, ...question })
          : reviewJob(bench, { repository, installation: 0, number: question.number }, 'look'),
      )
      if (told !== null) return judged(told, client)
      // Assigned by the story, which the compiler does not see.
      if (!(moved as boolean)) return { kind: 'closed' }
    }
    return { kind: 'moving' }
  } catch (error) {
    const reason = publicReason(error)
    if (reason === null) throw error
    return { kind: 'failed', reason, trouble: troubleOf(error) }
  }
}

interface Told {
  readonly verdict: Verdict
  readonly headSha: string
}

function judged({ verdict: { conclusion, output }, headSha }: Told, { refusal }: TokenClient): Outcome {
  return { kind: 'judged', conclusion, output, unchecked: refusal, headSha }
}

/** A story that fails says so in its check, as far as there is one. */
async function perform(job: Job): Promise<void> {
  try {
    await job.run()
  } catch (error) {
    // Where even that does not work, the first failure is the one worth telling.
    await job.failed(error).catch(() => undefined)
    throw error
  }
}

function layOut(
  { settings, workshop, cacheDirectory, clock }: OnceOptions,
  client: TokenClient,
  ears: Pick<Bench, 'told' | 'enqueue'>,
): Bench {
  const { token, gitUrl, network } = settings
  return {
    clock,
    shownAfter: SHOWN_AFTER,
    think: async (question) => reportOf(await answer(question, workshop(question.config))),
    log: QUIET,
    ...ears,
    gitTokens: { get: () => Promise.resolve(token) },
    // What is done in turns is for a process that stays.
    turn: () => Promise.resolve(false),
    client: () => Promise.resolve(client),
    botLogin: () => Promise.resolve(client.login ?? ''),
    mirror: ({ owner, name }) => openMirror(cacheDirectory, `${owner}/${name}`, { network }),
    gitUrl: ({ owner, name }) => `${gitUrl}/${owner}/${name}.git`,
    webUrl: ({ owner, name }) => `${gitUrl}/${owner}/${name}`,
  }
}

function troubleOf(error: unknown): 'token' | 'missing' | 'permission' | 'network' | 'other' {
  if (!(error instanceof ApiError)) return 'other'
  if (error.status === 401) return 'token'
  if (error.kind === 'not-found') return 'missing'
  if (error.kind === 'unavailable' && error.status === null) return 'network'
  return error.kind === 'forbidden' ? 'permission' : 'other'
}

/** What matters is in the outcome. */
const QUIET = { info: () => undefined, warn: () => undefined, error: () => undefined }
