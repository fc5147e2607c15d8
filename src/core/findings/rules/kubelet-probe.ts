// Ambient rewrites the source of kubelet probes to a link-local address (istio cni/pkg/iptables,
// AppendHostRules). Where enforcement sees that address, a policy that isolates the pod drops the probe.
import type { Severity } from '../../config.ts'
import { addressSet, asBlock } from '../../kubernetes/address-set.ts'
import { hasPort } from '../../kubernetes/port-set.ts'
import type { Probe } from '../../kubernetes/kinds/workload.ts'
import type { NetworkPolicy, Workload } from '../../kubernetes/state.ts'
import type { World } from '../../analysis.ts'
import type { Member } from '../../ambient/mesh.ts'
import type { Certainty, Culprit, Finding } from '../finding.ts'
import { closing } from '../closing.ts'
import { admittedFrom, passesOver, primarySources } from '../probe-source.ts'
import type { Peer } from '../../policy/peer.ts'
import { NO_PEERS } from '../../policy/peer-set.ts'
import type { StateRule } from '../rule.ts'
import { enrolled, list, nameMode, namePolicies, shownBy } from '../words.ts'

export const kubeletProbe: StateRule = {
  id: 'kubelet-probe',
  judges: 'state',
  hangsOn: 'own',
  check: (world) => (world.state.network.seesProbeSource === 'no' ? [] : strandedProbes(world)),
}

/** Is there a probe that arrives only because the CNI, as the tree shows it, does not see where it comes from? */
export function probesHangOnCni(world: World): boolean {
  const { basis, seesProbeSource } = world.state.network
  return basis === 'own-objects' && seesProbeSource === 'no' && strandedProbes(world).length > 0
}

/** A finding for each probe that the policies keep out, were its source seen. */
function strandedProbes(world: World): readonly Finding[] {
  return world.mesh.members.flatMap((member) =>
    member.enrollment.state === 'yes' ? blockedProbes(world, member) : [],
  )
}

function blockedProbes(world: World, member: Member): readonly Finding[] {
  const { workload } = member
  if (world.engine.isOpen(workload, 'ingress')) return []
  const blocked = workload.pods.probes.filter(({ port }) =>
    primarySources(world).some((source) => !hasPort(admittedFrom(world, workload, source).sure, 'TCP', port)),
  )
  const ports = [...new Set(blocked.map(({ port }) => port))].sort((a, b) => a - b)
  return ports.map((port) =>
    asFinding(
      world,
      member,
      blocked.filter((probe) => probe.port === port),
    ),
  )
}

function asFinding(world: World, member: Member, probes: readonly Probe[]): Finding {
  const { seesProbeSource } = world.state.network
  const severity: Severity = seesProbeSource === 'believed-not' ? 'note' : 'error'
  const { workload, enrollment } = member
  const port = probes[0]?.port ?? 0
  const peers = { ...NO_PEERS, rest: [addressesOf(primarySources(world))] }
  const closed = closing(world, workload, 'ingress', port, peers)
  // A block that an agent passes over admits the address, as far as the engine can tell.
  const culprits =
    closed.length > 0
      ? closed
      : world.engine.isolating(workload, 'ingress').map((policy) => ({ policy, rule: null }))
  const isolating = [...new Set(culprits.map(({ policy }) => policy))]
  const overlooked = isOverlooked(world, workload, port)
  const doubtful = !overlooked && isDoubtful(world, workload, port)
  const certainty: Certainty = seesProbeSource === 'yes' && !overlooked && !doubtful ? 'certain' : 'possible'
  return {
    rule: 'kubelet-probe',
    severity: doubtful && severity === 'error' ? 'warning' : severity,
    lowered: doubtful || severity === 'note',
    certainty,
    cluster: world.state.config.name,
    workload,
    direction: 'ingress',
    port,
    protocol: 'TCP',
    peers: primarySources(world).map(asBlock),
    lost: [],
    culprits,
    isolatedBy: world.engine.isolating(workload, 'ingress'),
    enrolledBy: [enrollment],
    workloadRoutes: [...probes.map(({ route }) => route), workload.pods.labelsRoute],
    message: overlooked
      ? `${comesFrom(world, member, probes)}. ${namePolicies(isolating)} ${isolating.length === 1 ? 'admits' : 'admit'} that address by a /128, which agents of the AWS CNI are known to pass over (aws-network-policy-agent#509): there, ${failing(probes)}.`
      : doubtful
        ? `${comesFrom(world, member, probes)}. ${doubtOf(world, workload, probes, isolating)}`
        : sentence(world, member, probes, culprits),
  }
}

