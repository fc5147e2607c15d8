// What was said on a pull request comes page by page; a list that breaks off is not taken for a whole one.
import { expect, it } from 'vitest'
import type { Client } from '../../src/github/api/client.ts'
import { readSpeech } from '../../src/github/api/speech.ts'

interface End {
  readonly hasNextPage: boolean
  readonly endCursor: string | null
}

const LAST: End = { hasNextPage: false, endCursor: null }

/** A client that answers with these ends of pages, one after the other, and what it was asked from. */
function paged(ends: readonly (readonly [threads: End, reviews: End])[]): {
  readonly client: Client
  readonly asked: (string | null)[][]
} {
  const asked: (string | null)[][] = []
  const graphql = (
    _: string,
    { threads, reviews }: Record<'threads' | 'reviews', string | null>,
  ): unknown => {
    const [ofThreads, ofReviews] = ends[asked.length] ?? [LAST, LAST]
    asked.push([threads, reviews])
    return Promise.resolve({
      repository: {
        pullRequest: {
          state: 'OPEN',
          isDraft: false,
          headRefOid: 'a'.repeat(40),
          reviewThreads: { pageInfo: ofThreads, nodes: [] },
          reviews: { pageInfo: ofReviews, nodes: [] },
        },
      },
    })
  }
  const repository = { owner: 'acme', name: 'platform' }
  return { client: { octokit: { graphql }, repository } as unknown as Client, asked }
}

it('is asked for until both lists end, each from where it was', async () => {
  const more = { hasNextPage: true, endCursor: 't1' }
  const { client, asked } = paged([
    [more, LAST],
    [{ hasNextPage: true, endCursor: 't2' }, LAST],
  ])
  await readSpeech(client, 7)
  expect(asked).toEqual([
    [null, null],
    ['t1', null],
    ['t2', null],
  ])
})

it('that says there is more, and not from where, is no answer', async () => {
  const { client, asked } = paged([[{ hasNextPage: true, endCursor: null }, LAST]])
  await expect(readSpeech(client, 7)).rejects.toMatchObject({ name: 'ApiError', kind: 'unavailable' })
  expect(asked).toHaveLength(1)
})
