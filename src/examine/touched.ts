// What a change touches: paths, lines of the head, and the namespaces whose objects differ.
import type { ClusterConfig } from '../core/config.ts'
import type { Touched } from '../core/index.ts'
import { groupKindOf, nameIn } from '../core/kubernetes/identity.ts'
import { namespaceOf } from '../core/kubernetes/manifest.ts'
import type { Manifest } from '../core/kubernetes/manifest.ts'
import { isOfCluster } from '../core/kubernetes/scope.ts'
import { isJudged } from '../core/kubernetes/state.ts'
import { changedLines } from '../core/source/line-diff.ts'
import type { Gathered, LoadedCluster } from '../manifests/load.ts'

/** One cluster of one state, and the tree that it was made from. */
export interface ClusterState {
  readonly gathered: Gathered
  readonly loaded: LoadedCluster
}

/** Compares two states of a cluster; `base` is null where there is nothing to compare with. */
export async function touchedBy(
  base: ClusterState | null,
  head: ClusterState,
  config: ClusterConfig,
): Promise<Touched> {
  const every = new Set([...head.loaded.inputs, ...(base?.loaded.inputs ?? [])])
  const paths = [...every].filter((path) => head.gathered.idOf(path) !== base?.gathered.idOf(path))
  const lines = await Promise.all(
    paths.map(async (path): Promise<[string, ReadonlySet<number>][]> => {
      const after = await head.gathered.text(path)
      if (after === null) return []
      const before = base === null ? null : await base.gathered.text(path)
      return [[path, changedLines(before?.text ?? null, after.text)]]
    }),
  )
  const namespaces = changedNamespaces(base?.loaded.manifests ?? [], head.loaded.manifests, config)
  return { paths: new Set(paths), lines: new Map(lines.flat()), namespaces: new Set(namespaces) }
}

/** An AuthorizationPolicy opens and closes nothing on the wire: namespaces where only those differ are not touched. */
function changedNamespaces(
  before: readonly Manifest[],
  after: readonly Manifest[],
  config: ClusterConfig,
): readonly string[] {
  const changed = [...without(before, after), ...without(after, before)]
    .filter(isJudged)
    .filter(({ kind }) => kind !== 'AuthorizationPolicy')
    .flatMap((manifest) => {
      const { kind, object } = manifest
      if (kind === 'Namespace') return nameIn(manifest)
      if (!isOfCluster(groupKindOf(manifest))) return namespaceOf(object) ?? config.namespace
      // A policy of the whole cluster may select the pods of any namespace.
      return [...before, ...after].flatMap((one) => namespaceOf(one.object) ?? [])
    })
  return [...changed, ...config.enroll]
}

/** The manifests that are not among the others, word for word. Those of a file that is the same in both are the same. */
function without(manifests: readonly Manifest[], others: readonly Manifest[]): readonly Manifest[] {
  const same = new Set(others)
  const changed = manifests.filter((manifest) => !same.has(manifest))
  if (changed.length === 0) return changed
  const mine = new Set(manifests)
  const texts = new Set(
    others.filter((other) => !mine.has(other)).map(({ object }) => JSON.stringify(object)),
  )
  return changed.filter(({ object }) => !texts.has(JSON.stringify(object)))
}
