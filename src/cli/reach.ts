// `reach`: questions about the policies of one tree, one or many.
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { analyze, answer } from '../core/index.ts'
import type { Analysis, Answer, Query } from '../core/index.ts'
import { PROTOCOLS } from '../core/kubernetes/port-set.ts'
import type { Protocol } from '../core/kubernetes/port-set.ts'
import { load, loadAssumed, manifestsUnder } from '../manifests/load.ts'
import { reachText } from '../words/reach.ts'
import { memory } from './check.ts'
import { findConfiguration } from './configuration.ts'
import type { ConfigOptions } from './configuration.ts'
import type { Output } from './output.ts'
import { findSources } from './sources.ts'
import { UsageError } from './usage-error.ts'

export interface ReachOptions extends ConfigOptions {
  readonly from?: string
  readonly to?: string
  readonly port?: string
  readonly protocol: string
  readonly queries?: string
  readonly format: 'text' | 'json'
}

/** Answers in the order of the questions. Exit code: 2 where a question could not be understood. */
export async function reach(path: string | undefined, options: ReachOptions, output: Output): Promise<0 | 2> {
  const analysis = await analyse(path, options)
  if (options.queries !== undefined) return answerLines(analysis, options.queries, output)
  const protocol = readProtocol(options.protocol)
  if (options.from !== undefined && options.to !== undefined && options.port !== undefined) {
    const result = answer(analysis, {
      from: options.from,
      to: options.to,
      port: readPort(options.port),
      protocol,
    })
    output.write(`${JSON.stringify(result)}\n`)
    return result.error === undefined ? 0 : 2
  }
  if (options.format === 'json')
    throw new UsageError(
      '--format json answers one question, or those of --queries: name --from, --to and --port.',
    )
  for (const end of [options.from, options.to]) {
    if (end !== undefined && !analysis.state.workloads.some(({ id }) => id === end)) {
      throw new UsageError(`${end} is no workload of this tree. Workloads are named Kind/namespace/name.`)
    }
  }
  output.write(reachText(analysis, { from: options.from ?? null, to: options.to ?? null }))
  return 0
}

async function analyse(path: string | undefined, options: ReachOptions): Promise<Analysis> {
  const sources = await findSources({ path, base: 'none' })
  const { config, problems } = await findConfiguration(options, sources.configuration)
  const [cluster, ...others] = config.clusters
  if (cluster === undefined || others.length > 0) {
    throw new UsageError(
      `The configuration has several clusters: name one with --cluster (${config.clusters.map(({ name }) => name).join(', ')}).`,
    )
  }
  const cache = memory()
  const loaded = await load(
    sources.head,
    { ignorePaths: config.ignorePaths, assumed: cluster.assume.manifests },
    cache,
  )
  const baseline = await loadAssumed(sources.head, cluster.assume.manifests, cache)
  const manifests = [...manifestsUnder(loaded, cluster.paths), ...manifestsUnder(baseline, null)]
  return analyze(cluster, config.rules, manifests, [...problems, ...loaded.problems, ...baseline.problems])
}

async function answerLines(analysis: Analysis, file: string, output: Output): Promise<0 | 2> {
  const input = file === '-' ? process.stdin : createReadStream(file)
  let failed = false
  try {
    for await (const line of createInterface({ input, crlfDelay: Infinity })) {
      if (line.trim() === '') continue
      const query = readQuery(line)
      const result: Answer | { readonly error: string; readonly verdict: 'unknown' } =
        typeof query === 'string' ? { verdict: 'unknown', error: query } : answer(analysis, query)
      failed ||= result.error !== undefined
      output.write(`${JSON.stringify(result)}\n`)
    }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    throw new UsageError(`--queries ${file}: ${code === 'ENOENT' ? 'there is no such file' : message}.`)
  }
  return failed ? 2 : 0
}

/** A query, or a sentence about what is wrong with its line. */
function readQuery(line: string): Query | string {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return `not a line of JSON: ${line}`
  }
  const { from, to, port, protocol = 'TCP' } = (value ?? {}) as Partial<Record<keyof Query, unknown>>
  if (typeof from !== 'string' || typeof to !== 'string') return 'a query needs "from" and "to"'
  const number = typeof port === 'number' && Number.isInteger(port) && port >= 1 && port <= 65535
  if (!number && (typeof port !== 'string' || port === ''))
    return 'a query needs a "port": a number from 1 to 65535, or a name'
  if (!PROTOCOLS.some((known) => known === protocol)) return '"protocol" must be TCP, UDP or SCTP'
  return { from, to, port, protocol: protocol as Protocol }
}

function readPort(text: string): number | string {
  if (!/^\d+$/.test(text)) return text
  const port = Number(text)
  if (port < 1 || port > 65535) throw new UsageError(`--port ${text}: ports go from 1 to 65535.`)
  return port
}

function readProtocol(text: string): Protocol {
  const protocol = PROTOCOLS.find((known) => known === text.toUpperCase())
  if (protocol === undefined) throw new UsageError(`--protocol ${text}: it must be TCP, UDP or SCTP.`)
  return protocol
}
