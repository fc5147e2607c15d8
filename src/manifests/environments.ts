// Which roots are of one cluster. Two that make an object of the same identity are not: overlays for production and
// staging are the common case. The part of their paths in which they differ then names the clusters.
import { isEqual } from '../core/kubernetes/origin.ts'
import { groupKindOf, nameIn } from '../core/kubernetes/identity.ts'
import { namespaceOf } from '../core/kubernetes/manifest.ts'
import type { Manifest } from '../core/kubernetes/manifest.ts'
import { isOfCluster } from '../core/kubernetes/scope.ts'
import { onceEach } from '../core/source/once-each.ts'
import { compareText } from '../core/source/problem.ts'

/** What is applied as a whole, as far as sorting it needs to know. */
export interface Rooted {
  /** A folder of the tree. */
  readonly path: string
  /** Files that stand there by themselves: two of one name may be a mistake, where two of a tool's are a purpose. */
  readonly plain: boolean
  /** What it puts into the cluster that it is applied to. */
  readonly manifests: readonly Manifest[]
}

/** Names of environments: parts of paths, or whole paths where no part tells two roots apart. */
export type Environments = ReadonlySet<string>

/** The environments that keep roots apart which make the same objects; none where none do. */
export function environmentsOf(roots: readonly Rooted[]): Environments {
  return weigh(roots).names
}

/** Which environments there are, and what that hangs on. */
export interface Weighed {
  readonly names: Environments
  readonly rivalries: readonly Rivalry[]
  /** Who makes an object, by its identity: the first, and one other, where there is one. */
  readonly makers: ReadonlyMap<string, Makers<Pick<Rooted, 'path' | 'plain'>>>
  /** The same for what changed since those were looked at. */
  readonly newer: ReadonlyMap<string, Pick<Rooted, 'path' | 'plain'>>
}

/** Two roots that make an object of one identity, and what was weighed about them. */
interface Rivalry {
  readonly a: Rooted
  readonly b: Rooted
  /** The folders in which their paths differ; null where nothing tells them apart. */
  readonly sides: { readonly a: string; readonly b: string; readonly weights: Weights } | null
  readonly differ: boolean
}

/** How many objects the two sides of a difference make, and what they have in common. */
interface Weights {
  readonly folders: readonly [string, string]
  readonly left: number
  readonly right: number
  readonly shared: number
  readonly isAllWeak: boolean
  readonly isOfOneSource: boolean
}

export function weigh(roots: readonly Rooted[]): Weighed {
  const identities = new Map(roots.map((root) => [root, identitiesOf(root)]))
  const { pairs, makers } = rivals(roots, identities)
  const sides = new Map<string, Identities>()
  const side = (folder: string): Identities => {
    const known = sides.get(folder)
    if (known !== undefined) return known
    const inside = roots.filter(({ path }) => isBelow(path, folder))
    const now = new Map(inside.flatMap((root) => [...(identities.get(root) ?? NONE)]))
    sides.set(folder, now)
    return now
  }
  const rivalries = pairs.map(([a, b]): Rivalry => {
    const parts = difference(a.path, b.path)
    return {
      a,
      b,
      sides: parts === null ? null : { ...parts, weights: weightsOf(a, b, parts.at, side) },
      differ: !a.plain && !b.plain && differ(a, b, identities),
    }
  })
  return { names: namesOf(rivalries), rivalries, makers, newer: new Map() }
}

/**
 * The same, where some roots that are plain files were replaced; null where one of them makes, or made, something else
 * than before that another root makes as well: whom it then rivals is another question.
 */
export function weighAgain(
  before: Weighed,
  replaced: readonly (readonly [old: Rooted, now: Rooted])[],
): Weighed | null {
  const newer = new Map(before.newer)
  const growth = new Map<string, number>()
  for (const [old, now] of replaced) {
    const [was, is] = [identitiesOf(old), identitiesOf(now)]
    for (const identity of new Set([...was.keys(), ...is.keys()])) {
      if (was.get(identity) === is.get(identity)) continue
      const { first, last } = before.makers.get(identity) ?? { first: old, last: old }
      if ([first, last, newer.get(identity) ?? old].some((maker) => !isSameRoot(maker, old))) return null
      newer.set(identity, { path: old.path, plain: old.plain })
    }
    growth.set(now.path, is.size - was.size)
  }
  const grownIn = (folder: string): number =>
    [...growth].reduce((sum, [path, count]) => (isBelow(path, folder) ? sum + count : sum), 0)
  const above = new Set([...growth.keys()].flatMap(foldersAbove))
  const isTouched = ({ sides }: Rivalry): boolean =>
    sides?.weights.folders.some((folder) => above.has(folder)) === true
  if (!before.rivalries.some(isTouched)) return { ...before, newer }
  const rivalries: Rivalry[] = []
  for (const rivalry of before.rivalries) {
    const { a, b, sides } = rivalry
    if (sides === null || !isTouched(rivalry)) rivalries.push(rivalry)
    else if (!a.plain && !b.plain) return null
    else {
      const { weights } = sides
      const [left, right] = weights.folders.map(grownIn)
      const grown = { ...weights, left: weights.left + (left ?? 0), right: weights.right + (right ?? 0) }
      rivalries.push({ ...rivalry, sides: { ...sides, weights: grown } })
    }
  }
  return { ...before, names: namesOf(rivalries), rivalries, newer }
}

