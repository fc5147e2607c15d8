// What was said on the diff of a pull request, read in one go with what the pull request is by now; and putting
// away what no longer holds. GraphQL alone tells whether a thread is resolved, and by whom.
import { ApiError, ask, isRefusal } from './client.ts'
import type { Client } from './client.ts'

/** A thread on a line of the diff, by its first comment. */
export interface Thread {
  readonly id: string
  readonly author: string
  readonly body: string
  /** Its lines are gone from the diff. */
  readonly outdated: boolean
  readonly resolved: boolean
  /** The login of the person who resolved it; null where nobody did, where GitHub does not say, and for an app. */
  readonly resolvedBy: string | null
  /** The first comment, for hiding it. */
  readonly commentId: string
  readonly hidden: boolean
  /** Logins of everybody who answered. */
  readonly answers: readonly string[]
}

export interface Review {
  /** For GraphQL. */
  readonly id: string
  /** For REST. */
  readonly number: number
  readonly author: string
  readonly pending: boolean
  /** Null where the commit is gone. */
  readonly commit: string | null
  readonly body: string
  readonly hidden: boolean
}

export interface Speech {
  readonly open: boolean
  readonly draft: boolean
  readonly headSha: string
  readonly threads: readonly Thread[]
  readonly reviews: readonly Review[]
}

const QUERY = `query ($owner: String!, $name: String!, $number: Int!, $threads: String, $reviews: String) {
  repository(owner: $owner, name: $name) {
    pullRequest(number: $number) {
      state
      isDraft
      headRefOid
      reviewThreads(first: 100, after: $threads) {
        pageInfo { hasNextPage endCursor }
        nodes {
          id
          isResolved
          isOutdated
          resolvedBy { login }
          comments(first: 20) { nodes { id body isMinimized author { __typename login } } }
        }
      }
      reviews(first: 100, after: $reviews) {
        pageInfo { hasNextPage endCursor }
        nodes { id fullDatabaseId state body isMinimized commit { oid } author { __typename login } }
      }
    }
  }
}`

type Actor = { readonly __typename: string; readonly login: string } | null

interface Page<T> {
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null }
  readonly nodes: readonly T[]
}

interface RawThread {
  readonly id: string
  readonly isResolved: boolean
  readonly isOutdated: boolean
  /** A user by the schema, so an app may be nobody here, or a user of its name. */
  readonly resolvedBy: { readonly login: string } | null
  readonly comments: {
    readonly nodes: readonly {
      readonly id: string
      readonly body: string
      readonly isMinimized: boolean
      readonly author: Actor
    }[]
  }
}

interface RawReview {
  readonly id: string
  /** A number too large for the integers of GraphQL. */
  readonly fullDatabaseId: string
  readonly state: string
  readonly body: string
  readonly isMinimized: boolean
  readonly commit: { readonly oid: string } | null
  readonly author: Actor
}

interface Answer {
  readonly repository: {
    readonly pullRequest: {
      readonly state: string
      readonly isDraft: boolean
      readonly headRefOid: string
      readonly reviewThreads: Page<RawThread>
      readonly reviews: Page<RawReview>
    }
  }
}

/** The pull request as it is now, and everything that anybody said on its diff. */
export async function readSpeech(client: Client, number: number): Promise<Speech> {
  const threads: RawThread[] = []
  const reviews: RawReview[] = []
  let after: { threads: string | null; reviews: string | null } = { threads: null, reviews: null }
  for (;;) {
    const { repository } = await ask(`show what was said on pull request ${String(number)}`, () =>
      client.octokit.graphql<Answer>(QUERY, { ...client.repository, number, ...after }),
    )
    const { state, isDraft, headRefOid, reviewThreads, reviews: page } = repository.pullRequest
    threads.push(...reviewThreads.nodes)
    reviews.push(...page.nodes)
    if (!reviewThreads.pageInfo.hasNextPage && !page.pageInfo.hasNextPage) {
      return {
        open: state === 'OPEN',
        draft: isDraft,
        headSha: headRefOid,
        threads: threads.flatMap(asThread),
        reviews: reviews.map(asReview),
      }
    }
    const ends = [reviewThreads, page].filter(({ pageInfo }) => pageInfo.hasNextPage)
    if (ends.every(({ pageInfo }) => pageInfo.endCursor === null))
      throw new ApiError('unavailable', null, 'GitHub broke off what was said on a pull request')
    // Behind the last of the shorter list there is nothing more of it.
    after = {
      threads: reviewThreads.pageInfo.endCursor ?? after.threads,
      reviews: page.pageInfo.endCursor ?? after.reviews,
    }
  }
}

function asThread({ id, isResolved, isOutdated, resolvedBy, comments }: RawThread): readonly Thread[] {
  const [first, ...answers] = comments.nodes
  if (first === undefined) return []
  return [
    {
      id,
      author: loginOf(first.author),
      body: first.body,
      outdated: isOutdated,
      resolved: isResolved,
      resolvedBy: resolvedBy?.login ?? null,
      commentId: first.id,
      hidden: first.isMinimized,
      answers: answers.map(({ author }) => loginOf(author)),
    },
  ]
}

function asReview({ id, fullDatabaseId, state, body, isMinimized, commit, author }: RawReview): Review {
  return {
    id,
    number: Number(fullDatabaseId),
    author: loginOf(author),
    pending: state === 'PENDING',
    commit: commit?.oid ?? null,
    body,
    hidden: isMinimized,
  }
}

/** As REST and everybody else writes it: a bot is `<slug>[bot]`. The account of somebody who is gone is null. */
function loginOf(actor: Actor): string {
  if (actor === null) return 'ghost'
  return actor.__typename === 'Bot' ? `${actor.login}[bot]` : actor.login
}

const RESOLVE = `mutation ($threadId: ID!) {
  resolveReviewThread(input: {threadId: $threadId}) { clientMutationId }
}`

const UNRESOLVE = `mutation ($threadId: ID!) {
  unresolveReviewThread(input: {threadId: $threadId}) { clientMutationId }
}`

const HIDE = `mutation ($subjectId: ID!) {
  minimizeComment(input: {subjectId: $subjectId, classifier: OUTDATED}) { clientMutationId }
}`

/** Closes a thread; where the app may not (it takes contents: write), its comment is hidden instead. */
export async function putAway(client: Client, { id, commentId, hidden }: Thread): Promise<void> {
  try {
    await ask('resolve a thread', () => client.octokit.graphql(RESOLVE, { threadId: id }))
  } catch (error) {
    if (!isRefusal(error, 'forbidden')) throw error
    if (!hidden) await hide(client, commentId)
  }
}

/** Opens a thread again that was resolved. */
export async function takeUp(client: Client, { id }: Thread): Promise<void> {
  await ask('open a thread again', () => client.octokit.graphql(UNRESOLVE, { threadId: id }))
}

/** Hides a review or a comment as outdated. */
export async function hide(client: Client, subjectId: string): Promise<void> {
  await ask('hide a comment', () => client.octokit.graphql(HIDE, { subjectId }))
}
