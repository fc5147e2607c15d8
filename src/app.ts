// The app: webhooks in, tasks out. Handlers only enqueue, so GitHub has its answer in milliseconds.
import { join } from 'node:path'
import { Webhooks, createNodeMiddleware } from '@octokit/webhooks'
import { Probot, ProbotOctokit } from 'probot'
import type { Logger } from 'probot'
import { askBotLogin, toldOctokit } from './github/api/app.ts'
import { createClients } from './github/api/clients.ts'
import { refusedAtOnce } from './github/api/limits.ts'
import { overviewOf } from './github/api/overview.ts'
import { keepGitTokens } from './github/api/tokens.ts'
import { wholeAnswers } from './github/api/whole-answers.ts'
import { HEARD, understand } from './github/intake.ts'
import { openMirror } from './git/mirror.ts'
import type { FleetBench } from './jobs/bench.ts'
import { jobOf } from './jobs/dispatch.ts'
import { SHOWN_AFTER } from './jobs/own-run.ts'
import { perform } from './jobs/job.ts'
import { entryOf, isUntold, taskOf } from './jobs/task.ts'
import type { Task } from './jobs/task.ts'
import { keepWithin } from './ops/cache-limit.ts'
import { systemClock } from './ops/clock.ts'
import type { Clock } from './ops/clock.ts'
import { createJournal } from './ops/journal.ts'
import type { Journal } from './ops/journal.ts'
import { errorFields, logFrom, quietLog } from './ops/log.ts'
import type { Log } from './ops/log.ts'
import { createMetrics } from './ops/metrics.ts'
import type { Metrics } from './ops/metrics.ts'
import { createQueue } from './ops/queue.ts'
import type { Queue, Work } from './ops/queue.ts'
import type { Settings } from './ops/settings.ts'
import { createSharedQueue } from './ops/shared-queue.ts'
import { startWebServer } from './ops/web-server.ts'
import type { Hear, Page, WebServer, WebServerOptions } from './ops/web-server.ts'
import { startThreads } from './threads/threads.ts'
import type { Threads } from './threads/threads.ts'

/** Milliseconds that work under way is given to end: less than Kubernetes gives a container. */
const DRAIN = 25_000
/** The path to which GitHub sends webhooks. */
const WEBHOOKS = '/api/github/webhooks'
/** Milliseconds that one pull request may be thought about. */
const PATIENCE = 10 * 60_000
/** Milliseconds between looks at the size of the cache. */
const UPKEEP = 30 * 60_000

/** Milliseconds between looks whether work is taken in, before the first sweep. */
const BEGIN = 100

/** What a server has beside what Probot brings. */
interface Works {
  readonly queue: Queue<Task>
  readonly metrics: Metrics
  readonly log: Log
}

/**
 * What hears webhooks: of each whose signature is right comes a task that waits. Probot would make an Octokit for every
 * event, which nobody needs to take it in.
 */
function hearWebhooks(secret: string, logger: Logger, { queue, metrics, log }: Works): Hear {
  const webhooks = new Webhooks({ secret, log: logger })
  webhooks.on([...HEARD], async ({ name, payload, id }) => {
    metrics.heard(name)
    const event = understand(name, payload)
    const task = event === null ? null : taskOf(event)
    if (task === null) return
    try {
      await queue.enqueue(entryOf({ ...task, delivery: id }))
    } catch (error) {
      log.error({ delivery: id, ...errorFields(error) }, 'a webhook was not taken in')
      // GitHub hears of it, and the delivery can be had again.
      throw error
    }
  })
  return createNodeMiddleware(webhooks, { path: WEBHOOKS, log: logger })
}

/** What whoever looks after the process can look at. */
function pagesOf({ queue, metrics }: Works): WebServerOptions['pages'] {
  return new Map<string, () => Page | Promise<Page>>([
    ['/healthz', () => ({ status: 200, text: 'ok\n' })],
    // What every Probot app has.
    ['/ping', () => ({ status: 200, text: 'PONG' })],
    [
      '/readyz',
      () =>
        queue.ready()
          ? { status: 200, text: 'ready\n' }
          : { status: 503, text: 'no work is taken in: the process ends, or its Redis does not answer\n' },
    ],
    ['/metrics', async () => ({ status: 200, type: metrics.contentType, text: await metrics.text() })],
  ])
}

interface Yard {
  readonly shownAfter: number
  readonly settings: Settings
  readonly probot: Probot
  readonly clock: Clock
  readonly log: Log
  readonly threads: Threads
  readonly metrics: Metrics
  readonly queue: Queue<Task>
}

