// How the app begins, and what it says where it cannot.
import { spawn } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { startGitHub } from '../harness/index.ts'
import { startRedis, whyNoRedis } from '../ops/redis.ts'
import { ALLOW_WEB, SHOP } from './manifests.ts'
import { makeHome, startProcess, until } from './process.ts'

const missing = whyNoRedis()
if (missing !== null) process.stdout.write(`skipped: how the app begins with Redis; ${missing}\n`)

/** `serve` as its user has it, to its end. */
async function served(env: Readonly<Record<string, string>>): Promise<{ code: unknown; said: string }> {
  const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
  const child = spawn(process.execPath, ['--import', 'tsx', main, 'serve'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], ...env },
  })
  let said = ''
  child.stdout.resume()
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text))
  const [code] = (await once(child, 'close')) as [unknown]
  return { code, said }
}

describe('where it cannot listen', () => {
  const why = { EADDRINUSE: 'another program listens there', ENOTFOUND: 'nothing is known by that name' }

  test.each([
    ['on a port that another has', false],
    ['with Redis', true],
  ])('it says so in a sentence, and ends: %s', { timeout: 120_000 }, async (_, withRedis) => {
    if (withRedis && missing !== null) return
    const github = await startGitHub()
    const home = await makeHome(github)
    const redis = withRedis ? await startRedis() : null
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const port = String((other.address() as AddressInfo).port)
    try {
      const settings = {
        APP_ID: '1',
        PRIVATE_KEY_PATH: join(home.directory, 'app.pem'),
        WEBHOOK_SECRET: github.webhookSecret,
        CACHE_DIR: join(home.directory, 'cache'),
        THREADS: '1',
        PORT: port,
        ...(redis === null ? {} : { REDIS_URL: redis.url }),
      }
      expect(await served(settings)).toEqual({
        code: 2,
        said: `ambient-guard: It cannot listen on HOST 127.0.0.1, PORT ${port}: ${why.EADDRINUSE}. Set HOST and PORT to an address of this machine that is free.\n`,
      })
      const { code, said } = await served({ ...settings, PORT: '0', HOST: 'nobody.invalid' })
      expect([code, said.includes('a bug of its own')]).toEqual([2, false])
      expect(said).toContain('It cannot listen on HOST nobody.invalid')
    } finally {
      other.close()
      await redis?.stop()
      await github.close()
      await home.remove()
    }
  })
})

test(
  'the log has webhooks, also one that nobody signed, without what they hold, and no look at a page',
  { timeout: 120_000 },
  async () => {
    const github = await startGitHub()
    const home = await makeHome(github)
    const app = await startProcess(github, home, { LOG_LEVEL: 'trace', LOG_FORMAT: 'json' })
    try {
      const answer = await fetch(`${app.url}/api/github/webhooks`, {
        method: 'POST',
        body: JSON.stringify({ action: 'opened', pull_request: { title: 'what nobody signed' } }),
        headers: {
          'content-type': 'application/json',
          'x-github-event': 'pull_request',
          'x-github-delivery': 'd-1',
          'x-hub-signature-256': `sha256=${'0'.repeat(64)}`,
        },
      })
      expect(answer.status).toBe(400)
      const body = '{"action":"what is none of ours"}'
      const signature = createHmac('sha256', github.webhookSecret).update(body).digest('hex')
      const signed = await fetch(`${app.url}/api/github/webhooks`, {
        method: 'POST',
        body,
        headers: {
          'content-type': 'application/json',
          'x-github-event': 'error',
          'x-github-delivery': 'd-2',
          'x-hub-signature-256': `sha256=${signature}`,
        },
      })
      expect(signed.status).toBe(200)
      for (const page of ['healthz', 'readyz', 'metrics', 'ping'])
        expect((await fetch(`${app.url}/${page}`)).status).toBe(200)
      expect((await fetch(`${app.url}/elsewhere`)).status).toBe(404)
      await until(() => app.output().includes('"path":"/elsewhere"'))
      expect(app.output()).toContain('signature does not match')
      expect(app.output()).not.toContain('what nobody signed')
      expect(app.output()).not.toContain('what is none of ours')
      const requests = app
        .output()
        .split('\n')
        .flatMap((line) => (line.includes('a request') ? [JSON.parse(line) as Record<string, unknown>] : []))
      expect(requests.map(({ method, path, status, delivery }) => [method, path, status, delivery])).toEqual([
        ['POST', '/api/github/webhooks', 400, 'd-1'],
        ['POST', '/api/github/webhooks', 200, 'd-2'],
        ['GET', '/elsewhere', 404, undefined],
      ])
      expect(app.output()).not.toMatch(/healthz|readyz|metrics|ping"/)
    } finally {
      await app.kill()
      await github.close()
      await home.remove()
    }
  },
)

test.skipIf(missing !== null)(
  'with Redis, the sweep at the start finds what was missed, and a Redis that goes is told once',
  { timeout: 120_000 },
  async () => {
    const [github, redis] = [await startGitHub(), await startRedis()]
    const home = await makeHome(github)
    const repository = await github.repository({ files: SHOP })
    const pull = await repository.pullRequest({ changes: { 'shop/netpol.yaml': ALLOW_WEB } })
    const app = await startProcess(github, home, { REDIS_URL: redis.url, SWEEP_INTERVAL: '86400' })
    const lines = (words: string): number => app.output().split(words).length - 1
    let again: Awaited<ReturnType<typeof startRedis>> | null = null
    try {
      await until(() => pull.checks.at(-1)?.status === 'completed')
      await redis.stop()
      await until(async () => (await fetch(`${app.url}/readyz`)).status === 503)
      const told = ['Redis cannot be used', 'Redis cannot keep the pace of calls', 'Redis can be used again']
      // Probot has two connections, each of which is lost.
      await until(() => told.slice(0, 2).every((words) => lines(words) > 0))
      again = await startRedis(redis.port)
      await until(() => lines('Redis can be used again') > 0)
      expect(told.map(lines)).toEqual([1, 1, 1])
      expect(lines('bottleneck')).toBe(0)
    } finally {
      await app.kill()
      await again?.stop()
      await github.close()
      await home.remove()
    }
  },
)
