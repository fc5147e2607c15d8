// A piece of work as a story with two ends, and the one place where its failure is caught.
import { LeftToOthers } from '../github/api/client.ts'
import { errorFields } from '../ops/log.ts'
import type { Fields, Log } from '../ops/log.ts'

export interface Job {
  run(): Promise<void>
  /** Says on GitHub that the job failed. */
  failed(error: unknown): Promise<void>
}

/** `untold`: it failed, and could not say so. `left`: another process may be at it, and does it. */
export type JobResult = 'done' | 'failed' | 'untold' | 'left'

/** Does a job; never throws. */
export async function perform(job: Job, log: Log, fields: Fields): Promise<JobResult> {
  const left = (): JobResult => {
    log.warn(fields, 'job left')
    return 'left'
  }
  try {
    log.info(fields, 'job started')
    await job.run()
    log.info(fields, 'job done')
    return 'done'
  } catch (error) {
    if (error instanceof LeftToOthers) return left()
    log.error({ ...fields, ...errorFields(error) }, 'job failed')
    try {
      await job.failed(error)
      return 'failed'
    } catch (second) {
      if (second instanceof LeftToOthers) return left()
      log.error({ ...fields, ...errorFields(second) }, 'the failure of a job could not be told')
      return 'untold'
    }
  }
}
