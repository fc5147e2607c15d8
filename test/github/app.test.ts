// The app about itself: what is said where GitHub does not know it, and where the work is another's.
import { generateKeyPairSync } from 'node:crypto'
import { Probot } from 'probot'
import { afterEach, expect, test, vi } from 'vitest'
import { askBotLogin, impatientOctokit, toldOctokit } from '../../src/github/api/app.ts'
import { LeftToOthers } from '../../src/github/api/client.ts'
import type { Client } from '../../src/github/api/client.ts'
import { createClients } from '../../src/github/api/clients.ts'
import { getPull } from '../../src/github/api/pulls.ts'
import { overviewOf } from '../../src/github/api/overview.ts'
import { startGitHub } from '../harness/index.ts'
import type { GitHub } from '../harness/index.ts'

const SETTINGS =
  'GitHub does not take APP_ID with PRIVATE_KEY (or PRIVATE_KEY_PATH), and both must be those of one app'

async function probotOf({ appId, apiUrl }: GitHub, privateKey: string): Promise<Probot> {
  const Octokit = toldOctokit(impatientOctokit, () => undefined)
  return new Probot({ appId, privateKey, Octokit, baseUrl: apiUrl, logLevel: 'fatal' }).ready()
}

afterEach(() => {
  vi.restoreAllMocks()
})

async function said(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'nothing was refused',
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  )
}

test('a good key of another app is told by its settings, for the app and for its installations', async () => {
  const github = await startGitHub()
  try {
    await github.repository()
    const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
    const probot = await probotOf(github, other.export({ type: 'pkcs8', format: 'pem' }).toString())
    const overview = overviewOf(probot)
    expect(await said(askBotLogin(probot))).toBe(
      `GitHub refused to tell who this app is: A JSON web token could not be decoded: ${SETTINGS}`,
    )
    expect(await said(overview.repositories(1))).toBe(
      `GitHub refused to list the repositories of an installation: A JSON web token could not be decoded: ${SETTINGS}`,
    )
  } finally {
    await github.close()
  }
})

test.each([
  [404, 'Integration not found', true],
  [401, 'Integration must generate a public key', true],
  [401, 'Bad credentials', false],
  [404, 'Not Found', false],
  [404, 'No integration: Integration not found', false],
])('%i %s names the settings: %s', async (status, message, names) => {
  const github = await startGitHub()
  try {
    const probot = await probotOf(github, github.privateKey)
    github.fail({
      path: '/app',
      status,
      body: { message, documentation_url: 'https://docs.github.com/rest' },
    })
    const why = names ? `${message}: ${SETTINGS}` : message
    expect(await said(askBotLogin(probot))).toBe(`GitHub refused to tell who this app is: ${why}`)
  } finally {
    await github.close()
  }
})

test('nothing is asked of GitHub any more once the work is no longer ours, whoever fails to hear it', async () => {
  const github = await startGitHub()
  try {
    const repository = await github.repository({ files: { 'a.yaml': 'a: 1\n' } })
    const pull = await repository.pullRequest({ changes: { 'a.yaml': 'a: 2\n' } })
    const probot = await probotOf(github, github.privateKey)
    const [installation = 0] = await overviewOf(probot).installations()
    let ours = true
    const place = { installation, repository: { owner: 'acme', name: 'platform' } }
    const client = await (await createClients(probot, github))(place, () => ours)
    const { headSha } = await getPull(client, pull.number)
    expect(headSha).toBe(pull.head)
    const asked = github.requests.length
    ours = false
    await expect(getPull(client, pull.number)).rejects.toThrow(LeftToOthers)
    await expect(client.octokit.graphql('{ viewer { login } }')).rejects.toThrow(LeftToOthers)
    expect(github.requests).toHaveLength(asked)
  } finally {
    await github.close()
  }
})

test('a client shows a token that opens its repository and no other one, and none of one that is gone', async () => {
  const github = await startGitHub()
  try {
    const changes = { 'a.yaml': 'a: 2\n' }
    const [one, two] = [await github.repository({ name: 'one' }), await github.repository({ name: 'two' })]
    const [first, second] = [await one.pullRequest({ changes }), await two.pullRequest({ changes })]
    const probot = await probotOf(github, github.privateKey)
    const [installation = 0] = await overviewOf(probot).installations()
    const clients = await createClients(probot, github)
    const of = (name: string): Promise<Client> =>
      clients({ installation, repository: { owner: 'acme', name } }, () => true)
    const [here, there] = [await of('one'), await of('two')]
    // Both at once: neither is given what the other one asked for.
    const heads = await Promise.all([getPull(here, first.number), getPull(there, second.number)])
    expect(heads.map(({ headSha }) => headSha)).toEqual([first.head, second.head])
    await expect(getPull({ ...here, repository: there.repository }, second.number)).rejects.toMatchObject({
      kind: 'not-found',
    })
    await expect(getPull(await of('gone'), 1)).rejects.toMatchObject({
      kind: 'not-found',
      message: expect.stringContaining('There is at least one repository that does not exist') as string,
    })
    const minted = github.requests.filter(({ path }) => path.endsWith('/access_tokens'))
    expect(minted).toHaveLength(3)
    await getPull(await of('one'), first.number)
    expect(github.requests.filter(({ path }) => path.endsWith('/access_tokens'))).toHaveLength(3)
  } finally {
    await github.close()
  }
})

test('a token that has ended is not shown again, and one that GitHub does not know yet is', async () => {
  const github = await startGitHub()
  try {
    const repository = await github.repository({ name: 'platform' })
    const pull = await repository.pullRequest({ changes: { 'a.yaml': 'a: 2\n' } })
    const probot = await probotOf(github, github.privateKey)
    const [installation = 0] = await overviewOf(probot).installations()
    const clients = await createClients(probot, github)
    const client = await clients(
      { installation, repository: { owner: 'acme', name: 'platform' } },
      () => true,
    )
    const tokens = (): number => github.requests.filter(({ path }) => path.endsWith('/access_tokens')).length
    github.fail({ path: '/repos/*/*/pulls/*', status: 401, body: { message: 'Bad credentials' }, times: 2 })
    expect(await getPull(client, pull.number)).toMatchObject({ headSha: pull.head })
    expect(tokens()).toBe(2)
    github.expireTokens()
    expect(await getPull(client, pull.number)).toMatchObject({ headSha: pull.head })
    expect(tokens()).toBe(3)
    // A repository of another time may have had the name; what is not there now has a token of now.
    github.fail({ path: '/repos/*/*/pulls/*', status: 404, body: { message: 'Not Found' }, times: 2 })
    await expect(getPull(client, pull.number)).rejects.toMatchObject({ kind: 'not-found' })
    expect(tokens()).toBe(3)
    const later = Date.now() + 120_000
    vi.spyOn(Date, 'now').mockImplementation(() => later)
    expect(await getPull(client, pull.number)).toMatchObject({ headSha: pull.head })
    expect(tokens()).toBe(4)
  } finally {
    await github.close()
  }
})
