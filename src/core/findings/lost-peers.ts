// The question behind the HBONE rules: whom do the policies of a workload admit on application ports,
// and not on the port by which the mesh delivers?
import type { World } from '../analysis.ts'
import { contains } from '../kubernetes/interval-set.ts'
import { ALL_PORTS, NO_PORTS, hasPort, unionPorts } from '../kubernetes/port-set.ts'
import type { PortSet } from '../kubernetes/port-set.ts'
import type { Direction, PolicyRule } from '../kubernetes/kinds/network-policy.ts'
import type { Workload } from '../kubernetes/state.ts'
import { rulePorts } from '../policy/engines/network-policy.ts'
import { admitsAnySource } from '../policy/mesh-peers.ts'
import type { MeshPeer } from '../policy/mesh-peers.ts'
import type { Certainty, Culprit } from './finding.ts'
import { detour } from './waypoint-leg.ts'

/** A peer that a rule admits on application ports, and that the HBONE port is closed to. */
export interface LostPeer extends MeshPeer {
  readonly certainty: Certainty
  /** What its doubt is, where there is one: it is not known to be in the mesh, it is not served, or it is behind a waypoint. */
  readonly doubt: 'mesh' | 'port' | 'waypoint'
}

export interface Loss {
  readonly culprit: Culprit & { readonly rule: PolicyRule }
  /** The application ports that the rule admits. */
  readonly ports: PortSet
  readonly peers: readonly LostPeer[]
}

/** The rules that admit mesh peers on TCP ports, where HBONE from (or to) them is not admitted. */
export function lostPeers(world: World, workload: Workload, direction: Direction): readonly Loss[] {
  const { engine, state } = world
  const { hbonePort } = state.config.mesh
  const finder = direction === 'ingress' ? world.senders : world.receivers
  const rules = engine
    .isolating(workload, direction)
    .flatMap((policy) => (policy.spec[direction] ?? []).map((rule) => ({ policy, rule })))
  // One rule that opens the port to everybody settles all the others.
  if (rules.some(({ rule }) => rule.peers === null && hasPort(plainPorts(rule), 'TCP', hbonePort))) return []
  return rules.flatMap(({ policy, rule }) => {
    // Most rules name numbers, and many of them 15008 or no port at all: those are not looked at peer by peer.
    if (hasPort(plainPorts(rule), 'TCP', hbonePort)) return []
    let ports = NO_PORTS
    const peers = finder.ofRule(rule, policy).flatMap((peer) => {
      const target =
        direction === 'ingress' ? workload : peer.peer.kind === 'workload' ? peer.peer.workload : null
      const admitted = rulePorts(rule, target, peer.peer).sure
      if (admitted.TCP.length === 0 || hasPort(admitted, 'TCP', hbonePort)) return []
      if (direction === 'egress' && !speaksOfMesh(rule, peer, admitted)) return []
      const lost = judgePeer(world, workload, direction, rule, peer, target, admitted)
      if (lost !== null) ports = unionPorts(ports, admitted)
      return lost ?? []
    })
    return peers.length === 0 ? [] : [{ culprit: { policy, rule }, ports, peers }]
  })
}

function judgePeer(
  world: World,
  workload: Workload,
  direction: Direction,
  rule: PolicyRule,
  peer: MeshPeer,
  target: Workload | null,
  admitted: PortSet,
): LostPeer | null {
  const { hbonePort } = world.state.config.mesh
  const { sure, perhaps, hits } = world.engine.allows(workload, peer.peer, direction)
  if (hasPort(sure, 'TCP', hbonePort)) return null
  const doubtful = hasPort(perhaps, 'TCP', hbonePort)
  // A doubt on both sides is no news: whoever is only possibly a mesh peer is possibly let in, too.
  if (doubtful && peer.side === 'possible') return null
  const way = detour(world, workload, direction, peer.peer, target)
  if (way === 'open') return null
  const declared = target?.declaredPorts ?? []
  const served = declared.length === 0 || declared.some((port) => contains(admitted.TCP, port))
  const inMesh =
    peer.side === 'certain' || (direction === 'ingress' && admitsAnySource(rule, world.state.network))
  const sureHit = hits.some((hit) => hit.rule === rule && hit.sure.TCP.length > 0)
  const doubt = way !== 'none' ? 'waypoint' : served ? 'mesh' : 'port'
  const certain = inMesh && !doubtful && sureHit && served && way === 'none'
  // A wide egress rule counts for known workloads alone, so they are called by their names.
  const name = direction === 'egress' && namesNoPods(rule) && target !== null ? target.id : peer.name
  return { ...peer, name, certainty: certain ? 'certain' : 'possible', doubt }
}

/**
 * Egress rules for DNS and the internet speak of no mesh peer: a rule without peers, or with blocks, counts only for
 * known workloads that receive HBONE and serve a port of it, and port 53 alone only for those that declare it.
 */
function speaksOfMesh(rule: PolicyRule, { peer, side }: MeshPeer, { TCP }: PortSet): boolean {
  const serves = peer.kind === 'workload' && peer.workload.declaredPorts.some((port) => contains(TCP, port))
  if (namesNoPods(rule)) return serves && side === 'certain'
  return serves || !isDns(TCP)
}

/** Does a rule speak of anybody, or of addresses alone? */
export function namesNoPods({ peers }: PolicyRule): boolean {
  return peers === null || peers.every(({ kind }) => kind === 'block')
}

function isDns(ports: PortSet['TCP']): boolean {
  return ports.every(([low, high]) => low === 53 && high === 54)
}

/** The ports that a rule admits into any destination: its numbers, without its names. */
function plainPorts(rule: PolicyRule): PortSet {
  if (rule.ports === null) return ALL_PORTS
  return rulePorts(rule, null, { kind: 'addresses', addresses: { IPv4: [], IPv6: [] }, pods: false }).sure
}
