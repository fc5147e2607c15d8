// One finding in GitHub's Markdown: the sentence of who loses whom, and the lines below it.
import { policiesOf } from '../../core/index.ts'
import type { Step } from '../../core/index.ts'
import type { RuleId } from '../../core/config.ts'
import { list } from '../../core/findings/words.ts'
import { compareNaturally } from '../../core/source/natural.ts'
import type { Place } from '../../core/kubernetes/origin.ts'
import type { ReportFinding } from '../../examine/report.ts'
import { rulePage } from '../pages.ts'
import { lapsedSentence } from '../waivers.ts'
import { code, escapeMarkdown, htmlCode } from './escape.ts'

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

/** As much of a finding, or of several, as that sentence needs. */
export interface Loss extends Pick<ReportFinding, 'rule' | 'direction' | 'protocol'> {
  /** Who is lost, as Markdown or HTML. */
  readonly who: string
  readonly ports: readonly number[]
}

/** How names are set off: in Markdown, or where only HTML works. */
interface Style {
  readonly name: (text: string) => string
  readonly strong: (text: string) => string
}

const MARKDOWN: Style = { name: code, strong: (text) => `**${text}**` }
const HTML: Style = { name: htmlCode, strong: (text) => `<b>${text}</b>` }

/** Who a workload loses: one that is lost to its own replicas loses itself. */
function whoOf({ peers, workload }: ReportFinding, { name }: Style): string {
  const self = peers.includes(workload.id) ? ['itself'] : []
  const others = peers.filter((peer) => peer !== workload.id).sort(compareNaturally)
  return names([...self, ...others.map((peer) => (peer === 'any' ? 'anywhere' : name(peer)))])
}

function say({ rule, who, ports, direction, protocol }: Loss, several = false): Said {
  const on = (of: string): string => names(ports.map((port) => `${String(port)}/${of}`))
  const at = on('TCP')
  switch (rule) {
    case 'kubelet-probe':
      return { loses: `kubelet probes on ${at}` }
    case 'probe-family':
      return { does: `${several ? 'take' : 'takes'} kubelet probes of one address family alone on ${at}` }
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
    case 'isolated': {
      const [subject, object] = several ? ['they', 'them'] : ['it', 'it']
      return {
        loses: `every mesh peer that ${direction === 'ingress' ? `reached ${object}` : `${subject} reached`}`,
      }
    }
    case 'hbone-ingress':
      return { loses: `mesh traffic from ${who} on ${at}` }
    case 'waypoint-path':
      return {
        loses: `traffic through a waypoint, ${direction === 'ingress' ? 'from' : 'to'} ${who} on ${at}`,
      }
    case 'waypoint-control':
      return { loses: `${several ? 'their' : 'its'} way to ${who} on ${on(protocol)}` }
    case 'hbone-egress':
      return { loses: `mesh traffic to ${who} on ${at}` }
  }
}

/** What several workloads, or one in several clusters, lose: `lose mesh traffic from each other on 15008/TCP`. */
export function lossOfMany(loss: Loss, certainty: ReportFinding['certainty'], areMany: boolean): string {
  const said = say(loss, areMany)
  const sure = areMany ? 'lose' : 'loses'
  return 'does' in said ? said.does : `${certainty === 'possible' ? 'may lose' : sure} ${said.loses}`
}

/** What one workload of several loses, for a list: `kubelet probes on 8080/TCP`. */
export function shortLoss(finding: ReportFinding): string {
  const said = say(lossFrom(finding, MARKDOWN))
  return 'loses' in said ? said.loses : said.does
}

function lossFrom(finding: ReportFinding, style: Style): Loss {
  return { ...finding, ports: [finding.port], who: whoOf(finding, style) }
}

/** `**Deployment/payments/api** loses …`, once for all findings of a workload. */
export function lossOf(findings: readonly ReportFinding[]): string {
  return lossIn(findings, MARKDOWN)
}

