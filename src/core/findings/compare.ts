// Two states of a cluster side by side: which findings and problems the change brought, which it left,
// which it mended, and which line of it is to blame.
import type { Analysis } from '../analysis.ts'
import { withSeverity } from '../analysis.ts'
import type { Severity, Waiver } from '../config.ts'
import type { Place } from '../kubernetes/origin.ts'
import { placeOf } from '../kubernetes/origin.ts'
import { grouped } from '../source/grouped.ts'
import { byPlace, compareText } from '../source/problem.ts'
import type { Problem } from '../source/problem.ts'
import { UNSEEN_SOURCES } from '../source/unseen-sources.ts'
import { broughtBy } from './brought-by.ts'
import { causes } from './cause.ts'
import { cniBrought } from './cni-brought.ts'
import { concerns, filesOf, heldBack, isBelow, isHeldBack, resumed } from './held-back.ts'
import { newlyLost } from './lost-before.ts'
import { withoutPlace, wordsAt, wordsOf } from './problem-words.ts'
import { formerFingerprint } from './who-was.ts'
import { byFinding, bySeverity, culpritRoute, fingerprint } from './finding.ts'
import type { Finding } from './finding.ts'
import { CHANGE_RULES, STATE_RULES } from './rules/index.ts'
import { waivedBy } from './waivers.ts'
import type { Waived } from './waivers.ts'

export type Change = 'introduced' | 'existing' | 'resolved'

export interface ComparedFinding extends Finding, Waived {
  readonly fingerprint: string
  readonly change: Change
  /** The changed line that brought it about; null where nothing that bears on it changed. */
  readonly cause: Place | null
}

export interface ComparedProblem extends Problem {
  readonly change: 'introduced' | 'existing'
  /** Does the change touch what the problem hides? */
  readonly relevant: boolean
}

/** What a change touches. Lines are those of the head, from 1. */
export interface Touched {
  /** For each file of the head that differs from the base: its added or modified lines. */
  readonly lines: ReadonlyMap<string, ReadonlySet<number>>
  /** Every path that differs, removed files included. */
  readonly paths: ReadonlySet<string>
  /** Files that came, by their path, to the path of one that went and said the same. */
  readonly moved: ReadonlyMap<string, string>
  /** The namespaces of one cluster in which an object that bears on reachability differs. */
  readonly namespaces: ReadonlySet<string>
  /** What leads out of the trees may have changed, too: they are a part of what there is. */
  readonly beyond?: true
}

export interface Comparison {
  readonly findings: readonly ComparedFinding[]
  readonly problems: readonly ComparedProblem[]
}

/** Compares two analyses of one cluster; `base` is null where there is nothing to compare with. */
export function compare(
  base: Analysis | null,
  head: Analysis,
  touched: Touched,
  waivers: readonly Waiver[],
  today: string,
): Comparison {
  const problems = [
    ...compareProblems(base, head, touched).flatMap((problem) =>
      isHeldBack(problem)
        ? heldBack(problem, base, head, touched)
        : problem.code === 'not-pruned'
          ? []
          : problem,
    ),
    ...(base === null
      ? []
      : [...withdrawn(base, head, touched), ...resumed(base, head, touched), ...cniBrought(base, head)]),
  ].sort(byPlace)
  const changed =
    base === null
      ? []
      : [...CHANGE_RULES.map(({ id, check }) => ({ id, checkChange: check })), ...STATE_RULES]
          .filter(({ id }) => head.rules[id] !== 'off')
          .flatMap(({ checkChange }) => checkChange?.(base, head) ?? [])
          .map((finding) => withSeverity(finding, head.rules))
  const before = new Map((base?.findings ?? []).map((finding) => [fingerprint(finding), finding]))
  const after = [...head.findings, ...changed]
  const formerly = formerFingerprint(base, head)
  const stated = new Set(after.map(formerly))
  const causeOf = causes(head, touched)
  const lostMore = base === null ? null : newlyLost(base, head)
  const dress = (finding: Finding, change: Change): ComparedFinding => ({
    ...finding,
    fingerprint: fingerprint(finding),
    change,
    cause: change === 'resolved' ? null : causeOf(finding, change === 'introduced'),
    ...waivedBy(finding, waivers, today),
  })
  const resolved = [...before.values()].filter(
    (finding) => !stated.has(fingerprint(finding)) && !hidden(finding, problems),
  )
  return {
    findings: [
      ...after.map((finding) =>
        dress(finding, isNew(finding, before.get(formerly(finding)), lostMore) ? 'introduced' : 'existing'),
      ),
      ...resolved.map((finding) => dress(finding, 'resolved')),
    ].sort(byChange),
    problems,
  }
}

