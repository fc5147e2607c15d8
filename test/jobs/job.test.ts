// How a job ends, and who hears of it.
import { expect, it } from 'vitest'
import { LeftToOthers } from '../../src/github/api/client.ts'
import { perform } from '../../src/jobs/job.ts'

/** How it ends, whether its failure was told, and what stands in the log. */
async function ended(error: Error | null, untold: Error | null = null): Promise<readonly unknown[]> {
  const lines: string[] = []
  const write = (_: object, words: string): void => void lines.push(words)
  let told = false
  const job = {
    run: () => (error === null ? Promise.resolve() : Promise.reject(error)),
    failed: () => {
      told = true
      return untold === null ? Promise.resolve() : Promise.reject(untold)
    },
  }
  const result = await perform(job, { info: write, warn: write, error: write }, {})
  return [result, told, lines.slice(1)]
}

it.each<[why: string, Error | null, Error | null, readonly unknown[]]>([
  ['it is done', null, null, ['done', false, ['job done']]],
  ['it fails', new Error('no'), null, ['failed', true, ['job failed']]],
  [
    'it fails, and cannot say so',
    new Error('no'),
    new Error('nor that'),
    ['untold', true, ['job failed', 'the failure of a job could not be told']],
  ],
  // Who took it up says how it ended.
  ['another process is at it', new LeftToOthers(), null, ['left', false, ['job left']]],
  [
    'it fails, and another process is at it by then',
    new Error('no'),
    new LeftToOthers(),
    ['left', true, ['job failed', 'job left']],
  ],
])('%s', async (_, error, untold, expected) => {
  expect(await ended(error, untold)).toEqual(expected)
})
