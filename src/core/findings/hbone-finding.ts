// What both HBONE rules make of the peers that a workload loses.
import type { World } from '../analysis.ts'
import type { Member } from '../ambient/mesh.ts'
import { NO_PORTS, describePorts, noPorts, unionPorts } from '../kubernetes/port-set.ts'
import type { Direction } from '../kubernetes/kinds/policy.ts'
import type { Workload } from '../kubernetes/state.ts'
import type { Finding } from './finding.ts'
import { anyCertain, namesOf, spellFew } from './lost-names.ts'
import { lostPeers } from './lost-peers.ts'
import type { Loss, LostPeers } from './lost-peers.ts'
import { enrolled, list, namePeers, namePolicies } from './words.ts'

/** One finding for each workload that loses peers in a direction: enrolled, or with a proxy that speaks HBONE, too. */
export function hboneFindings(world: World, direction: Direction): readonly Finding[] {
  // What goes straight keeps its port there; the way through a waypoint is judged by itself.
  if (world.state.network.keepsDestinationPort) return []
  return world.mesh.members.flatMap((member) => {
    const enrolled = member.enrollment.state === 'yes'
    if (!enrolled && !(direction === 'egress' ? isProxy(member) : isTunnel(member))) return []
    const losses = lostPeers(world, member.workload, direction, enrolled ? 'mesh' : 'ambient')
    return losses.length === 0 ? [] : [asFinding(world, member, direction, losses)]
  })
}

/** A sidecar that takes HBONE, which ambient clients send it: gateways and other sidecars keep to its own ports. */
function isTunnel({ receives, workload }: Member): boolean {
  return receives === 'certain' && workload.gateway === null
}

/** A gateway or sidecar, which sends HBONE to ambient pods; the way on from a waypoint is judged with the way to it. */
function isProxy({ sends, workload }: Member): boolean {
  return sends === 'certain' && workload.gateway !== 'istio-waypoint'
}

function asFinding(world: World, member: Member, direction: Direction, all: readonly Loss[]): Finding {
  const certain = all.filter(({ lost }) => lost.some((group) => group.certainty === 'certain'))
  const certainty = certain.length > 0 ? 'certain' : 'possible'
  const losses = certain.length > 0 ? certain : all
  const found = losses.flatMap((loss) => loss.lost.filter((group) => group.certainty === certainty))
  const lost = spellFew(found, world, direction)
  const peers = namesOf(lost, world.population)
  const { workload, enrollment } = member
  return {
    rule: direction === 'ingress' ? 'hbone-ingress' : 'hbone-egress',
    severity: certainty === 'certain' ? 'error' : 'warning',
    lowered: certainty !== 'certain',
    certainty,
    cluster: world.state.config.name,
    workload,
    direction,
    port: world.state.config.mesh.hbonePort,
    protocol: 'TCP',
    peers,
    lost,
    // Rules that are only possibly at fault count, too: a fix that left them would not settle the finding.
    culprits: [...losses, ...all.filter((loss) => !losses.includes(loss))].map(({ culprit }) => culprit),
    isolatedBy: world.engine.isolating(workload, direction),
    enrolledBy: [enrollment],
    workloadRoutes: [workload.pods.labelsRoute],
    message: sentence(world, member, direction, losses, lost, peers),
  }
}

function sentence(
  world: World,
  member: Member,
  direction: Direction,
  losses: readonly Loss[],
  lost: readonly LostPeers[],
  peers: readonly string[],
): string {
  const denied = losses.filter((loss) => loss.denied)
  if (denied.length > 0) return deniedSentence(world, member, direction, denied, lost, peers)
  const { workload } = member
  const port = `${String(world.state.config.mesh.hbonePort)}/TCP`
  const numbers = losses.reduce((sum, loss) => unionPorts(sum, loss.ports), NO_PORTS)
  const names = [...new Set(losses.flatMap((loss) => loss.names))].map((name) => `the port named ${name}`)
  const ports = list([...(noPorts(numbers) ? [] : [describePorts(numbers)]), ...names])
  const policies = losses.map(({ culprit }) => culprit.policy)
  const one = new Set(policies).size === 1
  const verb = direction === 'ingress' ? (one ? 'admits' : 'admit') : one ? 'lets it reach' : 'let it reach'
  const opening = `${standing(member, direction)}. ${namePolicies(policies)} ${verb} ${namePeers(peers, workload.id)} on ${ports}`
  const fate =
    direction === 'ingress'
      ? `arrives on ${port}, which no policy admits from there`
      : `goes to ${port} there, which no policy admits`
  if (lost.every(({ certainty }) => certainty === 'certain')) {
    return `${opening}, but mesh traffic ${fate}: those connections time out.`
  }
  const [arrives, what] = direction === 'ingress' ? ['arrives', 'was let in'] : ['goes', 'was let out']
  if (lost.every(({ doubt }) => doubt === 'rule')) {
    const asked = [...new Set(losses.flatMap(({ culprit }) => culprit.rule?.doubt ?? []))]
    const may = direction === 'ingress' ? 'may admit' : 'may let it reach'
    return `${standing(member, direction)}. ${namePolicies(policies)} ${may} ${namePeers(peers, workload.id)} on ${ports}${asked.length > 0 ? ` (${list(asked)})` : ''}, and not on ${port}, where mesh traffic ${arrives}. What comes through the mesh is cut off; whether any of it ${what} is not known from the tree.`
  }
  if (names.length === 0 && lost.every(({ doubt }) => doubt === 'mesh') && anyCertain(lost, world, direction))
    return `${opening}, and not for sure on ${port}, where mesh traffic ${arrives}: what comes through the mesh may be cut off.`
  return `${opening}, and not on ${port}, where mesh traffic ${arrives}. What comes through the mesh is cut off; ${names.length > 0 ? 'whether a port is called that there is not known from the tree' : doubt(workload, direction, lost, peers)}.`
}

