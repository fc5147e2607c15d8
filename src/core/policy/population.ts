// Everybody whom the policies of a state can speak of, in one order, and the selectors answered once for all of
// them: workloads by namespace, so that a namespace is an interval, and namespaces by name.
import { undescribed } from '../ambient/mesh.ts'
import { grouped } from '../source/grouped.ts'
import { compareText } from '../source/problem.ts'
import { intersect, intervalSet, subtract } from '../kubernetes/interval-set.ts'
import type { IntervalSet } from '../kubernetes/interval-set.ts'
import { asksForGiven, isGiven, matchesPods } from '../kubernetes/kinds/given-labels.ts'
import { NAMESPACE_NAME_LABEL } from '../kubernetes/labels.ts'
import type { Labels, Match, Selector } from '../kubernetes/labels.ts'
import type { ClusterState, Namespace, Workload } from '../kubernetes/state.ts'
import { NOBODY, countOf, firstIndexes, fromRising, indexesOf } from './index-set.ts'
import type { IndexSet } from './index-set.ts'
import { hasOtherLabels, matchesNamespace } from './namespace-matches.ts'

/** Who matches for sure, and who does if what the tree does not show would have it so; the two are apart. */
export interface Matched {
  readonly yes: IndexSet
  readonly maybe: IndexSet
}

export interface Population {
  /** By namespace, then by id. */
  readonly workloads: readonly Workload[]
  /** By name: those of the state, and after them gateway namespaces that nothing in the state mentions. */
  readonly namespaces: readonly Namespace[]
  /** Those of the state. */
  readonly mentioned: IndexSet
  /** Those whose labels are known. */
  readonly described: IndexSet
  readonly everyone: IndexSet
  readonly hostNetwork: IndexSet
  /** Of a workload that is one of these. */
  readonly indexOf: (workload: Workload) => number
  /** The index of a namespace by its name, if there is one. */
  readonly namespaceIndex: (name: string) => number | undefined
  /** The workloads of some namespaces whose pods, or some of them, a selector matches surely or perhaps. */
  readonly matching: (pods: Selector, namespaces: IndexSet) => IndexSet
  /** Those of them that it matches perhaps. */
  readonly matchingPerhaps: (pods: Selector, namespaces: IndexSet) => IndexSet
  readonly namespacesMatching: (selector: Selector) => Matched
  /** The namespaces in which some workloads live. */
  readonly homesOf: (workloads: IndexSet) => IndexSet
  /** The workloads that declare, serve or are probed on one of some TCP ports. */
  readonly declaring: (ports: IntervalSet<number>) => IndexSet
}

/** In fewer workloads than this, looking at each is cheaper than cutting sets. */
const FEW = 200

