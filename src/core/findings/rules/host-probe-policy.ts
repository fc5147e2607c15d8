// A CiliumClusterwideNetworkPolicy that lets kubelet probes in, and by that alone closes every pod that it selects to
// everything else: before `enableDefaultDeny` (Cilium 1.16) Istio's own documentation showed it so. Sources: istio.io,
// ambient/install/platform-prerequisites; docs.cilium.io, security/policy/intro, "Policy enforcement modes".
import type { ClusterConfig } from '../../config.ts'
import { NAMESPACE_NAME_LABEL, implies } from '../../kubernetes/labels.ts'
import type { Selector } from '../../kubernetes/labels.ts'
import type { ClusterState, NetworkPolicy } from '../../kubernetes/state.ts'
import type { World } from '../../analysis.ts'
import { admitsOnlyProbes } from '../only-probes.ts'
import { list, namePolicies } from '../words.ts'
import type { Finding } from '../finding.ts'
import type { StateRule } from '../rule.ts'

export const hostProbePolicy: StateRule = {
  id: 'host-probe-policy',
  judges: 'state',
  hangsOn: 'any',
  check: (world) =>
    world.index.byNamespace
      .get('')
      .filter((policy) => isForProbes(policy, world.state.config) && !isolatedAnyway(policy, world.state))
      .map((policy) => asFinding(world, policy)),
}

/** Does it let probes in and nothing else, and does it isolate? */
function isForProbes(policy: NetworkPolicy, config: ClusterConfig): boolean {
  return policy.spec.isolates.ingress && admitsOnlyProbes(policy, config)
}

/** Where another policy, or the mode of Cilium, closes all of its pods, this one closes nothing more; nor does it unenforced. */
function isolatedAnyway(policy: NetworkPolicy, { config, network, policies }: ClusterState): boolean {
  if (network.enforcement.mode === 'always' || network.stages.length === 0) return true
  return policy.spec.subjects.every((subject) =>
    policies.some(
      (other) =>
        other !== policy &&
        other.spec.isolates.ingress &&
        other.spec.ingress !== null &&
        other.spec.subjects.some(
          (wide) =>
            implies(subject.pods, wide.pods) &&
            implies(subject.namespaces ?? [], wide.namespaces ?? within(other.namespace.name)),
        ) &&
        !isForProbes(other, config),
    ),
  )
}

/** A policy without a word about namespaces is about its own. */
function within(namespace: string): Selector {
  return [{ key: NAMESPACE_NAME_LABEL, operator: 'In', values: [namespace] }]
}

function asFinding(world: World, policy: NetworkPolicy): Finding {
  const { config } = world.state
  const closed = world.state.workloads.filter((workload) => {
    const isolating = world.engine.isolating(workload, 'ingress')
    return isolating.length === 1 && isolating[0] === policy
  })
  const who = closed.length === 0 ? 'pods that nothing else closes' : list(closed.map(({ id }) => id))
  // As Istio's documentation has it, unless the policy means to close the other direction.
  const remedy = policy.spec.isolates.egress ? 'ingress: false' : 'ingress: false and egress: false'
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
    message: `${namePolicies([policy])} lets kubelet probes in, and puts every pod that it selects into default deny: nothing but probes reaches ${who} any more. Add enableDefaultDeny with ${remedy} to its spec.`,
  }
}
