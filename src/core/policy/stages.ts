// The policies that govern a workload, sorted into the stages in which its CNI lets them decide. Kubernetes and Cilium:
// the Admin tier by priority, then NetworkPolicies together with Cilium's (a deny of any of them wins, then an allow),
// then the Baseline (network-policy-api, spec of ClusterNetworkPolicy; docs.cilium.io, security/policy/deny). Calico:
// tiers by order, in each its policies by order, those of Kubernetes in the tier `default` at order 1000
// (docs.tigera.io, reference/resources/tier; libcalico-go/lib/backend/k8s/conversion).
import type { Direction, PolicyAction, PolicyRule, Tier } from '../kubernetes/kinds/policy.ts'
import { weaker } from '../kubernetes/labels.ts'
import type { Match } from '../kubernetes/labels.ts'
import type { NetworkPolicy } from '../kubernetes/state.ts'
import { grouped } from '../source/grouped.ts'
import { compareText } from '../source/problem.ts'
import type { Stage, Tie } from './decide.ts'

/** A policy that selects a workload, for sure or perhaps. */
export interface Governing {
  readonly policy: NetworkPolicy
  readonly match: Exclude<Match, 'no'>
  /** Of its rules those that are about some of the pods that it selects: are they about this one? */
  readonly own: ReadonlyMap<PolicyRule, Match>
}

export interface PlacedRule {
  readonly policy: NetworkPolicy
  readonly rule: PolicyRule
  readonly match: Exclude<Match, 'no'>
  readonly tie: Tie | null
}

export interface PlacedStage {
  readonly rules: readonly PlacedRule[]
  readonly end: Ending
  /** The policies because of which what no rule matches is, or may be, denied at its end. */
  readonly isolating: readonly NetworkPolicy[]
}

export type Ending = Stage<unknown>['end']

/**
 * `tiers` are those of Calico; null where the CNI knows none. `ending`: what becomes of what no policy speaks of, where
 * it has none. In the mode `always` of Cilium that is denied (pkg/policy/repository.go, computePolicyEnforcementAndRules).
 */
export function stagesFor(
  governing: readonly Governing[],
  direction: Direction,
  tiers: ReadonlyMap<string, Tier> | null,
  ending: Ending,
): readonly PlacedStage[] {
  return tiers === null
    ? kubernetesStages(governing, direction, ending)
    : calicoStages(governing, direction, tiers)
}

function kubernetesStages(
  governing: readonly Governing[],
  direction: Direction,
  ending: Ending,
): readonly PlacedStage[] {
  const of = (stage: string): readonly Governing[] =>
    governing.filter(({ policy }) => policy.spec.rank.stage === stage)
  const main = of('network-policies')
  return [
    passing(byPriority(of('admin'), direction)),
    {
      rules: [...withAction(main, direction, 'deny'), ...withAction(main, direction, 'allow')],
      ...endOf(
        main.filter(({ policy }) => policy.spec.isolates[direction]),
        ending,
      ),
    },
    passing(byPriority(of('baseline'), direction)),
  ].filter(({ rules, end }) => rules.length > 0 || end !== 'next')
}

/** Kubernetes policies as Calico has them. */
const KUBERNETES_ORDER = 1000
/** The tiers that Calico makes for the Admin and Baseline policies of Kubernetes, around `default`. */
const ADMIN_TIERS = { admin: 'kube-admin', baseline: 'kube-baseline' } as const

function calicoStages(
  governing: readonly Governing[],
  direction: Direction,
  tiers: ReadonlyMap<string, Tier>,
): readonly PlacedStage[] {
  const placed = governing.map((one) => ({ one, tier: tierOf(one.policy), order: orderIn(one.policy) }))
  const orderOf = (name: string): number => tiers.get(name)?.order ?? Infinity
  return [...grouped(placed, ({ tier }) => tier)]
    .sort(([a], [b]) => compareOrders(orderOf(a), orderOf(b)) || compareText(a, b))
    .map(([name, members]) => {
      const passes = (tiers.get(name)?.defaultAction ?? 'Deny') === 'Pass'
      const rules = inOrder(members, direction, byNameIn(name))
      return passes ? passing(rules) : { rules, ...endOf(members.map(({ one }) => one)) }
    })
}

interface Ordered {
  readonly one: Governing
  readonly order: number
}

/** The tier of Calico that a policy of any kind is in. */
export function tierOf({ spec: { rank } }: NetworkPolicy): string {
  switch (rank.stage) {
    case 'network-policies':
      return 'default'
    case 'admin':
    case 'baseline':
      return ADMIN_TIERS[rank.stage]
    case 'calico-tiers':
      return rank.tier
  }
}

