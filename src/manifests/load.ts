// A tree becomes clusters: what a controller or a person would apply to each, with the way back to the files.
import { clusterNamed } from '../core/config.ts'
import type { ClusterConfig } from '../core/config.ts'
import type { Manifest } from '../core/kubernetes/manifest.ts'
import { isEqual } from '../core/kubernetes/origin.ts'
import { isJudged } from '../core/kubernetes/state.ts'
import { onceEach } from '../core/source/once-each.ts'
import { grouped } from '../core/source/grouped.ts'
import { compareText } from '../core/source/problem.ts'
import type { Problem } from '../core/source/problem.ts'
import type { SourceFile } from '../core/source/text.ts'
import { listingOf } from '../git/tree.ts'
import type { FileList, Tree, TreeFile } from '../git/tree.ts'
import type { Holding, Taken } from './abandoned.ts'
import { homeOf, revisedClusters, weighRoots } from './clusters-again.ts'
import { homesOf, sortRoots } from './environments.ts'
import type { Environments } from './environments.ts'
import type { KitchenBase, Part, RenderedUnit, Root } from './expand.ts'
import { gatherAgain } from './gather-again.ts'
import { layoutOf } from './layout.ts'
import type { Layout } from './layout.ts'
import { listTree, pathMatcher } from './listing.ts'
import type { Listing, ListOptions } from './listing.ts'
import { mergeManagedNamespaces } from './managed-namespaces.ts'
import { describedOutside, inAnotherCluster, isNamespace } from './outside-paths.ts'
import type { ParsedFile } from './parse.ts'
import { readFiles } from './read-files.ts'
import { kustomizationAt } from './renderers/kustomize/closure.ts'
import { sourceMatcher } from './repository-urls.ts'
import { chartFiles, shareOf } from './share.ts'
import type { Share } from './share.ts'
import type { Grown } from './strays.ts'
import type { Workshop } from './workshop.ts'

export interface LoadOptions extends ListOptions {
  /** As the configuration has them: those with paths take their part of the tree, the others share the rest. */
  readonly clusters: readonly ClusterConfig[]
  /** URLs under which this tree is known; empty where nobody knows. */
  readonly repositories: readonly string[]
  /** What is taken in by something in the other state: where nothing does so here, it is not applied, and is no root. */
  readonly takenElsewhere?: Taken
}

/** Everything that a tree makes somebody apply, before it is sorted into clusters. */
export interface Gathered {
  readonly shares: readonly Share[]
  readonly holdings: readonly Holding[]
  /** Are there objects of controllers that say what is applied? */
  readonly controlled: boolean
  /** Configured clusters whose paths hold no file. */
  readonly idle: readonly ClusterConfig[]
  /** What is in the paths of no cluster, where every cluster has paths. */
  readonly outside: readonly Manifest[]
  /** The blob id of whatever stands at a path. */
  readonly idOf: (path: string) => string | undefined
  readonly text: (path: string) => Promise<SourceFile | null>
  readonly grounds: Grounds
  /** What it was made of, as long as somebody has that, and the roots that are others here; null: of nothing. */
  readonly revises: { readonly near: WeakRef<Gathered>; readonly replaced: ReadonlyMap<Root, Root> } | null
}

/** What a tree of few changes can be gathered from. */
export interface Grounds {
  readonly files: FileList
  readonly options: LoadOptions
  /** Of the tree that was gathered anew, at last. */
  readonly listing: Listing
  readonly layout: () => Layout
  readonly anew: { readonly kitchen: KitchenBase }
  /** Files that are others by now than in that tree; null: gone. */
  readonly since: ReadonlyMap<string, TreeFile | null>
  readonly kitchen: KitchenBase
  /** Do objects of Flux take values from ConfigMaps? */
  readonly asksForValues: boolean
}

export interface LoadedCluster {
  readonly config: ClusterConfig
  readonly manifests: readonly Manifest[]
  readonly problems: readonly Problem[]
  /** Every path that decided something, whether it exists or not. */
  readonly inputs: ReadonlySet<string>
  /** What was rendered for it, without plain files. */
  readonly units: readonly RenderedUnit[]
  /** Folders where rendering began. */
  readonly roots: readonly string[]
  /** What those roots grew into here. */
  readonly grown: readonly Grown[]
}

