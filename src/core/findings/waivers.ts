// Waivers end. One that is about to is told beforehand, one that has is told with its finding, and one that holds for
// nothing can go. The file that holds them is the only one that a person has to keep in order.
import { daysUntil } from '../calendar.ts'
import type { Waiver } from '../config.ts'
import { compareText } from '../source/problem.ts'
import type { Finding } from './finding.ts'

/** What the waivers say of one finding. */
export interface Waived {
  /** The one that holds; of several, the one that holds longest. */
  readonly waived: Waiver | null
  /** Where none holds: the last of those that did. */
  readonly lapsed: Waiver | null
}

/** Looks a finding up among the waivers; `today` is YYYY-MM-DD. */
export function waivedBy(finding: Finding, waivers: readonly Waiver[], today: string): Waived {
  const longest = waivers
    .filter((waiver) => isFor(waiver, finding))
    .reduce<Waiver | null>((best, one) => (best === null || one.expires > best.expires ? one : best), null)
  if (longest === null) return { waived: null, lapsed: null }
  return today <= longest.expires ? { waived: longest, lapsed: null } : { waived: null, lapsed: longest }
}

/** A waiver that soon ends. */
export interface EndingWaiver {
  readonly waiver: Waiver
  /** Whole days until the last one on which it holds; 0 on that day. */
  readonly days: number
}

/** So many days before its end a waiver is told. */
const NOTICE = 14

/** Of the waivers that hold for these findings, those that soon end: the first to end first, each once. */
export function endingWaivers(
  findings: readonly Pick<Waived, 'waived'>[],
  today: string,
): readonly EndingWaiver[] {
  const held = new Set(findings.flatMap(({ waived }) => waived ?? []))
  return [...held]
    .map((waiver) => ({ waiver, days: daysUntil(today, waiver.expires) }))
    .filter(({ days }) => days <= NOTICE)
    .sort(
      (a, b) =>
        a.days - b.days ||
        compareText(a.waiver.workload, b.waiver.workload) ||
        compareText(a.waiver.rule, b.waiver.rule),
    )
}

/** The waivers for which none of these findings is there, in the order of their file. */
export function idleWaivers(waivers: readonly Waiver[], findings: readonly Finding[]): readonly Waiver[] {
  return waivers.filter((waiver) => !findings.some((finding) => isFor(waiver, finding)))
}

function isFor({ rule, workload }: Waiver, finding: Finding): boolean {
  return rule === finding.rule && workload === finding.workload.id
}