function addressesOf(sources: readonly string[]): Peer {
  return { kind: 'addresses', addresses: addressSet(sources), pods: false }
}

/** Is every source admitted, if only the agent took the block for what it is? */
function isOverlooked(world: World, workload: Workload, port: number): boolean {
  return primarySources(world).every(
    (source) =>
      passesOver(world.state.network, source) &&
      hasPort(admittedFrom(world, workload, source).perhaps, 'TCP', port),
  )
}

/** Is every source let in if what the tree does not show, such as the blocks of a group, would have it so? */
function isDoubtful(world: World, workload: Workload, port: number): boolean {
  return primarySources(world).every((source) =>
    hasPort(admittedFrom(world, workload, source).perhaps, 'TCP', port),
  )
}

/** Whether what policies let in is the address, or, where none isolates, whether it takes a policy to let it in. */
function doubtOf(
  { engine, state }: World,
  workload: Workload,
  probes: readonly Probe[],
  isolating: readonly NetworkPolicy[],
): string {
  const { config, network } = state
  const fail = failing(probes)
  if (isolating.length === 0 && network.enforcement.mode === 'perhaps-always')
    return `No policy surely admits that address, and whether Cilium denies what none admits is not known (${network.enforcement.doubt ?? ''}): if it does, ${fail}. Set clusters.${config.name}.cilium.policyEnforcementMode to make this exact.`
  const policies = isolating.length > 0 ? isolating : engine.governing(workload, 'ingress')
  return `Whether ${namePolicies(policies)} ${policies.length === 1 ? 'lets' : 'let'} that address in is not known from the tree: if not, and where enforcement sees it, ${fail}.`
}

function failing(probes: readonly Probe[]): string {
  return kindsOf(probes).length === 1 ? 'the probe fails' : 'the probes fail'
}

function kindsOf(probes: readonly Probe[]): readonly string[] {
  return [...new Set(probes.map(({ field }) => field))]
}

/** `Deployment/a/b is enrolled in Ambient (…), so its readinessProbe on 8080/TCP comes from 169.254.7.127`. */
function comesFrom(world: World, { workload, enrollment }: Member, probes: readonly Probe[]): string {
  const kinds = kindsOf(probes)
  const verb = kinds.length === 1 ? 'comes' : 'come'
  return `${enrolled(workload, enrollment)}, so its ${list(kinds)} on ${String(probes[0]?.port ?? 0)}/TCP ${verb} from ${list(primarySources(world))}`
}

function sentence(
  world: World,
  member: Member,
  probes: readonly Probe[],
  culprits: readonly Culprit[],
): string {
  const { cni, seesProbeSource } = world.state.network
  const { name: cluster } = world.state.config
  const policies = [...new Set(culprits.map(({ policy }) => policy))]
  const fail = failing(probes)
  const one = policies.length === 1
  const what = culprits.some(({ rule }) => rule !== null)
    ? `${one ? 'denies' : 'deny'} that address`
    : `${one ? 'isolates it and does' : 'isolate it and do'} not admit that address`
  const evidence = shownBy(world.state.network)
  const sees = seesProbeSource === 'yes' && evidence !== ''
  const seen = sees ? `, which enforcement on ${cni} sees${evidence}` : ''
  const closed = `No policy admits that address${seen}, and ${nameMode(world.state.network)} denies what none admits`
  const fact = `${comesFrom(world, member, probes)}. ${policies.length > 0 ? `${namePolicies(policies)} ${what}` : closed}`
  const remedy = policies.length === 0 ? ' It takes a policy that selects the pods and admits it.' : ''
  switch (seesProbeSource) {
    case 'yes':
      return !sees || policies.length === 0
        ? `${fact}: ${fail}.${remedy}`
        : `${fact}, and enforcement on ${cni} sees it${evidence}: ${fail}.`
    case 'unknown':
      return `${fact}: on a CNI whose enforcement sees it, ${fail}. Which CNI this cluster runs is not known${evidence}; set clusters.${cluster}.cni to make this exact.${remedy}`
    case 'believed-not':
      return `${fact}. Enforcement on ${cni}${evidence} is believed not to see that address; this is not confirmed.`
    case 'no':
      return `${fact}.`
  }
}
