// NetworkPolicy limits a peer to some ports and opens 15008 to it. Behind 15008 is every port: ztunnel forwards to
// the port that the CONNECT names (ztunnel src/proxy/inbound.rs, find_inbound_upstream).
import type { World } from '../analysis.ts'
import { selectsZtunnel } from '../ambient/ztunnel.ts'
import { label, pinnedLabels } from '../kubernetes/labels.ts'
import type { PolicyPeer, PolicyRule } from '../kubernetes/kinds/policy.ts'
import { NO_PORTS, hasPort, noPorts, unionPorts } from '../kubernetes/port-set.ts'
import type { PortSet } from '../kubernetes/port-set.ts'
import type { NetworkPolicy, Workload } from '../kubernetes/state.ts'
import { rulePorts } from '../policy/rule-matches.ts'
import type { MeshPeers } from '../policy/mesh-peers.ts'
import { ANYBODY } from '../policy/peer.ts'
import type { Peer } from '../policy/peer.ts'
import { eachPeer, noPeers } from '../policy/peer-set.ts'
import type { Population } from '../policy/population.ts'
import { grouped } from '../source/grouped.ts'
import type { Culprit } from './finding.ts'

/** Mesh peers that one selector names in one namespace, or one block: policies do not tell them apart. */
export interface Sort {
  readonly peer: Peer
  readonly names: readonly string[]
  readonly certain: boolean
}

export interface Widening {
  /** The TCP ports that the policies admit mesh peers on, besides that of HBONE. */
  readonly limit: PortSet
  readonly openings: readonly {
    readonly culprit: Culprit
    /** The peers that the rule opens HBONE to and that may not reach every port without it. */
    readonly sorts: readonly Sort[]
  }[]
}

/** Asks for each workload of a state; null where its policies limit no port, or keep HBONE closed. */
export function findWidenings(world: World): (workload: Workload) => Widening | null {
  const { engine, population, state, senders } = world
  const { hbonePort } = state.config.mesh
  const known = new Map<PolicyRule, readonly Sort[]>()
  /** Worked out once for all workloads that a policy selects. */
  const sortsOf = (rule: PolicyRule, policy: NetworkPolicy): readonly Sort[] => {
    const before = known.get(rule)
    if (before !== undefined) return before
    const sorts = (rule.peers ?? [null]).flatMap((written) => {
      const one = { ...rule, peers: written === null ? null : [written] }
      return sortsAmong(written, senders.ofRule(one, policy), population)
    })
    known.set(rule, sorts)
    return sorts
  }
  return (workload) => {
    const rules = engine
      .admitting(workload, 'ingress')
      .map((culprit) => ({ culprit, ports: rulePorts(culprit.rule, workload, ANYBODY).sure }))
      .filter(({ ports }) => !everyTcp(ports))
    const opening = rules.filter(({ ports }) => hasPort(ports, 'TCP', hbonePort))
    if (opening.length === 0) return null
    const limit = rules.reduce((sum, { culprit: { policy, rule }, ports }) => {
      const TCP = ports.TCP.filter(([low, high]) => low !== hbonePort || high !== hbonePort + 1)
      return TCP.length === 0 || sortsOf(rule, policy).length === 0
        ? sum
        : unionPorts(sum, { ...NO_PORTS, TCP })
    }, NO_PORTS)
    // Policies that open HBONE and nothing else to the mesh speak of no ports.
    if (noPorts(limit)) return null
    const openings = opening.flatMap(({ culprit }) => {
      const sorts = sortsOf(culprit.rule, culprit.policy).filter(({ peer }) => {
        const { sure, perhaps } = engine.allows(workload, peer, 'ingress')
        // What stands before the rule may keep HBONE closed.
        return hasPort(perhaps, 'TCP', hbonePort) && !everyTcp(sure)
      })
      return sorts.length === 0 ? [] : [{ culprit, sorts }]
    })
    return openings.length === 0 ? null : { limit, openings }
  }
}

/** May whoever is admitted here reach every TCP port as it is? */
function everyTcp({ TCP: [first] }: PortSet): boolean {
  return first !== undefined && first[0] === 1 && first[1] === 65536
}

function sortsAmong(
  written: PolicyPeer | null,
  groups: readonly MeshPeers[],
  population: Population,
): readonly Sort[] {
  if (written?.kind !== 'pods') {
    return groups.slice(0, 1).map(({ name, certain, possible: { rest } }) => ({
      peer: rest.find(({ kind }) => kind === 'addresses') ?? certain.rest[0] ?? ANYBODY,
      names: [name ?? ''],
      certain: groups.some((group) => !noPeers(group.certain)),
    }))
  }
  const members = groups.flatMap(({ name, certain, possible }) =>
    [certain, possible].flatMap((peers) =>
      [...eachPeer(peers, population)].filter(reachesPorts).map((peer) => ({
        peer: peer.kind === 'workload' ? podsOf(written, peer.workload) : peer,
        name: name ?? (peer.kind === 'workload' ? peer.workload.id : ''),
        certain: peers === certain,
      })),
    ),
  )
  const alike = grouped(members, ({ peer }) =>
    peer.kind === 'pods' ? `pods in ${peer.namespace.name}` : peer.kind,
  )
  return [...alike.values()].flatMap((same) =>
    same.slice(0, 1).map(({ peer }) => ({
      peer,
      names: [...new Set(same.map(({ name }) => name))],
      certain: same.some(({ certain }) => certain),
    })),
  )
}

function podsOf({ pods }: PolicyPeer & { readonly kind: 'pods' }, { namespace }: Workload): Peer {
  return { kind: 'pods', pods, namespace }
}

/**
 * A waypoint forwards to the ports of Services alone, and is let in on 15008 by design; ztunnel never comes by its own
 * address.
 */
function reachesPorts(peer: Peer): boolean {
  if (peer.kind === 'workload') return peer.workload.gateway !== 'istio-waypoint'
  if (peer.kind === 'addresses') return true
  const labels = pinnedLabels(peer.pods)
  return (
    !selectsZtunnel(peer.pods) &&
    label(labels, 'gateway.networking.k8s.io/gateway-class-name') !== 'istio-waypoint'
  )
}
