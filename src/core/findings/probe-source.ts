// Where kubelet probes come from once Ambient has rewritten their source, and whether policies let them in.
import type { World } from '../analysis.ts'
import { addressSet, familyOf } from '../kubernetes/address-set.ts'
import type { Network } from '../kubernetes/network.ts'
import type { Workload } from '../kubernetes/state.ts'
import type { Allowance } from '../policy/engine.ts'

/** The addresses that probes come from: the kubelet dials a pod by its primary address family. */
export function primarySources({ state }: World): readonly string[] {
  const { mesh } = state.config
  const primary = mesh.probeSources.filter((source) => familyOf(source) === state.network.primaryFamily)
  return primary.length > 0 ? primary : mesh.probeSources
}

/** What the policies of a workload admit from a probe source. */
export function admittedFrom({ engine, state }: World, workload: Workload, source: string): Allowance {
  const addresses = addressSet([passesOver(state.network, source) ? `${source}/127` : source])
  return engine.allows(workload, { kind: 'addresses', addresses, pods: false }, 'ingress')
}

/**
 * The agent of the AWS CNI takes an IPv6 /128 for IPv4 and passes over it (aws-network-policy-agent#509; which versions
 * do not is not known): only a block that holds more than the address is sure to admit it there.
 */
export function passesOver({ cni }: Network, source: string): boolean {
  return cni === 'aws' && familyOf(source) === 'IPv6' && !source.includes('/')
}
