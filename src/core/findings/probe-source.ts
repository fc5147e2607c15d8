// Where kubelet probes come from once Ambient has rewritten their source, and whether policies let them in.
import type { World } from '../analysis.ts'
import { addressSet, familyOf } from '../kubernetes/address-set.ts'
import type { Workload } from '../kubernetes/state.ts'
import type { Allowance } from '../policy/engine.ts'

/** The addresses that probes come from: the kubelet dials a pod by its primary address family. */
export function primarySources({ state }: World): readonly string[] {
  const { mesh } = state.config
  const primary = mesh.probeSources.filter((source) => familyOf(source) === state.network.primaryFamily)
  return primary.length > 0 ? primary : mesh.probeSources
}

/** What the policies of a workload admit from a probe source. */
export function admittedFrom({ engine }: World, workload: Workload, source: string): Allowance {
  return engine.allows(
    workload,
    { kind: 'addresses', addresses: addressSet([source]), pods: false },
    'ingress',
  )
}
