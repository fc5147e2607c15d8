// A kustomization of a small tree, built; and what the tests ask of what comes out.
import type { Manifest } from '../../../src/core/kubernetes/manifest.ts'
import { placeOf, textAt, textsOf } from '../../../src/core/kubernetes/origin.ts'
import { lineAt } from '../../../src/core/source/text.ts'
import { locate } from '../../../src/core/yaml/index.ts'
import type { Route } from '../../../src/core/yaml/types.ts'
import { renderKustomize } from '../../../src/manifests/renderers/kustomize/render.ts'
import type { Kitchen, KustomizeUnit, Rendering } from '../../../src/manifests/unit.ts'
import { kitchenOf } from '../tree.ts'
import type { Files } from '../tree.ts'

function unitOf(folder: string, some: Partial<KustomizeUnit> = {}): KustomizeUnit {
  return {
    kind: 'kustomize',
    title: `kustomization ${folder}`,
    namespace: null,
    cluster: null,
    at: { path: `${folder}/kustomization.yaml`, line: 1 },
    host: null,
    folder,
    additions: {},
    generated: null,
    substitutions: null,
    reachesOut: false,
    ...some,
  }
}

export async function build(
  files: Files,
  folder: string,
  unit: Partial<KustomizeUnit> = {},
  kitchen: Kitchen = kitchenOf(files),
): Promise<Rendering> {
  const result = await renderKustomize(unitOf(folder, unit), kitchen)
  if ('waitsFor' in result) throw new Error('kustomizations wait for nothing')
  return result
}

/** `Kind/name` of everything, in order. */
export function namesOf({ manifests }: Rendering): readonly string[] {
  return manifests.map(({ kind, object }) => `${kind}/${String(at(object, ['metadata', 'name']))}`)
}

export function only(rendering: Rendering, kind: string): Manifest {
  const found = rendering.manifests.filter((manifest) => manifest.kind === kind)
  if (found.length !== 1 || found[0] === undefined)
    throw new Error(`${String(found.length)} of ${kind}: ${JSON.stringify(rendering.problems)}`)
  return found[0]
}

/** `path:line` of where a person would edit what stands at a route, and whether a fix may. */
export function lineOf({ origin }: Manifest, route: Route): string {
  const { path, line } = placeOf(origin, route)
  return `${path}:${String(line)}`
}

/** The text that had the last word on a route: `path:line`, or null where none has it. */
export function saidBy({ origin }: Manifest, route: Route): string | null {
  const found = textAt(origin, route)
  if (found === null) return null
  const { file, document } = found.layer
  const span = locate(file.text, document, found.route)
  if (span === null) throw new Error(`no ${found.route.join('.')} in ${file.path}`)
  return `${file.path}:${String(lineAt(file.text, span.start))}`
}

/** `path:first-last` of every text that bears on an object. */
export function bearing({ origin }: Manifest): readonly string[] {
  return textsOf(origin).map(({ path, first, last }) => `${path}:${String(first)}-${String(last)}`)
}

export function at(value: unknown, route: Route): unknown {
  return route.reduce<unknown>((inner, key) => (inner as Record<string | number, unknown>)[key], value)
}
