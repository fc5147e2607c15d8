// The readiness report in words: what the counts are, which groups there are, and why a namespace is in one.
import type { NamespaceReadiness, Verdict } from '../core/index.ts'
import type { Problem } from '../core/source/problem.ts'
import { grouped } from '../core/source/grouped.ts'
import type { Readiness, Report, ReportFinding } from '../examine/report.ts'
import { inClusters } from './scope.ts'

/** Namespaces of one verdict under their heading; those that need no word of their own are listed by name alone. */
export interface ReadinessGroup {
  readonly verdict: Verdict
  readonly heading: string
  readonly namespaces: readonly NamespaceReadiness[]
}

/** Groups that are not judged end with what that means; in the order in which they are told. */
const HEADINGS: readonly (readonly [Verdict, string])[] = [
  ['ready', 'ready'],
  ['ready-after-fixes', 'ready with the proved fixes'],
  ['not-ready', 'not ready'],
  ['unknown', 'cannot be judged'],
  ['sidecars', 'sidecars: the label alone changes nothing while injection is on'],
  ['opted-out', 'opted out: istio.io/dataplane-mode: none'],
  ['excluded', 'excluded from the mesh: the label changes nothing'],
  ['not-selected', 'not selected: the configured enablement selectors do not heed the label'],
  ['enrolled', 'enrolled already'],
]

const JUDGED: readonly Verdict[] = ['ready', 'ready-after-fixes', 'not-ready', 'unknown']

/** The groups that have a member, in order. */
export function readinessGroups({ namespaces }: Readiness): readonly ReadinessGroup[] {
  return HEADINGS.map(([verdict, heading]) => ({
    verdict,
    heading,
    namespaces: namespaces.filter((one) => one.verdict === verdict),
  })).filter((group) => group.namespaces.length > 0)
}

/** `12 of 40 namespaces are ready for Ambient, 20 more with the proved fixes, 8 are not or cannot be judged.` */
export function readinessCounts({ namespaces }: Readiness): string {
  const of = (...verdicts: readonly Verdict[]): number =>
    namespaces.filter(({ verdict }) => verdicts.includes(verdict)).length
  const judged = of(...JUDGED)
  if (judged === 0) return 'No namespace was judged: the label would change nothing, or is there already.'
  const [ready, fixed, not, unknown] = JUDGED.map((verdict) => of(verdict)) as [
    number,
    number,
    number,
    number,
  ]
  const rest = [
    ...(fixed > 0 ? [`${String(fixed)}${ready > 0 ? ' more' : ''} with the proved fixes`] : []),
    ...(not > 0 ? [`${String(not)} ${not === 1 ? 'is' : 'are'} not`] : []),
    ...(unknown > 0 ? [`${String(unknown)} cannot be judged`] : []),
  ]
  const first = `${String(ready)} of ${String(judged)} ${judged === 1 ? 'namespace' : 'namespaces'} ${ready === 1 || judged === 1 ? 'is' : 'are'} ready for Ambient`
  return `${[first, ...rest].join(', ')}.`
}

/** What the verdicts rest on; empty where only one namespace was judged. */
export function readinessBasis({ namespaces }: Readiness): string {
  const judged = namespaces.filter(({ verdict }) => JUDGED.includes(verdict))
  return judged.length < 2
    ? ''
    : 'Judged together, as if all of them were enrolled in one step: what breaks between two of them counts against the one whose workload is named, so those that are ready need not wait for the others.'
}

/** `payments (3 workloads)`: how much of it the tree shows, and so how much was judged. */
export function withSize(one: NamespaceReadiness, report: Report): string {
  const { workloads } = one
  return `${withClusters(one, report)} (${String(workloads)} ${workloads === 1 ? 'workload' : 'workloads'})`
}

/** `payments in prod and staging`; the name alone where the report speaks of one cluster. */
export function withClusters({ namespace, clusters }: NamespaceReadiness, report: Report): string {
  return `${namespace}${inClusters(report.clusters.length < 2 ? [] : clusters, String)}`
}

/** Findings by their clusters, in order; together, under no name, where the report speaks of one cluster. */
export function byCluster(
  findings: readonly ReportFinding[],
): readonly (readonly [cluster: string | null, findings: readonly ReportFinding[]])[] {
  return [...grouped(findings, ({ among }) => among)]
}

/** Words of a command line, without the program's own name. */
export type Argv = readonly string[]

/** How to get the fixes: the check that was run, as `fix`. Empty where there are none. */
export function readinessCommand({ fix }: Report, argv: Argv): string {
  return fix === null ? '' : ['ambient-guard', 'fix', ...forFix(argv).map(shellWord)].join(' ')
}

/** Options of `check` that `fix` has no use for, and whether a word of their own follows. */
const NOT_OF_FIX: ReadonlyMap<string, boolean> = new Map([
  ['--format', true],
  ['--color', true],
  ['--explain', false],
])

function forFix([, ...argv]: Argv): Argv {
  return argv.filter((word, index) => {
    const before = argv[index - 1]
    if (before !== undefined && NOT_OF_FIX.get(before) === true) return false
    return !NOT_OF_FIX.has(word.replace(/=.*$/s, ''))
  })
}

/** As a POSIX shell takes it for one word: XCU §2.2. */
function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}

/** The findings of a namespace as the report has them, with their fixes. */
export function findingsOf({ findings }: NamespaceReadiness, report: Report): readonly ReportFinding[] {
  const wanted = new Set(findings.map(({ fingerprint }) => fingerprint))
  return report.findings.filter(({ fingerprint, change }) => change !== 'resolved' && wanted.has(fingerprint))
}

/** The files that the fixes of a namespace change, sorted. */
export function filesOf(findings: readonly ReportFinding[]): readonly string[] {
  return [...new Set(findings.flatMap(({ fix }) => fix?.files.map(({ path }) => path) ?? []))].sort()
}

/** Problems of one code, and the namespaces that they keep from being judged. */
export interface Obstacle {
  readonly code: string
  readonly problems: readonly Problem[]
  readonly namespaces: readonly string[]
}

/** What keeps namespaces from being judged, by code: the commonest first. */
export function obstacles(namespaces: readonly NamespaceReadiness[], report: Report): readonly Obstacle[] {
  const byCode = new Map<string, { readonly problems: Map<string, Problem>; readonly names: Set<string> }>()
  for (const one of namespaces) {
    for (const problem of one.problems) {
      const entry = byCode.get(problem.code) ?? {
        problems: new Map<string, Problem>(),
        names: new Set<string>(),
      }
      byCode.set(problem.code, entry)
      entry.problems.set(JSON.stringify([problem.path, problem.line, problem.message]), problem)
      entry.names.add(withClusters(one, report))
    }
  }
  return [...byCode]
    .map(([code, { problems, names }]) => ({
      code,
      problems: [...problems.values()],
      namespaces: [...names],
    }))
    .sort((a, b) => b.namespaces.length - a.namespaces.length || (a.code < b.code ? -1 : 1))
}

/** Is a problem told with the namespaces that it hides, so that it need not be told on its own? */
export function toldByReadiness(readiness: Readiness | null): (problem: Problem) => boolean {
  const told = new Set(
    (readiness?.namespaces ?? [])
      .filter(({ problems }) => problems.length > 0)
      .map(({ namespace }) => namespace),
  )
  return ({ hides: { namespaces } }) =>
    namespaces !== 'all' && namespaces.length > 0 && namespaces.every((namespace) => told.has(namespace))
}
