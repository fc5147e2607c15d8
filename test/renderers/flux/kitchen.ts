// A tree of a few files, and a kitchen in which every object of them is on the shelf.
import { groupKindOf, nameIn } from '../../../src/core/kubernetes/identity.ts'
import { namespaceOf } from '../../../src/core/kubernetes/manifest.ts'
import type { Manifest } from '../../../src/core/kubernetes/manifest.ts'
import type { TreeFile } from '../../../src/git/tree.ts'
import { parseFile } from '../../../src/manifests/parse.ts'
import { renderFlux } from '../../../src/manifests/renderers/flux/render.ts'
import { sourceTree } from '../../../src/manifests/source-tree.ts'
import type { SourceTree } from '../../../src/manifests/source-tree.ts'
import type { Kitchen, Rendering, Unit, Waiting } from '../../../src/manifests/unit.ts'

export type Files = Readonly<Record<string, string>>

interface Options {
  readonly settled?: boolean
  /** URLs that are this tree; by default no URL is known, and a path that exists decides. */
  readonly urls?: readonly string[]
  /** Paths that are symbolic links or submodules. */
  readonly special?: Readonly<Record<string, '120000' | '160000'>>
  /** The files whose objects the cluster has; all by default. */
  readonly only?: (path: string) => boolean
}

export interface TestKitchen extends Kitchen {
  readonly manifests: readonly Manifest[]
}

function treeOf(files: Files, special: Options['special'] = {}): SourceTree {
  const bytes = new Map(Object.entries(files).map(([path, text]) => [path, new TextEncoder().encode(text)]))
  const list: TreeFile[] = [
    ...[...bytes].map(([path, content]) => ({ path, mode: '100644', id: path, size: content.length })),
    ...Object.entries(special).map(([path, mode]) => ({ path, mode, id: path, size: 0 })),
  ].sort((a, b) => (a.path < b.path ? -1 : 1))
  return sourceTree(
    {
      label: 'test',
      files: () => Promise.resolve(list),
      read: (wanted) =>
        Promise.resolve(new Map(wanted.map(({ path }) => [path, bytes.get(path) ?? new Uint8Array()]))),
    },
    list,
  )
}

export function kitchenOf(files: Files, options: Options = {}): TestKitchen {
  const tree = treeOf(files, options.special)
  const parse = (path: string): ReturnType<typeof parseFile> =>
    parseFile(path, new TextEncoder().encode(files[path] ?? ''), { editable: true, configMaps: true })
  const manifests = Object.keys(files)
    .filter((path) => /\.ya?ml$/.test(path) && (options.only?.(path) ?? true))
    .flatMap((path) => parse(path).manifests)
  const all = (kind: string): readonly Manifest[] => manifests.filter((one) => groupKindOf(one) === kind)
  const none = (): never => {
    throw new Error('the flux renderer asks for nothing of this')
  }
  return {
    tree,
    manifests,
    tools: { kustomize: none, helm: none, run: none, runs: () => 0 },
    cache: { get: none, set: none },
    memory: { get: none, set: none },
    parsed: (paths) => Promise.resolve(paths.map(parse)),
    all,
    find: (kind, namespace, name) =>
      all(kind).find((one) => nameIn(one) === name && namespaceOf(one.object) === namespace) ?? null,
    settled: options.settled ?? true,
    isThisTree: (url, path) =>
      options.urls === undefined
        ? ['file', 'folder'].includes(tree.kindOf(path))
        : options.urls.includes(url),
    remote: { chart: none, resource: none },
  }
}

/** The object `Kind/name` of the kitchen, rendered. */
export async function answer(kitchen: TestKitchen, what: string): Promise<Rendering | Waiting> {
  return renderFlux(
    {
      kind: 'flux',
      manifest: objectOf(kitchen, what),
      title: what,
      namespace: null,
      cluster: null,
      at: { path: 'x', line: 1 },
      host: { kind: 'folder', folder: 'beside', file: null, names: new Set() },
    },
    kitchen,
  )
}

export async function rendered(kitchen: TestKitchen, what: string): Promise<Rendering> {
  const result = await answer(kitchen, what)
  if ('waitsFor' in result) throw new Error(`waits for ${result.waitsFor}`)
  return result
}

/** The only unit, of a kind. */
export async function only<K extends Unit['kind']>(
  kitchen: TestKitchen,
  what: string,
  kind: K,
): Promise<Extract<Unit, { readonly kind: K }>> {
  const { units } = await rendered(kitchen, what)
  const [unit, ...others] = units
  if (unit?.kind !== kind || others.length > 0)
    throw new Error(`units: ${units.map((one) => one.kind).join()}`)
  return unit as Extract<Unit, { readonly kind: K }>
}

export function objectOf({ manifests }: TestKitchen, what: string): Manifest {
  const [kind, name] = what.split('/')
  const found = manifests.find((one) => one.kind === kind && nameIn(one) === name)
  if (found === undefined) throw new Error(`${what} is not there`)
  return found
}

/** A Kustomization of Flux; `spec` is YAML, indented by two. */
export function kustomization(name: string, spec: string, source = 'GitRepository'): string {
  return `apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: ${name}, namespace: flux-system}
spec:
  prune: true
  sourceRef: {kind: ${source}, name: flux-system}
${spec}`
}

export function release(name: string, spec: string): string {
  return `apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: ${name}, namespace: shop}
spec:
${spec}`
}

export function configMap(name: string, namespace: string, data: string): string {
  return `apiVersion: v1
kind: ConfigMap
metadata: {name: ${name}, namespace: ${namespace}}
data:
${data}`
}

export const GIT = `apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: flux-system, namespace: flux-system}
spec:
  url: https://github.com/acme/fleet
  ref: {branch: main}
`

export const DEPLOYMENT = 'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop}\n'
export const SERVICE = 'apiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: shop}\n'
export const LIST = 'resources: [web.yaml]\n'
