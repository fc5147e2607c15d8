// A state that is another one but for policies of some namespaces. It is made of the other one: everything else is the
// same value, and what was worked out of it still holds.
import { evidenceOf } from './cni-evidence.ts'
import { chooseOne } from './identity.ts'
import type { Manifest } from './manifest.ts'
import { homeName, isPlainPolicy, readPolicies } from './state.ts'
import type { ClusterState, Namespace, NetworkPolicy } from './state.ts'
import { differing } from '../source/differing.ts'
import { grouped } from '../source/grouped.ts'
import { byPlace } from '../source/problem.ts'
import type { Problem } from '../source/problem.ts'
import { amendSorted } from '../source/sorted.ts'

export interface AmendedState {
  readonly state: ClusterState
  /** For each namespace in which policies differ, those that are there now; where there is none, `state` is the other one. */
  readonly policies: ReadonlyMap<string, readonly NetworkPolicy[]>
}

/**
 * The state of `now`, made of that of `old`; null where they differ in more than policies of Kubernetes in namespaces
 * that are described. Policies of other APIs also say which CNI there is, and a namespace that nothing describes comes
 * and goes with what is in it.
 */
export function amendState(
  before: ClusterState,
  old: readonly Manifest[],
  now: readonly Manifest[],
  policiesOf: (namespace: string) => readonly NetworkPolicy[],
): AmendedState | null {
  const { config } = before
  const names = new Set<string>()
  const [gone, come] = differing(old, now)
  for (const manifest of [...gone, ...come]) {
    const home = before.namespaces.get(homeName(manifest, config))
    if (!isPlain(manifest) || home?.known !== true) return null
    names.add(home.name)
  }
  if (names.size === 0) return { state: before, policies: new Map() }
  const left = new Set(gone)
  const fresh = grouped(come, (manifest) => homeName(manifest, config))
  const plain = new Map(
    [...names].map((name) => [
      name,
      [...before.plainPolicies.get(name).filter((one) => !left.has(one)), ...(fresh.get(name) ?? [])],
    ]),
  )
  const was = readAgain([...names].flatMap(before.plainPolicies.get), old, before)
  const is = readAgain([...plain.values()].flat(), now, before)
  const replaced = [...names].flatMap(policiesOf).filter(isReplaced)
  const same = new Map(replaced.map((policy) => [policy.object, policy]))
  const amended = is.policies.map((policy) => {
    const one = same.get(policy.object)
    return one?.origin === policy.origin && one.spec === policy.spec ? one : policy
  })
  const state = {
    ...before,
    policies: amendSorted(before.policies, replaced, amended, idOf),
    plainPolicies: before.plainPolicies.with(plain),
    problems: amendProblems(before.problems, was.problems, is.problems),
  }
  const inside = grouped(amended, ({ namespace }) => namespace.name)
  const policies = new Map(
    [...names].map((name) => [
      name,
      amendSorted(policiesOf(name), policiesOf(name).filter(isReplaced), inside.get(name) ?? [], idOf),
    ]),
  )
  return { state, policies }
}

/** A policy of Kubernetes, that speaks of nothing but the pods of its namespace and their peers. */
function isPlain(manifest: Manifest): boolean {
  return isPlainPolicy(manifest) && evidenceOf(manifest) === null
}

interface Policies {
  readonly policies: readonly NetworkPolicy[]
  readonly problems: readonly Problem[]
}

/** All policies of Kubernetes of some namespaces, as building the whole state reads them; `all` is all of the cluster. */
function readAgain(some: readonly Manifest[], all: readonly Manifest[], state: ClusterState): Policies {
  const { config, network } = state
  const problems: Problem[] = []
  const chosen = chooseOne(some, config, problems)
  const home = (manifest: Manifest): Namespace =>
    state.namespaces.get(homeName(manifest, config)) as Namespace
  return { policies: readPolicies(chosen, all, config, network, home, problems), problems }
}

/** Those of Kubernetes; Calico's go by another name. */
function isReplaced({ kind }: NetworkPolicy): boolean {
  return kind === 'NetworkPolicy'
}

function idOf({ id }: NetworkPolicy): string {
  return id
}

/** Problems in order, of which some were found again, and others in their place: each takes one that says the same. */
function amendProblems(
  problems: readonly Problem[],
  was: readonly Problem[],
  is: readonly Problem[],
): readonly Problem[] {
  if (was.length === 0 && is.length === 0) return problems
  const left = new Map<string, number>()
  for (const problem of was) {
    const key = JSON.stringify(problem)
    left.set(key, (left.get(key) ?? 0) + 1)
  }
  const kept = problems.filter((problem) => {
    const key = JSON.stringify(problem)
    const count = left.get(key) ?? 0
    if (count > 0) left.set(key, count - 1)
    return count === 0
  })
  return [...kept, ...is].sort(byPlace)
}
