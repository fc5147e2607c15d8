// The report for a terminal.
import pc from 'picocolors'
import type { ComparedProblem } from '../core/index.ts'
import type { Report, ReportFinding } from '../examine/report.ts'
import { cniSentences } from './cni.ts'
import { configurationSentences } from './configuration.ts'
import { gathered, isCrowd } from './crowd.ts'
import {
  PLAIN,
  crowdText,
  explanationLines,
  findingText,
  oldCrowdText,
  oldText,
  under,
} from './finding-text.ts'
import type { Page, Paint } from './finding-text.ts'
import { INDENT, MOST_WIDTH, printable, wrap } from './lines.ts'
import { readinessText } from './readiness-text.ts'
import { toldByReadiness } from './readiness.ts'
import type { Argv } from './readiness.ts'
import { amount, scope } from './scope.ts'
import { sourceSentences } from './sources.ts'
import { noneShown } from './fix.ts'
import { standingSentence, standings } from './standing.ts'
import { endingSentences, idleSentence } from './waivers.ts'
import { apartFromWidenings } from './widening.ts'
import type { WidenedNamespace } from './widening.ts'

export { diffText } from './finding-text.ts'
export { printable } from './lines.ts'

export interface TextOptions {
  readonly color: boolean
  /** Of the terminal, in characters; without one, whatever is said stands in one line, for programs that look for it. */
  readonly width?: number
  /** Says under each finding why it is one. */
  readonly explain?: boolean
  /** The words that asked for it, without the program's own name. */
  readonly argv: Argv
}

/** What `check` prints: findings that matter now, problems, readiness where it was asked for, and one line that concludes. */
export function reportText(
  report: Report,
  { color, width = Infinity, explain = false, argv }: TextOptions,
): string {
  const paint = pc.createColors(color)
  const line = width === Infinity ? width : Math.min(width, MOST_WIDTH)
  const { others, widened } = apartFromWidenings(report.findings)
  const shown = others.filter(({ change }) => change !== 'resolved')
  const resolved = report.findings.filter(({ change }) => change === 'resolved')
  const problems = report.problems.filter(({ relevant }) => relevant)
  const news = shown.filter(isNews)
  const { shared, message } = standings(news)
  const page: Page = {
    paint,
    width: line,
    message,
    shown: noneShown(),
    why: (finding) => (explain ? explanationLines(report.explain(finding), paint, line) : []),
  }
  const aside = toldByReadiness(report.readiness)
  const sections = [
    ...shared.map((standing) => wrap(printable(standingSentence(standing, PLAIN)), line).join('\n')),
    ...gathered(news, message).map((piece) =>
      isCrowd(piece) ? crowdText(piece, page) : findingText(piece, page),
    ),
    ...(widened.length > 0 ? [widened.map((one) => widenedText(one, paint, line)).join('\n')] : []),
    ...gathered(
      shown.filter((finding) => !isNews(finding)),
      message,
    ).map((piece) => (isCrowd(piece) ? oldCrowdText(piece, page) : oldText(piece, page))),
    ...problems.filter((problem) => !aside(problem)).map((problem) => problemText(problem, paint, line)),
    ...(resolved.length > 0 ? [resolvedText(resolved, paint, line)] : []),
    ...(report.readiness === null
      ? []
      : [readinessText(report, report.readiness, { paint, width: line, argv })]),
    ...[
      ...endingSentences(report, PLAIN),
      ...idleSentence(report, PLAIN),
      ...configurationSentences(report, String),
      ...sourceSentences(report),
      ...cniSentences(report),
    ].map((sentence) => wrap(printable(sentence), line).join('\n')),
    wrap(conclusionText(report, problems.length, paint), line).join('\n'),
  ]
  return `${sections.join('\n\n')}\n`
}

/** What was there before, or is waived, takes two lines; `--base none` shows all of it. */
function isNews({ change, waived }: ReportFinding): boolean {
  return change === 'introduced' && waived === null
}

function widenedText({ namespace, among, sentence }: WidenedNamespace, paint: Paint, width: number): string {
  const where = `${paint.bold(printable(namespace))}${among === null ? '' : ` in ${printable(among)}`}`
  const said = `${paint.bold(paint.cyan('note'))} ${where}  port-widening  ${sentence(printable)}`
  return wrap(said, width, INDENT).join('\n')
}

function problemText(
  { path, line, class: kind, message, remedy }: ComparedProblem,
  paint: Paint,
  width: number,
): string {
  const mark = kind === 'unreadable' ? paint.red('unreadable') : paint.yellow('not seen')
  return [
    `${paint.bold(mark)} ${printable(path)}:${String(line)}`,
    ...under(printable(`${message} ${remedy}`), width),
  ].join('\n')
}

function resolvedText(resolved: readonly ReportFinding[], paint: Paint, width: number): string {
  return [
    paint.green('resolved'),
    ...resolved.flatMap(({ among, rule, workload }) =>
      under(`${printable(workload.id)}${among === null ? '' : ` in ${printable(among)}`}  ${rule}`, width),
    ),
  ].join('\n')
}

function conclusionText(report: Report, told: number, paint: Paint): string {
  const { conclusion, findings, problems, relevant } = report
  const verdict = {
    success: paint.green('success'),
    neutral: paint.yellow('neutral'),
    failure: paint.red('failure'),
  }[conclusion]
  const waived = findings.filter(({ waived: waiver, change }) => waiver !== null && change !== 'resolved')
  const old = findings.filter(({ waived: waiver, change }) => waiver === null && change === 'existing')
  const count = (wanted: string): number =>
    findings.filter(
      ({ severity, change, waived: waiver }) =>
        severity === wanted && change === 'introduced' && waiver === null,
    ).length
  const { others, widened: herds } = apartFromWidenings(findings)
  const notes = count('note') - (findings.length - others.length) + herds.length
  const said = [
    counted(count('error'), 'error'),
    counted(count('warning'), 'warning'),
    counted(notes, 'note'),
    counted(told, 'problem'),
    old.length === 0 ? null : `${String(old.length)} from before`,
    waived.length === 0 ? null : `${String(waived.length)} waived`,
  ].filter((text) => text !== null)
  const untold = problems.filter((problem) => !problem.relevant)
  const brought = untold.filter(({ change }) => change === 'introduced').length
  const seen = [
    counted(brought, 'problem', ' that bears on nothing enrolled', ' that bear on nothing enrolled'),
    counted(untold.length - brought, 'problem', ' outside the change', ' outside the change'),
  ].filter((text) => text !== null)
  const hint = [
    relevant || said.length + brought > 0 ? '' : ' The change touches nothing that decides who reaches whom.',
    seen.length > 0 ? ` ${seen.join(', ')}: see --format json.` : '',
  ].join('')
  return `${paint.bold(verdict)}: ${said.length === 0 ? 'nothing to report' : said.join(', ')}. Looked at ${scope(report)}.${hint}`
}

function counted(count: number, noun: string, one = '', many = ''): string | null {
  return count === 0 ? null : `${amount(count, noun)}${count === 1 ? one : many}`
}
