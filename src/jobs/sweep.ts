// The story of a sweep: everything that waits for us on GitHub is found again, whatever was missed. It writes nothing
// itself, and leaves tasks; each of them does nothing where all is well.
import { createHash } from 'node:crypto'
import { compareText } from '../core/source/problem.ts'
import type { OpenComment, OpenPull, OpenRun, QueuedGroup } from '../github/api/overview.ts'
import { listQueuedGroups, openPulls } from '../github/api/overview.ts'
import { isRefusal } from '../github/api/client.ts'
import type { Client } from '../github/api/client.ts'
import { parseComment } from '../github/commands/parse.ts'
import { errorFields } from '../ops/log.ts'
import type { FleetBench } from './bench.ts'
import type { Job } from './job.ts'
import { bring } from './look.ts'
import { reviewOf } from './task.ts'
import type { RepositorySweepWanted, SweepWanted, Task } from './task.ts'

const MINUTE = 60_000
/** A run that has not ended by then has nobody who works on it: milliseconds. */
const STALE = 10 * MINUTE
/** Older commands are not carried out: whoever gave them has given up. */
const COMMAND_AGE = 24 * 60 * MINUTE
/** A delivery that has failed so often fails for a reason; what was pressed, nothing else tells of. */
const [MAX_ATTEMPTS, MAX_PRESSES] = [4, 100]
/** Deliveries that are asked for once more in one sweep. */
const MAX_REDELIVERIES = 100
/** These come before what a sweep finds by itself. */
const PRESSED: readonly string[] = [
  'check_run.requested_action',
  'check_run.rerequested',
  'check_suite.rerequested',
]
/** Milliseconds after which what could not be judged is tried again. */
const SECOND_TRY = 15 * MINUTE
/** Pull requests of a repository that are judged anew in one sweep, since their base moved. */
const MAX_GLANCES = 25

/** There is no pull request to say it on: the log and the metrics do. */
const NOBODY_TOLD: Job['failed'] = (error) => Promise.reject(error as Error)

/** Goes through installations and failed deliveries. */
export function sweepJob(bench: FleetBench, { first }: SweepWanted): Job {
  return {
    async run() {
      // What GitHub does not send again is found by going through the pull requests.
      try {
        await redeliverFailed(bench)
      } catch (error) {
        bench.log.warn(errorFields(error), 'failed deliveries were not asked for')
      }
      for (const installation of await bench.overview.installations()) {
        // One that was taken away meanwhile, or is suspended, must not keep the others from being swept.
        try {
          for (const repository of await bench.overview.repositories(installation))
            await bench.enqueue({ kind: 'repository-sweep-wanted', repository, installation, first })
        } catch (error) {
          bench.log.warn({ installation, error: String(error) }, 'an installation was not swept')
        }
      }
    },
    failed: NOBODY_TOLD,
  }
}

/** Webhooks that did not arrive, since a process was down or refused them. */
async function redeliverFailed(bench: FleetBench): Promise<void> {
  const deliveries = await bench.overview.deliveries(new Date(bench.clock.now().getTime() - COMMAND_AGE))
  const attempts = new Map<string, { count: number; ok: boolean; newest: number; event: string }>()
  for (const { guid, id, ok, event } of deliveries) {
    const known = attempts.get(guid) ?? { count: 0, ok: false, newest: id, event }
    attempts.set(guid, { ...known, count: known.count + 1, ok: known.ok || ok })
  }
  const failed = [...attempts.values()].filter(({ ok }) => !ok)
  const pressed = failed.filter(({ event, count }) => PRESSED.includes(event) && count < MAX_PRESSES)
  const others = failed.filter(({ event, count }) => !PRESSED.includes(event) && count < MAX_ATTEMPTS)
  for (const { newest } of [...pressed, ...others].slice(0, MAX_REDELIVERIES)) {
    try {
      await bench.overview.redeliver(newest)
    } catch (error) {
      bench.log.warn(errorFields(error), 'a failed delivery is not sent again')
    }
  }
}

/** Goes through the open pull requests and the merge queue of one repository. */
export function sweepRepositoryJob(bench: FleetBench, task: RepositorySweepWanted): Job {
  return {
    async run() {
      const client = await bench.client(task, 'installation')
      const moved: MovedPull[] = []
      for await (const pull of openPulls(client, bench.appId)) {
        for (const comment of unanswered(pull, bench.clock.now()))
          await leave(bench, {
            kind: 'command-given',
            ...place(task),
            number: pull.number,
            commentId: comment.id,
            at: comment.createdAt,
            body: comment.body,
            author: comment.author,
            authorIsBot: false,
          })
        if (isWaiting(pull.run, task, bench.clock.now()) || isRetargeted(pull)) {
          if (await isItsTurn(bench, client, task, pull))
            await leave(bench, reviewOf({ ...place(task), number: pull.number }, 'look'))
        } else moved.push(...movedOf(pull))
      }
      for (const group of await queuedGroups(bench, client))
        if (isWaiting(group.run, task, bench.clock.now())) await leave(bench, groupTask(task, group))
      await glanceAt(bench, client, task, moved)
    },
    failed: NOBODY_TOLD,
  }
}

/** Who was not waiting for an answer is served after those who are. */
function leave(bench: FleetBench, task: Task): Promise<void> {
  return bench.enqueue({ ...task, swept: true })
}

