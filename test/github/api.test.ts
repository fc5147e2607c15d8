// Single calls to GitHub: what is sent, and what the answers mean.
import nock from 'nock'
import { ProbotOctokit } from 'probot'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { completeCheckRun, listCheckRuns } from '../../src/github/api/checks.ts'
import type { Client } from '../../src/github/api/client.ts'
import { commitFiles } from '../../src/github/api/commits.ts'
import { createComment, mayWrite, react } from '../../src/github/api/conversation.ts'
import { openPulls } from '../../src/github/api/overview.ts'
import { getMeeting, listFiles } from '../../src/github/api/pulls.ts'
import { createReview } from '../../src/github/api/reviews.ts'
import { keepGitTokens } from '../../src/github/api/tokens.ts'

const client: Client = {
  octokit: new ProbotOctokit({ auth: { token: 'secret-token' }, throttle: { enabled: false } }),
  repository: { owner: 'acme', name: 'platform' },
  installation: 7,
  app: { id: 3 },
  login: null,
  hears: true,
  checked: true,
}
const REPO = '/repos/acme/platform'
const api = (): nock.Scope => nock('https://api.github.com')

beforeEach(() => {
  nock.disableNetConnect()
})

afterEach(() => {
  expect(nock.pendingMocks()).toEqual([])
  nock.cleanAll()
  nock.enableNetConnect()
})

