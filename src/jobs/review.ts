// The story of a check: begin it, look, say what changed, complete it.
import type { Conclusion, Verdict } from '../github/api/checks.ts'
import { getPull } from '../github/api/pulls.ts'
import type { Pull } from '../github/api/pulls.ts'
import { ApiError } from '../github/api/client.ts'
import type { Client } from '../github/api/client.ts'
import { readSpeech } from '../github/api/speech.ts'
import type { Speech } from '../github/api/speech.ts'
import type { Patience } from '../github/post.ts'
import { publishReview, worthSaying } from '../github/publish.ts'
import type { Published } from '../github/publish.ts'
import type { Config } from '../core/config.ts'
import type { Report } from '../examine/report.ts'
import { withGround } from '../words/github/ground.ts'
import { conflict, ownFailure, sharedHead } from '../words/github/trouble.ts'
import type { Bench, Subject } from './bench.ts'
import type { Job } from './job.ts'
import { judge, look } from './look.ts'
import { outdated, ownRun } from './own-run.ts'
import type { OwnRun } from './own-run.ts'
import { patiently } from './patience.ts'
import { publicReason } from './reason.ts'
import { rivalsOf } from './rivals.ts'
import { reviewOf } from './task.ts'
import type { Manner } from './task.ts'
import { RECHECK_ACTION, readGround, verdict } from './verdict.ts'
import type { Ground } from './verdict.ts'

/** Looks at a pull request as it is when the job runs; once more where its head moves meanwhile. */
export function reviewJob(bench: Bench, subject: Subject, manner: Manner): Job {
  let run: OwnRun | null = null
  let onError: Conclusion & ('failure' | 'neutral') = 'failure'

  const tell = async (client: Client, pull: Pull, own: OwnRun): Promise<void> => {
    const met = await patiently(bench.clock, () => own.begin(manner))
    const sight = await patiently(bench.clock, () => look(bench, client, pull, met))
    onError = sight.config.onError
    const { merged } = sight
    const end = (verdict: Verdict, told: Pick<Report, 'findings'> = { findings: [] }): Promise<void> => {
      bench.told?.(verdict, told, pull.headSha)
      return own.complete(grounded(verdict, pull.baseRef, sight.baseSha), sight.baseSha)
    }
    if (merged.kind === 'conflict') {
      const output = conflict(pull.baseRef, sight.baseSha, merged.paths)
      await end({ conclusion: 'failure', output, annotations: [], actions: [RECHECK_ACTION] })
      return
    }
    const report = await judge(bench, sight)
    const ground = await readGround(sight, report)
    const speech =
      worthSaying(report).length > 0 || pull.reviewComments > 0
        ? await patiently(bench.clock, () => readSpeech(client, subject.number)).catch(notShown)
        : null
    if (speech !== null && speech !== 'not shown' && speech.headSha !== pull.headSha) {
      await own.complete(outdated(speech.headSha), null)
      await bench.enqueue(reviewOf(subject, 'look'))
      return
    }
    const published =
      speech === 'not shown'
        ? { ...SILENT, refused: true }
        : await speak(bench, client, pull, own, speech, sight.config, report, ground)
    if (published.untidied !== null) {
      const reason = published.untidied.message
      bench.log.warn({ number: subject.number, reason }, 'threads were left open')
    }
    const said = verdict(bench, client, pull, sight, report, ground, published)
    const isRivalled = said.conclusion !== 'failure' && (await own.isShared(sight.baseSha))
    const rivals = isRivalled ? await rivalsOf(bench, client, pull) : []
    await end(rivals.length === 0 ? said : heldBack(said, rivals), report)
  }

  return {
    async run() {
      const client = await bench.client(subject)
      const pull = await patiently(bench.clock, () => getPull(client, subject.number))
      if (!pull.open) return
      const own = ownRun(bench, client, pull)
      run = own
      try {
        await tell(client, pull, own)
      } finally {
        own.release()
      }
    },
    async failed(error) {
      const client = await bench.client(subject)
      const output = ownFailure(publicReason(error), onError, client.hears)
      // The run may be there although GitHub did not say so, and a check that is never completed blocks for good.
      const own = run ?? ownRun(bench, client, await getPull(client, subject.number))
      await own.fail({ conclusion: onError, output, annotations: [], actions: [RECHECK_ACTION] })
    },
  }
}

/** What another pull request with this head is held back by, this one is as well. */
function heldBack(own: Verdict, rivals: readonly number[]): Verdict {
  const { title, summary } = own.output
  const said = sharedHead(rivals)
  const output = { ...own.output, title: `${said.title}. ${title}`, summary: `${said.summary}\n\n${summary}` }
  return { ...own, conclusion: 'failure', output }
}

function grounded(verdict: Verdict, baseRef: string, baseSha: string): Verdict {
  const { output } = verdict
  return { ...verdict, output: { ...output, summary: withGround(output.summary, baseRef, baseSha) } }
}

const SILENT: Published = { unplaced: 0, refused: false, untidied: null }

/** On the diff, where there is something to say or something that was said. */
async function speak(
  { clock }: Bench,
  client: Client,
  pull: Pull,
  own: OwnRun,
  speech: Speech | null,
  config: Config,
  report: Report,
  ground: Ground,
): Promise<Published> {
  const quiet = speech === null || !speech.open || (speech.draft && !config.comments.drafts)
  if (quiet) return SILENT
  // Whether there can be a run is known before anything is said that names it.
  const { appSlug } = await own.made()
  const login = client.login ?? `${appSlug}[bot]`
  const patience: Patience = (work) => patiently(clock, work)
  return publishReview(client, pull, login, speech, report, ground, patience).catch(notSpoken)
}

/** What is not known to stand there must not be said again. */
function notShown(error: unknown): 'not shown' {
  if (!(error instanceof ApiError)) throw error
  return 'not shown'
}

/** Where GitHub does not let us speak on the diff, what was judged stands in the check all the same. */
function notSpoken(error: unknown): Published {
  if (!(error instanceof ApiError)) throw error
  return { ...SILENT, refused: true }
}
