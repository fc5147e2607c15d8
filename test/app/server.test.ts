// The server as it is started: what it answers, whom it believes, and what its log does not hold.
import { createHmac } from 'node:crypto'
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

scenario('webhooks about nothing of ours', async ({ github, app }) => {
  const body = '{"zen":"Keep it logically awesome."}'
  const signature = createHmac('sha256', github.webhookSecret).update(body).digest('hex')
  // The last one is a word that @octokit/webhooks has for itself.
  for (const event of ['ping', 'no_such_event', 'error']) {
    const answer = await fetch(`${app.url}/api/github/webhooks`, {
      method: 'POST',
      body,
      headers: {
        'content-type': 'application/json',
        'x-github-event': event,
        'x-github-delivery': '1',
        'x-hub-signature-256': `sha256=${signature}`,
      },
    })
    expect([event, answer.status, await answer.text()]).toEqual([event, 200, 'ok\n'])
  }
})

scenario('what a person on call looks at', async ({ github, app }) => {
  const ready = await fetch(`${app.url}/readyz`)
  expect([ready.status, await ready.text()]).toEqual([200, 'ready\n'])
  const repository = await github.repository({ files: SHOP })
  const pull = await repository.pullRequest({ changes: { 'shop/netpol.yaml': ALLOW_WEB } })
  await app.hears(pull.opened())
  const metrics = await fetch(`${app.url}/metrics`)
  expect(metrics.headers.get('content-type')).toContain('text/plain')
  const text = await metrics.text()
  for (const line of [
    'ambient_guard_webhooks_total{event="pull_request"} 1',
    'ambient_guard_jobs_total{kind="review-wanted",result="done"} 1',
    'ambient_guard_job_duration_seconds_count{kind="review-wanted"} 1',
    'ambient_guard_queue_depth{state="waiting"} 0',
    'ambient_guard_queue_depth{state="running"} 0',
    'ambient_guard_conclusions_total{conclusion="failure"} 1',
    'ambient_guard_findings_total{rule="hbone-ingress",severity="error"} 1',
  ])
    expect(text.split('\n')).toContain(line)
  expect(text).toMatch(/^ambient_guard_github_requests_total\{status="2xx"\} [1-9]\d*$/m)
  expect(text).toMatch(/^ambient_guard_github_rate_remaining [1-9]\d*$/m)
  expect(text).toMatch(/^ambient_guard_cache_lookups_total\{cache="parsed",result="miss"\} [1-9]\d*$/m)
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
