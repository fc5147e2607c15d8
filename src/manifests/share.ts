// What of a tree belongs to one configured cluster, or to those that are discovered: its roots, with all that they grow
// into, and what is to be said of its files.
import type { ClusterConfig } from '../core/config.ts'
import type { Manifest } from '../core/kubernetes/manifest.ts'
import type { Problem } from '../core/source/problem.ts'
import { appliedByNobody, holdingsOf, mayBeTakenIn, noLongerApplied, withoutAbandoned } from './abandoned.ts'
import type { Holding, Taken } from './abandoned.ts'
import { firstSeeds, inCapitals, leftSeeds, survey, unapplied } from './discover.ts'
import { expand } from './expand.ts'
import type { KitchenBase, Root } from './expand.ts'
import { isChartPart } from './listing.ts'
import type { Listing } from './listing.ts'

/** What belongs to one configured cluster, or (null) to those that are discovered. */
export interface Share {
  readonly owner: ClusterConfig | null
  readonly roots: readonly Root[]
  readonly holdings: readonly Holding[]
  readonly controlled: boolean
  /** Files that would be roots, did something not take them in in the other state. */
  readonly abandoned: ReadonlySet<string>
  /** Of files rather than of objects. */
  readonly problems: readonly Problem[]
  /** Paths that are not read and bear on manifests all the same. */
  readonly watched: readonly string[]
  /** Namespaces as files describe them that are in the paths of no configured cluster; none where paths do not decide. */
  readonly outside: readonly Manifest[]
}

const MANY = 20
export async function shareOf(
  owner: ClusterConfig | null,
  isOurs: (...paths: readonly string[]) => boolean,
  listing: Listing,
  kitchen: KitchenBase,
  parsed: Parameters<typeof survey>[1],
  takenElsewhere: Taken,
): Promise<Omit<Share, 'outside'>> {
  const found = await survey(listing, parsed, isOurs, kitchen)
  const first = withoutAbandoned(await firstSeeds(found), listing.tree, takenElsewhere)
  const abandoned = new Set(first.abandoned)
  let seeds = first.seeds
  let roots = await expand(seeds, kitchen)
  let covered = coveredBy(roots)
  for (;;) {
    const next = withoutAbandoned(
      await leftSeeds(found, new Set([...covered, ...abandoned])),
      listing.tree,
      takenElsewhere,
    )
    for (const path of next.abandoned) abandoned.add(path)
    if (next.seeds.length === 0) break
    // One at a time, as it may lead to the others; many have nothing to do with each other.
    seeds = [...seeds, ...(next.seeds.length > MANY ? next.seeds : next.seeds.slice(0, 1))]
    roots = await expand(seeds, kitchen)
    const before = covered.size
    covered = coveredBy(roots)
    if (covered.size === before) break
  }
  const watched = listing.watched.filter((path) => isOurs(path))
  const unreadable = unreadableIn(roots)
  const capitals = listing.inCapitals.map(({ path }) => path).filter((path) => isOurs(path))
  const odd = inCapitals(await kitchen.parsed(capitals), covered)
  return {
    owner,
    roots,
    holdings: holdingsOf(roots, listing.tree),
    controlled: found.claims.length > 0,
    abandoned,
    watched: [
      ...watched,
      ...abandoned,
      ...found.unlisted.map(({ path }) => path),
      ...odd.map(({ path }) => path),
      ...chartFiles(found.charts, listing),
    ],
    problems: [
      ...listing.problems.filter(({ path }) => isOurs(path)),
      ...(await unapplied(found, covered)),
      ...odd,
      ...[...abandoned]
        .filter((path) => !covered.has(path) && !mayBeTakenIn(path, takenElsewhere, unreadable))
        .map((path) => noLongerApplied(path, parsed)),
      ...(found.claims.length === 0 ? [] : appliedByNobody(roots)),
    ],
  }
}

function unreadableIn(roots: readonly Root[]): ReadonlySet<string> {
  const problems = roots.flatMap(({ parts }) => parts.flatMap((part) => part.problems))
  return new Set(problems.flatMap((one) => (one.class === 'unreadable' ? [one.path] : [])))
}

function coveredBy(roots: readonly Root[]): ReadonlySet<string> {
  return new Set(roots.flatMap(({ parts }) => parts.flatMap(({ inputs }) => inputs)))
}

/** What a chart that nobody installs would be made of. */
export function chartFiles(charts: readonly string[], { tree }: Listing): readonly string[] {
  return charts.flatMap((folder) =>
    tree
      .below(folder)
      .map(({ path }) => path)
      .filter((path) => isChartPart(path, folder) || /\.(ya?ml|json|lock)$/.test(path)),
  )
}
