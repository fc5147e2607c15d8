// What stays as it was in the cluster, whatever is written: what a suspended unit applied, and versions that are kept. What
// a change alters of it does not come about, and what it held back until now comes about with the change that resumes it.
import type { Analysis } from '../analysis.ts'
import { DIRECTIONS } from '../kubernetes/kinds/policy.ts'
import { pathsOf } from '../kubernetes/origin.ts'
import type { Origin } from '../kubernetes/origin.ts'
import { isSameProblem } from '../source/problem.ts'
import type { Problem } from '../source/problem.ts'
import type { ComparedProblem, Touched } from './compare.ts'
import { fingerprint } from './finding.ts'
import { meshGate } from './mesh-gate.ts'
import type { Finding } from './finding.ts'
import { bearsOnMesh } from './unseen.ts'

/** Also where the change itself brings that: what it alters beside is not applied. */
const SUSPENDED = 'suspended'

/** Told where it was there before and the change alters it. */
const HELD_BACK = ['chart-version-kept', 'not-updated', SUSPENDED]

/** What it comes to for a change; nothing where it holds nothing of it back. */
export function heldBack(
  problem: ComparedProblem,
  base: Analysis | null,
  head: Analysis,
  { paths, namespaces }: Touched,
): readonly ComparedProblem[] {
  const isSuspended = problem.code === SUSPENDED
  const isMoved = isSuspended && enrolsBelow(problem, base, head, namespaces)
  const isNear = isBelow(problem.hides, paths) || (isSuspended && paths.has(problem.path))
  const isAcross = (): boolean => isSuspended && isNear && base !== null && crosses(problem, base, head)
  const matters = [base, head].some((world) => world !== null && concerns(world, problem))
  const holds = problem.change === 'existing' || (base !== null && isSuspended)
  const alters = namespaces.size > 0 && (isBelow(problem.hides, paths) || isMoved)
  return holds && matters && (alters || isAcross()) ? [{ ...problem, relevant: true }] : []
}

/**
 * Does the change enrol a namespace, or take it out, for which policies stand there? They may be others than those that
 * were applied. What else changes in such a namespace is no reason to speak of them each time.
 */
function enrolsBelow(
  { hides }: Problem,
  base: Analysis | null,
  head: Analysis,
  namespaces: ReadonlySet<string>,
): boolean {
  const moved = [...namespaces].filter((name) => {
    const [was, is] = [base?.state.namespaces.get(name), head.state.namespaces.get(name)]
    return is !== undefined && (was === undefined || base?.mesh.kindOf(was) !== head.mesh.kindOf(is))
  })
  return (
    moved.length > 0 &&
    head.state.policies.some(
      ({ namespace, origin }) => moved.includes(namespace.name) && standsBelow(hides, origin),
    )
  )
}

/** Does an object that both states have stand below on one side alone? What applies it then is another. */
function crosses({ path, hides: own }: Problem, base: Analysis, head: Analysis): boolean {
  const standing = ({ problems, state }: Analysis): ReadonlyMap<string, boolean> => {
    // The unit may have had another folder.
    const told = problems.filter((one) => one.code === SUSPENDED && one.path === path)
    const under = (told.length > 0 ? told.map(({ hides }) => hides) : [own]).flatMap((one) => one.under ?? [])
    const hides = { namespaces: [], under }
    return new Map([
      ...[...state.namespaces.values()].flatMap(({ name, origin }) =>
        origin === null ? [] : [[`Namespace/${name}`, standsBelow(hides, origin)] as const],
      ),
      ...[...state.workloads, ...state.policies].map(
        ({ id, origin }) => [id, standsBelow(hides, origin)] as const,
      ),
    ])
  }
  const before = standing(base)
  return [...standing(head)].some(([id, isThere]) => before.get(id) === !isThere)
}

function standsBelow(hides: Problem['hides'], origin: Origin): boolean {
  return isBelow(hides, new Set(pathsOf(origin)))
}

/** Does a policy that stands below keep the mesh from a workload of it? That is told of a change alone, and not as from before. */
function shutsOff(hides: Problem['hides'], head: Analysis): boolean {
  const { engine, mesh, state } = head
  return mesh.members.some(
    ({ workload, enrollment }) =>
      enrollment.state !== 'no' &&
      DIRECTIONS.some(
        (direction) =>
          engine.isolating(workload, direction).some(({ origin }) => standsBelow(hides, origin)) &&
          meshGate(head, workload, direction, state.config.mesh.hbonePort) !== 'open',
      ),
  )
}

/** What was held back until now, where it may be news to the cluster: policies, or what is told as from before. */
export function resumed(base: Analysis, head: Analysis, { paths }: Touched): readonly ComparedProblem[] {
  const gone = base.problems
    .filter(({ code, path }) => code === SUSPENDED && paths.has(path))
    .filter((one) => !head.problems.some((other) => isSameProblem(one, other)))
  if (gone.length === 0) return []
  const before = new Set(base.findings.map(fingerprint))
  const from = head.findings.filter(
    (finding) => finding.severity !== 'note' && before.has(fingerprint(finding)),
  )
  return gone
    .filter(({ hides }) => shutsOff(hides, head) || from.some((finding) => isBelow(hides, filesOf(finding))))
    .map((problem) => ({
      ...problem,
      line: 1,
      message: `${problem.message} This change resumes it: its policies, and what is told of it as from before, may be news to the cluster.`,
      remedy: 'Look at what was applied last, or mend what is told.',
      change: 'introduced',
      relevant: true,
      moot: false,
    }))
}

/** Has what a problem hides something to do with the mesh? */
export function concerns(world: Analysis, problem: Pick<Problem, 'hides'>): boolean {
  return bearsOnMesh(world, { ...problem, code: 'policy-not-evaluated' })
}

/** The files that have a say in what a finding is about. */
export function filesOf({ culprits, workload }: Finding): ReadonlySet<string> {
  const origins = [workload.origin, workload.namespace.origin, ...culprits.map(({ policy }) => policy.origin)]
  return new Set(origins.flatMap((one) => (one === null ? [] : [...pathsOf(one), ...(one.steeredBy ?? [])])))
}

/** Is one of these files, or where it stands, what a problem is about? */
export function isBelow({ under = [] }: Problem['hides'], paths: ReadonlySet<string>): boolean {
  return under.some((folder) =>
    [...paths].some((changed) => folder === '.' || changed === folder || changed.startsWith(`${folder}/`)),
  )
}

/** Is it held back, and no news of its own? */
export function isHeldBack({ code }: Problem): boolean {
  return HELD_BACK.includes(code)
}
