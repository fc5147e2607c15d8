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
  // Where manifests describe a namespace twice, that stays a problem: the labels go to the first of them.
  const merged = new Map<Manifest, Manifest>()
  for (const [name, applications] of managed) {
    const own = manifests.find(
      (one) => one.kind === 'Namespace' && !isManagedNamespace(one) && nameIn(one) === name,
    )
    const apart = applications.filter(({ origin }) => origin.making?.by !== own?.origin.syncedBy)
    const [first, ...others] = own === undefined ? applications : [own, ...apart]
    if (first !== undefined) merged.set(first, others.reduce(onTop, first))
  }
  return manifests.flatMap(
    (manifest) => merged.get(manifest) ?? (isManagedNamespace(manifest) ? [] : manifest),
  )
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
