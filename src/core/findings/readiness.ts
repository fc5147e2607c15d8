// Which namespaces could be enrolled today: two analyses of one head, with and without their enrolment label, and
// for each namespace what the label would bring about, and what nobody can see.
import type { Analysis } from '../analysis.ts'
import { standing } from '../ambient/standing.ts'
import type { Standing } from '../ambient/standing.ts'
import { matches } from '../kubernetes/labels.ts'
import { placeOf } from '../kubernetes/origin.ts'
import type { Named } from '../kubernetes/state.ts'
import { grouped } from '../source/grouped.ts'
import { byPlace, compareText } from '../source/problem.ts'
import type { Problem } from '../source/problem.ts'
import type { ComparedFinding } from './compare.ts'

/**
 * `ready`: nothing breaks. `ready-after-fixes`: what breaks has proved fixes. `not-ready`: something breaks that has
 * none. `unknown`: a problem hides what may break. The others were not judged: see Standing, and `not-selected`: the
 * configured enablement selectors do not heed the label.
 */
export type Verdict =
  'ready' | 'ready-after-fixes' | 'not-ready' | 'unknown' | Exclude<Standing, 'open'> | 'not-selected'

export interface NamespaceReadiness {
  readonly namespace: string
  readonly verdict: Verdict
  /** Errors and warnings that its enrolment brings, in order. */
  readonly findings: readonly ComparedFinding[]
  /** What hides something that bears on it, in order. */
  readonly problems: readonly Problem[]
  /** The clusters that the verdict speaks of, in order of the questions. */
  readonly clusters: readonly string[]
  /** How many workloads the tree shows in it, over those clusters: a verdict speaks of no others. */
  readonly workloads: number
}

/** What was asked of one cluster. `after.state.config.enroll` are the namespaces that were enrolled for the question. */
export interface Question {
  readonly before: Analysis
  readonly after: Analysis
  /** The namespaces of this cluster that the answer speaks of. */
  readonly namespaces: readonly string[]
  /** `after` compared with `before`. */
  readonly brought: readonly ComparedFinding[]
}

/**
 * An answer for each namespace, by name; one that several clusters have is ready where it is ready in all of them.
 * `fixable` are the fingerprints of findings that the proved fixes, all applied together, mend.
 */
export function readiness(
  questions: readonly Question[],
  fixable: ReadonlySet<string>,
): readonly NamespaceReadiness[] {
  const bearings = grouped(questions.flatMap(bearingsOf), ({ namespace }) => namespace)
  return [...bearings]
    .map(([namespace, everywhere]): NamespaceReadiness => {
      // Where the label changes nothing, there is nothing to be ready for.
      const open = everywhere.filter(({ settled }) => settled === null)
      const judged = open.length > 0
      const all = judged ? open : everywhere
      const findings = all.flatMap((bearing) => bearing.findings)
      const problems = [
        ...new Map(
          all.flatMap((bearing) => bearing.problems).map((one) => [JSON.stringify(one), one]),
        ).values(),
      ].sort(byPlace)
      const verdict = judged ? verdictOf(findings, problems, fixable) : (all[0]?.settled ?? 'unknown')
      const workloads = all.reduce((sum, bearing) => sum + bearing.workloads, 0)
      const clusters = all.flatMap((bearing) => bearing.clusters)
      return { namespace, verdict, findings, problems: judged ? problems : [], clusters, workloads }
    })
    .sort((a, b) => compareText(a.namespace, b.namespace))
}

/** What is known to break decides first: it stays so, whatever else is hidden. */
function verdictOf(
  findings: readonly ComparedFinding[],
  problems: readonly Problem[],
  fixable: ReadonlySet<string>,
): Verdict {
  if (findings.some(({ fingerprint }) => !fixable.has(fingerprint))) return 'not-ready'
  if (problems.length > 0) return 'unknown'
  return findings.length > 0 ? 'ready-after-fixes' : 'ready'
}

interface Bearing extends Omit<NamespaceReadiness, 'verdict'> {
  /** Why it is not judged; null where it is. */
  readonly settled: Exclude<Verdict, 'ready' | 'ready-after-fixes' | 'not-ready' | 'unknown'> | null
}

function bearingsOf(question: Question): readonly Bearing[] {
  const { after, namespaces } = question
  const findings = attributed(question)
  const hidden = hiddenIn(after)
  const workloads = grouped(after.state.workloads, (workload) => workload.namespace.name)
  return namespaces.map((namespace) => ({
    namespace,
    settled: settledAs(question, namespace),
    findings: findings.get(namespace) ?? [],
    problems: [...hidden(namespace), ...notDescribed(question, namespace)],
    clusters: [after.state.config.name],
    workloads: workloads.get(namespace)?.length ?? 0,
  }))
}

