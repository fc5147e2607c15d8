// What is there and nobody applies. A folder that an overlay no longer takes in, or whose Application is gone, still
// looks like a root; counted as one, it would stand for what the change takes away.
import { posix } from 'node:path'
import { groupKindOf, nameIn } from '../core/kubernetes/identity.ts'
import { namespaceOf } from '../core/kubernetes/manifest.ts'
import type { Manifest } from '../core/kubernetes/manifest.ts'
import { placeOf } from '../core/kubernetes/origin.ts'
import type { Problem } from '../core/source/problem.ts'
import { controllerOf } from './controllers.ts'
import type { Root, Seed } from './expand.ts'
import { isKustomization } from './listing.ts'
import type { ParsedFile } from './parse.ts'
import { kustomizationAt } from './renderers/kustomize/closure.ts'
import type { SourceTree } from './source-tree.ts'
import type { Unit } from './unit.ts'

/** One root of a state. */
export interface Holding {
  /** The files that make it a root. */
  readonly own: readonly string[]
  /** Every path that it takes in, those among them. */
  readonly inputs: readonly string[]
  /** Are there others among them? */
  readonly isWider: boolean
}

export function holdingsOf(roots: readonly Root[], tree: SourceTree): readonly Holding[] {
  return roots.map(({ units, parts }) => {
    const own = units.flatMap((unit) => ownFiles(unit, tree))
    const inputs = parts.flatMap((part) => part.inputs)
    const files = new Set(own)
    return { own, inputs, isWider: inputs.some((path) => !files.has(path)) }
  })
}

/** Paths that roots of another state take in, and those roots. */
export type Taken = ReadonlyMap<string, readonly Holding[]>

/** Every path that some of these roots take in, without the files that make a root of the same state. */
function takenIn(holdings: readonly Holding[], of: readonly Holding[] = holdings): Taken {
  const wider = holdings.filter(({ isWider }) => isWider)
  const takers = new Map<string, Holding[]>()
  if (wider.length === 0) return takers
  const own = new Set(of.flatMap((holding) => holding.own))
  for (const holding of wider)
    for (const path of holding.inputs) {
      const before = takers.get(path)
      if (before !== undefined) before.push(holding)
      else if (!own.has(path)) takers.set(path, [holding])
    }
  return takers
}

/**
 * The same, as far as it still matters where only those of `left` exist. The files of a folder whose kustomization is
 * removed, and nothing but it, are applied as they stand from then on: who takes an application away removes them, too.
 */
export function takenBefore(holdings: readonly Holding[], left: (path: string) => boolean): Taken {
  if (!holdings.some(({ isWider }) => isWider)) return new Map()
  const still = holdings.map((holding): Holding => {
    const [file, ...others] = holding.own
    if (file === undefined || others.length > 0 || !isKustomization(file) || left(file)) return holding
    const inside = posix.dirname(file)
    return { ...holding, inputs: holding.inputs.filter((path) => posix.dirname(path) !== inside) }
  })
  return takenIn(still, holdings)
}

/**
 * Roots of the base that something takes in after the change, and nothing did before, although it was there to do so:
 * nobody applied them yet. Where what takes them in is itself new, a tree is only put in order.
 * @param controlled has the base objects of controllers? Then those say what is applied.
 */
export function takenLater(base: readonly Holding[], head: readonly Holding[], controlled: boolean): Taken {
  if (!head.some(({ isWider }) => isWider)) return new Map()
  const begun = new Set(base.flatMap(({ own }) => own))
  const takers = controlled ? head : head.filter(({ own }) => own.some((path) => begun.has(path)))
  return new Map([...takenIn(takers, head)].filter(([path]) => begun.has(path)))
}

