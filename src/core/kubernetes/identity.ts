// What an object is called inside its cluster, and which of two that are called the same is judged.
import type { ClusterConfig } from '../config.ts'
import { grouped } from '../source/grouped.ts'
import { compareText } from '../source/problem.ts'
import type { Problem } from '../source/problem.ts'
import type { Route } from '../yaml/types.ts'
import { describe, get, rootField } from './field.ts'
import { namespaceOf, unreadable } from './manifest.ts'
import { isEqual, placeOf } from './origin.ts'
import type { Manifest } from './manifest.ts'

/** `apps/Deployment`, `v1/Pod`: the version of a group does not matter to what a kind is. */
export function groupKindOf({ apiVersion, kind }: Pick<Manifest, 'apiVersion' | 'kind'>): string {
  return apiVersion.includes('/')
    ? `${apiVersion.slice(0, apiVersion.indexOf('/'))}/${kind}`
    : `${apiVersion}/${kind}`
}

/** The identity of an object inside its cluster; the version of its group is not part of it. */
function identity(manifest: Manifest, config: ClusterConfig): string {
  const namespace = manifest.kind === 'Namespace' ? '' : (namespaceOf(manifest.object) ?? config.namespace)
  return `${groupKindOf(manifest)}/${namespace}/${nameIn(manifest)}`
}

export function nameIn(manifest: Pick<Manifest, 'object'>): string {
  const metadata = get(rootField(manifest.object), 'metadata')
  const { value: name } = get(metadata, 'name')
  const { value: prefix } = get(metadata, 'generateName')
  return typeof name === 'string' ? name : typeof prefix === 'string' ? `${prefix}*` : ''
}

/** What people call it: `Deployment shop/web`, `Namespace shop`. */
export function titleOf({ kind, object }: Pick<Manifest, 'kind' | 'object'>): string {
  const names = [namespaceOf(object), nameIn({ object })].filter((name) => name !== null)
  return `${kind} ${names.join('/')}`
}

/** Why an object cannot be told from others: without a name, or with a namespace that is no text (`namespace: 1`). */
function whyUnplaced({ kind, object }: Manifest): {
  readonly code: string
  readonly route: Route
  readonly message: string
} | null {
  const metadata = get(rootField(object), 'metadata')
  for (const key of kind === 'Namespace' ? ['name'] : ['name', 'namespace']) {
    const { value, route } = get(metadata, key)
    if (value === undefined || value === null || typeof value === 'string') continue
    return {
      code: `no-${key}`,
      route,
      message: `has a metadata.${key} that must be a string, not ${describe(value)}; quote it`,
    }
  }
  return nameIn({ object }) === ''
    ? { code: 'no-name', route: ['metadata'], message: 'has no metadata.name' }
    : null
}

/** One manifest for each identity: the tree before the baseline, then the first by path. */
export function chooseOne(
  manifests: readonly Manifest[],
  config: ClusterConfig,
  problems: Problem[],
): readonly Manifest[] {
  const told = manifests.filter((manifest) => {
    const unplaced = whyUnplaced(manifest)
    if (unplaced === null) return true
    const remedy = 'Correct it, or leave the file out with ignorePaths.'
    const hides = unplaced.route.at(-1) === 'namespace' ? 'all' : namespaceOf(manifest.object)
    problems.push(
      unreadable(manifest.origin, unplaced.route, hides ?? config.namespace, {
        code: unplaced.code,
        message: `A ${manifest.kind} ${unplaced.message}.`,
        remedy,
      }),
    )
    return false
  })
  const byIdentity = grouped(told, (manifest) => identity(manifest, config))
  return [...byIdentity.values()].flatMap((same) => {
    const ordered = [...same].sort(
      (a, b) =>
        compareText(a.origin.file.path, b.origin.file.path) ||
        a.origin.document.start - b.origin.document.start,
    )
    const ours = ordered.filter((manifest) => manifest.origin.editable)
    const [first, ...others] = ours.length > 0 ? ours : ordered.slice(0, 1)
    for (const other of others) {
      // Applied twice, it is one object all the same.
      if (first !== undefined && !isEqual(first.object, other.object))
        problems.push(duplicate(first, other, config))
    }
    return first === undefined ? [] : [first]
  })
}

/** Fields that bear on nobody's reach, and change all the time. A label may have such a name; its value is a text. */
const IDLE = ['annotations', 'env', 'resources', 'replicas', 'volumes', 'volumeMounts']

function duplicate(first: Manifest, other: Manifest, config: ClusterConfig): Problem {
  const namespace = namespaceOf(other.object) ?? config.namespace
  const id =
    other.kind === 'Namespace' ? `Namespace ${nameIn(other)}` : `${other.kind} ${namespace}/${nameIn(other)}`
  const place = placeOf(first.origin, [])
  return {
    ...placeOf(other.origin, []),
    code: 'duplicate-object',
    class: 'unseen',
    message: `${id} is described twice; ${place.path}:${String(place.line)} was judged and this one was not.`,
    remedy: 'If they belong to different clusters, say so with clusters.<name>.paths; otherwise remove one.',
    hides: { namespaces: [other.kind === 'Namespace' ? nameIn(other) : namespace] },
    // A comment in either file changes nothing; what the one says that was not judged does.
    steering: JSON.stringify(other.object, (key, value: unknown) =>
      IDLE.includes(key) && typeof value !== 'string' ? undefined : value,
    ),
    wherever: true,
  }
}
