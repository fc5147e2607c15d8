// HBONE is believed to come from ztunnel. It does not: ztunnel opens its sockets inside the client pod, whose own
// address they carry (ztunnel src/inpod/config.rs, InPodSocketFactory). A rule for ztunnel's pods opens nothing.
import type { Direction, PolicyPeer, PolicyRule } from '../../kubernetes/kinds/policy.ts'
import { hasPort } from '../../kubernetes/port-set.ts'
import type { NetworkPolicy, Workload } from '../../kubernetes/state.ts'
import type { World } from '../../analysis.ts'
import type { Member } from '../../ambient/mesh.ts'
import { selectsZtunnel } from '../../ambient/ztunnel.ts'
import { rulePorts } from '../../policy/rule-matches.ts'
import { grouped } from '../../source/grouped.ts'
import type { Culprit, Finding } from '../finding.ts'
import { meshGate } from '../mesh-gate.ts'
import type { StateRule } from '../rule.ts'
import { because, describePeer, list, namePolicies } from '../words.ts'

export const ztunnelPeer: StateRule = {
  id: 'ztunnel-peer',
  judges: 'state',
  hangsOn: 'any',
  check: (world) =>
    world.state.network.keepsDestinationPort
      ? []
      : (['ingress', 'egress'] as const).flatMap((direction) => findMistaken(world, direction)),
}

/** A policy whose rules let ztunnel through, and the enrolled workloads that have nothing else, in order. */
interface Mistake {
  readonly rules: Set<PolicyRule>
  readonly members: Member[]
}

function findMistaken(world: World, direction: Direction): readonly Finding[] {
  const mistakes = new Map<NetworkPolicy, Mistake>()
  for (const member of world.mesh.members) {
    if (member.enrollment.state !== 'yes') continue
    const opening = openingRules(world, member.workload, direction)
    if (opening.some(({ rule, policy }) => speaksOfOthers(world, direction, rule, policy))) continue
    if (opening.length === 0 || reachesMesh(world, member.workload, direction)) continue
    for (const [policy, own] of grouped(opening, (one) => one.policy)) {
      const rules = own.flatMap(({ rule }) => (rule.peers?.some(isZtunnel) === true ? rule : []))
      if (rules.length === 0) continue
      const mistake = mistakes.get(policy) ?? { rules: new Set(), members: [] }
      for (const rule of rules) mistake.rules.add(rule)
      mistake.members.push(member)
      mistakes.set(policy, mistake)
    }
  }
  return [...mistakes].map(([policy, { rules, members }]) =>
    asFinding(world, direction, policy, [...rules], members),
  )
}

/** The rules that open, or may open, the port of HBONE between a workload and anybody. */
function openingRules(
  { engine, state }: World,
  workload: Workload,
  direction: Direction,
): readonly (Culprit & { readonly rule: PolicyRule })[] {
  const target = direction === 'ingress' ? workload : null
  return engine.admitting(workload, direction).flatMap(({ policy, rule }) => {
    const { perhaps } = rulePorts(rule, target, { kind: 'elsewhere', pods: [], namespaces: [] })
    return hasPort(perhaps, 'TCP', state.config.mesh.hbonePort) ? [{ policy, rule }] : []
  })
}

/** Are mesh peers let through all the same, since nothing denies what no rule speaks of? */
function reachesMesh(world: World, workload: Workload, direction: Direction): boolean {
  const only = (rule: PolicyRule): PolicyRule =>
    rule.peers === null ? rule : { ...rule, peers: rule.peers.filter((peer) => !isZtunnel(peer)) }
  const gate = meshGate(world, workload, direction, world.state.config.mesh.hbonePort, { only })
  // Where policies perhaps isolate, those that do mean ztunnel all the same.
  return gate === 'open' || (gate === 'doubtful' && world.engine.isolation(workload, direction) !== 'maybe')
}

/** Does a rule name mesh peers other than ztunnel? The source of kubelet probes, for one, is none. */
function speaksOfOthers(
  world: World,
  direction: Direction,
  rule: PolicyRule,
  policy: NetworkPolicy,
): boolean {
  if (rule.peers === null) return true
  const peers = rule.peers.filter((peer) => !isZtunnel(peer))
  const finder = direction === 'ingress' ? world.senders : world.receivers
  return peers.length > 0 && finder.ofRule({ ...rule, peers }, policy).length > 0
}

function isZtunnel(peer: PolicyPeer): boolean {
  return peer.kind === 'pods' && selectsZtunnel(peer.pods)
}

function asFinding(
  world: World,
  direction: Direction,
  policy: NetworkPolicy,
  rules: readonly PolicyRule[],
  members: readonly Member[],
): Finding {
  const { config } = world.state
  const { hbonePort } = config.mesh
  return {
    rule: 'ztunnel-peer',
    severity: 'warning',
    lowered: false,
    certainty: 'certain',
    cluster: config.name,
    workload: policy,
    direction,
    port: hbonePort,
    protocol: 'TCP',
    peers: ['any'],
    lost: [],
    culprits: rules.map((rule) => ({ policy, rule })),
    isolatedBy: [],
    enrolledBy: members.map(({ enrollment }) => enrollment),
    workloadRoutes: [],
    message: sentence(policy, rules, members, direction, hbonePort),
  }
}

function sentence(
  policy: NetworkPolicy,
  rules: readonly PolicyRule[],
  members: readonly Member[],
  direction: Direction,
  hbonePort: number,
): string {
  const port = `${String(hbonePort)}/TCP`
  const ztunnel = list([
    ...new Set(
      rules.flatMap(({ peers }) => (peers ?? []).map((peer) => describePeer(peer, policy.namespace.name))),
    ),
  ])
  const who = list(members.map(({ workload }) => workload.id))
  const enrolled = [...new Set(members.map(({ enrollment }) => because(enrollment)))]
  const opening = `${namePolicies([policy])} opens ${port} to ${ztunnel}, and nothing opens it to anybody else for ${who} (enrolled in Ambient: ${list(enrolled)}).`
  return direction === 'ingress'
    ? `${opening} HBONE comes from the client pod's own address, never from ztunnel's, so no mesh peer gets in. Name the clients in that rule.`
    : `${opening} HBONE goes to the destination pod's own address, never to ztunnel's, so no mesh peer is reached. Name the destinations in that rule.`
}
