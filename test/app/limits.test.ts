// GitHub limits each installation by itself: one that has no calls left keeps no other waiting.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startServer } from '../../src/app.ts'
import { startGitHub } from '../harness/index.ts'
import { ALLOW_WEB, SHOP } from './manifests.ts'

test('an hour without calls takes no place that others need', { timeout: 60_000 }, async () => {
  const github = await startGitHub()
  const cacheDirectory = await mkdtemp(join(tmpdir(), 'ambient-guard-limits-'))
  // With the Octokit that users have, which Probot would have wait.
  const server = await startServer({
    ...{ appId: github.appId, privateKey: github.privateKey, webhookSecret: github.webhookSecret },
    ...{ host: '127.0.0.1', port: 0, github: { apiUrl: github.apiUrl, gitUrl: github.url }, network: {} },
    ...{ cacheDirectory, toolsDirectory: null, cacheLimit: 2 ** 40, redisUrl: null },
    ...{ logLevel: 'fatal', logFormat: 'json' },
    ...{ concurrency: 1, threads: 0, threadMemory: 1024, sweepInterval: 0 },
  })
  try {
    github.deliverTo(`${server.url}/api/github/webhooks`)
    const [poor, rich] = [
      await github.repository({ name: 'poor', files: SHOP }),
      await github.repository({ name: 'rich', files: SHOP }),
    ]
    const pulls = [
      await poor.pullRequest({ changes: { 'shop/netpol.yaml': ALLOW_WEB } }),
      await rich.pullRequest({ changes: { 'shop/netpol.yaml': ALLOW_WEB } }),
    ]
    const headers = {
      'x-ratelimit-remaining': '0',
      'x-ratelimit-reset': String(Math.ceil(Date.now() / 1000) + 3600),
    }
    const body = { message: 'API rate limit exceeded for installation ID 1.' }
    github.fail({ path: /^\/repos\/acme\/poor\//, status: 403, headers, body, times: 1000 })
    for (const pull of pulls) await pull.opened()
    await github.settled()
    await server.idle()
    expect(pulls.map(({ checks }) => checks.map(({ output }) => output.title))).toEqual([
      [],
      ['1 error introduced'],
    ])
    // Once it has calls again, a sweep finds what was left.
    github.forgetFaults()
    await server.sweep()
    await server.idle()
    expect(pulls[0]?.check.output.title).toBe('1 error introduced')
  } finally {
    await server.stop()
    await github.close()
    await rm(cacheDirectory, { recursive: true, force: true })
  }
})
