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

export interface OwnRun {
  /**
   * Takes up what has to be judged again, so that nobody merges by it meanwhile. Of a look nothing is asked yet: it may be
   * over before that matters. Returns where the head meets the base, where that was asked.
   */
  begin(manner: Manner): Promise<Meeting | null>
  /** The run, under way where it is new. */
  made(): Promise<CheckRun>
  /**
   * To be called once it is known what is to be said, against which tip of the base: until then another pull request may
   * get a run on this head, and two that begin together see nothing of each other. Has another one a run there?
   */
  isShared(baseSha: string): Promise<boolean>
  /** Writes the verdict, unless it stands there. @param baseSha what it was judged against; null: nothing was judged */
  complete(verdict: Verdict, baseSha: string | null): Promise<void>
  /**
   * Says that there is no verdict; not over one of this head and this tip of the base, which is no less true for a second
   * look that failed.
   */
  fail(verdict: Verdict): Promise<void>
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
  let shared: boolean | null = null
  let making: Promise<CheckRun> | null = null
  let timer: NodeJS.Timeout | undefined
  // GitHub may have a run that we do not know of: nothing was asked yet, or making one got no answer.
  let unsure = true

  const find = async (): Promise<void> => {
    const runs = await listCheckRuns(client, headSha)
    const [newest] = runs
    run = newest?.number === number ? newest : null
    shared = othersOf(runs, number).length > 0
    unsure = false
  }
  const once = async <T>(make: () => Promise<T>): Promise<T> => {
    unsure = true
    const made = await make()
    unsure = false
    return made
  }
  const standsOn = (baseSha: string | null): boolean => {
    const ground = run?.completed === true ? groundOf(run.output.summary) : null
    return ground !== null && ground.baseRef === pull.baseRef && ground.baseSha === baseSha
  }
  /** Begins the run that was found again, unless what it says is about the same two commits. */
  const takeUp = async (manner: Manner): Promise<Meeting | null> => {
    if (run === null) return null
    const meets = run.completed && manner !== 'recheck'
    const met = meets ? await getMeeting(client, pull.baseRef, headSha) : null
    standing = met !== null && (standsOn(met.baseTip) || manner === 'glance')
    if (!standing) {
      await restartCheckRun(client, run.id, underWay(headSha))
      run = { ...run, completed: false }
    }
    return met
  }
  const made = (shows = false): Promise<CheckRun> =>
    (making ??= patiently(clock, async () => {
      if (unsure) {
        await find()
        if (shows) await takeUp('look')
      }
      return (run ??= await once(() => createCheckRun(client, headSha, number, underWay(headSha))))
    }).finally(() => {
      making = null
    }))
  const arrive = async (baseSha: string): Promise<boolean> => {
    clearTimeout(timer)
    await making?.catch(() => undefined)
    if (standing) return shared ?? false
    const mine = run
    await patiently(clock, find)
    // GitHub may not show yet what was made, or begun again, a moment ago.
    if (mine === null) standing = standsOn(baseSha)
    else run = mine
    return shared ?? false
  }
  const write = async (verdict: Verdict, baseSha: string | null): Promise<void> => {
    clearTimeout(timer)
    await making?.catch(() => undefined)
    // What was tried may have been done in part.
    let tried = false
    await patiently(clock, async () => {
      if (unsure || tried) await find()
      if (!tried && run !== null) standing ||= standsOn(baseSha)
      tried = true
      if (run !== null) await completeAgain(client, { run, standing }, verdict)
      else if (verdict.annotations.length <= MAX_ANNOTATIONS)
        await once(() => createCompletedRun(client, headSha, number, verdict))
      else await completeCheckRun(client, (await made()).id, verdict)
    })
  }

  return {
    async begin(manner) {
      if (manner !== 'look') {
        await find()
        if (run !== null) return takeUp(manner)
      }
      timer = setTimeout(() => void made(true).catch(() => undefined), shownAfter)
      return null
    },
    made,
    isShared: arrive,
    complete: write,
    async fail(verdict) {
      if (standing) return
      if (unsure) await find()
      if (run?.completed === true && standsOn((await getMeeting(client, pull.baseRef, headSha)).baseTip))
        return
      await write(verdict, null)
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
export async function completeAgain(
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
