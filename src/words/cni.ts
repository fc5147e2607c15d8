// What the CNI of each cluster has to do with the report, said once: only where a finding, or a silence, hangs on it.
import type { RuleId } from '../core/config.ts'
import type { Report, ReportCluster } from '../examine/report.ts'

/** What they say depends on whether enforcement sees the probe source. */
const PROBE_RULES: readonly RuleId[] = ['kubelet-probe', 'probe-family']

/** One sentence for each cluster that needs it; usually none. Plain text, names and paths unescaped. */
export function cniSentences({ clusters, findings }: Report): readonly string[] {
  return clusters.flatMap((cluster) => {
    const where = clusters.length > 1 ? ` on ${cluster.name}` : ''
    const hangs = findings.some(
      ({ rule, change, cluster: name }) =>
        PROBE_RULES.includes(rule) && change !== 'resolved' && name === cluster.name,
    )
    const sentence = about(cluster, where, hangs)
    return sentence === null ? [] : [sentence]
  })
}

function about(
  { cni, evidence, detected, settles }: ReportCluster,
  where: string,
  hangs: boolean,
): string | null {
  switch (settles) {
    case 'policies':
      return `NetworkPolicies have no effect${where}: ${cni} enforces none (${evidence}).`
    case 'probes':
      return `Policies do not stop kubelet probes${where}: ${cni} does not see where they come from (${evidence}).`
    case 'nothing':
      return detected && hangs ? `Judged for ${cni}${where} (${evidence}).` : null
  }
}