/** `Deployment/a/b is enrolled in Ambient (…)`, or what else makes it one of the mesh. */
function standing({ workload, enrollment }: Member, direction: Direction): string {
  if (enrollment.state === 'yes') return enrolled(workload, enrollment)
  const how =
    direction === 'ingress'
      ? 'has a sidecar that takes HBONE (its pods carry networking.istio.io/tunnel: http)'
      : workload.gateway === null
        ? 'has a proxy of the mesh, which sends HBONE to ambient pods'
        : 'is a gateway of the mesh, which sends HBONE to ambient pods'
  return `${workload.id} ${how}`
}

/** What is denied stays denied, whatever other policies admit: only the policy that denies it can change that. */
function deniedSentence(
  world: World,
  member: Member,
  direction: Direction,
  losses: readonly Loss[],
  lost: readonly LostPeers[],
  peers: readonly string[],
): string {
  const { workload } = member
  const port = `${String(world.state.config.mesh.hbonePort)}/TCP`
  const ports = describePorts(losses.reduce((sum, loss) => unionPorts(sum, loss.ports), NO_PORTS))
  const policies = losses.map(({ culprit }) => culprit.policy)
  const sure = losses.some((loss) => loss.lost.some(({ certainty }) => certainty === 'certain'))
  // Two policies of one rank disagree, or nobody knows whether the rule is about them.
  const perhaps =
    !sure && lost.every(({ doubt: why }) => why === 'mesh') && anyCertain(lost, world, direction)
  const verb = perhaps ? 'may deny' : new Set(policies).size === 1 ? 'denies' : 'deny'
  const byRule = !sure && lost.every(({ doubt: why }) => why === 'rule')
  const [is, reaches] = byRule ? ['may be', 'can perhaps'] : ['is', 'may']
  const [open, arrives] =
    direction === 'ingress'
      ? [`${is} open to ${namePeers(peers, workload.id)} on ${ports}`, `arrives on ${port}`]
      : [`${reaches} reach ${namePeers(peers, workload.id)} on ${ports}`, `goes to ${port} there`]
  const fate = sure
    ? 'those connections time out'
    : perhaps
      ? 'whether those connections time out is not known'
      : byRule
        ? `what comes through the mesh is cut off, and whether any of it was let ${direction === 'ingress' ? 'in' : 'out'} is not known`
        : 'what comes through the mesh is cut off, and whether anything does is not known'
  const isOf = (...stages: readonly string[]): boolean =>
    policies.every(({ spec }) => stages.includes(spec.rank.stage))
  const where = sure ? 'What is denied there' : 'Where it is denied, it'
  const last = isOf('baseline')
    ? 'A policy of the namespace that admits it decides before that.'
    : isOf('network-policies')
      ? `${where} is denied whatever else admits it.`
      : `${where} is admitted by no policy that comes after; one that comes before decides first.`
  return `${standing(member, direction)}. It ${open}, but mesh traffic ${arrives}, which ${namePolicies(policies)} ${verb}: ${fate}. ${last}`
}

function doubt(
  workload: Workload,
  direction: Direction,
  lost: readonly LostPeers[],
  peers: readonly string[],
): string {
  if (lost.every((peer) => peer.doubt === 'port')) {
    return direction === 'ingress'
      ? `whether anything comes is not known, since the workload declares other ports (${workload.declaredPorts.join(', ')})`
      : 'whether anything goes there is not known, since other ports are declared there'
  }
  if (lost.some((peer) => peer.doubt === 'waypoint')) return 'some of it may come through a waypoint'
  if (lost.some((peer) => peer.doubt === 'rule')) return 'whether any of it was let through is not known'
  return peers.length === 1
    ? 'whether that peer is in the mesh is not known from the tree'
    : 'whether those peers are in the mesh is not known from the tree'
}