const CHANGES: readonly Change[] = ['introduced', 'existing', 'resolved']

/** Introduced before existing before resolved, then the order of findings. */
export function byChange(a: ComparedFinding, b: ComparedFinding): number {
  return CHANGES.indexOf(a.change) - CHANGES.indexOf(b.change) || byFinding(a, b)
}

function isNew(
  finding: Finding,
  before: Finding | undefined,
  lostMore: ReturnType<typeof newlyLost> | null,
): boolean {
  if (before === undefined || lostMore === null) return true
  const lost = lostMore(finding, before)
  const worse = bySeverity(finding.severity, before.severity) < 0
  return lost || worse || (finding.certainty === 'certain' && before.certainty === 'possible')
}

/** A finding is not mended where what would show it has become unreadable or gone out of sight. */
function hidden(finding: Finding, problems: readonly ComparedProblem[]): boolean {
  const { namespace } = finding.workload
  const files = filesOf(finding)
  return problems.some(
    ({ change, class: kind, hides }) =>
      change === 'introduced' &&
      (hides.namespaces === 'all' ||
        hides.namespaces.includes(namespace.name) ||
        (kind === 'unreadable' && isBelow(hides, files))),
  )
}

/** Those that did not bear on the mesh among them: one that begins to matter was there before. */
function everyProblem({ problems, state }: Analysis): readonly Problem[] {
  return [...new Set([...problems, ...state.problems])]
}

/** Two problems of one file in the same words are two: a second broken document is a new one. */
function compareProblems(
  base: Analysis | null,
  head: Analysis,
  touched: Touched,
): readonly ComparedProblem[] {
  const { problems } = head
  const before = base === null ? [] : everyProblem(base)
  const left = counted(before, wordsOf)
  const [steeredBefore, steered] = [steeringByWords(before), steeringByWords(problems)]
  const isBrought = broughtBy(base, head)
  const isAdopted = adoptedBy(base, head)
  return problems.map((problem) => {
    const words = wordsOf(problem)
    const isSteered = steeredBefore.get(words) !== steered.get(words)
    if (takeOne(left, words))
      return compareProblem(problem, true, isSteered || isBrought(problem, true), touched)
    const from = touched.moved.get(problem.path)
    const isSteeredAlike =
      from !== undefined && steeredBefore.get(wordsAt(problem, from)) === steered.get(words)
    if (from !== undefined && isSteeredAlike && takeOne(left, wordsAt(problem, from))) {
      const compared = compareProblem(withoutPlace(problem), true, isBrought(problem, true), touched)
      return { ...compared, hides: problem.hides }
    }
    return compareProblem(
      problem,
      false,
      isSteered || isBrought(problem, false) || isAdopted(problem),
      touched,
    )
  })
}

/** What is told of files that were judged before, and that a controller or a kustomization now passes over. */
const PASSED_OVER = ['applied-by-nobody', 'not-in-kustomization']

/** Is a policy of its file judged as it was on the base, where it matters to the mesh? Then the change makes the doubt. */
function adoptedBy(base: Analysis | null, head: Analysis): (problem: Problem) => boolean {
  if (base === null || !head.problems.some(({ code }) => PASSED_OVER.includes(code))) return () => false
  const [was, is] = [base, head].map(
    ({ state }) => new Set(state.policies.map(({ origin }) => origin.file.path)),
  )
  return (problem) =>
    PASSED_OVER.includes(problem.code) &&
    was?.has(problem.path) === true &&
    is?.has(problem.path) === true &&
    concerns(head, problem)
}

