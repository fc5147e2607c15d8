// The Probot application: webhooks in, jobs out. Handlers only enqueue, so GitHub has its answer in milliseconds.
import { join } from 'node:path'
import { Probot, Server } from 'probot'
import type { ApplicationFunction, ApplicationFunctionOptions, ProbotOctokit } from 'probot'
import { askBotLogin, clientFor } from './github/api/app.ts'
import { keepGitTokens } from './github/api/tokens.ts'
import { parseComment } from './github/commands/parse.ts'
import type { Event } from './github/events.ts'
import { HEARD, understand } from './github/intake.ts'
import { openMirror } from './git/mirror.ts'
import { commitKey, keyOf } from './jobs/bench.ts'
import type { Bench, Subject } from './jobs/bench.ts'
import { commandJob, fixButtonJob } from './jobs/command.ts'
import { mergeGroupJob } from './jobs/merge-group.ts'
import { rerequestedJob } from './jobs/rerequested.ts'
import { reviewJob } from './jobs/review.ts'
import { FIX_ACTION, RECHECK_ACTION } from './jobs/verdict.ts'
import { systemClock } from './ops/clock.ts'
import type { Clock } from './ops/clock.ts'
import { logFrom } from './ops/log.ts'
import type { Log } from './ops/log.ts'
import { diskCache } from './manifests/render-cache.ts'
import type { ParsedFile } from './manifests/parse.ts'
import { createToolbox } from './manifests/tools/create-toolbox.ts'
import type { Rendering } from './manifests/unit.ts'
import { createRemote } from './remote/remote.ts'
import { createRecent } from './ops/recent.ts'
import { createQueue } from './ops/queue.ts'
import type { Queue } from './ops/queue.ts'
import type { Settings } from './ops/settings.ts'

/** Files kept parsed, over all repositories: some kilobytes each. */
const PARSED_FILES = 20_000
/** Renderings kept, each with all of its objects. */
const RENDERINGS = 1_000

export interface AppDependencies {
  readonly queue: Queue
  readonly clock: Clock
  readonly log: Log
}

/**
 * The application that Probot loads; `startServer` brings it a server, and whoever runs Probot otherwise calls this.
 * @public
 */
export function ambientGuard(
  settings: Settings,
  { queue, clock, log }: AppDependencies,
): ApplicationFunction {
  return (probot: Probot, { addHandler }: ApplicationFunctionOptions) => {
    const bench = layOut(settings, probot, clock, log)
    for (const name of HEARD) {
      probot.on(name, ({ payload }) => {
        const event = understand(name, payload)
        if (event !== null) dispatch(bench, queue, event)
      })
    }
    addHandler((request, response) => {
      if (request.method !== 'GET' || request.url?.split('?')[0] !== '/healthz') return false
      response.writeHead(200, { 'content-type': 'text/plain' }).end('ok\n')
      return true
    })
  }
}

function layOut(settings: Settings, probot: Probot, clock: Clock, log: Log): Bench {
  let login: Promise<string> | null = null
  const memories = {
    parsed: createRecent<ParsedFile>(PARSED_FILES),
    renderings: createRecent<Rendering>(RENDERINGS),
    rendered: diskCache(join(settings.cacheDirectory, 'rendered')),
    tools: createToolbox({ directory: settings.toolsDirectory ?? undefined }),
  }
  return {
    clock,
    log,
    workshop: ({ remote }) => ({
      ...memories,
      remote: createRemote({ allow: remote.allow, cacheDirectory: join(settings.cacheDirectory, 'remote') }),
    }),
    gitTokens: keepGitTokens(clock.now),
    client: ({ installation, repository }) => clientFor(probot, settings.appId, installation, repository),
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

/** What is to be done about an event. */
function dispatch(bench: Bench, queue: Queue, event: Event): void {
  const review = (subject: Subject, asked = false): void => {
    queue.enqueue(
      keyOf(subject),
      reviewJob(
        bench,
        subject,
        () => {
          review(subject)
        },
        asked,
      ),
    )
  }
  const { repository, installation } = event
  switch (event.kind) {
    case 'pull-request-changed':
      review(event)
      return
    case 'pull-request-closed':
      return
    case 'command-given': {
      const parsed = event.authorIsBot ? null : parseComment(event.body)
      if (parsed === null) return
      queue.enqueue(
        keyOf(event),
        commandJob(bench, event, parsed, () => {
          review(event)
        }),
      )
      return
    }
    case 'merge-group-requested':
      queue.enqueue(commitKey(repository, event.headSha), mergeGroupJob(bench, event))
      return
    case 'button-pressed':
      if (event.identifier === RECHECK_ACTION.identifier) review(event, true)
      if (event.identifier !== FIX_ACTION.identifier) return
      queue.enqueue(
        keyOf(event),
        fixButtonJob(bench, event, () => {
          review(event)
        }),
      )
      return
    case 'check-rerequested': {
      if (event.number !== null) {
        review({ repository, installation, number: event.number }, true)
        return
      }
      queue.enqueue(
        commitKey(repository, event.headSha),
        rerequestedJob(bench, event, (number) => {
          review({ repository, installation, number }, true)
        }),
      )
    }
  }
}

export interface ServerOptions {
  readonly clock?: Clock
  /** Instead of Probot's own, which pauses between writes: `impatientOctokit`, for a GitHub on this machine. */
  readonly octokit?: typeof ProbotOctokit
}

export interface RunningServer {
  /** `http://host:port`; webhooks go to `<url>/api/github/webhooks`. */
  readonly url: string
  /** Resolves when no job waits or runs. */
  idle(): Promise<void>
  /** Takes no more requests, lets running jobs end, and resolves. */
  stop(): Promise<void>
}

/** Starts Probot's server with the application in it. */
export async function startServer(settings: Settings, options: ServerOptions = {}): Promise<RunningServer> {
  const app = {
    appId: settings.appId,
    privateKey: settings.privateKey,
    secret: settings.webhookSecret,
    logLevel: settings.logLevel,
    logFormat: settings.logFormat,
    ...(settings.github.apiUrl === null ? {} : { baseUrl: settings.github.apiUrl }),
    ...(options.octokit === undefined ? {} : { Octokit: options.octokit }),
  }
  // A server makes its own log, with settings of its own; Probot makes one with ours.
  const { log } = await new Probot(app).ready()
  const server = new Server({
    Probot: Probot.defaults(app),
    log,
    host: settings.host,
    // Probot takes 0 for unset; node takes a text as well.
    port: settings.port === 0 ? ('0' as unknown as number) : settings.port,
    enableStaticFiles: false,
  })
  const own = logFrom(log, { name: 'ambient-guard' })
  const queue = createQueue(settings.concurrency, own)
  await server.load(ambientGuard(settings, { queue, clock: options.clock ?? systemClock, log: own }))
  await server.start()
  return {
    url: `http://${server.host}:${String(server.port)}`,
    idle: () => queue.idle(),
    async stop() {
      await Promise.all([server.stop(), queue.drain()])
    },
  }
}
