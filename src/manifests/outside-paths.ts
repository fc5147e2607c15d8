// What a cluster leaves out and its verdict would need. `paths` of the configuration say what is read, and a namespace
// may be described somewhere else; of two clusters that are discovered by what controllers call them, one may be the
// other.
import type { ClusterConfig } from '../core/config.ts'
import { groupKindOf, nameIn } from '../core/kubernetes/identity.ts'
import { namespaceOf } from '../core/kubernetes/manifest.ts'
import type { Manifest } from '../core/kubernetes/manifest.ts'
import { DATAPLANE_MODE } from '../core/kubernetes/labels.ts'
import { placeOf } from '../core/kubernetes/origin.ts'
import { isOfCluster } from '../core/kubernetes/scope.ts'
import { isJudged } from '../core/kubernetes/state.ts'
import { grouped } from '../core/source/grouped.ts'
import type { Problem } from '../core/source/problem.ts'
import { identityOf } from './environments.ts'

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

/** What some other cluster is made of, without what this one has as well. */
export interface OtherCluster {
  readonly name: string
  readonly manifests: readonly Manifest[]
}

/**
 * `name: prod` and `server: https://prod.example.com` may be one cluster, and what no controller applies may be meant
 * for any. A problem for each namespace that `manifests` do not describe and another cluster does, and for each policy
 * of another cluster for a namespace of which that one has nothing else. Clusters that make the same objects there, as
 * those for production and staging do, are two.
 */
export function inAnotherCluster(
  cluster: ClusterConfig,
  manifests: readonly Manifest[],
  others: readonly OtherCluster[],
): readonly Problem[] {
  if (others.length === 0) return []
  const assumed = cluster.assume.namespaces
  const inside = grouped(manifests.filter(isJudged), (one) => homeIn(one, cluster))
  const isDescribed = (name: string): boolean =>
    Object.hasOwn(assumed, name) || (inside.get(name) ?? []).some(isNamespace)
  const isLivedIn = (name: string): boolean => (inside.get(name) ?? []).some((one) => !isNamespace(one))
  const own = new Set(manifests.filter((one) => isJudged(one) && !isNamespace(one)).map(identityOf))
  return others.flatMap((other) =>
    [...grouped(other.manifests.filter(isJudged), (one) => homeIn(one, cluster))].flatMap(
      ([name, theirs]) => {
        if (name === '' || !isLivedIn(name) || theirs.some((one) => own.has(identityOf(one)))) return []
        const described = theirs.filter(isNamespace)
        if (!isDescribed(name)) return described.map((one) => elsewhere(cluster, other, one))
        const labelled = JSON.stringify([
          assumed[name] ?? null,
          (inside.get(name) ?? []).map(({ object }) => object),
        ])
        return theirs.every(isPolicy) && (labelled.includes(DATAPLANE_MODE) || cluster.enroll.includes(name))
          ? theirs.map((one) => elsewhere(cluster, other, one))
          : []
      },
    ),
  )
}

function elsewhere(cluster: ClusterConfig, other: OtherCluster, manifest: Manifest): Problem {
  const { origin } = manifest
  const place = placeOf(origin, ['metadata'])
  const layers = (origin.making?.layers ?? []).map(({ file }) => file.path)
  const name = nameIn(manifest)
  return {
    ...place,
    code: 'in-another-cluster',
    class: 'unseen',
    message: isNamespace(manifest)
      ? `${place.path} describes the namespace ${name} for the cluster ${other.name}; the cluster ${cluster.name} uses a namespace of that name, which nothing describes for it. If they are one cluster, it was not judged as one.`
      : `${place.path} holds the ${manifest.kind} ${name} for the namespace ${namespaceOf(manifest.object) ?? cluster.namespace} of the cluster ${other.name}, where nothing else is; the cluster ${cluster.name} has that namespace. If they are one cluster, it was not judged as one.`,
    remedy: `If they are one, say so with clusters.<name>.paths, or call it the same in every object.`,
    hides: { namespaces: [], under: [...new Set([place.path, ...layers])] },
  }
}

function homeIn(manifest: Manifest, cluster: ClusterConfig): string {
  if (isNamespace(manifest)) return nameIn(manifest)
  return isOfCluster(groupKindOf(manifest)) ? '' : (namespaceOf(manifest.object) ?? cluster.namespace)
}

function isPolicy({ kind }: Manifest): boolean {
  return kind.endsWith('Policy')
}