describe('a limit', () => {
  const date = 'Sat, 31 Jan 2027 12:00:00 GMT'
  const reset = String(Date.parse(date) / 1000 + 1800)
  it.each<[why: string, headers: Record<string, string>, seconds: number | null]>([
    ['that is over when GitHub says', { 'retry-after': '45' }, 45],
    [
      'of an hour, by the clock of GitHub',
      { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': reset, date },
      1800,
    ],
    [
      'with calls left in the hour',
      { 'x-ratelimit-remaining': '12', 'x-ratelimit-reset': reset, date },
      null,
    ],
    ['of which nothing is said', {}, null],
  ])('%s', async (_, headers, seconds) => {
    const message = 'API rate limit exceeded for installation ID 7.'
    api().get(`${REPO}/compare/main...abc`).query(true).reply(403, { message }, headers)
    await expect(getMeeting(client, 'main', 'abc')).rejects.toMatchObject({
      kind: 'limited',
      retryAfter: seconds,
    })
  })

  it('is one of GraphQL, too', async () => {
    const headers = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': reset, date }
    api()
      .post('/graphql')
      .reply(
        200,
        { data: null, errors: [{ type: 'RATE_LIMITED', message: 'API rate limit exceeded' }] },
        headers,
      )
    await expect(openPulls(client, 3).next()).rejects.toMatchObject({ kind: 'limited', retryAfter: 1800 })
  })
})

describe('writes that may not happen twice', () => {
  it('are not repeated after a 502', async () => {
    api().post(`${REPO}/pulls/1/reviews`).reply(502, 'Bad gateway')
    await expect(
      createReview(client, 1, { commit: 'abc', body: 'x', comments: [], submit: true }),
    ).rejects.toMatchObject({
      name: 'ApiError',
      kind: 'unavailable',
      status: 502,
    })
    api().post(`${REPO}/issues/1/comments`).reply(502)
    await expect(createComment(client, 1, 'x')).rejects.toMatchObject({ kind: 'unavailable' })
    api().post('/graphql').reply(502)
    const commit = {
      repository: client.repository,
      branch: 'b',
      head: 'h',
      subject: 's',
      body: '',
      files: [],
    }
    await expect(commitFiles(client, commit)).rejects.toMatchObject({ kind: 'unavailable' })
  })
})

it('a review has one range on the right side for each comment', async () => {
  api()
    .post(`${REPO}/pulls/1/reviews`, {
      commit_id: 'abc',
      event: 'COMMENT',
      body: 'x',
      comments: [
        { path: 'a', body: 'one', line: 3, side: 'RIGHT' },
        { path: 'b', body: 'two', line: 5, side: 'RIGHT', start_line: 4, start_side: 'RIGHT' },
      ],
    })
    .reply(200, { id: 17 })
  const comments = [
    { path: 'a', startLine: null, line: 3, body: 'one' },
    { path: 'b', startLine: 4, line: 5, body: 'two' },
  ]
  expect(await createReview(client, 1, { commit: 'abc', body: 'x', comments, submit: true })).toBe(17)
})

it('an error says what was done, and neither token nor address', async () => {
  api()
    .get(`${REPO}/pulls/1/files?per_page=100&page=1`)
    .reply(404, { message: 'Not Found', documentation_url: 'https://docs' })
  const error: unknown = await listFiles(client, 1, new Set(['a'])).catch((caught: unknown) => caught)
  expect(error).toMatchObject({
    kind: 'not-found',
    message: 'GitHub refused to list the files of pull request 1: Not Found',
  })
})

describe('files', () => {
  const files = (from: number, count: number): object[] =>
    Array.from({ length: count }, (_, index) => ({ filename: `f${String(from + index)}`, patch: '@@' }))

  it('are read page by page, until those that are wanted are there', async () => {
    api().get(`${REPO}/pulls/1/files?per_page=100&page=1`).reply(200, files(0, 100))
    api().get(`${REPO}/pulls/1/files?per_page=100&page=2`).reply(200, files(100, 100))
    expect(await listFiles(client, 1, new Set(['f3', 'f150']))).toHaveLength(2)
    api()
      .get(`${REPO}/pulls/1/files?per_page=100&page=1`)
      .reply(200, [{ filename: 'big.yaml' }])
    expect(await listFiles(client, 1, new Set(['big.yaml', 'gone']))).toEqual([
      { path: 'big.yaml', patch: null },
    ])
  })
})

it('more than fifty annotations go in several requests', async () => {
  const annotations = Array.from({ length: 120 }, (_, index) => ({
    path: 'a',
    line: index + 1,
    level: 'failure' as const,
    title: 't',
    message: 'm',
  }))
  const counts: number[] = []
  api()
    .patch(
      `${REPO}/check-runs/9`,
      (body: { output: { annotations: unknown[] } }) => counts.push(body.output.annotations.length) > 0,
    )
    .times(3)
    .reply(200, {})
  const output = { title: 't', summary: 's', text: null }
  await completeCheckRun(client, 9, { conclusion: 'failure', output, annotations, actions: [] })
  expect(counts).toEqual([50, 50, 20])
})

it('our runs on a commit come newest first, with their pull request', async () => {
  const run = {
    head_sha: 'abc',
    status: 'completed',
    conclusion: 'success',
    output: { annotations_count: 2 },
    app: { id: 3, slug: 'guard' },
  }
  api()
    .get(`${REPO}/commits/abc/check-runs?check_name=ambient-guard&app_id=3&filter=all&per_page=100`)
    .reply(200, {
      total_count: 2,
      check_runs: [
        { ...run, id: 1, external_id: '5' },
        { ...run, id: 2, external_id: 'x' },
        // A workflow may call a run as it likes.
        { ...run, id: 3, external_id: '5', app: { id: 15368, slug: 'github-actions' } },
      ],
    })
  expect(await listCheckRuns(client, 'abc')).toMatchObject([
    { id: 2, number: null },
    { id: 1, number: 5, completed: true, annotations: 2, appSlug: 'guard' },
  ])
})

it('a head that GitHub does not show yet is no history of its own', async () => {
  api().get(`${REPO}/compare/main...abc?per_page=1`).reply(404, { message: 'Not Found' })
  await expect(getMeeting(client, 'main', 'abc')).rejects.toMatchObject({ kind: 'not-found' })
})

it('two histories without a common ancestor', async () => {
  api()
    .get(`${REPO}/compare/main...abc?per_page=1`)
    .reply(404, { message: 'No common ancestor between main and abc.' })
  api()
    .get(`${REPO}/branches/main`)
    .reply(200, { commit: { sha: 'tip' } })
  expect(await getMeeting(client, 'main', 'abc')).toEqual({ baseTip: 'tip', mergeBase: null })
})

describe('permission', () => {
  it.each([
    ['admin', true],
    ['write', true],
    ['read', false],
    ['none', false],
  ])('%s: %s', async (permission, may) => {
    api().get(`${REPO}/collaborators/dana/permission`).reply(200, { permission })
    expect(await mayWrite(client, 'dana')).toBe(may)
  })

  it('of somebody unknown is none', async () => {
    api().get(`${REPO}/collaborators/dana/permission`).reply(404, { message: 'Not Found' })
    expect(await mayWrite(client, 'dana')).toBe(false)
  })
})

it('a reaction that was there already is no news', async () => {
  api().post(`${REPO}/issues/comments/5/reactions`, { content: 'eyes' }).reply(201, {})
  api().post(`${REPO}/issues/comments/5/reactions`, { content: 'eyes' }).reply(200, {})
  expect([await react(client, 5, 'eyes'), await react(client, 5, 'eyes')]).toEqual([true, false])
})

describe('commits', () => {
  const commit = {
    repository: client.repository,
    branch: 'change',
    head: 'abc',
    subject: 'Subject',
    body: 'Body',
    files: [{ path: 'a.yaml', mode: '100644', bytes: new TextEncoder().encode('é\r\n') }],
  }

  it('name the head they go on', async () => {
    api()
      .post('/graphql', (body: { variables: { input: object } }) => {
        expect(body.variables.input).toEqual({
          branch: { repositoryNameWithOwner: 'acme/platform', branchName: 'change' },
          message: { headline: 'Subject', body: 'Body' },
          expectedHeadOid: 'abc',
          fileChanges: { additions: [{ path: 'a.yaml', contents: Buffer.from('é\r\n').toString('base64') }] },
        })
        return true
      })
      .reply(200, { data: { createCommitOnBranch: { commit: { oid: 'new' } } } })
    expect(await commitFiles(client, commit)).toBe('new')
  })

  it.each([
    ['STALE_DATA', 'stale'],
    ['FORBIDDEN', 'forbidden'],
    ['NOT_FOUND', 'not-found'],
    ['SOMETHING', 'failed'],
  ])('refused as %s', async (type, kind) => {
    api()
      .post('/graphql')
      .reply(200, { data: null, errors: [{ type, message: 'No.' }] })
    await expect(commitFiles(client, commit)).rejects.toMatchObject({
      kind,
      message: 'GitHub refused to commit to change: No.',
    })
  })
})

it('a token for git reads one repository, and is kept while it is good', async () => {
  let now = new Date('2027-01-01T00:00:00Z')
  const tokens = keepGitTokens(() => now)
  const mint = (token: string): nock.Scope =>
    api()
      .post('/app/installations/7/access_tokens', {
        repositories: ['platform'],
        permissions: { contents: 'read' },
      })
      .reply(201, { token, expires_at: new Date(now.getTime() + 3_600_000).toISOString() })
  mint('one')
  expect([await tokens.get(client), await tokens.get(client)]).toEqual(['one', 'one'])
  now = new Date('2027-01-01T00:56:00Z')
  mint('two')
  expect(await tokens.get(client)).toBe('two')
  mint('three')
  expect(await tokens.get(client, true)).toBe('three')
})
