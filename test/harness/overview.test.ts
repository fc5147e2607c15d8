import { expect, test } from 'vitest'
import { client, scene } from './support.ts'
import type { Scene } from './support.ts'

const RUNS = `checkSuites(first: 10, filterBy: {appId: $app}) {
  nodes { checkRuns(first: 20, filterBy: {checkName: "ambient-guard", checkType: ALL}) {
    nodes { databaseId externalId status startedAt summary }
  } }
}`
const PULLS = `query ($app: Int!, $first: Int!, $after: String) {
  repository(owner: "acme", name: "platform") {
    pullRequests(states: [OPEN], first: $first, after: $after, orderBy: {field: UPDATED_AT, direction: DESC}) {
      pageInfo { hasNextPage endCursor }
      nodes {
        number
        locked
        baseRef { target { oid } }
        comments(last: 1) {
          nodes {
            author { __typename login ... on User { databaseId } }
            reactionGroups { content viewerHasReacted }
          }
        }
        commits(last: 1) { nodes { commit { oid ${RUNS} } } }
      }
    }
  }
}`
const QUEUE = `query ($app: Int!) {
  repository(owner: "acme", name: "platform") {
    defaultBranchRef { name }
    mergeQueue { entries(first: 50) { nodes { state baseCommit { oid } headCommit { oid ${RUNS} } } } }
  }
}`

interface Pulls {
  readonly repository: {
    readonly pullRequests: {
      readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null }
      readonly nodes: readonly Record<string, unknown>[]
    }
  }
}
interface Queue {
  readonly repository: {
    readonly defaultBranchRef: unknown
    readonly mergeQueue: {
      readonly entries: { readonly nodes: readonly Record<string, unknown>[] }
    } | null
  }
}

const pulls = async ({ github, octokit }: Scene, more: object = {}) => {
  const answer = await octokit.graphql<Pulls>(PULLS, { app: github.appId, first: 50, ...more })
  return answer.repository.pullRequests
}

test('the open pull requests, the one touched last first, a page at a time', async () => {
  let minutes = 0
  const now = () => new Date(Date.UTC(2026, 0, 1, 0, minutes++))
  await scene(
    async (all) => {
      const { github, repo, pull } = all
      const second = await repo.pullRequest({ changes: { 'b.yaml': 'x\n' } })
      const third = await repo.pullRequest({ changes: { 'b.yaml': 'y\n' } })
      await second.closed()
      await pull.comment('touched')
      third.locks()
      const first = await pulls(all, { first: 1 })
      expect(first).toMatchObject({
        pageInfo: { hasNextPage: true },
        nodes: [{ number: pull.number, locked: false }],
      })
      const rest = await pulls(all, { first: 1, after: first.pageInfo.endCursor })
      expect(rest).toMatchObject({
        pageInfo: { hasNextPage: false },
        nodes: [{ number: third.number, locked: true }],
      })
      github.assertClean()
    },
    { now },
  )
})

test('what is said on a pull request, and what the app has answered', async () => {
  await scene(async (all) => {
    const { github, octokit, pull, at } = all
    const { commentId } = await pull.comment('/ambient-fix')
    await octokit.rest.reactions.createForIssueComment({ ...at, comment_id: commentId, content: 'rocket' })
    const [seen] = (await pulls(all)).nodes
    const groups = ['THUMBS_UP', 'THUMBS_DOWN', 'LAUGH', 'HOORAY', 'CONFUSED', 'HEART', 'ROCKET', 'EYES']
    expect(seen?.['comments']).toEqual({
      nodes: [
        {
          author: { __typename: 'User', login: 'maintainer', databaseId: expect.any(Number) as unknown },
          reactionGroups: groups.map((content) => ({ content, viewerHasReacted: content === 'ROCKET' })),
        },
      ],
    })
    await octokit.rest.issues.createComment({ ...at, issue_number: pull.number, body: 'done' })
    expect((await pulls(all)).nodes[0]?.['comments']).toMatchObject({
      nodes: [{ author: { __typename: 'Bot', login: 'ambient-guard' } }],
    })
    github.assertClean()
  })
})

test('the runs of an app on the head: all of a name, or the latest, and none of another app', async () => {
  await scene(async (all) => {
    const { github, octokit, repo, pull, at } = all
    const run = { ...at, name: 'ambient-guard', head_sha: pull.head }
    const ids = [
      (await octokit.rest.checks.create({ ...run, external_id: '1' })).data.id,
      (await octokit.rest.checks.create({ ...run, conclusion: 'success' })).data.id,
    ]
    await octokit.rest.checks.create({ ...run, name: 'another' })
    const [seen] = (await pulls(all)).nodes
    expect(seen).toMatchObject({
      baseRef: { target: { oid: repo.tip() } },
      commits: {
        nodes: [
          {
            commit: {
              oid: pull.head,
              checkSuites: {
                nodes: [
                  {
                    checkRuns: {
                      nodes: [
                        { databaseId: ids[0], externalId: '1', status: 'QUEUED', summary: null },
                        { databaseId: ids[1], externalId: null, status: 'COMPLETED' },
                      ],
                    },
                  },
                ],
              },
            },
          },
        ],
      },
    })
    const [foreign] = (await pulls(all, { app: 7 })).nodes
    expect(foreign?.['commits']).toMatchObject({ nodes: [{ commit: { checkSuites: { nodes: [] } } }] })
    const latest = PULLS.replace(', checkType: ALL', '')
    const answer = JSON.stringify(await octokit.graphql(latest, { app: github.appId, first: 1 }))
    expect([answer.includes(String(ids[0])), answer.includes(String(ids[1]))]).toEqual([false, true])
    github.assertClean()
  })
})

