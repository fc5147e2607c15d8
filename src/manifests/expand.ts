// Roots are rendered, and what their objects ask controllers to render, and so on, until nothing asks for more.
// Renderers know nothing of each other: whoever makes a unit leaves it here, and here it finds its renderer.
import { isHeldBack } from '../core/findings/held-back.ts'
import { groupKindOf, nameIn, titleOf } from '../core/kubernetes/identity.ts'
import { namespaceOf } from '../core/kubernetes/manifest.ts'
import type { Manifest } from '../core/kubernetes/manifest.ts'
import { placeOf } from '../core/kubernetes/origin.ts'
import type { Host, Place } from '../core/kubernetes/origin.ts'
import { isOfCluster } from '../core/kubernetes/scope.ts'
import { isRelevant } from '../core/kubernetes/state.ts'
import type { Problem } from '../core/source/problem.ts'
import { carriedObjects } from './carried.ts'
import { controllerOf, isOfController } from './controllers.ts'
import { isKustomization } from './listing.ts'
import { misspeltKinds } from './misspelt-kinds.ts'
import { renderUnit } from './renderers/index.ts'
import { leftAlone, standing } from './standing.ts'
import { asksForValues, releaseWords, steeringOf } from './steering.ts'
import type { Kitchen, Rendering, Unit } from './unit.ts'

/** Where rendering begins. */
export interface Seed {
  /** A folder of the tree. */
  readonly path: string
  readonly plain: boolean
  readonly units: readonly Unit[]
}

/** What a seed grew into for one cluster. */
export interface Part {
  /** The cluster that a unit on the way named; null: the one that the root is applied to. */
  readonly cluster: string | null
  readonly manifests: readonly Manifest[]
  readonly problems: readonly Problem[]
  /** Every path that decided something, sorted. */
  readonly inputs: readonly string[]
  readonly units: readonly RenderedUnit[]
}

/** A unit that was rendered, for people. */
export interface RenderedUnit {
  readonly kind: Unit['kind']
  readonly title: string
  readonly at: Place
}

export interface Root extends Seed {
  readonly parts: readonly Part[]
}

/** More units than this that are asked for are no repository but a trap: an ApplicationSet can make any number. */
const MAX_UNITS = 10_000
/** Applications of applications of applications: deeper than anybody nests them. */
const MAX_DEPTH = 16

/** What does not depend on the unit. */
export type KitchenBase = Omit<Kitchen, 'find' | 'all' | 'settled'>

interface Order {
  /** Files of the objects that asked for it, and for those that did. */
  readonly askedBy: readonly string[]
  readonly root: number
  readonly unit: Unit
  readonly cluster: string | null
  readonly depth: number
}

/** Renders every seed to its end, in an order that does not depend on how long anything takes. */
export async function expand(seeds: readonly Seed[], kitchen: KitchenBase): Promise<readonly Root[]> {
  const growing = seeds.map(() => new Map<string | null, Growing>())
  const stock = createStock(seeds)
  const seen = new Set<string>()
  const begun = seeds.reduce((sum, { units }) => sum + units.length, 0)
  let waiting: Order[] = []
  let next: Order[] = []
  const enqueue = (order: Order): void => {
    const key = JSON.stringify([order.root, order.cluster, keyOf(order.unit)])
    if (seen.has(key)) return
    seen.add(key)
    if (order.depth <= MAX_DEPTH && seen.size <= begun + MAX_UNITS) next.push(order)
    else partOf(growing, order).problems.push(endless(order.unit))
  }
  for (const [root, { units }] of seeds.entries())
    for (const unit of units) enqueue({ root, unit, cluster: unit.cluster, depth: 0, askedBy: [] })
  for (let settled = false; next.length > 0 || waiting.length > 0;) {
    // What one of those that wait makes do with may bring what the next one waits for.
    const turn = settled ? waiting.slice(0, 1) : [...waiting, ...next]
    const before = { waiting: waiting.length, fresh: next.length }
    waiting = settled ? waiting.slice(1) : []
    next = []
    const results = await Promise.all(
      turn.map(async (order) => {
        const { find, all } = stock.seenFrom(order.root)
        return [order, await renderUnit(order.unit, { ...kitchen, find, all, settled })] as const
      }),
    )
    for (const [order, result] of results) {
      if ('waitsFor' in result) {
        if (settled)
          throw new Error(`${order.unit.title} waits for ${result.waitsFor}, and nothing will come`)
        waiting.push(order)
      } else serve(order, asked(order, result, kitchen.tree, stock), partOf(growing, order), stock, enqueue)
    }
    // Nothing new and nobody served: what is missing will not come.
    settled = next.length === 0 && before.fresh === 0 && waiting.length === before.waiting
  }
  return seeds.map((seed, index) => ({
    ...seed,
    parts: [...(growing[index] as Map<string | null, Growing>)].map(([cluster, part]) => ({
      cluster,
      ...part,
      inputs: [...part.inputs].sort(),
    })),
  }))
}