export function populate(state: ClusterState): Population {
  const workloads = [...state.workloads].sort(
    (a, b) => compareText(a.namespace.name, b.namespace.name) || compareText(a.id, b.id),
  )
  const mentioned = [...state.namespaces.values()]
  const gateways = state.config.mesh.gatewayNamespaces.filter((name) => !state.namespaces.has(name))
  const namespaces = [...mentioned, ...gateways.map(undescribed)]
  const indexes = new Map(workloads.map((workload, index) => [workload, index]))
  const namespaceIndexes = new Map(namespaces.map(({ name }, index) => [name, index]))
  const home = workloads.map(({ namespace }) => namespaceIndexes.get(namespace.name) ?? 0)
  const span = spans(home, namespaces.length)
  const byLabel = postings(workloads.map(({ pods }) => pods.labels))
  const namespacesByLabel = postings(namespaces.map(({ labels }) => labels))
  const unknown = fromRising(
    namespaces.flatMap((namespace, index) => (hasOtherLabels(namespace) ? [index] : [])),
  )
  const byPort = grouped(
    workloads.flatMap(({ declaredPorts }, index) => declaredPorts.map((port) => ({ port, index }))),
    ({ port }) => port,
  )

  const inside = (some: IndexSet): IndexSet =>
    intervalSet(some.map(([low, high]) => [span[low]?.[0] ?? 0, span[high - 1]?.[1] ?? 0] as const))

  const matchOf = (pods: Selector, index: number): Match =>
    matchesPods(pods, (workloads[index] as Workload).pods)

  const everywhere = remembered((pods: Selector) => {
    // Who is given a label does not show it.
    const shown = pods.filter(({ key }) => !isGiven(key))
    const [narrow] = narrowest(shown, byLabel)
    const candidates = narrow ?? workloads.keys()
    return fromRising([...candidates].filter((index) => matchOf(pods, index) !== 'no'))
  })

  const matching: Population['matching'] = (pods, some) => {
    const within = inside(some)
    if (pods.length === 0) return within
    if (countOf(within) > FEW) return intersect(everywhere(pods), within)
    return fromRising([...indexesOf(within)].filter((index) => matchOf(pods, index) !== 'no'))
  }

  const namespacesMatching = remembered((selector: Selector): Matched => {
    const [narrow, key] = narrowest(selector, namespacesByLabel)
    // Of what nothing describes little is known: any other label may be there.
    const candidates =
      narrow === null
        ? [...namespaces.keys()]
        : key === NAMESPACE_NAME_LABEL
          ? narrow
          : [...new Set([...narrow, ...indexesOf(unknown)])].sort((a, b) => a - b)
    const judged = candidates.map((index) => ({
      index,
      match: matchesNamespace(selector, namespaces[index] as Namespace),
    }))
    const those = (wanted: 'yes' | 'maybe'): IndexSet =>
      fromRising(judged.flatMap(({ index, match }) => (match === wanted ? [index] : [])))
    return { yes: those('yes'), maybe: those('maybe') }
  })

  return {
    workloads,
    namespaces,
    mentioned: firstIndexes(mentioned.length),
    described: subtract(firstIndexes(namespaces.length), unknown),
    everyone: firstIndexes(workloads.length),
    hostNetwork: fromRising(workloads.flatMap(({ pods }, index) => (pods.hostNetwork ? [index] : []))),
    indexOf: (workload) => {
      const index = indexes.get(workload)
      if (index === undefined) throw new Error(`${workload.id} is not one of this population`)
      return index
    },
    namespaceIndex: (name) => namespaceIndexes.get(name),
    matching,
    matchingPerhaps: (pods, some) =>
      asksForGiven(pods)
        ? fromRising([...indexesOf(matching(pods, some))].filter((index) => matchOf(pods, index) === 'maybe'))
        : NOBODY,
    namespacesMatching,
    homesOf: (some) => {
      const homes: number[] = []
      for (const [low, high] of some) {
        for (let index = low; index < high;) {
          const at = home[index] as number
          if (homes.at(-1) !== at) homes.push(at)
          index = span[at]?.[1] ?? high
        }
      }
      return fromRising(homes)
    },
    declaring: remembered((ports: IntervalSet<number>) => {
      const found = ports.flatMap(([low, high]) =>
        high - low > byPort.size
          ? [...byPort].flatMap(([port, those]) => (low <= port && port < high ? those : []))
          : Array.from({ length: high - low }, (_, offset) => byPort.get(low + offset) ?? []).flat(),
      )
      return intervalSet(found.map(({ index }) => [index, index + 1] as const))
    }),
  }
}

/** Where the workloads of each namespace begin and end. */
function spans(home: readonly number[], count: number): readonly (readonly [number, number])[] {
  const sizes = Array.from({ length: count }, () => 0)
  for (const index of home) sizes[index] = (sizes[index] ?? 0) + 1
  let at = 0
  return sizes.map((size) => [at, (at += size)] as const)
}

/** For each key and value, who carries them, rising. */
type Postings = ReadonlyMap<string, ReadonlyMap<string, readonly number[]>>

function postings(labels: readonly Labels[]): Postings {
  const byKey = new Map<string, Map<string, number[]>>()
  for (const [index, own] of labels.entries()) {
    for (const [key, value] of Object.entries(own)) {
      let byValue = byKey.get(key)
      if (byValue === undefined) byKey.set(key, (byValue = new Map()))
      const those = byValue.get(value)
      if (those === undefined) byValue.set(value, [index])
      else those.push(index)
    }
  }
  return byKey
}

/** The fewest who could match, by the labels that a selector asks for, and the key that says so. */
function narrowest(selector: Selector, index: Postings): readonly [readonly number[] | null, string | null] {
  let best: readonly number[] | null = null
  let by: string | null = null
  for (const requirement of selector) {
    if (requirement.operator !== 'In') continue
    const { key, values } = requirement
    const [only, ...more] = values.map((value) => index.get(key)?.get(value) ?? [])
    const those =
      more.length === 0 ? (only ?? []) : [...new Set([only ?? [], ...more].flat())].sort((a, b) => a - b)
    if (best === null || those.length < best.length || key === NAMESPACE_NAME_LABEL) {
      best = those
      by = key
      if (key === NAMESPACE_NAME_LABEL) break
    }
  }
  return [best, by]
}

/** Answers each question once; equal questions are told by their JSON. */
export function remembered<A, B>(work: (question: A) => B): (question: A) => B {
  const answers = new Map<string, B>()
  return (question) => {
    const key = JSON.stringify(question)
    const before = answers.get(key)
    if (before !== undefined) return before
    const now = work(question)
    answers.set(key, now)
    return now
  }
}
