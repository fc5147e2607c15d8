// An enrolled workload that the mesh reached (or that reached the mesh), and that a change cuts off whole.
// Where an HBONE rule already says so as an error, this rule has nothing to add; nor where one has the doubt, if it is one.
import type { Direction } from '../../kubernetes/kinds/policy.ts'
import { portRange, subtractPorts } from '../../kubernetes/port-set.ts'
import type { Workload } from '../../kubernetes/state.ts'
import type { Analysis, World } from '../../analysis.ts'
import type { Member } from '../../ambient/mesh.ts'
import { ANYBODY } from '../../policy/peer.ts'
import { indexesOf } from '../../policy/index-set.ts'
import { noPeers } from '../../policy/peer-set.ts'
import type { Certainty, Finding } from '../finding.ts'
import { admittedBy } from '../admitted-by.ts'
import type { Admitted } from '../admitted-by.ts'
import { closing, hasDenial } from '../closing.ts'
import { lostByLabel } from '../lost-by-label.ts'
import { meshGate } from '../mesh-gate.ts'
import { withOpenPorts } from '../open-to.ts'
import type { ChangeRule } from '../rule.ts'
import { isUntouched } from '../untouched.ts'
import type { Gate } from '../waypoint-end.ts'
import { byStanding, idleWaypoints, passes } from '../waypoint-peers.ts'
import { whoWas } from '../who-was.ts'
import { enrolled, list, nameClosers } from '../words.ts'

export const isolated: ChangeRule = {
  id: 'isolated',
  judges: 'change',
  check: (base, head) => {
    if (head.state.network.keepsDestinationPort) return []
    const { same } = whoWas(base, head)
    const former = waypointIds(base)
    const { hbonePort } = head.state.config.mesh
    return head.mesh.members.flatMap((member) => {
      const old = same(member.workload.id)
      if (member.enrollment.state !== 'yes' || old === undefined) return []
      if (isUntouched(base, head, old.namespace.name)) return []
      return (['ingress', 'egress'] as const).flatMap((direction) => {
        const { workload } = member
        const now = meshGate(head, workload, direction, hbonePort, { former })
        if (now === 'open') {
          const isNobodyShown =
            lostByLabel(base, head, old, workload, direction) &&
            !isSaid(head, workload, direction, 'possible')
          return isNobodyShown ? [asFinding(head, member, direction, 'possible', 'doubtful', [], true)] : []
        }
        const idle = idleWaypoints(head, workload, direction, hbonePort, former)
        // Whom a rule means may be in doubt, and everybody meant be let in. Whether a policy applies is another matter, and
        // so is a waypoint that is let in, and that nothing need come through.
        const isNews = (): boolean =>
          isLetInAlone(base, head, old, workload, direction, idle) &&
          meshGate(head, workload, direction, hbonePort, { former, surely: true }) === 'closed'
        if (now === 'doubtful' && !head.engine.wavers(workload, direction) && !isNews()) return []
        const then = gateBefore(base, old, direction)
        // A doubt on both sides is no news.
        if (then === 'closed' || (then === 'doubtful' && now === 'doubtful')) return []
        const certainty = then === 'open' && now === 'closed' ? 'certain' : 'possible'
        return isSaid(head, workload, direction, certainty)
          ? []
          : [asFinding(head, member, direction, certainty, now, idle)]
      })
    })
  },
}

/** The waypoints that a state shows or names, by id. */
function waypointIds({ population, waypointPods }: World): ReadonlySet<string> {
  return new Set([
    ...[...indexesOf(waypointPods.shown)].flatMap((index) => population.workloads[index]?.id ?? []),
    ...waypointPods.used('ambient').byId.keys(),
  ])
}

/**
 * Are all waypoints that are let in those of others, or such whose way was known and is not any more? Of a waypoint that
 * the tree never showed, whoever admits it knows better.
 */
function isLetInAlone(
  base: World,
  head: World,
  old: Workload,
  workload: Workload,
  direction: Direction,
  idle: readonly string[],
): boolean {
  const [then, now] = [passes(base, old, direction), passes(head, workload, direction)]
  return idle.length > 0 && idle.every((id) => now(id) === null || then(id) === 'surely')
}

/** Does another rule say it: for sure, or, where nothing is sure, perhaps? */
function isSaid(
  { findings, state }: Analysis,
  workload: Workload,
  direction: Direction,
  certainty: Certainty,
): boolean {
  return findings.some(
    (one) =>
      one.workload === workload &&
      one.direction === direction &&
      one.port === state.config.mesh.hbonePort &&
      (one.severity === 'error' || (certainty === 'possible' && one.severity === 'warning')),
  )
}

