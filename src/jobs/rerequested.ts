// "Re-run all" names a commit and no pull request: our runs there know theirs, else GitHub may.
import { listCheckRuns } from '../github/api/checks.ts'
import { listPullsOf } from '../github/api/pulls.ts'
import type { CheckRerequested } from '../github/events.ts'
import type { Bench } from './bench.ts'
import type { Job } from './job.ts'
import { patiently } from './patience.ts'
import { reviewOf } from './task.ts'

/** Finds the pull requests of a head, each of which is looked at again. */
export function rerequestedJob(bench: Bench, event: CheckRerequested): Job {
  return {
    async run() {
      const client = await bench.client(event)
      const runs = await patiently(bench.clock, () => listCheckRuns(client, event.headSha))
      const numbers = runs.flatMap(({ number }) => number ?? [])
      const pulls = numbers.length > 0 ? numbers : await listPullsOf(client, event.headSha)
      for (const number of new Set(pulls)) await bench.enqueue(reviewOf({ ...event, number }, 'recheck'))
    },
    // There is no run that could say it; pressing the button again is the remedy.
    failed: () => Promise.resolve(),
  }
}
