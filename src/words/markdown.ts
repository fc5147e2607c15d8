// The report as Markdown, for a comment of somebody else's CI.
import { policiesOf } from '../core/index.ts'
import type { Step } from '../core/index.ts'
import type { Waiver } from '../core/config.ts'
import type { Place } from '../core/kubernetes/origin.ts'
import type { Report, ReportFinding } from '../examine/report.ts'
import { cniSentences } from './cni.ts'
import { configurationSentences } from './configuration.ts'
import { gathered, isCrowd, memberName } from './crowd.ts'
import type { Crowd } from './crowd.ts'
import { code, escapeMarkdown as esc } from './github/escape.ts'
import { readinessMarkdown } from './readiness-markdown.ts'
import { toldByReadiness } from './readiness.ts'
import type { Argv } from './readiness.ts'
import { amount, inClusters, scope } from './scope.ts'
import { sourceSentences } from './sources.ts'
import { noneShown } from './fix.ts'
import type { Shown } from './fix.ts'
import { standingSentence, standings } from './standing.ts'
import { endingSentences, idleSentence, lapsedSentence } from './waivers.ts'
import { apartFromWidenings } from './widening.ts'

/** Findings that are there now, problems, and the conclusion, as GitHub-flavoured Markdown. */
export function reportMarkdown(
  report: Report,
  { explain = false, argv }: { readonly explain?: boolean; readonly argv: Argv },
): string {
  const { conclusion, findings, problems, readiness } = report
  const { others, widened } = apartFromWidenings(findings)
  const live = others.filter(({ change }) => change !== 'resolved')
  const { shared, message } = standings(live.filter(({ waived }) => waived === null))
  const aside = toldByReadiness(readiness)
  const shown = noneShown()
  const told = problems.filter((problem) => problem.relevant && !aside(problem))
  const parts = [
    `### ambient-guard: ${conclusion}`,
    ...(readiness === null ? [] : [readinessMarkdown(report, readiness, argv)]),
    ...shared.map((standing) => standingSentence(standing, QUOTES)),
    ...gathered(live, message).flatMap((piece) => [
      isCrowd(piece) ? crowdMarkdown(piece, shown) : findingMarkdown(piece, message(piece), shown),
      ...(explain ? whyMarkdown(report, piece) : []),
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
    ...idleSentence(report, QUOTES),
    ...configurationSentences(report, code),
    ...sourceSentences(report).map(esc),
    ...cniSentences(report).map(esc),
    `Looked at ${scope(report)}.`,
  ]
  return `${parts.join('\n\n')}\n`
}

const QUOTES = { name: code, words: esc } as const

/** One that is waived is said in a line, as what it is: nothing that anybody has to look at now. */
function waivedMarkdown({ among, rule, severity, workload, fingerprint }: ReportFinding, by: Waiver): string {
  const who = `${esc(workload.id)}${among === null ? '' : ` in ${esc(among)}`}`
  return `waived: ${who} (${rule}, ${severity}, \`${fingerprint}\`): ${esc(by.reason)} (${esc(by.owner)}, until ${by.expires})`
}

function findingMarkdown(finding: ReportFinding, message: string, shown: Shown): string {
  const { among, severity, rule, workload, cause, change, waived, fingerprint, fix, advice } = finding
  if (waived !== null) return waivedMarkdown(finding, waived)
  const old = change === 'existing' ? ', was there before' : ''
  const parts = [
    `**${severity}** ${esc(workload.id)}${among === null ? '' : ` in ${esc(among)}`} (${rule}, \`${fingerprint}\`${old}): ${esc(message)}`,
    ...lapsedSentence(finding, QUOTES),
    placesMarkdown(policiesOf(finding), finding.sharedWith, cause === null ? [] : [cause]),
    ...(fix === null ? [] : fixMarkdown(fix.text, fix.files, shown)),
    ...(advice === null ? [] : [esc(advice)]),
  ]
  return parts.filter((part) => part !== '').join('\n\n')
}

function crowdMarkdown(crowd: Crowd, shown: Shown): string {
  const { advice, causes, example, files, findings, fix, isSame, message, policies, sharedWith } = crowd
  const { change, rule, severity } = example
  const names = policies.map(({ kind, namespace, name }) =>
    esc([kind, ...(namespace === '' ? [] : [namespace]), name].join('/')),
  )
  const [only = '', ...others] = crowd.workloads
  const many = others.length === 0 ? esc(only) : amount(crowd.workloads.length, 'workload')
  const who = names.length === 0 ? many : `${names.join(', ')}, ${many}`
  const old = change === 'existing' ? ', was there before' : ''
  const such = isSame ? '' : `such as ${esc(memberName(example, crowd))}: `
  const parts = [
    `**${severity}** ${who}${inClusters(crowd.clusters, esc)} (${rule}${old}): ${such}${esc(message)}`,
    placesMarkdown(policies, sharedWith, causes),
    ...(fix === null ? [] : fixMarkdown(fix, files, shown)),
    ...advice.map(esc),
    findings.map((finding) => `- ${esc(memberName(finding, crowd))} ${code(finding.fingerprint)}`).join('\n'),
  ]
  return parts.filter((part) => part !== '').join('\n\n')
}

function placesMarkdown(
  policies: Crowd['policies'],
  sharedWith: readonly string[],
  causes: readonly Place[],
): string {
  const places = policies.map(place)
  return [
    ...(places.length === 0 ? [] : [`${places.length === 1 ? 'Policy' : 'Policies'}: ${places.join(', ')}`]),
    ...(sharedWith.length === 0 ? [] : [`Shared with ${sharedWith.map(esc).join(', ')}`]),
    ...(causes.length === 0 ? [] : [`Cause: ${causes.map(place).join(', ')}`]),
  ].join('. ')
}

function place({ path, line }: Place): string {
  return `${esc(path)}:${String(line)}`
}

function fixMarkdown(text: string, files: Crowd['files'], shown: Shown): readonly string[] {
  return [
    `Fix: ${esc(text)}`,
    ...files.map(({ diff, path }) =>
      shown(diff)
        ? `The same change of ${esc(path)} as above.`
        : `${fence(diff)}diff\n${diff.trimEnd()}\n${fence(diff)}`,
    ),
  ]
}

/** Of a crowd, its example is explained. */
function whyMarkdown(report: Report, piece: ReportFinding | Crowd): readonly string[] {
  const text = explanation(report.explain(isCrowd(piece) ? piece.example : piece))
  return text === '' ? [] : [text]
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
