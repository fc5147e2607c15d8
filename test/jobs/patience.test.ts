// What is worth waiting for in the place of a job, and what is not.
import { expect, it } from 'vitest'
import { ApiError } from '../../src/github/api/client.ts'
import { FetchFailed } from '../../src/git/fetch.ts'
import { patiently } from '../../src/jobs/patience.ts'

const limited = (seconds: number | null): ApiError => new ApiError('limited', 403, 'no', seconds)

it.each<[why: string, error: Error, pauses: readonly number[]]>([
  ['a burst, after which GitHub says when', limited(60), [60_000, 60_000]],
  ['a burst, after which it does not', limited(null), [60_000, 60_000]],
  ['the longest wait', limited(120), [120_000, 120_000]],
  ['an hour without calls, of which others have some', limited(121), []],
  ['a commit that is not shown yet', new ApiError('not-found', 404, 'no'), [1000, 4000]],
  ['a mirror that another process is at', new FetchFailed('locked', 'no'), [1000, 4000]],
  ['a remote that is not reached', new FetchFailed('unreachable', 'no'), [1000, 4000]],
  ['a repository that is not there for a new token', new FetchFailed('not-found', 'no'), [1000, 4000]],
  ['a remote that has moved', new FetchFailed('redirected', 'no'), []],
  ['a refusal that will not pass', new ApiError('forbidden', 403, 'no'), []],
])('%s', async (_, error, pauses) => {
  const waited: number[] = []
  const pause = (milliseconds: number): Promise<void> => Promise.resolve(void waited.push(milliseconds))
  await expect(patiently({ pause }, () => Promise.reject(error))).rejects.toBe(error)
  expect(waited).toEqual(pauses)
})
