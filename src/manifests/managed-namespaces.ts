// Namespaces that Argo CD makes, or puts labels on, because an Application says so. It applies them on top of what is
// there, so that such a namespace and one that a manifest describes are one and the same.
import { nameIn } from '../core/kubernetes/identity.ts'
import type { Manifest } from '../core/kubernetes/manifest.ts'
import type { Layer } from '../core/kubernetes/origin.ts'
import { grouped } from '../core/source/grouped.ts'
import { isManagedNamespace } from './renderers/argocd/namespace.ts'

/** Every namespace once: the manifest that describes it, with the labels that Applications add. */
export function mergeManagedNamespaces(manifests: readonly Manifest[]): readonly Manifest[] {
  const managed = grouped(manifests.filter(isManagedNamespace), nameIn)
  if (managed.size === 0) return manifests
  const merged = new Map<string, Manifest>()
  for (const [name, [first, ...others]] of managed) {
    const own = manifests.find(
      (one) => one.kind === 'Namespace' && !isManagedNamespace(one) && nameIn(one) === name,
    )
    if (first !== undefined)
      merged.set(name, [...(own === undefined ? [] : [first]), ...others].reduce(onTop, own ?? first))
  }
  const placed = new Set<string>()
  return manifests.flatMap((manifest) => {
    const now = manifest.kind === 'Namespace' ? merged.get(nameIn(manifest)) : undefined
    if (now === undefined) return [manifest]
    // A namespace that manifests describe twice stays described twice.
    if (!isManagedNamespace(manifest) && placed.has(nameIn(manifest))) return [manifest]
    if (placed.has(nameIn(manifest))) return []
    placed.add(nameIn(manifest))
    return [now]
  })
}

function onTop(below: Manifest, managed: Manifest): Manifest {
  const object = {
    ...below.object,
    metadata: {
      ...mapping(below.object.metadata),
      labels: { ...labelsOf(below), ...labelsOf(managed) },
    },
  }
  const { origin } = below
  const own: Layer = { ...origin, mount: [], value: below.object }
  const making = {
    by: managed.origin.making?.by ?? 'Application',
    object,
    layers: [...(managed.origin.making?.layers ?? []), ...(origin.making?.layers ?? [own])],
    sourceName: origin.making?.sourceName ?? nameIn(below),
    host: origin.making?.host ?? null,
    patchable: origin.making?.patchable ?? false,
  }
  return { ...below, object, origin: { ...origin, making } }
}

function labelsOf({ object }: Manifest): Readonly<Record<string, unknown>> {
  return mapping(mapping(object.metadata).labels)
}

function mapping(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : {}
}
