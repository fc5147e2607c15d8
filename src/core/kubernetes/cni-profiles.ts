// What each CNI makes of network policies, as far as it decides a verdict. Sources: docs/rules/kubelet-probe.md for
// the probe source, each project's documentation for the rest.

/**
 * Where policies decide, in order; what a stage does not decide falls through to the next, and what none decides is
 * allowed. Calico keeps everything in tiers of its own, Kubernetes policies among them in the tier `default`.
 */
export type PolicyStage = 'admin' | 'network-policies' | 'baseline' | 'calico-tiers'

interface CniProfile {
  /** Does enforcement see the address that Ambient gives to kubelet probes? */
  readonly seesProbeSource: 'yes' | 'unknown' | 'believed-not' | 'no'
  /** Do blocks of addresses apply to pods? */
  readonly blocksMatchPods: boolean
  /** Empty: nothing enforces policies. */
  readonly stages: readonly PolicyStage[]
  /** The API groups of the policies of its own that it enforces; null: it may be any. */
  readonly ownPolicies: readonly string[] | null
}

const KUBERNETES: readonly PolicyStage[] = ['admin', 'network-policies', 'baseline']
/** The API of the Kubernetes project for Admin and Baseline tiers. */
const ADMIN_POLICIES = 'policy.networking.k8s.io'
/** Admin policies since 3.29 (docs.tigera.io, "Kubernetes admin network policy"). */
const CALICO_POLICIES = ['projectcalico.org', 'crd.projectcalico.org', ADMIN_POLICIES]
const CILIUM = {
  seesProbeSource: 'yes',
  blocksMatchPods: false,
  stages: KUBERNETES,
  ownPolicies: ['cilium.io'],
} as const
const CALICO = { blocksMatchPods: true, stages: ['calico-tiers'], ownPolicies: CALICO_POLICIES } as const
const PLAIN = { blocksMatchPods: true, stages: KUBERNETES, ownPolicies: [] } as const

export const CNI_PROFILES = {
  cilium: CILIUM,
  // FQDN policies need Dataplane V2 (cloud.google.com, GKE, "Control Pod egress traffic using FQDN network policies").
  'gke-dataplane-v2': { ...CILIUM, ownPolicies: ['cilium.io', 'networking.gke.io'] },
  'azure-cilium': CILIUM,
  'calico-ebpf': { ...CALICO, seesProbeSource: 'yes' },
  aws: { ...PLAIN, seesProbeSource: 'yes', ownPolicies: ['networking.k8s.aws'] },
  'ovn-kubernetes': { ...PLAIN, seesProbeSource: 'yes', ownPolicies: [ADMIN_POLICIES] },
  calico: { ...CALICO, seesProbeSource: 'no' },
  'kube-router': { ...PLAIN, seesProbeSource: 'no' },
  k3s: { ...PLAIN, seesProbeSource: 'no' },
  kindnet: { ...PLAIN, seesProbeSource: 'no' },
  canal: { ...CALICO, seesProbeSource: 'believed-not' },
  antrea: { ...PLAIN, seesProbeSource: 'believed-not', ownPolicies: ['crd.antrea.io', ADMIN_POLICIES] },
  'azure-npm': { ...PLAIN, seesProbeSource: 'believed-not' },
  // A network without a policy engine: policies are stored, and nobody enforces them.
  flannel: { ...PLAIN, seesProbeSource: 'no', stages: [] },
  unknown: { ...PLAIN, seesProbeSource: 'unknown', ownPolicies: null },
} as const satisfies Readonly<Record<string, CniProfile>>

export type Cni = keyof typeof CNI_PROFILES

/** In which Cilium enforces policies (docs.cilium.io, security/policy/intro, "Policy Enforcement Modes"). */
export const ENFORCEMENT_MODES = ['default', 'always', 'never'] as const

export type EnforcementMode = (typeof ENFORCEMENT_MODES)[number]

/** The profile of a CNI, with its fields as wide as they may be. */
export function profileOf(cni: Cni): CniProfile {
  return CNI_PROFILES[cni]
}
