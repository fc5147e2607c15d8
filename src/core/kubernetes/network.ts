// The network of a cluster: which CNI enforces its policies, how that is known, what it means for probes and blocks,
// and where its pods and nodes live.
import type { ClusterConfig } from '../config.ts'
import { addressSet } from './address-set.ts'
import type { AddressSet, IpFamily } from './address-set.ts'
import { profileOf } from './cni-profiles.ts'
import type { Cni, PolicyStage } from './cni-profiles.ts'
import { detectCni } from './detect-cni.ts'
import { enforcementOf } from './enforcement.ts'
import type { Enforcement } from './enforcement.ts'
import type { Manifest } from './manifest.ts'
import type { Place } from './origin.ts'
import { strictModeIn } from './strict-mode.ts'
import type { StrictMode } from './strict-mode.ts'

export interface Network {
  /** On a hint, what is hinted at; all but the probe source and blocks then counts as for `unknown`. */
  readonly cni: Cni
  /** What the CNI is known by; only what is configured, or an engine's own objects, may silence anything. */
  readonly basis: 'configuration' | 'own-objects' | 'hint' | 'nothing'
  /** A piece of a sentence: what shows it, or why it is not known. */
  readonly because: string
  /** Where the first of what speaks of a CNI stands; null where it is configured, or nothing does. */
  readonly at: Place | null
  /** Does enforcement see the address that Ambient gives to kubelet probes? */
  readonly seesProbeSource: 'yes' | 'unknown' | 'believed-not' | 'no'
  /** Do blocks of addresses apply to pods? On `perhaps` they still speak of pods, and settle nothing. */
  readonly blocksMatchPods: boolean | 'perhaps'
  /** Where policies decide, in order; empty where nothing enforces them. */
  readonly stages: readonly PolicyStage[]
  readonly enforcement: Enforcement
  /** What says that pods which no policy selects are closed, where something does. */
  readonly strict: StrictMode | null
  /** API groups of policies that are enforced beside those of Kubernetes. */
  readonly ownPolicies: readonly string[]
  /** Do policies see the port of the application on what goes straight between pods of the mesh? */
  readonly keepsDestinationPort: boolean
  /** The family by which the kubelet dials pods. */
  readonly primaryFamily: IpFamily
  readonly families: readonly IpFamily[]
  /** null: not known. */
  readonly pods: AddressSet | null
  /** null: not known. */
  readonly nodes: AddressSet | null
}

/** What the configuration says of a cluster's network, and, where it names no CNI, what the manifests show. */
export function networkOf(config: ClusterConfig, manifests: readonly Manifest[]): Network {
  const { cni: configured, ipFamilies, podCIDRs, nodeCIDRs, mesh } = config
  const known =
    configured === null
      ? detectCni(manifests)
      : ({
          cni: configured,
          engine: configured,
          basis: 'configuration',
          because: 'the configuration says so',
          at: null,
        } as const)
  const { engine, ...shown } = known
  // Policies that only one engine reads are in no cluster without it: its API would refuse them.
  const enforcing = profileOf(engine ?? (known.basis === 'hint' ? 'unknown' : known.cni))
  const enforcement = enforcementOf(config, known, manifests)
  const { seesProbeSource, blocksMatchPods } = profileOf(known.cni)
  return {
    ...shown,
    seesProbeSource,
    // A hint does not make a block that admits everybody worthless, and does not let it settle anything.
    blocksMatchPods: blocksMatchPods || (known.basis === 'hint' && 'perhaps'),
    stages: enforcement.mode === 'never' ? [] : enforcing.stages,
    enforcement,
    strict: known.cni === 'aws' ? strictModeIn(manifests) : null,
    ownPolicies: engine === null ? [] : (enforcing.ownPolicies ?? []),
    keepsDestinationPort:
      mesh.keepsDestinationPort ??
      (enforcing.stages.includes('calico-tiers') && manifests.some(isIstioOfCalico)),
    primaryFamily: ipFamilies[0] ?? 'IPv4',
    families: ipFamilies,
    pods: podCIDRs === null ? null : addressSet(podCIDRs),
    nodes: nodeCIDRs.length === 0 ? null : addressSet(nodeCIDRs),
  }
}

/** Is it known that nobody enforces policies of this API group? Where it may be otherwise, they are not known. */
export function ignoresPolicies({ cni, basis, stages }: Network, group: string): boolean {
  if (basis === 'hint' || basis === 'nothing') return false
  const { ownPolicies } = profileOf(cni)
  if (stages.length === 0) return true
  // Any engine may implement the API of the Kubernetes project.
  return ownPolicies !== null && group !== 'policy.networking.k8s.io' && !ownPolicies.includes(group)
}

/**
 * The Istio that Calico's operator installs has a ztunnel of its own, which marks packets so that Felix sees the port of
 * the application; through waypoints it is 15008 all the same (docs.tigera.io, operations/istio/deploy-istio-ambient).
 */
function isIstioOfCalico({ apiVersion, kind }: Manifest): boolean {
  return kind === 'Istio' && apiVersion.startsWith('operator.tigera.io/')
}
