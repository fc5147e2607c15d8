// The report for a terminal.
import pc from 'picocolors'
import { policiesOf } from '../core/index.ts'
import type { ComparedProblem, Step } from '../core/index.ts'
import type { Report, ReportFinding, Summary } from '../examine/report.ts'
import { cniSentences } from './cni.ts'
import { configurationSentences } from './configuration.ts'
import { INDENT, MOST_WIDTH, printable, wrap } from './lines.ts'
import { readinessText } from './readiness-text.ts'
import { toldByReadiness } from './readiness.ts'
import { sourceSentences } from './sources.ts'
import { endingSentences, idleSentence, lapsedSentence } from './waivers.ts'
import { apartFromWidenings } from './widening.ts'
import type { WidenedNamespace } from './widening.ts'

type Paint = ReturnType<typeof pc.createColors>

export { printable } from './lines.ts'

export interface TextOptions {
  readonly color: boolean
  /** Of the terminal, in characters; without one, whatever is said stands in one line, for programs that look for it. */
  readonly width?: number
  /** Says under each finding why it is one. */
  readonly explain?: boolean
}

/** What `check` prints: findings that matter now, problems, readiness where it was asked for, and one line that concludes. */
export function reportText(
  report: Report,
  { color, width = Infinity, explain = false }: TextOptions,
): string {
  const paint = pc.createColors(color)
  const line = width === Infinity ? width : Math.min(width, MOST_WIDTH)
  const { others, widened } = apartFromWidenings(report.findings)
  const shown = others.filter(({ change }) => change !== 'resolved')
  const resolved = report.findings.filter(({ change }) => change === 'resolved')
  const problems = report.problems.filter(({ relevant }) => relevant)
  const why = (finding: ReportFinding): readonly string[] =>
    explain ? explanationLines(report.explain(finding), paint, line) : []
  const aside = toldByReadiness(report.readiness)
  const sections = [
    ...shown.filter(isNews).map((finding) => findingText(finding, paint, line, why(finding))),
    ...(widened.length > 0 ? [widened.map((one) => widenedText(one, paint, line)).join('\n')] : []),
    ...shown
      .filter((finding) => !isNews(finding))
      .map((finding) => oldText(finding, paint, line, why(finding))),
    ...problems.filter((problem) => !aside(problem)).map((problem) => problemText(problem, paint, line)),
    ...(resolved.length > 0 ? [resolvedText(resolved, paint, line)] : []),
    ...(report.readiness === null ? [] : [readinessText(report, report.readiness, paint, line)]),
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

/** Every line is made printable as a whole. */
const PLAIN = { name: String, words: String } as const

/** What was there before, or is waived, takes two lines; `--base none` shows all of it. */
function isNews({ change, waived }: ReportFinding): boolean {
  return change === 'introduced' && waived === null
}

function oldText(finding: ReportFinding, paint: Paint, width: number, why: readonly string[]): string {
  const places = policiesOf(finding).map(({ path, line }) => `${printable(path)}:${String(line)}`)
  const policies = places.length === 0 ? [] : under(`${paint.dim('policy')} ${places.join(', ')}`, width)
  return [...title(finding, paint, width), ...lapsedLines(finding, width), ...why, ...policies].join('\n')
}

function lapsedLines(finding: ReportFinding, width: number): readonly string[] {
  return lapsedSentence(finding, PLAIN).flatMap((sentence) => under(printable(sentence), width))
}

/** What belongs to a title: indented, and broken where a line is full. */
function under(text: string, width: number): readonly string[] {
  return wrap(text, width - INDENT.length).map((line) => `${INDENT}${line}`)
}

function widenedText({ namespace, among, sentence }: WidenedNamespace, paint: Paint, width: number): string {
  const where = `${paint.bold(printable(namespace))}${among === null ? '' : ` in ${printable(among)}`}`
  const said = `${paint.bold(paint.cyan('note'))} ${where}  port-widening  ${sentence(printable)}`
  return wrap(said, width, INDENT).join('\n')
}

function title(
  { among, rule, severity, change, waived, workload, fingerprint }: ReportFinding,
  paint: Paint,
  width: number,
): readonly string[] {
  const mark = { error: paint.red('error'), warning: paint.yellow('warning'), note: paint.cyan('note') }[
    severity
  ]
  const old = change === 'existing' ? ' (was there before)' : ''
  const state = waived === null ? old : ` (waived until ${waived.expires}: ${printable(waived.reason)})`
  const name = `${paint.bold(printable(workload.id))}${among === null ? '' : ` in ${printable(among)}`}`
  return wrap(`${paint.bold(mark)} ${name}  ${rule}${paint.dim(`${state}  ${fingerprint}`)}`, width, INDENT)
}

function findingText(finding: ReportFinding, paint: Paint, width: number, why: readonly string[]): string {
  const { cause, fix, advice, sharedWith } = finding
  const lines = [
    ...title(finding, paint, width),
    ...under(printable(finding.message), width),
    ...lapsedLines(finding, width),
    ...why,
    ...policiesOf(finding).map(
      ({ path, line }) => `${INDENT}${paint.dim('policy')} ${printable(path)}:${String(line)}`,
    ),
    ...(sharedWith.length === 0
      ? []
      : under(`${paint.dim('shared')} with ${sharedWith.map(printable).join(', ')}`, width)),
    ...(cause === null
      ? []
      : [`${INDENT}${paint.dim('cause ')} ${printable(cause.path)}:${String(cause.line)}`]),
    ...(fix === null ? [] : under(`fix: ${printable(fix.text)}`, width).map((line) => paint.green(line))),
    ...(fix?.files ?? []).flatMap(({ diff }) => diffText(diff, paint)),
    ...(advice === null ? [] : under(printable(advice), width)),
  ]
  return lines.join('\n')
}

/** Numbered, each with the place to look at. */
function explanationLines(steps: readonly Step[], paint: Paint, width: number): readonly string[] {
  return steps.flatMap(({ text, at }, index) => {
    const number = `${String(index + 1)}. `
    const lines = wrap(printable(text), width - INDENT.length - number.length)
    const place =
      at === null
        ? []
        : [`${' '.repeat(number.length)}${paint.dim(printable(`${at.path}:${String(at.line)}`))}`]
    const said = lines.map((one, row) => `${row === 0 ? number : ' '.repeat(number.length)}${one}`)
    return [...said, ...place].map((one) => `${INDENT}${one}`)
  })
}

/** A unified diff in colour, line by line. */
export function diffText(diff: string, paint: Paint, indent: string = INDENT): readonly string[] {
  return diff
    .trimEnd()
    .split('\n')
    .map((line) => {
      const safe = printable(line)
      if (/^(---|\+\+\+|diff|index)/.test(line)) return `${indent}${paint.dim(safe)}`
      const tint = line.startsWith('+')
        ? paint.green
        : line.startsWith('-')
          ? paint.red
          : line.startsWith('@@')
            ? paint.cyan
            : String
      return `${indent}${tint(safe)}`
    })
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

function conclusionText(
  { conclusion, summary, findings, problems, relevant }: Report,
  told: number,
  paint: Paint,
): string {
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
  const elsewhere = problems.length - told
  const hint = [
    relevant || said.length > 0 ? '' : ' The change touches nothing that decides who reaches whom.',
    elsewhere > 0
      ? ` ${String(elsewhere)} ${elsewhere === 1 ? 'problem' : 'problems'} outside the change: see --format json.`
      : '',
  ].join('')
  return `${paint.bold(verdict)}: ${said.length === 0 ? 'nothing to report' : said.join(', ')}. Looked at ${scope(summary)}.${hint}`
}

function counted(count: number, noun: string): string | null {
  return count === 0 ? null : amount(count, noun)
}

/** `2 workloads (1 enrolled) in 1 namespace, 3 policies`. */
export function scope({ workloads, enrolled, namespaces, policies }: Summary): string {
  return `${amount(workloads, 'workload')} (${String(enrolled)} enrolled) in ${amount(namespaces, 'namespace')}, ${amount(policies, 'policy', 'policies')}`
}

function amount(count: number, noun: string, plural: string = `${noun}s`): string {
  return `${String(count)} ${count === 1 ? noun : plural}`
}
