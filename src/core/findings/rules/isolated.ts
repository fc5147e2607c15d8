// An enrolled workload that the mesh reached (or that reached the mesh), and that a change cuts off whole.
// Where an HBONE rule already says so as an error, this rule has nothing to add.
import type { Direction, PolicyRule } from '../../kubernetes/kinds/policy.ts'
import type { NetworkPolicy, Workload } from '../../kubernetes/state.ts'
import type { Analysis, World } from '../../analysis.ts'
import type { Member } from '../../ambient/mesh.ts'
import { noPeers } from '../../policy/peer-set.ts'
import type { Finding } from '../finding.ts'
import { admittedBy } from '../admitted-by.ts'
import type { ChangeRule } from '../rule.ts'
import { because, namePolicies } from '../words.ts'

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
  const { hbonePort } = world.state.config.mesh
  return anyRule(world, workload, direction, (rule, policy) => {
    const finder = direction === 'ingress' ? world.senders : world.receivers
    return finder.ofRule(rule, policy).some(({ certain, possible }) =>
      [certain, possible].some((peers) => {
        const { open, doubtful } = world.engine.split(workload, direction, hbonePort, peers)
        return !noPeers(open) || !noPeers(doubtful)
      }),
    )
  })
}

/** Before enrolment the same traffic ran on application ports. */
function hadMesh(world: World, workload: Workload, direction: Direction): boolean {
  if (world.mesh.member(workload).enrollment.state === 'yes') return hasMesh(world, workload, direction)
  return admitsApplications(world, workload, direction)
}

/**
 * Do the policies admit mesh peers on any TCP port? Peers that are only possibly in the mesh are no reason
 * to say so: a policy that names them alone may mean what it does.
 */
function admitsApplications(world: World, workload: Workload, direction: Direction): boolean {
  return anyRule(world, workload, direction, (rule, policy) =>
    admittedBy(world, workload, direction, rule, policy).some(
      ({ peers }) => !noPeers(world.engine.matches(rule, policy, peers.certain).open),
    ),
  )
}

type Passes = (rule: PolicyRule, policy: NetworkPolicy) => boolean

/** A workload that no policy isolates passes every question. */
function anyRule(world: World, workload: Workload, direction: Direction, passes: Passes): boolean {
  if (world.engine.isolating(workload, direction).length === 0) return true
  return world.engine.letting(workload, direction).some(({ policy, rule }) => passes(rule, policy))
}

function asFinding(head: Analysis, member: Member, direction: Direction): Finding {
  const { workload, enrollment } = member
  const { config } = head.state
  const policies = head.engine.isolating(workload, direction)
  const meant = admitsApplications(head, workload, direction)
  const verb = policies.length === 1 ? 'isolates' : 'isolate'
  const port = `${String(config.mesh.hbonePort)}/TCP`
  const what =
    direction === 'ingress' ? 'no mesh peer can reach it any more' : 'it can reach no mesh peer any more'
  const hint = meant
    ? 'They do admit mesh peers on other TCP ports, so this is hardly meant.'
    : 'If that is meant, nothing needs doing.'
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
    culprits: policies.map((policy) => ({ policy, rule: null })),
    isolatedBy: policies,
    enrolledBy: [enrollment],
    workloadRoutes: [workload.pods.labelsRoute],
    message: `${workload.id} is enrolled in Ambient (${because(enrollment)}), and ${namePolicies(policies)} ${verb} its ${direction} with nothing open on ${port}: ${what}. ${hint}`,
  }
}