function counted(problems: readonly Problem[], words: (problem: Problem) => string): Map<string, number> {
  return new Map([...grouped(problems, words)].map(([key, some]) => [key, some.length]))
}

function takeOne(counts: Map<string, number>, key: string): boolean {
  const count = counts.get(key) ?? 0
  counts.set(key, count - 1)
  return count > 0
}

/** How what is told in the same words is asked for, by all who ask for it; without what nobody asks for. */
function steeringByWords(problems: readonly Problem[]): ReadonlyMap<string, string> {
  const asked = problems.filter(({ steering }) => steering !== undefined)
  return new Map(
    [...grouped(asked, wordsOf)].map(([words, some]) => [
      words,
      [...new Set(some.map(({ steering }) => steering))].sort().join(),
    ]),
  )
}

/** A problem for each policy, of which one may go while another of the same file stays. */
const OF_ONE_POLICY = [
  'applied-by-nobody',
  'not-pruned',
  'policy-not-evaluated',
  'kyverno-writes',
  'written-at-run-time',
]

/** Those of a policy that was judged: where it still is, nothing is gone. */
const OF_ONE_APPLIED = ['applied-by-nobody', 'not-pruned']

/** What decided who reaches whom on the base, unseen, and is gone: whether anybody relied on it is not known. */
const DECISIVE = [...OF_ONE_POLICY, 'chart-not-rendered', ...UNSEEN_SOURCES]

/** A policy that nobody enforces hides nothing, and its going is no news. */
function decides({ namespaces, under = [] }: Problem['hides']): boolean {
  return namespaces === 'all' || namespaces.length > 0 || under.length > 0
}

function withdrawn(base: Analysis, head: Analysis, { paths, moved }: Touched): readonly ComparedProblem[] {
  const known = (one: Problem, others: readonly Problem[]): boolean =>
    others.some(({ code, message }) => code === one.code && message === one.message)
  const after = everyProblem(head)
  const elsewhere = new Set(
    after.flatMap((problem) => {
      const from = moved.get(problem.path)
      return from === undefined ? [] : wordsAt(problem, from)
    }),
  )
  const before = base.problems.filter(({ code }) => DECISIVE.includes(code))
  /** In other words than before: each stands for one that was. */
  const reworded = after.filter((problem) => !known(problem, before))
  const isReworded = ({ code, path }: Problem): boolean => {
    const at = reworded.findIndex((other) => other.code === code && other.path === path)
    if (at === -1 || OF_ONE_POLICY.includes(code)) return false
    reworded.splice(at, 1)
    return true
  }
  return (
    before
      .filter((problem) => !known(problem, after) && !isReworded(problem))
      .filter((problem) => !elsewhere.has(wordsOf(problem)))
      // A file may stay where it was and be named no more, or be asked for no more.
      .filter(
        ({ path, code, hides, steering }) =>
          decides(hides) && (paths.has(path) || code === 'not-pruned' || steering !== undefined),
      )
      .filter((one) => isLeft(head, one) && (concerns(base, one) || concernsThoseOf(head, one)))
      .filter((problem) => !OF_ONE_APPLIED.includes(problem.code) || !isApplied(head, base, problem))
      .map((problem) => ({
        ...problem,
        line: paths.has(problem.path) ? 1 : problem.line,
        message: `${problem.message} This change takes it away.`,
        remedy: 'Look at what it made in the cluster, and whether anything relied on that.',
        change: 'introduced',
        relevant: true,
        moot: false,
      }))
  )
}

/** Is anything left in the namespaces that it names? */
function isLeft({ state }: Analysis, { hides: { namespaces } }: Problem): boolean {
  return (
    namespaces === 'all' || namespaces.length === 0 || namespaces.some((name) => state.namespaces.has(name))
  )
}

