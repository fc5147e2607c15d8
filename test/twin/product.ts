// The product's side of the comparison, through its front door: objects in, an analysis and its answers out.
import { DEFAULT_CONFIG } from '../../src/core/config.ts'
import type { ClusterConfig } from '../../src/core/config.ts'
import { analyze } from '../../src/core/index.ts'
import type { Analysis } from '../../src/core/index.ts'
import type { Manifest } from '../../src/core/kubernetes/manifest.ts'
import type { Cluster } from './cluster.ts'

export function analyzeCluster(cluster: Cluster): Analysis {
  return analyze(configOf(cluster), {}, manifestsOf(cluster))
}

export function configOf({ network }: Cluster): ClusterConfig {
  const [defaults] = DEFAULT_CONFIG.clusters
  if (defaults === undefined) throw new Error('the default configuration has a cluster')
  return { ...defaults, ...network }
}

export function manifestsOf(cluster: Cluster): readonly Manifest[] {
  return objectsOf(cluster).map((object) => manifestOf(object))
}

export function objectsOf({ namespaces, workloads, policies }: Cluster): readonly object[] {
  return [...namespaces, ...workloads.map(({ object }) => object), ...policies]
}

/** An object as the only one of a JSON file, named after it unless told otherwise. */
export function manifestOf(object: object, path?: string): Manifest {
  const { apiVersion, kind, metadata } = object as {
    readonly apiVersion: string
    readonly kind: string
    readonly metadata: { readonly name: string; readonly namespace?: string }
  }
  const text = JSON.stringify(object)
  const name = `${kind}-${metadata.namespace ?? ''}-${metadata.name}.json`.toLowerCase()
  return {
    apiVersion,
    kind,
    object: object as Readonly<Record<string, unknown>>,
    origin: {
      file: { path: path ?? name, text },
      document: { index: 0, start: 0, end: text.length, line: 1 },
      route: [],
      editable: true,
      making: null,
    },
  }
}
