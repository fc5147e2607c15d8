// The proof: plans are applied to a copy of the head, which is loaded and analysed again, and core judges.
import { judge, realise } from '../core/index.ts'
import type { Analysis, Comparison, Plan, Trial } from '../core/index.ts'
import { unifiedDiff } from '../core/source/unified-diff.ts'
import type { NetworkPolicy } from '../core/kubernetes/state.ts'
import type { FileEdit } from '../core/fixes/realise.ts'
import type { FileChange, Fix } from './report.ts'

/** What plans are proved against. */
export interface Court {
  readonly head: readonly Analysis[]
  readonly compared: readonly Comparison[]
  /** Loads and analyses the head with some files replaced, and compares it with the same base. */
  readonly tryOut: (edits: ReadonlyMap<string, string>) => Promise<{
    readonly head: readonly Analysis[]
    readonly compared: readonly Comparison[]
  }>
}

export interface Proved {
  readonly plan: Plan
  readonly fix: Fix | null
  /** Why there is no fix; empty where there is one. */
  readonly reason: string
}

/** Proves each plan; plans of several clusters that make the same edits are one. */
export async function proveEach(court: Court, plans: readonly Plan[]): Promise<readonly Proved[]> {
  const results = new Map<Plan, Fix | string>()
  for (const batch of independent(court, alike(plans))) await proveBatch(court, batch, results)
  return plans.map((plan) => {
    const result = results.get(plan) ?? 'it was not tried'
    return typeof result === 'string'
      ? { plan, fix: null, reason: result }
      : { plan, fix: result, reason: '' }
  })
}

/** Groups of plans, each of which is proved or refused as a whole. */
type Groups = readonly (readonly Plan[])[]

/**
 * One trial for plans that have nothing in common: what each of them changes, none of the others can mend or
 * break. Where the trial fails, each half is tried, down to the plan that is to blame.
 */
async function proveBatch(court: Court, groups: Groups, results: Map<Plan, Fix | string>): Promise<void> {
  const [first = [], ...others] = groups
  const together = await prove(court, groups.flat())
  if (others.length > 0 && typeof together === 'string') {
    const half = Math.ceil(groups.length / 2)
    await proveBatch(court, groups.slice(0, half), results)
    await proveBatch(court, groups.slice(half), results)
    return
  }
  for (const group of groups) {
    const result = group === first && others.length === 0 ? together : fixOf(group)
    for (const plan of group) results.set(plan, result)
  }
}

/**
 * Groups in batches, in which no two edit one document or select one workload. Findings hang on the policies
 * that select a workload, so what a plan does to others is nothing.
 */
function independent(court: Court, groups: Groups): readonly Groups[] {
  const selected = new Map<NetworkPolicy, string[]>()
  for (const { state, engine } of court.head) {
    for (const workload of state.workloads) {
      for (const direction of ['ingress', 'egress'] as const) {
        for (const policy of engine.isolating(workload, direction)) {
          const ids = selected.get(policy) ?? []
          ids.push(JSON.stringify([state.config.name, workload.id]))
          selected.set(policy, ids)
        }
      }
    }
  }
  const batches: { readonly groups: (readonly Plan[])[]; readonly taken: Set<string> }[] = []
  for (const group of groups) {
    const takes = group.flatMap(({ patches }) =>
      patches.flatMap(({ policy }) => [
        JSON.stringify([policy.origin.file.path, policy.origin.document.index]),
        ...(selected.get(policy) ?? []),
      ]),
    )
    let batch = batches.find(({ taken }) => !takes.some((key) => taken.has(key)))
    if (batch === undefined) batches.push((batch = { groups: [], taken: new Set() }))
    batch.groups.push(group)
    for (const key of takes) batch.taken.add(key)
  }
  return batches.map((batch) => batch.groups)
}

/** Plans that make the same edits, together: a file that clusters share changes in all of them at once. */
function alike(plans: readonly Plan[]): readonly (readonly Plan[])[] {
  const groups = new Map<string, Plan[]>()
  for (const plan of plans) {
    const edits = plan.patches.map(({ policy: { origin }, patch }) => [
      origin.file.path,
      origin.document.index,
      origin.route,
      patch,
    ])
    const key = JSON.stringify(edits)
    groups.set(key, [...(groups.get(key) ?? []), plan])
  }
  return [...groups.values()]
}

/** Every proved fix as one, and the fingerprints of what it mends. */
export interface Together {
  readonly fix: Fix | null
  readonly mended: ReadonlySet<string>
}

/** Proves all proved plans at once; where they do not go together, as many as do, in order. */
export async function proveTogether(court: Court, proved: readonly Proved[]): Promise<Together> {
  const plans = proved.filter(({ fix }) => fix !== null).map(({ plan }) => plan)
  const [only, ...others] = proved.filter(({ fix }) => fix !== null)
  if (only === undefined || others.length === 0) return together(plans, only?.fix ?? null)
  const all = await prove(court, plans)
  if (typeof all !== 'string') return together(plans, all)
  let kept: readonly Plan[] = []
  let best: Fix | null = null
  for (const same of alike(plans)) {
    const result = await prove(court, [...kept, ...same])
    if (typeof result === 'string') continue
    kept = [...kept, ...same]
    best = result
  }
  return together(kept, best)
}

function together(plans: readonly Plan[], fix: Fix | null): Together {
  return { fix, mended: new Set(plans.flatMap(({ settles }) => settles)) }
}

/** The fix, or the reason why these plans are none. */
async function prove(court: Court, plans: readonly Plan[]): Promise<Fix | string> {
  const realised = realise(plans.flatMap(({ patches }) => patches))
  if (!realised.ok) return realised.reason
  const after = await court.tryOut(new Map(realised.files.map(({ file, after: text }) => [file.path, text])))
  const trials = court.head.map((before, index): Trial => ({
    before,
    after: after.head[index] as Analysis,
    compared: { before: court.compared[index] as Comparison, after: after.compared[index] as Comparison },
  }))
  const verdict = judge(plans, trials)
  if (!verdict.proved) return verdict.reason
  return asFix(plans, realised.files)
}

/** The fix of plans that were proved together with others. */
function fixOf(plans: readonly Plan[]): Fix | string {
  const realised = realise(plans.flatMap(({ patches }) => patches))
  return realised.ok ? asFix(plans, realised.files) : realised.reason
}

function asFix(plans: readonly Plan[], files: readonly FileEdit[]): Fix {
  return {
    strategy: 'edit',
    text: [...new Set(plans.map(({ text }) => text))].join(' '),
    files: files.map(({ file, edits, after: text }): FileChange => {
      return {
        path: file.path,
        before: file.text,
        after: text,
        edits,
        diff: unifiedDiff(file.path, file.text, text),
      }
    }),
  }
}