/** Renders a whole tree; what it has in common with that of `near` is taken from there, where that shows. */
export async function gather(
  tree: Tree,
  options: LoadOptions,
  workshop: Workshop,
  near: Gathered | null = null,
): Promise<Gathered> {
  const known = near === null ? null : await gatherAgain(near, tree, options, workshop)
  return known ?? gatherAnew(tree, options, workshop)
}

async function gatherAnew(tree: Tree, options: LoadOptions, workshop: Workshop): Promise<Gathered> {
  const listing = await listTree(tree, options)
  const bare = await readFiles(tree, listing.plain, { editable: true, configMaps: false }, workshop.parsed)
  const asksForValues = [...bare.values()].some(({ manifests }) => manifests.some(namesConfigMaps))
  const parsed = asksForValues ? await withConfigMaps(tree, listing, bare, workshop) : bare
  const withValues = new Map(listing.plain.map((file) => [file.path, file]))
  const kitchen: KitchenBase = {
    tree: listing.tree,
    tools: workshop.tools,
    cache: workshop.rendered,
    memory: workshop.renderings,
    remote: workshop.remote,
    isThisTree: sourceMatcher(options.repositories, listing.tree),
    async parsed(paths) {
      const files = paths.flatMap((path) => withValues.get(path) ?? listing.tree.file(path) ?? [])
      const known = files.every(({ path }) => bare.has(path))
      const read =
        known && !asksForValues
          ? bare
          : await readFiles(tree, files, { editable: true, configMaps: asksForValues }, workshop.parsed)
      return files.flatMap(({ path }) => read.get(path) ?? [])
    },
  }
  const everyFile = [...parsed.values()]
  const pathed = options.clusters.filter(({ paths }) => paths !== null)
  const holds = new Map(pathed.map((cluster) => [cluster, pathMatcher(cluster.paths ?? [])]))
  const within = (cluster: ClusterConfig, path: string): boolean => holds.get(cluster)?.(path) ?? false
  const owners: readonly (ClusterConfig | null)[] =
    pathed.length < options.clusters.length || pathed.length === 0 ? [...pathed, null] : pathed
  const every = listing.tree.below('.')
  const idle = pathed.filter((cluster) => !every.some(({ path }) => within(cluster, path)))
  const homeless = everyFile.filter(({ path }) => !pathed.some((cluster) => within(cluster, path)))
  const outside = homeless.flatMap(({ manifests }) => manifests.filter(isNamespace))
  const shares = await Promise.all(
    owners.map(async (owner): Promise<Share> => {
      const isOurs = (...paths: readonly string[]): boolean =>
        owner === null
          ? !pathed.some((cluster) => paths.some((path) => within(cluster, path)))
          : paths.some((path) => within(owner, path))
      const share = await shareOf(
        owner,
        isOurs,
        listing,
        kitchen,
        everyFile,
        options.takenElsewhere ?? new Map<string, never>(),
      )
      // Where nothing is a cluster's, every change may have been meant for it.
      const watched =
        owner !== null && idle.includes(owner) ? [...share.watched, ...everyPart(listing)] : share.watched
      return { ...share, watched, outside: owner === null ? [] : outside }
    }),
  )
  const holdings = shares.flatMap((share) => share.holdings)
  const controlled = shares.some((share) => share.controlled)
  let layout: Layout | null = null
  const grounds: Grounds = {
    files: await listingOf(tree),
    options,
    listing,
    layout: () => (layout ??= layoutOf(shares, listing)),
    anew: { kitchen },
    since: new Map(),
    kitchen,
    asksForValues,
  }
  const { idOf } = listing
  const unowned = owners.includes(null) ? [] : homeless.flatMap(({ manifests }) => manifests)
  const { text } = listing.tree
  return { shares, holdings, controlled, idle, outside: unowned, idOf, text, grounds, revises: null }
}

