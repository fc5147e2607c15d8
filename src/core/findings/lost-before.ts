// Had a peer been lost on the base already, under whatever name? A rule that is narrowed names its peers one
// by one, which were `any` before: none of them is news.
import type { Analysis } from '../analysis.ts'
import { undescribed } from '../ambient/mesh.ts'
import type { Role } from '../ambient/mesh.ts'
import { hasPort } from '../kubernetes/port-set.ts'
import { intersect } from '../kubernetes/interval-set.ts'
import type { Namespace, Workload } from '../kubernetes/state.ts'
import { NOBODY, fromRising, indexesOf } from '../policy/index-set.ts'
import type { Peer } from '../policy/peer.ts'
import { eachPeer } from '../policy/peer-set.ts'
import type { PeerSet } from '../policy/peer-set.ts'
import { whoWas } from './who-was.ts'
import { admittedBy, plainPorts } from './admitted-by.ts'
import type { Finding } from './finding.ts'

/** For two states: does a finding name peers that `before`, the same finding on the base, had not lost? */
export function newlyLost(base: Analysis, head: Analysis): (finding: Finding, before: Finding) => boolean {
  const joined = joinedSince(base, head)
  const view = baseView(base, head)
  return (finding, before) => isNewlyLost(finding, before, view, head, joined)
}

function isNewlyLost(
  finding: Finding,
  before: Finding,
  base: BaseView,
  head: Analysis,
  joinedAs: Record<Role, (peers: PeerSet) => boolean>,
): boolean {
  const heard = new Set(before.peers)
  const unheard = new Set(finding.peers.filter((name) => !heard.has(name)))
  const role = roleOf(finding)
  const behindHeard = finding.lost.filter(({ name }) => name !== null && heard.has(name))
  // A name for many hides who joined the mesh behind it: their traffic ran on application ports until now.
  if (behindHeard.some(({ peers }) => joinedAs[role](peers))) return true
  // So it does who was let in there until now: another rule admitted them, which is gone, or finds them no more.
  if (behindHeard.some(({ peers }) => wereLetIn(peers, before, base))) return true
  const isForMany = finding.lost.some(({ name }) => name !== null)
  if (isForMany && someNamedWereLetIn(finding, before, base, viewOf(head))) return true
  // So does a waypoint that was lost to others before.
  if (finding.lost.some(({ through }) => through !== undefined && joinedAs.sends(through))) return true
  if (unheard.size === 0) return false
  const wasLost = lostIn(before, base)
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

function roleOf({ direction }: Pick<Finding, 'direction'>): Role {
  return direction === 'ingress' ? 'sends' : 'receives'
}

/** A state, and who is whom in it. */
interface View {
  readonly analysis: Analysis
  readonly workload: (id: string) => Workload | undefined
}

/** The base, and who of the head is whom there. */
interface BaseView extends View {
  /** Peers of the head as they were; without those that were not there. */
  readonly asTheyWere: (peers: PeerSet) => PeerSet
}

function viewOf(analysis: Analysis): View {
  let byId: ReadonlyMap<string, Workload> | null = null
  const { workloads } = analysis.state
  return {
    analysis,
    workload: (id) => (byId ??= new Map(workloads.map((one) => [one.id, one]))).get(id),
  }
}

function baseView(analysis: Analysis, head: Analysis): BaseView {
  const { population } = analysis
  const workload = whoWas(analysis, head).sameThere
  return {
    analysis,
    workload,
    asTheyWere(peers) {
      if (population === head.population) return peers
      const known = [...indexesOf(peers.known)].flatMap((index) => {
        const was = workload((head.population.workloads[index] as Workload).id)
        return was === undefined ? [] : [population.indexOf(was)]
      })
      const unseen = peers.unseen.map(({ pods, namespaces }) => {
        const all = [...indexesOf(namespaces)].map((index) => head.population.namespaces[index] as Namespace)
        const there = all.flatMap(({ name }) => population.namespaceIndex(name) ?? [])
        const others = all.filter(({ name }) => population.namespaceIndex(name) === undefined)
        return {
          there: { pods, namespaces: fromRising(rising(there)) },
          elsewhere: others.map(({ name }): Peer => ({
            kind: 'pods',
            pods,
            namespace: namespaceIn(analysis, name),
          })),
        }
      })
      return {
        known: fromRising(rising(known)),
        unseen: unseen.map(({ there }) => there),
        rest: [
          ...unseen.flatMap(({ elsewhere }) => elsewhere),
          ...peers.rest.flatMap((peer) => inView(peer, { analysis, workload }) ?? []),
        ],
      }
    },
  }
}

function rising(indexes: readonly number[]): readonly number[] {
  return [...indexes].sort((a, b) => a - b)
}

function namespaceIn({ state }: Analysis, name: string): Namespace {
  return state.namespaces.get(name) ?? undescribed(name)
}

/** Was the port of `before` surely open to some of these, in the mesh of the base? */
function wereLetIn(peers: PeerSet, before: Finding, { analysis, workload, asTheyWere }: BaseView): boolean {
  const own = workload(before.workload.id)
  if (own === undefined || before.protocol !== 'TCP') return false
  const { open } = analysis.engine.split(own, before.direction, before.port, asTheyWere(peers))
  const role = roleOf(before)
  for (const peer of eachPeer(open, analysis.population)) if (isOfMesh(peer, analysis, role)) return true
  return false
}

function isOfMesh(peer: Peer, { mesh }: Analysis, role: Role): boolean {
  switch (peer.kind) {
    case 'workload':
      return mesh.member(peer.workload)[role] !== 'outside'
    case 'pods':
      return mesh.podsSide(peer.pods, peer.namespace, role) !== 'outside'
    case 'elsewhere':
    case 'addresses':
      return true
  }
}

/** Who was there on the base, outside the mesh, and is in it on the head? */
function joinedSince(base: Analysis, head: Analysis): Record<Role, (peers: PeerSet) => boolean> {
  if (base.population === head.population) return { sends: () => false, receives: () => false }
  const { sameThere } = whoWas(base, head)
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
        const was = sameThere(workload.id)
        const isOutside = was !== undefined && base.mesh.member(was)[role] === 'outside'
        return isOutside && head.mesh.member(workload)[role] === 'certain' ? [index] : []
      }),
    )
    return ({ known: shown, unseen, rest }) =>
      intersect(shown, entered).length > 0 ||
      // At which addresses they are nobody knows: behind a block may be anybody.
      (entered.length > 0 && rest.some((peer) => peer.kind === 'addresses' && peer.pods)) ||
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

