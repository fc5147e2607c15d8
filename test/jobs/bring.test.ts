// A fetch with a token that is no longer good, and with one that is, and finds nothing.
import { expect, it } from 'vitest'
import { FetchFailed } from '../../src/git/fetch.ts'
import type { FetchFailure } from '../../src/git/fetch.ts'
import type { Mirror } from '../../src/git/mirror.ts'
import type { Client } from '../../src/github/api/client.ts'
import type { Bench } from '../../src/jobs/bench.ts'
import { bring } from '../../src/jobs/look.ts'

/** The tokens that were fetched with, where only a new one is good. */
async function fetched(reason: FetchFailure): Promise<readonly string[]> {
  const tokens: string[] = []
  const bench = {
    gitUrl: () => 'https://git.example/acme/platform.git',
    gitTokens: { get: (_: Client, fresh = false) => Promise.resolve(fresh ? 'new' : 'old') },
  } as unknown as Bench
  const mirror = {
    fetch: ({ token }: { readonly token: string }) => {
      tokens.push(token)
      return token === 'new' ? Promise.resolve() : Promise.reject(new FetchFailed(reason, 'no'))
    },
  } as unknown as Mirror
  await bring(bench, {} as Client, mirror, [], []).catch(() => undefined)
  return tokens
}

it.each<[why: string, FetchFailure, readonly string[]]>([
  ['a token that ended early', 'unauthorized', ['old', 'new']],
  ['a token of a repository that had the name before', 'not-found', ['old', 'new']],
  ['a server that cannot be reached', 'unreachable', ['old']],
])('%s', async (_, reason, tokens) => {
  expect(await fetched(reason)).toEqual(tokens)
})