function layOut({
  settings,
  probot,
  clock,
  log,
  threads,
  metrics,
  queue,
  shownAfter,
}: Yard): Omit<FleetBench, 'client'> {
  let login: Promise<string> | null = null
  return {
    clock,
    shownAfter,
    log,
    appId: settings.appId,
    overview: overviewOf(probot),
    think: (question) => threads.think(question),
    told: ({ conclusion }, { findings }) => {
      metrics.concluded(
        conclusion,
        findings.filter(({ change }) => change !== 'resolved'),
      )
    },
    enqueue: (task) => queue.enqueue(entryOf(task)),
    turn: (name, milliseconds) => queue.turn(name, milliseconds),
    gitTokens: keepGitTokens(clock.now),
    botLogin: () =>
      (login ??= askBotLogin(probot).catch((error: unknown) => {
        login = null
        throw error
      })),
    mirror: ({ owner, name }) =>
      openMirror(settings.cacheDirectory, `${owner}/${name}`, { network: settings.network }),
    gitUrl: ({ owner, name }) => `${settings.github.gitUrl}/${owner}/${name}.git`,
    webUrl: ({ owner, name }) => `${settings.github.gitUrl}/${owner}/${name}`,
  }
}

export interface ServerOptions {
  readonly clock?: Clock
  /** Instead of Probot's own, which pauses between writes: `impatientOctokit`, for a GitHub on this machine. */
  readonly octokit?: typeof ProbotOctokit
  /** Milliseconds that GitHub is given for one answer. */
  readonly answerLimit?: number
  /** Milliseconds that a request may take to arrive; half a minute by default. */
  readonly arrival?: number
  /** Instead of `SHOWN_AFTER`. */
  readonly shownAfter?: number
  /** Milliseconds after which what a process was at that Redis hears nothing of is another's; half a minute by default. */
  readonly patience?: number
  /** Milliseconds after which a press is tried again that GitHub was not there for; five minutes by default. */
  readonly pause?: number
}

export interface RunningServer {
  /** `http://host:port`; webhooks go to `<url>/api/github/webhooks`. */
  readonly url: string
  /** Resolves when no job waits or runs. */
  idle(): Promise<void>
  /** Goes through everything on GitHub now. */
  sweep(): Promise<void>
  /** Takes no more requests, lets running jobs end, and resolves. False where one did not end in time. */
  stop(): Promise<boolean>
}

/** Starts the app: a server that hears webhooks, the queue and threads behind it, and Probot for calls. */
export async function startServer(settings: Settings, options: ServerOptions = {}): Promise<RunningServer> {
  const clock = options.clock ?? systemClock
  const metrics = createMetrics(() => queue.depth())
  const app = {
    appId: settings.appId,
    privateKey: settings.privateKey,
    log: await openLog(settings),
    Octokit: toldOctokit(refusedAtOnce(options.octokit ?? ProbotOctokit), metrics.asked),
    request: { fetch: wholeAnswers(options.answerLimit) },
    ...(settings.github.apiUrl === null ? {} : { baseUrl: settings.github.apiUrl }),
    ...(settings.redisUrl === null ? {} : { redisConfig: settings.redisUrl }),
  }
  const own = logFrom(app.log, { name: 'ambient-guard' })
  const probot = await new Probot(app).ready()
  const clients = await createClients(probot, settings)
  const threads = startThreads({
    ...settings,
    count: settings.threads,
    memory: settings.threadMemory,
    patience: PATIENCE,
    remembered: metrics.remembered,
    died: (error) => {
      own.error(errorFields(error), 'a thread that judges ended while nothing was asked of it')
    },
  })
  const mayTry = fewTimes()
  const work: Work<Task> = async ({ key, slot, task }, hold) => {
    const begun = performance.now()
    const about = { key, job: task.kind, delivery: task.delivery }
    const held: FleetBench = {
      ...bench,
      log: logFrom(app.log, { name: 'ambient-guard', ...about }),
      client: (place, reach) => clients(place, () => hold.isOurs(), reach),
    }
    const result = await perform(jobOf(held, task), own, about)
    metrics.worked(task.kind, result, performance.now() - begun)
    return isUntold(task) && mayTry(`${key} ${slot}`, result === 'untold') ? 'again' : 'over'
  }
  const journal = createJournal<Task>(join(settings.cacheDirectory, '_pressed'))
  const { concurrency, redisUrl } = settings
  const { shownAfter = SHOWN_AFTER, patience, pause } = options
  const single = createQueue(concurrency, keptWork(work, journal, own), pause)
  const queue: Queue<Task> =
    redisUrl === null
      ? keptQueue(single, journal)
      : createSharedQueue(
          { redisUrl, secret: settings.webhookSecret, concurrency, log: own, patience, pause },
          work,
        )
  const bench = layOut({ settings, probot, clock, shownAfter, log: own, threads, metrics, queue })

  const works = { queue, metrics, log: own }
  let server: WebServer
  try {
    server = await startWebServer({
      host: settings.host,
      port: settings.port,
      path: WEBHOOKS,
      hear: hearWebhooks(settings.webhookSecret, app.log.child({ name: 'webhooks' }), works),
      pages: pagesOf(works),
      log: own,
      arrival: options.arrival,
    })
  } catch (error) {
    await Promise.all([queue.drain(0), threads.stop()])
    throw error
  }
  own.info({ url: server.url }, 'listening')
  const sweep = (first: boolean): Promise<void> => queue.enqueue(entryOf({ kind: 'sweep-wanted', first }))
  const timers = keepUp(settings, { ...works, clock, sweep })
  if (redisUrl === null) {
    const uncounted = (error: unknown): void => {
      own.warn(errorFields(error), 'CACHE_DIR cannot be written to: make room in it')
    }
    // They are kept already, and how often they were tried with them.
    for (const entry of await journal.left(uncounted)) await single.enqueue(entry)
  }
  return {
    url: server.url,
    idle: () => queue.idle(),
    sweep: () => sweep(true),
    async stop() {
      for (const timer of timers) clearInterval(timer)
      const [, ended] = await Promise.all([server.stop(DRAIN), queue.drain(DRAIN)])
      await threads.stop()
      return ended
    },
  }
}

