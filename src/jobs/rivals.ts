// Several pull requests may have one head, and GitHub gates all of them by the newest run of a name on it. A verdict
// that lets one pass must not hide that another does not.
import { listCheckRuns } from '../github/api/checks.ts'
import type { CheckRun } from '../github/api/checks.ts'
import type { Client } from '../github/api/client.ts'
import { getPull } from '../github/api/pulls.ts'
import type { Pull } from '../github/api/pulls.ts'
import type { Bench } from './bench.ts'

/** Milliseconds between looks at the run of another pull request that is under way, and how many. */
const PAUSE = 5000
const LOOKS = 6

/** The newest run of each other pull request, among the runs of a head, newest first. */
export function othersOf(runs: readonly CheckRun[], number: number): readonly CheckRun[] {
  const newest = new Map<number, CheckRun>()
  for (const run of runs)
    if (run.number !== null && run.number !== number && !newest.has(run.number)) newest.set(run.number, run)
  return [...newest.values()]
}

/** Open pull requests with this head that do not pass, or whose run does not end. */
export async function rivalsOf(bench: Bench, client: Client, pull: Pull): Promise<readonly number[]> {
  for (let look = 1; ; look += 1) {
    const others = othersOf(await listCheckRuns(client, pull.headSha), pull.number)
    const underWay = others.some(({ completed }) => !completed)
    if (underWay && look < LOOKS) {
      await bench.clock.pause(PAUSE)
      continue
    }
    const rivals: number[] = []
    for (const { number, completed, conclusion } of others) {
      if (number === null || (completed && conclusion !== 'failure')) continue
      const other = await getPull(client, number)
      if (other.open && other.headSha === pull.headSha) rivals.push(number)
    }
    return rivals.sort((a, b) => a - b)
  }
}
