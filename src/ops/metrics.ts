// What a person on call looks at, in the format of Prometheus.
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { Depth } from './queue.ts'

export interface Metrics {
  /** A webhook came in, by the name of its event. */
  heard(event: string): void
  /** A job ended, after so many milliseconds. */
  worked(job: string, result: string, milliseconds: number): void
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

/** Seconds, for a job: from an answer out of memory to the first look at a large repository. */
const SECONDS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300]

/** @param depth of the queue, asked for each time somebody looks */
export function createMetrics(depth: () => Promise<Depth>): Metrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  const counter = <T extends string>(name: string, help: string, labelNames: readonly T[]): Counter<T> =>
    new Counter({ name: `ambient_guard_${name}_total`, help, labelNames, registers })

  const webhooks = counter('webhooks', 'Webhooks taken in.', ['event'])
  const jobs = counter('jobs', 'Jobs ended, by kind and result.', ['job', 'result'])
  const seconds = new Histogram({
    name: 'ambient_guard_job_duration_seconds',
    help: 'How long jobs took.',
    labelNames: ['job'],
    buckets: SECONDS,
    registers,
  })
  new Gauge({
    name: 'ambient_guard_queue_depth',
    help: 'Pieces of work that wait, and that are worked on.',
    labelNames: ['state'],
    registers,
    async collect() {
      const { waiting, running } = await depth()
      this.set({ state: 'waiting' }, waiting)
      this.set({ state: 'running' }, running)
    },
  })
  const requests = counter('github_requests', 'Calls of the GitHub API, by class of status.', ['status'])
  const rate = new Gauge({
    name: 'ambient_guard_github_rate_remaining',
    help: 'Calls that are left in this hour, by the newest answer of GitHub.',
    registers,
  })
  const conclusions = counter('conclusions', 'Verdicts, by conclusion.', ['conclusion'])
  const findings = counter('findings', 'Findings in verdicts, by rule and severity.', ['rule', 'severity'])
  const memory = counter('cache_lookups', 'Lookups in memories, by memory and result.', ['cache', 'result'])
  const disk = new Gauge({
    name: 'ambient_guard_cache_bytes',
    help: 'Bytes of mirrors and other caches on disk, when they were last measured.',
    registers,
  })
  const dropped = counter('cache_evictions', 'Pieces of the cache on disk that were let go of.', [])

  return {
    heard: (event) => {
      webhooks.inc({ event })
    },
    worked: (job, result, milliseconds) => {
      jobs.inc({ job, result })
      seconds.observe({ job }, milliseconds / 1000)
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
