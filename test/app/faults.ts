// The ways in which GitHub fails, and each call of a story in turn.
import type { Fault, GitHub } from '../harness/index.ts'
import type { StoryOptions } from './scenario.ts'

/** What hangs is given up after that many milliseconds, and git after a second without a byte. */
const HASTE: StoryOptions = {
  answerLimit: 3000,
  network: { GIT_HTTP_LOW_SPEED_LIMIT: '1000', GIT_HTTP_LOW_SPEED_TIME: '1' },
}
const EVER = 100_000

/** How a call fails, and what a story has to know of it. */
export const FAULTS: Readonly<Record<string, Fault & { readonly options?: StoryOptions }>> = {
  'a 500': { status: 500 },
  'a 502 though the work is done': { status: 502, afterWrite: true },
  'a limit on bursts': { status: 403, headers: { 'retry-after': '60' } },
  'a 404': { status: 404 },
  'a 422': { status: 422 },
  'a token that is not taken': { status: 401 },
  'no answer': { hangs: true, options: HASTE },
  'no answer though the work is done': { hangs: true, afterWrite: true, options: HASTE },
  'half an answer': { truncates: true },
  'an outage from then on': { status: 503, times: EVER },
  'no answers from then on though the work is done': { hangUp: true, afterWrite: true, times: EVER },
}

/**
 * Tells `story` with the fault at its first call after `arm`, at its second, and so on, until there is no call left to
 * fail. Returns how many there were.
 */
export async function atEachCall(
  github: GitHub,
  fault: Fault,
  story: (n: number, arm: () => void) => Promise<void>,
): Promise<number> {
  for (let n = 1; ; n += 1) {
    let hits = (): number => 0
    await story(n, () => {
      const handle = github.fail({ ...fault, skip: n - 1 })
      hits = () => handle.hits
    })
    github.forgetFaults()
    if (hits() === 0) return n - 1
  }
}
