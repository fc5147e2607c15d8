// GitHub tells of a commit before all of its servers show it, and now and then one of them does not answer. Neither
// is worth a red check, so what reads, or may safely be done twice, is tried again shortly.
import { isRefusal } from '../github/api/client.ts'
import { CommitMissing, FetchFailed } from '../git/fetch.ts'
import type { FetchFailure } from '../git/fetch.ts'
import type { Clock } from '../ops/clock.ts'

/** Milliseconds before the second attempt and the third, where GitHub does not say. */
const PAUSES = [1000, 4000]
/** Seconds that a job waits at most for a limit to pass; GitHub asks for one minute after a burst. */
const MAX_WAIT = 120

/** The result of the first attempt that succeeds, of three. @throws what the last one throws, or what does not pass */
export async function patiently<T>(clock: Pick<Clock, 'pause'>, work: () => Promise<T>): Promise<T> {
  for (const pause of PAUSES) {
    try {
      return await work()
    } catch (error) {
      if (!mayPass(error) || isFarOff(error)) throw error
      await clock.pause(waitedFor(error) ?? pause)
    }
  }
  return work()
}

/** The milliseconds that GitHub asks for. */
function waitedFor(error: unknown): number | null {
  return isRefusal(error, 'limited') ? 1000 * (error.retryAfter ?? 60) : null
}

/** Others need the place of a job for whose installation there are no calls left in this hour: a sweep comes back to it. */
function isFarOff(error: unknown): boolean {
  return isRefusal(error, 'limited') && (error.retryAfter ?? 0) > MAX_WAIT
}

/** Not all servers of GitHub know a new token at once: a repository may not be there for it yet. */
const PASSING: ReadonlySet<FetchFailure> = new Set(['unreachable', 'locked', 'not-found'])

/** A commit that is not there yet is `not-found` for some calls and `unprocessable` for others. */
function mayPass(error: unknown): boolean {
  if (error instanceof FetchFailed) return PASSING.has(error.reason)
  return (
    error instanceof CommitMissing || isRefusal(error, 'not-found', 'unprocessable', 'limited', 'unavailable')
  )
}