/**
 * Pods that the tree does not show and a rule of the base names: did it let some in that are lost on the head, behind a
 * name for many? That name has no representative of their labels.
 */
function someNamedWereLetIn(finding: Finding, before: Finding, base: BaseView, head: View): boolean {
  const own = base.workload(before.workload.id)
  if (own === undefined || before.protocol !== 'TCP') return false
  const { analysis } = base
  const { direction, port } = before
  const isLost = lostIn(finding, head)
  const role = roleOf(before)
  return analysis.engine
    .admitting(own, direction)
    .filter(({ rule }) => hasPort(plainPorts(rule), 'TCP', port))
    .flatMap(({ rule, policy }) => admittedBy(analysis, own, direction, rule, policy))
    .flatMap(({ peers: { certain, possible } }) => [certain, possible])
    .some((peers) =>
      [...eachPeer({ ...peers, known: NOBODY }, analysis.population)].some(
        (peer) =>
          peer.kind === 'pods' &&
          isOfMesh(peer, analysis, role) &&
          hasPort(analysis.engine.allows(own, peer, direction).sure, 'TCP', port) &&
          isLost(peer),
      ),
    )
}

/** Do the rules that a finding blames admit a peer of the mesh, and not its port? */
function lostIn(
  { workload: { id }, culprits, direction, port }: Finding,
  view: View,
): (peer: Peer) => boolean {
  const own = view.workload(id)
  const blamed = new Set(culprits.map(({ rule }) => rule))
  const role = roleOf({ direction })
  return (peer) => {
    const there = inView(peer, view)
    if (there === null || own === undefined || !isOfMesh(there, view.analysis, role)) return false
    const { sure, hits } = view.analysis.engine.allows(own, there, direction)
    return (
      !hasPort(sure, 'TCP', port) &&
      hits.some(({ rule, perhaps }) => blamed.has(rule) && perhaps.TCP.length > 0)
    )
  }
}

/** The peer as that state knows it; null where it is not there. */
function inView(peer: Peer, { analysis, workload }: View): Peer | null {
  if (peer.kind === 'pods') return { ...peer, namespace: namespaceIn(analysis, peer.namespace.name) }
  if (peer.kind !== 'workload') return peer
  const there = workload(peer.workload.id)
  return there === undefined ? null : { ...peer, workload: there }
}
