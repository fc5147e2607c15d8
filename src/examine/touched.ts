// What a change touches: paths, lines of the head, and the namespaces whose objects differ.
import type { ClusterConfig } from '../core/config.ts'
import type { Touched } from '../core/index.ts'
import { groupKindOf, nameIn } from '../core/kubernetes/identity.ts'
import { namespaceOf } from '../core/kubernetes/manifest.ts'
import type { Manifest } from '../core/kubernetes/manifest.ts'
import { isOfCluster } from '../core/kubernetes/scope.ts'
import { ACCOUNT_KIND, isJudged } from '../core/kubernetes/state.ts'
import { differing } from '../core/source/differing.ts'
import { changedLines } from '../core/source/line-diff.ts'
import { everyFile } from '../git/tree.ts'
import type { TreeFile } from '../git/tree.ts'
import { KEPT } from '../manifests/baseline-fields.ts'
import { filesChanged } from '../manifests/files-changed.ts'
import { whole } from '../manifests/keep.ts'
import { endOf, filesBehind } from '../manifests/links.ts'
import { foldersOf } from '../manifests/source-tree.ts'
import { mayHoldManifests } from '../manifests/listing.ts'
import type { Gathered, LoadedCluster } from '../manifests/load.ts'

/** One cluster of one state, and the tree that it was made from. */
export interface ClusterState {
  readonly gathered: Gathered
  readonly loaded: LoadedCluster
}

/**
 * Compares two states of a cluster; `base` is null where there is nothing to compare with.
 * @param isPart are the trees a folder of larger ones?
 */
export async function touchedBy(
  base: ClusterState | null,
  head: ClusterState,
  config: ClusterConfig,
  isPart = false,
): Promise<Touched> {
  const paths = changedPaths(base, head)
  const lines = await Promise.all(
    paths.map(async (path): Promise<[string, ReadonlySet<number>][]> => {
      const after = await head.gathered.text(path)
      if (after === null) return []
      const before = base === null ? null : await base.gathered.text(path)
      return [[path, changedLines(before?.text ?? null, after.text)]]
    }),
  )
  const namespaces = changedNamespaces(base?.loaded.manifests ?? [], head.loaded.manifests, config)
  return {
    paths: new Set(paths),
    lines: new Map(lines.flat()),
    moved: movedAmong(paths, base, head),
    namespaces: new Set(namespaces),
    ...(isPart ? { beyond: true as const } : {}),
  }
}

/** Files of the head that are none of the base, to one of the base that says the same and is none of the head. */
function movedAmong(
  paths: readonly string[],
  base: ClusterState | null,
  head: ClusterState,
): ReadonlyMap<string, string> {
  const [before, after] = [base?.gathered, head.gathered]
  const went = new Map(
    paths.flatMap((path): [string, string][] => {
      const id = before?.idOf(path)
      return id === undefined || after.idOf(path) !== undefined ? [] : [[id, path]]
    }),
  )
  return new Map(
    paths.flatMap((path): [string, string][] => {
      const from = before?.idOf(path) === undefined ? went.get(after.idOf(path) ?? '') : undefined
      return from === undefined ? [] : [[path, from]]
    }),
  )
}

function changedPaths(base: ClusterState | null, head: ClusterState): readonly string[] {
  const before = base?.loaded.inputs ?? NOTHING
  const differs = (path: string): boolean => head.gathered.idOf(path) !== base?.gathered.idOf(path)
  const changes =
    base === null ? null : filesChanged(base.gathered.grounds.files, head.gathered.grounds.files)
  const isInput = (path: string): boolean => head.loaded.inputs.has(path) || before.has(path)
  const changed =
    changes === null ? [...new Set([...head.loaded.inputs, ...before])] : [...changes.keys()].filter(isInput)
  return [...changed.filter(differs), ...linksToOthers(base, head, differs, isInput)]
}

/** Links that are what they were, and lead to what is not: it is as if it stood in their places. */
function linksToOthers(
  base: ClusterState | null,
  head: ClusterState,
  differs: (path: string) => boolean,
  isInput: (path: string) => boolean,
): readonly string[] {
  const { listing, files } = head.gathered.grounds
  if (base === null || listing.behind.size === 0) return []
  const sides = [files, base.gathered.grounds.files].map(everyFile)
  const before = base.gathered.grounds.listing.behind
  // Charts and kustomizations may read files of any name; beside them, a folder has manifests.
  const units = new Set([...listing.charts, ...listing.kustomizations.filter((folder) => folder !== '.')])
  const isOfUnit = (path: string): boolean => foldersOf(path).some((folder) => units.has(folder))
  const isOther = (link: string, { path }: TreeFile): boolean =>
    differs(path) &&
    (mayHoldManifests(path) ||
      (mayHoldManifests(link) && path === endOf(link, listing.behind)) ||
      isOfUnit(link) ||
      isOfUnit(path))
  return [...listing.behind.keys()].filter(
    (link) =>
      isInput(link) &&
      !differs(link) &&
      (endOf(link, listing.behind) !== endOf(link, before) ||
        sides.some((side) => filesBehind(link, listing.behind, side).some((file) => isOther(link, file)))),
  )
}

const NOTHING: ReadonlySet<string> = new Set()

/** Kinds that open and close nothing on the wire: namespaces where only those differ are not touched. */
const HARMLESS = ['AuthorizationPolicy', 'GatewayClass']

function changedNamespaces(
  before: readonly Manifest[],
  after: readonly Manifest[],
  config: ClusterConfig,
): readonly string[] {
  const [gone, come] = differing(before, after)
  const changed = [...without(gone, come), ...without(come, gone)]
    .filter((manifest) => isJudged(manifest) || manifest.kind === ACCOUNT_KIND)
    .filter(({ kind }) => !HARMLESS.includes(kind))
    .flatMap((manifest) => {
      const { kind, object } = manifest
      if (kind === 'Namespace') return nameIn(manifest)
      if (!isOfCluster(groupKindOf(manifest))) return namespaceOf(object) ?? config.namespace
      // A policy of the whole cluster may select the pods of any namespace.
      return [...before, ...after].flatMap((one) => namespaceOf(one.object) ?? [])
    })
  return [...changed, ...config.enroll]
}

/** Of manifests that are in one state alone, those that are not among the others word for word. */
function without(manifests: readonly Manifest[], others: readonly Manifest[]): readonly Manifest[] {
  const texts = new Set(others.map(judged))
  return manifests.filter((one) => !texts.has(judged(one)))
}

/** What is judged of an object, whatever the order of its keys. */
function judged(manifest: Manifest): string {
  const groupKind = groupKindOf(manifest)
  const keep = KEPT[groupKind] ?? EVERYTHING
  return JSON.stringify([groupKind, keep(manifest.object)])
}

const EVERYTHING = whole()
