// What a person on call looks at, in the format of Prometheus.
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { Depth } from './queue.ts'

export interface Metrics {
  /** A webhook came in, by the name of its event. */
  heard(event: string): void
  /** A job ended, after so many milliseconds. */
  worked(kind: string, result: string, milliseconds: number): void
  /** GitHub answered; null: it did not. `remaining` calls are left in this hour, where it says so. */
  asked(status: number | null, remaining: number | null): void
  /** A verdict was reached. */
  concluded(
    conclusion: string,
    findings: readonly { readonly rule: string; readonly severity: string }[],
  ): void
  /** A memory was asked so often, and knew so often. */
  remembered(memory: string, hits: number, misses: number): void
  /** Bytes on disk, and how many pieces were let go of. */
  kept(bytes: number, dropped: number): void
  /** For `GET /metrics`. */
  readonly contentType: string
  text(): Promise<string>
}

/** Seconds, for a job: from an answer out of memory to all the time that one pull request may be thought about. */
const SECONDS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600]

/**
 * What is counted from 0: `increase()` sees no first event in a series that begins with it. This room knows no jobs and
 * no webhooks, so a test compares the names with those that there are.
 */
const EVENTS = ['pull_request', 'issue_comment', 'check_run', 'check_suite', 'merge_group']
const JOBS = [
  'review-wanted',
  'command-given',
  'button-pressed',
  'check-rerequested',
  'merge-group-requested',
  'sweep-wanted',
  'repository-sweep-wanted',
]
const RESULTS = ['done', 'failed', 'untold', 'left']
const STATUSES = ['2xx', '3xx', '4xx', '5xx', 'none']

/** @param depth of the queue, asked for each time somebody looks; null, and the series is not there, while it is unknown */
export function createMetrics(depth: () => Promise<Depth | null>): Metrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  const counter = <T extends string>(name: string, help: string, labelNames: readonly T[]): Counter<T> =>
    new Counter({ name: `ambient_guard_${name}_total`, help, labelNames, registers })
  /** A number that is not there until it is known: prom-client begins with 0, and 0 would be a lie. */
  const unknownGauge = (name: string, help: string): Gauge => {
    const gauge = new Gauge({ name: `ambient_guard_${name}`, help, registers })
    gauge.remove()
    return gauge
  }

  const webhooks = counter('webhooks', 'Webhooks taken in.', ['event'])
  const jobs = counter('jobs', 'Jobs ended, by kind and result.', ['kind', 'result'])
  const seconds = new Histogram({
    name: 'ambient_guard_job_duration_seconds',
    help: 'How long jobs took.',
    labelNames: ['kind'],
    buckets: SECONDS,
    registers,
  })
  new Gauge({
    name: 'ambient_guard_queue_depth',
    help: 'Pieces of work that wait, and that are worked on.',
    labelNames: ['state'],
    registers,
    async collect() {
      const known = await depth()
      this.reset()
      if (known === null) return
      this.set({ state: 'waiting' }, known.waiting)
      this.set({ state: 'running' }, known.running)
    },
  })
  const requests = counter('github_requests', 'Calls of the GitHub API, by class of status.', ['status'])
  const rate = unknownGauge(
    'github_rate_remaining',
    "Calls left until GitHub's limit begins anew, for the installation asked last.",
  )
  const conclusions = counter('conclusions', 'Verdicts, by conclusion.', ['conclusion'])
  const findings = counter('findings', 'Findings in verdicts, by rule and severity.', ['rule', 'severity'])
  const memory = counter(
    'cache_lookups',
    'How often something was in a cache in memory (hit), or had to be made (miss).',
    ['cache', 'result'],
  )
  const disk = unknownGauge(
    'cache_bytes',
    'Bytes of mirrors and other caches on disk, when they were last measured.',
  )
  const dropped = counter('cache_evictions', 'Pieces of the cache on disk that were let go of.', [])

  for (const event of EVENTS) webhooks.inc({ event }, 0)
  for (const kind of JOBS) for (const result of RESULTS) jobs.inc({ kind, result }, 0)
  for (const status of STATUSES) requests.inc({ status }, 0)

  return {
    heard: (event) => {
      webhooks.inc({ event })
    },
    worked: (kind, result, milliseconds) => {
      jobs.inc({ kind, result })
      seconds.observe({ kind }, milliseconds / 1000)
    },
    asked: (status, remaining) => {
      requests.inc({ status: status === null ? 'none' : `${String(Math.floor(status / 100))}xx` })
      if (remaining !== null) rate.set(remaining)
    },
    concluded: (conclusion, found) => {
      conclusions.inc({ conclusion })
      for (const { rule, severity } of found) findings.inc({ rule, severity })
    },
    remembered: (cache, hits, misses) => {
      memory.inc({ cache, result: 'hit' }, hits)
      memory.inc({ cache, result: 'miss' }, misses)
    },
    kept: (bytes, pieces) => {
      disk.set(bytes)
      dropped.inc(pieces)
    },
    contentType: registry.contentType,
    text: () => registry.metrics(),
  }
}
