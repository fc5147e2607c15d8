// What a change leaves standing by itself. A policy that an overlay took in and that now stands in a folder of its own
// may be applied by somebody, or be forgotten: the tree does not say, and nothing that was there takes it in.
import { posix } from 'node:path'
import { nameIn } from '../core/kubernetes/identity.ts'
import { namespaceOf } from '../core/kubernetes/manifest.ts'
import type { Manifest } from '../core/kubernetes/manifest.ts'
import { placeOf } from '../core/kubernetes/origin.ts'
import { isJudged } from '../core/kubernetes/state.ts'
import { differing } from '../core/source/differing.ts'
import { grouped } from '../core/source/grouped.ts'
import { onceEach } from '../core/source/once-each.ts'
import type { Problem } from '../core/source/problem.ts'
import { identityOf } from './environments.ts'
import type { Part, Root } from './expand.ts'
import { isKustomization } from './listing.ts'
import { isWithin } from './source-tree.ts'

/** What a root grew into in one cluster. */
export interface Grown {
  readonly root: Root
  readonly part: Part
}

/** A root of the head that nobody is known to apply, and of what it makes the policies that show it. */
export interface Stray {
  readonly root: Root
  readonly problems: readonly Problem[]
  /** All that it makes, without Namespaces: one that is not described says nothing of what is in it. */
  readonly manifests: ReadonlySet<Manifest>
}

/**
 * The strays of one cluster; `begun` is what every cluster of the base is made of. Two signs tell of one: something it
 * makes was taken in by a root that is still there and still makes the rest; or it stands below the folder of a
 * kustomization that does not name it, and one of the two is new.
 */
export function straysOf(
  before: readonly Grown[],
  after: readonly Grown[],
  begun: readonly Grown[],
): readonly Stray[] {
  // What is the same root on both sides is as new as it was.
  const [, others] = differing(begun, after)
  if (others.length === 0) return []
  const is = customs(begun)
  if (!others.some(isNews(begun)) && !others.some(({ part }) => part.inputs.some(is.besideFiles))) return []
  const now = after.flatMap(policiesIn)
  const isNew = newnessAgainst(begun)
  const makers = grouped(now, ({ identity }) => identity)
  const isFresh = ({ identity }: Made): boolean => (makers.get(identity) ?? []).every(isNew)
  const fresh = new Set(now.filter((made) => isNew(made) && isFresh(made)))
  const takerOf = fresh.size === 0 ? (): null => null : takersAmong(before, after)
  const known = new Set(fresh.size === 0 ? [] : before.flatMap(policiesIn).map(({ identity }) => identity))
  const around = kustomizationsAround(after)
  const told = now.flatMap((made): readonly (readonly [Root, Problem])[] => {
    const taker = fresh.has(made) ? takerOf(made) : null
    if (taker !== null) return [[made.root, noLongerTakenIn(made, taker)]]
    if (handsOf(made, false) > 0) return []
    const counts = fresh.has(made) && !known.has(made.identity) ? is.newThere : is.inPlaceOfFiles
    const folder = around(made.root).find(counts)
    return folder === undefined ? [] : [[made.root, notTakenIn(made, posix.dirname(folder))]]
  })
  return [...grouped(told, ([root]) => root)].map(([root, some]) => ({
    root,
    problems: some.map(([, problem]) => problem),
    manifests: new Set(
      after
        .filter((grown) => grown.root === root)
        .flatMap(({ part }) => part.manifests.filter(({ kind }) => kind !== 'Namespace')),
    ),
  }))
}

/** A policy, and the root that makes it. */
interface Made {
  readonly root: Root
  readonly manifest: Manifest
  readonly identity: string
}

function policiesIn({ root, part }: Grown): readonly Made[] {
  return part.manifests
    .filter((manifest) => manifest.kind.endsWith('Policy') && isJudged(manifest))
    .map((manifest) => ({ root, manifest, identity: identityOf(manifest) }))
}

function keyOf({ path, plain, units }: Root): string {
  return JSON.stringify([plain ? 'plain' : (units[0]?.kind ?? ''), path])
}

/** Files that stand by themselves in a folder of such files are new where they are, and no root of the base. */
function newnessAgainst(begun: readonly Grown[]): (made: Made) => boolean {
  const keys = new Set(begun.map(({ root }) => keyOf(root)))
  const files = new Set(begun.flatMap(({ root }) => ownFiles(root)))
  return (made) =>
    !keys.has(keyOf(made.root)) ||
    (made.root.plain && handsOf(made, false) === 0 && !files.has(made.manifest.origin.file.path))
}

/**
 * Does one of the others stand where no root stood, or hold files that none held? Where no root of the head does,
 * nothing that it makes is new against the base.
 */
function isNews(begun: readonly Grown[]): (grown: Grown) => boolean {
  const byPath = rootsByPath(begun)
  return ({ root }) => {
    const before = (byPath.get(root.path) ?? []).filter((one) => keyOf(one) === keyOf(root))
    const files = new Set(before.flatMap(ownFiles))
    return before.length === 0 || ownFiles(root).some((path) => !files.has(path))
  }
}

/** Of a base, which many heads are compared with. */
const rootsByPath = onceEach((begun: readonly Grown[]): ReadonlyMap<string, readonly Root[]> =>
  grouped(
    begun.map(({ root }) => root),
    ({ path }) => path,
  ),
)

/** The roots that still make some of what they made. */
function goingOn(before: readonly Grown[], after: readonly Grown[]): ReadonlySet<string> {
  const made = (grown: readonly Grown[]): ReadonlyMap<string, ReadonlySet<string>> =>
    new Map(
      [...grouped(grown, ({ root }) => keyOf(root))].map(([key, some]) => [
        key,
        new Set(some.flatMap(({ part }) => part.manifests.map(identityOf))),
      ]),
    )
  const later = made(after)
  const goesOn = ([key, identities]: readonly [string, ReadonlySet<string>]): boolean =>
    [...identities].some((identity) => later.get(key)?.has(identity) ?? false)
  return new Set([...made(before)].filter(goesOn).map(([key]) => key))
}

