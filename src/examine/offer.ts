// Which fix each finding is offered: strategy after strategy, until one is proved; and where none is, why.
import { STRATEGIES, adviseByHand, adviseOnRefusal, propose } from '../core/index.ts'
import type { Analysis, ComparedFinding, Touched } from '../core/index.ts'
import { proveEach, proveTogether } from './prove.ts'
import type { Court, Proved, Together } from './prove.ts'
import type { Fix, OfferedFinding } from './report.ts'

export interface Offers extends Together {
  /** Those of all clusters, in their order. */
  readonly findings: readonly OfferedFinding[]
}

/** Finds a proved fix for each finding that can have one; `touched` is in the order of the court's clusters. */
export async function offerFixes(
  court: Court,
  touched: readonly Touched[],
  isAsked: (cluster: string) => boolean,
): Promise<Offers> {
  const proved: Proved[] = []
  const fixes = new Map<string, Fix>()
  /** The first plan that was refused for each finding: the one that changes least. */
  const refused = new Map<string, Proved>()
  for (const strategy of STRATEGIES) {
    const plans = court.head.flatMap((analysis, index) => {
      const findings = court.compared[index]?.findings ?? []
      const left = findings.filter((finding) => isAsked(finding.cluster) && !fixes.has(keyOf(finding)))
      return propose(analysis, left, touched[index] as Touched, strategy)
    })
    if (plans.length === 0) continue
    for (const verdict of await proveEach(court, plans)) {
      const { plan, fix, mends } = verdict
      if (fix !== null) proved.push(verdict)
      for (const fingerprint of new Set([...plan.settles, ...mends])) {
        const key = keyOf({ cluster: plan.cluster, fingerprint })
        if (fix === null) {
          if (!refused.has(key)) refused.set(key, verdict)
        } else if (plan.settles.includes(fingerprint) || !fixes.has(key)) fixes.set(key, fix)
      }
    }
  }
  const findings = court.head.flatMap((analysis, index) =>
    (court.compared[index]?.findings ?? []).map((finding): OfferedFinding => {
      const key = keyOf(finding)
      const fix = fixes.get(key) ?? null
      const advice =
        fix === null ? adviseOn(finding, refused.get(key), analysis, touched[index] as Touched) : null
      return { ...finding, fix, advice }
    }),
  )
  return { ...(await proveTogether(court, proved)), findings }
}

function adviseOn(
  finding: ComparedFinding,
  refused: Proved | undefined,
  analysis: Analysis,
  touched: Touched,
): string | null {
  return refused === undefined
    ? adviseByHand(analysis, finding, touched)
    : adviseOnRefusal(analysis, finding, refused.plan, refused.reason)
}

function keyOf({ cluster, fingerprint }: Pick<ComparedFinding, 'cluster' | 'fingerprint'>): string {
  return JSON.stringify([cluster, fingerprint])
}
