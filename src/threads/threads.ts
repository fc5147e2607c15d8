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
  /** Milliseconds that a question may take, from when its thread begins with it. */
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
  const idle = new Set(lanes)
  const known = new Map<string, Lane>()
  const row: Waiting[] = []
  let stopped = false

  // Whoever came first goes first, to the thread that knows his repository where that has nothing to do.
  const serve = (): void => {
    while (row.length > 0 && idle.size > 0) {
      const { question, resolve, reject } = row.shift() as Waiting
      const { directory } = question.head
      const own = known.get(directory)
      const chosen = own !== undefined && idle.has(own) ? own : ([...idle][0] as Lane)
      known.set(directory, chosen)
      idle.delete(chosen)
      const over = (): void => {
        idle.add(chosen)
        serve()
      }
      chosen.judge(question).then(resolve, reject).then(over, over)
    }
  }
  return {
    async think(question) {
      if (stopped) throw new Error('threads were stopped')
      try {
        return take(
          await new Promise<Thought>((resolve, reject) => {
            row.push({ question, resolve, reject })
            serve()
          }),
        )
      } catch (error) {
        throw asFailure(error, options) ?? error
      }
    },
    async stop() {
      stopped = true
      for (const { reject } of row.splice(0)) reject(new Error('threads were stopped'))
      await Promise.all(lanes.map((one) => one.stop()))
    },
  }
}

interface Waiting {
  readonly question: Question
  readonly resolve: (thought: Thought) => void
  readonly reject: (error: unknown) => void
}

/** One thread; who asks waits for its answer before the next question. */
interface Lane {
  judge(question: Question): Promise<Thought>
  stop(): Promise<void>
}

/** From source, threads read TypeScript as their parent does; compiled, they need nothing. */
const SUFFIX = extname(import.meta.url)

/** Questions wait for each other before they come here, and not in the pool, where waiting would count as judging. */
function lane(options: ThreadOptions): Lane {
  const pool = poolOfOne(options)
  return {
    async judge(question) {
      const over = new AbortController()
      const timer = setTimeout(() => {
        over.abort()
      }, options.patience)
      try {
        return await pool.run(question, { signal: over.signal })
      } finally {
        clearTimeout(timer)
      }
    },
    stop: () => pool.destroy(),
  }
}

function poolOfOne({
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