/**
 * The same files with their ConfigMaps. One that holds nothing else and cannot be read is passed over: what asks for it
 * says that it is not there.
 */
async function withConfigMaps(
  tree: Tree,
  { plain }: Listing,
  bare: ReadonlyMap<string, ParsedFile>,
  { parsed }: Pick<Workshop, 'parsed'>,
): Promise<ReadonlyMap<string, ParsedFile>> {
  const read = await readFiles(tree, plain, { editable: true, configMaps: true }, parsed)
  return new Map(
    [...read].map(([path, file]) => [path, { ...file, problems: bare.get(path)?.problems ?? [] }]),
  )
}

/** Every file that a manifest may come from, whoever it is of. */
function everyPart(listing: Listing): readonly string[] {
  return [
    ...listing.plain.map(({ path }) => path),
    ...listing.kustomizations.flatMap((folder) => kustomizationAt(listing.tree, folder) ?? []),
    ...chartFiles(listing.charts, listing),
  ]
}

/** Does an object of Flux take values from ConfigMaps? There are many of those, and only then are they read. */
function namesConfigMaps({ object, apiVersion }: Manifest): boolean {
  return (
    apiVersion.includes('toolkit.fluxcd.io/') && /"(substituteFrom|valuesFrom)"/.test(JSON.stringify(object))
  )
}

/** What keeps discovered clusters apart: the same for every state that is compared. */
export interface ClusterNames {
  readonly environments: Environments
  /** The environments that some root of some state is of. */
  readonly homes: readonly string[]
  /** Is there one cluster alone, in every state? */
  readonly alone: boolean
  /** Configured clusters whose paths hold no file of any state. */
  readonly idle: readonly ClusterConfig[]
}

export function clusterNames(states: readonly Gathered[]): ClusterNames {
  const environments = new Set(states.flatMap((state) => [...weighRoots(state).names]))
  const discovered = states.flatMap(({ shares }) => shares.filter(({ owner }) => owner === null))
  const homes = [...new Set(discovered.flatMap(({ roots }) => homesOf(roots, environments)))]
  const targets = states.flatMap((state) => [...targetsOf(state)])
  const named = new Set([...homes, ...targets.filter((name) => name !== null)])
  const hasHome = homes.length === 0 && targets.includes(null)
  const idle = (states[0]?.idle ?? []).filter((one) => states.every((state) => state.idle.includes(one)))
  return { environments, homes, alone: named.size + (hasHome ? 1 : 0) <= 1, idle }
}

/** The clusters that units of a state name and put something into; null is the one that a root is applied to. */
const targetsOf = onceEach(({ revises, shares }: Gathered): ReadonlySet<string | null> => {
  const near = revises?.near.deref()
  const isLikeBefore = [...(revises?.replaced ?? [])].every(
    ([old, now]) => old.parts.some(isLivedIn) === now.parts.some(isLivedIn),
  )
  const parts = (): readonly Part[] =>
    shares.flatMap(({ owner, roots }) => (owner === null ? roots.flatMap((root) => root.parts) : []))
  return near !== undefined && isLikeBefore
    ? targetsOf(near)
    : new Set(parts().flatMap((part) => (isLivedIn(part) ? [part.cluster] : [])))
})

/** Where an Argo CD lives that only tells other clusters what to run, there is nothing to judge. */
function isLivedIn({ manifests, problems }: Part): boolean {
  return manifests.some(isJudged) || problems.length > 0
}

/** The clusters of a state by what they hang on: a state is sorted more than once, and may be the base of many looks. */
const sorted = new WeakMap<
  Gathered,
  { readonly hangsOn: unknown; readonly clusters: readonly LoadedCluster[] }[]
>()

/** Sorts one state into clusters, in order of their names. */
export function clustersOf(
  gathered: Gathered,
  names: ClusterNames,
  configured: readonly ClusterConfig[],
): readonly LoadedCluster[] {
  const hangsOn = [[...names.environments], names.homes, names.alone, configured]
  const before = sorted.get(gathered) ?? []
  const known = before.find((one) => isEqual(one.hangsOn, hangsOn))
  if (known !== undefined) return known.clusters
  const again = revisedClusters(gathered, (near) => clustersOf(near, names, configured), isLivedIn)
  const clusters = again ?? sortShares(gathered, names, configured)
  sorted.set(gathered, [...before.slice(-3), { hangsOn, clusters }])
  return clusters
}

