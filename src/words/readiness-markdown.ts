// The readiness report as Markdown: the counts, and a table that names every namespace that waits for something.
import type { NamespaceReadiness } from '../core/index.ts'
import type { Readiness, Report } from '../examine/report.ts'
import { code, escapeMarkdown as esc } from './github/escape.ts'
import {
  filesOf,
  findingsOf,
  withClusters,
  readinessBasis,
  readinessCommand,
  readinessCounts,
  readinessGroups,
  withSize,
} from './readiness.ts'
import type { Argv, ReadinessGroup } from './readiness.ts'

/** Rows of the table; comments of CI systems have limits. */
const MOST_ROWS = 100
const MOST_NAMES = 200

/** `argv`: the words that asked for it, without the program's own name. */
export function readinessMarkdown(report: Report, readiness: Readiness, argv: Argv): string {
  const basis = readinessBasis(readiness)
  const command = readinessCommand(report, argv)
  const groups = readinessGroups(readiness)
  const rows = groups
    .filter(({ verdict }) => TABLED.includes(verdict))
    .flatMap((group) => rowsOf(group, report))
  const left = rows.length - MOST_ROWS
  const table = ['| namespace | verdict | because |', '| --- | --- | --- |', ...rows.slice(0, MOST_ROWS)]
  return [
    `**${readinessCounts(readiness)}**${basis === '' ? '' : ` ${basis}`}`,
    ...(rows.length === 0 ? [] : [table.join('\n')]),
    ...(left > 0 ? [`${String(left)} more: ${code('--format json')} lists them.`] : []),
    ...groups
      .filter(({ verdict }) => !TABLED.includes(verdict))
      .map(
        ({ heading, namespaces, verdict }) =>
          `${title(heading)}: ${names(namespaces, report, verdict === 'ready')}.`,
      ),
    ...(command === '' ? [] : [`The fixes, as one diff: ${code(command)}`]),
  ].join('\n\n')
}

const TABLED: readonly string[] = ['ready-after-fixes', 'not-ready', 'unknown']

function rowsOf({ heading, namespaces }: ReadinessGroup, report: Report): readonly string[] {
  return namespaces.map((one) => {
    const where = withClusters(one, report).slice(one.namespace.length)
    return `| ${cell(one.namespace)}${bare(where)} | ${heading} | ${because(one, report)} |`
  })
}

function because(one: NamespaceReadiness, report: Report): string {
  const findings = findingsOf(one, report)
  const said = findings.map(
    ({ rule, fingerprint, fix, among }) =>
      `${rule} ${code(fingerprint)}${among === null || one.clusters.length < 2 ? '' : ` in ${bare(among)}`}${fix === null ? ' without a fix' : ''}`,
  )
  const files = filesOf(findings)
  const [first, ...others] = one.problems
  const unseen =
    first === undefined
      ? []
      : [bare(`${first.message}${others.length === 0 ? '' : ` And ${String(others.length)} more.`}`)]
  return [...said, ...(files.length === 0 ? [] : [`fixes in ${files.map(cell).join(', ')}`]), ...unseen].join(
    '; ',
  )
}

/** A pipe would end the cell. */
function cell(text: string): string {
  return code(text).replace(/\|/g, '\\|')
}

function bare(text: string): string {
  return esc(text).replace(/\|/g, '\\|')
}

function names(namespaces: readonly NamespaceReadiness[], report: Report, sized: boolean): string {
  const shown = namespaces
    .slice(0, MOST_NAMES)
    .map((one) => esc((sized ? withSize : withClusters)(one, report)))
    .join(', ')
  const left = namespaces.length - MOST_NAMES
  return left > 0 ? `${shown} and ${String(left)} more` : shown
}

function title(heading: string): string {
  return `${heading.charAt(0).toUpperCase()}${heading.slice(1)}`
}
