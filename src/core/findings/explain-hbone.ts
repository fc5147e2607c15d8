// The chain behind lost HBONE, told with one peer as the example: how it is in the mesh, which rule admits it on
// application ports, and that nothing admits it on the port by which the mesh delivers.
import type { World } from '../analysis.ts'
import type { Role } from '../ambient/mesh.ts'
import { NAMESPACE_NAME_LABEL, describeSelector, matches } from '../kubernetes/labels.ts'
import type { Selector } from '../kubernetes/labels.ts'
import { hasPort } from '../kubernetes/port-set.ts'
import type { Direction, PolicyPeer } from '../kubernetes/kinds/policy.ts'
import type { NetworkPolicy, Workload } from '../kubernetes/state.ts'
import type { Allowance, RuleHit } from '../policy/engine.ts'
import { podsName } from '../policy/peer.ts'
import type { Peer } from '../policy/peer.ts'
import { culpritRoute } from './finding.ts'
import type { Culprit, Finding } from './finding.ts'
import { admittedStep, enrolledStep, isolationSteps, noneOf, policyName, ruleName, step } from './step.ts'
import type { Step } from './step.ts'
import { namePeers } from './words.ts'

export function explainHbone(finding: Finding, workload: Workload, world: World): readonly Step[] {
  const { direction, isolatedBy, peers, port } = finding
  const role: Role = direction === 'ingress' ? 'sends' : 'receives'
  const example = findExample(finding, workload, world, role)
  const selected = isolationSteps(isolatedBy, direction, world.state.network.enforcement)
  const denial = finding.culprits.find(({ rule }) => rule?.action === 'deny')
  const closed = (who: string, doubtful: boolean): Step => {
    if (denial !== undefined) return deniedStep(denial, who, port, doubtful)
    const by = doubtful ? `${noneOf(isolatedBy)} surely` : noneOf(isolatedBy)
    const verb = direction === 'ingress' ? `admits ${who}` : `lets traffic to ${who} out`
    return { text: `${by} ${verb} on ${String(port)}/TCP, by which the mesh delivers`, at: null }
  }
  if (example === null) return [...selected, closed(namePeers(peers), false)]
  const { peer, allowance } = example
  const guilty = new Set(finding.culprits.map(({ rule }) => rule))
  const open = allowance.hits.filter(({ perhaps }) => perhaps.TCP.length > 0)
  const hit = open.find(({ rule }) => guilty.has(rule)) ?? open[0]
  return [
    ...selected,
    ...peerSteps(peer, workload, world, role, peers.length),
    ...(hit === undefined
      ? []
      : [admittedStep(hit, direction), ...unservedStep(hit, workload, peer, direction)]),
    closed('it', hasPort(allowance.perhaps, 'TCP', port)),
  ]
}

/** What is denied stays so, whatever any rule admits. */
function deniedStep({ policy, rule }: Culprit, who: string, port: number, doubtful: boolean): Step {
  const by = rule === null ? policyName(policy) : `${ruleName(rule)} of ${policyName(policy)}`
  const text = `${by} ${doubtful ? 'may deny' : 'denies'} ${who} on ${String(port)}/TCP, by which the mesh delivers`
  return step(text, policy.origin, culpritRoute({ policy, rule }))
}

/** Who declares ports, and none that the rule admits, may not be meant by it. */
function unservedStep(hit: RuleHit, workload: Workload, peer: Peer, direction: Direction): readonly Step[] {
  const target = direction === 'ingress' ? workload : peer.kind === 'workload' ? peer.workload : null
  const declared = target?.declaredPorts ?? []
  if (target === null || declared.length === 0) return []
  if (declared.some((port) => hasPort(hit.perhaps, 'TCP', port))) return []
  const text = `${target.id} declares other ports (${declared.join(', ')})`
  return [step(text, target.origin, ['metadata'])]
}

interface Example {
  readonly peer: Peer
  readonly allowance: Allowance
}

