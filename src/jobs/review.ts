// The story of a check: begin it, look, say what changed, complete it.
import {
  completeCheckRun,
  createCheckRun,
  listAnnotations,
  listCheckRuns,
  restartCheckRun,
} from '../github/api/checks.ts'
import type { Annotation, CheckRun, Conclusion, Verdict } from '../github/api/checks.ts'
import { getMeeting, getPull } from '../github/api/pulls.ts'
import type { Meeting, Pull } from '../github/api/pulls.ts'
import { ApiError } from '../github/api/client.ts'
import type { Client } from '../github/api/client.ts'
import { readSpeech } from '../github/api/speech.ts'
import type { Speech } from '../github/api/speech.ts'
import type { Patience } from '../github/post.ts'
import { publishReview, worthSaying } from '../github/publish.ts'
import type { Published } from '../github/publish.ts'
import type { Config } from '../core/config.ts'
import type { Report } from '../examine/report.ts'
import { groundOf, withGround } from '../words/github/ground.ts'
import { conflict, ownFailure, sharedHead, superseded, underWay } from '../words/github/trouble.ts'
import type { Bench, Subject } from './bench.ts'
import type { Job } from './job.ts'
import { judge, look } from './look.ts'
import { patiently } from './patience.ts'
import { publicReason } from './reason.ts'
import { othersOf, rivalsOf } from './rivals.ts'
import { reviewOf } from './task.ts'
import type { Manner } from './task.ts'
import { RECHECK_ACTION, readGround, verdict } from './verdict.ts'
import type { Ground } from './verdict.ts'

/** Looks at a pull request as it is when the job runs; once more where its head moves meanwhile. */
export function reviewJob(bench: Bench, subject: Subject, manner: Manner): Job {
  let run: CheckRun | null = null
  let standing = false
  let onError: Conclusion & ('failure' | 'neutral') = 'failure'

  return {
    async run() {
      const client = await bench.client(subject)
      const pull = await patiently(bench.clock, () => getPull(client, subject.number))
      if (!pull.open) return
      // Where the run was made and no answer came, the next attempt finds it.
      const begun = await patiently(bench.clock, () => begin(client, pull, manner))
      ;({ run, standing } = begun)
      const sight = await patiently(bench.clock, () => look(bench, client, pull, begun.met))
      onError = sight.config.onError
      const { merged } = sight
      const end = (verdict: Verdict, told: Pick<Report, 'findings'> = { findings: [] }): Promise<void> => {
        bench.told?.(verdict, told)
        return complete(client, begun, grounded(verdict, pull.baseRef, sight.baseSha))
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
        const output = superseded(speech.headSha)
        await completeCheckRun(client, begun.run.id, { ...NEUTRAL, output })
        await bench.enqueue(reviewOf(subject, 'look'))
        return
      }
      const published =
        speech === 'not shown'
          ? { ...SILENT, refused: true }
          : await speak(bench, client, pull, begun.run, speech, sight.config, report, ground)
      if (published.untidied !== null) {
        const reason = published.untidied.message
        bench.log.warn({ number: subject.number, reason }, 'threads were left open')
      }
      const own = verdict(bench, client, pull, sight, report, ground, published)
      const rivals = begun.shared && own.conclusion !== 'failure' ? await rivalsOf(bench, client, pull) : []
      await end(rivals.length === 0 ? own : heldBack(own, rivals), report)
    },
    async failed(error) {
      // What stands there is about this head and this base, and no less true for a second look that failed.
      if (standing) return
      const client = await bench.client(subject)
      const output = ownFailure(publicReason(error), onError, client.hears)
      // The run may be there although GitHub did not say so, and a check that is never completed blocks for good.
      const told = run ?? (await begin(client, await getPull(client, subject.number), 'recheck')).run
      await completeCheckRun(client, told.id, {
        conclusion: onError,
        output,
        annotations: [],
        actions: [RECHECK_ACTION],
      })
    },
  }
}

const NEUTRAL = { conclusion: 'neutral', annotations: [], actions: [] } as const

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
  run: CheckRun,
  speech: Speech | null,
  config: Config,
  report: Report,
  ground: Ground,
): Promise<Published> {
  const quiet = speech === null || !speech.open || (speech.draft && !config.comments.drafts)
  const login = client.login ?? `${run.appSlug}[bot]`
  const patience: Patience = (work) => patiently(clock, work)
  return quiet
    ? SILENT
    : publishReview(client, pull, login, speech, report, ground, patience).catch(notSpoken)
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

interface Begun {
  readonly run: CheckRun
  /** Has another pull request a run on this head? */
  readonly shared: boolean
  /** It was completed for this head and this tip of the base, and is left as it stands unless the verdict differs. */
  readonly standing: boolean
  /** Where the head meets the base, where that was asked. */
  readonly met: Meeting | null
}

/** The run of this head and pull request, begun again; a new one where the newest on the head is another's. */
async function begin(client: Client, pull: Pull, manner: Manner): Promise<Begun> {
  const runs = await listCheckRuns(client, pull.headSha)
  const [newest] = runs
  const shared = othersOf(runs, pull.number).length > 0
  const output = underWay(pull.headSha)
  if (newest?.number !== pull.number) {
    const run = await createCheckRun(client, pull.headSha, pull.number, output)
    return { run, shared, standing: false, met: null }
  }
  const met =
    newest.completed && manner !== 'recheck' ? await getMeeting(client, pull.baseRef, pull.headSha) : null
  const ground = groundOf(newest.output.summary)
  const stands = ground?.baseRef === pull.baseRef && ground.baseSha === met?.baseTip
  if (met !== null && (stands || manner === 'glance')) return { run: newest, shared, standing: true, met }
  await restartCheckRun(client, newest.id, output)
  return { run: newest, shared, standing: false, met }
}

/**
 * Writes the verdict, unless it stands there. GitHub only ever adds annotations to a run: those that are there are not
 * sent again, and a run that holds one no longer true is replaced.
 */
async function complete(client: Client, { run, standing }: Begun, wanted: Verdict): Promise<void> {
  const key = (annotation: Annotation): string => JSON.stringify(annotation)
  const there = run.annotations === 0 ? [] : (await listAnnotations(client, run.id)).map(key)
  const all = wanted.annotations.map(key)
  if (there.every((one) => all.includes(one))) {
    const annotations = wanted.annotations.filter((one) => !there.includes(key(one)))
    if (standing && annotations.length === 0 && isSaid(run, wanted)) return
    await completeCheckRun(client, run.id, { ...wanted, annotations })
    return
  }
  await completeCheckRun(client, run.id, { ...NEUTRAL, output: superseded(run.headSha) })
  const fresh = await createCheckRun(client, run.headSha, run.number, underWay(run.headSha))
  await completeCheckRun(client, fresh.id, wanted)
}

/** Does the run say this already, apart from the tip of the base that it was judged against? */
function isSaid({ conclusion, output }: CheckRun, wanted: Verdict): boolean {
  const [was, is] = [output.summary, wanted.output.summary].map((summary) => groundOf(summary)?.baseSha ?? '')
  const now = (text: string | null): string =>
    was === undefined || was === '' || is === undefined
      ? (text ?? '')
      : (text ?? '').replaceAll(was, is).replaceAll(was.slice(0, SHORT), is.slice(0, SHORT))
  return (
    conclusion === wanted.conclusion &&
    output.title === wanted.output.title &&
    now(output.summary) === wanted.output.summary &&
    now(output.text) === (wanted.output.text ?? '')
  )
}

/** Digits of a commit that people are shown. */
const SHORT = 12