/** Where no run can be made, none will be there at the next sweep: judging all of it again would be in vain. */
async function isItsTurn(
  bench: FleetBench,
  { repository: { owner, name } }: Client,
  { first }: RepositorySweepWanted,
  { number, headSha, run }: OpenPull,
): Promise<boolean> {
  if (first || run !== null) return true
  return bench.turn(`look ${owner}/${name}#${String(number)} ${headSha}`, SECOND_TRY)
}

/** Servers of older versions know of no merge queue, and the permission to see one may be withheld. */
async function queuedGroups(bench: FleetBench, client: Client): Promise<readonly QueuedGroup[]> {
  try {
    return await listQueuedGroups(client, bench.appId)
  } catch (error) {
    if (!isRefusal(error, 'forbidden', 'not-found', 'failed')) throw error
    bench.log.info({ ...client.repository, reason: error.message }, 'the merge queue is not seen')
    return []
  }
}

function place({
  repository,
  installation,
}: RepositorySweepWanted): Pick<RepositorySweepWanted, 'repository' | 'installation'> {
  return { repository, installation }
}

function groupTask(task: RepositorySweepWanted, { headSha, baseSha, baseRef }: QueuedGroup) {
  return { kind: 'merge-group-requested', ...place(task), headSha, baseSha, baseRef } as const
}

/** A locked conversation takes no receipts, so nobody can tell what of it was done. */
function unanswered({ locked, comments }: OpenPull, now: Date): readonly OpenComment[] {
  if (locked) return []
  return comments.filter(
    ({ authorIsBot, answered, body, createdAt }) =>
      !authorIsBot &&
      !answered &&
      now.getTime() - Date.parse(createdAt) < COMMAND_AGE &&
      parseComment(body) !== null,
  )
}

/** Is there no run, or one that nobody works on? */
function isWaiting(run: OpenRun | null, { first }: RepositorySweepWanted, now: Date): boolean {
  if (run === null) return true
  if (run.completed) return false
  return first || run.startedAt === null || now.getTime() - Date.parse(run.startedAt) > STALE
}

function isRetargeted({ run, baseRef }: OpenPull): boolean {
  const ground = run?.ground ?? null
  return ground !== null && ground.baseRef !== baseRef
}

/** Of a pull request whose base has moved, without what was said on it: there may be thousands of them. */
interface MovedPull {
  readonly number: number
  /** Of its run, for GraphQL. */
  readonly runId: string
  readonly baseRef: string
  /** The tip of the base that it was judged on; null where the run does not say. */
  readonly from: string | null
  readonly tip: string
}

/** Is its base elsewhere than when it was judged? One that is being judged says so when that is over. */
function movedOf({ number, run, baseRef, baseTip }: OpenPull): readonly MovedPull[] {
  if (baseTip === null || run?.completed !== true) return []
  const from = run.ground?.baseSha ?? null
  return from === baseTip ? [] : [{ number, runId: run.id, baseRef, from, tip: baseTip }]
}

/** Pull requests whose base has moved in files that matter are judged anew, each once for a tip; so are failures of ours. */
async function glanceAt(
  bench: FleetBench,
  client: Client,
  task: RepositorySweepWanted,
  moved: readonly MovedPull[],
): Promise<void> {
  if (moved.length === 0) return
  const mirror = bench.mirror(client.repository)
  const tips = new Map(moved.map(({ tip, baseRef }) => [tip, baseRef]))
  await bring(
    bench,
    client,
    mirror,
    [...tips.keys()],
    [...new Set(tips.values())].map((name) => `refs/heads/${name}`),
  )
  const answers = new Map<string, boolean>()
  const due: MovedPull[] = []
  for (const one of moved) {
    const between = `${one.from ?? ''} ${one.tip}`
    // A failure of our own says nothing about a base: a look is due whatever has moved.
    const changed = answers.get(between) ?? (one.from === null || (await matters(mirror, one.from, one.tip)))
    answers.set(between, changed)
    if (changed) due.push(one)
  }
  // Where a base keeps moving there are always some that are due: each tip has an order of its own.
  const orderOf = ({ runId, tip }: MovedPull): string =>
    createHash('sha256').update(`${runId} ${tip}`).digest('hex')
  const inOrder = due.map((one) => [orderOf(one), one] as const).sort(([a], [b]) => compareText(a, b))
  let glances = 0
  for (const [, { number, runId, from, tip }] of inOrder) {
    if (glances >= MAX_GLANCES) return
    if (!(await bench.turn(`glance ${runId} ${tip}`, from === null ? SECOND_TRY : COMMAND_AGE))) continue
    glances += 1
    await leave(bench, reviewOf({ ...place(task), number }, 'glance'))
  }
}

/** What manifests are written in, or made from: also files without an ending. */
const MANIFESTS = /\.(?:ya?ml|json|tpl|tgz|env|properties|toml|lock)$|(?:^|\/)[^./]+$/i

/** Has anything moved between two tips that could bear on a verdict? */
async function matters(mirror: ReturnType<FleetBench['mirror']>, from: string, to: string): Promise<boolean> {
  const paths = await mirror.changed(from, to)
  return paths === null || paths.some((path) => MANIFESTS.test(path))
}
