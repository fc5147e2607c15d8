// A mesh peer can reach an enrolled workload on an application port, but not on the port where HBONE
// arrives. Source: ztunnel ARCHITECTURE.md; both ends in the mesh speak on 15008 with their own pod IPs.
import { describePorts, unionPorts } from '../../kubernetes/port-set.ts'
import { compareText } from '../../source/problem.ts'
import type { World } from '../../analysis.ts'
import type { Member } from '../../ambient/mesh.ts'
import type { Finding } from '../finding.ts'
import { lostIngress } from '../lost-peers.ts'
import type { Loss } from '../lost-peers.ts'
import type { StateRule } from '../rule.ts'
import { because, namePeers, namePolicies } from '../words.ts'

export const hboneIngress: StateRule = {
  id: 'hbone-ingress',
  judges: 'state',
  check: (world) =>
    world.mesh.members.flatMap((member) => {
      if (member.enrollment.state !== 'yes') return []
      const losses = lostIngress(world, member.workload)
      return losses.length === 0 ? [] : [asFinding(world, member, losses)]
    }),
}

function asFinding(world: World, member: Member, all: readonly Loss[]): Finding {
  const certain = all.filter(({ peers }) => peers.some(({ certainty }) => certainty === 'certain'))
  const certainty = certain.length > 0 ? 'certain' : 'possible'
  const losses = certain.length > 0 ? certain : all
  const lost = losses.flatMap(({ peers }) => peers.filter((peer) => peer.certainty === certainty))
  const peers = [...new Set(lost.map(({ name }) => name))].sort(compareText)
  const { workload, enrollment } = member
  const enrolled = lost.flatMap(({ peer }) =>
    peer.kind === 'workload' ? (world.mesh.member(peer.workload).enrollment.at ?? []) : [],
  )
  return {
    rule: 'hbone-ingress',
    severity: certainty === 'certain' ? 'error' : 'warning',
    lowered: certainty !== 'certain',
    certainty,
    cluster: world.state.config.name,
    workload,
    direction: 'ingress',
    port: world.state.config.mesh.hbonePort,
    peers,
    lost,
    // Rules that are only possibly at fault count, too: a fix that left them would not settle the finding.
    culprits: [...losses, ...all.filter((loss) => !losses.includes(loss))].map(({ culprit }) => culprit),
    enrolledAt: [...(enrollment.at === null ? [] : [enrollment.at]), ...enrolled],
    workloadRoutes: [workload.pods.labelsRoute],
    message: sentence(world, member, losses, peers, certainty === 'certain'),
  }
}

function sentence(
  world: World,
  member: Member,
  losses: readonly Loss[],
  peers: readonly string[],
  certain: boolean,
): string {
  const { workload, enrollment } = member
  const port = `${String(world.state.config.mesh.hbonePort)}/TCP`
  const ports = describePorts(
    losses.reduce(
      (sum, loss) => unionPorts(sum, loss.ports),
      losses[0]?.ports ?? { TCP: [], UDP: [], SCTP: [] },
    ),
  )
  const policies = losses.map(({ culprit }) => culprit.policy)
  const verb = new Set(policies).size === 1 ? 'admits' : 'admit'
  const opening = `${workload.id} is enrolled in Ambient (${because(enrollment)}). ${namePolicies(policies)} ${verb} ${namePeers(peers)} on ${ports}`
  if (certain)
    return `${opening}, but mesh traffic arrives on ${port}, which no policy admits from there: those connections time out.`
  const doubt = losses.every(({ served }) => !served)
    ? `it declares other ports (${workload.declaredPorts.join(', ')})`
    : 'whether that peer is in the mesh is not known from the tree'
  return `${opening} and not on ${port}, where mesh traffic arrives. If it comes through the mesh it is cut off; ${doubt}.`
}
