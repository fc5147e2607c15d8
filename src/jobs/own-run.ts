// The check run of a pull request on one head: the one that stands there taken up again, or a new one. A new one is
// made when somebody has had to wait for it, or when something else is about to be said; a look that ends before that
// makes it completed, in one call.
import {
  MAX_ANNOTATIONS,
  completeCheckRun,
  createCheckRun,
  createCompletedRun,
  listAnnotations,
  listCheckRuns,
  restartCheckRun,
} from '../github/api/checks.ts'
import type { Annotation, CheckRun, Verdict } from '../github/api/checks.ts'
import type { Client } from '../github/api/client.ts'
import { getMeeting } from '../github/api/pulls.ts'
import type { Meeting, Pull } from '../github/api/pulls.ts'
import { groundOf } from '../words/github/ground.ts'
import { superseded, underWay } from '../words/github/trouble.ts'
import type { Bench } from './bench.ts'
import { patiently } from './patience.ts'
import { othersOf } from './rivals.ts'
import type { Manner } from './task.ts'

/** Milliseconds that a look may take before its check run is made. */
export const SHOWN_AFTER = 2000

export interface Begun {
  /** Has another pull request a run on this head? */
  readonly shared: boolean
  /** It was completed for this head and this tip of the base, and is left as it stands unless the verdict differs. */
  readonly standing: boolean
  /** Where the head meets the base, where that was asked. */
  readonly met: Meeting | null
}

export interface OwnRun {
  /** Looks what stands there, and takes up what has to be judged again. */
  begin(manner: Manner): Promise<Begun>
  /** The run, under way where it is new. */
  made(): Promise<CheckRun>
  /** Writes the verdict, unless it stands there. */
  complete(verdict: Verdict): Promise<void>
  /** No run is made any more because somebody waits. */
  release(): void
}

export function ownRun(
  { clock, shownAfter }: Pick<Bench, 'clock' | 'shownAfter'>,
  client: Client,
  pull: Pull,
): OwnRun {
  const { headSha, number } = pull
  let run: CheckRun | null = null
  let standing = false
  let making: Promise<CheckRun> | null = null
  let timer: NodeJS.Timeout | undefined
  // GitHub may have a run that we do not know of: nothing was asked yet, or making one got no answer.
  let unsure = true

  const find = async (): Promise<readonly CheckRun[]> => {
    const runs = await listCheckRuns(client, headSha)
    const [newest] = runs
    run = newest?.number === number ? newest : null
    unsure = false
    return runs
  }
  const once = async <T>(make: () => Promise<T>): Promise<T> => {
    unsure = true
    const made = await make()
    unsure = false
    return made
  }
  const made = (): Promise<CheckRun> =>
    (making ??= patiently(clock, async () => {
      if (unsure) await find()
      return (run ??= await once(() => createCheckRun(client, headSha, number, underWay(headSha))))
    }).finally(() => {
      making = null
    }))

  return {
    async begin(manner) {
      const runs = await find()
      const shared = othersOf(runs, number).length > 0
      if (run === null) {
        timer = setTimeout(() => void made().catch(() => undefined), shownAfter)
        return { shared, standing, met: null }
      }
      const { completed, output, id } = run
      const met = completed && manner !== 'recheck' ? await getMeeting(client, pull.baseRef, headSha) : null
      const ground = groundOf(output.summary)
      const stands = ground?.baseRef === pull.baseRef && ground.baseSha === met?.baseTip
      standing = met !== null && (stands || manner === 'glance')
      if (!standing) await restartCheckRun(client, id, underWay(headSha))
      return { shared, standing, met }
    },
    made,
    async complete(verdict) {
      clearTimeout(timer)
      await making?.catch(() => undefined)
      // What was tried may have been done in part.
      let tried = false
      await patiently(clock, async () => {
        if (unsure || tried) await find()
        tried = true
        if (run !== null) await complete(client, { run, standing }, verdict)
        else if (verdict.annotations.length <= MAX_ANNOTATIONS)
          await once(() => createCompletedRun(client, headSha, number, verdict))
        else await completeCheckRun(client, (await made()).id, verdict)
      })
    },
    release: () => {
      clearTimeout(timer)
    },
  }
}

/**
 * Writes the verdict, unless it stands there. GitHub only ever adds annotations to a run: those that are there are not
 * sent again, and a run that holds one no longer true is replaced.
 */
async function complete(
  client: Client,
  { run, standing }: { readonly run: CheckRun; readonly standing: boolean },
  wanted: Verdict,
): Promise<void> {
  const key = (annotation: Annotation): string => JSON.stringify(annotation)
  const there = run.annotations === 0 ? [] : (await listAnnotations(client, run.id)).map(key)
  const all = wanted.annotations.map(key)
  if (there.every((one) => all.includes(one))) {
    const annotations = wanted.annotations.filter((one) => !there.includes(key(one)))
    if (standing && annotations.length === 0 && isSaid(run, wanted)) return
    await completeCheckRun(client, run.id, { ...wanted, annotations })
    return
  }
  await completeCheckRun(client, run.id, outdated(run.headSha))
  const fresh = await createCheckRun(client, run.headSha, run.number, underWay(run.headSha))
  await completeCheckRun(client, fresh.id, wanted)
}

/** What a run says that another one takes the place of. */
export function outdated(headSha: string): Verdict {
  return { conclusion: 'neutral', output: superseded(headSha), annotations: [], actions: [] }
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
