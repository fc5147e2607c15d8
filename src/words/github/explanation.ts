// The answer to `/ambient-explain`: one finding from its first reason to the commit that would mend it.
import type { FileChange, ReportFinding } from '../../examine/report.ts'
import type { Step } from '../../core/index.ts'
import { code, escapeMarkdown, fenced } from './escape.ts'
import { lossOf, names, placeSentences, ruleLink, stepItems } from './finding.ts'
import type { Linker } from './finding.ts'
import { assemble, folded, listed, paragraph } from './fit.ts'

export interface Explained {
  readonly baseRef: string
  readonly baseSha: string
  readonly headSha: string
  readonly link: Linker
  readonly why: readonly Step[]
  /** What the fix changes on the head, or why it cannot be committed, as Markdown; null where there is no fix. */
  readonly committed: readonly FileChange[] | string | null
}

/** Says of a finding what it is, why it is one, where to look, and what can be done. */
export function explainAnswer(finding: ReportFinding, explained: Explained): string {
  const { baseRef, baseSha, headSha, link, why, committed } = explained
  const { severity, rule, fingerprint, change, waived, message } = finding
  const said = {
    introduced: 'brought by this change',
    existing: `there on ${code(baseRef)} already`,
    resolved: `there on ${code(baseRef)}, and mended by this change`,
  }[change]
  const held =
    waived === null
      ? []
      : [
          `Waived until ${waived.expires} (${escapeMarkdown(waived.owner)}: ${escapeMarkdown(waived.reason)}).`,
        ]
  const files = typeof committed === 'string' || committed === null ? [] : committed
  return assemble([
    paragraph(`${lossOf([finding])}.`),
    paragraph(`${severity} ${ruleLink(rule)} ${code(fingerprint)}, ${said}: ${escapeMarkdown(message)}`),
    listed('Why', stepItems(why, link)),
    paragraph([...placeSentences(finding, link), ...held].join('\n')),
    paragraph(change === 'resolved' ? '' : remedy(finding, committed)),
    folded(
      'What it would commit',
      files.map(({ diff }) => fenced('diff', diff)),
      '\n\n',
    ),
    paragraph(
      `Judged just now: ${code(baseRef)} at ${code(baseSha.slice(0, 12))}, with ${code(headSha.slice(0, 12))} merged into it.`,
    ),
  ])
}

function remedy({ fix, advice, fingerprint }: ReportFinding, committed: Explained['committed']): string {
  if (fix === null) return advice === null ? 'There is no fix for it.' : escapeMarkdown(advice)
  const text = `Fix: ${escapeMarkdown(fix.text)}`
  return typeof committed === 'string'
    ? `${text}\n\n${committed}`
    : `${text}\n\n${code(`/ambient-fix ${fingerprint}`)} commits it.`
}

export function notJudgedAnswer(): string {
  return 'This pull request is closed, and is not judged any more.'
}

/** So many findings are named, and the others are counted. */
const MOST_NAMED = 6

/** Nobody has such a finding; `there`: those that there are, the most important first. */
export function unknownFindingAnswer(asked: string, there: readonly ReportFinding[]): string {
  const none = `There is no finding ${code(asked)}.`
  if (there.length === 0) return `${none} There is none at all.`
  const known = there.map(
    ({ fingerprint, rule, workload }) => `${code(fingerprint)} (${code(rule)}, ${code(workload.id)})`,
  )
  return `${none} There ${known.length === 1 ? 'is' : 'are'} ${names(known, MOST_NAMED)}.`
}