/** Was the port of HBONE open? Before enrolment the same traffic ran on application ports. */
function gateBefore(base: World, workload: Workload, direction: Direction): Gate {
  if (base.mesh.member(workload).enrollment.state === 'yes')
    return meshGate(base, workload, direction, base.state.config.mesh.hbonePort)
  const unnamed = gateForPods(base, workload, direction)
  return unnamed !== 'open' && admitsMesh(base, workload, direction) ? 'open' : unnamed
}

/** Is some TCP port open to pods of which no policy speaks? */
function gateForPods({ engine }: World, workload: Workload, direction: Direction): Gate {
  const isolation = engine.isolation(workload, direction)
  if (isolation === 'yes') return 'closed'
  if (engine.allows(workload, ANYBODY, direction).perhaps.TCP.length === 0) return 'closed'
  return isolation === 'maybe' ? 'doubtful' : 'open'
}

/**
 * Do mesh peers that the policies admit get in on any TCP port? Peers that are only possibly in the mesh are no reason
 * to say so: a policy that names them alone may mean what it does.
 */
function admitsMesh(world: World, workload: Workload, direction: Direction): boolean {
  return admitsOn(world, workload, direction, () => true)
}

/** The same, on a port of an application: whoever opens the HBONE port alone has not thought of another. */
function admitsApplications(world: World, workload: Workload, direction: Direction): boolean {
  const mesh = portRange('TCP', world.state.config.mesh.hbonePort)
  return admitsOn(
    world,
    workload,
    direction,
    ({ ports, names }) => names.length > 0 || subtractPorts(ports, mesh).TCP.length > 0,
  )
}

function admitsOn(
  world: World,
  workload: Workload,
  direction: Direction,
  isMeant: (admitted: Admitted) => boolean,
): boolean {
  const cut = byStanding(world, workload, direction)
  return world.engine.letting(workload, direction).some(({ policy, rule }) =>
    admittedBy(world, workload, direction, rule, policy).some((admitted) => {
      if (!isMeant(admitted)) return false
      const { certain } = withOpenPorts(world, workload, direction, admitted).peers
      return !noPeers(world.engine.matches(rule, policy, cut(certain).counts).open)
    }),
  )
}

function asFinding(
  head: Analysis,
  member: Member,
  direction: Direction,
  certainty: Certainty,
  now: Gate,
  idle: readonly string[],
  isUnshown = false,
): Finding {
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
  // What is in doubt may be the policies, or what they let in.
  const wavers = now === 'doubtful' && head.engine.wavers(workload, direction)
  const verb = wavers ? `may ${many}` : policies.length > 1 ? many : one
  const port = `${String(config.mesh.hbonePort)}/TCP`
  const fate =
    now === 'doubtful'
      ? direction === 'ingress'
        ? 'whether any mesh peer can still reach it is not known from the tree'
        : 'whether it can still reach any mesh peer is not known from the tree'
      : direction === 'ingress'
        ? 'no mesh peer can reach it any more'
        : 'it can reach no mesh peer any more'
  const before =
    certainty === 'possible' && now === 'closed'
      ? '; whether that was so before is not known from the tree'
      : ''
  const spared = isUnshown ? ['pods that the tree does not show'] : idle
  const but = spared.length > 0 ? ` but to ${list(spared)}` : ''
  const hint = isUnshown
    ? 'Its policies speak of the same peers as before: who they were has other labels now, or is in another namespace.'
    : meant
      ? `${policies.length === 0 || denies ? 'Policies do' : policies.length > 1 ? 'They do' : 'It does'} admit mesh peers on other TCP ports, so this is hardly meant.`
      : idle.length > 0
        ? idleHint(direction, idle.length > 1, now)
        : `If that is meant, nothing needs doing${policies.length > 0 ? '' : `; else it takes a policy that opens ${port}`}.`
  return {
    rule: 'isolated',
    severity: (meant || idle.length > 0) && certainty === 'certain' ? 'error' : 'warning',
    lowered: certainty === 'possible',
    certainty,
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
    message: `${enrolled(workload, enrollment)}, and ${nameClosers(policies, head.state.network)} ${verb} its ${direction} with nothing open on ${port}${but}: ${fate}${before}. ${hint}`,
  }
}

/** Whoever lets a waypoint in means what comes through it. */
function idleHint(direction: Direction, many: boolean, now: Gate): string {
  const those = many ? 'those waypoints' : 'that waypoint'
  const way = direction === 'ingress' ? `comes to it through ${those}` : `goes from it through ${those}`
  return now === 'closed'
    ? `Nothing ${way}, so this is hardly meant.`
    : `Nothing in the tree shows that traffic ${way}.`
}
