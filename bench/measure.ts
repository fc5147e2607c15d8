// How the bench measures: processor time, which other work on the machine hardly changes, and the fastest of
// several runs, since noise only ever adds.

/**
 * Milliseconds of processor time that each piece of work takes, at its fastest. They take turns, so that none has a
 * warmer machine than another.
 */
export async function fastest(times: number, work: readonly (() => unknown)[]): Promise<readonly number[]> {
  const best = work.map(() => Infinity)
  for (let i = 0; i < times; i += 1) {
    for (const [index, piece] of work.entries()) {
      const start = process.cpuUsage()
      await piece()
      const { user, system } = process.cpuUsage(start)
      best[index] = Math.min(best[index] ?? Infinity, (user + system) / 1000)
    }
  }
  return best
}

export function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

/** The one in the middle: of pieces of work that differ. NaN of none. */
export function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? NaN
}