function sortShares(
  { shares }: Gathered,
  names: ClusterNames,
  configured: readonly ClusterConfig[],
): readonly LoadedCluster[] {
  const clusters = shares.flatMap((share) =>
    share.owner === null ? discovered(share, names, configured) : ofOwner(share, share.owner),
  )
  return clusters.sort((a, b) => compareText(a.config.name, b.config.name))
}

function ofOwner(share: Share, owner: ClusterConfig): readonly LoadedCluster[] {
  const parts = share.roots.flatMap((root) => root.parts.map((part) => ({ root, part })))
  const named = [...new Set(parts.flatMap(({ part }) => part.cluster ?? []))]
  // One cluster that everything names is this one; several cannot all be.
  const target = (part: Part): string =>
    part.cluster === null || named.length <= 1 ? owner.name : part.cluster
  return assemble(
    share,
    parts.map(({ root, part }) => ({ name: target(part), root, part })),
    (name) => ({ ...owner, name }),
    owner.name,
  )
}

function discovered(
  share: Share,
  { environments, homes, alone }: ClusterNames,
  configured: readonly ClusterConfig[],
): readonly LoadedCluster[] {
  const sorted = sortRoots(share.roots.map(homeOf), environments, homes)
  const placed = [...sorted].flatMap(([home, roots]) =>
    roots.flatMap((root) => root.parts.map((part) => ({ name: part.cluster ?? home, root, part }))),
  )
  const open = configured.filter(({ paths }) => paths === null)
  // A tree of one cluster is the one that is configured; where several are, each of them looks at all of it.
  if (alone)
    return open.flatMap((config) =>
      assemble(
        share,
        placed.map(({ root, part }) => ({ name: config.name, root, part })),
        () => config,
        config.name,
      ),
    )
  const here = placed.filter(({ name, part }) => name !== null || isLivedIn(part))
  return assemble(
    share,
    here.map(({ name, root, part }) => ({ name: name ?? 'default', root, part })),
    (name) => clusterNamed(name, configured),
    'default',
  )
}

interface Placed extends Grown {
  readonly name: string
}

function assemble(
  { problems, watched, outside }: Share,
  placed: readonly Placed[],
  configOf: (name: string) => ClusterConfig,
  emptyName: string,
): readonly LoadedCluster[] {
  const byName = grouped(placed, ({ name }) => name)
  const names = [...byName.keys()]
  return (names.length === 0 ? [emptyName] : names).map((name): LoadedCluster => {
    const own = byName.get(name) ?? []
    const config = configOf(name)
    const manifests = mergeManagedNamespaces(own.flatMap(({ part }) => part.manifests))
    const mine = new Set(own.map(({ root }) => root))
    const others = names
      .filter((other) => other !== name)
      .map((other) => ({
        name: other,
        manifests: (byName.get(other) ?? []).flatMap(({ root, part }) =>
          mine.has(root) && part.cluster === null ? [] : part.manifests,
        ),
      }))
    const missed = [
      ...describedOutside(config, manifests, outside),
      ...inAnotherCluster(config, manifests, others),
    ]
    return {
      config,
      manifests,
      problems: [...problems, ...own.flatMap(({ part }) => part.problems), ...missed],
      inputs: new Set([
        ...watched,
        ...own.flatMap(({ part }) => part.inputs),
        ...missed.flatMap(({ hides }) => hides.under ?? []),
      ]),
      units: own.flatMap(({ part }) => part.units),
      roots: [...new Set(own.map(({ root }) => root.path))].sort(compareText),
      grown: own,
    }
  })
}

/** A cluster of which a state of the tree shows nothing. */
export function emptyCluster(config: ClusterConfig): LoadedCluster {
  return { config, manifests: [], problems: [], inputs: new Set(), units: [], roots: [], grown: [] }
}
