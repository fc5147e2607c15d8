// A CiliumClusterwideNetworkPolicy that lets kubelet probes in, and by that alone closes every pod that it selects to
// everything else: before `enableDefaultDeny` (Cilium 1.16) Istio's own documentation showed it so. Sources: istio.io,
// ambient/install/platform-prerequisites; docs.cilium.io, security/policy/intro, "Policy enforcement modes".
import type { ClusterConfig } from '../../config.ts'
import { addressSet, coversAddresses, unionAddresses } from '../../kubernetes/address-set.ts'
import type { AddressSet } from '../../kubernetes/address-set.ts'
import { implies } from '../../kubernetes/labels.ts'
import type { ClusterState, NetworkPolicy } from '../../kubernetes/state.ts'
import type { World } from '../../analysis.ts'
import { list, namePolicies } from '../words.ts'
import type { Finding } from '../finding.ts'
import type { StateRule } from '../rule.ts'

export const hostProbePolicy: StateRule = {
  id: 'host-probe-policy',
  judges: 'state',
  check: (world) =>
    world.state.policies
      .filter((policy) => isForProbes(policy, world.state.config) && !isolatedAnyway(policy, world.state))
      .map((policy) => asFinding(world, policy)),
}

/** Does all that a policy lets in come from where probes come from, and does it isolate? */
function isForProbes(policy: NetworkPolicy, { mesh }: ClusterConfig): boolean {
  const { ingress, isolates, subjects } = policy.spec
  if (policy.kind !== 'CiliumClusterwideNetworkPolicy' || !isolates.ingress || subjects.length === 0)
    return false
  const sources = unionAddresses(addressSet(mesh.probeSources), NEAR_PROBES)
  const blocks = (ingress ?? []).flatMap(({ action, peers }): (AddressSet | null)[] =>
    action === 'allow'
      ? (peers ?? [null]).map((peer) => (peer?.kind === 'block' ? peer.addresses : null))
      : [],
  )
  return blocks.length > 0 && blocks.every((block) => block !== null && coversAddresses(sources, block))
}

/** Whoever writes the probe sources by hand may write a block around them, and both families of them. */
const NEAR_PROBES = addressSet(['169.254.0.0/16', 'fe80::/10', 'fd16:9254:7127:1337:ffff::/80'])

/** Where another policy closes all of its pods, this one closes nothing more. */
function isolatedAnyway(policy: NetworkPolicy, { config, policies }: ClusterState): boolean {
  return policy.spec.subjects.every((subject) =>
    policies.some(
      (other) =>
        other !== policy &&
        other.spec.isolates.ingress &&
        other.spec.ingress !== null &&
        other.spec.subjects.some(
          (wide) =>
            wide.namespaces !== null &&
            implies(subject.pods, wide.pods) &&
            implies(subject.namespaces ?? [], wide.namespaces),
        ) &&
        !isForProbes(other, config),
    ),
  )
}

function asFinding(world: World, policy: NetworkPolicy): Finding {
  const { config } = world.state
  const closed = world.state.workloads.filter((workload) => {
    const isolating = world.engine.isolating(workload, 'ingress')
    return isolating.length === 1 && isolating[0] === policy
  })
  const who = closed.length === 0 ? 'pods that nothing else closes' : list(closed.map(({ id }) => id))
  return {
    rule: 'host-probe-policy',
    severity: 'error',
    lowered: false,
    certainty: 'certain',
    cluster: config.name,
    workload: policy,
    direction: 'ingress',
    port: config.mesh.hbonePort,
    protocol: 'TCP',
    peers: ['any'],
    lost: [],
    culprits: [{ policy, rule: null }],
    isolatedBy: [],
    enrolledBy: [],
    workloadRoutes: [],
    message: `${namePolicies([policy])} lets kubelet probes in, and puts every pod that it selects into default deny: nothing but probes reaches ${who} any more. Add enableDefaultDeny with ingress: false and egress: false to its spec.`,
  }
}