function settledAs({ before, after }: Question, name: string): Bearing['settled'] {
  const [was, is] = [before.state.namespaces.get(name), after.state.namespaces.get(name)]
  if (was === undefined || is === undefined) return null
  const { config } = after.state
  const stood = standing(was, config)
  if (!config.enroll.includes(name)) return stood === 'open' ? null : stood
  if (stood === 'excluded' || stood === 'enrolled') return stood
  const joins = after.mesh.members.some(
    ({ workload, enrollment }) => workload.namespace === is && enrollment.state === 'yes',
  )
  if (joins || standing(is, config) === 'enrolled') return null
  return stood === 'sidecars' ? 'sidecars' : 'not-selected'
}

/**
 * A finding counts against the namespace of its workload, or, where that one is not asked about, against those whose
 * pods it names: their enrolment brings it. Whatever cannot be told apart counts against all of them.
 */
function attributed({ after, brought }: Question): ReadonlyMap<string, readonly ComparedFinding[]> {
  const { enroll } = after.state.config
  const asked = new Set(enroll)
  const byNamespace = new Map<string, ComparedFinding[]>()
  for (const finding of brought) {
    const { change, severity, waived, workload } = finding
    if (change !== 'introduced' || severity === 'note' || waived !== null) continue
    const home = workload.namespace.name
    const named = asked.has(home) ? [home] : enroll.filter((name) => speaksOf(after, finding, name))
    for (const name of named.length === 0 ? enroll : named)
      byNamespace.set(name, [...(byNamespace.get(name) ?? []), finding])
  }
  return byNamespace
}

/**
 * Does a finding speak of pods in this namespace? Its peers are only those that are lost for certain, where there are
 * any; the rules at fault also speak of the others.
 */
function speaksOf({ state }: Analysis, { culprits, peers }: ComparedFinding, name: string): boolean {
  const namespace = state.namespaces.get(name)
  if (namespace === undefined) return false
  return (
    state.workloads.some((workload) => workload.namespace === namespace && peers.includes(workload.id)) ||
    culprits.some(({ rule }) =>
      (rule?.peers ?? []).some(
        (peer) =>
          peer.kind === 'pods' && peer.namespaces !== null && matches(peer.namespaces, namespace.labels),
      ),
    )
  )
}

/** The problems that bear on a namespace: those that hide it, or a folder in which an object of it stands. */
function hiddenIn({ problems, state }: Analysis): (namespace: string) => readonly Problem[] {
  const everywhere = problems.filter(({ hides }) => hides.namespaces === 'all')
  const byNamespace = new Map<string, Set<Problem>>()
  const put = (namespace: string, problem: Problem): void => {
    const kept = byNamespace.get(namespace) ?? new Set()
    byNamespace.set(namespace, kept.add(problem))
  }
  const inside = namespacesByFolder(state)
  for (const problem of problems) {
    const { namespaces, under = [] } = problem.hides
    if (namespaces === 'all') continue
    for (const namespace of namespaces) put(namespace, problem)
    for (const folder of under)
      for (const namespace of inside.get(folder.replace(/\/$/, '')) ?? []) put(namespace, problem)
  }
  return (namespace) => [...everywhere, ...(byNamespace.get(namespace) ?? [])]
}

/** For each folder and file: the namespaces that have an object in it. `.` holds everything. */
function namespacesByFolder(state: Analysis['state']): ReadonlyMap<string, ReadonlySet<string>> {
  const inside = new Map<string, Set<string>>()
  const put = (path: string, namespace: string): void => {
    const parts = path.split('/')
    const folders = parts.map((_, index) => parts.slice(0, index + 1).join('/'))
    for (const folder of ['.', ...folders])
      inside.set(folder, (inside.get(folder) ?? new Set()).add(namespace))
  }
  const objects: readonly Named[] = [...state.workloads, ...state.policies]
  for (const { namespace, origin } of objects) put(origin.file.path, namespace.name)
  for (const { name, origin } of state.namespaces.values()) if (origin !== null) put(origin.file.path, name)
  return inside
}

/** The question supposes the label; what else an undescribed namespace carries decides, too. */
function notDescribed({ before, after }: Question, name: string): readonly Problem[] {
  const { config, workloads, policies } = after.state
  if (before.state.namespaces.get(name)?.known !== false) return []
  const [first] = [...workloads, ...policies]
    .filter(({ namespace }) => namespace.name === name)
    .map(({ origin }) => placeOf(origin, ['metadata']))
    .sort((a, b) => compareText(a.path, b.path) || a.line - b.line)
  return [
    {
      ...(first ?? { path: '.', line: 1 }),
      code: 'namespace-not-described',
      class: 'unseen',
      message: `Nothing in the tree describes the namespace ${name}: whether it has other labels, by which policies select it or sidecars are injected, is not known.`,
      remedy: `Add its manifest, or state its labels under clusters.${config.name}.assume.namespaces.${name} in .github/ambient-guard.yml.`,
      hides: { namespaces: [name] },
    },
  ]
}
