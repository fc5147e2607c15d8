// Had a peer been lost on the base already, under whatever name? A rule that is narrowed names its peers one
// by one, which were `any` before: none of them is news.
import type { Analysis } from '../analysis.ts'
import { undescribed } from '../ambient/mesh.ts'
import type { Role } from '../ambient/mesh.ts'
import { hasPort } from '../kubernetes/port-set.ts'
import type { Peer } from '../policy/peer.ts'
import type { Finding } from './finding.ts'

/** Did the rules that `before` blames admit this peer of the mesh, and not its port? */
export function lostBefore(peer: Peer, before: Finding, base: Analysis): boolean {
  const was = onBase(peer, base, before.direction === 'ingress' ? 'sends' : 'receives')
  const workload = base.state.workloads.find(({ id }) => id === before.workload.id)
  if (was === null || workload === undefined) return false
  const { sure, hits } = base.engine.allows(workload, was, before.direction)
  const blamed = new Set(before.culprits.map(({ rule }) => rule))
  return (
    !hasPort(sure, 'TCP', before.port) &&
    hits.some(({ rule, perhaps }) => blamed.has(rule) && perhaps.TCP.length > 0)
  )
}

/** The peer as the base knew it; null where it was not there, or not in the mesh. */
function onBase(peer: Peer, { state, mesh }: Analysis, role: Role): Peer | null {
  switch (peer.kind) {
    case 'workload': {
      const workload = state.workloads.find(({ id }) => id === peer.workload.id)
      return workload === undefined || mesh.member(workload)[role] === 'outside'
        ? null
        : { ...peer, workload }
    }
    case 'pods': {
      const namespace = state.namespaces.get(peer.namespace.name) ?? undescribed(peer.namespace.name)
      return mesh.podsSide(peer.pods, namespace, role) === 'outside' ? null : { ...peer, namespace }
    }
    case 'elsewhere':
    case 'addresses':
      return peer
  }
}
