// A cluster that only changes its name is the same cluster: an overlay is moved, or a controller begins to say where
// things go. Compared with nothing, all that was wrong with it would count as brought by the change.
import { isEqual } from '../core/kubernetes/origin.ts'
import type { Manifest } from '../core/kubernetes/manifest.ts'
import { compareText } from '../core/source/problem.ts'
import { identityOf } from './environments.ts'
import type { LoadedCluster } from './load.ts'

interface Pair {
  readonly former: string
  readonly now: string
  /** Objects that are the same word for word. */
  readonly same: number
  /** Letters with which both names begin. */
  readonly alike: number
}

/**
 * The former name of each cluster of the head that the base does not have, where one that only the base has holds the
 * same objects for the most part. Where several come into question, it is the one that is most alike; where none is
 * more so than another, nobody knows.
 */
export function renamedClusters(
  before: readonly LoadedCluster[],
  after: readonly LoadedCluster[],
): ReadonlyMap<string, string> {
  const gone = onlyIn(before, after)
  const come = onlyIn(after, before)
  const pairs = gone.flatMap((old) => come.flatMap((now) => pairOf(old, now)))
  const isBest = (pair: Pair): boolean =>
    pairs.every(
      (other) =>
        other === pair ||
        (other.former !== pair.former && other.now !== pair.now) ||
        other.same < pair.same ||
        (other.same === pair.same && other.alike < pair.alike),
    )
  return new Map(
    pairs
      .filter(isBest)
      .sort((a, b) => compareText(a.now, b.now))
      .map(({ former, now }) => [now, former]),
  )
}

function onlyIn(some: readonly LoadedCluster[], others: readonly LoadedCluster[]): readonly LoadedCluster[] {
  const names = new Set(others.filter(isLivedIn).map(({ config }) => config.name))
  return some.filter((cluster) => isLivedIn(cluster) && !names.has(cluster.config.name))
}

function isLivedIn({ manifests }: LoadedCluster): boolean {
  return manifests.length > 0
}

function pairOf(old: LoadedCluster, now: LoadedCluster): Pair[] {
  const [left, right] = [byIdentity(old.manifests), byIdentity(now.manifests)]
  const shared = [...left].filter(([identity]) => right.has(identity))
  if (shared.length * 2 <= Math.max(left.size, right.size)) return []
  const same = shared.filter(([identity, { object }]) => isEqual(object, right.get(identity)?.object)).length
  const [former, name] = [old.config.name, now.config.name]
  const apart = [...former].findIndex((letter, index) => letter !== name[index])
  return [{ former, now: name, same, alike: apart === -1 ? former.length : apart }]
}

function byIdentity(manifests: readonly Manifest[]): ReadonlyMap<string, Manifest> {
  return new Map(manifests.map((manifest) => [identityOf(manifest), manifest]))
}
