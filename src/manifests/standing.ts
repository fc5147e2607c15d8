// What stands in a cluster after a controller is done. A hook may be gone by then, an object may be none of the
// controller's business, and what is taken out of Git may stay: annotations and settings say so.
import { nameIn, titleOf } from '../core/kubernetes/identity.ts'
import { namespaceOf } from '../core/kubernetes/manifest.ts'
import type { Manifest } from '../core/kubernetes/manifest.ts'
import { placeOf } from '../core/kubernetes/origin.ts'
import type { Problem } from '../core/source/problem.ts'
import type { Unit } from './unit.ts'

/**
 * Manifests without the policies that are there for hooks alone or not at all. One that selects nothing but workloads
 * which are hooks themselves is there when they are, and stays.
 */
export function standing(unit: Unit, manifests: readonly Manifest[]): readonly Manifest[] {
  const passing = new Set(manifests.filter((one) => passes(one, hooksOf(unit))))
  if (![...passing].some(isPolicy)) return manifests
  return manifests.filter((one) => !isPolicy(one) || !passing.has(one) || isForHooks(one, manifests, passing))
}

/** Any engine's: NetworkPolicy, CiliumNetworkPolicy, GlobalNetworkPolicy and so on. */
function isPolicy({ kind }: Manifest): boolean {
  return kind.endsWith('NetworkPolicy')
}

/** Of Argo CD: those that a successful sync applies. `Skip` is not applied, `SyncFail` where a sync fails. */
const SYNCED = ['PreSync', 'Sync', 'PostSync']
/** Of Helm: those that an install or an upgrade makes. A test is made by neither. */
const INSTALLED = ['pre-install', 'post-install', 'pre-upgrade', 'post-upgrade', 'crd-install']

/** An annotation, and those of its values that leave something. */
type Hooks = readonly [annotation: string, lasting: readonly string[]]
const OF_ARGO: Hooks = ['argocd.argoproj.io/hook', SYNCED]
const OF_HELM: Hooks = ['helm.sh/hook', INSTALLED]

/** Those that whoever applies the unit knows. What Helm printed and somebody committed is an object like others. */
function hooksOf({ kind, syncedBy }: Unit): readonly Hooks[] {
  return [...(syncedBy === undefined ? [] : [OF_ARGO]), ...(kind === 'helm' ? [OF_HELM] : [])]
}

/**
 * Is there nothing of the object once all is done? By default a hook stays until the next one of its name
 * (`before-hook-creation`): https://helm.sh/docs/topics/charts_hooks/,
 * https://argo-cd.readthedocs.io/en/stable/user-guide/sync-waves/. Argo CD takes hooks of Helm for its own, unless there
 * are some of its own (gitops-engine, pkg/sync/hook/hook.go).
 */
function passes(manifest: Manifest, annotations: readonly Hooks[]): boolean {
  for (const [prefix, lasting] of annotations) {
    const types = listAt(manifest, prefix)
    if (types.length === 0) continue
    const policies = listAt(manifest, `${prefix}-delete-policy`).map((policy) => policy.toLowerCase())
    return (
      !types.some((type) => lasting.includes(type)) ||
      policies.some((policy) => policy.replaceAll('-', '') === 'hooksucceeded')
    )
  }
  return false
}

function isForHooks(
  policy: Manifest,
  manifests: readonly Manifest[],
  passing: ReadonlySet<Manifest>,
): boolean {
  const wanted = Object.entries(at(policy.object, 'spec', 'podSelector', 'matchLabels'))
  if (wanted.length === 0) return false
  const home = namespaceOf(policy.object)
  const selected = manifests.filter(({ object }) => {
    const pod = at(object, 'metadata', 'labels')
    const labels = object.kind === 'Pod' ? pod : at(object, 'spec', 'template', 'metadata', 'labels')
    return namespaceOf(object) === home && wanted.every(([key, value]) => labels[key] === value)
  })
  return selected.length > 0 && selected.every((one) => passing.has(one))
}

/** What Flux and Argo CD leave as it is, and what they would leave behind. */
export function leftAlone(unit: Unit, manifests: readonly Manifest[]): readonly Problem[] {
  return manifests.flatMap((manifest): readonly Problem[] => {
    if (!isPolicy(manifest) && manifest.kind !== 'Namespace') return []
    const problem = notApplied(manifest) ?? hookElsewhere(unit, manifest) ?? notPruned(unit, manifest)
    return problem === null ? [] : [problem]
  })
}

