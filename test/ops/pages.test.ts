// What a kubelet and GitHub are told where no work can be taken in: the process is alive, and not ready.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { startServer } from '../../src/app.ts'
import { impatientOctokit } from '../../src/github/api/app.ts'
import { startGitHub } from '../harness/index.ts'
import { startRedis, whyNoRedis } from './redis.ts'

const missing = whyNoRedis()
if (missing !== null) process.stdout.write(`skipped: a server that loses its Redis; ${missing}\n`)

it.skipIf(missing !== null)(
  'a server whose Redis comes late, and goes again',
  { timeout: 60_000 },
  async () => {
    const [github, late] = [await startGitHub(), await startRedis()]
    await late.stop()
    const cacheDirectory = await mkdtemp(join(tmpdir(), 'ambient-guard-pages-'))
    const server = await startServer(
      {
        ...{ appId: github.appId, privateKey: github.privateKey, webhookSecret: github.webhookSecret },
        ...{ host: '127.0.0.1', port: 0, github: { apiUrl: github.apiUrl, gitUrl: github.url }, network: {} },
        ...{ cacheDirectory, toolsDirectory: null, cacheLimit: 2 ** 40, redisUrl: late.url },
        ...{ logLevel: 'fatal', logFormat: 'json' },
        ...{ concurrency: 1, threads: 0, threadMemory: 1024, sweepInterval: 0 },
      },
      { octokit: impatientOctokit },
    )
    const page = async (path: string): Promise<readonly [number, string]> => {
      const response = await fetch(`${server.url}${path}`)
      return [response.status, await response.text()]
    }
    const until = async (status: number): Promise<void> => {
      while ((await page('/readyz'))[0] !== status) await sleep(10)
    }
    // In a cluster both begin at once.
    await until(503)
    const redis = await startRedis(late.port)
    try {
      await until(200)
      expect(await page('/readyz?verbose')).toEqual([200, 'ready\n'])
      await redis.stop()
      await until(503)
      expect(await page('/readyz')).toEqual([
        503,
        'no work is taken in: the process ends, or its Redis does not answer\n',
      ])
      expect(await page('/healthz')).toEqual([200, 'ok\n'])
      // Who looks for what is wrong still has the other numbers.
      const [status, numbers] = await page('/metrics')
      expect([status, numbers.includes('\nambient_guard_queue_depth')]).toEqual([200, false])
      expect(await page('/ping')).toEqual([200, 'PONG'])
      expect((await fetch(`${server.url}/readyz`, { method: 'POST' })).status).toBe(404)
      expect((await fetch(`${server.url}/readyz`, { method: 'HEAD' })).status).toBe(503)
      // GitHub keeps the delivery, and a sweep asks for it again.
      github.deliverTo(`${server.url}/api/github/webhooks`)
      const pull = await (await github.repository({ files: { a: 'a' } })).pullRequest({ changes: { a: 'b' } })
      await pull.opened()
      await github.settled()
      const told = github.deliveries.filter(({ event }) => event === 'pull_request')
      expect(told.map(({ status }) => status)).toEqual([500])
    } finally {
      // What ends without its Redis waits for it as long as it may.
      const again = await startRedis(redis.port)
      await server.stop()
      await again.stop()
      await github.close()
      await rm(cacheDirectory, { recursive: true, force: true })
    }
  },
)
