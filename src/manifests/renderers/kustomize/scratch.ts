// The copy of a kustomization that is built: its files as they are, but for what is left out, what a controller adds,
// and the request to write down where everything comes from.
import type { Route } from '../../../core/yaml/types.ts'
import type { Gathered } from './remote.ts'
import type { Edit } from './closure.ts'
import type { Mapping } from './file.ts'

/**
 * Changed kustomizations by path, as JSON, which is YAML: the root with `buildMetadata`, and those that are built
 * without some of their entries. It decides, with the other files, what a build gives.
 */
export function changedKustomizations({ closure, edits }: Gathered): ReadonlyMap<string, string> {
  const changed = new Map<string, string>()
  for (const [index, { folder, path, value }] of closure.kustomizations.entries()) {
    const own = edits.filter((edit) => edit.folder === folder)
    if (index > 0 && own.length === 0) continue
    const kept = edited(value, own)
    changed.set(
      path,
      JSON.stringify(index === 0 ? { ...kept, buildMetadata: noted(kept.buildMetadata) } : kept),
    )
  }
  return changed
}

/** Every file of the build. */
export async function scratchFiles(
  { closure, tree }: Gathered,
  changed: ReadonlyMap<string, string>,
): Promise<ReadonlyMap<string, Uint8Array | string>> {
  const read = await tree.read(closure.files.filter((path) => !changed.has(path)))
  return new Map<string, Uint8Array | string>([...read, ...changed])
}

/** kubectl.docs.kubernetes.io/references/kustomize/kustomization/buildmetadata */
const NOTES = ['originAnnotations', 'transformerAnnotations']

function noted(before: unknown): readonly unknown[] {
  return Array.isArray(before) ? [...new Set([...(before as unknown[]), ...NOTES])] : NOTES
}

const CUT = Symbol('cut')

function edited(value: Mapping, edits: readonly Edit[]): Mapping {
  if (edits.length === 0) return value
  const byRoute = new Map<string, string | null>()
  // What is left out is left out, whatever else was to become of it.
  for (const { route, to } of edits) {
    const key = JSON.stringify(route)
    if (byRoute.get(key) !== null) byRoute.set(key, to)
  }
  const walk = (at: unknown, route: Route): unknown => {
    const to = byRoute.get(JSON.stringify(route))
    if (to === null) return CUT
    if (to !== undefined) return to
    if (Array.isArray(at))
      return at.map((item: unknown, index) => walk(item, [...route, index])).filter((item) => item !== CUT)
    if (typeof at !== 'object' || at === null) return at
    return Object.fromEntries(
      Object.entries(at).flatMap(([key, inner]) => {
        const kept = walk(inner, [...route, key])
        return kept === CUT ? [] : [[key, kept]]
      }),
    )
  }
  return walk(value, []) as Mapping
}
