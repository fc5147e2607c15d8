// Thinking beside the thread that answers webhooks. Each thread has a memory of its own, so a repository goes to the
// thread that knows it, unless that one is busy and another is not.
import { extname } from 'node:path'
import { Piscina } from 'piscina'
import { answer, reportOf } from './question.ts'
import type { Answer, Question } from './question.ts'
import type { Report } from '../examine/report.ts'
import type { Lookups } from './recent.ts'
import { layOutWorkshop } from './workshop.ts'
import type { WorkshopPlace } from './workshop.ts'

export interface Threads {
  /** What is true of a question. @throws ThinkingFailed where it took too long or too much memory */
  think(question: Question): Promise<Report>
  stop(): Promise<void>
}

/** Thinking did not come to an end. The message is one sentence. */
export class ThinkingFailed extends Error {
  override readonly name = 'ThinkingFailed'
}

/** What comes back from a thread. */
export interface Thought {
  readonly answer: Answer
  /** Lookups in its memories, by memory. */
  readonly lookups: Readonly<Record<string, Lookups>>
}

export interface ThreadOptions extends WorkshopPlace {
  /** 0: everything is thought in the thread that asks. */
  readonly count: number
  /** Of each thread, in MiB of JavaScript objects; more than that ends it, and its question. */
  readonly memory: number
  /** Milliseconds that a question may take. */
  readonly patience: number
  /** Hears how often memories were asked. */
  readonly remembered: (memory: string, hits: number, misses: number) => void
  /** Hears of a thread that ended while nothing was asked of it; another takes its place. */
  readonly died: (error: unknown) => void
}

/** Threads that stay, with what they remember. */
export function startThreads(options: ThreadOptions): Threads {
  const take = ({ answer: own, lookups }: Thought): Report => {
    for (const [memory, { hits, misses }] of Object.entries(lookups)) options.remembered(memory, hits, misses)
    return reportOf(own)
  }
  if (options.count === 0) {
    const workshop = layOutWorkshop(options)
    return {
      think: async (question) =>
        take({ answer: await answer(question, workshop.of(question.config)), lookups: workshop.lookups() }),
      stop: () => Promise.resolve(),
    }
  }
  const lanes = Array.from({ length: options.count }, () => lane(options))
  const waiting = lanes.map(() => 0)
  const known = new Map<string, number>()

  const choose = (directory: string): number => {
    const own = known.get(directory)
    if (own !== undefined && waiting[own] === 0) return own
    const idle = waiting.indexOf(0)
    return idle >= 0 ? idle : (own ?? waiting.indexOf(Math.min(...waiting)))
  }
  return {
    async think(question) {
      const { directory } = question.head
      const chosen = choose(directory)
      known.set(directory, chosen)
      waiting[chosen] = (waiting[chosen] ?? 0) + 1
      const over = new AbortController()
      const timer = setTimeout(() => {
        over.abort()
      }, options.patience)
      try {
        const pool = lanes[chosen] as Piscina<Question, Thought>
        return take(await pool.run(question, { signal: over.signal }))
      } catch (error) {
        throw asFailure(error, options) ?? error
      } finally {
        clearTimeout(timer)
        waiting[chosen] = (waiting[chosen] ?? 1) - 1
      }
    },
    async stop() {
      await Promise.all(lanes.map((pool) => pool.destroy()))
    },
  }
}

/** From source, threads read TypeScript as their parent does; compiled, they need nothing. */
const SUFFIX = extname(import.meta.url)

function lane({
  count,
  memory,
  cacheDirectory,
  toolsDirectory,
  died,
}: ThreadOptions): Piscina<Question, Thought> {
  const pool = new Piscina<Question, Thought>({
    filename: new URL(`thread${SUFFIX}`, import.meta.url).href,
    execArgv: SUFFIX === '.ts' ? ['--import', 'tsx'] : [],
    workerData: { cacheDirectory, toolsDirectory, workshops: count } satisfies WorkshopPlace,
    minThreads: 1,
    maxThreads: 1,
    idleTimeout: Infinity,
    resourceLimits: { maxOldGenerationSizeMb: memory },
  })
  pool.on('error', died)
  return pool
}

function asFailure(error: unknown, { memory, patience }: ThreadOptions): ThinkingFailed | null {
  if (!(error instanceof Error)) return null
  if (error.name === 'AbortError')
    return new ThinkingFailed(`judging took more than ${String(Math.round(patience / 1000))} s`)
  if ((error as { readonly code?: unknown }).code === 'ERR_WORKER_OUT_OF_MEMORY')
    return new ThinkingFailed(`judging took more than ${String(memory)} MiB of memory`)
  return null
}
