// The proof: plans are applied to a copy of the head, which is loaded and analysed again, and core judges.
import { STRATEGIES, judge, realise } from '../core/index.ts'
import type { Analysis, Comparison, Plan, Strategy, Trial } from '../core/index.ts'
import { documentKey, documentsOf } from '../core/fixes/change.ts'
import { planKey } from '../core/fixes/plan.ts'
import { list } from '../core/findings/words.ts'
import { grouped } from '../core/source/grouped.ts'
import { compareText } from '../core/source/problem.ts'
import { unifiedDiff } from '../core/source/unified-diff.ts'
import type { NetworkPolicy } from '../core/kubernetes/state.ts'
import type { FileEdit } from '../core/fixes/realise.ts'
import type { FileChange, Fix } from './report.ts'

/** What plans are proved against. */
export interface Court {
  readonly head: readonly Analysis[]
  readonly compared: readonly Comparison[]
  /** Loads and analyses the head with some files replaced or added, and compares it with the same base. */
  readonly tryOut: (edits: ReadonlyMap<string, string>) => Promise<{
    readonly head: readonly Analysis[]
    readonly compared: readonly Comparison[]
  }>
}

export interface Proved {
  readonly plan: Plan
  readonly fix: Fix | null
  /** Fingerprints of what the fix mends in the plan's cluster: what it is made for, and whatever goes with that. */
  readonly mends: readonly string[]
  /** Why there is no fix; empty where there is one. */
  readonly reason: string
}

/** Proves each plan; plans of several clusters that make the same edits are one. */
export async function proveEach(court: Court, plans: readonly Plan[]): Promise<readonly Proved[]> {
  const results = new Map<Plan, Proof | string>()
  for (const batch of independent(court, alike(plans))) await proveBatch(court, batch, results)
  return plans.map((plan) => {
    const result = results.get(plan) ?? 'it was not tried'
    return typeof result === 'string'
      ? { plan, fix: null, mends: [], reason: result }
      : { plan, fix: result.fix, mends: result.mends(plan), reason: '' }
  })
}

/** Groups of plans, each of which is proved or refused as a whole. */
type Groups = readonly (readonly Plan[])[]

/**
 * One trial for plans that have nothing in common: what each of them changes, none of the others can mend or
 * break. Where the trial fails, each half is tried, down to the plan that is to blame.
 */
async function proveBatch(court: Court, groups: Groups, results: Map<Plan, Proof | string>): Promise<void> {
  const [first = [], ...others] = groups
  const together = await prove(court, groups.flat())
  if (others.length > 0 && typeof together === 'string') {
    const half = Math.ceil(groups.length / 2)
    await proveBatch(court, groups.slice(0, half), results)
    await proveBatch(court, groups.slice(half), results)
    return
  }
  for (const group of groups) {
    const isAlone = group === first && others.length === 0
    const result = isAlone || typeof together === 'string' ? together : partOf(together, group)
    for (const plan of group) results.set(plan, result)
  }
}

/**
 * Groups in batches, in which no two write to one document or open one workload, in any cluster that reads what they
 * write. Findings hang on the policies that select a workload, so what a plan does to others is nothing. Which
 * clusters render a kustomization is not known here: what goes through one is tried with its like alone, so that
 * nothing it does elsewhere is taken for the work of another plan.
 */
function independent({ head }: Court, groups: Groups): readonly Groups[] {
  const byPolicy = new Map<NetworkPolicy, Set<string>>()
  const byDocument = new Map<string, Set<string>>()
  const note = <K>(map: Map<K, Set<string>>, key: K, workload: string): void => {
    map.set(key, (map.get(key) ?? new Set()).add(workload))
  }
  for (const { state, engine } of head) {
    for (const workload of state.workloads) {
      const id = JSON.stringify([state.config.name, workload.id])
      for (const direction of ['ingress', 'egress'] as const)
        for (const policy of engine.governing(workload, direction)) note(byPolicy, policy, id)
    }
  }
  for (const [policy, workloads] of byPolicy) {
    const { origin } = policy
    for (const { file, document } of origin.making?.layers ?? [origin])
      for (const workload of workloads) note(byDocument, documentKey(file, document), workload)
  }
  const batches: {
    readonly groups: (readonly Plan[])[]
    readonly taken: Set<string>
    readonly company: string
  }[] = []
  for (const group of groups) {
    const documents = group.flatMap(({ changes }) => changes.flatMap(documentsOf))
    const policies = group.flatMap((plan) => plan.policies)
    const takes = [
      ...documents,
      ...documents.flatMap((document) => [...(byDocument.get(document) ?? [])]),
      ...policies.flatMap((policy) => [...(byPolicy.get(policy) ?? [])]),
    ]
    const plain = head.length === 1 || policies.every(({ origin }) => origin.making === null)
    const company = plain ? '' : JSON.stringify(clustersOf(group))
    let batch = batches.find((one) => one.company === company && !takes.some((key) => one.taken.has(key)))
    if (batch === undefined) batches.push((batch = { groups: [], taken: new Set(), company }))
    batch.groups.push(group)
    for (const key of takes) batch.taken.add(key)
  }
  return batches.map((batch) => batch.groups)
}

/** Plans that make the same edits, together: a file that clusters share changes in all of them at once. */
function alike(plans: readonly Plan[]): Groups {
  return [...grouped(plans, planKey).values()]
}

