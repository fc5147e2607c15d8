// What is said on a line of the diff, and the review that carries it.
import type { RuleId } from '../../core/config.ts'
import type { FileChange, Fix, Report, ReportFinding } from '../../examine/report.ts'
import { gathered, isCrowd } from '../crowd.ts'
import { mergedFixText } from '../fix.ts'
import { standingSentence, standings } from '../standing.ts'
import { lapsedSentence } from '../waivers.ts'
import { crowdLine } from './crowd.ts'
import { code, escapeMarkdown, fenced } from './escape.ts'
import { count, lossOf, names, ruleLink } from './finding.ts'
import { MAX_LENGTH, assemble, listed, paragraph } from './fit.ts'
import type { Section } from './fit.ts'

/** How a fix is offered on a line. `suggestion`: GitHub applies it there. `diff`: the command carries it. */
export type Offer =
  | { readonly as: 'suggestion'; readonly text: string | null }
  | { readonly as: 'diff'; readonly files: readonly FileChange[] }
  | { readonly as: 'none' }

/** The hidden line by which a later run knows what it has said. */
function marker(fingerprint: string): string {
  return `<!-- ambient-guard ${fingerprint} -->`
}

/**
 * The fingerprints that a text of ours is marked with, in the lines that end it. Above them stand lines of the
 * repository, which may hold anything.
 */
export function markersIn(body: string): readonly string[] {
  const marks: string[] = []
  for (const line of body.trimEnd().split(/\r?\n/).reverse()) {
    const [, fingerprint] = /^<!-- ambient-guard (f-[0-9a-f]{10}) -->$/.exec(line) ?? []
    if (fingerprint === undefined) break
    marks.push(fingerprint)
  }
  return marks.reverse()
}

/** About half of what a comment may hold. */
const MAX_MARKERS = 900

/** Sections, and the markers below them whatever else there is no room for. */
function marked(sections: readonly Section[], findings: readonly ReportFinding[]): string {
  const markers = findings
    .slice(0, MAX_MARKERS)
    .map(({ fingerprint }) => marker(fingerprint))
    .join('\n')
  return `${assemble(sections, MAX_LENGTH - markers.length - 2)}\n\n${markers}`
}

/** Who is there beside what is said: somebody who hears commands, and a check run. */
export interface Company {
  readonly hears: boolean
  readonly checked: boolean
}

const ALL: Company = { hears: true, checked: true }

/** One comment for the findings that share a line. */
export function inlineComment(
  findings: readonly ReportFinding[],
  offer: Offer,
  { hears }: Company = ALL,
): string {
  const fixes = [...new Map(findings.flatMap(({ fix }) => (fix === null ? [] : [[fix.text, fix]]))).values()]
  return marked([told(findings), paragraph(offered(offer, fixes, findings, hears))], findings)
}

/** More findings than this on one line are said in a line each, and more than that are counted. */
const MAX_TOLD = 10
const MAX_LISTED = 50

function told(findings: readonly ReportFinding[]): Section {
  const { shared, message } = standings(findings)
  const pieces = gathered(findings, message)
  if (pieces.length > MAX_TOLD) {
    const heads = pieces.map((piece) => (isCrowd(piece) ? crowdLine(piece, NO_LINK) : head(piece, code)))
    const left = heads.length - MAX_LISTED
    const rest = left > 0 ? [`- ${String(left)} more, in the check.`] : []
    return paragraph([...heads.slice(0, MAX_LISTED).map((line) => `- ${line}`), ...rest].join('\n'))
  }
  const full = pieces.map((piece) =>
    isCrowd(piece)
      ? [crowdLine(piece, NO_LINK), escapeMarkdown(piece.message), ...piece.advice.map(escapeMarkdown)]
      : [
          head(piece, ruleLink),
          escapeMarkdown(message(piece)),
          ...lapsedSentence(piece, QUOTES),
          ...(piece.advice === null ? [] : [escapeMarkdown(piece.advice)]),
        ],
  )
  const enrolled = shared.map((standing) => standingSentence(standing, QUOTES))
  return paragraph([...enrolled, ...full.map((lines) => lines.join('\n\n'))].join('\n\n'))
}

const QUOTES = { name: code, words: escapeMarkdown } as const
/** A comment stands where its findings are to blame; the check links the rest. */
const NO_LINK = (): null => null

function head(finding: ReportFinding, nameRule: (rule: RuleId) => string): string {
  return `**${finding.severity}**: ${lossOf([finding])} (${nameRule(finding.rule)}).`
}

function offered(
  offer: Offer,
  fixes: readonly Fix[],
  findings: readonly ReportFinding[],
  hears: boolean,
): string {
  if (offer.as === 'none' || fixes.length === 0) return ''
  const text =
    fixes.length > MAX_TOLD
      ? `Fix: ${count(fixes.length, 'change')}.`
      : `Fix: ${escapeMarkdown(mergedFixText(fixes.map((fix) => fix.text)))}`
  if (offer.as === 'suggestion') {
    return `${text}\n\n${fenced('suggestion', offer.text === null ? '' : `${offer.text}\n`)}`
  }
  const diffs = offer.files.map(({ diff }) => fenced('diff', diff)).join('\n\n')
  const [only, ...others] = [...new Set(findings.map(({ fingerprint }) => fingerprint))]
  const command = others.length === 0 ? `/ambient-fix ${only ?? ''}` : '/ambient-fix'
  const carries = hears ? `${code(command)} commits it.` : ''
  if (diffs.length > MAX_LENGTH / 2) return `${text} The diff is too long to show here. ${carries}`.trimEnd()
  return `${text}\n\n${diffs}\n\n${carries}`.trimEnd()
}

/** The body of a review; GitHub wants one. `unspoken`: those that GitHub takes on no line, said here instead. */
export function reviewBody(
  report: Report,
  said: readonly ReportFinding[],
  unspoken: readonly ReportFinding[],
  { hears, checked }: Company = ALL,
): string {
  const errors = said.filter(({ severity }) => severity === 'error').length
  const warnings = said.length - errors
  const counts = [
    ...(errors > 0 ? [count(errors, 'error')] : []),
    ...(warnings > 0 ? [count(warnings, 'warning')] : []),
  ]
  const fix =
    hears && report.fix !== null && said.some(({ fix }) => fix !== null)
      ? ` ${code('/ambient-fix')} commits the proved fixes.`
      : ''
  const check = checked ? `; the check ${code('ambient-guard')} has the whole picture` : ''
  const text = `This change brings ${names(counts)}${check}.${fix}`
  if (unspoken.length === 0) return text
  const items = unspoken.map((finding) => `- ${head(finding, ruleLink)}`)
  return marked([paragraph(text), listed('Findings', items)], unspoken)
}