/** The first peer, those in the mesh for certain first, that is admitted on some port and not on that of the mesh. */
function findExample(finding: Finding, workload: Workload, world: World, role: Role): Example | null {
  for (const peer of candidates(finding, world, role)) {
    const allowance = world.engine.allows(workload, peer, finding.direction)
    const admitted = allowance.hits.some(({ perhaps }) => perhaps.TCP.length > 0)
    if (admitted && !hasPort(allowance.sure, 'TCP', finding.port)) return { peer, allowance }
  }
  return null
}

function* candidates({ culprits, peers }: Finding, { mesh, state }: World, role: Role): Generator<Peer> {
  const named = new Set(peers)
  const byId = mesh.members.filter(({ workload }) => named.has(workload.id))
  for (const side of ['certain', 'possible'] as const) {
    for (const member of byId)
      if (member[role] === side) yield { kind: 'workload', workload: member.workload }
  }
  for (const { policy, rule } of culprits) {
    for (const peer of rule?.peers ?? []) {
      if (peer.kind !== 'pods' || !named.has(podsName(peer.pods, namespacesOf(peer, policy)))) continue
      const spaces = [...state.namespaces.values()].filter(
        (namespace) => namespace.known && matches(namespacesOf(peer, policy), namespace.labels),
      )
      for (const side of ['certain', 'possible'] as const) {
        for (const namespace of spaces)
          if (mesh.podsSide(peer.pods, namespace, role) === side)
            yield { kind: 'pods', pods: peer.pods, namespace }
      }
      yield { kind: 'elsewhere', pods: peer.pods, namespaces: namespacesOf(peer, policy) }
    }
  }
  // `any`, or a block: whoever is in the mesh.
  for (const side of ['certain', 'possible'] as const) {
    for (const member of mesh.members)
      if (member[role] === side) yield { kind: 'workload', workload: member.workload }
  }
}

function namespacesOf(peer: PolicyPeer & { readonly kind: 'pods' }, { namespace }: NetworkPolicy): Selector {
  return peer.namespaces ?? [{ key: NAMESPACE_NAME_LABEL, operator: 'In', values: [namespace.name] }]
}

/** How the example is in the mesh. */
function peerSteps(peer: Peer, self: Workload, world: World, role: Role, all: number): readonly Step[] {
  const example = all > 1 ? `, one of ${String(all)} peers,` : ''
  switch (peer.kind) {
    case 'workload': {
      const { workload } = peer
      const { enrollment, [role]: side } = world.mesh.member(workload)
      if (workload === self)
        return [{ text: `another replica of it${example} is enrolled as well`, at: null }]
      if (enrollment.state === 'yes') return [enrolledStep(workload, enrollment, example)]
      const verbs = role === 'sends' ? ['sends', 'may send'] : ['receives', 'may receive']
      const why =
        workload.gateway !== null
          ? `it is a Gateway of the class ${workload.gateway}`
          : side === 'certain'
            ? 'a sidecar is injected into its pods'
            : enrollment.because
      const text = `${workload.id}${example} ${verbs[side === 'certain' ? 0 : 1] ?? ''} HBONE: ${why}`
      return [step(text, workload.origin, ['metadata'])]
    }
    case 'pods': {
      const { namespace, pods } = peer
      const what = `${pods.length === 0 ? 'pods' : `pods ${describeSelector(pods)}`} in ${namespace.name}${example}`
      const certain = world.mesh.podsSide(pods, namespace, role) === 'certain'
      const text = certain
        ? `${what} that the tree does not show are in the mesh by the labels of that namespace`
        : `${what} that the tree does not show may be in the mesh`
      return [
        namespace.origin === null ? { text, at: null } : step(text, namespace.origin, ['metadata', 'labels']),
      ]
    }
    case 'elsewhere': {
      const who = namePeers([podsName(peer.pods, peer.namespaces)])
      return [{ text: `${who} may be in the mesh: the tree does not describe all of that`, at: null }]
    }
    case 'addresses':
      return []
  }
}
