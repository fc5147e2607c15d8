// The network of a cluster: which CNI enforces its policies, what that means for probes and blocks, and where
// its pods and nodes live.
import { CNI_PROFILES } from '../config.ts'
import type { ClusterConfig, Cni } from '../config.ts'
import { addressSet } from './address-set.ts'
import type { AddressSet, IpFamily } from './address-set.ts'

export interface Network {
  readonly cni: Cni
  /** Does enforcement see the address that Ambient gives to kubelet probes? */
  readonly seesProbeSource: 'yes' | 'unknown' | 'believed-not' | 'no'
  /** Do blocks of addresses apply to pods? */
  readonly blocksMatchPods: boolean
  /** The family by which the kubelet dials pods. */
  readonly primaryFamily: IpFamily
  /** null: not known. */
  readonly pods: AddressSet | null
  /** null: not known. */
  readonly nodes: AddressSet | null
}

/** What the configuration says of a cluster's network. */
export function networkOf({ cni, ipFamilies, podCIDRs, nodeCIDRs }: ClusterConfig): Network {
  return {
    cni,
    ...CNI_PROFILES[cni],
    primaryFamily: ipFamilies[0] ?? 'IPv4',
    pods: podCIDRs === null ? null : addressSet(podCIDRs),
    nodes: nodeCIDRs.length === 0 ? null : addressSet(nodeCIDRs),
  }
}