function clustersOf(plans: readonly Plan[]): readonly string[] {
  return [...new Set(plans.map(({ cluster }) => cluster))].sort(compareText)
}

/** Every proved fix as one, and the fingerprints of what it mends. */
export interface Together {
  readonly fix: Fix | null
  readonly mended: ReadonlySet<string>
}

/** Proves all proved plans at once; where they do not go together, as many as do, in order. */
export async function proveTogether(court: Court, proved: readonly Proved[]): Promise<Together> {
  const held = proved.filter(({ fix }) => fix !== null)
  const plans = held.map(({ plan }) => plan)
  const groups = alike(plans)
  // A group was proved as a whole.
  if (groups.length < 2) return together(held, held[0]?.fix ?? null)
  const all = await prove(court, plans)
  if (typeof all !== 'string') return together(held, all.fix)
  let kept: readonly Plan[] = []
  let best: Fix | null = null
  for (const same of groups) {
    const result = await prove(court, [...kept, ...same])
    if (typeof result === 'string') continue
    kept = [...kept, ...same]
    best = result.fix
  }
  return together(
    held.filter(({ plan }) => kept.includes(plan)),
    best,
  )
}

function together(proved: readonly Proved[], fix: Fix | null): Together {
  return { fix, mended: new Set(proved.flatMap(({ mends }) => mends)) }
}

/** What was proved at once. */
interface Proof {
  readonly fix: Fix
  /** Fingerprints that the trial left. */
  readonly left: ReadonlySet<string>
  /** Of what went in the trial, that of the workloads which a plan is for: no two plans of a trial have one in common. */
  readonly mends: (plan: Plan) => readonly string[]
}

/** The fix, or the reason why these plans are none. */
async function prove(court: Court, plans: readonly Plan[]): Promise<Proof | string> {
  const realised = realise(plans.flatMap(({ changes }) => changes))
  if (!realised.ok) return realised.reason
  const after = await court.tryOut(new Map(realised.files.map(({ path, after: text }) => [path, text])))
  const states = after.head
  if (court.head.some(({ state }, index) => states[index]?.state.config.name !== state.config.name))
    return 'it would change which clusters there are'
  const trials = court.head.map((before, index): Trial => ({
    before,
    after: states[index] as Analysis,
    compared: { before: court.compared[index] as Comparison, after: after.compared[index] as Comparison },
  }))
  const verdict = judge(plans, trials)
  if (!verdict.proved) return verdict.reason
  const left = new Set(
    trials.flatMap(({ compared }) =>
      compared.after.findings.flatMap(({ change, fingerprint }) =>
        change === 'resolved' ? [] : [fingerprint],
      ),
    ),
  )
  return {
    fix: asFix(plans, realised.files, left),
    left,
    mends: (plan) =>
      trials.flatMap((trial) =>
        trial.before.state.config.name === plan.cluster ? mendedBy(plan, trial) : [],
      ),
  }
}

function mendedBy({ settles }: Plan, { compared: { before, after } }: Trial): readonly string[] {
  const left = new Set(
    after.findings.filter(({ change }) => change !== 'resolved').map(({ fingerprint }) => fingerprint),
  )
  const workloads = new Set(
    before.findings
      .filter(({ fingerprint }) => settles.includes(fingerprint))
      .map(({ workload }) => workload.id),
  )
  return before.findings
    .filter(
      ({ change, fingerprint, workload }) =>
        change !== 'resolved' && workloads.has(workload.id) && !left.has(fingerprint),
    )
    .map(({ fingerprint }) => fingerprint)
}

/** The proof of plans that were proved together with others. */
function partOf(proof: Proof, plans: readonly Plan[]): Proof | string {
  const realised = realise(plans.flatMap(({ changes }) => changes))
  return realised.ok ? { ...proof, fix: asFix(plans, realised.files, proof.left) } : realised.reason
}

/** What stood behind a loss that is sure, and is left of its finding. */
const REST = 'What may be lost besides is told once that is in.'

function asFix(plans: readonly Plan[], files: readonly FileEdit[], left: ReadonlySet<string>): Fix {
  const rest = plans.some(({ settles }) => settles.some((id) => left.has(id))) ? [REST] : []
  const texts = alike(plans).flatMap((same) => [...same.map(({ text }) => text), ...sharedBy(same)])
  return {
    strategy: furthest(plans.map(({ strategy }) => strategy)),
    text: [...new Set([...texts, ...rest])].join(' '),
    files: files.map(({ path, before, edits, after }): FileChange => ({
      path,
      created: before === null,
      before: before ?? '',
      after,
      edits,
      diff: unifiedDiff(path, before, after),
    })),
  }
}

/** Plans of several clusters that change the same: what they change is shared, and a sentence says by whom. */
function sharedBy(same: readonly Plan[]): readonly string[] {
  const clusters = clustersOf(same)
  if (clusters.length < 2) return []
  return [`The clusters ${list(clusters, 10)} share what this changes.`]
}

/** What the strategies of several fixes come to in one word: the one that goes furthest from where the list stands. */
export function furthest(strategies: readonly Strategy[]): Strategy {
  return STRATEGIES.findLast((strategy) => strategies.includes(strategy)) ?? 'edit'
}
