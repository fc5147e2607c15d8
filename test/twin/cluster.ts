// What the twin evaluator is given: objects as they stand in YAML, and what is known of the cluster's addresses.

export interface LabelSelector {
  readonly matchLabels?: Readonly<Record<string, string>>
  readonly matchExpressions?: readonly {
    readonly key: string
    readonly operator: string
    readonly values?: readonly string[]
  }[]
}

export interface PolicyPort {
  readonly protocol?: string
  readonly port?: number | string
  readonly endPort?: number
}

export interface PolicyPeer {
  readonly podSelector?: LabelSelector
  readonly namespaceSelector?: LabelSelector
  readonly ipBlock?: { readonly cidr: string; readonly except?: readonly string[] }
}

/** `null` and an absent key are one to the API server. */
export interface PolicyRule {
  readonly from?: readonly PolicyPeer[] | null
  readonly to?: readonly PolicyPeer[] | null
  readonly ports?: readonly PolicyPort[] | null
}

export interface NetworkPolicy {
  readonly apiVersion: 'networking.k8s.io/v1'
  readonly kind: 'NetworkPolicy'
  readonly metadata: { readonly name: string; readonly namespace: string }
  readonly spec: {
    readonly podSelector?: LabelSelector
    readonly policyTypes?: readonly string[]
    readonly ingress?: readonly PolicyRule[] | null
    readonly egress?: readonly PolicyRule[] | null
  }
}

export interface NamespaceObject {
  readonly apiVersion: 'v1'
  readonly kind: 'Namespace'
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> }
}

export interface Container {
  readonly name: string
  readonly image: string
  readonly restartPolicy?: string
  readonly ports?: readonly {
    readonly name?: string
    readonly containerPort: number
    readonly protocol?: string
  }[]
  readonly readinessProbe?: object
}

export interface Pod {
  readonly metadata: { readonly labels?: Readonly<Record<string, string>> }
  readonly spec: {
    readonly hostNetwork?: boolean
    readonly initContainers?: readonly Container[]
    readonly containers: readonly Container[]
  }
}

/** Of any kind that makes pods; `pod` is the part of `object` that describes them. */
export interface Workload {
  readonly kind: string
  readonly name: string
  readonly namespace: string
  readonly pod: Pod
  readonly object: Readonly<Record<string, unknown>>
}

export interface Cluster {
  readonly namespaces: readonly NamespaceObject[]
  readonly workloads: readonly Workload[]
  readonly policies: readonly NetworkPolicy[]
  readonly network: {
    readonly cni: 'unknown' | 'cilium' | 'calico'
    readonly ipFamilies: readonly ('IPv4' | 'IPv6')[]
    /** Where pods get their addresses; null: nobody says. */
    readonly podCIDRs: readonly string[] | null
    /** Where pods on the host network have theirs; empty: nobody says. */
    readonly nodeCIDRs: readonly string[]
  }
}

export interface Question {
  /** `Kind/namespace/name`, an address or a block. */
  readonly from: string
  readonly to: string
  readonly port: number | string
  readonly protocol: 'TCP' | 'UDP' | 'SCTP'
}