/** The same, for the namespaces that are still described. */
function concernsThoseOf(head: Analysis, problem: Problem): boolean {
  const { namespaces } = problem.hides
  if (namespaces === 'all') return true
  const left = namespaces.filter((name) => head.state.namespaces.get(name)?.known === true)
  return left.length > 0 && concerns(head, { ...problem, hides: { namespaces: left } })
}

/** Is the policy of a problem among those that are judged? */
function isApplied(head: Analysis, base: Analysis, { path, line }: Problem): boolean {
  const ids = new Set(head.state.policies.map(({ id }) => id))
  return base.state.policies.some(({ id, origin }) => {
    const at = placeOf(origin, [])
    return at.path === path && at.line === line && ids.has(id)
  })
}

/** Of a part of a repository: what may lead out of it. */
const BEYOND: readonly string[] = ['outside-tree', 'symbolic-link']

function compareProblem(
  problem: Problem,
  same: boolean,
  isSteered: boolean,
  touched: Touched,
): ComparedProblem {
  const { hides, path } = problem
  const touches =
    hides.namespaces === 'all'
      ? touched.namespaces.size > 0
      : hides.namespaces.some((namespace) => touched.namespaces.has(namespace))
  const below = isBelow(hides, touched.paths)
  return {
    ...problem,
    change: same ? 'existing' : 'introduced',
    relevant:
      problem.moot !== true &&
      (touches ||
        below ||
        isSteered ||
        (touched.paths.has(path) && problem.wherever !== true) ||
        (touched.beyond === true && BEYOND.includes(problem.code))),
  }
}

/** A policy as a finding names it: its rule's line where one decides, else that of its spec. */
export interface PolicyRef extends Place {
  readonly kind: string
  readonly namespace: string
  readonly name: string
}

/** The policies of a finding, in order; one that several rules make guilty appears once, at the first. */
export function policiesOf(finding: Finding): readonly PolicyRef[] {
  const refs = new Map<string, PolicyRef>()
  for (const culprit of finding.culprits) {
    const { policy } = culprit
    if (refs.has(policy.id)) continue
    const place = placeOf(policy.origin, culpritRoute(culprit))
    refs.set(policy.id, { kind: policy.kind, namespace: policy.namespace.name, name: policy.name, ...place })
  }
  return [...refs.values()].sort(
    (a, b) => compareText(a.path, b.path) || a.line - b.line || compareText(a.name, b.name),
  )
}

/** What the conclusion rests on; see `conclude`. */
export type Gate = {
  readonly failOn: 'introduced' | 'any' | 'never'
  readonly onUnknown: 'neutral' | 'failure'
}

export type Conclusion = 'success' | 'neutral' | 'failure'

/** Does a finding stop a merge? */
function gates(
  { severity, change, waived }: Pick<ComparedFinding, 'severity' | 'change' | 'waived'>,
  { failOn }: Gate,
): boolean {
  if (severity !== ('error' satisfies Severity) || waived !== null || failOn === 'never') return false
  return failOn === 'any' ? change !== 'resolved' : change === 'introduced'
}

/**
 * failure: a finding that gates, or an introduced and relevant unreadable problem. neutral: an introduced
 * warning, a relevant unseen problem, or an existing relevant unreadable one. success: everything else.
 */
export function conclude(comparisons: readonly Comparison[], gate: Gate): Conclusion {
  const findings = comparisons.flatMap((comparison) => comparison.findings)
  const problems = comparisons.flatMap((comparison) => comparison.problems).filter(({ relevant }) => relevant)
  const broken = problems.some((problem) => problem.class === 'unreadable' && problem.change === 'introduced')
  const unseen = problems.some((problem) => problem.class === 'unseen')
  if (findings.some((finding) => gates(finding, gate))) return 'failure'
  if (gate.failOn !== 'never' && (broken || (unseen && gate.onUnknown === 'failure'))) return 'failure'
  const doubts = findings.some(
    ({ change, severity, waived }) => change === 'introduced' && waived === null && severity !== 'note',
  )
  return doubts || problems.length > 0 ? 'neutral' : 'success'
}
