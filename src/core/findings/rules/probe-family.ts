// A dual-stack cluster, and policies that let kubelet probes in by their first address family alone. Ambient
// rewrites the source of each family to an address of its own (istio cni/pkg/nodeagent/options.go,
// DefaultHostProbeSNATIP and DefaultHostProbeSNATIPV6). Where the first one is closed, kubelet-probe speaks.
import type { Severity } from '../../config.ts'
import { asBlock, familyOf } from '../../kubernetes/address-set.ts'
import { hasPort } from '../../kubernetes/port-set.ts'
import type { NetworkPolicy } from '../../kubernetes/state.ts'
import type { World } from '../../analysis.ts'
import type { Member } from '../../ambient/mesh.ts'
import { compareText } from '../../source/problem.ts'
import type { Finding } from '../finding.ts'
import { admittedFrom, primarySources } from '../probe-source.ts'
import type { StateRule } from '../rule.ts'
import { enrolled, list, namePolicies, shownBy } from '../words.ts'

export const probeFamily: StateRule = {
  id: 'probe-family',
  judges: 'state',
  hangsOn: 'own',
  check: (world) => {
    const { config, network } = world.state
    const others = config.mesh.probeSources.filter(
      (source) =>
        familyOf(source) !== network.primaryFamily &&
        config.ipFamilies.includes(familyOf(source)) &&
        !primarySources(world).includes(source),
    )
    if (others.length === 0 || network.seesProbeSource === 'no') return []
    return world.mesh.members.flatMap((member) =>
      member.enrollment.state === 'yes' ? halfAdmitted(world, member, others) : [],
    )
  },
}

/** The probe ports that the first family reaches and the other does not: a finding for each. */
function halfAdmitted(world: World, member: Member, others: readonly string[]): readonly Finding[] {
  const { workload } = member
  if (world.engine.isOpen(workload, 'ingress')) return []
  const ports = [...new Set(workload.pods.probes.map(({ port }) => port))].sort((a, b) => a - b)
  return ports.flatMap((port) => {
    const admits = (source: string): boolean =>
      hasPort(admittedFrom(world, workload, source).sure, 'TCP', port)
    const missing = others.filter((source) => !admits(source))
    const whole = primarySources(world).every(admits)
    return whole && missing.length > 0 ? [asFinding(world, member, port, missing)] : []
  })
}

function asFinding(world: World, member: Member, port: number, missing: readonly string[]): Finding {
  const { seesProbeSource } = world.state.network
  const { workload, enrollment } = member
  const severity: Severity = seesProbeSource === 'believed-not' ? 'note' : 'warning'
  const admitting = primarySources(world)
    .flatMap((source) => admittedFrom(world, workload, source).hits)
    .filter(({ sure }) => hasPort(sure, 'TCP', port))
  const probes = workload.pods.probes.filter((probe) => probe.port === port)
  return {
    rule: 'probe-family',
    severity,
    lowered: severity === 'note',
    certainty: seesProbeSource === 'yes' ? 'certain' : 'possible',
    cluster: world.state.config.name,
    workload,
    direction: 'ingress',
    port,
    protocol: 'TCP',
    peers: missing.map(asBlock).sort(compareText),
    lost: [],
    culprits: admitting.map(({ policy, rule }) => ({ policy, rule })),
    isolatedBy: world.engine.isolating(workload, 'ingress'),
    enrolledBy: [enrollment],
    workloadRoutes: [...probes.map(({ route }) => route), workload.pods.labelsRoute],
    message: sentence(
      world,
      member,
      port,
      missing,
      admitting.map(({ policy }) => policy),
    ),
  }
}

function sentence(
  { state: { config, network } }: World,
  { workload, enrollment }: Member,
  port: number,
  missing: readonly string[],
  policies: readonly NetworkPolicy[],
): string {
  const { cni, primaryFamily, seesProbeSource } = network
  const [first = ''] = missing
  const verb = new Set(policies).size === 1 ? 'lets' : 'let'
  const fact = `${enrolled(workload, enrollment)}. For its probes on ${String(port)}/TCP ${namePolicies(policies)} ${verb} in the ${primaryFamily} source alone, and not ${list(missing)}: wherever the kubelet dials the pods by ${familyOf(first)}, the probe fails`
  switch (seesProbeSource) {
    case 'unknown':
      return `${fact}, if enforcement sees that address. Which CNI this cluster runs is not known${shownBy(network)}; set clusters.${config.name}.cni to make this exact.`
    case 'believed-not':
      return `${fact}, if enforcement sees that address; on ${cni}${shownBy(network)} it is believed not to, which is not confirmed.`
    case 'yes':
    case 'no':
      return `${fact}.`
  }
}
