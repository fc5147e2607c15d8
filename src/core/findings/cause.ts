// Which changed line brought a finding about.
import type { Analysis } from '../analysis.ts'
import { intersect } from '../kubernetes/interval-set.ts'
import { mayClose } from '../kubernetes/enforcement.ts'
import { linesOf, placeOf, textsOf } from '../kubernetes/origin.ts'
import { DATAPLANE_MODE } from '../kubernetes/labels.ts'
import type { Origin, Place } from '../kubernetes/origin.ts'
import type { Workload } from '../kubernetes/state.ts'
import { fromRising, indexesOf } from '../policy/index-set.ts'
import type { IndexSet } from '../policy/index-set.ts'
import type { PeerSet } from '../policy/peer-set.ts'
import { compareText } from '../source/problem.ts'
import type { Route } from '../yaml/types.ts'
import type { Touched } from './compare.ts'
import { culpritRoute, specRoute } from './finding.ts'
import type { Finding } from './finding.ts'

/**
 * For each finding of the head: enrolment label first, then policy, then workload, each in path order. A policy that
 * falls short comes before one that isolates the workload beside it and may have helped until now; the workload itself
 * before the peers that it loses; the mode that closes what no policy opens between policies and workload; then namespaces
 * of lost peers, whoever is lost, and Services, by which waypoints stand in the way; at last what shows the CNI, and the
 * mode. Null where nothing that bears on it changed.
 */
export function causes(head: Analysis, touched: Touched): (finding: Finding, isNew: boolean) => Place | null {
  const { population } = head
  const { workloads } = population
  const inTouched = <T>(all: readonly T[], originOf: (one: T) => Origin | null): (() => IndexSet) => {
    let known: IndexSet | null = null
    return () =>
      (known ??= fromRising(all.flatMap((one, index) => (isAmong(originOf(one), touched) ? [index] : []))))
  }
  const changed = inTouched(workloads, ({ origin }) => origin)
  const inChangedNamespaces = inTouched(workloads, ({ namespace }) => namespace.origin)
  const inTouchedNamespaces = inTouched(population.namespaces, ({ origin }) => origin)
  const served = inTouched(
    workloads,
    ({ services }) => services.map(({ origin }) => origin).find((one) => isAmong(one, touched)) ?? null,
  )
  const isTouched = ({ path, line }: Place): boolean => touched.lines.get(path)?.has(line) === true

  const { at: shown, enforcement } = head.state.network
  const cni = shown !== null && isTouched(shown) ? [shown] : []
  const mode = enforcement.at !== null && isTouched(enforcement.at) ? [enforcement.at] : []

  const ownOf = ({ id }: Finding['workload']): readonly Workload[] => workloads.filter((one) => one.id === id)

  return ({ culprits, enrolledBy, isolatedBy, lost, rule, workload, workloadRoutes }, isNew) => {
    const among = (some: IndexSet, sets: readonly PeerSet[]): readonly Workload[] =>
      sets.flatMap(({ known }) =>
        [...indexesOf(intersect(known, some))].map((index) => workloads[index] as Workload),
      )
    const named = lost.flatMap(({ name, peers }) => (name === null ? [peers] : []))
    const all = lost.flatMap(({ peers, through }) => (through === undefined ? [peers] : [peers, through]))
    const enrolled = [...among(changed(), all), ...among(inChangedNamespaces(), all)].map(
      (peer) => head.mesh.member(peer).enrollment,
    )
    const ofUnseen = all
      .flatMap(({ unseen }) => unseen)
      .flatMap(({ namespaces }) => [...indexesOf(intersect(namespaces, inTouchedNamespaces()))])
      .flatMap((index) => population.namespaces[index]?.origin ?? [])
      .map((origin) => placeOf(origin, ['metadata', 'labels', DATAPLANE_MODE]))
    const labels = [...[...enrolledBy, ...enrolled].flatMap(({ at }) => at ?? []), ...ofUnseen].filter(
      isTouched,
    )
    const policies: readonly (readonly Located[])[] = [
      culprits.map((culprit) => [culprit.policy.origin, [culpritRoute(culprit)]]),
      isolatedBy.map((policy) => [policy.origin, [specRoute(policy)]]),
    ]
    const workloadsOf: readonly (readonly Located[])[] = [
      [[workload.origin, workloadRoutes]],
      among(changed(), named).map(({ origin, pods }) => [origin, [pods.labelsRoute]]),
    ]
    const placesIn = (some: readonly Located[]): readonly Place[] =>
      some.flatMap(([origin, routes]) => changedPlace(origin, routes, touched) ?? [])
    const places = [
      ...policies.map(placesIn),
      mayClose(enforcement) ? mode : [],
      ...workloadsOf.map(placesIn),
    ]
    const nearby = (): readonly Located[] => [
      ...all
        .flatMap(({ known, unseen }) => [population.homesOf(known), ...unseen.map((one) => one.namespaces)])
        .flatMap((namespaces) => [...indexesOf(intersect(namespaces, inTouchedNamespaces()))])
        .flatMap((index): readonly Located[] => {
          const origin = population.namespaces[index]?.origin ?? null
          return origin === null ? [] : [[origin, [['metadata', 'labels']]]]
        }),
      ...among(changed(), all).map(({ origin }): Located => [origin, []]),
      ...[...ownOf(workload), ...among(served(), all)].flatMap(({ services }) =>
        services.map(({ origin }): Located => [origin, []]),
      ),
    ]
    const last = rule === 'kubelet-probe' ? cni : []
    const made = [workload.namespace.origin, ...culprits.map(({ policy }) => policy.origin), workload.origin]
    const steering = made.map((origin) => changedSteering(origin, touched))
    const near = [labels, ...places].find((some) => some.length > 0) ?? (isNew ? placesIn(nearby()) : [])
    return firstOf([near, last, mode, ...steering].find((some) => some.length > 0) ?? [])
  }
}

/** An object, and the places in it that matter. */
type Located = readonly [Origin, readonly Route[]]

/** A changed line of an object: in one of the places that matter, if any changed there. */
function changedPlace(origin: Origin, routes: readonly Route[], touched: Touched): Place | null {
  const texts = textsOf(origin)
  if (!texts.some(({ path }) => touched.lines.has(path))) return null
  // An annotation or a name is the last to be blamed.
  const places = [...routes, ['spec']].map((route) => linesOf(origin, route))
  for (const { path, first, last } of [...places, ...texts]) {
    const lines = touched.lines.get(path)
    for (let line = first; lines !== undefined && line <= last; line += 1)
      if (lines.has(line)) return { path, line }
  }
  return null
}

/** The first changed line of each file that says how an object is rendered: the last to be blamed. */
function changedSteering(origin: Origin | null, { lines }: Touched): readonly Place[] {
  return (origin?.steeredBy ?? []).flatMap((path) => {
    const changed = [...(lines.get(path) ?? [])]
    return changed.length === 0 ? [] : [{ path, line: Math.min(...changed) }]
  })
}

/** Does any file that an object was made from have changed lines? */
function isAmong(origin: Origin | null, { lines }: Touched): boolean {
  if (origin === null) return false
  return lines.has(origin.file.path) || (origin.making?.layers ?? []).some(({ file }) => lines.has(file.path))
}

function firstOf(places: readonly Place[]): Place | null {
  return [...places].sort((a, b) => compareText(a.path, b.path) || a.line - b.line)[0] ?? null
}
