// Jobs in this process: one at a time for each key, a bounded number at once. A job means "look again", so a newer
// one of the same slot takes the place of one that still waits.
import { errorFields } from './log.ts'
import type { Log } from './log.ts'

export interface Job {
  /** Jobs of one key and slot are interchangeable while they wait; commands have slots of their own. */
  readonly slot: string
  run(): Promise<void>
  /** Says on GitHub that the job failed. */
  failed(error: unknown): Promise<void>
}

export interface Queue {
  enqueue(key: string, job: Job): void
  /** Resolves when nothing waits or runs. */
  idle(): Promise<void>
  /** Takes nothing more, forgets what waits, and resolves when what runs has ended. Nothing is lost: GitHub is the state. */
  drain(): Promise<void>
}

/** @param concurrency how many keys are worked on at once */
export function createQueue(concurrency: number, log: Log): Queue {
  const waiting = new Map<string, Job[]>()
  const running = new Set<string>()
  let closed = false
  let onIdle: (() => void)[] = []

  const next = (): void => {
    for (const [key, jobs] of waiting) {
      if (running.size >= concurrency) return
      if (running.has(key)) continue
      const job = jobs.shift()
      // At the end of the row of keys, so that a busy pull request does not keep others waiting.
      waiting.delete(key)
      if (jobs.length > 0) waiting.set(key, jobs)
      if (job !== undefined) start(key, job)
    }
    if (running.size > 0 || waiting.size > 0) return
    const resolve = onIdle
    onIdle = []
    for (const done of resolve) done()
  }
  const start = (key: string, job: Job): void => {
    running.add(key)
    void perform(key, job, log).finally(() => {
      running.delete(key)
      next()
    })
  }
  const idle = (): Promise<void> =>
    running.size === 0 && waiting.size === 0
      ? Promise.resolve()
      : new Promise((resolve) => onIdle.push(resolve))

  return {
    enqueue(key, job) {
      if (closed) return
      // A key that waits keeps its place, however often there is news of it.
      const jobs = (waiting.get(key) ?? []).filter(({ slot }) => slot !== job.slot)
      waiting.set(key, [...jobs, job])
      next()
    },
    idle,
    drain() {
      closed = true
      waiting.clear()
      return idle()
    },
  }
}

/** The one place where the failure of a job is caught. */
async function perform(key: string, job: Job, log: Log): Promise<void> {
  const fields = { key, job: job.slot }
  try {
    log.info(fields, 'job started')
    await job.run()
    log.info(fields, 'job done')
  } catch (error) {
    log.error({ ...fields, ...errorFields(error) }, 'job failed')
    try {
      await job.failed(error)
    } catch (second) {
      log.error({ ...fields, ...errorFields(second) }, 'the failure of a job could not be told')
    }
  }
}