/**
 * kustomize-controller skips what says `reconcile: disabled` or `ssa: Ignore`, whether it is there or not, and what says
 * `ssa: IfNotPresent` once it is there. https://fluxcd.io/flux/components/kustomize/kustomizations/#controlling-the-apply-behavior-of-resources
 */
function notApplied(manifest: Manifest): Problem | null {
  const [ssa = '', reconcile = ''] = ['ssa', 'reconcile'].map((key) =>
    annotation(manifest, `kustomize.toolkit.fluxcd.io/${key}`).toLowerCase(),
  )
  const isLeft = ssa === 'ignore' || reconcile === 'disabled'
  if (!isLeft && ssa !== 'ifnotpresent') return null
  // Finding a place reads the document again: only for what there is something to say about.
  const place = placeOf(manifest.origin, ['metadata', 'annotations'])
  if (isLeft)
    return {
      ...place,
      code: 'not-reconciled',
      class: 'unseen',
      message: `${titleOf(manifest)} says that Flux leaves it alone: whether it is there, and as it is written, is not known, and it was judged as if.`,
      remedy: 'Remove the annotation, or check the object in the cluster.',
      hides: { namespaces: homeOf(manifest) },
    }
  return {
    ...place,
    code: 'not-updated',
    class: 'unseen',
    message: `${titleOf(manifest)} is only made by Flux where it is missing: what changes in it is not applied.`,
    remedy:
      'Remove the annotation kustomize.toolkit.fluxcd.io/ssa, or change the object in the cluster, too.',
    hides: { namespaces: homeOf(manifest), under: [manifest.origin.file.path] },
  }
}

/** Argo CD may apply it all the same: its Applications need not stand in this tree. */
function hookElsewhere({ syncedBy }: Unit, manifest: Manifest): Problem | null {
  if (syncedBy !== undefined || !passes(manifest, [OF_ARGO])) return null
  return {
    ...placeOf(manifest.origin, ['metadata', 'annotations']),
    code: 'not-reconciled',
    class: 'unseen',
    message: `${titleOf(manifest)} says that it is a hook of Argo CD, and no Application of this tree applies it: whether it stays is not known, and it was judged as if.`,
    remedy: 'Remove the annotation, or check the object in the cluster.',
    hides: { namespaces: homeOf(manifest) },
  }
}

/** It is told only where the policy is taken out of Git. */
function notPruned({ leavesBehind }: Unit, manifest: Manifest): Problem | null {
  if (!isPolicy(manifest)) return null
  const options = listAt(manifest, 'argocd.argoproj.io/sync-options')
  const isKept =
    annotation(manifest, 'kustomize.toolkit.fluxcd.io/prune') === 'disabled' ||
    annotation(manifest, 'helm.sh/resource-policy') === 'keep' ||
    options.includes('Prune=false')
  if (!isKept && leavesBehind === undefined) return null
  return {
    ...placeOf(manifest.origin, []),
    code: 'not-pruned',
    class: 'unseen',
    message: `${titleOf(manifest)} stays in the cluster when it is removed from Git, as ${isKept ? 'it says itself' : `${String(leavesBehind)} deletes nothing`}.`,
    remedy: 'Delete it in the cluster as well.',
    hides: { namespaces: homeOf(manifest) },
  }
}

function homeOf({ kind, object }: Manifest): readonly string[] {
  return kind === 'Namespace' ? [nameIn({ object })] : [namespaceOf(object) ?? []].flat()
}

function annotation({ object }: Manifest, key: string): string {
  const value = at(object, 'metadata', 'annotations')[key]
  return typeof value === 'string' ? value : ''
}

/** Texts with commas between them. */
function listAt(manifest: Manifest, key: string): readonly string[] {
  return annotation(manifest, key)
    .split(',')
    .map((text) => text.trim())
    .filter((text) => text !== '')
}

/** The mapping at the end of a path; an empty one where there is none. */
function at(
  object: Readonly<Record<string, unknown>>,
  ...path: readonly string[]
): Readonly<Record<string, unknown>> {
  return path.reduce((inside, key) => {
    const value = inside[key]
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {}
  }, object)
}
