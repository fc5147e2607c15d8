// An enrolled workload that the mesh reached (or that reached the mesh), and that a change cuts off whole.
// Where an HBONE rule already says so as an error, this rule has nothing to add.
import type { Direction } from '../../kubernetes/kinds/policy.ts'
import type { Workload } from '../../kubernetes/state.ts'
import type { Analysis, World } from '../../analysis.ts'
import type { Member } from '../../ambient/mesh.ts'
import { ANYBODY } from '../../policy/peer.ts'
import { noPeers } from '../../policy/peer-set.ts'
import type { Finding } from '../finding.ts'
import { admittedBy } from '../admitted-by.ts'
import { closing, hasDenial } from '../closing.ts'
import { meshGate } from '../mesh-gate.ts'
import { withOpenPorts } from '../open-to.ts'
import type { ChangeRule } from '../rule.ts'
import { because, nameClosers } from '../words.ts'

export const isolated: ChangeRule = {
  id: 'isolated',
  judges: 'change',
  check: (base, head) => {
    if (head.state.network.keepsDestinationPort) return []
    const before = new Map(base.state.workloads.map((workload) => [workload.id, workload]))
    return head.mesh.members.flatMap((member) => {
      const old = before.get(member.workload.id)
      if (member.enrollment.state !== 'yes' || old === undefined) return []
      return (['ingress', 'egress'] as const).flatMap((direction) => {
        if (hasMesh(head, member.workload, direction) || !hadMesh(base, old, direction)) return []
        const said = head.findings.some(
          ({ workload, direction: other, port, severity }) =>
            workload === member.workload &&
            other === direction &&
            port === head.state.config.mesh.hbonePort &&
            severity === 'error',
        )
        return said ? [] : [asFinding(head, member, direction)]
      })
    })
  },
}

/** Is HBONE open to or from any peer that is, or may be, in the mesh? */
function hasMesh(world: World, workload: Workload, direction: Direction): boolean {
  return meshGate(world, workload, direction, world.state.config.mesh.hbonePort) !== 'closed'
}

/** Before enrolment the same traffic ran on application ports. */
function hadMesh(world: World, workload: Workload, direction: Direction): boolean {
  if (world.mesh.member(workload).enrollment.state === 'yes') return hasMesh(world, workload, direction)
  return isOpenToPods(world, workload, direction) || admitsApplications(world, workload, direction)
}

/** Does some TCP port stay open to pods of which no policy speaks? */
function isOpenToPods({ engine }: World, workload: Workload, direction: Direction): boolean {
  if (engine.isIsolated(workload, direction)) return false
  return engine.allows(workload, ANYBODY, direction).perhaps.TCP.length > 0
}

/**
 * Do mesh peers that the policies admit get in on any TCP port? Peers that are only possibly in the mesh are no reason
 * to say so: a policy that names them alone may mean what it does.
 */
function admitsApplications(world: World, workload: Workload, direction: Direction): boolean {
  return world.engine
    .letting(workload, direction)
    .some(({ policy, rule }) =>
      admittedBy(world, workload, direction, rule, policy).some(
        (admitted) =>
          !noPeers(
            world.engine.matches(
              rule,
              policy,
              withOpenPorts(world, workload, direction, admitted).peers.certain,
            ).open,
          ),
      ),
    )
}

function asFinding(head: Analysis, member: Member, direction: Direction): Finding {
  const { workload, enrollment } = member
  const { config } = head.state
  const peers = (direction === 'ingress' ? head.senders : head.receivers).everyone
  const culprits = closing(
    head,
    workload,
    direction,
    config.mesh.hbonePort,
    noPeers(peers.certain) ? peers.possible : peers.certain,
  )
  const policies = [...new Set(culprits.map(({ policy }) => policy))]
  const meant = admitsApplications(head, workload, direction)
  const denies = hasDenial(culprits)
  const [one, many] = denies ? ['denies', 'deny'] : ['isolates', 'isolate']
  const verb = policies.length > 1 ? many : one
  const port = `${String(config.mesh.hbonePort)}/TCP`
  const what =
    direction === 'ingress' ? 'no mesh peer can reach it any more' : 'it can reach no mesh peer any more'
  const hint = meant
    ? `${policies.length === 0 || denies ? 'Policies do' : policies.length > 1 ? 'They do' : 'It does'} admit mesh peers on other TCP ports, so this is hardly meant.`
    : `If that is meant, nothing needs doing${policies.length > 0 ? '' : `; else it takes a policy that opens ${port}`}.`
  return {
    rule: 'isolated',
    severity: meant ? 'error' : 'warning',
    lowered: false,
    certainty: 'certain',
    cluster: config.name,
    workload,
    direction,
    port: config.mesh.hbonePort,
    protocol: 'TCP',
    peers: ['any'],
    lost: [],
    culprits,
    isolatedBy: head.engine.isolating(workload, direction),
    enrolledBy: [enrollment],
    workloadRoutes: [workload.pods.labelsRoute],
    message: `${workload.id} is enrolled in Ambient (${because(enrollment)}), and ${nameClosers(policies, head.state.network)} ${verb} its ${direction} with nothing open on ${port}: ${what}. ${hint}`,
  }
}
