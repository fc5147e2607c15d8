// The policies of a state by where they look for pods. Of a state that is another one but for the policies of some
// namespaces, the lists of all other namespaces are the very same: whoever compares two states sees by that where
// nothing changed.
import type { ClusterState, NetworkPolicy } from '../kubernetes/state.ts'
import { grouped } from '../source/grouped.ts'

export interface PolicyIndex {
  /** Those that look beyond their own namespace for the pods that they select. */
  readonly wide: readonly NetworkPolicy[]
  /** All of a namespace, by its name; those of the whole cluster are in `''`. */
  readonly byNamespace: ReadonlyMap<string, readonly NetworkPolicy[]>
  /** Those of the tiers of Calico. */
  readonly tiered: readonly NetworkPolicy[]
}

export function indexPolicies({ policies }: ClusterState): PolicyIndex {
  return {
    wide: policies.filter(isWide),
    byNamespace: grouped(policies, ({ namespace }) => namespace.name),
    tiered: policies.filter(({ spec }) => spec.rank.stage === 'calico-tiers'),
  }
}

/**
 * The index of a state that differs from that of `before` in these namespaces, whose policies are given, and in none
 * that is wide or in a tier.
 */
export function amendIndex(
  before: PolicyIndex,
  namespaces: ReadonlySet<string>,
  policies: readonly NetworkPolicy[],
): PolicyIndex {
  const byNamespace = new Map(before.byNamespace)
  for (const name of namespaces) byNamespace.delete(name)
  for (const [name, own] of grouped(policies, ({ namespace }) => namespace.name)) byNamespace.set(name, own)
  return { ...before, byNamespace }
}

/** The policies of a namespace that look for pods there and nowhere else. */
export function narrowIn({ byNamespace }: PolicyIndex, namespace: string): readonly NetworkPolicy[] {
  return (byNamespace.get(namespace) ?? []).filter((policy) => !isWide(policy))
}

/** Does a policy look beyond its own namespace for the pods that it selects? */
function isWide({ spec }: NetworkPolicy): boolean {
  return spec.subjects.some(({ namespaces }) => namespaces !== null)
}
