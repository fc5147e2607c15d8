// The report as Markdown, for a comment of somebody else's CI.
import { policiesOf } from '../core/index.ts'
import type { Step } from '../core/index.ts'
import type { Waiver } from '../core/config.ts'
import type { Report, ReportFinding } from '../examine/report.ts'
import { cniSentences } from './cni.ts'
import { configurationSentences } from './configuration.ts'
import { code, escapeMarkdown as esc } from './github/escape.ts'
import { readinessMarkdown } from './readiness-markdown.ts'
import { toldByReadiness } from './readiness.ts'
import { sourceSentences } from './sources.ts'
import { scope } from './text.ts'
import { endingSentences, idleSentence, lapsedSentence } from './waivers.ts'
import { apartFromWidenings } from './widening.ts'

/** Findings that are there now, problems, and the conclusion, as GitHub-flavoured Markdown. */
export function reportMarkdown(report: Report, explain: boolean = false): string {
  const { conclusion, findings, problems, readiness, summary } = report
  const { others, widened } = apartFromWidenings(findings)
  const live = others.filter(({ change }) => change !== 'resolved')
  const aside = toldByReadiness(readiness)
  const told = problems.filter((problem) => problem.relevant && !aside(problem))
  const parts = [
    `### ambient-guard: ${conclusion}`,
    ...(readiness === null ? [] : [readinessMarkdown(report, readiness)]),
    ...live.flatMap((finding) => [
      findingMarkdown(finding),
      ...(explain ? [explanation(report.explain(finding))].filter((text) => text !== '') : []),
    ]),
    ...widened.map(
      ({ namespace, among, sentence }) =>
        `**note** ${esc(namespace)}${among === null ? '' : ` in ${esc(among)}`} (port-widening): ${sentence(esc)}.`,
    ),
    ...told.map(
      ({ path, line, class: kind, message, remedy }) =>
        `**${kind === 'unreadable' ? kind : 'not seen'}** ${esc(path)}:${String(line)}: ${esc(message)} ${esc(remedy)}`,
    ),
    ...endingSentences(report, QUOTES),
    ...(report.configuration === null ? [] : idleSentence(report, QUOTES)),
    ...configurationSentences(report, code),
    ...sourceSentences(report).map(esc),
    ...cniSentences(report).map(esc),
    `Looked at ${scope(summary)}.`,
  ]
  return `${parts.join('\n\n')}\n`
}

const QUOTES = { name: code, words: esc } as const

/** One that is waived is said in a line, as what it is: nothing that anybody has to look at now. */
function waivedMarkdown({ among, rule, severity, workload, fingerprint }: ReportFinding, by: Waiver): string {
  const who = `${esc(workload.id)}${among === null ? '' : ` in ${esc(among)}`}`
  return `waived: ${who} (${rule}, ${severity}, \`${fingerprint}\`): ${esc(by.reason)} (${esc(by.owner)}, until ${by.expires})`
}

function findingMarkdown(finding: ReportFinding): string {
  const { among, severity, rule, workload, message, cause, change, waived, fingerprint, fix, advice } =
    finding
  if (waived !== null) return waivedMarkdown(finding, waived)
  const old = change === 'existing' ? ', was there before' : ''
  const places = policiesOf(finding).map(({ path, line }) => `${esc(path)}:${String(line)}`)
  const parts = [
    `**${severity}** ${esc(workload.id)}${among === null ? '' : ` in ${esc(among)}`} (${rule}, \`${fingerprint}\`${old}): ${esc(message)}`,
    ...lapsedSentence(finding, QUOTES),
    [
      ...(places.length === 0
        ? []
        : [`${places.length === 1 ? 'Policy' : 'Policies'}: ${places.join(', ')}`]),
      ...(finding.sharedWith.length === 0 ? [] : [`Shared with ${finding.sharedWith.map(esc).join(', ')}`]),
      ...(cause === null ? [] : [`Cause: ${esc(cause.path)}:${String(cause.line)}`]),
    ].join('. '),
  ]
  if (fix !== null)
    parts.push(
      `Fix: ${esc(fix.text)}`,
      ...fix.files.map(({ diff }) => `${fence(diff)}diff\n${diff.trimEnd()}\n${fence(diff)}`),
    )
  if (advice !== null) parts.push(esc(advice))
  return parts.filter((part) => part !== '').join('\n\n')
}

function explanation(steps: readonly Step[]): string {
  const items = steps.map(
    ({ text, at }, index) =>
      `${String(index + 1)}. ${esc(text)}${at === null ? '' : ` (${esc(`${at.path}:${String(at.line)}`)})`}`,
  )
  return items.length === 0 ? '' : `Why:\n\n${items.join('\n')}`
}

/** Longer than any run of backticks inside. */
function fence(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length))
  return '`'.repeat(longest + 1)
}
