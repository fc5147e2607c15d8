// Which pods a policy is about, and within it a rule: pods by their labels and those of their namespace, which the tree
// may not show.
import { matchesPods } from '../kubernetes/kinds/given-labels.ts'
import { EVERYTHING, weaker } from '../kubernetes/labels.ts'
import type { Match } from '../kubernetes/labels.ts'
import type { PolicyRule, Subject } from '../kubernetes/kinds/policy.ts'
import type { NetworkPolicy, Workload } from '../kubernetes/state.ts'
import { matchesNamespace } from './namespace-matches.ts'

/** Does a policy select the pods of a workload? Perhaps, where the labels of their namespace, or of some of them, are not known. */
export function selects(policy: NetworkPolicy, workload: Workload): Match {
  return isAmong(policy.spec.subjects, policy, workload)
}

/** Is a rule of a policy that selects a workload about it, too? */
export function isAbout({ own }: PolicyRule, policy: NetworkPolicy, workload: Workload): Match {
  return own === undefined ? 'yes' : isAmong(own, policy, workload)
}

function isAmong(subjects: readonly Subject[], policy: NetworkPolicy, { pods, namespace }: Workload): Match {
  let result: Match = 'no'
  for (const subject of subjects) {
    const those = matchesPods(subject.pods, pods)
    if (those === 'no') continue
    const there = weaker(those, inNamespaces(subject, policy, namespace))
    const match = subject.doubt === undefined ? there : weaker(there, 'maybe')
    if (match === 'yes') return 'yes'
    if (match === 'maybe') result = 'maybe'
  }
  return result
}

/** Are the pods that a policy selects in a namespace? */
export function inNamespaces(
  { namespaces }: Subject,
  policy: NetworkPolicy,
  namespace: Workload['namespace'],
): Match {
  if (namespaces === null) return policy.namespace.name === namespace.name ? 'yes' : 'no'
  if (namespaces === EVERYTHING || namespaces.length === 0) return 'yes'
  return matchesNamespace(namespaces, namespace)
}
