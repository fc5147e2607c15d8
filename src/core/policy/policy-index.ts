// The policies of a state by where they look for pods. Of a state that is another one but for the policies of some
// namespaces, the lists of all other namespaces are the very same: whoever compares two states sees by that where
// nothing changed.
import type { ClusterState, NetworkPolicy } from '../kubernetes/state.ts'
import { groupsOf } from '../source/groups.ts'
import type { Groups } from '../source/groups.ts'

export interface PolicyIndex {
  /** Those that look beyond their own namespace for the pods that they select. */
  readonly wide: readonly NetworkPolicy[]
  /** All of a namespace, by its name; those of the whole cluster are in `''`. */
  readonly byNamespace: Groups<NetworkPolicy>
  /** Those of the tiers of Calico. */
  readonly tiered: readonly NetworkPolicy[]
}

export function indexPolicies({ policies }: ClusterState): PolicyIndex {
  return {
    wide: policies.filter(isWide),
    byNamespace: groupsOf(policies, ({ namespace }) => namespace.name),
    tiered: policies.filter(({ spec }) => spec.rank.stage === 'calico-tiers'),
  }
}

/** The index of a state in which some namespaces have these policies, of which none is wide or in a tier. */
export function amendIndex(
  before: PolicyIndex,
  policies: ReadonlyMap<string, readonly NetworkPolicy[]>,
): PolicyIndex {
  return { ...before, byNamespace: before.byNamespace.with(policies) }
}

/** The policies of a namespace that look for pods there and nowhere else. */
export function narrowIn({ byNamespace }: PolicyIndex, namespace: string): readonly NetworkPolicy[] {
  return byNamespace.get(namespace).filter((policy) => !isWide(policy))
}

/** Does a policy look beyond its own namespace for the pods that it selects? */
function isWide({ spec }: NetworkPolicy): boolean {
  return spec.subjects.some(({ namespaces }) => namespaces !== null)
}
