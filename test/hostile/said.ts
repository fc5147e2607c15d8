// A report as it is said on GitHub: what each test of hostile input reads.
import type { Report } from '../../src/examine/report.ts'
import { inlineComment, reviewBody } from '../../src/words/github/comment.ts'
import { escapeUrlPath } from '../../src/words/github/escape.ts'
import { explainAnswer } from '../../src/words/github/explanation.ts'
import { checkSummary, checkText } from '../../src/words/github/summary.ts'
import { conflict, ownFailure } from '../../src/words/github/trouble.ts'
import { reportMarkdown } from '../../src/words/markdown.ts'
import type { Called } from './names.ts'

export const BASE = 'a'.repeat(40)
const HEAD = 'b'.repeat(40)

/** Everything that is said on GitHub and as Markdown, by where; `names` stand in what is no part of a report. */
export function saidOn(
  report: Report,
  names: Pick<Called, 'annotation' | 'file' | 'folder'>,
): Readonly<Record<string, string>> {
  const { findings, fix } = report
  const link = ({ path }: { readonly path: string }): string =>
    `https://github.example/blob/${escapeUrlPath(path)}`
  const compared = {
    baseRef: 'main',
    baseSha: BASE,
    headSha: HEAD,
    link,
    unplaced: 1,
    reviewRefused: true,
    hears: true,
  }
  const [first] = findings
  const explained = {
    baseRef: 'main',
    baseSha: BASE,
    headSha: HEAD,
    link,
    why: [],
    committed: fix?.files ?? null,
  }
  return {
    summary: checkSummary(report, compared),
    text: checkText(report) ?? '',
    review: reviewBody(report, findings, findings),
    suggestion: inlineComment(findings, { as: 'suggestion', text: names.annotation }),
    diff: inlineComment(findings, { as: 'diff', files: fix?.files ?? [] }),
    each: findings.map((finding) => inlineComment([finding], { as: 'none' })).join('\n\n'),
    explanation:
      first === undefined ? '' : explainAnswer(first, { ...explained, why: report.explain(first) }),
    conflict: conflict('main', BASE, [names.file, names.folder]).summary,
    failure: ownFailure(names.annotation, 'failure').summary,
    markdown: reportMarkdown(report, { explain: true, argv: ['check'] }),
  }
}
