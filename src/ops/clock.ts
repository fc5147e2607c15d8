// The time, as an argument: nothing else in the program asks for it.
import { setTimeout as sleep } from 'node:timers/promises'

export interface Clock {
  readonly now: () => Date
  /** Waits so many milliseconds. */
  readonly pause: (milliseconds: number) => Promise<void>
}

export const systemClock: Clock = {
  now: () => new Date(),
  pause: (milliseconds) => sleep(milliseconds),
}

/** The day in UTC, YYYY-MM-DD. */
export function today(clock: Pick<Clock, 'now'>): string {
  return clock.now().toISOString().slice(0, 10)
}
