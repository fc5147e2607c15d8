// What a state comes to that was gathered from another one: the same environments and clusters but for the roots that
// are others.
import type { Manifest } from '../core/kubernetes/manifest.ts'
import { madeFrom } from '../core/source/differing.ts'
import { onceEach } from '../core/source/once-each.ts'
import { cutAt } from '../core/source/sorted.ts'
import { weigh, weighAgain } from './environments.ts'
import type { Rooted, Weighed } from './environments.ts'
import type { Part, Root } from './expand.ts'
import type { Gathered, LoadedCluster } from './load.ts'
import { mergeManagedNamespaces } from './managed-namespaces.ts'
import type { Grown } from './strays.ts'

export type Home = Root & Rooted

const NOTHING: readonly Manifest[] = []

/** A root as what it puts into the cluster that it is applied to itself: of one root, always the same value. */
export const homeOf = onceEach((root: Root): Home => {
  const own = root.parts.find(({ cluster }) => cluster === null)
  return { ...root, manifests: own?.manifests ?? NOTHING }
})

/** What tells the discovered clusters of a state apart. */
export const weighRoots = onceEach(({ revises, shares }: Gathered): Weighed => {
  const near = revises?.near.deref()
  const again =
    revises === null || near === undefined
      ? null
      : weighAgain(
          weighRoots(near),
          [...revises.replaced].map(([old, now]) => [homeOf(old), homeOf(now)] as const),
        )
  return again ?? weigh(shares.flatMap(({ owner, roots }) => (owner === null ? roots.map(homeOf) : [])))
})

/** The clusters of a state, from those of the state that it was gathered from; null where that does not show. */
export function revisedClusters(
  { revises, shares }: Gathered,
  clustersBefore: (near: Gathered) => readonly LoadedCluster[],
  isLivedIn: (part: Part) => boolean,
): readonly LoadedCluster[] | null {
  const near = revises?.near.deref()
  if (revises === null || near === undefined) return null
  // What one cluster leaves out may be in another.
  const [cluster, ...others] = clustersBefore(near)
  if (cluster === undefined || others.length > 0) return null
  const { replaced } = revises
  const inputs = [...replaced].flatMap(([old, root]) => {
    const [was, is] = [inputsOf(old), inputsOf(root)]
    return [
      ...[...was].filter((path) => !is.has(path)).map((path) => ({ path, isThere: false })),
      ...[...is].filter((path) => !was.has(path)).map((path) => ({ path, isThere: true })),
    ]
  })
  for (const [old, now] of replaced) if (old.parts.some(isLivedIn) !== now.parts.some(isLivedIn)) return null
  const now = new Map<Root, Home>([...replaced].map(([old, root]) => [homeOf(old), homeOf(root)]))
  const grown = grownAgain(cluster.grown, now)
  const parts = [...now].flatMap(([old, root]): (readonly [Part, Part])[] => {
    const [was, is] = [old.parts[0], root.parts[0]]
    return was === undefined || is === undefined ? [] : [[was, is]]
  })
  const saysSomething = parts.some(([was, is]) => was.problems.length + is.problems.length > 0)
  return [
    {
      ...cluster,
      manifests:
        spliced(cluster.manifests, parts) ??
        mergeManagedNamespaces(grown.flatMap(({ part }) => part.manifests)),
      problems: saysSomething
        ? [...shares.flatMap(({ problems }) => problems), ...grown.flatMap(({ part }) => part.problems)]
        : cluster.problems,
      inputs: inputs.length === 0 ? cluster.inputs : withInputs(cluster.inputs, inputs),
      grown,
    },
  ]
}

/** The same in the same order, with what some roots grew into in the places of what others did. */
function grownAgain(grown: LoadedCluster['grown'], now: ReadonlyMap<Root, Home>): LoadedCluster['grown'] {
  const again = [...grown]
  const [gone, come]: [Grown[], Grown[]] = [[], []]
  for (const at of placesOf(grown, now)) {
    const one = grown[at] as Grown
    const root = now.get(one.root)
    const part = root?.parts[0]
    if (root === undefined || part === undefined) continue
    const other = { ...one, root, part }
    again[at] = other
    gone.push(one)
    come.push(other)
  }
  return madeFrom(grown, again, gone, come)
}

/** More roots than this are found in one walk. */
const FEW = 16

function placesOf(grown: LoadedCluster['grown'], roots: ReadonlyMap<Root, unknown>): readonly number[] {
  if (roots.size > FEW) return grown.flatMap(({ root }, at) => (roots.has(root) ? [at] : []))
  return [...roots.keys()].map((root) => grown.findIndex((one) => one.root === root)).filter((at) => at >= 0)
}

/**
 * The manifests of all parts, one after the other, with those of some parts in the places of others; null where it does
 * not show which those are.
 */
function spliced(
  manifests: readonly Manifest[],
  replaced: readonly (readonly [was: Part, is: Part])[],
): readonly Manifest[] | null {
  let now = manifests
  for (const [was, is] of replaced) {
    const [first] = was.manifests
    const at = first === undefined ? -1 : now.indexOf(first)
    if (at === -1 || was.manifests.some((one, index) => now[at + index] !== one)) return null
    now = cutAt(now, [{ at, put: is.manifests, skip: was.manifests.length }])
  }
  const [gone, come] = [0, 1].map((side) => replaced.flatMap((parts) => parts[side as 0 | 1].manifests))
  return madeFrom(manifests, now, gone ?? [], come ?? [])
}

function inputsOf({ parts }: Root): ReadonlySet<string> {
  return new Set(parts.flatMap(({ inputs }) => inputs))
}

function withInputs(
  before: ReadonlySet<string>,
  changes: readonly { readonly path: string; readonly isThere: boolean }[],
): ReadonlySet<string> {
  const now = new Set(before)
  for (const { path, isThere } of changes) {
    if (isThere) now.add(path)
    else now.delete(path)
  }
  return now
}
