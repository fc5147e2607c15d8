// The rules of NetworkPolicies against many peers at once. What one peer is told by `ruleMatches`, a set is told
// here: equal selectors are answered once, whoever asks.
import { intersect, intervalSet, subtract, union } from '../kubernetes/interval-set.ts'
import { implies, overlap, weaker } from '../kubernetes/labels.ts'
import type { Match, Selector } from '../kubernetes/labels.ts'
import type { Network } from '../kubernetes/network.ts'
import type { BlockPeer, PolicyPeer, PolicyRule } from '../kubernetes/kinds/policy.ts'
import type { NetworkPolicy } from '../kubernetes/state.ts'
import { NOBODY, firstIndexes } from './index-set.ts'
import type { IndexSet } from './index-set.ts'
import type { UnseenPods } from './peer-set.ts'
import type { Matched, Population } from './population.ts'
import { hostBlockMatches, networkFor, podsInBlock } from './rule-matches.ts'

export interface RuleSets {
  /** The known workloads that a rule matches, whatever the port. */
  readonly matched: (rule: PolicyRule, policy: NetworkPolicy) => Matched
  /** Of pods that nobody shows, the namespaces in which a rule matches them, whatever the port. */
  readonly matchedUnseen: (rule: PolicyRule, policy: NetworkPolicy, pods: UnseenPods) => Matched
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
    const doubtful = union(population.hostNetwork, population.matchingPerhaps(peer.pods, yes))
    // The API leaves it to the CNI whether a selector sees pods that use the host's address.
    const now: Matched = {
      yes: subtract(there, doubtful),
      maybe: union(intersect(there, doubtful), population.matching(peer.pods, maybe)),
    }
    answers.set(key, now)
    return now
  }

  const blockMatched = (block: BlockPeer, policy: NetworkPolicy): Matched => {
    const own = networkFor(policy, network)
    const those = (wanted: Match): IndexSet =>
      union(
        podsInBlock(block, own) === wanted ? onPods : NOBODY,
        hostBlockMatches(block.addresses, own) === wanted ? population.hostNetwork : NOBODY,
      )
    return { yes: those('yes'), maybe: those('maybe') }
  }

  const peerMatchedNow = (peer: PolicyPeer, policy: NetworkPolicy): Matched => {
    switch (peer.kind) {
      case 'block':
        return blockMatched(peer, policy)
      case 'pods': {
        const { yes, maybe } = podsMatched(peer, policy)
        return peer.doubt === undefined ? { yes, maybe } : { yes: NOBODY, maybe: union(yes, maybe) }
      }
      case 'entity':
        // Pods on the host network are what their nodes are.
        return peer.entity === 'world' || peer.entity === 'none'
          ? { yes: NOBODY, maybe: NOBODY }
          : peer.entity === 'nodes' && peer.doubt === undefined
            ? { yes: population.hostNetwork, maybe: NOBODY }
            : { yes: NOBODY, maybe: population.hostNetwork }
      case 'unknown':
        return { yes: NOBODY, maybe: peer.outside ? NOBODY : population.everyone }
    }
  }

  const peerMatched = (peer: PolicyPeer, policy: NetworkPolicy): Matched => {
    const before = known.get(peer)
    if (before !== undefined) return before
    const now = peerMatchedNow(peer, policy)
    known.set(peer, now)
    return now
  }

  const ofRules = new WeakMap<PolicyRule, Matched>()
  const matched = (rule: PolicyRule, policy: NetworkPolicy): Matched => {
    if (rule.peers === null) return everyone
    const before = ofRules.get(rule)
    if (before !== undefined) return before
    const [only, ...more] = rule.peers.map((peer) => peerMatched(peer, policy))
    const now = only !== undefined && more.length === 0 ? only : together([...(only ? [only] : []), ...more])
    ofRules.set(rule, now)
    return now
  }

  const unseenPeerMatched = (peer: PolicyPeer, policy: NetworkPolicy, pods: Selector): readonly Matched[] => {
    switch (peer.kind) {
      case 'block':
        return asMatched(podsInBlock(peer, networkFor(policy, network)), everywhere)
      case 'entity':
        return []
      case 'unknown':
        return asMatched(peer.outside ? 'no' : 'maybe', everywhere)
      case 'pods': {
        const { yes, maybe } = namespacesOf(peer, policy)
        const match = implies(pods, peer.pods) ? 'yes' : overlap(pods, peer.pods) ? 'maybe' : 'no'
        const sure = peer.doubt === undefined ? match : weaker(match, 'maybe')
        return [...asMatched(sure, yes), ...asMatched(weaker(sure, 'maybe'), maybe)]
      }
    }
  }

  return {
    matched: (rule, policy) => doubted(rule, matched(rule, policy)),
    matchedUnseen: (rule, policy, { pods }) =>
      doubted(
        rule,
        rule.peers === null
          ? { yes: everywhere, maybe: NOBODY }
          : together(rule.peers.flatMap((peer) => unseenPeerMatched(peer, policy, pods))),
      ),
  }
}

/** Where a rule may not apply at all, whom it matches it matches perhaps. */
function doubted({ doubt }: PolicyRule, { yes, maybe }: Matched): Matched {
  return doubt === null ? { yes, maybe } : { yes: NOBODY, maybe: union(yes, maybe) }
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
