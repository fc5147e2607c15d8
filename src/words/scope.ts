// How much was looked at, and where.
import { list } from '../core/findings/words.ts'
import type { Report } from '../examine/report.ts'

/** `2 workloads (1 enrolled) in 1 namespace, 3 policies`; clusters may share names, so several are counted. */
export function scope({ clusters, summary }: Pick<Report, 'clusters' | 'summary'>): string {
  const { workloads, enrolled, namespaces, policies } = summary
  const over = clusters.length > 1 ? ` of ${amount(clusters.length, 'cluster')}` : ''
  return `${amount(workloads, 'workload')} (${String(enrolled)} enrolled) in ${amount(namespaces, 'namespace')}${over}, ${amount(policies, 'policy', 'policies')}`
}

/** ` in prod`, ` in c0, c1, c2 and 7 more`; empty where clusters need no name. `name` writes one. */
export function inClusters(clusters: readonly string[], name: (cluster: string) => string): string {
  return clusters.length === 0 ? '' : ` in ${list(clusters.map(name), 4)}`
}

/** `3 errors`, `1 warning`. */
export function amount(count: number, noun: string, plural: string = `${noun}s`): string {
  return `${String(count)} ${count === 1 ? noun : plural}`
}
