// Findings for a terminal: a title, what is wrong, where to look, and the fix.
import type pc from 'picocolors'
import { policiesOf } from '../core/index.ts'
import type { Step } from '../core/index.ts'
import type { ReportFinding } from '../examine/report.ts'
import type { Shown } from './fix.ts'
import { memberName } from './crowd.ts'
import type { Crowd } from './crowd.ts'
import { INDENT, printable, printableLines, wrap } from './lines.ts'
import { amount, inClusters } from './scope.ts'
import { lapsedSentence } from './waivers.ts'

export type Paint = ReturnType<typeof pc.createColors>

/** Every line is made printable as a whole. */
export const PLAIN = { name: String, words: String } as const

/** How findings are written here. */
export interface Page {
  readonly paint: Paint
  readonly width: number
  readonly message: (finding: ReportFinding) => string
  /** Of diffs: one that mends several findings is printed with the first. */
  readonly shown: Shown
  /** Lines of an explanation; empty where nobody asked for one. */
  readonly why: (finding: ReportFinding) => readonly string[]
}

/** What was there before, or is waived: its title and its policies. */
export function oldText(finding: ReportFinding, { paint, width, why }: Page): string {
  const places = policiesOf(finding).map(({ path, line }) => `${printable(path)}:${String(line)}`)
  const policies = places.length === 0 ? [] : under(`${paint.dim('policy')} ${places.join(', ')}`, width)
  return [...title(finding, paint, width), ...lapsedLines(finding, width), ...why(finding), ...policies].join(
    '\n',
  )
}

/** The same of a crowd, and its workloads. */
export function oldCrowdText(crowd: Crowd, page: Page): string {
  return [
    ...crowdTitle(crowd, page),
    ...exampleLines(crowd, page),
    ...policyLines(crowd.policies, page.paint),
    ...memberLines(crowd, page),
  ].join('\n')
}

function lapsedLines(finding: ReportFinding, width: number): readonly string[] {
  return lapsedSentence(finding, PLAIN).flatMap((sentence) => under(printable(sentence), width))
}

/** What belongs to a title: indented, and broken where a line is full. */
export function under(text: string, width: number): readonly string[] {
  return wrap(text, width - INDENT.length).map((line) => `${INDENT}${line}`)
}

function markOf(severity: ReportFinding['severity'], paint: Paint): string {
  const tint = { error: paint.red, warning: paint.yellow, note: paint.cyan }[severity]
  return paint.bold(tint(severity))
}

function title(
  { among, rule, severity, change, waived, workload, fingerprint }: ReportFinding,
  paint: Paint,
  width: number,
): readonly string[] {
  const old = change === 'existing' ? ' (was there before)' : ''
  const state = waived === null ? old : ` (waived until ${waived.expires}: ${printable(waived.reason)})`
  const name = `${paint.bold(printable(workload.id))}${among === null ? '' : ` in ${printable(among)}`}`
  const said = `${markOf(severity, paint)} ${name}  ${rule}${paint.dim(`${state}  ${fingerprint}`)}`
  return wrap(said, width, INDENT)
}

/** `error NetworkPolicy/payments/default-deny  hbone-ingress  12 workloads`. */
function crowdTitle(
  { clusters, example, policies, workloads }: Crowd,
  { paint, width }: Page,
): readonly string[] {
  const { change, rule, severity } = example
  const names = policies.map(({ kind, namespace, name }) =>
    paint.bold(printable([kind, ...(namespace === '' ? [] : [namespace]), name].join('/'))),
  )
  const where = inClusters(clusters, printable)
  const old = change === 'existing' ? ' (was there before)' : ''
  const [only = '', ...others] = workloads
  const many = paint.bold(others.length === 0 ? printable(only) : amount(workloads.length, 'workload'))
  const blamed = names.length === 0 ? many : names.join(', ')
  const size = names.length === 0 ? '' : `  ${many}`
  return wrap(`${markOf(severity, paint)} ${blamed}${where}  ${rule}${size}${paint.dim(old)}`, width, INDENT)
}