function orderIn({ spec: { rank } }: NetworkPolicy): number {
  switch (rank.stage) {
    case 'network-policies':
      return KUBERNETES_ORDER
    case 'admin':
    case 'baseline':
      return rank.priority
    case 'calico-tiers':
      return rank.order
  }
}

/** Does a policy surely come before another of the same order? */
type Precedence = (a: NetworkPolicy, b: NetworkPolicy) => boolean

/**
 * "Policies with identical order will be applied in alphanumerical order based on the Policy Name" (Calico v3,
 * globalnetworkpolicy.go). Which name that is depends on the version: with the tier before it or without (in the tier
 * `default` the API server used to add that), and of late with the namespace and the kind behind a slash, which moves
 * `mesh` behind `mesh-deny` (felix/calc/policy_sorter.go, PolKVLess). Names of two kinds have had all sorts of prefixes.
 */
function byNameIn(tier: string): Precedence {
  const namesOf = ({ name }: NetworkPolicy): readonly string[] => {
    const full = name.startsWith(`${tier}.`) ? name : `${tier}.${name}`
    return [name, full, `${name}/`, `${full}/`]
  }
  return (a, b) => {
    const others = namesOf(b)
    return a.kind === b.kind && namesOf(a).every((name, index) => name < (others[index] ?? ''))
  }
}

/** The rules of policies by their order. Of one order, those of which no two are sure to come in theirs are tied. */
function inOrder(
  policies: readonly Ordered[],
  direction: Direction,
  precedes: Precedence,
): readonly PlacedRule[] {
  return [...grouped(policies, ({ order }) => order)]
    .sort(([a], [b]) => compareOrders(a, b))
    .flatMap(([order, members]) => {
      const those = members
        .map(({ one }) => one)
        .sort(({ policy: a }, { policy: b }) => compareText(a.name, b.name) || compareText(a.id, b.id))
      const rules = those.flatMap((one) => rulesOf(one, direction))
      // Who comes first makes no difference between rules that all do the same.
      if (!differ(rules, ({ rule }) => rule.action)) return rules
      const after = those.map(({ policy }) =>
        those.flatMap((other, index) => (precedes(other.policy, policy) ? [String(index)] : [])),
      )
      if (after.every(({ length }, index) => length === index)) return rules
      return those.flatMap((one, index) => {
        const tie: Tie = { among: String(order), member: String(index), after: after[index] ?? [] }
        return rulesOf(one, direction).map((placed) => ({ ...placed, tie }))
      })
    })
}

function differ<T>(items: readonly T[], keyOf: (item: T) => string): boolean {
  return new Set(items.map(keyOf)).size > 1
}

/** Infinity minus itself is no number. */
function compareOrders(a: number, b: number): number {
  return a === b ? 0 : a - b
}

/**
 * "If two (or more) policies with the same priority could both match a connection, then the implementation can apply
 * any of the matching policies" (network-policy-api, AdminNetworkPolicySpec and ClusterNetworkPolicySpec).
 */
function byPriority(governing: readonly Governing[], direction: Direction): readonly PlacedRule[] {
  const placed = governing.map((one) => {
    const { rank } = one.policy.spec
    return { one, order: 'priority' in rank ? rank.priority : 0 }
  })
  return inOrder(placed, direction, () => false)
}

function passing(rules: readonly PlacedRule[]): PlacedStage {
  return { rules, end: 'next', isolating: [] }
}

function withAction(
  governing: readonly Governing[],
  direction: Direction,
  action: PolicyAction,
): readonly PlacedRule[] {
  return governing.flatMap((one) => rulesOf(one, direction)).filter(({ rule }) => rule.action === action)
}

function rulesOf({ policy, match, own }: Governing, direction: Direction): readonly PlacedRule[] {
  return (policy.spec[direction] ?? []).flatMap((rule): PlacedRule[] => {
    const both = weaker(match, own.get(rule) ?? 'yes')
    return both === 'no' ? [] : [{ policy, rule, match: both, tie: null }]
  })
}

function endOf(
  isolating: readonly Governing[],
  ending: Ending = 'next',
): Pick<PlacedStage, 'end' | 'isolating'> {
  const end =
    ending === 'denied' || isolating.some(({ match }) => match === 'yes')
      ? 'denied'
      : isolating.length === 0
        ? ending
        : 'perhaps-denied'
  return { end, isolating: isolating.map(({ policy }) => policy) }
}
