// How much is asked: a fixed little in `npm test` and `npm run test:hostile`, and as much as AMBIENT_GUARD_LONG says in `npm run test:long`.

export interface Campaign {
  readonly runs: number
  readonly seed: number
  /** Milliseconds for the whole test; a long one shrinks for as long as it takes. */
  readonly timeout: number
}

/** Each `step`-th of a list, which is spread evenly over it; all of it in a long run. */
export function spread<T>(all: readonly T[], step: number): readonly T[] {
  return process.env.AMBIENT_GUARD_LONG === undefined ? all.filter((_, index) => index % step === 0) : all
}

/** `share` is how much of a long run falls to a test whose runs are dearer. AMBIENT_GUARD_SEED repeats a long run that failed. */
export function campaign(runs: number, share = 1): Campaign {
  const long = Number(process.env.AMBIENT_GUARD_LONG ?? '0')
  const fixed = { runs, seed: 20261124, timeout: 60_000 }
  if (!(long > 0)) return fixed
  const seed = Number(process.env.AMBIENT_GUARD_SEED ?? Date.now() % 2 ** 31)
  process.stderr.write(`AMBIENT_GUARD_SEED=${String(seed)} repeats this run\n`)
  return { runs: Math.max(runs, long * share), seed, timeout: 3_600_000 }
}