/** Roots that are none in the other state, because something takes them in there, are abandoned. */
export function withoutAbandoned(
  seeds: readonly Seed[],
  tree: SourceTree,
  takenElsewhere: Pick<Taken, 'has'>,
): { readonly seeds: readonly Seed[]; readonly abandoned: readonly string[] } {
  const abandoned: string[] = []
  const kept = seeds.flatMap((seed): Seed[] => {
    const units = seed.units.flatMap((unit): Unit[] => {
      if (unit.kind !== 'plain' && unit.kind !== 'kustomize') return [unit]
      const gone = ownFiles(unit, tree).filter((path) => takenElsewhere.has(path))
      abandoned.push(...gone)
      if (gone.length === 0) return [unit]
      if (unit.kind === 'kustomize') return []
      const paths = unit.paths.filter((path) => !gone.includes(path))
      return paths.length === 0 ? [] : [{ ...unit, paths }]
    })
    return units.length === 0 ? [] : [{ ...seed, units }]
  })
  return { seeds: kept, abandoned }
}

function ownFiles(unit: Unit, tree: SourceTree): readonly string[] {
  switch (unit.kind) {
    case 'plain':
      return unit.paths
    case 'kustomize':
      return [kustomizationAt(tree, unit.folder) ?? []].flat()
    case 'helm':
      return []
    case 'argocd':
    case 'flux':
      return [unit.manifest.origin.file.path]
  }
}

/**
 * May what took a path in elsewhere still do so here? A text of it is not readable, and that is told; what it would
 * name is not known.
 */
export function mayBeTakenIn(path: string, taken: Taken, unreadable: ReadonlySet<string>): boolean {
  return (taken.get(path) ?? []).some(({ own, inputs }) =>
    [...own, ...inputs].some((each) => unreadable.has(each)),
  )
}

/** It was applied, and is not any more: what it admitted is gone, and is judged so. */
export function noLongerApplied(path: string, parsed: readonly ParsedFile[]): Problem {
  const manifests = parsed.find((file) => file.path === path)?.manifests ?? []
  const named = manifests.flatMap((manifest) => namespacesOf(manifest))
  const what = isKustomization(path)
  return {
    path,
    line: 1,
    code: 'no-longer-applied',
    class: 'unseen',
    message: `Nothing takes in ${what ? `the kustomization in ${posix.dirname(path)}` : path} any more: it was judged as no longer applied.`,
    remedy: 'Remove it, if that is meant; name it again, if it is not.',
    hides: { namespaces: named.length === 0 ? 'all' : [...new Set(named)] },
  }
}

/**
 * Policies that stand in the tree beside its controllers, and that none of them applies: a person may. They were judged
 * as if they were, and what hangs on them is not known.
 */
export function appliedByNobody(roots: readonly Root[]): readonly Problem[] {
  const everything = roots.flatMap(({ parts }) => parts.flatMap(({ manifests }) => manifests))
  const isApplied = everything.some(appliesFolders)
  return roots.flatMap(({ parts, units }) => {
    if (!units.every(({ kind }) => kind === 'plain' || kind === 'kustomize')) return []
    const own = parts.flatMap(({ manifests }) => manifests)
    // Where controllers begin, somebody applies what stands there. A HelmRelease is no beginning where others are.
    if (own.some((one) => appliesFolders(one) || (!isApplied && controllerOf(one) !== null))) return []
    const policies = own.filter((one) => groupKindOf(one) === 'networking.k8s.io/NetworkPolicy')
    return policies.map((policy): Problem => ({
      ...placeOf(policy.origin, []),
      code: 'applied-by-nobody',
      class: 'unseen',
      message: `No Application or Flux object of the tree applies NetworkPolicy ${[...namespacesOf(policy), nameIn(policy)].join('/')}: whether somebody else does is not known, and it was judged as if.`,
      remedy: 'Let an object of the tree apply it, or leave it out with ignorePaths.',
      hides: { namespaces: namespacesOf(policy) },
    }))
  })
}

/** An object that makes a controller apply what stands in folders, and not one chart alone. */
function appliesFolders(manifest: Manifest): boolean {
  return controllerOf(manifest) !== null && manifest.kind !== 'HelmRelease'
}

function namespacesOf(manifest: Manifest): readonly string[] {
  return manifest.kind === 'Namespace' ? [nameIn(manifest)] : [namespaceOf(manifest.object) ?? []].flat()
}
