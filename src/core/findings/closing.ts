// Who keeps a port shut: the rules that deny it, and the policies that let through nothing but what some rule admits.
// Which of them it is the engine says, by what the traffic comes to: a rule that another overrules is not to blame.
import type { World } from '../analysis.ts'
import type { Direction } from '../kubernetes/kinds/policy.ts'
import type { Protocol } from '../kubernetes/port-set.ts'
import type { NetworkPolicy, Workload } from '../kubernetes/state.ts'
import type { Closing } from '../policy/closers.ts'
import { noPeers } from '../policy/peer-set.ts'
import type { PeerSet } from '../policy/peer-set.ts'
import { tierOf } from '../policy/stages.ts'
import type { Culprit } from './finding.ts'

/** For a port between a workload and some peers that are kept from it. */
export function closing(
  { engine }: World,
  workload: Workload,
  direction: Direction,
  port: number,
  peers: PeerSet,
  protocol: Protocol = 'TCP',
): readonly Culprit[] {
  const closings = engine.closing(workload, direction, port, peers, protocol)
  const sure = closings.filter(
    ({ rule, policies: [policy], peers: some }) =>
      rule === null || policy === undefined || !noPeers(engine.matches(rule, policy, some).open),
  )
  // A denial of which nobody knows whether it is about them is not to blame where something else is.
  return asCulprits(sure.length > 0 ? sure : closings)
}

/**
 * The same for the HBONE port, or another, where some rules mean to let the peers through on other ports: those fall
 * short, unless the peers are kept out before or behind what their policies have a say in. Then whatever they admit, it
 * does not help.
 */
export function fallingShort(
  world: World,
  workload: Workload,
  direction: Direction,
  peers: PeerSet,
  meant: readonly Culprit[],
  port: number = world.state.config.mesh.hbonePort,
): readonly Culprit[] {
  if (meant.length === 0) return closing(world, workload, direction, port, peers)
  const tiers = new Set(meant.map(({ policy }) => tierOf(policy)))
  const isTheirs = (policies: readonly NetworkPolicy[]): boolean =>
    policies.length === 0 || policies.some((policy) => tiers.has(tierOf(policy)))
  const closings = world.engine.closing(workload, direction, port, peers)
  if (closings.some(({ policies, rule }) => rule === null && isTheirs(policies))) return meant
  const others = asCulprits(closings)
  return others.length > 0 ? others : meant
}

function asCulprits(closings: readonly Closing[]): readonly Culprit[] {
  return closings.flatMap(({ policies, rule }) => policies.map((policy): Culprit => ({ policy, rule })))
}

/** Is any of them a rule that denies? No rule that admits mends that. */
export function hasDenial(culprits: readonly Culprit[]): boolean {
  return culprits.some(({ rule }) => rule?.action === 'deny')
}
