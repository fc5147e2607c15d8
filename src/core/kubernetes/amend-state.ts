// A state that is another one but for policies of some namespaces. It is made of the other one: everything else is the
// same value, and what was worked out of it still holds.
import { evidenceOf } from './cni-evidence.ts'
import { chooseOne, groupKindOf } from './identity.ts'
import { namespaceOf } from './manifest.ts'
import type { Manifest } from './manifest.ts'
import { readPolicies } from './state.ts'
import type { ClusterState, Namespace, NetworkPolicy } from './state.ts'
import { differing } from '../source/differing.ts'
import { byPlace, compareText } from '../source/problem.ts'
import type { Problem } from '../source/problem.ts'

export interface AmendedState {
  readonly state: ClusterState
  /** The names of the namespaces in which policies differ; where there is none, `state` is the other one. */
  readonly namespaces: ReadonlySet<string>
  /** The policies of those namespaces. */
  readonly policies: readonly NetworkPolicy[]
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
  const namespaces = new Set<string>()
  const [gone, come] = differing(old, now)
  for (const manifest of [...gone, ...come]) {
    const home = before.namespaces.get(homeOf(manifest, before))
    if (!isPlain(manifest) || home?.known !== true) return null
    namespaces.add(home.name)
  }
  if (namespaces.size === 0) return { state: before, namespaces, policies: [] }
  const inside = now.filter((manifest) => isIn(namespaces, manifest, before))
  const fresh = new Set(come)
  const was = readAgain([...inside.filter((one) => !fresh.has(one)), ...gone], old, before)
  const is = readAgain(inside, now, before)
  const known = [...namespaces].flatMap(policiesOf)
  const replaced = new Set(known.filter(({ kind }) => kind === 'NetworkPolicy'))
  const same = new Map([...replaced].map((policy) => [policy.object, policy]))
  const amended = is.policies.map((policy) => {
    const one = same.get(policy.object)
    return one?.origin === policy.origin && one.spec === policy.spec ? one : policy
  })
  const kept = (policy: NetworkPolicy): boolean => !replaced.has(policy)
  const state = {
    ...before,
    policies: merged(before.policies.filter(kept), amended),
    problems: [...without(before.problems, was.problems), ...is.problems].sort(byPlace),
  }
  return { state, namespaces, policies: merged(known.filter(kept), amended) }
}

/** A policy of Kubernetes, that speaks of nothing but the pods of its namespace and their peers. */
function isPlain(manifest: Manifest): boolean {
  return groupKindOf(manifest) === 'networking.k8s.io/NetworkPolicy' && evidenceOf(manifest) === null
}

function homeOf({ object }: Manifest, { config }: ClusterState): string {
  return namespaceOf(object) ?? config.namespace
}

interface Policies {
  readonly policies: readonly NetworkPolicy[]
  readonly problems: readonly Problem[]
}

function isIn(namespaces: ReadonlySet<string>, manifest: Manifest, state: ClusterState): boolean {
  return (
    manifest.kind === 'NetworkPolicy' &&
    namespaces.has(homeOf(manifest, state)) &&
    groupKindOf(manifest) === 'networking.k8s.io/NetworkPolicy'
  )
}

/** All policies of Kubernetes of some namespaces, as building the whole state reads them; `all` is all of the cluster. */
function readAgain(some: readonly Manifest[], all: readonly Manifest[], state: ClusterState): Policies {
  const { config, network } = state
  const problems: Problem[] = []
  const chosen = chooseOne(some, config, problems)
  const home = (manifest: Manifest): Namespace => state.namespaces.get(homeOf(manifest, state)) as Namespace
  return { policies: readPolicies(chosen, all, config, network, home, problems), problems }
}

/** Problems without some that were found again: each takes one that says the same. */
function without(problems: readonly Problem[], some: readonly Problem[]): readonly Problem[] {
  if (some.length === 0) return problems
  const left = new Map<string, number>()
  for (const problem of some) {
    const key = JSON.stringify(problem)
    left.set(key, (left.get(key) ?? 0) + 1)
  }
  return problems.filter((problem) => {
    const key = JSON.stringify(problem)
    const count = left.get(key) ?? 0
    if (count > 0) left.set(key, count - 1)
    return count === 0
  })
}

/** Two lists in order of ids as one; the first is long and in order. */
function merged(long: readonly NetworkPolicy[], few: readonly NetworkPolicy[]): readonly NetworkPolicy[] {
  const all: NetworkPolicy[] = []
  const rest = [...few].sort((a, b) => compareText(a.id, b.id)).values()
  let next = rest.next()
  for (const policy of long) {
    while (next.done !== true && next.value.id < policy.id) {
      all.push(next.value)
      next = rest.next()
    }
    all.push(policy)
  }
  for (; next.done !== true; next = rest.next()) all.push(next.value)
  return all
}
