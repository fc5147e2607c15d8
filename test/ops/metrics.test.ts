// Every line that a person on call may have a dashboard or an alert on, by name, label and value.
import { expect, it } from 'vitest'
import { HEARD } from '../../src/github/intake.ts'
import type { JobResult } from '../../src/jobs/job.ts'
import type { Task } from '../../src/jobs/task.ts'
import { createMetrics } from '../../src/ops/metrics.ts'
import type { Metrics } from '../../src/ops/metrics.ts'

const DEPTH = { waiting: 3, running: 2 }

async function lines(tell: (metrics: Metrics) => void, depth = DEPTH): Promise<readonly string[]> {
  const metrics = createMetrics(() => Promise.resolve(depth))
  tell(metrics)
  return (await metrics.text()).split('\n').filter((line) => line.startsWith('ambient_guard_'))
}

// The types have this list complete.
const JOBS: Readonly<Record<Task['kind'], true>> = {
  'review-wanted': true,
  'command-given': true,
  'button-pressed': true,
  'check-rerequested': true,
  'merge-group-requested': true,
  'sweep-wanted': true,
  'repository-sweep-wanted': true,
}
const RESULTS: Readonly<Record<JobResult, true>> = { done: true, failed: true, untold: true, left: true }

it('what somebody may wait for is counted from 0, and what is not known is not there', async () => {
  const pairs = Object.keys(JOBS).flatMap((job) => Object.keys(RESULTS).map((result) => [job, result]))
  const said = await lines(() => undefined)
  expect([...said].sort()).toEqual(
    [
      ...HEARD.map((event) => `ambient_guard_webhooks_total{event="${event}"} 0`),
      ...pairs.map(
        ([job = '', result = '']) => `ambient_guard_jobs_total{kind="${job}",result="${result}"} 0`,
      ),
      ...['2xx', '3xx', '4xx', '5xx', 'none'].map(
        (status) => `ambient_guard_github_requests_total{status="${status}"} 0`,
      ),
      'ambient_guard_cache_evictions_total 0',
      'ambient_guard_queue_depth{state="waiting"} 3',
      'ambient_guard_queue_depth{state="running"} 2',
    ].sort(),
  )
})

it('webhooks are counted by event', async () => {
  const said = await lines(({ heard }) => {
    for (const event of ['pull_request', 'push', 'push']) heard(event)
  })
  expect(said).toContain('ambient_guard_webhooks_total{event="pull_request"} 1')
  expect(said).toContain('ambient_guard_webhooks_total{event="push"} 2')
})

it('jobs are counted by kind and result, and timed in seconds by kind', async () => {
  const said = await lines(({ worked }) => {
    worked('review-wanted', 'done', 100)
    worked('review-wanted', 'failed', 599_000)
    worked('sweep-wanted', 'done', 2000)
  })
  const duration = 'ambient_guard_job_duration_seconds'
  for (const line of [
    'ambient_guard_jobs_total{kind="review-wanted",result="done"} 1',
    'ambient_guard_jobs_total{kind="review-wanted",result="failed"} 1',
    'ambient_guard_jobs_total{kind="sweep-wanted",result="done"} 1',
    `${duration}_sum{kind="review-wanted"} 599.1`,
    `${duration}_count{kind="review-wanted"} 2`,
    `${duration}_bucket{le="0.1",kind="review-wanted"} 1`,
    `${duration}_bucket{le="300",kind="review-wanted"} 1`,
    `${duration}_bucket{le="600",kind="review-wanted"} 2`,
    `${duration}_bucket{le="+Inf",kind="review-wanted"} 2`,
    `${duration}_sum{kind="sweep-wanted"} 2`,
  ])
    expect(said).toContain(line)
})

it('the queue is asked for its depth each time somebody looks', async () => {
  let waiting = 0
  const metrics = createMetrics(() => Promise.resolve({ waiting: (waiting += 1), running: 7 }))
  expect(await metrics.text()).toContain('\nambient_guard_queue_depth{state="waiting"} 1\n')
  const text = await metrics.text()
  expect(text).toContain('\nambient_guard_queue_depth{state="waiting"} 2\n')
  expect(text).toContain('\nambient_guard_queue_depth{state="running"} 7\n')
})

it('a depth that nobody can tell is no number, also where there was one', async () => {
  const depths = [DEPTH, null]
  const metrics = createMetrics(() => Promise.resolve(depths.shift() ?? null))
  expect(await metrics.text()).toContain('\nambient_guard_queue_depth{')
  expect(await metrics.text()).not.toContain('\nambient_guard_queue_depth')
})

it('answers of GitHub are counted by class, and the newest says what is left', async () => {
  const said = await lines(({ asked }) => {
    asked(204, 4000)
    asked(299, 3999)
    asked(404, null)
    asked(502, null)
    asked(null, null)
  })
  for (const line of [
    'ambient_guard_github_requests_total{status="2xx"} 2',
    'ambient_guard_github_requests_total{status="4xx"} 1',
    'ambient_guard_github_requests_total{status="5xx"} 1',
    'ambient_guard_github_requests_total{status="none"} 1',
    'ambient_guard_github_rate_remaining 3999',
  ])
    expect(said).toContain(line)
  // None left is the number that matters most.
  const spent = await lines(({ asked }) => {
    asked(200, 1)
    asked(403, 0)
  })
  expect(spent).toContain('ambient_guard_github_rate_remaining 0')
})

it('verdicts are counted by conclusion, their findings by rule and severity', async () => {
  const said = await lines(({ concluded }) => {
    const finding = { rule: 'hbone-ingress', severity: 'error' }
    concluded('failure', [finding, finding, { rule: 'port-widening', severity: 'note' }])
    concluded('success', [])
  })
  for (const line of [
    'ambient_guard_conclusions_total{conclusion="failure"} 1',
    'ambient_guard_conclusions_total{conclusion="success"} 1',
    'ambient_guard_findings_total{rule="hbone-ingress",severity="error"} 2',
    'ambient_guard_findings_total{rule="port-widening",severity="note"} 1',
  ])
    expect(said).toContain(line)
})

it('lookups and evictions add up, the size is the last one measured', async () => {
  const said = await lines(({ remembered, kept }) => {
    remembered('parsed', 5, 1)
    remembered('parsed', 2, 3)
    remembered('renderings', 0, 4)
    kept(9000, 2)
    kept(500, 1)
  })
  for (const line of [
    'ambient_guard_cache_lookups_total{cache="parsed",result="hit"} 7',
    'ambient_guard_cache_lookups_total{cache="parsed",result="miss"} 4',
    'ambient_guard_cache_lookups_total{cache="renderings",result="hit"} 0',
    'ambient_guard_cache_lookups_total{cache="renderings",result="miss"} 4',
    'ambient_guard_cache_bytes 500',
    'ambient_guard_cache_evictions_total 3',
  ])
    expect(said).toContain(line)
})

it('the process itself is measured, in the format that Prometheus reads', async () => {
  const metrics = createMetrics(() => Promise.resolve(DEPTH))
  expect(await metrics.text()).toMatch(/^process_resident_memory_bytes \d+$/m)
  expect(metrics.contentType).toMatch(/^text\/plain; version=0\.0\.4/)
})
