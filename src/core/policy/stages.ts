// The policies that govern a workload, sorted into the stages in which its CNI lets them decide. Kubernetes and Cilium:
// the Admin tier by priority, then NetworkPolicies together with Cilium's (a deny of any of them wins, then an allow),
// then the Baseline (network-policy-api, spec of ClusterNetworkPolicy; docs.cilium.io, security/policy/deny). Calico:
// tiers by order, in each its policies by order, those of Kubernetes in the tier `default` at order 1000
// (docs.tigera.io, reference/resources/tier; libcalico-go/lib/backend/k8s/conversion).
import type { Direction, PolicyAction, PolicyRule, Tier } from '../kubernetes/kinds/policy.ts'
import type { Match } from '../kubernetes/labels.ts'
import type { NetworkPolicy } from '../kubernetes/state.ts'
import { grouped } from '../source/grouped.ts'
import { compareText } from '../source/problem.ts'
import type { Stage, Tie } from './decide.ts'

/** A policy that selects a workload, for sure or perhaps. */
export interface Governing {
  readonly policy: NetworkPolicy
  readonly match: Exclude<Match, 'no'>
}

export interface PlacedRule {
  readonly policy: NetworkPolicy
  readonly rule: PolicyRule
  readonly match: Exclude<Match, 'no'>
  readonly tie: Tie | null
}

export interface PlacedStage {
  readonly rules: readonly PlacedRule[]
  readonly end: Stage<unknown>['end']
  /** The policies because of which what no rule matches is, or may be, denied at its end. */
  readonly isolating: readonly NetworkPolicy[]
}

/** `tiers` are those of Calico; null where the CNI knows none. */
export function stagesFor(
  governing: readonly Governing[],
  direction: Direction,
  tiers: ReadonlyMap<string, Tier> | null,
): readonly PlacedStage[] {
  return tiers === null ? kubernetesStages(governing, direction) : calicoStages(governing, direction, tiers)
}

function kubernetesStages(governing: readonly Governing[], direction: Direction): readonly PlacedStage[] {
  const of = (stage: string): readonly Governing[] =>
    governing.filter(({ policy }) => policy.spec.rank.stage === stage)
  const main = of('network-policies')
  return [
    passing(byPriority(of('admin'), direction)),
    {
      rules: [...withAction(main, direction, 'deny'), ...withAction(main, direction, 'allow')],
      ...endOf(main.filter(({ policy }) => policy.spec.isolates[direction])),
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
  const placed = governing.map((one) => {
    const { rank } = one.policy.spec
    switch (rank.stage) {
      case 'network-policies':
        return { one, tier: 'default', order: KUBERNETES_ORDER }
      case 'admin':
      case 'baseline':
        return { one, tier: ADMIN_TIERS[rank.stage], order: rank.priority }
      case 'calico-tiers':
        return { one, tier: rank.tier, order: rank.order }
    }
  })
  const orderOf = (name: string): number => tiers.get(name)?.order ?? Infinity
  return [...grouped(placed, ({ tier }) => tier)]
    .sort(([a], [b]) => compareOrders(orderOf(a), orderOf(b)) || compareText(a, b))
    .map(([name, members]) => {
      // Names of one kind are compared alike in all versions, those of two kinds are not: they have had their namespace
      // or another prefix before them (felix/calc/policy_sorter.go, PolKVLess).
      const passes = (tiers.get(name)?.defaultAction ?? 'Deny') === 'Pass'
      const rules = inOrder(members, direction, ({ kind }) => kind)
      return passes ? passing(rules) : { rules, ...endOf(members.map(({ one }) => one)) }
    })
}

interface Ordered {
  readonly one: Governing
  readonly order: number
}

/**
 * The rules of policies by their order. "Policies with identical order will be applied in alphanumerical order based on
 * the Policy Name" (Calico v3, globalnetworkpolicy.go): so are those of one member here, and members are tied.
 */
function inOrder(
  policies: readonly Ordered[],
  direction: Direction,
  memberOf: (policy: NetworkPolicy) => string,
): readonly PlacedRule[] {
  return [...grouped(policies, ({ order }) => order)]
    .sort(([a], [b]) => compareOrders(a, b))
    .flatMap(([order, members]) => {
      const rules = members
        .map(({ one }) => one)
        .sort(({ policy: a }, { policy: b }) => compareText(a.name, b.name) || compareText(a.id, b.id))
        .flatMap((one) => rulesOf(one, direction))
      // Who comes first makes no difference between rules that all do the same.
      const tied = differ(rules, ({ policy }) => memberOf(policy)) && differ(rules, ({ rule }) => rule.action)
      if (!tied) return rules
      return rules.map((placed): PlacedRule => ({
        ...placed,
        tie: { among: String(order), member: memberOf(placed.policy) },
      }))
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
  return inOrder(placed, direction, ({ id }) => id)
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

function rulesOf({ policy, match }: Governing, direction: Direction): readonly PlacedRule[] {
  return (policy.spec[direction] ?? []).map((rule) => ({ policy, rule, match, tie: null }))
}

function endOf(isolating: readonly Governing[]): Pick<PlacedStage, 'end' | 'isolating'> {
  const end =
    isolating.length === 0
      ? 'next'
      : isolating.some(({ match }) => match === 'yes')
        ? 'denied'
        : 'perhaps-denied'
  return { end, isolating: isolating.map(({ policy }) => policy) }
}
