// Had a peer been lost on the base already, under whatever name? A rule that is narrowed names its peers one
// by one, which were `any` before: none of them is news.
import type { Analysis } from '../analysis.ts'
import { undescribed } from '../ambient/mesh.ts'
import type { Role } from '../ambient/mesh.ts'
import { hasPort } from '../kubernetes/port-set.ts'
import { intersect } from '../kubernetes/interval-set.ts'
import type { Namespace, Workload } from '../kubernetes/state.ts'
import { fromRising, indexesOf } from '../policy/index-set.ts'
import type { Peer } from '../policy/peer.ts'
import { eachPeer } from '../policy/peer-set.ts'
import type { PeerSet } from '../policy/peer-set.ts'
import type { Finding } from './finding.ts'

/** For two states: does a finding name peers that `before`, the same finding on the base, had not lost? */
export function newlyLost(base: Analysis, head: Analysis): (finding: Finding, before: Finding) => boolean {
  const joined = joinedSince(base, head)
  return (finding, before) => isNewlyLost(finding, before, base, head, joined)
}

function isNewlyLost(
  finding: Finding,
  before: Finding,
  base: Analysis,
  head: Analysis,
  joinedAs: Record<Role, (peers: PeerSet) => boolean>,
): boolean {
  const heard = new Set(before.peers)
  const unheard = new Set(finding.peers.filter((name) => !heard.has(name)))
  const joined = joinedAs[finding.direction === 'ingress' ? 'sends' : 'receives']
  // A name for many hides who joined the mesh behind it: their traffic ran on application ports until now.
  if (finding.lost.some(({ name, peers }) => name !== null && heard.has(name) && joined(peers))) return true
  // So does a waypoint that was lost to others before.
  if (finding.lost.some(({ through }) => through !== undefined && joinedAs.sends(through))) return true
  if (unheard.size === 0) return false
  const wasLost = lostOnBase(before, base)
  const { population } = head
  for (const { name, peers } of finding.lost) {
    if (name === null) {
      for (const index of indexesOf(peers.known)) {
        const workload = population.workloads[index] as Workload
        if (unheard.delete(workload.id) && !wasLost({ kind: 'workload', workload })) return true
      }
    } else if (unheard.has(name)) {
      for (const peer of eachPeer(peers, population)) if (!wasLost(peer)) return true
    }
  }
  const explained = new Set(finding.lost.flatMap(({ name }) => name ?? []))
  return [...unheard].some((name) => !explained.has(name))
}

/** Who was there on the base, outside the mesh, and is in it on the head? */
function joinedSince(base: Analysis, head: Analysis): Record<Role, (peers: PeerSet) => boolean> {
  if (base.population === head.population) return { sends: () => false, receives: () => false }
  const byId = new Map(base.state.workloads.map((workload) => [workload.id, workload]))
  const { namespaces, workloads } = head.population
  const changed = fromRising(
    namespaces.flatMap((namespace, index) => {
      const was = base.state.namespaces.get(namespace.name)
      return was?.known === true && base.mesh.kindOf(was) !== head.mesh.kindOf(namespace) ? [index] : []
    }),
  )
  const now = (role: Role): ((peers: PeerSet) => boolean) => {
    const entered = fromRising(
      workloads.flatMap((workload, index) => {
        const was = byId.get(workload.id)
        const isOutside = was !== undefined && base.mesh.member(was)[role] === 'outside'
        return isOutside && head.mesh.member(workload)[role] === 'certain' ? [index] : []
      }),
    )
    return ({ known: shown, unseen }) =>
      intersect(shown, entered).length > 0 ||
      unseen.some(({ pods, namespaces: where }) =>
        [...indexesOf(intersect(where, changed))].some((index) => {
          const namespace = namespaces[index] as Namespace
          const was = base.state.namespaces.get(namespace.name)
          return (
            was !== undefined &&
            base.mesh.podsSide(pods, was, role) === 'outside' &&
            head.mesh.podsSide(pods, namespace, role) === 'certain'
          )
        }),
      )
  }
  return { sends: now('sends'), receives: now('receives') }
}

/** Did the rules that `before` blames admit a peer of the mesh, and not its port? */
function lostOnBase(before: Finding, base: Analysis): (peer: Peer) => boolean {
  const workload = base.state.workloads.find(({ id }) => id === before.workload.id)
  const byId = new Map(base.state.workloads.map((other) => [other.id, other]))
  const blamed = new Set(before.culprits.map(({ rule }) => rule))
  const role = before.direction === 'ingress' ? 'sends' : 'receives'
  return (peer) => {
    const was = onBase(peer, base, byId, role)
    if (was === null || workload === undefined) return false
    const { sure, hits } = base.engine.allows(workload, was, before.direction)
    return (
      !hasPort(sure, 'TCP', before.port) &&
      hits.some(({ rule, perhaps }) => blamed.has(rule) && perhaps.TCP.length > 0)
    )
  }
}

/** The peer as the base knew it; null where it was not there, or not in the mesh. */
function onBase(
  peer: Peer,
  { state, mesh }: Analysis,
  byId: ReadonlyMap<string, Workload>,
  role: Role,
): Peer | null {
  switch (peer.kind) {
    case 'workload': {
      const workload = byId.get(peer.workload.id)
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
