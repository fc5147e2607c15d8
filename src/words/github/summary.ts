// The check run: its title, and the summary, which is the one place where everything is said.
import type { ComparedProblem } from '../../core/index.ts'
import { fixedUnasked, jointChange } from '../joint.ts'
import type { Report, ReportFinding } from '../../examine/report.ts'
import { compareText } from '../../core/source/problem.ts'
import { cniSentences } from '../cni.ts'
import { configurationSentences } from '../configuration.ts'
import { code, escapeMarkdown, fenced } from './escape.ts'
import { gathered, isCrowd } from '../crowd.ts'
import { standingSentence, standings } from '../standing.ts'
import { crowdItem } from './crowd.ts'
import { byWorkload, count, names, placeLink, ruleLink, workloadItem } from './finding.ts'
import type { ItemOptions, Linker } from './finding.ts'
import { MAX_LENGTH, RESERVE, assemble, folded, listed, paragraph } from './fit.ts'
import { lostGraph } from './graph.ts'
import { scope } from '../scope.ts'
import { sourceSentences } from '../sources.ts'
import { endingSentences, idleSentence } from '../waivers.ts'
import { apartFromWidenings } from '../widening.ts'

/** What was compared, and how it can be opened. */
export interface Compared {
  readonly baseRef: string
  readonly baseSha: string
  readonly headSha: string
  readonly link: Linker
  /** Introduced findings that no line of the diff could carry. */
  readonly unplaced: number
  /** GitHub did not take the review. */
  readonly reviewRefused: boolean
  /** Does anybody hear commands and buttons? */
  readonly hears: boolean
}

interface Sorted {
  readonly introduced: readonly ReportFinding[]
  readonly existing: readonly ReportFinding[]
  readonly resolved: readonly ReportFinding[]
  readonly waived: readonly ReportFinding[]
}

function sort({ findings }: Report): Sorted {
  const live = findings.filter(({ waived }) => waived === null)
  return {
    introduced: live.filter(({ change }) => change === 'introduced'),
    existing: live.filter(({ change }) => change === 'existing'),
    resolved: findings.filter(({ change }) => change === 'resolved'),
    waived: findings.filter(({ waived, change }) => waived !== null && change !== 'resolved'),
  }
}

/** One line with the counts, for the list of checks. */
export function checkTitle(report: Report): string {
  const { introduced, existing, resolved } = sort(report)
  const of = (findings: readonly ReportFinding[], severity: string): number =>
    findings.filter((finding) => finding.severity === severity).length
  const counts = (['error', 'warning'] as const).flatMap((severity) => {
    const number = of(introduced, severity)
    return number === 0 ? [] : [count(number, severity)]
  })
  const relevant = report.problems.filter((problem) => problem.relevant)
  const news = [
    ...(counts.length === 0 ? [] : [`${counts.join(', ')} introduced`]),
    ...(relevant.length === 0
      ? []
      : [count(relevant.length, 'thing').replace(/^(\d+) things?$/, '$1 not judged')]),
    ...(resolved.length === 0 ? [] : [`${String(resolved.length)} resolved`]),
  ]
  const { others, widened } = apartFromWidenings(introduced)
  const noted = of(others, 'note') + widened.length
  const notes = noted === 0 ? [] : [count(noted, 'note')]
  if (news.length > 0) return [...news, ...notes].join(', ')
  // Where a team has old findings gate, they do so whatever a change is about.
  const isMoot = !report.relevant && report.conclusion !== 'failure'
  if (isMoot && noted === 0) return 'Nothing here bears on who reaches whom'
  const old = of(existing, 'error') + of(existing, 'warning')
  const aside = [...notes, ...(old === 0 ? [] : [count(old, 'old finding')])]
  return `Nothing new is cut off${aside.length === 0 ? '' : ` (${aside.join(', ')})`}`
}

/** Of more workloads than these, a reader first sees the sentences alone. */
const MAX_OPEN = 6

/** The summary of a check run, whole items of it within GitHub's limit. */
export function checkSummary(report: Report, compared: Compared): string {
  const { introduced, existing, resolved, waived } = sort(report)
  const { link } = compared
  const items = (findings: readonly ReportFinding[]): string[] => {
    const { enrolled, items: all } = itemsOf(findings, link)
    return [...enrolled, ...all.map((item) => item())]
  }
  const { others, widened } = apartFromWidenings(introduced)
  const { enrolled, items: news } = itemsOf(others, link)
  const [near, aside] = [
    report.problems.filter(({ relevant }) => relevant),
    report.problems.filter(({ relevant }) => !relevant),
  ]
  const whole = (told: readonly string[], most = MAX_LENGTH): string =>
    assemble(
      [
        paragraph(opening(report, compared)),
        paragraph(fixLine(report, introduced, compared.hears)),
        paragraph(upkeep(report).join('\n')),
        paragraph([...sourceSentences(report), ...cniSentences(report)].map(escapeMarkdown).join('\n')),
        paragraph(lostGraph(introduced.filter(({ severity }) => severity !== 'note'))),
        listed('Introduced', [
          ...enrolled,
          ...told,
          ...widened.map(
            ({ among, namespace, sentence }) =>
              `- note ${code('port-widening')} in ${code(namespace)}${among === null ? '' : ` of ${code(among)}`}: ${sentence(code)}.`,
          ),
        ]),
        listed(
          'Not judged',
          near.map((problem) => problemItem(problem, link)),
        ),
        folded(`${String(existing.length)} existing`, items(existing)),
        folded(`${String(resolved.length)} resolved`, items(resolved)),
        folded(`${String(waived.length)} waived`, waived.map(waivedItem)),
        folded(
          `${String(aside.length)} not judged, and not touched here`,
          aside.map((problem) => problemItem(problem, link)),
        ),
        paragraph(pages(report)),
      ],
      most,
    )
  const plain = news.map((item) => item())
  // What explains is the first to go: everything else is said before any of it.
  let room = MAX_LENGTH - whole(plain, Infinity).length - RESERVE
  return whole(
    plain.map((item, index) => {
      if (room <= 0) return item
      const longer = news[index]?.({ explain: report.explain }) ?? item
      const extra = longer.length - item.length
      if (extra > room) return item
      room -= extra
      return longer
    }),
  )
}

