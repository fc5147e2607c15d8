// The ways in which GitHub fails, and each call of a story in turn.
import { test } from 'vitest'
import type { Fault, FaultHandle, GitHub } from '../harness/index.ts'
import { play } from './scenario.ts'
import type { Story, StoryOptions } from './scenario.ts'

/** What hangs is given up after that many milliseconds, and git after a second without a byte. */
const HASTE: StoryOptions = {
  answerLimit: 3000,
  network: { GIT_HTTP_LOW_SPEED_LIMIT: '1000', GIT_HTTP_LOW_SPEED_TIME: '1' },
}
const EVER = 100_000

/** What happens at a call: a fault, or the end of every token that there is by then. */
export type Trouble = Fault & { readonly tokensEnd?: true }

/** How a call fails, and what a story has to know of it. */
export const FAULTS: Readonly<Record<string, Trouble & { readonly options?: StoryOptions }>> = {
  'a 500': { status: 500 },
  'a 502 though the work is done': { status: 502, afterWrite: true },
  'a 404': { status: 404 },
  'a 422': { status: 422 },
  'half an answer': { truncates: true },
  'an outage from then on': { status: 503, times: EVER },
  'no answers from then on though the work is done': { hangUp: true, afterWrite: true, times: EVER },
  'a limit on bursts': { status: 403, headers: { 'retry-after': '60' } },
  'a token that is not taken': { status: 401 },
  'tokens that end': { tokensEnd: true },
  'no answer': { hangs: true, options: HASTE },
  'no answer though the work is done': { hangs: true, afterWrite: true, options: HASTE },
}

/** Is most of such a story waiting, so that others may be told meanwhile? */
function waits({ hangs, tokensEnd, status }: Trouble): boolean {
  return hangs === true || tokensEnd === true || status === 401 || status === 403
}

/** Without those that take their time at each of many calls, and are met by looks at the same client. */
export const QUICK = Object.entries(FAULTS).filter(([, { hangs }]) => hangs !== true)

/** A test for each of these faults. */
export function testEach(
  what: string,
  faults: readonly (readonly [string, (typeof FAULTS)[string]])[],
  tell: (story: Story, fault: Trouble) => Promise<void>,
): void {
  for (const [name, { options, ...fault }] of faults)
    (waits(fault) ? test.concurrent : test)(`${what}, and ${name}`, { timeout: 600_000 }, () =>
      play((story) => tell(story, fault), options),
    )
}

/**
 * Tells `story` with the trouble at its first call after `arm`, at its second, and so on, until there is no call left
 * before what `arm` gives back is called. Returns how many there were.
 */
export async function atEachCall(
  github: GitHub,
  trouble: Trouble,
  story: (n: number, arm: () => () => void) => Promise<void>,
): Promise<number> {
  for (let n = 1; ; n += 1) {
    const handles: FaultHandle[] = []
    await story(n, () => {
      const handle = laidOut(github, trouble, n - 1)
      handles.push(handle)
      return () => {
        handle.stop()
      }
    })
    for (const handle of handles) handle.stop()
    if (handles.every(({ hits }) => hits === 0)) return n - 1
  }
}

function laidOut(github: GitHub, { tokensEnd, ...fault }: Trouble, skip: number): FaultHandle {
  if (tokensEnd !== true) return github.fail({ ...fault, skip })
  return github.before({ skip }, () => {
    github.expireTokens()
  })
}
