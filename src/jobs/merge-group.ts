// The story of a merge queue: the same check on the commit that the queue made, against what it goes on. It is the
// only place where two pull requests that are each well show that together they are not.
import { completeCheckRun, createCheckRun, listCheckRuns, restartCheckRun } from '../github/api/checks.ts'
import type { CheckRun } from '../github/api/checks.ts'
import type { Client } from '../github/api/client.ts'
import type { MergeGroupRequested } from '../github/events.ts'
import { ownFailure, underWay } from '../words/github/trouble.ts'
import type { Bench } from './bench.ts'
import type { Job } from './job.ts'
import { judge, lookAtMerged } from './look.ts'
import { completeAgain } from './own-run.ts'
import { patiently } from './patience.ts'
import { publicReason } from './reason.ts'
import { readGround, verdict } from './verdict.ts'

/** Checks the head of a merge group; nothing is said anywhere else, since there is no diff to say it on. */
export function mergeGroupJob(bench: Bench, event: MergeGroupRequested): Job {
  let run: CheckRun | null = null
  let onError: 'failure' | 'neutral' = 'failure'

  return {
    async run() {
      const client = await bench.client(event)
      run = await patiently(bench.clock, () => begin(client, event.headSha))
      const sight = await patiently(bench.clock, () =>
        lookAtMerged(bench, client, event.baseSha, event.headSha),
      )
      onError = sight.config.onError
      const report = await judge(bench, sight)
      const ground = await readGround(sight, report)
      const said = verdict(bench, client, event, sight, report, ground, {
        unplaced: 0,
        refused: false,
        untidied: null,
      })
      bench.told?.(said, report, event.headSha)
      const { annotations, ...begun } = run
      let tried = false
      await patiently(bench.clock, async () => {
        // What was tried may have been done in part.
        const known = { ...begun, annotations: tried ? Math.max(annotations, 1) : annotations }
        tried = true
        await completeAgain(client, { run: known, standing: false }, { ...said, actions: [] })
      })
    },
    async failed(error) {
      const client = await bench.client(event)
      const told = run ?? (await begin(client, event.headSha))
      const output = ownFailure(publicReason(error), onError, client.hears)
      await completeCheckRun(client, told.id, { conclusion: onError, output, annotations: [], actions: [] })
    },
  }
}

async function begin(client: Client, sha: string): Promise<CheckRun> {
  const [newest] = await listCheckRuns(client, sha)
  if (newest === undefined) return createCheckRun(client, sha, null, underWay(sha))
  await restartCheckRun(client, newest.id, underWay(sha))
  return newest
}
