// Several processes on one Redis: each pull request is worked on by one of them at a time, and what one of them was at
// when it was killed, or could not be heard for too long, is another's.
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { startGitHub } from '../harness/index.ts'
import type { GitHub } from '../harness/index.ts'
import { startRedis, whyNoRedis } from '../ops/redis.ts'
import type { RedisServer } from '../ops/redis.ts'
import { ALLOW_WEB, SHOP } from './manifests.ts'
import { makeHome, startProcess, stillness, until } from './process.ts'
import type { AppProcess, Home } from './process.ts'

const missing = whyNoRedis()
if (missing !== null) process.stdout.write(`skipped: several processes of the app; ${missing}\n`)

interface Fleet {
  readonly github: GitHub
  readonly redis: RedisServer
  readonly apps: readonly AppProcess[]
  /** Sends webhooks to one of them. Its queue is everybody's. */
  hear(which: number): void
}

/** Plays a story with so many processes, all of which take work in. */
async function play(
  count: number,
  tell: (fleet: Fleet) => Promise<void>,
  settings: Readonly<Record<string, string>> = {},
): Promise<void> {
  const [github, redis] = [await startGitHub(), await startRedis()]
  const homes = await Promise.all(Array.from({ length: count }, () => makeHome(github)))
  const start = (home: Home): Promise<AppProcess> =>
    startProcess(github, home, { REDIS_URL: redis.url, SWEEP_INTERVAL: '0', ...settings })
  const apps = await Promise.all(homes.map(start))
  try {
    for (const { url } of apps) await until(async () => (await fetch(`${url}/readyz`)).status === 200)
    const hear = (which: number): void => {
      github.deliverTo(`${apps[which]?.url ?? ''}/api/github/webhooks`)
    }
    await tell({ github, redis, apps, hear })
  } finally {
    await Promise.all(apps.map((app) => app.kill()))
    await redis.stop()
    await github.close()
    await Promise.all(homes.map((home) => home.remove()))
  }
}

const REVIEWS = { method: 'POST', path: '/repos/*/*/pulls/*/reviews' }

describe.skipIf(missing !== null)('several processes', { timeout: 300_000 }, () => {
  test('of three, one is killed in the middle of its work', () =>
    play(3, async ({ github, apps, hear }) => {
      const [first, second] = apps as [AppProcess, AppProcess]
      const repository = await github.repository({ files: SHOP })
      const pulls = await Promise.all(
        Array.from({ length: 6 }, (_, index) =>
          repository.pullRequest({
            changes: { 'shop/netpol.yaml': ALLOW_WEB, 'README.md': `${String(index)}\n` },
          }),
        ),
      )
      // All webhooks go to one process, and the first review that is posted ends it.
      hear(0)
      const murder = github.before(REVIEWS, async (request) => {
        await first.kill()
        hear(1)
        request.hangUp()
      })
      for (const pull of pulls) {
        // Told twice: of two looks at one head the second finds that nothing has moved.
        void pull.opened()
        void pull.reopened()
      }
      await until(() => pulls.every(({ checks }) => checks.at(-1)?.status === 'completed'))
      await stillness(github)
      expect(murder.hits).toBe(1)
      for (const pull of pulls) {
        expect(
          pull.checks.map(({ status, conclusion, output }) => [status, conclusion, output?.title]),
        ).toEqual([['completed', 'failure', '1 error introduced']])
        expect([pull.reviews.length, pull.reviewComments.length, pull.pendingReviews.length]).toEqual([
          1, 1, 0,
        ])
      }
      // The others took part, and one that is asked to end does so.
      const metrics = await (await fetch(`${second.url}/metrics`)).text()
      expect(metrics).toMatch(/ambient_guard_jobs_total\{kind="review-wanted",result="done"\} [1-9]/)
      expect(await second.stop()).toBe(0)
    }))

  test('of two, the one that Redis has not heard of for too long says nothing more', () =>
    play(
      2,
      async ({ github, redis, apps, hear }) => {
        const repository = await github.repository({ files: SHOP })
        const pull = await repository.pullRequest({ changes: { 'shop/netpol.yaml': ALLOW_WEB } })
        let heard = 0
        // One of them is about to say what it thinks, and Redis falls silent.
        const silence = github.before(REVIEWS, async (request) => {
          redis.pause()
          await sleep(4000)
          redis.goOn()
          await until(() => pull.checks.at(-1)?.status === 'completed' && pull.reviews.length === 1)
          await stillness(github)
          heard = github.requests.length
          request.hangUp()
        })
        hear(0)
        await pull.opened()
        // On a busy machine the one may have left long before the other has said what it thinks.
        await until(() => heard > 0 && apps.some((app) => app.output().includes('"job left"')))
        await stillness(github)
        expect(silence.hits).toBe(1)
        // What was hung up is the last that it asked.
        const late = github.requests.slice(heard).map(({ method, path, status }) => [method, path, status])
        expect(late).toEqual([['POST', expect.stringMatching(/\/reviews$/), 0]])
        expect([pull.checks.length, pull.reviews.length, pull.reviewComments.length]).toEqual([1, 1, 1])
      },
      { PATIENCE: '1500' },
    ))
})