/** Many workloads that lose the same by the same policies. */
export function crowdText(crowd: Crowd, page: Page): string {
  const { advice, causes, example, files, fix, isSame, message, policies, sharedWith } = crowd
  const { paint, width } = page
  return [
    ...crowdTitle(crowd, page),
    ...under(
      `${isSame ? '' : `such as ${printable(memberName(example, crowd))}: `}${printable(message)}`,
      width,
    ),
    ...exampleLines(crowd, page),
    ...policyLines(policies, paint),
    ...sharedLines(sharedWith, page),
    ...causes.map((cause) => causeLine(cause, paint)),
    ...fixLines(fix, files, page),
    ...advice.flatMap((text) => under(printable(text), width)),
    ...memberLines(crowd, page),
  ].join('\n')
}

function exampleLines(crowd: Crowd, { width, why }: Page): readonly string[] {
  const steps = why(crowd.example)
  return steps.length === 0
    ? []
    : [...under(`for example ${printable(memberName(crowd.example, crowd))}:`, width), ...steps]
}

/** Who they are; one to a line, since people copy fingerprints. */
function memberLines(crowd: Crowd, { paint }: Page): readonly string[] {
  return [
    `${INDENT}${paint.dim('workloads')}`,
    ...crowd.findings.map(
      (finding) => `${INDENT}${printable(memberName(finding, crowd))}  ${paint.dim(finding.fingerprint)}`,
    ),
  ]
}

/** One finding that is news, with all that is to be known of it. */
export function findingText(finding: ReportFinding, page: Page): string {
  const { cause, fix, advice, sharedWith } = finding
  const { message, paint, width, why } = page
  const lines = [
    ...title(finding, paint, width),
    ...under(printable(message(finding)), width),
    ...lapsedLines(finding, width),
    ...why(finding),
    ...policyLines(policiesOf(finding), paint),
    ...sharedLines(sharedWith, page),
    ...(cause === null ? [] : [causeLine(cause, paint)]),
    ...fixLines(fix?.text ?? null, fix?.files ?? [], page),
    ...(advice === null ? [] : under(printable(advice), width)),
  ]
  return lines.join('\n')
}

function policyLines(policies: Crowd['policies'], paint: Paint): readonly string[] {
  return policies.map(
    ({ path, line }) => `${INDENT}${paint.dim('policy')} ${printable(path)}:${String(line)}`,
  )
}

function sharedLines(sharedWith: readonly string[], { paint, width }: Page): readonly string[] {
  return sharedWith.length === 0
    ? []
    : under(`${paint.dim('shared')} with ${sharedWith.map(printable).join(', ')}`, width)
}

function causeLine({ path, line }: Crowd['causes'][number], paint: Paint): string {
  return `${INDENT}${paint.dim('cause ')} ${printable(path)}:${String(line)}`
}

function fixLines(
  fix: string | null,
  files: Crowd['files'],
  { paint, shown, width }: Page,
): readonly string[] {
  if (fix === null) return []
  return [
    ...under(`fix: ${printable(fix)}`, width).map((line) => paint.green(line)),
    ...files.flatMap(({ diff, path }) =>
      shown(diff)
        ? under(`${paint.dim('The same change')} of ${printable(path)} as above.`, width)
        : diffText(diff, paint),
    ),
  ]
}

/** Numbered, each with the place to look at. */
export function explanationLines(steps: readonly Step[], paint: Paint, width: number): readonly string[] {
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
  return printableLines(diff.trimEnd()).map((line) => {
    if (/^(---|\+\+\+|diff|index)/.test(line)) return `${indent}${paint.dim(line)}`
    const tint = line.startsWith('+')
      ? paint.green
      : line.startsWith('-')
        ? paint.red
        : line.startsWith('@@')
          ? paint.cyan
          : String
    return `${indent}${tint(line)}`
  })
}
