// What `assume` says: the comment over a baseline, and what it left out.
import { printable } from './text.ts'

/** What makes a baseline; further policy kinds and Rollouts are added to its list where a cluster has them. */
export const MAKE_BASELINE =
  'kubectl get ns,netpol,deploy,sts,ds,job,cronjob,pod,svc,gateways.gateway.networking.k8s.io -A -o yaml | ambient-guard assume'

/** The first lines of every baseline. */
export const BASELINE_HEADER = `# What runs in a cluster, as far as ambient-guard reads it: for assume.manifests. Not written by hand; make it anew with
#   ${MAKE_BASELINE}
`

type Counts = readonly { readonly kind: string; readonly count: number }[]

/** One line about what is not in the baseline, or null where everything is. */
export function leftOutText(
  leftOut: Readonly<Record<'owned' | 'irrelevant' | 'nameless', Counts>>,
): string | null {
  const parts = [
    said(leftOut.owned, 'that another object of the dump makes'),
    said(
      leftOut.irrelevant,
      `that ${total(leftOut.irrelevant) === 1 ? 'says' : 'say'} nothing about who reaches whom`,
    ),
    said(leftOut.nameless, 'without a name'),
  ].filter((part) => part !== null)
  return parts.length === 0 ? null : `Left out: ${parts.join('; ')}.`
}

function total(counts: Counts): number {
  return counts.reduce((sum, { count }) => sum + count, 0)
}

function said(counts: Counts, why: string): string | null {
  if (counts.length === 0) return null
  return `${counts.map(({ kind, count }) => `${String(count)} ${printable(count === 1 ? kind : plural(kind))}`).join(', ')} ${why}`
}

/** `Pods`, `NetworkPolicies`, `Ingresses`; Endpoints and SecurityContextConstraints are many already. */
function plural(kind: string): string {
  if (kind.endsWith('ts')) return kind
  if (/[^aeiou]y$/.test(kind)) return kind.replace(/y$/, 'ies')
  return /(s|x|ch|sh)$/.test(kind) ? `${kind}es` : `${kind}s`
}
