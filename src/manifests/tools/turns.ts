// So many at a time: the rest wait for their turn, in the order in which they came.

/** What a machine has, in processors and bytes. */
export interface Machine {
  readonly processors: number
  readonly memoryBytes: number
  /** Of the container (process.constrainedMemory): 0, or more than the machine has, where it has no limit. */
  readonly constrainedBytes: number
}

/**
 * How many runs of `memoryBytes` may go on at once for each of `sharers`, and not be ended together for want of memory:
 * one for each processor at most, and always one.
 */
export function runsThatFit(memoryBytes: number, sharers: number, machine: Machine): number {
  const limit = machine.constrainedBytes > 0 ? machine.constrainedBytes : machine.memoryBytes
  const room = Math.floor(Math.min(limit, machine.memoryBytes) / memoryBytes)
  return Math.max(1, Math.floor(Math.min(machine.processors, room) / sharers))
}

/** What a function returned by this runs, runs beside at most `atOnce - 1` others. */
export function turns(atOnce: number): <T>(work: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = []
  let free = Math.max(1, atOnce)
  return async (work) => {
    if (free > 0) free -= 1
    else await new Promise<void>((start) => waiting.push(start))
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      if (next === undefined) free += 1
      else next()
    }
  }
}
