// Objects by which GitOps controllers are told what to render. They reach nobody themselves; what they name does.
import type { Manifest } from '../core/kubernetes/manifest.ts'

/** Groups of each controller, with the kinds of them that ask for something to be rendered. */
const ASKING: Readonly<Record<'argocd' | 'flux', Readonly<Record<string, readonly string[]>>>> = {
  argocd: { 'argoproj.io': ['Application', 'ApplicationSet'] },
  flux: {
    'kustomize.toolkit.fluxcd.io': ['Kustomization'],
    'helm.toolkit.fluxcd.io': ['HelmRelease'],
  },
}

/** Kinds that those look up to know where sources are. ConfigMaps, too, but there are many: they are read where one is asked for. */
const LOOKED_UP: Readonly<Record<string, readonly string[]>> = {
  'source.toolkit.fluxcd.io': [
    'GitRepository',
    'HelmRepository',
    'HelmChart',
    'OCIRepository',
    'Bucket',
    'ExternalArtifact',
  ],
  'source.extensions.fluxcd.io': ['ArtifactGenerator'],
}

/**
 * Kinds of others that hold whole objects, which their controller, or `oc process`, makes of them: OpenShift, Hive, Open
 * Cluster Management, Crossplane's provider for Kubernetes, Flux Operator, Capsule, Fleet.
 */
const CARRYING: Readonly<Record<string, readonly string[]>> = {
  'template.openshift.io': ['Template'],
  // As OpenShift 3 had it, whose API still takes it.
  v1: ['Template'],
  'hive.openshift.io': ['SyncSet', 'SelectorSyncSet'],
  'work.open-cluster-management.io': ['ManifestWork', 'ManifestWorkReplicaSet'],
  'policy.open-cluster-management.io': ['Policy', 'ConfigurationPolicy'],
  'kubernetes.crossplane.io': ['Object'],
  'kubernetes.m.crossplane.io': ['Object'],
  'fluxcd.controlplane.io': ['ResourceSet'],
  'capsule.clastix.io': ['TenantResource', 'GlobalTenantResource'],
  'fleet.cattle.io': ['Bundle'],
}

const EVERY = [...Object.values(ASKING), LOOKED_UP, CARRYING]

/** A document that names none of these kinds is of no controller. */
export const CONTROLLER_KINDS: readonly string[] = [
  ...new Set(EVERY.flatMap((groups) => Object.values(groups).flat())),
]

/** The controller that a manifest asks to render something; null for any other object. */
export function controllerOf({ apiVersion, kind }: Manifest): 'argocd' | 'flux' | null {
  for (const name of ['argocd', 'flux'] as const) if (has(ASKING[name], apiVersion, kind)) return name
  return null
}

/** Does a manifest hold whole objects of which something else makes what is in the cluster? */
export function isCarrier({ apiVersion, kind }: Manifest): boolean {
  return has(CARRYING, apiVersion, kind)
}

/** Does a manifest ask a controller for something, is it what such a manifest looks up, or does it carry objects? */
export function isOfController({ apiVersion, kind }: Manifest): boolean {
  return EVERY.some((groups) => has(groups, apiVersion, kind))
}

/** A group may be called like something that every object inherits. */
function has(groups: Readonly<Record<string, readonly string[]>>, apiVersion: string, kind: string): boolean {
  const group = apiVersion.split('/')[0] ?? ''
  return Object.hasOwn(groups, group) && groups[group]?.includes(kind) === true
}
