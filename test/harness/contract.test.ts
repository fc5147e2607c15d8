import { expect, test } from 'vitest'
import { operation } from './contract/schemas.ts'
import { routes } from './routes/index.ts'
import { Log } from './server/log.ts'
import { checked } from './server/server.ts'
import { client, refusal, scene } from './support.ts'

test('every route is an operation of the description', () => {
  const missing = routes.filter(({ method, template }) => operation(method, template) === undefined)
  expect(missing).toEqual([])
  const names = routes.map(({ method, template }) => `${method} ${template}`)
  expect(new Set(names).size).toBe(names.length)
})

test('51 annotations are refused as GitHub does, and remembered', async () => {
  await scene(async ({ github, octokit, pull, at }) => {
    const annotation = {
      path: 'a',
      start_line: 1,
      end_line: 1,
      annotation_level: 'notice',
      message: 'm',
    } as const
    const annotations = Array.from({ length: 51 }, () => annotation)
    const output = { title: 't', summary: 's', annotations }
    const create = octokit.rest.checks.create({ ...at, name: 'x', head_sha: pull.head, output })
    expect(await refusal(create)).toMatchObject({ status: 422 })
    expect(github.violations).toEqual([expect.stringMatching(/check-runs, request: \/output\/annotations/)])
    expect(() => {
      github.assertClean()
    }).toThrow(/annotations/)
  })
})

test('a key that GitHub would silently ignore fails the story', async () => {
  await scene(async ({ github, octokit, pull, of }) => {
    const typo = octokit.request('POST /repos/{owner}/{repo}/pulls/{pull_number}/reviews', {
      ...of,
      evnt: 'COMMENT',
      body: 'x',
      comments: [{ path: 'a.yaml', lin: 20, body: 'x' }],
    } as never)
    const refused = await refusal(typo)
    expect(refused.status).toBe(500)
    expect(refused.message).toMatch(/unknown key \/evnt.*unknown key \/comments\/0\/lin/)
    expect(github.violations).toHaveLength(2)
    expect([pull.reviews, pull.pendingReviews]).toEqual([[], []])
  })
})

test('an unknown query parameter and a wrong type fail the story', async () => {
  await scene(async ({ github, octokit, at }) => {
    const query = octokit.request('GET /repos/{owner}/{repo}/pulls', { ...at, stat: 'open' } as never)
    expect((await refusal(query)).status).toBe(500)
    const type = octokit.rest.issues.createComment({ ...at, issue_number: 1, body: 7 as never })
    expect((await refusal(type)).status).toBe(500)
    expect(github.violations.length).toBeGreaterThanOrEqual(2)
  })
})

test('an answer that GitHub would not give fails the story', () => {
  const log = new Log()
  const route = { method: 'GET', template: '/repos/{owner}/{repo}/pulls/{pull_number}' } as const
  expect(checked(log, route, { status: 200, body: { number: 1 } })).toMatchObject({ status: 500 })
  expect(checked(log, route, { status: 299, body: {} })).toMatchObject({ status: 500 })
  expect(checked(log, route, { status: 422, body: { oops: true } })).toMatchObject({ status: 500 })
  expect(checked(log, route, { status: 404, body: { message: 'Not Found' } })).toMatchObject({ status: 404 })
  expect(log.violations.length).toBeGreaterThanOrEqual(3)
})

test('an endpoint that is not there is remembered', async () => {
  await scene(async ({ github, octokit, at }) => {
    expect(await refusal(octokit.rest.repos.listTags(at))).toMatchObject({ status: 404 })
    expect(github.unknown).toEqual(['GET /repos/acme/platform/tags'])
    expect(() => {
      github.assertClean()
    }).toThrow(/unknown: GET/)
  })
})

test('faults: instead of the work, after it, or no answer at all', async () => {
  await scene(async ({ github, octokit, pull, at }) => {
    const path = '/repos/*/*/issues/*/comments'
    const comment = () => octokit.rest.issues.createComment({ ...at, issue_number: 1, body: 'x' })
    const before = github.fail({ method: 'POST', path })
    expect(await refusal(comment())).toMatchObject({ status: 502 })
    expect([before.hits, pull.conversation.length]).toEqual([1, 0])
    github.fail({ method: 'POST', path, status: 500, afterWrite: true })
    expect(await refusal(comment())).toMatchObject({ status: 500 })
    expect(pull.conversation).toHaveLength(1)
    github.fail({ path, hangUp: true })
    await expect(comment()).rejects.toThrow()
    github.fail({ operation: 'minimizeComment', status: 503 })
    await expect(
      octokit.graphql('mutation { minimizeComment(input: {}) { clientMutationId } }'),
    ).rejects.toThrow()
    await comment()
    expect(github.count({ method: 'POST', path })).toBe(4)
    expect(github.writes).toHaveLength(5)
    github.assertClean()
  })
})

test('a race is arranged before a request', async () => {
  await scene(async ({ github, octokit, pull, of }) => {
    const { head } = pull
    github.before({ method: 'POST', path: '/repos/*/*/pulls/*/reviews' }, async () => {
      await pull.forcePushes({ 'a.yaml': 'x\n' })
    })
    const review = { ...of, commit_id: head, event: 'COMMENT', body: 'x' } as const
    expect(await refusal(octokit.rest.pulls.createReview(review))).toMatchObject({ status: 422 })
  })
})

test('a fixed clock gives the same commits again', async () => {
  const now = () => new Date('2026-01-02T03:04:05Z')
  const heads = await Promise.all([1, 2].map(() => scene(({ pull }) => Promise.resolve(pull.head), { now })))
  expect(heads[0]).toBe(heads[1])
})

test('the client of the tests can be anybody', async () => {
  await scene(async ({ github, of }) => {
    const narrow = client(github, { permissions: { pull_requests: 'read' } })
    expect((await narrow.rest.pulls.get(of)).status).toBe(200)
    expect(github.requests.map(({ method, path, status, by }) => [method, path, status, by])).toEqual([
      ['GET', '/repos/acme/platform/pulls/1', 200, 'installation'],
    ])
  })
})
