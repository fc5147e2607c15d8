// What lost peers are called: workloads by their ids, all others by what a rule calls them.
import type { World } from '../analysis.ts'
import { intersect, subtract, union } from '../kubernetes/interval-set.ts'
import { NAMESPACE_NAME_LABEL } from '../kubernetes/labels.ts'
import type { Direction } from '../kubernetes/kinds/policy.ts'
import type { Namespace, Workload } from '../kubernetes/state.ts'
import { NOBODY, indexesOf } from '../policy/index-set.ts'
import type { IndexSet } from '../policy/index-set.ts'
import { podsName } from '../policy/peer.ts'
import { NO_PEERS } from '../policy/peer-set.ts'
import type { PeerSet, UnseenPods } from '../policy/peer-set.ts'
import type { Population } from '../policy/population.ts'
import { compareText } from '../source/problem.ts'
import type { LostPeers } from './lost-peers.ts'

/** Many workloads lose the same peers, and those are one set: it is spelt out once. */
const SPELT = new WeakMap<PeerSet['known'], readonly string[]>()

/** Each name once, sorted. */
export function namesOf(lost: readonly LostPeers[], population: Population): readonly string[] {
  const [only, ...more] = lost
  if (only?.name !== null || more.length > 0) return spell(lost, population)
  const before = SPELT.get(only.peers.known)
  if (before !== undefined) return before
  const now = spell(lost, population)
  SPELT.set(only.peers.known, now)
  return now
}

function spell(lost: readonly LostPeers[], { workloads }: Population): readonly string[] {
  const names = new Set<string>()
  for (const { name, peers } of lost) {
    if (name !== null) names.add(name)
    else for (const index of indexesOf(peers.known)) names.add((workloads[index] as Workload).id)
  }
  return [...names].sort(compareText)
}

/**
 * A rule may be for anybody, and what is lost be a few that the tree shows: those go by their own names. `any` are all
 * that are in the mesh for sure, or some of whom nobody knows where they are.
 */
export function spellFew(
  lost: readonly LostPeers[],
  world: World,
  direction: Direction,
): readonly LostPeers[] {
  const any = lost.filter(({ name }) => name === 'any')
  if (any.length === 0 || any.some(({ peers: { rest } }) => rest.length > 0)) return lost
  const { certain } = everyone(world, direction)
  const unseen = any.map(({ peers }) => namespacesOf(peers)).reduce(union, NOBODY)
  const known = any.map(({ peers }) => peers.known).reduce(union, NOBODY)
  const isAll = [subtract(namespacesOf(certain), unseen), subtract(certain.known, known)].every(
    (left) => left.length === 0,
  )
  if (isAll || subtract(unseen, world.population.described).length > 0) return lost
  return lost.flatMap((group) => (group.name === 'any' ? oneByOne(group, world.population) : group))
}

function oneByOne(group: LostPeers, { namespaces }: Population): readonly LostPeers[] {
  const { known, unseen } = group.peers
  const shown = { ...group, name: null, peers: { ...NO_PEERS, known } }
  const hidden = unseen.flatMap((some) =>
    [...indexesOf(some.namespaces)].map((index): LostPeers => {
      const own = {
        key: NAMESPACE_NAME_LABEL,
        operator: 'In',
        values: [namespaces[index]?.name ?? ''],
      } as const
      const peers = { ...NO_PEERS, unseen: [{ ...some, namespaces: [[index, index + 1]] as const }] }
      return { ...group, name: podsName(some.pods, [own]), peers }
    }),
  )
  return [...(known.length === 0 ? [] : [shown]), ...hidden]
}

/** Are some of them in the mesh for sure? Then a doubt is about what policies do with them. */
export function anyCertain(lost: readonly LostPeers[], world: World, direction: Direction): boolean {
  const { certain } = everyone(world, direction)
  const role = direction === 'ingress' ? 'sends' : 'receives'
  const isCertain = ({ pods, namespaces }: UnseenPods): boolean =>
    [...indexesOf(namespaces)].some(
      (index) =>
        world.mesh.podsSide(pods, world.population.namespaces[index] as Namespace, role) === 'certain',
    )
  return lost.some(
    ({ peers }) => intersect(peers.known, certain.known).length > 0 || peers.unseen.some(isCertain),
  )
}

function everyone({ senders, receivers }: World, direction: Direction): World['senders']['everyone'] {
  return (direction === 'ingress' ? senders : receivers).everyone
}

function namespacesOf({ unseen }: PeerSet): IndexSet {
  return unseen.map(({ namespaces }) => namespaces).reduce(union, NOBODY)
}