function isSameRoot(a: Pick<Rooted, 'path' | 'plain'>, b: Pick<Rooted, 'path' | 'plain'>): boolean {
  return a.path === b.path && a.plain === b.plain
}

/** The folder itself and those that it is below, but for the root of the tree. */
function foldersAbove(path: string): readonly string[] {
  const parts = path.split('/')
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'))
}

function isBelow(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`)
}

function namesOf(rivalries: readonly Rivalry[]): Environments {
  const names = new Set<string>()
  const weak: Rivalry[] = []
  for (const rivalry of rivalries) {
    const { a, b, sides } = rivalry
    if (sides !== null && isStrong(a, b, sides.weights)) {
      names.add(sides.a)
      names.add(sides.b)
    } else if (rivalry.differ) weak.push(rivalry)
  }
  for (const { a, b } of weak) {
    if (environmentOf(a.path, names) !== environmentOf(b.path, names)) continue
    names.add(a.path)
    names.add(b.path)
  }
  return names
}

/** The environments that some root is of. */
export function homesOf(roots: readonly Pick<Rooted, 'path'>[], names: Environments): readonly string[] {
  if (names.size === 0) return []
  return [...new Set(roots.flatMap(({ path }) => environmentOf(path, names) ?? []))].sort(compareText)
}

/**
 * Roots by cluster, in order of name; null is the cluster of a tree that knows only one. `homes` are the environments
 * of every state that is compared: what no environment claims belongs to all of them, also where nothing else does.
 */
export function sortRoots<R extends Rooted>(
  roots: readonly R[],
  names: Environments,
  homes: readonly string[],
): ReadonlyMap<string | null, readonly R[]> {
  const clusters = new Map<string | null, R[]>()
  const common: R[] = []
  /** What the roots of each cluster that a tool renders make. */
  const made = new Map<string | null, Map<string, Manifest>>()
  const put = (name: string | null, root: R): void => {
    const roots = clusters.get(name)
    if (roots === undefined) clusters.set(name, [root])
    else roots.push(root)
    if (root.plain) return
    const known = made.get(name) ?? new Map<string, Manifest>()
    for (const [identity, manifest] of identitiesOf(root)) known.set(identity, manifest)
    made.set(name, known)
  }
  const fits = (name: string | null, root: R): boolean => {
    const known = made.get(name)
    if (root.plain || known === undefined) return true
    return ![...identitiesOf(root)].some(
      ([identity, manifest]) =>
        known.has(identity) &&
        !isWeak(manifest, known.get(identity)) &&
        !isEqual(known.get(identity)?.object, manifest.object),
    )
  }
  for (const root of roots) {
    const name = environmentOf(root.path, names)
    if (name === null) common.push(root)
    else if (fits(name, root)) put(name, root)
    else put(root.path, root)
  }
  for (const root of common) {
    const taking = (homes.length === 0 ? [null] : homes).filter((name) => fits(name, root))
    for (const name of taking) put(name, root)
    if (taking.length === 0) put(root.path, root)
  }
  return new Map([...clusters].sort(([a], [b]) => compareText(a ?? '', b ?? '')))
}

/** The environment that a path names: itself, or the first part of it that is one. */
function environmentOf(path: string, names: Environments): string | null {
  if (names.has(path)) return path
  return path.split('/').find((part) => names.has(part)) ?? null
}

/** What an object is called inside its cluster. */
export function identityOf(manifest: Manifest): string {
  const groupKind = groupKindOf(manifest)
  const namespace = isOfCluster(groupKind) ? '' : (namespaceOf(manifest.object) ?? '')
  return `${groupKind} ${namespace} ${nameIn(manifest)}`
}

type Identities = ReadonlyMap<string, Manifest>

const NONE: Identities = new Map()

function identitiesOf({ manifests }: Rooted): Identities {
  return identified(manifests)
}

const identified = onceEach(
  (manifests: readonly Manifest[]): Identities =>
    new Map(manifests.map((manifest) => [identityOf(manifest), manifest])),
)

interface Makers<R> {
  readonly first: R
  readonly last: R
}

/** Pairs of roots that make an object of one identity: each of many with the first of them, and with the one before. */
function rivals<R extends Rooted>(
  roots: readonly R[],
  identities: ReadonlyMap<R, Identities>,
): { readonly pairs: readonly (readonly [R, R])[]; readonly makers: ReadonlyMap<string, Makers<R>> } {
  const makers = new Map<string, Makers<R>>()
  const pairs = new Map<R, Set<R>>()
  for (const root of roots) {
    for (const [identity, manifest] of identities.get(root) ?? []) {
      const known = makers.get(identity)
      makers.set(identity, { first: known?.first ?? root, last: root })
      for (const other of known === undefined ? [] : [known.first, known.last])
        if (!isShared(identities.get(other)?.get(identity), manifest))
          pairs.set(other, (pairs.get(other) ?? new Set()).add(root))
    }
  }
  return {
    pairs: [...pairs].flatMap(([first, others]) => [...others].map((other) => [first, other] as const)),
    makers,
  }
}

/** A few things that two roots share word for word, such as a common policy, are of one cluster as well as of two. */
function differ(a: Rooted, b: Rooted, identities: ReadonlyMap<Rooted, Identities>): boolean {
  const [left, right] = [identities.get(a) ?? NONE, identities.get(b) ?? NONE]
  const shared = [...left].filter(([identity]) => right.has(identity))
  if (shared.every(([identity, manifest]) => isWeak(manifest, right.get(identity))))
    return isMost(shared.length, left.size, right.size)
  const few = shared.length * 2 < Math.min(left.size, right.size)
  return !few || shared.some(([identity, { object }]) => !isEqual(object, right.get(identity)?.object))
}

/** Two applications may well bring the same Namespace along; applied twice, it is one. */
function isShared(a: Manifest | undefined, b: Manifest | undefined): boolean {
  return a !== undefined && isNamespace(a) && isEqual(a.object, b?.object)
}

/** The one folder in which two paths differ, and the number of folders before it; null where there is no such. */
function difference(
  a: string,
  b: string,
): { readonly a: string; readonly b: string; readonly at: number } | null {
  const [left, right] = [a.split('/'), b.split('/')]
  const at = left.findIndex((part, index) => part !== right[index])
  const [one, other] = [left[at], right[at]]
  // The root of the tree is part of every path.
  if (one === undefined || other === undefined || a === '.' || b === '.') return null
  return { a: one, b: other, at }
}

function weightsOf(a: Rooted, b: Rooted, at: number, side: (folder: string) => Identities): Weights {
  const folderOf = ({ path }: Rooted): string =>
    path
      .split('/')
      .slice(0, at + 1)
      .join('/')
  const folders = [folderOf(a), folderOf(b)] as const
  const [left, right] = [side(folders[0]), side(folders[1])]
  const shared = [...left].filter(([identity]) => right.has(identity))
  return {
    folders,
    left: left.size,
    right: right.size,
    shared: shared.length,
    isAllWeak: shared.every(([identity, manifest]) => isWeak(manifest, right.get(identity))),
    isOfOneSource: !a.plain && !b.plain && isOfOneSource(left, right),
  }
}

/** Do the two sides of a difference make the same objects for the most part? Then they are made for two clusters. */
function isStrong(a: Rooted, b: Rooted, { left, right, shared, ...weights }: Weights): boolean {
  if (weights.isOfOneSource) return true
  if (weights.isAllWeak && !isMost(shared, left, right)) return false
  // One object that a plain file holds as well is as likely a mistake.
  return shared * 2 >= Math.min(left, right) && (shared > 1 || !(a.plain || b.plain))
}

/** Are two sides made of the same files for the most part? Overlays of one base may call everything by other names. */
function isOfOneSource(left: Identities, right: Identities): boolean {
  const files = new Set([...right.values()].map(({ origin }) => origin.file.path))
  const same = [...left.values()].filter(({ origin }) => files.has(origin.file.path)).length
  return same * 2 >= Math.min(left.size, right.size) && same > 0
}

/**
 * Namespaces that two files describe, and nothing else in common, are of one cluster as a rule: somebody lists the
 * namespaces, and an application brings its own along. Made of one file in two ways, they are two.
 */
function isWeak(a: Manifest, b: Manifest | undefined): boolean {
  return isNamespace(a) && a.origin.file.path !== b?.origin.file.path
}

/** Do both sides hold little else? Then two clusters have a list of namespaces each. */
function isMost(shared: number, left: number, right: number): boolean {
  return shared * 2 > Math.max(left, right)
}

function isNamespace({ kind }: Manifest): boolean {
  return kind === 'Namespace'
}
