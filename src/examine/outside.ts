// Objects in files that the paths of no cluster take in, where every configured cluster has paths: they are not judged.
// That is nobody's doubt as long as they stay what they are; a change may take them out of a cluster, or enrol them.
import type { Analysis } from '../core/index.ts'
import { concerns } from '../core/findings/held-back.ts'
import { list } from '../core/findings/words.ts'
import { nameIn } from '../core/kubernetes/identity.ts'
import { DATAPLANE_MODE } from '../core/kubernetes/labels.ts'
import { namespaceOf } from '../core/kubernetes/manifest.ts'
import type { Manifest } from '../core/kubernetes/manifest.ts'
import { pathsOf, placeOf, valueAt } from '../core/kubernetes/origin.ts'
import { isJudged } from '../core/kubernetes/state.ts'
import { differing } from '../core/source/differing.ts'
import { grouped } from '../core/source/grouped.ts'
import { compareText } from '../core/source/problem.ts'
import type { Problem } from '../core/source/problem.ts'
import { identityOf } from '../manifests/environments.ts'
import { isNamespace } from '../manifests/outside-paths.ts'
import type { Thought } from './thought.ts'
import type { ClusterState } from './touched.ts'

/** Of a part of a repository: what Argo CD and Flux take from it, they take by paths that begin at the root of the whole. */
export function ledFromTheRoot(head: readonly ClusterState[]): readonly Problem[] {
  const units = head.flatMap(({ loaded }) => loaded.units)
  return units
    .filter(({ kind }) => kind === 'argocd' || kind === 'flux')
    .slice(0, 1)
    .map(({ at, title }) => ({
      ...at,
      code: 'outside-tree',
      class: 'unseen',
      message: `Only a part of the repository is read, and ${title} takes its pieces by paths of the whole: what it really takes is not seen.`,
      remedy: 'Have the whole repository read: leave the path out.',
      hides: { namespaces: 'all' },
    }))
}

/** A problem for each file of the head outside of all paths into which judged objects moved, or that bears on the mesh anew. */
export function broughtOutside(base: Thought, head: Thought): readonly Problem[] {
  const outside = (head.states[0]?.gathered.outside ?? []).filter(isJudged)
  const said = head.analyses.flatMap(({ problems }) => problems)
  if (outside.length === 0 || said.some(({ code }) => code === 'no-file-in-paths')) return []
  const told = new Set(said.flatMap(({ code, path }) => (code === 'namespace-outside-paths' ? [path] : [])))
  const made = new Set(
    head.states.flatMap(({ loaded }) => loaded.manifests.flatMap(({ origin }) => pathsOf(origin))),
  )
  const lost = lostFrom(base, head)
  const news = newOnes(base.states[0]?.gathered.outside ?? [], outside, lost).filter(
    ({ origin }) => !made.has(origin.file.path) && !told.has(origin.file.path),
  )
  const byPath = grouped(
    news.filter((one) => lost.has(identityOf(one)) || isEnrolled(one) || polices(one, head.analyses)),
    ({ origin }) => origin.file.path,
  )
  return [...byPath].flatMap(([path, [first, ...others]]): Problem[] => {
    if (first === undefined) return []
    const moved = [first, ...others].filter((manifest) => lost.has(identityOf(manifest)))
    const names = [first, ...others].map((manifest) => `${manifest.kind} ${nameIn(manifest)}`)
    const clusters = [...new Set(moved.flatMap((manifest) => lost.get(identityOf(manifest)) ?? []))]
    const what =
      clusters.length === 0
        ? 'bears on the mesh'
        : `takes what the cluster ${list(clusters.sort(compareText), MANY)} had until now`
    return [
      {
        ...placeOf(first.origin, ['metadata']),
        code: 'brought-outside-paths',
        class: 'unseen',
        message: `${path} is in the paths of no cluster, and ${what} (${list(names.sort(compareText), MANY)}): it was not judged.`,
        remedy: 'Add it to the paths of the cluster that it belongs to, or leave it out with ignorePaths.',
        hides: { namespaces: 'all' },
        // No cluster is touched by a file that is in none.
        steering: path,
      },
    ]
  })
}

const MANY = 3

/** What a cluster of the head has no more: by identity, the clusters that had it. */
function lostFrom(base: Thought, head: Thought): ReadonlyMap<string, readonly string[]> {
  const lost = new Map<string, string[]>()
  for (const [index, { loaded }] of base.states.entries()) {
    const now = head.states[index]?.loaded.manifests ?? []
    const left = new Set(now.map(identityOf))
    for (const manifest of differing(loaded.manifests, now)[0]) {
      const identity = identityOf(manifest)
      if (!isJudged(manifest) || left.has(identity)) continue
      lost.set(identity, [...(lost.get(identity) ?? []), loaded.config.name])
    }
  }
  return lost
}

/**
 * Those that stand where none stood: of what a cluster has lost, and of what there is more than before. What only moves
 * about out there is no news.
 */
function newOnes(
  old: readonly Manifest[],
  now: readonly Manifest[],
  lost: ReturnType<typeof lostFrom>,
): readonly Manifest[] {
  const before = grouped(old, wordsOf)
  return [...grouped(now, wordsOf)].flatMap(([words, some]) => {
    const was = before.get(words) ?? []
    const isLost = some.some((manifest) => lost.has(identityOf(manifest)))
    if (!isLost && some.length <= was.length) return []
    const paths = new Set(was.map(({ origin }) => origin.file.path))
    return some.filter(({ origin }) => !paths.has(origin.file.path))
  })
}

function isEnrolled(manifest: Manifest): boolean {
  return (
    isNamespace(manifest) && valueAt(manifest.object, ['metadata', 'labels', DATAPLANE_MODE]) === 'ambient'
  )
}

/** Is it a policy of a namespace that a cluster describes, and that has to do with the mesh there? */
function polices({ kind, object }: Manifest, worlds: readonly Analysis[]): boolean {
  const name = namespaceOf(object)
  return (
    kind.endsWith('NetworkPolicy') &&
    name !== null &&
    worlds.some(
      (world) =>
        world.state.namespaces.get(name)?.known === true &&
        concerns(world, { hides: { namespaces: [name] } }),
    )
  )
}

function wordsOf(manifest: Manifest): string {
  return `${identityOf(manifest)} ${String(isEnrolled(manifest))}`
}