interface Growing {
  readonly manifests: Manifest[]
  readonly problems: Problem[]
  readonly inputs: Set<string>
  readonly units: RenderedUnit[]
}

function partOf(growing: readonly Map<string | null, Growing>[], { root, cluster }: Order): Growing {
  const parts = growing[root] as Map<string | null, Growing>
  const known = parts.get(cluster)
  if (known !== undefined) return known
  const part = { manifests: [], problems: [], inputs: new Set<string>(), units: [] }
  parts.set(cluster, part)
  return part
}

/** What somebody asked for cannot be seen as it is asked for: its problems know what was said. */
function asked(
  { root, unit, depth }: Order,
  rendering: Rendering,
  tree: Kitchen['tree'],
  stock: Stock,
): Rendering {
  if (depth === 0 || rendering.problems.length === 0) return rendering
  const steering = steeringOf(unit, { tree, find: stock.seenFrom(root).find })
  return {
    ...rendering,
    problems: rendering.problems.map((problem) => asAsked({ ...problem, steering }, unit)),
  }
}

/**
 * All that the object of a controller says counts in how it steers. What else stands in its file, or how often it is looked
 * at, does not.
 */
function asAsked(problem: Problem, unit: Unit): Problem {
  const { kind, at } = unit
  const isOfController = kind === 'argocd' || kind === 'helm' || (kind === 'flux' && !asksForValues(unit))
  const isSaid = isOfController && problem.path === at.path
  // What is held back is told where its own words change: they are not applied.
  if (!isSaid || problem.class !== 'unseen' || isHeldBack(problem)) return problem
  const { under, ...hides } = problem.hides
  const elsewhere = under?.filter((path) => path !== at.path) ?? []
  return {
    ...problem,
    wherever: true,
    hides: elsewhere.length === 0 ? hides : { ...hides, under: elsewhere },
  }
}

function serve(
  { root, unit, cluster, depth, askedBy }: Order,
  rendering: Rendering,
  part: Growing,
  stock: Stock,
  enqueue: (order: Order) => void,
): void {
  part.problems.push(...rendering.problems)
  for (const path of rendering.inputs) part.inputs.add(path)
  if (unit.kind !== 'plain') part.units.push({ kind: unit.kind, title: unit.title, at: unit.at })
  for (const child of rendering.units)
    enqueue({ root, unit: child, cluster: child.cluster ?? cluster, depth: depth + 1, askedBy })
  const steeredBy = [...rendering.inputs.filter(isKustomization), ...askedBy]
  const objects = standing(
    unit,
    rendering.manifests.map((bare) => dress(bare, unit, steeredBy)),
  )
  part.problems.push(...leftAlone(unit, objects), ...misspeltKinds(objects), ...carriedObjects(objects))
  for (const manifest of objects) {
    stock.add(root, manifest)
    if (isRelevant(manifest) || isOfController(manifest)) part.manifests.push(manifest)
    const controller = controllerOf(manifest)
    if (controller === null) continue
    const asked = { namespace: null, cluster: null, at: placeOf(manifest.origin, []), host: unit.host }
    const child: Unit = { kind: controller, manifest, title: titleOf(manifest), ...asked }
    const files = [...new Set([...steeredBy, manifest.origin.file.path])]
    enqueue({ root, unit: child, cluster, depth: depth + 1, askedBy: files })
  }
}

/** The objects that units look up: those of the own root first, then those that lie nearest. */
interface Stock {
  readonly add: (root: number, manifest: Manifest) => void
  readonly seenFrom: (root: number) => Pick<Kitchen, 'find' | 'all'>
}