type Item = (options?: ItemOptions) => string

interface Items {
  /** Why workloads are enrolled, before the items that would say it of each. */
  readonly enrolled: readonly string[]
  readonly items: readonly Item[]
}

/** The items of a list of findings: those of many workloads that share their policies, and those of one workload. */
function itemsOf(findings: readonly ReportFinding[], link: Linker): Items {
  const { message, shared } = standings(findings)
  const pieces = gathered(findings, message)
  const alone = pieces.flatMap((piece) => (isCrowd(piece) ? [] : [piece]))
  const groups = new Map(byWorkload(alone).map((group) => [group[0], group]))
  const fold = groups.size + pieces.length - alone.length > MAX_OPEN
  return {
    enrolled: shared.map((standing) => `- ${standingSentence(standing, QUOTES)}`),
    items: pieces.flatMap((piece): readonly Item[] => {
      if (isCrowd(piece)) return [(options = {}) => crowdItem(piece, link, options)]
      const group = groups.get(piece)
      return group === undefined
        ? []
        : [(options = {}) => workloadItem(group, link, { ...options, message, fold })]
    }),
  }
}

/** Where each rule that is spoken of is described. */
function pages({ findings }: Report): string {
  const rules = [...new Set(findings.map(({ rule }) => rule))].sort(compareText)
  return rules.length === 0 ? '' : `About ${names(rules.map(ruleLink), rules.length)}.`
}

/** The text below the summary: what `/ambient-fix` would commit, file by file; null where there is nothing. */
export function checkText(report: Report): string | null {
  if (report.fix === null) return null
  const fixes = fixedUnasked(report.findings).flatMap(({ fix }) => fix ?? [])
  const paths = new Set(fixes.flatMap(({ files: changes }) => changes.map(({ path }) => path)))
  const files = report.fix.files
    .filter(({ path }) => paths.has(path))
    .map((whole) => fenced('diff', (jointChange(whole.path, fixes, report) ?? whole).diff))
  if (files.length === 0) return null
  return assemble([{ open: '#### The proved fixes\n\n', items: files, close: '', separator: '\n\n' }])
}

function opening(report: Report, { baseRef, baseSha, headSha, unplaced, reviewRefused }: Compared): string {
  const lines = [
    `${code(baseRef)} at ${code(baseSha.slice(0, 12))}, compared with ${code(headSha.slice(0, 12))} merged into it: ${scope(report)}.`,
    ...(reviewRefused ? ['GitHub did not take review comments, so everything is said here.'] : []),
    ...(unplaced > 0 && !reviewRefused
      ? [`${count(unplaced, 'finding')} below could not be said on a line of this diff.`]
      : []),
  ]
  return lines.join('\n')
}

const QUOTES = { name: code, words: escapeMarkdown } as const

/** What whoever keeps the configuration has to know. Waivers that hold for nothing wait for a change to their file. */
function upkeep(report: Report): readonly string[] {
  const configuration = configurationSentences(report, code)
  return [
    ...configuration,
    ...endingSentences(report, QUOTES),
    ...(configuration.length === 0 ? [] : idleSentence(report, QUOTES)),
  ]
}

function fixLine(report: Report, introduced: readonly ReportFinding[], hears: boolean): string {
  const fixable = introduced.filter(({ fix }) => fix !== null)
  if (report.fix === null || fixable.length === 0) return ''
  const paths = [...new Set(fixable.flatMap(({ fix }) => fix?.files.map(({ path }) => code(path)) ?? []))]
  const some =
    fixable.length === introduced.length
      ? 'the proved fixes'
      : `proved fixes for ${String(fixable.length)} of ${count(introduced.length, 'finding')}`
  if (!hears) {
    const what = `${some.charAt(0).toUpperCase()}${some.slice(1)} to ${names(paths)}`
    return `${what} are below, as diffs; ${code('ambient-guard fix --write')} writes what is proved.`
  }
  return `Comment ${code('/ambient-fix')}, or press Fix, to commit ${some} to ${names(paths)}.`
}

function problemItem(problem: ComparedProblem, link: Linker): string {
  const { message, remedy, change } = problem
  return `- ${placeLink(problem, link)}${change === 'existing' ? ' (existing)' : ''}: ${escapeMarkdown(message)} ${escapeMarkdown(remedy)}`
}

function waivedItem({ rule, workload, waived }: ReportFinding): string {
  if (waived === null) return ''
  const { reason, owner, expires } = waived
  return `- ${code(workload.id)} ${code(rule)}: ${escapeMarkdown(reason)} (${escapeMarkdown(owner)}, until ${escapeMarkdown(expires)})`
}