/**
 * How many hands an object goes through before it is applied: every object of a controller, and the kustomization of
 * its root where that `counts`. One that stands by itself goes through none, and has none to lose; a kustomization that
 * becomes a root lost the one that took it in; an Application in its place is as good as that.
 */
function handsOf({ root, manifest }: Made, counts: boolean): number {
  const asked = new Set((manifest.origin.steeredBy ?? []).filter((path) => !isKustomization(path)))
  const own = root.units.some(
    ({ kind }) => kind === 'argocd' || kind === 'flux' || (counts && kind === 'kustomize'),
  )
  return asked.size + (own ? 1 : 0)
}

/**
 * Finds the root that goes on and through which an object of the head went before. A file that such a root read and
 * that made no root itself went through it, too, also where that could not be built.
 */
function takersAmong(before: readonly Grown[], after: readonly Grown[]): (made: Made) => Root | null {
  const kept = goingOn(before, after)
  const takers = grouped(
    before.flatMap(policiesIn).filter(({ root }) => kept.has(keyOf(root))),
    ({ identity }) => identity,
  )
  const there = new Set(after.map(({ root }) => keyOf(root)))
  const own = new Set(before.flatMap(({ root }) => ownFiles(root)))
  const readers = new Map(
    before
      .filter(({ root }) => there.has(keyOf(root)))
      .flatMap(({ root, part }) => part.inputs.filter((path) => !own.has(path)).map((path) => [path, root])),
  )
  return (made) => {
    const hands = handsOf(made, false)
    const taker = (takers.get(made.identity) ?? []).find(
      (taken) => keyOf(taken.root) !== keyOf(made.root) && handsOf(taken, true) > hands,
    )
    if (taker !== undefined) return taker.root
    return hands > 0 ? null : (readers.get(made.manifest.origin.file.path) ?? null)
  }
}

/** The applied kustomizations in whose folders a root lies and that it does not take in itself, the nearest first. */
function kustomizationsAround(after: readonly Grown[]): (root: Root) => readonly string[] {
  const takers = new Map<string, Set<Root>>()
  for (const { root, part } of after)
    for (const path of part.inputs.filter(isKustomization))
      takers.set(path, (takers.get(path) ?? new Set()).add(root))
  const byFolder = grouped(takers.keys(), (path) => posix.dirname(path))
  const foldersOf = (path: string): readonly string[] =>
    path === '.' ? ['.'] : [path, ...foldersOf(posix.dirname(path))]
  return (root) =>
    foldersOf(root.path)
      .flatMap((folder) => byFolder.get(folder) ?? [])
      .filter((path) => takers.get(path)?.has(root) === false)
}

/** What the base says of a kustomization that does not name what lies below it. */
function customs(begun: readonly Grown[]): {
  /** Nothing below it was applied by itself before: where something was, that is how it is done there. */
  readonly newThere: (kustomization: string) => boolean
  /** It stands where files were applied as they are; with `-R`, those of the folders below were, too. */
  readonly inPlaceOfFiles: (kustomization: string) => boolean
  /** Is a path one of a kustomization of which that is true? */
  readonly besideFiles: (path: string) => boolean
} {
  let known: { readonly plain: ReadonlySet<string>; readonly read: ReadonlySet<string> } | null = null
  const inPlaceOfFiles = (path: string): boolean => {
    known ??= {
      plain: new Set(begun.flatMap(({ root }) => (root.plain ? [root.path] : []))),
      read: new Set(begun.flatMap(({ part }) => part.inputs.filter(isKustomization))),
    }
    return known.plain.has(posix.dirname(path)) && !known.read.has(path)
  }
  return {
    newThere: (path) =>
      !begun.some(
        ({ root, part }) =>
          root.path !== posix.dirname(path) &&
          isWithin(root.path, posix.dirname(path)) &&
          !part.inputs.includes(path),
      ),
    inPlaceOfFiles,
    besideFiles: (path) => isKustomization(path) && inPlaceOfFiles(path),
  }
}

function ownFiles({ units }: Root): readonly string[] {
  return units.flatMap((unit) => (unit.kind === 'plain' ? unit.paths : [unit.at.path]))
}

function noLongerTakenIn(made: Made, root: Root): Problem {
  return doubt(made, {
    code: 'no-longer-taken-in',
    message: `${nameOf(made)} was applied with ${root.path}, which does not take it in any more, and stands by itself now: whether anybody applies it is not known, and it was judged as if.`,
    remedy: 'Name it again in what applies the rest, or remove it.',
  })
}

function notTakenIn(made: Made, folder: string): Problem {
  return doubt(made, {
    code: 'not-in-kustomization',
    message: `The kustomization in ${folder} does not take in ${nameOf(made)}, which stands below it: whether anybody applies it is not known, and it was judged as if.`,
    remedy: 'Add it to the resources of the kustomization, or keep it outside of that folder.',
  })
}

function doubt({ root, manifest }: Made, words: Pick<Problem, 'code' | 'message' | 'remedy'>): Problem {
  return {
    ...placeOf(manifest.origin, []),
    ...words,
    class: 'unseen',
    hides: { namespaces: [namespaceOf(manifest.object) ?? []].flat(), under: ownFiles(root) },
  }
}

function nameOf({ manifest }: Made): string {
  const namespace = namespaceOf(manifest.object)
  return `${manifest.kind} ${namespace === null ? '' : `${namespace}/`}${nameIn(manifest)}`
}