function createStock(seeds: readonly Seed[]): Stock {
  const byKind = new Map<string, { readonly root: number; readonly manifest: Manifest }[]>()
  /** Lists only grow. */
  const sorted = new Map<string, readonly Manifest[]>()
  return {
    add(root, manifest) {
      if (manifest.kind !== 'ConfigMap' && !isOfController(manifest)) return
      const kind = groupKindOf(manifest)
      const known = byKind.get(kind)
      if (known === undefined) byKind.set(kind, [{ root, manifest }])
      else known.push({ root, manifest })
    },
    seenFrom(root) {
      const near = ({ root: other }: { readonly root: number }): number =>
        other === root ? Infinity : sharedParts(seeds[root]?.path ?? '', seeds[other]?.path ?? '')
      const all = (kind: string): readonly Manifest[] => {
        const list = byKind.get(kind) ?? []
        const key = JSON.stringify([root, kind])
        const before = sorted.get(key)
        if (before?.length === list.length) return before
        const now = [...list].sort((a, b) => near(b) - near(a)).map(({ manifest }) => manifest)
        sorted.set(key, now)
        return now
      }
      return {
        all,
        find: (kind, namespace, name) =>
          all(kind).find(
            (manifest) =>
              nameIn(manifest) === name && (namespaceOf(manifest.object) ?? namespace) === namespace,
          ) ?? null,
      }
    },
  }
}

function sharedParts(a: string, b: string): number {
  const [left, right] = [a.split('/'), b.split('/')]
  const at = left.findIndex((part, index) => part !== right[index])
  return at === -1 ? left.length : at
}

/** The same unit twice is rendered once; what asks for it may differ. */
function keyOf(unit: Unit): unknown {
  switch (unit.kind) {
    case 'plain':
      return [unit.kind, unit.namespace, unit.paths]
    case 'kustomize':
      return [
        unit.kind,
        unit.namespace,
        unit.folder,
        unit.additions,
        unit.generated,
        unit.reachesOut,
        unit.substitutions === null ? null : [...unit.substitutions],
      ]
    case 'helm':
      return [unit.kind, unit.namespace, ...releaseWords(unit), unit.valueFiles]
    case 'argocd':
    case 'flux':
      return [unit.kind, unit.manifest.object]
  }
}

const dresses = new WeakMap<Manifest, Map<string, Manifest>>()

/**
 * An object as it stands in its cluster: one that names no namespace is in that of its unit, and one that somebody
 * asked for knows who.
 */
function dress(manifest: Manifest, unit: Unit, steeredBy: readonly string[]): Manifest {
  const { namespace } = unit
  const host = hostFor(unit, manifest)
  const syncedBy = manifest.kind === 'Namespace' ? unit.syncedBy : undefined
  const moves =
    namespace !== null && !isOfCluster(groupKindOf(manifest)) && namespaceOf(manifest.object) === null
  if (!moves && steeredBy.length === 0 && host === null && syncedBy === undefined) return manifest
  // The same value again for the same manifest: what is read of an object is remembered by it.
  const names = [...(host?.names ?? [])]
  const key = JSON.stringify([moves ? namespace : null, steeredBy, syncedBy, host?.folder, names])
  const known = dresses.get(manifest)?.get(key)
  if (known !== undefined) return known
  const metadata = manifest.object.metadata
  const inside = typeof metadata === 'object' && metadata !== null ? metadata : {}
  const now: Manifest = {
    ...manifest,
    ...(moves ? { object: { ...manifest.object, metadata: { ...inside, namespace } } } : {}),
    origin: {
      ...manifest.origin,
      ...(steeredBy.length === 0 ? {} : { steeredBy }),
      ...(host === null ? {} : { host }),
      ...(syncedBy === undefined ? {} : { syncedBy }),
    },
  }
  dresses.set(manifest, (dresses.get(manifest) ?? new Map<string, Manifest>()).set(key, now))
  return now
}

/** Of all that stands in its file as it is, fixes put something beside one kind alone. */
function hostFor({ kind, host }: Unit, manifest: Manifest): Host | null {
  return kind === 'plain' && groupKindOf(manifest) === 'cilium.io/CiliumClusterwideNetworkPolicy'
    ? host
    : null
}

function endless(unit: Unit): Problem {
  return {
    ...unit.at,
    code: 'too-many-units',
    class: 'unseen',
    message: `${unit.title} is not rendered: what this tree asks for goes on and on.`,
    remedy: `Look for an Application that leads back to itself; up to ${String(MAX_UNITS)} units are rendered, ${String(MAX_DEPTH)} deep.`,
    hides: { namespaces: 'all' },
  }
}
