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
import type { Stage } from './decide.ts'

/** A policy that selects a workload, for sure or perhaps. */
export interface Governing {
  readonly policy: NetworkPolicy
  readonly match: Exclude<Match, 'no'>
}

export interface PlacedRule {
  readonly policy: NetworkPolicy
  readonly rule: PolicyRule
  readonly match: Exclude<Match, 'no'>
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
    inOrder(byPriority(of('admin')), direction, 'next'),
    {
      rules: [...withAction(main, direction, 'deny'), ...withAction(main, direction, 'allow')],
      ...endOf(main.filter(({ policy }) => policy.spec.isolates[direction])),
    },
    inOrder(byPriority(of('baseline')), direction, 'next'),
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
      const sorted = [...members]
        .sort((a, b) => compareOrders(a.order, b.order) || compareText(a.one.policy.id, b.one.policy.id))
        .map(({ one }) => one)
      const passes = (tiers.get(name)?.defaultAction ?? 'Deny') === 'Pass'
      const { rules } = inOrder(sorted, direction, 'next')
      return passes ? { rules, end: 'next' as const, isolating: [] } : { rules, ...endOf(sorted) }
    })
}

/** Infinity minus itself is no number. */
function compareOrders(a: number, b: number): number {
  return a === b ? 0 : a - b
}

function byPriority(governing: readonly Governing[]): readonly Governing[] {
  const priority = ({ policy: { spec } }: Governing): number =>
    'priority' in spec.rank ? spec.rank.priority : 0
  return [...governing].sort(
    (a, b) => compareOrders(priority(a), priority(b)) || compareText(a.policy.id, b.policy.id),
  )
}

function inOrder(
  governing: readonly Governing[],
  direction: Direction,
  end: PlacedStage['end'],
): PlacedStage {
  return { rules: governing.flatMap((one) => rulesOf(one, direction)), end, isolating: [] }
}

function withAction(
  governing: readonly Governing[],
  direction: Direction,
  action: PolicyAction,
): readonly PlacedRule[] {
  return governing.flatMap((one) => rulesOf(one, direction)).filter(({ rule }) => rule.action === action)
}

function rulesOf({ policy, match }: Governing, direction: Direction): readonly PlacedRule[] {
  return (policy.spec[direction] ?? []).map((rule) => ({ policy, rule, match }))
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
