// The server as it is started: what it answers, whom it believes, and what its log does not hold.
import { expect } from 'vitest'
import { SHOP, ALLOW_WEB } from './manifests.ts'
import { scenario } from './scenario.ts'

scenario('health, and webhooks of strangers', async ({ app }) => {
  const health = await fetch(`${app.url}/healthz`)
  expect([health.status, await health.text()]).toEqual([200, 'ok\n'])
  expect((await fetch(`${app.url}/elsewhere`)).status).toBe(404)
  const forged = await fetch(`${app.url}/api/github/webhooks`, {
    method: 'POST',
    body: '{"action":"opened"}',
    headers: {
      'content-type': 'application/json',
      'x-github-event': 'pull_request',
      'x-github-delivery': '1',
      'x-hub-signature-256': `sha256=${'0'.repeat(64)}`,
    },
  })
  expect(forged.status).toBe(400)
})

scenario('webhooks are acknowledged before the work is done', async ({ github, app }) => {
  const repository = await github.repository({ files: SHOP })
  const pull = await repository.pullRequest({ changes: { 'shop/netpol.yaml': ALLOW_WEB } })
  const { status } = await pull.opened()
  expect(status).toBe(200)
  expect(pull.checks.map((run) => run.status)).not.toContain('completed')
  await app.hears(Promise.resolve())
  expect(pull.check.status).toBe('completed')
})