function lossIn(findings: readonly ReportFinding[], style: Style): string {
  const [first] = findings
  const said = findings.map((finding) => ({ finding, ...say(lossFrom(finding, style)) }))
  const lossy = said.filter((one) => 'loses' in one)
  const [sure, perhaps] = (['certain', 'possible'] as const).map((certainty) => [
    ...new Set(lossy.flatMap(({ finding, loses }) => (finding.certainty === certainty ? [loses] : []))),
  ])
  const lost = (verb: string, losses: readonly string[] = []): readonly string[] =>
    losses.length === 0 ? [] : [`${verb} ${names(losses, 6)}`]
  const others = [...new Set(said.flatMap((one) => ('does' in one ? one.does : [])))]
  const parts = [
    ...lost('loses', sure),
    ...lost(
      'may lose',
      perhaps?.filter((one) => sure?.includes(one) !== true),
    ),
    ...others,
  ]
  const among = first?.among ?? null
  const who = style.strong(style.name(first?.workload.id ?? ''))
  return `${who}${among === null ? '' : ` in ${style.name(among)}`} ${names(parts, 6)}`
}

/** How the items of a list are written. */
export interface ItemOptions {
  /** Why a finding is one, step by step; empty where it is not to be said. */
  readonly explain?: (finding: ReportFinding) => readonly Step[]
  /** What is said of it; else its message. */
  readonly message?: (finding: ReportFinding) => string
  /** Are the facts behind the sentence? */
  readonly fold?: boolean
}

/** The name of a rule, which opens its page. */
export function ruleLink(rule: RuleId): string {
  return `[${code(rule)}](${rulePage(rule)})`
}

/** Findings of one workload, as a list item with one item inside for each; `fold`: behind the sentence. */
export function workloadItem(
  findings: readonly ReportFinding[],
  link: Linker,
  { explain = () => [], message = ({ message: all }) => all, fold = false }: ItemOptions = {},
): string {
  const items = findings
    .map((finding) => indent(findingItem(finding, message(finding), link, explain(finding))))
    .join('\n')
  return fold
    ? `- <details><summary>${lossIn(findings, HTML)}.</summary>\n\n${items}\n\n  </details>`
    : `- ${lossOf(findings)}.\n${items}`
}

/** Facts stand on lines of one paragraph: items of their own would be a page of a few words each. */
function findingItem(finding: ReportFinding, message: string, link: Linker, why: readonly Step[]): string {
  const { severity, rule, fingerprint, fix, advice } = finding
  const places = placeSentences(finding, link)
  const lines = [
    `${severity} ${code(rule)} ${code(fingerprint)}: ${escapeMarkdown(message)}`,
    ...(places.length === 0 ? [] : [places.join(' ')]),
    ...(fix === null ? [] : [`Fix: ${escapeMarkdown(fix.text)}`]),
    ...(advice === null ? [] : [escapeMarkdown(advice)]),
  ]
  return [`- ${lines.join('<br>')}`, ...(why.length === 0 ? [] : [`  ${explanation(why, link)}`])].join('\n')
}

/** What is to be known of it besides its message: its policies, with whom they are shared, what brought it about. */
export function placeSentences(finding: ReportFinding, link: Linker): readonly string[] {
  const { cause, sharedWith } = finding
  const policies = policiesOf(finding)
  const apart =
    cause !== null && !policies.some(({ path, line }) => path === cause.path && line === cause.line)
  return [
    ...lapsedSentence(finding, { name: code, words: escapeMarkdown }),
    ...(policies.length === 0
      ? []
      : [
          `Policy: ${names(
            policies.map((place) => placeLink(place, link)),
            6,
          )}.`,
        ]),
    ...(sharedWith.length === 0 ? [] : [`Shared with ${names(sharedWith.map(code))}.`]),
    ...(apart ? [`Cause: ${placeLink(cause, link)}.`] : []),
  ]
}

/**
 * A numbered list behind a fold, inside an item of a list: its lines stand below the text of that item. `title` is HTML.
 */
export function explanation(why: readonly Step[], link: Linker, title = 'Why'): string {
  const steps = stepItems(why, link).map((item) => `  ${item}`)
  return `<details><summary>${title}</summary>\n\n${steps.join('\n')}\n\n  </details>`
}

/** The items of a numbered list. */
export function stepItems(why: readonly Step[], link: Linker): readonly string[] {
  return why.map(
    ({ text, at }, index) =>
      `${String(index + 1)}. ${escapeMarkdown(text)}${at === null ? '' : ` (${placeLink(at, link)})`}`,
  )
}

/** Text inside an item of a list. */
export function indent(text: string): string {
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
