// Objects as renderers hand them over, made by hand: what a tool printed, the texts that had a say, and the host.
import { DEFAULT_CONFIG } from '../../src/core/config.ts'
import type { ClusterConfig } from '../../src/core/config.ts'
import { analyze, compare, propose, realise } from '../../src/core/index.ts'
import type { Analysis, Comparison, Plan, Strategy } from '../../src/core/index.ts'
import type { Realised } from '../../src/core/fixes/realise.ts'
import type { Manifest } from '../../src/core/kubernetes/manifest.ts'
import type { Host, Layer, Making } from '../../src/core/kubernetes/origin.ts'
import { readDocument, splitDocuments } from '../../src/core/yaml/index.ts'
import { parseFile } from '../../src/manifests/parse.ts'
import { deployment, namespace } from '../cli/manifests.ts'

export const CLUSTER = DEFAULT_CONFIG.clusters[0] as ClusterConfig
export const UNTOUCHED = {
  lines: new Map(),
  paths: new Set<string>(),
  moved: new Map(),
  namespaces: new Set<string>(),
}

/** `shop` is enrolled; `web` calls `redis`. */
export const SHOP = `${namespace('shop', true)}---\n${deployment('redis', 'shop', 6379)}---\n${deployment('web', 'shop', 80)}`

/** Objects that stand in their file as they are. */
export function plain(text: string, path = 'plain.yaml'): readonly Manifest[] {
  return parseFile(path, new TextEncoder().encode(text), { editable: true, configMaps: false }).manifests
}

/** A kustomization that other things of `names` stand beside. */
export function kustomization(folder: string, text: string, names: readonly string[] = []): Host {
  const path = folder === '.' ? 'kustomization.yaml' : `${folder}/kustomization.yaml`
  return {
    kind: 'kustomization',
    folder,
    file: { path, text },
    names: new Set(['kustomization.yaml', ...names]),
  }
}

export function directory(folder: string, names: readonly string[] = []): Host {
  return { kind: 'folder', folder, file: null, names: new Set(names) }
}

/** The one object of a text, as a tool printed it. */
export function rendered(
  output: string,
  making: Partial<Omit<Making, 'object' | 'layers'>> & { readonly layers?: readonly Layer[] },
): Manifest {
  const [manifest] = plain(output) as [Manifest]
  const { object } = manifest
  const layers = making.layers ?? []
  const { file, document } = layers.at(-1) ?? manifest.origin
  const { name } = object.metadata as { readonly name: string }
  return {
    ...manifest,
    origin: {
      file,
      document,
      route: [],
      editable: true,
      making: {
        by: 'kustomization overlays/prod',
        sourceName: name,
        host: null,
        patchable: true,
        ...making,
        object,
        layers,
      },
    },
  }
}

/** A text that gave the object what stands in its only document. */
export function layer(path: string, text: string, more: Partial<Layer> = {}): Layer {
  const [document] = splitDocuments(text)
  if (document === undefined) throw new Error('no document')
  const read = readDocument(text, document)
  if (!read.ok) throw new Error(read.message)
  return { file: { path, text }, document, route: [], mount: [], value: read.value, editable: true, ...more }
}

export interface Thought {
  readonly analysis: Analysis
  readonly compared: Comparison
}

export function think(manifests: readonly Manifest[], cluster = CLUSTER): Thought {
  const analysis = analyze(cluster, {}, manifests)
  return { analysis, compared: compare(null, analysis, UNTOUCHED, [], '2026-01-01') }
}

export function plansOf(
  manifests: readonly Manifest[],
  strategy: Strategy,
  cluster = CLUSTER,
): readonly Plan[] {
  const { analysis, compared } = think(manifests, cluster)
  return propose(analysis, compared.findings, UNTOUCHED, strategy)
}

/** Every plan of one strategy, written: the texts by path, or why not. */
export function write(manifests: readonly Manifest[], strategy: Strategy): Readonly<Record<string, string>> {
  return textsOf(realise(plansOf(manifests, strategy).flatMap(({ changes }) => changes)))
}

export function textsOf(realised: Realised): Readonly<Record<string, string>> {
  return realised.ok
    ? Object.fromEntries(realised.files.map(({ path, after }) => [path, after]))
    : { refused: realised.reason }
}
