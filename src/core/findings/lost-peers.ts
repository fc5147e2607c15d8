// The question behind the HBONE rules: whom do the policies of a workload admit on application ports,
// and not on the port by which the mesh delivers?
import type { World } from '../analysis.ts'
import { contains } from '../kubernetes/interval-set.ts'
import { ALL_PORTS, hasPort } from '../kubernetes/port-set.ts'
import type { PortSet } from '../kubernetes/port-set.ts'
import type { PolicyRule } from '../kubernetes/kinds/network-policy.ts'
import type { Workload } from '../kubernetes/state.ts'
import { rulePorts } from '../policy/engines/network-policy.ts'
import { admitsAnySource } from '../policy/mesh-peers.ts'
import type { MeshPeer } from '../policy/mesh-peers.ts'
import type { Certainty, Culprit } from './finding.ts'

export interface Loss {
  readonly culprit: Culprit & { readonly rule: PolicyRule }
  /** The application ports that the rule admits. */
  readonly ports: PortSet
  /** Those of its mesh peers that cannot reach the HBONE port. */
  readonly peers: readonly (MeshPeer & { readonly certainty: Certainty })[]
  /** Does the workload declare or serve any of those ports, or declare none at all? */
  readonly served: boolean
}

/** The rules that admit mesh peers into a workload on TCP ports, where HBONE from them is not admitted. */
export function lostIngress(world: World, workload: Workload): readonly Loss[] {
  const { engine, senders, state } = world
  const { hbonePort } = state.config.mesh
  const policies = engine.isolating(workload, 'ingress')
  const admits = (rule: PolicyRule): PortSet => rulePorts(rule, workload, { kind: 'workload', workload }).sure
  const rules = policies.flatMap((policy) => (policy.spec.ingress ?? []).map((rule) => ({ policy, rule })))
  // One rule that opens the port to everybody settles all the others.
  if (rules.some(({ rule }) => rule.peers === null && hasPort(admits(rule), 'TCP', hbonePort))) return []
  return rules.flatMap(({ policy, rule }) => {
    const ports = admits(rule)
    if (ports === ALL_PORTS || ports.TCP.length === 0 || hasPort(ports, 'TCP', hbonePort)) return []
    const served =
      workload.declaredPorts.length === 0 || workload.declaredPorts.some((port) => contains(ports.TCP, port))
    const anySource = admitsAnySource(rule, state.config)
    const peers = senders.ofRule(rule, policy).flatMap((peer) => {
      const { sure, perhaps, hits } = engine.allows(workload, peer.peer, 'ingress')
      if (hasPort(sure, 'TCP', hbonePort)) return []
      const doubtful = hasPort(perhaps, 'TCP', hbonePort)
      // A doubt on both sides is no news: whoever is only possibly a mesh peer is possibly let in, too.
      if (doubtful && peer.side === 'possible') return []
      const admitted = hits.some((hit) => hit.rule === rule && hit.sure.TCP.length > 0)
      const certainty: Certainty =
        (peer.side === 'certain' || anySource) && !doubtful && admitted && served ? 'certain' : 'possible'
      return [{ ...peer, certainty }]
    })
    return peers.length === 0 ? [] : [{ culprit: { policy, rule }, ports, peers, served }]
  })
}
