// What a configured cluster leaves out and its verdict would need: `paths` says what is read, and a namespace may be
// described somewhere else.
import type { ClusterConfig } from '../core/config.ts'
import { nameIn } from '../core/kubernetes/identity.ts'
import { namespaceOf } from '../core/kubernetes/manifest.ts'
import type { Manifest } from '../core/kubernetes/manifest.ts'
import { placeOf } from '../core/kubernetes/origin.ts'
import { isJudged } from '../core/kubernetes/state.ts'
import type { Problem } from '../core/source/problem.ts'

/**
 * A problem for each namespace that `manifests`, everything of the cluster, put something into and do not describe, and
 * that one of `outside` describes: Namespaces in files that are in the paths of no cluster.
 */
export function describedOutside(
  cluster: ClusterConfig,
  manifests: readonly Manifest[],
  outside: readonly Manifest[],
): readonly Problem[] {
  if (outside.length === 0) return []
  const judged = manifests.filter(isJudged)
  const described = new Set([
    ...Object.keys(cluster.assume.namespaces),
    ...judged.filter(isNamespace).map((one) => nameIn(one)),
  ])
  const used = new Set(
    judged.filter((one) => !isNamespace(one)).map(({ object }) => namespaceOf(object) ?? cluster.namespace),
  )
  return outside
    .filter((namespace) => used.has(nameIn(namespace)) && !described.has(nameIn(namespace)))
    .map((namespace): Problem => {
      const place = placeOf(namespace.origin, ['metadata'])
      return {
        ...place,
        code: 'namespace-outside-paths',
        class: 'unseen',
        message: `${place.path} describes the namespace ${nameIn(namespace)}, which the cluster ${cluster.name} uses, and is not in the paths of that cluster: what it says was not taken into account.`,
        remedy: `Add it to clusters.${cluster.name}.paths, or to the paths of the cluster that it belongs to, or leave it out with ignorePaths.`,
        hides: { namespaces: [], under: [place.path] },
      }
    })
}

export function isNamespace({ apiVersion, kind }: Manifest): boolean {
  return apiVersion === 'v1' && kind === 'Namespace'
}
