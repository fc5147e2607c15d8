// Policies of Cilium for the whole cluster that are there for kubelet probes and nothing else: what one of them closes
// is not meant, and one that closes nothing has room for further probes.
import type { ClusterConfig } from '../config.ts'
import { addressSet, coversAddresses, unionAddresses } from '../kubernetes/address-set.ts'
import type { AddressSet } from '../kubernetes/address-set.ts'
import type { NetworkPolicy } from '../kubernetes/state.ts'

/** Does all that a CiliumClusterwideNetworkPolicy lets in come from where probes come from? */
export function admitsOnlyProbes({ kind, spec }: NetworkPolicy, { mesh }: ClusterConfig): boolean {
  if (kind !== 'CiliumClusterwideNetworkPolicy' || spec.subjects.length === 0) return false
  const sources = unionAddresses(addressSet(mesh.probeSources), NEAR_PROBES)
  const blocks = (spec.ingress ?? []).flatMap(({ action, peers }): (AddressSet | null)[] =>
    action === 'allow'
      ? (peers ?? [null]).map((peer) => (peer?.kind === 'block' ? peer.addresses : null))
      : [],
  )
  return blocks.length > 0 && blocks.every((block) => block !== null && coversAddresses(sources, block))
}

/** Whoever writes the probe sources by hand may write a block around them, and both families of them. */
const NEAR_PROBES = addressSet(['169.254.0.0/16', 'fe80::/10', 'fd16:9254:7127:1337:ffff::/80'])
