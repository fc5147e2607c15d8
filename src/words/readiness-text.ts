// The readiness report for a terminal: counts, then a group for each verdict, then how to get the fixes.
import type pc from 'picocolors'
import type { NamespaceReadiness } from '../core/index.ts'
import type { Readiness, Report, ReportFinding } from '../examine/report.ts'
import { INDENT, printable, wrap } from './lines.ts'
import {
  byCluster,
  filesOf,
  findingsOf,
  withClusters,
  obstacles,
  readinessBasis,
  readinessCommand,
  readinessCounts,
  readinessGroups,
  withSize,
} from './readiness.ts'
import type { Argv, Obstacle, ReadinessGroup } from './readiness.ts'

type Paint = ReturnType<typeof pc.createColors>

/** Of each group; whoever wants all of a longer one reads the JSON. */
const MOST_NAMESPACES = 40
const MOST_PROBLEMS = 3

/** `width` is that of the terminal, in characters. */
export function readinessText(
  report: Report,
  readiness: Readiness,
  { paint, width, argv }: { readonly paint: Paint; readonly width: number; readonly argv: Argv },
): string {
  const basis = readinessBasis(readiness)
  const command = readinessCommand(report, argv)
  const said = (text: string, depth: number): readonly string[] =>
    wrap(printable(text), width - depth * INDENT.length).map((line) => `${INDENT.repeat(depth)}${line}`)
  const parts = [
    ...said(readinessCounts(readiness), 0).map((line) => paint.bold(line)),
    ...(basis === '' ? [] : said(basis, 0)),
    ...readinessGroups(readiness).flatMap((group) => [
      '',
      `${mark(group, paint)} ${paint.dim(String(group.namespaces.length))}`,
      ...groupLines(group, report, said),
    ]),
    ...(command === '' ? [] : ['', ...said('The fixes, as one diff:', 0), `${INDENT}${printable(command)}`]),
  ]
  return parts.join('\n')
}

type Said = (text: string, depth: number) => readonly string[]

function mark({ verdict, heading }: ReadinessGroup, paint: Paint): string {
  switch (verdict) {
    case 'ready':
    case 'ready-after-fixes':
      return paint.green(heading)
    case 'not-ready':
      return paint.red(heading)
    case 'unknown':
      return paint.yellow(heading)
    default:
      return heading
  }
}

function groupLines({ verdict, namespaces }: ReadinessGroup, report: Report, said: Said): readonly string[] {
  switch (verdict) {
    case 'ready-after-fixes':
    case 'not-ready':
      return [
        ...namespaces.slice(0, MOST_NAMESPACES).flatMap((one) => namespaceLines(one, report, said)),
        ...(namespaces.length > MOST_NAMESPACES
          ? said(`and ${String(namespaces.length - MOST_NAMESPACES)} more: --format json lists them`, 1)
          : []),
      ]
    case 'unknown':
      return obstacles(namespaces, report).flatMap((obstacle) => obstacleLines(obstacle, said))
    case 'ready':
      return said(nameList(namespaces.map((one) => withSize(one, report))), 1)
    default:
      return said(nameList(namespaces.map((one) => withClusters(one, report))), 1)
  }
}

/** `payments`, and below it what it waits for: `hbone-ingress f-0123456789: payments/policies.yaml`. */
function namespaceLines(one: NamespaceReadiness, report: Report, said: Said): readonly string[] {
  return [
    ...said(withClusters(one, report), 1),
    ...byCluster(findingsOf(one, report)).flatMap(([cluster, findings]) =>
      findingLines(findings, one.clusters.length < 2 ? null : cluster, said),
    ),
    ...(one.problems.length === 0 ? [] : said(`and not all of it was seen: ${codes(one)}`, 2)),
  ]
}

/** What has no fix first; a cluster is named where the namespace is in several. */
function findingLines(
  findings: readonly ReportFinding[],
  cluster: string | null,
  said: Said,
): readonly string[] {
  const [open, mended] = [
    findings.filter(({ fix }) => fix === null),
    findings.filter(({ fix }) => fix !== null),
  ]
  const where = cluster === null ? '' : ` in ${cluster}`
  const name = (list: typeof findings): string =>
    `${list.map(({ rule, fingerprint }) => `${rule} ${fingerprint}`).join(', ')}${where}`
  return [
    ...(open.length === 0 ? [] : said(`without a fix: ${name(open)}`, 2)),
    ...(mended.length === 0 ? [] : said(`${name(mended)}: ${filesOf(mended).join(', ')}`, 2)),
  ]
}

function codes({ problems }: NamespaceReadiness): string {
  return [...new Set(problems.map(({ code, path, line }) => `${code} ${path}:${String(line)}`))]
    .slice(0, MOST_PROBLEMS)
    .join(', ')
}

function obstacleLines({ code, problems, namespaces }: Obstacle, said: Said): readonly string[] {
  const shown = problems.slice(0, problems.length > MOST_PROBLEMS ? 1 : MOST_PROBLEMS)
  const left = problems.length - shown.length
  return [
    ...said(`${code}: ${nameList(namespaces)}`, 1),
    ...shown.flatMap(({ path, line, message, remedy }) => [
      ...said(`${path}:${String(line)}`, 2),
      ...said(`${message} ${remedy}`, 2),
    ]),
    ...(left > 0 ? said(`and ${String(left)} more of this kind: --format json lists them`, 2) : []),
  ]
}

function nameList(names: readonly string[]): string {
  const left = names.length - MOST_NAMESPACES
  return `${names.slice(0, MOST_NAMESPACES).join(', ')}${left > 0 ? ` and ${String(left)} more` : ''}`
}
