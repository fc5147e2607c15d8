// The hold that one process has on a key of a queue on Redis: a lock that ends by itself unless it is renewed. Who
// cannot renew it must have stopped before it ends, since then the key is another's.
import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Hold } from './queue.ts'

export interface RenewedHold extends Hold {
  /** Has somebody been told that it is not ours? What they were at is not done then. */
  readonly wasDenied: boolean
  /** Waits until Redis says whose the key is: true where it is still, or again, ours. False once `ending` is. */
  regained(ending: AbortSignal): Promise<boolean>
  /** Renews it no more. */
  end(): void
}

/**
 * @param renew asks for so many milliseconds from now; false where the lock is another's, or nobody's. May take long, and
 *   may be refused.
 * @param patience milliseconds that the lock lasts
 */
export function renewHold(renew: (milliseconds: number) => Promise<boolean>, patience: number): RenewedHold {
  // Until when nobody else can have it, by our own clock; what is said shortly before may arrive after.
  let until = -Infinity
  let wasDenied = false
  let asked: Promise<boolean> | null = null
  const ask = async (): Promise<boolean> => {
    // Redis counts from when it hears this, which is later.
    const from = performance.now()
    const isOurs = await renew(patience)
    until = isOurs ? from + patience - patience / MARGIN : -Infinity
    return isOurs
  }
  const askOnce = (): Promise<boolean> => (asked ??= ask().finally(() => (asked = null)))
  const timer = setInterval(() => void askOnce().catch(() => undefined), patience / OFTEN).unref()
  return {
    isOurs() {
      const isOurs = performance.now() < until
      wasDenied ||= !isOurs
      return isOurs
    },
    get wasDenied() {
      return wasDenied
    },
    async regained(ending) {
      let end = (): void => undefined
      const ended = new Promise<false>((resolve) => {
        end = () => resolve(false)
        ending.addEventListener('abort', end, { once: true })
      })
      try {
        while (!ending.aborted) {
          const answer = await Promise.race([askOnce().catch(() => null), ended])
          if (answer !== null) {
            wasDenied = false
            return answer
          }
          await sleep(patience / OFTEN, undefined, { signal: ending }).catch(() => undefined)
        }
        return false
      } finally {
        ending.removeEventListener('abort', end)
      }
    },
    end() {
      clearInterval(timer)
    },
  }
}

/** A sixth of the time that a lock lasts is kept back. */
const MARGIN = 6
/** It is renewed four times in that time: one lost answer does no harm. */
const OFTEN = 4
