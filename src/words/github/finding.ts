// One finding in GitHub's Markdown: the sentence of who loses whom, and the lines below it.
import { policiesOf } from '../../core/index.ts'
import type { Step } from '../../core/index.ts'
import { list } from '../../core/findings/words.ts'
import type { Place } from '../../core/kubernetes/origin.ts'
import type { ReportFinding } from '../../examine/report.ts'
import { code, escapeMarkdown } from './escape.ts'

/** Where a place can be opened: a URL, or null where it cannot. */
export type Linker = (place: Place) => string | null

/** `3 errors`, `1 warning`. */
export function count(number: number, noun: string): string {
  return `${String(number)} ${noun}${number === 1 ? '' : 's'}`
}

/** A path and line as a person opens it. */
export function placeLink(place: Place, link: Linker): string {
  const name = code(`${place.path}:${String(place.line)}`)
  const url = link(place)
  return url === null ? name : `[${name}](${url})`
}

/** As core lists names, with room for one more. */
export function names(all: readonly string[], most = 4): string {
  return list(all, most)
}

/** What an object loses (`mesh traffic from Deployment/web/front on 15008/TCP`), or what else is to be said of it. */
type Said = { readonly loses: string } | { readonly does: string }

function say(finding: ReportFinding): Said {
  const { rule, peers, port, direction } = finding
  const at = `${String(port)}/TCP`
  const who = names(peers.map((peer) => (peer === 'any' ? 'anywhere' : code(peer))))
  switch (rule) {
    case 'kubelet-probe':
      return { loses: `kubelet probes on ${at}` }
    case 'probe-family':
      return { does: `takes kubelet probes of one address family alone on ${at}` }
    case 'host-probe-policy':
      return { does: 'puts every pod that it selects into default deny' }
    case 'ztunnel-peer':
      return {
        does: direction === 'ingress' ? `opens ${at} to ztunnel alone` : `opens ${at} towards ztunnel alone`,
      }
    case 'enrollment-label':
      return { does: 'carries labels of Ambient that do not do what they say' }
    case 'port-widening':
      return { does: `can be reached on every port through ${at}` }
    case 'isolated':
      return {
        loses:
          direction === 'ingress' ? 'every mesh peer that reached it' : 'every mesh peer that it reached',
      }
    case 'hbone-ingress':
      return { loses: `mesh traffic from ${who} on ${at}` }
    case 'waypoint-path':
      return {
        loses: `traffic through a waypoint, ${direction === 'ingress' ? 'from' : 'to'} ${who} on ${at}`,
      }
    case 'waypoint-control':
      return { loses: `its way to ${who} on ${String(port)}/${finding.protocol}` }
    case 'hbone-egress':
      return { loses: `mesh traffic to ${who} on ${at}` }
  }
}

/** `**Deployment/payments/api** loses …`, once for all findings of a workload. */
export function lossOf(findings: readonly ReportFinding[]): string {
  const [first] = findings
  const lossy = findings.filter((finding) => 'loses' in say(finding))
  const verb = lossy.every(({ certainty }) => certainty === 'possible') ? 'may lose' : 'loses'
  const said = findings.map(say)
  const losses = [...new Set(said.flatMap((one) => ('loses' in one ? one.loses : [])))]
  const others = [...new Set(said.flatMap((one) => ('does' in one ? one.does : [])))]
  const parts = [...(losses.length === 0 ? [] : [`${verb} ${names(losses, 6)}`]), ...others]
  const among = first?.among ?? null
  return `**${code(first?.workload.id ?? '')}**${among === null ? '' : ` in ${code(among)}`} ${names(parts, 6)}`
}

/** Why a finding is one, step by step; empty where it is not to be said. */
export type Explain = (finding: ReportFinding) => readonly Step[]

/** Findings of one workload, as a list item with one item inside for each. */
export function workloadItem(
  findings: readonly ReportFinding[],
  link: Linker,
  explain: Explain = () => [],
): string {
  const items = findings.map((finding) => indent(findingItem(finding, link, explain(finding))))
  return [`- ${lossOf(findings)}.`, ...items].join('\n')
}

function findingItem(finding: ReportFinding, link: Linker, why: readonly Step[]): string {
  const { severity, rule, fingerprint, message, cause, fix, advice } = finding
  const policies = policiesOf(finding)
  const apart =
    cause !== null && !policies.some(({ path, line }) => path === cause.path && line === cause.line)
  const facts = [
    ...(policies.length === 0
      ? []
      : [
          `Policy: ${names(
            policies.map((place) => placeLink(place, link)),
            6,
          )}.`,
        ]),
    ...(finding.sharedWith.length === 0 ? [] : [`Shared with ${names(finding.sharedWith.map(code))}.`]),
    ...(apart ? [`Cause: ${placeLink(cause, link)}.`] : []),
    ...(fix === null ? [] : [`Fix: ${escapeMarkdown(fix.text)}`]),
    ...(advice === null ? [] : [escapeMarkdown(advice)]),
  ]
  return [
    `- ${severity} ${code(rule)} ${code(fingerprint)}: ${escapeMarkdown(message)}`,
    ...facts.map((fact) => `  - ${fact}`),
    ...(why.length === 0 ? [] : [`  - ${explanation(why, link)}`]),
  ].join('\n')
}

/** A numbered list behind a fold, inside an item of a list: its lines stand below the text of that item. */
function explanation(why: readonly Step[], link: Linker): string {
  const steps = why.map(
    ({ text, at }, index) =>
      `    ${String(index + 1)}. ${escapeMarkdown(text)}${at === null ? '' : ` (${placeLink(at, link)})`}`,
  )
  return `<details><summary>Why</summary>\n\n${steps.join('\n')}\n\n    </details>`
}

function indent(text: string): string {
  return text.replace(/^(?=.)/gm, '  ')
}

/** Findings of the same workload of the same cluster side by side, in the order of the first of each. */
export function byWorkload(findings: readonly ReportFinding[]): readonly (readonly ReportFinding[])[] {
  const groups = new Map<string, ReportFinding[]>()
  for (const finding of findings) {
    const key = `${finding.cluster}\n${finding.workload.id}`
    groups.set(key, [...(groups.get(key) ?? []), finding])
  }
  return [...groups.values()]
}