/** A queue in this process, of which the next process takes up what no sweep would find. */
function keptQueue(queue: Queue<Task>, journal: Journal<Task>): Queue<Task> {
  return {
    ...queue,
    async enqueue(entry) {
      if (isUntold(entry.task)) await journal.keep(entry)
      await queue.enqueue(entry)
    },
  }
}

function keptWork(work: Work<Task>, journal: Journal<Task>, log: Log): Work<Task> {
  return async (entry, hold) => {
    const outcome = await work(entry, hold)
    if (outcome === 'again' || !isUntold(entry.task)) return outcome
    // It is done all the same; done once more, it finds that.
    await journal.done(entry).catch((error: unknown) => {
      log.warn({ ...errorFields(error), key: entry.key }, 'what was done is still kept')
    })
    return outcome
  }
}

/** Says of each of some names that failed, a few times, that it may be tried again. */
function fewTimes(): (name: string, failed: boolean) => boolean {
  const tries = new Map<string, number>()
  return (name, failed) => {
    const tried = (tries.get(name) ?? 0) + 1
    const mayTry = failed && tried <= MOST_TRIES
    if (mayTry) tries.set(name, tried)
    else tries.delete(name)
    return mayTry
  }
}

/** What GitHub was not there for is tried so often again. */
const MOST_TRIES = 3

/** Probot makes a log for each format; only it knows how. */
async function openLog({ appId, privateKey, logLevel, logFormat }: Settings): Promise<Logger> {
  const { log } = await new Probot({ appId, privateKey, logLevel, logFormat }).ready()
  return quietLog(log)
}

interface Upkeep extends Works {
  readonly clock: Clock
  readonly sweep: (first: boolean) => Promise<void>
}

/** What happens without being asked for: sweeps, and looks at the size of the cache. */
function keepUp(
  { sweepInterval, cacheDirectory, cacheLimit }: Settings,
  { queue, metrics, log, clock, sweep }: Upkeep,
): readonly NodeJS.Timeout[] {
  const quietly = (what: string, work: () => Promise<void>): void => {
    work().catch((error: unknown) => {
      log.warn(errorFields(error), `${what} did not happen`)
    })
  }
  const sweepOnce = (first: boolean): void => {
    quietly('a sweep', async () => {
      // Of several processes one does it; each that begins has it done once, since it may be the only one.
      if (first || (await queue.turn('sweep', sweepInterval - sweepInterval / 10))) await sweep(first)
    })
  }
  const measure = (): void => {
    quietly('a look at the cache', async () => {
      const { bytes, dropped } = await keepWithin(cacheDirectory, cacheLimit, clock.now())
      metrics.kept(bytes, dropped)
      if (dropped > 0) log.info({ bytes, dropped }, 'the cache was made smaller')
    })
  }
  measure()
  const timers = [setInterval(measure, UPKEEP)]
  if (sweepInterval === 0) return timers
  const firstSweep = (): void => {
    // A Redis that is not there yet has its own line in the log.
    if (!queue.ready()) return
    clearInterval(begin)
    sweepOnce(true)
  }
  const begin = setInterval(firstSweep, BEGIN)
  firstSweep()
  return [
    ...timers,
    begin,
    setInterval(() => {
      sweepOnce(false)
    }, sweepInterval),
  ]
}
