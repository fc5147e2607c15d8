// Findings of one rule for which the same policies are to blame: one sentence for many workloads, and their names below.
import type { RuleId } from '../core/config.ts'
import { policiesOf } from '../core/index.ts'
import type { PolicyRef } from '../core/findings/compare.ts'
import { bySeverity } from '../core/findings/finding.ts'
import { list, namePeers } from '../core/findings/words.ts'
import type { Place } from '../core/kubernetes/origin.ts'
import { grouped } from '../core/source/grouped.ts'
import { compareNaturally } from '../core/source/natural.ts'
import { compareText } from '../core/source/problem.ts'
import type { FileChange, ReportFinding } from '../examine/report.ts'
import { mergedFixText } from './fix.ts'

export interface Crowd {
  /** By workload, at least `MANY`. */
  readonly findings: readonly ReportFinding[]
  /** The first of them, which stands for all. */
  readonly example: ReportFinding
  /** Each once, in whatever clusters it is. */
  readonly workloads: readonly string[]
  /** Where they are, each once; empty where the report speaks of one cluster. */
  readonly clusters: readonly string[]
  readonly policies: readonly PolicyRef[]
  /** What they lose between them, sorted; with `eachOther`, who is lost beside themselves. */
  readonly peers: readonly string[]
  /** Does each of them lose all of them? */
  readonly eachOther: boolean
  readonly ports: readonly number[]
  /** Of all, where `isSame`; else that of the example. */
  readonly message: string
  readonly isSame: boolean
  readonly causes: readonly Place[]
  readonly sharedWith: readonly string[]
  /** What the fixes say, each sentence once; null where none has one. */
  readonly fix: string | null
  /** Their files, each diff once. */
  readonly files: readonly FileChange[]
  readonly advice: readonly string[]
}

/** From so many workloads on, in all clusters, the policy is what a reader wants to hear of. */
const MANY = 3

/** Rules that judge workloads; the others speak of an object of their own. */
const OF_WORKLOADS: readonly RuleId[] = [
  'hbone-ingress',
  'hbone-egress',
  'waypoint-path',
  'waypoint-control',
  'kubelet-probe',
  'probe-family',
  'isolated',
  'port-widening',
]

/**
 * Crowds, and the findings that are in none, in the order in which people read: the worst first, then by workload.
 * `message`: what is said of a finding.
 */
export function gathered(
  findings: readonly ReportFinding[],
  message: (finding: ReportFinding) => string,
): readonly (ReportFinding | Crowd)[] {
  const ordered = [...findings].sort(inReadingOrder)
  const groups = [...grouped(ordered, keyOf).values()]
  const crowds = new Map(
    groups
      .filter((group) => group.every(mayJoin))
      .filter(
        (group) => distinct(group.map(({ cluster, workload }) => `${cluster} ${workload.id}`)).length >= MANY,
      )
      .map((group) => crowdOf(group, message))
      .flatMap((crowd) => crowd.findings.map((finding) => [finding, crowd] as const)),
  )
  return [...new Set(ordered.map((finding) => crowds.get(finding) ?? finding))]
}

export function isCrowd(piece: ReportFinding | Crowd): piece is Crowd {
  return 'workloads' in piece
}

const CHANGES = ['introduced', 'existing', 'resolved'] as const

function inReadingOrder(a: ReportFinding, b: ReportFinding): number {
  return (
    CHANGES.indexOf(a.change) - CHANGES.indexOf(b.change) ||
    bySeverity(a.severity, b.severity) ||
    compareNaturally(a.cluster, b.cluster) ||
    compareNaturally(a.workload.id, b.workload.id)
  )
}

/** A waiver has words of its own for its workload. */
function mayJoin({ rule, waived, lapsed }: ReportFinding): boolean {
  return OF_WORKLOADS.includes(rule) && waived === null && lapsed === null
}

/**
 * By the rules to blame and not by their lines, which take a while to find. Clusters that are made of the same files share
 * them.
 */
function keyOf(finding: ReportFinding): string {
  const { certainty, change, cluster, culprits, direction, rule, severity } = finding
  const blamed = culprits.map(({ policy: { id, origin }, rule: decisive }) => [
    id,
    origin.file.path,
    origin.document.line,
    decisive?.route ?? null,
  ])
  const where = blamed.length === 0 ? cluster : null
  return JSON.stringify([where, change, rule, severity, certainty, direction, mayJoin(finding), blamed])
}

function crowdOf(findings: readonly ReportFinding[], messageOf: (finding: ReportFinding) => string): Crowd {
  const example = findings[0] as ReportFinding
  const workloads = distinct(findings.map(({ workload }) => workload.id))
  const lost = distinct(findings.flatMap(({ peers }) => peers))
  const eachOther =
    workloads.length > 1 &&
    workloads.every((id) => lost.includes(id)) &&
    findings.every(({ peers }) => peers.length === lost.length)
  const peers = (eachOther ? lost.filter((peer) => !workloads.includes(peer)) : lost).sort(compareNaturally)
  const them = [...(peers.length === 0 ? [] : [namePeers(peers)]), 'these workloads']
  // Each names itself among its peers; of all of them, one sentence is true.
  const messages = findings.map((finding) => {
    const said = messageOf(finding)
    return eachOther ? said.replace(namePeers(finding.peers, finding.workload.id), () => list(them)) : said
  })
  const isSame = new Set(messages).size === 1
  const clusters = distinct(findings.flatMap(({ among }) => among ?? []))
  const fixes = findings.flatMap(({ fix }) => fix ?? [])
  return {
    findings,
    example,
    workloads,
    clusters,
    policies: policiesOf(example),
    peers,
    eachOther,
    ports: distinct(findings.map(({ port }) => port)).sort((a, b) => a - b),
    message: isSame ? (messages[0] ?? '') : messageOf(example),
    isSame,
    causes: distinctBy(
      findings.flatMap(({ cause }) => cause ?? []),
      ({ path, line }) => `${path}:${String(line)}`,
    ),
    sharedWith: distinct(findings.flatMap(({ sharedWith }) => sharedWith))
      .filter((cluster) => !clusters.includes(cluster))
      .sort(compareText),
    fix: fixes.length === 0 ? null : mergedFixText(fixes.map(({ text }) => text)),
    files: distinctBy(
      fixes.flatMap(({ files }) => files),
      ({ diff }) => diff,
    ),
    advice: distinct(findings.flatMap(({ advice }) => advice ?? [])),
  }
}

/** One of them by name, where they are in several clusters. */
export function memberName({ among, workload }: ReportFinding, { clusters }: Crowd): string {
  return clusters.length > 1 && among !== null ? `${workload.id} in ${among}` : workload.id
}

function distinct<T>(items: readonly T[]): T[] {
  return [...new Set(items)]
}

function distinctBy<T>(items: readonly T[], keyOfItem: (item: T) => string): readonly T[] {
  return [...new Map(items.map((item) => [keyOfItem(item), item])).values()]
}
