// A release over a small tree in memory: what the tests of the Helm renderer say in a line each.
import type { Manifest } from '../../../src/core/kubernetes/manifest.ts'
import { placeOf } from '../../../src/core/kubernetes/origin.ts'
import type { Layer } from '../../../src/core/kubernetes/origin.ts'
import { locate } from '../../../src/core/yaml/index.ts'
import { lineAt } from '../../../src/core/source/text.ts'
import type { Route } from '../../../src/core/yaml/types.ts'
import { renderHelm } from '../../../src/manifests/renderers/helm/render.ts'
import type { HelmUnit, Kitchen, Rendering } from '../../../src/manifests/unit.ts'
import { kitchenOf, tool } from '../tree.ts'
import type { Files } from '../tree.ts'

/** False, with a line that says so, where there is no helm to ask. */
export async function hasHelm(): Promise<boolean> {
  found ??= tool('helm')
  return (await found) !== null
}

let found: Promise<unknown> | undefined

const APP = 'apps/shop.yaml'

function unitOf(some: Partial<HelmUnit> = {}): HelmUnit {
  return {
    kind: 'helm',
    title: 'chart charts/shop for Application shop',
    namespace: 'shop',
    cluster: null,
    at: { path: APP, line: 3 },
    host: null,
    chart: { kind: 'folder', folder: 'charts/shop' },
    release: 'front',
    valueFiles: [],
    values: [],
    sets: [],
    apiVersions: [],
    kubeVersion: null,
    skipCrds: false,
    ...some,
  }
}

export async function render(
  files: Files,
  unit: Partial<HelmUnit> = {},
  kitchen: Partial<Kitchen> = {},
): Promise<Rendering> {
  const rendering = await renderHelm(unitOf(unit), kitchenOf({ [APP]: APPLICATION, ...files }, kitchen))
  if ('waitsFor' in rendering) throw new Error('charts wait for nothing')
  return rendering
}

const APPLICATION = `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: shop}
`

export function chartYaml(name: string, more = ''): string {
  return `apiVersion: v2\nname: ${name}\nversion: 1.2.3\n${more}`
}

/** A ConfigMap of what some template expressions give, by name. */
export function shows(expressions: Readonly<Record<string, string>>, name = 'shown'): string {
  const lines = Object.entries(expressions).map(([key, text]) => `  ${key}: {{ ${text} | quote }}\n`)
  return `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\ndata:\n${lines.join('')}`
}

/** `Kind name` of each object, in order. */
export function names({ manifests }: Rendering): readonly string[] {
  return manifests.map(
    ({ kind, object }) => `${kind} ${String((object.metadata as { name?: unknown }).name)}`,
  )
}

export function data({ manifests }: Rendering, name = 'shown'): unknown {
  return manifests.find(({ object }) => (object.metadata as { name?: unknown }).name === name)?.object.data
}

/** `code class path:line` of each problem. */
export function told({ problems }: Rendering): readonly string[] {
  return problems.map((problem) => `${problem.code} ${problem.class} ${problem.path}:${String(problem.line)}`)
}

export function only({ manifests }: Rendering, kind: string): Manifest {
  const found = manifests.filter((manifest) => manifest.kind === kind)
  if (found[0] === undefined || found.length > 1)
    throw new Error(`${String(found.length)} objects of ${kind}`)
  return found[0]
}

export function lineOf({ origin }: Manifest, ...route: Route): string {
  const { path, line } = placeOf(origin, route)
  return `${path}:${String(line)}`
}

/** `path:line` of each value that had a say, first where it lands; `editable` is said where it is. */
export function values({ origin }: Manifest): readonly string[] {
  return (origin.making?.layers ?? []).map(({ file, document, route, mount, editable }: Layer) => {
    const span = locate(file.text, document, route)
    const line = span === null ? '?' : String(lineAt(file.text, span.start))
    return `${file.path}:${line}${mount === null ? '' : ` at ${mount.join('.')}`}${editable ? ' editable' : ''}`
  })
}
