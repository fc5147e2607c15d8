// What the tree leaves open about whole policies: whether one selects a workload, and where a tier stands that nothing
// describes. Each way in which it may be is a world, and has stages of its own; what all worlds agree about is known.
// Doubt about a policy cannot be told rule by rule: a port that it lets through, and that is open without it, is open.
import type { Direction, Tier } from '../kubernetes/kinds/policy.ts'
import type { NetworkPolicy } from '../kubernetes/state.ts'
import { grouped } from '../source/grouped.ts'
import { compareText } from '../source/problem.ts'
import { stagesFor, tierOf } from './stages.ts'
import type { Ending, Governing, PlacedStage } from './stages.ts'

export type World = readonly PlacedStage[]

/** Tiers of Calico by their names; null where the CNI knows none. */
type Tiers = ReadonlyMap<string, Tier> | null

/** More worlds than this nobody needs to have told apart. */
const MOST = 64

/**
 * The worlds that the policies of a workload leave open; `seen` is the one that stands for all of them where only the
 * rules are asked for: in it, what may be otherwise is in doubt, and takes nothing from what comes behind it. A tier that
 * nothing describes comes first there, for that is where all comes to it that may.
 */
export function worldsFor(
  governing: readonly Governing[],
  direction: Direction,
  tiers: Tiers,
  ending: Ending,
): { readonly seen: World; readonly worlds: readonly World[] } {
  const unknown = unknownTiers(governing, tiers)
  const seen = stagesFor(
    governing.map((one) => (unknown.includes(tierOf(one.policy)) ? { ...one, match: 'maybe' } : one)),
    direction,
    tiers === null ? null : new Map([...tiers, ...unknown.map((name) => [name, FIRST] as const)]),
    ending,
  )
  if (unknown.length === 0 && governing.every(({ match }) => match === 'yes')) return { seen, worlds: [seen] }
  const selected = selections(governing)
  // Doubt rule by rule says less and nothing wrong, as long as the order is known.
  if (selected === null) return { seen, worlds: unknown.length === 0 ? [seen] : [ANYTHING] }
  const worlds: World[] = []
  for (const some of selected) {
    for (const [those, placed] of placements(some, tiers)) {
      if (worlds.length >= MOST) return { seen, worlds: unknown.length === 0 ? [seen] : [ANYTHING] }
      worlds.push(stagesFor(those, direction, placed, ending))
    }
  }
  return { seen, worlds }
}

/** A world in which whatever a proxy lets through in part gets through: is anything open at all? */
export function unlimited(world: World): World {
  return world.map((stage) => ({
    ...stage,
    rules: stage.rules.flatMap((placed) => {
      const { rule } = placed
      if (rule.partly !== true) return placed
      return rule.action === 'deny' ? [] : { ...placed, rule: { ...rule, doubt: null } }
    }),
  }))
}

const FIRST: Tier = { order: -Infinity, defaultAction: 'Deny' }

/** Nothing is sure, and everything possible. */
const ANYTHING: World = [{ rules: [], end: 'perhaps-denied', isolating: [] }]

function unknownTiers(governing: readonly Governing[], tiers: Tiers): readonly string[] {
  if (tiers === null) return []
  return [...new Set(governing.map(({ policy }) => tierOf(policy)))].filter((name) => !tiers.has(name))
}

/** With and without those that perhaps select; policies that select alike do so together. null: too many to tell. */
function selections(governing: readonly Governing[]): readonly (readonly Governing[])[] | null {
  const doubtful = governing.filter(({ match }) => match === 'maybe')
  const groups = [...grouped(doubtful, ({ policy }) => selectionOf(policy)).values()]
  if (2 ** groups.length > MOST) return null
  let chosen: readonly (readonly Governing[])[] = [[]]
  for (const group of groups) chosen = chosen.flatMap((some) => [[...some, ...group], some])
  return chosen.map((some) =>
    governing.flatMap((one): readonly Governing[] =>
      one.match === 'yes' ? [one] : some.includes(one) ? [{ ...one, match: 'yes' }] : [],
    ),
  )
}

/** What is equal for policies that select alike, whatever the tree does not show. */
function selectionOf(policy: NetworkPolicy): unknown {
  const { namespace, object, spec } = policy
  const shown = [namespace.name, spec.subjects]
  if (spec.subjects.every(({ doubt }) => doubt === undefined)) return JSON.stringify(shown)
  // What is asked beside is nothing that subjects say: only what is written alike means the same.
  const { spec: written, specs } = object
  if (typeof written !== 'object' || written === null || specs !== undefined) return policy
  const asked = Object.entries(written).filter(([key]) => /selector$/i.test(key))
  return JSON.stringify([...shown, asked.sort(([a], [b]) => compareText(a, b))])
}

/**
 * Wherever the tiers that nothing describes may stand, whatever they do at their end. They may not be there at all, or
 * come last: what Felix does with policies of a tier that does not exist has changed (felix/calc/policy_resolver.go).
 */
function* placements(
  governing: readonly Governing[],
  tiers: Tiers,
): Generator<readonly [readonly Governing[], Tiers]> {
  const [name] = unknownTiers(governing, tiers)
  if (name === undefined || tiers === null) {
    yield [governing, tiers]
    return
  }
  yield* placements(
    governing.filter(({ policy }) => tierOf(policy) !== name),
    tiers,
  )
  for (const order of placesAmong(governing, tiers)) {
    for (const defaultAction of ['Deny', 'Pass'] as const)
      yield* placements(governing, new Map([...tiers, [name, { order, defaultAction }]]))
  }
}

/** An order before all that some policies are in, one between each two that follow each other, and one behind them. */
function placesAmong(governing: readonly Governing[], tiers: ReadonlyMap<string, Tier>): readonly number[] {
  const names = new Set(governing.map(({ policy }) => tierOf(policy)))
  const orders = [...names]
    .flatMap((name) => tiers.get(name)?.order ?? [])
    .sort((a, b) => (a === b ? 0 : a - b))
  const [first = 0] = orders
  // Between two that have none, the name decides.
  const behind = orders.map((order, index) => {
    const next = orders[index + 1] ?? Infinity
    return next === Infinity ? order + 1 : (order + next) / 2
  })
  return [...new Set([first === Infinity ? 0 : first - 1, ...behind])]
}
