// Several processes on one Redis: each pull request is worked on by one of them at a time, and what one of them was at
// when it was killed is another's.
import { expect, test } from 'vitest'
import { startGitHub } from '../harness/index.ts'
import { startRedis, whyNoRedis } from '../ops/redis.ts'
import { ALLOW_WEB, SHOP } from './manifests.ts'
import { makeHome, startProcess, stillness, until } from './process.ts'
import type { AppProcess } from './process.ts'

const missing = whyNoRedis()
if (missing !== null) process.stdout.write(`skipped: several processes of the app; ${missing}\n`)

test.skipIf(missing !== null)(
  'three processes, one of which is killed in the middle of its work',
  { timeout: 300_000 },
  async () => {
    const [github, redis] = [await startGitHub(), await startRedis()]
    const homes = await Promise.all([makeHome(github), makeHome(github), makeHome(github)])
    const settings = { REDIS_URL: redis.url, SWEEP_INTERVAL: '0' }
    const apps = await Promise.all(homes.map((home) => startProcess(github, home, settings)))
    const [first, second] = apps as [AppProcess, AppProcess]
    try {
      for (const { url } of apps) await until(async () => (await fetch(`${url}/readyz`)).status === 200)
      const repository = await github.repository({ files: SHOP })
      const pulls = await Promise.all(
        Array.from({ length: 6 }, (_, index) =>
          repository.pullRequest({
            changes: { 'shop/netpol.yaml': ALLOW_WEB, 'README.md': `${String(index)}\n` },
          }),
        ),
      )
      // All webhooks go to one process, and the first review that is posted ends it. Its queue is everybody's.
      github.deliverTo(`${first.url}/api/github/webhooks`)
      const murder = github.before(
        { method: 'POST', path: '/repos/*/*/pulls/*/reviews' },
        async (request) => {
          await first.kill()
          github.deliverTo(`${second.url}/api/github/webhooks`)
          request.hangUp()
        },
      )
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
    } finally {
      await Promise.all(apps.map((app) => app.kill()))
      await redis.stop()
      await github.close()
      await Promise.all(homes.map((home) => home.remove()))
    }
  },
)
