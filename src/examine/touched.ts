// What a change touches: paths, lines of the head, and the namespaces whose objects differ.
import type { ClusterConfig } from '../core/config.ts'
import type { Touched } from '../core/index.ts'
import { namespaceOf } from '../core/kubernetes/manifest.ts'
import type { Manifest } from '../core/kubernetes/manifest.ts'
import { isJudged } from '../core/kubernetes/state.ts'
import { changedLines } from '../core/source/line-diff.ts'
import type { Loaded } from '../manifests/load.ts'
import { isWithin } from '../manifests/unrendered.ts'

/** Compares the files of two trees; `base` is null where there is nothing to compare with. */
export function touchedBy(base: Loaded | null, head: Loaded, config: ClusterConfig): Touched {
  const ours = (path: string): boolean =>
    config.paths === null || config.paths.some((folder) => isWithin(path, folder))
  const every = new Set([...head.ids.keys(), ...(base?.ids.keys() ?? [])])
  const paths = [...every].filter((path) => ours(path) && head.ids.get(path) !== base?.ids.get(path))
  const lines = paths.flatMap((path): [string, ReadonlySet<number>][] => {
    const after = textOf(head, path)
    return after === null ? [] : [[path, changedLines(base === null ? null : textOf(base, path), after)]]
  })
  const namespaces = new Set(
    paths.flatMap((path) =>
      changedNamespaces(
        base?.files.get(path)?.manifests ?? [],
        head.files.get(path)?.manifests ?? [],
        config,
      ),
    ),
  )
  for (const namespace of config.enroll) namespaces.add(namespace)
  return { paths: new Set(paths), lines: new Map(lines), namespaces }
}

/** The text of a file that holds manifests; files without any have no lines that matter. */
function textOf(loaded: Loaded, path: string): string | null {
  return loaded.files.get(path)?.manifests[0]?.origin.file.text ?? null
}

/** An AuthorizationPolicy opens and closes nothing on the wire: namespaces where only those differ are not touched. */
function changedNamespaces(
  before: readonly Manifest[],
  after: readonly Manifest[],
  config: ClusterConfig,
): readonly string[] {
  return [...without(before, after), ...without(after, before)]
    .filter(isJudged)
    .filter(({ kind }) => kind !== 'AuthorizationPolicy')
    .map(({ kind, object }) => {
      if (kind !== 'Namespace') return namespaceOf(object) ?? config.namespace
      const { name } = (object.metadata ?? {}) as { readonly name?: unknown }
      return typeof name === 'string' ? name : ''
    })
}

/** The manifests that are not among the others, word for word. */
function without(manifests: readonly Manifest[], others: readonly Manifest[]): readonly Manifest[] {
  if (others.length === 0) return manifests
  const texts = new Set(others.map(({ object }) => JSON.stringify(object)))
  return manifests.filter(({ object }) => !texts.has(JSON.stringify(object)))
}