test('a base branch that is gone is null', async () => {
  await scene(async (all) => {
    const { repo } = all
    await repo.createBranch('release')
    await repo.pullRequest({ base: 'release', changes: { 'b.yaml': 'x\n' } })
    await repo.deleteBranch('release')
    expect((await pulls(all)).nodes.map(({ baseRef }) => baseRef)).toEqual([null, expect.anything()])
  })
})

test('a group is in the queue until its check is completed, or it is destroyed', async () => {
  await scene(async ({ github, octokit, repo, pull, at }) => {
    const other = await repo.pullRequest({ changes: { 'b.yaml': 'x\n' } })
    const queue = async () => (await octokit.graphql<Queue>(QUEUE, { app: github.appId })).repository
    expect(await queue()).toEqual({ defaultBranchRef: { name: 'main' }, mergeQueue: null })
    const group = await repo.mergeGroup([pull])
    const pair = await repo.mergeGroup([pull, other])
    const run = { ...at, name: 'ambient-guard', head_sha: group.head }
    const { data } = await octokit.rest.checks.create({ ...run, status: 'in_progress' })
    const base = { oid: repo.tip() }
    expect((await queue()).mergeQueue?.entries.nodes).toMatchObject([
      {
        state: 'AWAITING_CHECKS',
        baseCommit: base,
        headCommit: {
          oid: group.head,
          checkSuites: { nodes: [{ checkRuns: { nodes: [{ databaseId: data.id }] } }] },
        },
      },
      // Each is tested with what is ahead of it, and the first of the pair is alone as the group is.
      { baseCommit: base, headCommit: { oid: expect.not.stringMatching(pair.head) as unknown } },
      { baseCommit: base, headCommit: { oid: pair.head } },
    ])
    await octokit.rest.checks.create({ ...run, name: 'another', conclusion: 'success' })
    expect(group.queued).toBe(true)
    await octokit.rest.checks.update({ ...at, check_run_id: data.id, conclusion: 'success' })
    expect([group.queued, pair.queued]).toEqual([false, true])
    await pair.destroyed()
    expect((await queue()).mergeQueue).toEqual({ entries: { nodes: [] } })
    github.assertClean()
  })
})

test('each part wants its permission', async () => {
  await scene(async ({ github, repo, pull }) => {
    await repo.mergeGroup([pull])
    const as = async (permissions: Readonly<Record<string, 'read'>>, query: string) => {
      const asked = client(github, { permissions }).graphql(query, { app: github.appId, first: 1 })
      const { errors } = (await asked.catch((error: unknown) => error)) as { errors?: { type: string }[] }
      return errors?.map(({ type }) => type)
    }
    expect(await as({ contents: 'read', checks: 'read' }, PULLS)).toEqual(['FORBIDDEN'])
    expect(await as({ pull_requests: 'read' }, PULLS)).toEqual(['FORBIDDEN'])
    expect(await as({ pull_requests: 'read', checks: 'read' }, PULLS)).toBeUndefined()
    expect(await as({ contents: 'read', checks: 'read' }, QUEUE)).toEqual(['FORBIDDEN'])
    expect(await as({ contents: 'read', checks: 'read', merge_queues: 'read' }, QUEUE)).toBeUndefined()
    github.assertClean()
  })
})

const REPOSITORY = 'repository(owner: "acme", name: "platform")'
const REFUSED: Readonly<Record<string, string>> = {
  'an argument that is not there': `{ ${REPOSITORY} { pullRequests(first: 1, state: OPEN) { totalCount } } }`,
  'a name that cannot be chosen': `{ ${REPOSITORY} { pullRequests(first: 1, states: [open]) { totalCount } } }`,
  'a key that is not there': `{ ${REPOSITORY} { pullRequests(first: 1, orderBy: {by: NAME}) { totalCount } } }`,
  'half an order': `{ ${REPOSITORY} { pullRequests(first: 1, orderBy: {field: UPDATED_AT}) { totalCount } } }`,
  'a text for a number': `{ ${REPOSITORY} { pullRequests(first: "1") { totalCount } } }`,
  'no name of the repository': '{ repository(owner: "acme") { id } }',
  'arguments of a plain field': `{ ${REPOSITORY} { name(first: 1) } }`,
  'what only some accounts have': `{ ${REPOSITORY} { pullRequest(number: 1) { author { databaseId } } } }`,
  'a fragment on no type': `{ ${REPOSITORY} { owner { ... on Usr { databaseId } } } }`,
  'a variable that is not declared': `{ ${REPOSITORY} { pullRequest(number: $n) { id } } }`,
  'a variable that is not used': `query ($n: Int) { ${REPOSITORY} { id } }`,
}

for (const [name, query] of Object.entries(REFUSED)) {
  test(`a query with ${name} fails the story`, async () => {
    await scene(async ({ github, octokit }) => {
      await expect(octokit.graphql(query)).rejects.toThrow()
      expect(github.unknown).not.toEqual([])
    })
  })
}

test('a page without a size is refused', async () => {
  await scene(async ({ octokit }) => {
    const query = `{ ${REPOSITORY} { pullRequests { totalCount } } }`
    await expect(octokit.graphql(query)).rejects.toThrow(/`first` or `last`/)
  })
})
