// A crowd in GitHub's Markdown: the policies and how many lose what by them, and the workloads behind a fold.
import { memberName } from '../crowd.ts'
import type { Crowd } from '../crowd.ts'
import { inClusters } from '../scope.ts'
import type { ReportFinding } from '../../examine/report.ts'
import { code, escapeMarkdown, htmlCode } from './escape.ts'
import { count, explanation, indent, lossOfMany, names, placeLink, ruleLink, shortLoss } from './finding.ts'
import type { ItemOptions, Linker } from './finding.ts'

/** Characters of the names of one crowd, so that it has a place beside others; the rest of them is counted. */
const MAX_NAMES = 12_000

/** `**NetworkPolicy payments/default-deny** (payments/netpol.yaml:7): 12 workloads lose …`. */
function crowdSentence(crowd: Crowd, link: Linker): string {
  const { clusters, example, eachOther, peers, policies, ports, workloads } = crowd
  const others = peers.map((peer) => (peer === 'any' ? 'anywhere' : code(peer)))
  const who = eachOther
    ? names([...others.slice(0, 3), ...more(others.length - 3), 'each other'])
    : names(others)
  const [only = '', ...rest] = workloads
  const whom = rest.length === 0 ? code(only) : count(workloads.length, 'workload')
  const blamed = policies.map(
    (policy) =>
      `**${policy.kind} ${code(policy.namespace === '' ? policy.name : `${policy.namespace}/${policy.name}`)}** (${placeLink(policy, link)})`,
  )
  return `${blamed.length === 0 ? '' : `${names(blamed)}: `}**${whom}**${inClusters(clusters, code)} ${lossOfMany({ ...example, who, ports }, example.certainty, rest.length > 0)}`
}

function more(left: number): readonly string[] {
  return left > 0 ? [`${String(left)} more`] : []
}

/** A line of its own, where there is no room for more. */
export function crowdLine(crowd: Crowd, link: Linker): string {
  const { severity, rule } = crowd.example
  return `**${severity}**: ${crowdSentence(crowd, link)} (${ruleLink(rule)}).`
}

/** A list item: what is true of all of them, an explanation of one, and all by name. */
export function crowdItem(crowd: Crowd, link: Linker, { explain = () => [] }: ItemOptions = {}): string {
  const { clusters, example, workloads } = crowd
  const spread = clusters.length > 1 ? ` in ${count(clusters.length, 'cluster')}` : ''
  const why = explain(example)
  const facts = [
    `- ${crowdFacts(crowd, link).join('<br>')}`,
    ...(why.length === 0
      ? []
      : [`  ${explanation(why, link, `Why, with ${htmlCode(memberName(example, crowd))} as the example`)}`]),
    `- <details><summary>${count(workloads.length, 'workload')}${spread}</summary>\n\n${indent(membersOf(crowd).join('\n'))}\n\n  </details>`,
  ].join('\n')
  return `- ${crowdSentence(crowd, link)}.\n${indent(facts)}`
}

/** What is to be known of all of them, fact by fact. */
function crowdFacts(crowd: Crowd, link: Linker): readonly string[] {
  const { advice, causes, example, fix, isSame, message, sharedWith } = crowd
  const { rule, severity } = example
  const such = isSame ? '' : `, such as ${code(memberName(example, crowd))}`
  return [
    `${severity} ${code(rule)}${such}: ${escapeMarkdown(message)}`,
    ...(sharedWith.length === 0 ? [] : [`Shared with ${names(sharedWith.map(code))}.`]),
    ...(causes.length === 0 ? [] : [`Cause: ${names(causes.map((place) => placeLink(place, link)))}.`]),
    ...(fix === null ? [] : [`Fix: ${escapeMarkdown(fix)}`]),
    ...advice.slice(0, 1).map((text) => escapeMarkdown(text)),
  ]
}

/** Names with fingerprints, and what each loses where that is not the same. */
function membersOf(crowd: Crowd): readonly string[] {
  const { findings } = crowd
  const lines: string[] = []
  let room = MAX_NAMES
  for (const finding of findings) {
    const line = memberLine(finding, crowd)
    if (line.length > room) break
    room -= line.length
    lines.push(line)
  }
  const left = findings.length - lines.length
  return left === 0 ? lines : [...lines, `- ${String(left)} more: ${code('ambient-guard check')} names them`]
}

function memberLine(finding: ReportFinding, crowd: Crowd): string {
  const name = `- ${code(memberName(finding, crowd))} ${code(finding.fingerprint)}`
  return crowd.isSame ? name : `${name}: ${shortLoss(finding)}`
}
