import { expect, test } from 'vitest'
import { client, jwt, refusal, scene } from './support.ts'

test('the app trades its JWT for a token of an installation', async () => {
  await scene(async ({ github, at, of }) => {
    const app = client(github, jwt(github))
    expect((await app.rest.apps.getAuthenticated()).data?.slug).toBe('ambient-guard')
    const { data: found } = await app.rest.apps.getRepoInstallation({ owner: at.owner, repo: at.repo })
    expect((await app.rest.apps.listInstallations()).data.map(({ id }) => id)).toEqual([found.id])
    const { data, status } = await app.rest.apps.createInstallationAccessToken({ installation_id: found.id })
    expect(status).toBe(201)
    expect(data.token).toMatch(/^ghs_.{100,}/)
    expect(new Date(data.expires_at).getTime()).toBeGreaterThan(Date.now() + 3_000_000)
    const own = client(github, data.token)
    expect((await own.rest.pulls.get(of)).data.number).toBe(1)
    expect((await own.rest.apps.listReposAccessibleToInstallation()).data.total_count).toBe(1)
    github.assertClean()
  })
})

test('a JWT must be signed by the app, be in time and name the app', async () => {
  await scene(async ({ github }) => {
    const now = Date.now() / 1000
    const valid = jwt(github)
    const forged = `${valid.slice(0, -6)}AAAAAA`
    for (const token of [
      forged,
      jwt(github, { exp: now - 1 }),
      jwt(github, { exp: now + 700 }),
      jwt(github, { iss: '7' }),
    ]) {
      expect(await refusal(client(github, token).rest.apps.getAuthenticated())).toMatchObject({ status: 401 })
    }
  })
})

test('a token can be scoped down, never up', async () => {
  await scene(async ({ github, at, of, pull }) => {
    await github.repository({ name: 'other' })
    const app = client(github, jwt(github))
    const { id } = (await app.rest.apps.listInstallations()).data[0] ?? { id: 0 }
    const create = (input: object) =>
      app.rest.apps.createInstallationAccessToken({ installation_id: id, ...input })
    const { data } = await create({ repositories: ['platform'], permissions: { contents: 'read' } })
    expect(data.repositories?.map(({ name }) => name)).toEqual(['platform'])
    const narrow = client(github, data.token)
    await narrow.rest.git.getCommit({ ...at, commit_sha: pull.head })
    expect(await refusal(narrow.rest.pulls.get(of))).toMatchObject({
      status: 403,
      message: 'Resource not accessible by integration',
    })
    expect(await refusal(narrow.rest.repos.get({ owner: 'acme', repo: 'other' }))).toMatchObject({
      status: 404,
    })
    expect(await refusal(create({ permissions: { administration: 'write' } }))).toMatchObject({ status: 422 })
    expect(await refusal(create({ repositories: ['nowhere'] }))).toMatchObject({ status: 422 })
  })
})

test('nobody, expired tokens, unknown things and foreign repositories', async () => {
  await scene(async ({ github, octokit, at, of }) => {
    expect((await fetch(`${github.apiUrl}/repos/acme/platform`)).status).toBe(401)
    expect(await refusal(client(github, 'ghs_wrong').rest.pulls.get(of))).toMatchObject({ status: 401 })
    await github.repository({ owner: 'stranger', installed: false })
    const requests = [
      octokit.rest.pulls.get({ ...of, pull_number: 99 }),
      octokit.rest.repos.get({ owner: 'stranger', repo: 'platform' }),
      octokit.rest.repos.getBranch({ ...at, branch: 'nope' }),
      octokit.rest.git.getRef({ ...at, ref: 'heads/nope' }),
      octokit.rest.checks.get({ ...at, check_run_id: 5 }),
      octokit.rest.issues.getComment({ ...at, comment_id: 5 }),
      octokit.rest.repos.getContent({ ...at, path: 'nope.yaml' }),
    ]
    for (const refused of await Promise.all(requests.map(refusal))) {
      expect(refused).toMatchObject({ status: 404 })
    }
    github.expireTokens()
    expect(await refusal(octokit.rest.pulls.get(of))).toMatchObject({
      status: 401,
      message: 'Bad credentials',
    })
    github.assertClean()
  })
})

test('an app without the permission is told so, and not which one', async () => {
  const permissions = { contents: 'read', pull_requests: 'read', checks: 'read', issues: 'read' } as const
  await scene(
    async ({ octokit, at, of, pull }) => {
      const requests = [
        octokit.rest.checks.create({ ...at, name: 'x', head_sha: pull.head }),
        octokit.rest.pulls.createReview({ ...of, event: 'COMMENT', body: 'x' }),
        octokit.rest.issues.createComment({ ...at, issue_number: 1, body: 'x' }),
        octokit.rest.git.createBlob({ ...at, content: 'x' }),
      ]
      for (const refused of await Promise.all(requests.map(refusal))) {
        expect(refused).toMatchObject({
          status: 403,
          message: 'Resource not accessible by integration',
        })
      }
    },
    { app: { permissions } },
  )
})

test('every answer tells the rate limit; the last one is a refusal', async () => {
  await scene(
    async ({ octokit, of }) => {
      const { headers } = await octokit.rest.pulls.get(of)
      expect(headers).toMatchObject({
        'x-ratelimit-limit': '2',
        'x-ratelimit-remaining': '1',
        'x-ratelimit-used': '1',
        'x-ratelimit-resource': 'core',
      })
      await octokit.rest.pulls.get(of)
      const refused = await refusal(octokit.rest.pulls.get(of))
      expect(refused).toMatchObject({ status: 403 })
      expect(refused.message).toMatch(/rate limit exceeded/)
    },
    { rateLimit: 2 },
  )
})

test('an unchanged answer is 304', async () => {
  await scene(async ({ github }) => {
    const headers = { authorization: `token ${github.token()}` }
    const first = await fetch(`${github.apiUrl}/repos/acme/platform/pulls/1/files`, { headers })
    const etag = first.headers.get('etag') ?? ''
    const again = await fetch(first.url, { headers: { ...headers, 'if-none-match': etag } })
    expect([first.status, again.status]).toEqual([200, 304])
  })
})
