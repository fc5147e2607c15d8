// The namespace that an Application makes for itself (CreateNamespace=true), with the labels that Argo CD keeps on it
// (managedNamespaceMetadata): docs/user-guide/sync-options.md. Such labels enrol.
import { get, items, labelsField, text } from '../../../core/kubernetes/field.ts'
import type { Manifest } from '../../../core/kubernetes/manifest.ts'
import { textAt } from '../../../core/kubernetes/origin.ts'
import type { Layer } from '../../../core/kubernetes/origin.ts'
import type { Route } from '../../../core/yaml/types.ts'
import { writtenAt } from './object.ts'
import type { App } from './object.ts'

/** Kubernetes makes these itself, so that there is nothing to create. */
const BUILT_IN: readonly string[] = ['default', 'kube-node-lease', 'kube-public', 'kube-system']

const LABELS: Route = ['spec', 'syncPolicy', 'managedNamespaceMetadata', 'labels']

/**
 * Was the manifest made by `managedNamespace`? Argo CD puts its labels on top of a namespace that is there; without labels
 * it leaves one that is there as it is. Where a manifest of the same Application describes it, it makes none at all
 * ("Namespace metadata" in docs/user-guide/sync-options.md).
 */
export function isManagedNamespace({ kind, origin }: Manifest): boolean {
  return kind === 'Namespace' && origin.making?.by.startsWith('Application ') === true
}

/** The namespace; null where the Application asks for none. */
export function managedNamespace(app: App): Manifest | null {
  const policy = get(app.spec, 'syncPolicy')
  const options = items(get(policy, 'syncOptions')).map((option) => text(option))
  const labels = labelsField(get(get(policy, 'managedNamespaceMetadata'), 'labels'))
  const name = app.namespace
  if (name === null || !options.includes('CreateNamespace=true')) return null
  if (BUILT_IN.includes(name) && Object.keys(labels).length === 0) return null
  const layers = [
    ...Object.entries(labels).flatMap(([key, value]) =>
      layer(app, [...LABELS, key], ['metadata', 'labels', key], value),
    ),
    ...layer(app, ['spec', 'destination', 'namespace'], ['metadata', 'name'], name),
  ]
  const object = { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } }
  const { origin } = app.manifest
  const source = textAt(origin, ['spec', 'syncPolicy'])
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    object,
    origin: {
      file: source?.layer.file ?? origin.file,
      document: source?.layer.document ?? origin.document,
      route: source?.route ?? origin.route,
      editable: origin.editable,
      making: { by: app.title, object, layers, sourceName: name, host: null, patchable: false },
    },
  }
}

function layer(app: App, route: Route, mount: Route, value: unknown): readonly Layer[] {
  const written = writtenAt(app, route, value)
  if (written === null) return []
  const { file, document, editable } = written.layer
  // A name is no place for a fix: it says which namespace, not how it is.
  return [{ file, document, route: written.route, mount, value, editable: editable && mount[1] === 'labels' }]
}
