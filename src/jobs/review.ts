// The story of a check: begin it, look, say what changed, complete it.
import {
  completeCheckRun,
  createCheckRun,
  listAnnotations,
  listCheckRuns,
  restartCheckRun,
} from '../github/api/checks.ts'
import type { Annotation, CheckRun, Conclusion, Verdict } from '../github/api/checks.ts'
import { getPull } from '../github/api/pulls.ts'
import type { Pull } from '../github/api/pulls.ts'
import { ApiError } from '../github/api/client.ts'
import type { Client } from '../github/api/client.ts'
import { publishReview } from '../github/publish.ts'
import type { Published } from '../github/publish.ts'
import type { Job } from '../ops/queue.ts'
import { conflict, ownFailure, superseded, underWay } from '../words/github/trouble.ts'
import type { Bench, Subject } from './bench.ts'
import { judge, look } from './look.ts'
import { patiently } from './patience.ts'
import { publicReason } from './reason.ts'
import { RECHECK_ACTION, readGround, verdict } from './verdict.ts'

/** Looks at a pull request as it is when the job runs. `again` asks for another look, when the head has moved. */
export function reviewJob(bench: Bench, subject: Subject, again: () => void): Job {
  let run: CheckRun | null = null
  let onError: Conclusion & ('failure' | 'neutral') = 'failure'

  return {
    slot: 'review',
    async run() {
      const client = await bench.client(subject)
      const pull = await patiently(bench.clock, () => getPull(client, subject.number))
      if (!pull.open) return
      // Where the run was made and no answer came, the next attempt finds it.
      run = await patiently(bench.clock, () => begin(client, pull))
      const sight = await patiently(bench.clock, () => look(bench, client, pull))
      onError = sight.config.onError
      const { merged } = sight
      if (merged.kind === 'conflict') {
        const output = conflict(pull.baseRef, sight.baseSha, merged.paths)
        await complete(client, run, {
          conclusion: 'failure',
          output,
          annotations: [],
          actions: [RECHECK_ACTION],
        })
        return
      }
      const report = await judge(bench, sight, merged.tree)
      const now = await patiently(bench.clock, () => getPull(client, subject.number))
      if (now.headSha !== pull.headSha) {
        const output = superseded(now.headSha)
        await completeCheckRun(client, run.id, {
          conclusion: 'neutral',
          output,
          annotations: [],
          actions: [],
        })
        again()
        return
      }
      const ground = await readGround(sight, report)
      const speak = (): Promise<Published> =>
        publishReview(client, now, `${run?.appSlug ?? ''}[bot]`, report, () => Promise.resolve(ground))
      const quiet = !now.open || (now.draft && !sight.config.comments.drafts)
      const published = quiet ? SILENT : await speak().catch(notSpoken)
      await complete(client, run, verdict(bench, client, now, sight, report, ground, published))
    },
    async failed(error) {
      const client = await bench.client(subject)
      const output = ownFailure(publicReason(error), onError)
      // The run may be there although GitHub did not say so, and a check that is never completed blocks for good.
      const told = run ?? (await begin(client, await getPull(client, subject.number)))
      await completeCheckRun(client, told.id, {
        conclusion: onError,
        output,
        annotations: [],
        actions: [RECHECK_ACTION],
      })
    },
  }
}

const SILENT: Published = { unplaced: 0, refused: false }

/** Where GitHub does not let us speak on the diff, what was judged stands in the check all the same. */
function notSpoken(error: unknown): Published {
  if (!(error instanceof ApiError)) throw error
  return { unplaced: 0, refused: true }
}

/** The run of this head and pull request, begun again; a new one where the newest on the head is another's. */
async function begin(client: Client, pull: Pull): Promise<CheckRun> {
  const [newest] = await listCheckRuns(client, pull.headSha)
  const output = underWay(pull.headSha)
  if (newest?.number !== pull.number) return createCheckRun(client, pull.headSha, pull.number, output)
  await restartCheckRun(client, newest.id, output)
  return newest
}

/** GitHub only ever adds annotations to a run: those that are there are not sent again, and a run that holds one no longer true is replaced. */
async function complete(client: Client, run: CheckRun, wanted: Verdict): Promise<void> {
  const key = (annotation: Annotation): string => JSON.stringify(annotation)
  const there = run.annotations === 0 ? [] : (await listAnnotations(client, run.id)).map(key)
  const all = wanted.annotations.map(key)
  if (there.every((one) => all.includes(one))) {
    const annotations = wanted.annotations.filter((one) => !there.includes(key(one)))
    await completeCheckRun(client, run.id, { ...wanted, annotations })
    return
  }
  await completeCheckRun(client, run.id, {
    conclusion: 'neutral',
    output: superseded(run.headSha),
    annotations: [],
    actions: [],
  })
  const fresh = await createCheckRun(client, run.headSha, run.number, underWay(run.headSha))
  await completeCheckRun(client, fresh.id, wanted)
}
