// Notes on port widening come in herds: one policy widens every workload that it selects. A line a namespace is enough.
import { list } from '../core/findings/words.ts'
import type { ReportFinding } from '../examine/report.ts'
import { grouped } from '../core/source/grouped.ts'

export interface WidenedNamespace {
  readonly namespace: string
  /** The cluster, where the report speaks of several; null where there is no other. */
  readonly among: string | null
  /** What is to be said of it, below the namespace's name: one sentence. */
  readonly sentence: (name: (id: string) => string) => string
}

/** Takes those notes out of a list; severities that a configuration has raised are said in full. */
export function apartFromWidenings(findings: readonly ReportFinding[]): {
  readonly others: readonly ReportFinding[]
  readonly widened: readonly WidenedNamespace[]
} {
  const isHerd = ({ rule, severity, change, waived }: ReportFinding): boolean =>
    rule === 'port-widening' && severity === 'note' && change === 'introduced' && waived === null
  const herds = grouped(findings.filter(isHerd), ({ cluster, workload }) =>
    JSON.stringify([cluster, workload.namespace.name]),
  )
  return {
    others: findings.filter((finding) => !isHerd(finding)),
    widened: [...herds.values()].flatMap((herd) =>
      herd.slice(0, 1).map(({ workload, port, among }) => ({
        namespace: workload.namespace.name,
        among,
        sentence: (name) =>
          `peers that policies limit to some ports reach every port of ${list(
            herd.map((finding) => name(finding.workload.id)),
            4,
          )} through ${String(port)}/TCP, and no AuthorizationPolicy keeps the limit`,
      })),
    ),
  }
}
