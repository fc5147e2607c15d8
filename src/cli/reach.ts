// `reach`: questions about the policies of one tree, one or many.
import { RULE_SEVERITIES, clusterNamed } from '../core/config.ts'
import { analyze, answer, asker } from '../core/index.ts'
import type { Analysis } from '../core/index.ts'
import { list } from '../core/findings/words.ts'
import { PROTOCOLS } from '../core/kubernetes/port-set.ts'
import type { Protocol } from '../core/kubernetes/port-set.ts'
import { unseenAnywhere } from '../core/policy/query.ts'
import { reachMatrix } from '../core/policy/matrix.ts'
import type { Matrix } from '../core/policy/matrix.ts'
import { loadAssumed } from '../manifests/assumed.ts'
import { clusterNames, clustersOf, emptyCluster, gather } from '../manifests/load.ts'
import { reachMarkdown } from '../words/reach-markdown.ts'
import { reachText } from '../words/reach.ts'
import { findConfiguration } from './configuration.ts'
import type { ConfigOptions } from './configuration.ts'
import { useColor } from './output.ts'
import type { Output } from './output.ts'
import { answerQueries } from './queries.ts'
import { findSources } from './sources.ts'
import { UsageError } from './usage-error.ts'
import { localWorkshop } from './workshop.ts'

/** Policies are asked, not judged: nobody reads findings here, and they are most of the work. */
const NO_RULES = Object.fromEntries(Object.keys(RULE_SEVERITIES).map((rule) => [rule, 'off' as const]))

export interface ReachOptions extends ConfigOptions {
  readonly from?: string
  readonly to?: string
  readonly port?: string
  readonly protocol: string
  readonly queries?: string
  readonly format: 'text' | 'json' | 'markdown'
  readonly color: 'auto' | 'never'
}

/** Answers questions, or shows who reaches whom. Exit code: 2 where a question could not be understood. */
export async function reach(path: string | undefined, options: ReachOptions, output: Output): Promise<0 | 2> {
  const { from, to, format } = options
  const protocol = readProtocol(options.protocol)
  const port = options.port === undefined ? null : readPort(options.port)
  const analysis = await analyse(path, options)
  sayUnseen(analysis, output)
  if (options.queries !== undefined) return answerQueries(asker(analysis), options.queries, output)
  const isOne = [from, to].every((end) => end !== undefined && !end.startsWith('Namespace/'))
  if (from !== undefined && to !== undefined && port !== null && isOne && format !== 'markdown') {
    const result = answer(analysis, { from, to, port, protocol })
    output.write(`${JSON.stringify(result)}\n`)
    return result.error === undefined ? 0 : 2
  }
  if (format === 'json')
    throw new UsageError(
      '--format json answers one question, or those of --queries: name --from, --to and --port.',
    )
  const matrix = reachMatrix(analysis, {
    from: from ?? null,
    to: to ?? null,
    port: port ?? analysis.state.config.mesh.hbonePort,
    protocol,
  })
  if ('error' in matrix) throw new UsageError(matrix.error)
  refuseUnknown(matrix, analysis)
  output.write(
    format === 'markdown'
      ? reachMarkdown(matrix)
      : reachText(matrix, output.width, useColor(options.color, output)),
  )
  return 0
}

/** Whether policies come from there is for whoever asks to know. */
function sayUnseen(analysis: Analysis, output: Output): void {
  const unseen = unseenAnywhere(analysis)
  const [first] = unseen
  if (first === undefined) return
  const more = unseen.length === 1 ? '' : `, and ${String(unseen.length - 1)} more like it`
  output.say(
    `Answered without what is not seen, which may hold policies: ${first.path}:${String(first.line)}${more}. \`ambient-guard check --base none\` says what it is.`,
  )
}

async function analyse(path: string | undefined, options: ReachOptions): Promise<Analysis> {
  const sources = await findSources({ path, base: 'none' })
  const { config, problems } = await findConfiguration(options, sources.configuration)
  const workshop = localWorkshop(config)
  const assumed = [...new Set(config.clusters.flatMap(({ assume }) => assume.manifests))]
  const { clusters: configured, ignorePaths } = config
  const gathered = await gather(
    sources.head,
    { ignorePaths, assumed, clusters: configured, repositories: sources.repositories },
    workshop,
  )
  const found = clustersOf(gathered, clusterNames([gathered]), configured)
  const wanted =
    options.cluster === undefined ? found : found.filter(({ config: { name } }) => name === options.cluster)
  const [loaded, ...others] = wanted
  if (others.length > 0 || (loaded === undefined && found.length > 0)) {
    const names = found.map(({ config: { name } }) => name)
    throw new UsageError(
      loaded === undefined
        ? `--cluster ${String(options.cluster)}: there is no such cluster. The tree has ${names.join(', ')}.`
        : `The tree has ${String(names.length)} clusters, and reach answers for one: add --cluster NAME. They are ${list(names, Infinity)}.`,
    )
  }
  const [first] = configured
  const {
    config: cluster,
    manifests,
    problems: own,
  } = loaded ?? emptyCluster(clusterNamed(first?.name ?? 'default', configured))
  const baseline = await loadAssumed(sources.head, cluster.assume.manifests, workshop)
  const every = [...manifests, ...baseline.manifests]
  return analyze(cluster, NO_RULES, every, [...problems, ...own, ...baseline.problems])
}

/** A number, or a name as Kubernetes takes it for a port (RFC 6335, section 5.1, in small letters). */
function readPort(text: string): number | string {
  if (/^\d+$/.test(text)) {
    const port = Number(text)
    if (port >= 1 && port <= 65535) return port
    throw new UsageError(`--port ${text}: ports go from 1 to 65535.`)
  }
  if (/^(?=.*[a-z])(?!.*--)[a-z\d](?:[a-z\d-]{0,13}[a-z\d])?$/.test(text)) return text
  throw new UsageError(
    `--port ${text}: it must be a number from 1 to 65535, or the name of a port: at most 15 small letters, digits and single hyphens.`,
  )
}

const MOST_NAMES = 12

/** @throws UsageError where a port is asked for by a name that none of the destinations knows, so that nothing was asked */
function refuseUnknown(
  { question: { port, protocol }, rows, destinations }: Matrix,
  { state }: Analysis,
): void {
  if (rows.length === 0 || !rows.flat().every((cell) => cell === 'no-port')) return
  const asked = new Set(destinations.map(({ id }) => id))
  const named = state.workloads
    .filter(({ id }) => asked.has(id))
    .flatMap(({ pods }) => pods.ports)
    .filter((one) => one.protocol === protocol && one.name !== null)
    .map(({ name }) => String(name))
  const names = [...new Set(named)].sort()
  throw new UsageError(
    `--port ${String(port)}: no destination has a ${protocol} port of that name. ${
      names.length === 0
        ? 'None of them names a port: ask for a number.'
        : `There ${names.length === 1 ? 'is' : 'are'} ${list(names, MOST_NAMES)}; or ask for a number.`
    }`,
  )
}

function readProtocol(text: string): Protocol {
  const protocol = PROTOCOLS.find((known) => known === text.toUpperCase())
  if (protocol === undefined) throw new UsageError(`--protocol ${text}: it must be TCP, UDP or SCTP.`)
  return protocol
}
