// The rules of NetworkPolicies against many peers at once. What one peer is told by `ruleMatches`, a set is told
// here: equal selectors are answered once, whoever asks.
import { intersect, intervalSet, subtract, union } from '../../kubernetes/interval-set.ts'
import { implies, overlap, weaker } from '../../kubernetes/labels.ts'
import type { Match } from '../../kubernetes/labels.ts'
import type { Network } from '../../kubernetes/network.ts'
import type { PolicyPeer, PolicyRule } from '../../kubernetes/kinds/network-policy.ts'
import type { NetworkPolicy } from '../../kubernetes/state.ts'
import { NOBODY, firstIndexes } from '../index-set.ts'
import type { IndexSet } from '../index-set.ts'
import type { UnseenPods } from '../peer-set.ts'
import type { Matched, Population } from '../population.ts'
import { hostBlockMatches, podAddressesMatch } from './rule-matches.ts'

/** A rule that admits a port: into whom (null: everybody), and for sure into pods that nobody shows? */
export interface AdmittingRule {
  readonly policy: NetworkPolicy
  readonly rule: PolicyRule
  readonly into: IndexSet | null
  readonly intoUnseen: Exclude<Match, 'no'>
}

export interface RuleSets {
  /** The known workloads that a rule matches, whatever the port. */
  readonly matched: (rule: PolicyRule, policy: NetworkPolicy) => Matched
  /** The known workloads that any of some rules admits. */
  readonly admitted: (rules: readonly AdmittingRule[]) => Matched
  /** Of pods that nobody shows, the namespaces in which any of some rules admits them. */
  readonly admittedUnseen: (rules: readonly AdmittingRule[], pods: UnseenPods) => Matched
}

export function ruleSets(population: Population, network: Network): RuleSets {
  const everyone: Matched = { yes: population.everyone, maybe: NOBODY }
  const onPods = subtract(population.everyone, population.hostNetwork)
  const everywhere = firstIndexes(population.namespaces.length)
  const answers = new Map<string, Matched>()
  const known = new WeakMap<PolicyPeer, Matched>()

  const namespacesOf = (
    { namespaces }: PolicyPeer & { readonly kind: 'pods' },
    policy: NetworkPolicy,
  ): Matched => {
    if (namespaces !== null) return population.namespacesMatching(namespaces)
    const own = population.namespaceIndex(policy.namespace.name)
    return { yes: own === undefined ? NOBODY : [[own, own + 1]], maybe: NOBODY }
  }

  const podsMatched = (peer: PolicyPeer & { readonly kind: 'pods' }, policy: NetworkPolicy): Matched => {
    const key = JSON.stringify([peer.pods, peer.namespaces ?? policy.namespace.name])
    const before = answers.get(key)
    if (before !== undefined) return before
    const { yes, maybe } = namespacesOf(peer, policy)
    const there = population.matching(peer.pods, yes)
    // The API leaves it to the CNI whether a selector sees pods that use the host's address.
    const now: Matched = {
      yes: subtract(there, population.hostNetwork),
      maybe: union(intersect(there, population.hostNetwork), population.matching(peer.pods, maybe)),
    }
    answers.set(key, now)
    return now
  }

  const blockMatched = ({ addresses }: PolicyPeer & { readonly kind: 'block' }): Matched => {
    const those = (wanted: Match): IndexSet =>
      union(
        podAddressesMatch(addresses, network) === wanted ? onPods : NOBODY,
        hostBlockMatches(addresses, network) === wanted ? population.hostNetwork : NOBODY,
      )
    return { yes: those('yes'), maybe: those('maybe') }
  }

  const peerMatched = (peer: PolicyPeer, policy: NetworkPolicy): Matched => {
    const before = known.get(peer)
    if (before !== undefined) return before
    const now = peer.kind === 'block' ? blockMatched(peer) : podsMatched(peer, policy)
    known.set(peer, now)
    return now
  }

  const ofRules = new WeakMap<PolicyRule, Matched>()
  const matched: RuleSets['matched'] = (rule, policy) => {
    if (rule.peers === null) return everyone
    const before = ofRules.get(rule)
    if (before !== undefined) return before
    const [only, ...more] = rule.peers.map((peer) => peerMatched(peer, policy))
    const now = only !== undefined && more.length === 0 ? only : together([...(only ? [only] : []), ...more])
    ofRules.set(rule, now)
    return now
  }

  return {
    matched,
    admitted: (rules) =>
      together(
        rules.map(({ rule, policy, into }) => {
          const { yes, maybe } = matched(rule, policy)
          return into === null ? { yes, maybe } : { yes: intersect(yes, into), maybe: intersect(maybe, into) }
        }),
      ),
    admittedUnseen: (rules, { pods }) =>
      together(
        rules.flatMap(({ rule, policy, intoUnseen }) => {
          if (rule.peers === null) return asMatched(intoUnseen, everywhere)
          return rule.peers.flatMap((peer) => {
            if (peer.kind === 'block')
              return asMatched(weaker(podAddressesMatch(peer.addresses, network), intoUnseen), everywhere)
            const { yes, maybe } = namespacesOf(peer, policy)
            const match = weaker(
              implies(pods, peer.pods) ? 'yes' : overlap(pods, peer.pods) ? 'maybe' : 'no',
              intoUnseen,
            )
            return [...asMatched(match, yes), ...asMatched(weaker(match, 'maybe'), maybe)]
          })
        }),
      ),
  }
}

/** Who is in none for sure and in some perhaps is `maybe`. */
function together(parts: readonly Matched[]): Matched {
  const yes = intervalSet(parts.flatMap((part) => part.yes))
  return { yes, maybe: subtract(intervalSet(parts.flatMap((part) => part.maybe)), yes) }
}

function asMatched(match: Match, set: IndexSet): readonly Matched[] {
  if (match === 'no') return []
  return [match === 'yes' ? { yes: set, maybe: NOBODY } : { yes: NOBODY, maybe: set }]
}
