// The policies of all engines as the twin of test/twin/engines.test.ts is given them: objects as they stand in YAML.
import type { LabelSelector, NamespaceObject, NetworkPolicy } from './cluster.ts'

export interface Pod {
  readonly name: string
  readonly namespace: string
  readonly labels: Readonly<Record<string, string>>
  readonly account: string
  readonly ports: readonly {
    readonly name: string
    readonly containerPort: number
    readonly protocol: string
  }[]
}

interface Metadata {
  readonly name: string
  readonly namespace?: string
  readonly labels?: Readonly<Record<string, string>>
}

/** A list of the rules of Cilium; `from…` in ingress, `to…` in egress. */
export interface CiliumRule {
  readonly fromEndpoints?: readonly LabelSelector[]
  readonly toEndpoints?: readonly LabelSelector[]
  readonly fromEntities?: readonly string[]
  readonly toEntities?: readonly string[]
  readonly fromCIDR?: readonly string[]
  readonly toCIDR?: readonly string[]
  readonly fromCIDRSet?: readonly { readonly cidr: string; readonly except?: readonly string[] }[]
  readonly toCIDRSet?: readonly { readonly cidr: string; readonly except?: readonly string[] }[]
  readonly toPorts?: readonly {
    readonly ports: readonly {
      readonly port: string
      readonly endPort?: number
      readonly protocol?: string
    }[]
  }[]
}

export interface CiliumPolicy {
  readonly apiVersion: 'cilium.io/v2'
  readonly kind: 'CiliumNetworkPolicy' | 'CiliumClusterwideNetworkPolicy'
  readonly metadata: Metadata
  readonly spec: {
    readonly endpointSelector: LabelSelector
    readonly enableDefaultDeny?: { readonly ingress?: boolean; readonly egress?: boolean }
    readonly ingress?: readonly CiliumRule[]
    readonly egress?: readonly CiliumRule[]
    readonly ingressDeny?: readonly CiliumRule[]
    readonly egressDeny?: readonly CiliumRule[]
  }
}

export interface CalicoEntity {
  readonly nets?: readonly string[]
  readonly notNets?: readonly string[]
  readonly selector?: string
  readonly notSelector?: string
  readonly namespaceSelector?: string
  readonly serviceAccounts?: { readonly names: readonly string[] }
  readonly ports?: readonly (number | string)[]
  readonly notPorts?: readonly (number | string)[]
}

export interface CalicoRule {
  readonly action: string
  readonly protocol?: string | number
  readonly source?: CalicoEntity
  readonly destination?: CalicoEntity
}

export interface CalicoPolicy {
  readonly apiVersion: string
  readonly kind: 'NetworkPolicy' | 'GlobalNetworkPolicy'
  readonly metadata: Metadata
  readonly spec: {
    readonly tier?: string
    readonly order?: number
    readonly selector?: string
    readonly namespaceSelector?: string
    readonly types?: readonly string[]
    readonly ingress?: readonly CalicoRule[]
    readonly egress?: readonly CalicoRule[]
  }
}

export interface CalicoTier {
  readonly apiVersion: 'projectcalico.org/v3'
  readonly kind: 'Tier'
  readonly metadata: Metadata
  readonly spec: { readonly order?: number; readonly defaultAction?: string }
}

export interface CalicoSet {
  readonly apiVersion: 'projectcalico.org/v3'
  readonly kind: 'GlobalNetworkSet'
  readonly metadata: Metadata
  readonly spec: { readonly nets: readonly string[] }
}

export interface AdminPeer {
  readonly namespaces?: LabelSelector
  readonly pods?: { readonly namespaceSelector: LabelSelector; readonly podSelector: LabelSelector }
  readonly nodes?: LabelSelector
  readonly networks?: readonly string[]
}

export interface AdminPort {
  readonly portNumber?: { readonly protocol: string; readonly port: number }
  readonly portRange?: { readonly protocol: string; readonly start: number; readonly end: number }
  readonly namedPort?: string
}

export interface AdminRule {
  readonly action: string
  readonly from?: readonly AdminPeer[]
  readonly to?: readonly AdminPeer[]
  readonly ports?: readonly AdminPort[]
}

export interface AdminPolicy {
  readonly apiVersion: 'policy.networking.k8s.io/v1alpha1'
  readonly kind: 'AdminNetworkPolicy' | 'BaselineAdminNetworkPolicy'
  readonly metadata: Metadata
  readonly spec: {
    readonly priority?: number
    readonly subject: AdminPeer
    readonly ingress?: readonly AdminRule[]
    readonly egress?: readonly AdminRule[]
  }
}

export interface EngineCluster {
  readonly cni: 'cilium' | 'calico' | 'ovn-kubernetes'
  readonly namespaces: readonly NamespaceObject[]
  readonly pods: readonly Pod[]
  readonly kubernetes: readonly NetworkPolicy[]
  readonly cilium: readonly CiliumPolicy[]
  readonly calico: readonly CalicoPolicy[]
  readonly tiers: readonly CalicoTier[]
  readonly sets: readonly CalicoSet[]
  readonly admin: readonly AdminPolicy[]
}

export interface Packet {
  readonly from: Pod | string
  readonly to: Pod | string
  readonly port: number
  readonly protocol: 'TCP' | 'UDP' | 'SCTP'
}

/** All pods live here, and all nodes there; pods have no other address than one of these. */
export const POD_CIDR = '10.244.0.0/16'
export const NODE_CIDR = '192.168.7.0/24'
