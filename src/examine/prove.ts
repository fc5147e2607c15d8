// The proof: plans are applied to a copy of the head, which is loaded and analysed again, and core judges.
import { judge, realise } from '../core/index.ts'
import type { Analysis, Comparison, Plan, Trial } from '../core/index.ts'
import { unifiedDiff } from '../core/source/unified-diff.ts'
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

/** Proves each plan by itself; plans of several clusters that make the same edits are one. */
export async function proveEach(court: Court, plans: readonly Plan[]): Promise<readonly Proved[]> {
  const proved: Proved[] = []
  for (const same of alike(plans)) {
    const result = await prove(court, same)
    for (const plan of same) {
      proved.push(
        typeof result === 'string' ? { plan, fix: null, reason: result } : { plan, fix: result, reason: '' },
      )
    }
  }
  return proved
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

/** Proves all proved plans at once; where they do not go together, as many as do, in order. */
export async function proveTogether(court: Court, proved: readonly Proved[]): Promise<Fix | null> {
  const plans = proved.filter(({ fix }) => fix !== null).map(({ plan }) => plan)
  const [only, ...others] = proved.filter(({ fix }) => fix !== null)
  if (only === undefined || others.length === 0) return only?.fix ?? null
  const all = await prove(court, plans)
  if (typeof all !== 'string') return all
  let kept: readonly Plan[] = []
  let best: Fix | null = null
  for (const same of alike(plans)) {
    const result = await prove(court, [...kept, ...same])
    if (typeof result === 'string') continue
    kept = [...kept, ...same]
    best = result
  }
  return best
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
  return {
    strategy: 'edit',
    text: [...new Set(plans.map(({ text }) => text))].join(' '),
    files: realised.files.map(({ file, edits, after: text }): FileChange => {
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
