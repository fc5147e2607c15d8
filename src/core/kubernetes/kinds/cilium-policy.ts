// CiliumNetworkPolicy and CiliumClusterwideNetworkPolicy (cilium.io/v2) from raw YAML. Both hold one rule object in
// `spec` and any number in `specs`; each is a policy of its own. Sources: cilium/cilium pkg/policy/api/rule.go and
// rule_validation.go, pkg/k8s/apis/cilium.io/v2/cnp_types.go (Parse) and .../utils/utils.go (ParseToCiliumRule).
import { absent, describe, fault, get, items, nameOf, unknownKeys } from '../field.ts'
import type { Field } from '../field.ts'
import { NAMESPACE_NAME_LABEL } from '../labels.ts'
import { at, isMapping, string } from '../loose.ts'
import { NO_SURROUNDINGS, readCiliumRule } from './cilium-rule.ts'
import type { CiliumSurroundings, RuleContext } from './cilium-rule.ts'
import { asksReserved, readCiliumSelector } from './cilium-selector.ts'
import type { CiliumScope } from './cilium-selector.ts'
import { DIRECTIONS } from './policy.ts'
import type { Direction, PolicyRule, PolicySpec, Subject } from './policy.ts'

export { ciliumQuirks as quirksOf } from './cilium-quirks.ts'

const KEYS = [
  'endpointSelector',
  'nodeSelector',
  'ingress',
  'ingressDeny',
  'egress',
  'egressDeny',
  'labels',
  'enableDefaultDeny',
  'description',
  'log',
]

/** One policy for `spec` and for each member of `specs`; what is invalid is left in the field's faults. */
export function readCiliumPolicies(
  root: Field,
  scope: CiliumScope,
  around: CiliumSurroundings = NO_SURROUNDINGS,
): readonly PolicySpec[] {
  const spec = get(root, 'spec')
  const specs = get(root, 'specs')
  // cnp_types.go, ErrEmptyCNP and ErrEmptyCCNP.
  if (absent(spec) && absent(specs))
    fault(root, 'the policy has neither spec nor specs, which Cilium refuses')
  const own = string(at(root.value, 'metadata', 'namespace')) ?? null
  return [...(absent(spec) ? [] : [spec]), ...items(specs)].flatMap((rule) => {
    if (isMapping(rule.value)) return [readSpec(rule, scope, own, around)]
    fault(rule, `${nameOf(rule)} must be a mapping, not ${describe(rule.value)}`)
    return []
  })
}

function readSpec(
  spec: Field,
  scope: CiliumScope,
  own: string | null,
  around: CiliumSurroundings,
): PolicySpec {
  unknownKeys(spec, KEYS)
  const endpoints = get(spec, 'endpointSelector')
  const nodes = get(spec, 'nodeSelector')
  if (absent(endpoints) === absent(nodes)) {
    const both = absent(nodes)
      ? 'neither endpointSelector nor nodeSelector'
      : 'an endpointSelector beside a nodeSelector'
    fault(spec, `${nameOf(spec)} has ${both}; it must have one of them`)
  }
  // cnp_types.go: "rule cannot have NodeSelector".
  if (scope === 'namespace' && absent(endpoints) && !absent(nodes))
    fault(nodes, `${nameOf(nodes)} selects nodes, which only a CiliumClusterwideNetworkPolicy can`)
  const read = (direction: Direction): readonly PolicyRule[] | null =>
    readDirection(spec, { ...around, direction, scope, anyIdentity: asksReserved(endpoints, 'init') })
  const rules = { ingress: read('ingress'), egress: read('egress') }
  // rule_validation.go, "rule must have at least one of Ingress, IngressDeny, Egress, EgressDeny"; before that was
  // refused it had no effect.
  if (rules.ingress === null && rules.egress === null)
    fault(
      spec,
      `${nameOf(spec)} has no rule in ingress, ingressDeny, egress or egressDeny, so Cilium refuses it`,
    )
  const isolates = readDefaultDeny(get(spec, 'enableDefaultDeny'), rules)
  const rank = { stage: 'network-policies' } as const
  if (absent(endpoints)) return { subjects: [], rank, ...rules, isolates }
  const { subjects, doubt } = readSubjects(endpoints, scope, own, around)
  if (doubt === null) return { subjects, rank, ...rules, isolates }
  return { subjects: subjects.map((subject) => ({ ...subject, doubt: true })), rank, ...rules, isolates }
}

/** Denials first, since they win. null: the policy has no rule of this direction, and an empty list is none. */
function readDirection(spec: Field, context: Omit<RuleContext, 'action'>): readonly PolicyRule[] | null {
  const { direction } = context
  const denials = items(get(spec, `${direction}Deny`))
  const allowances = items(get(spec, direction))
  if (denials.length + allowances.length === 0) return null
  return [
    ...denials.flatMap((rule, index) => readCiliumRule(rule, index, { ...context, action: 'deny' })),
    ...allowances.flatMap((rule, index) => readCiliumRule(rule, index, { ...context, action: 'allow' })),
  ]
}

/**
 * rule.go, EnableDefaultDeny: true by default for each direction with rules. Without rules it does nothing even where
 * it is set (repository.go, computePolicyEnforcementAndRules).
 */
function readDefaultDeny(
  field: Field,
  rules: Readonly<Record<Direction, readonly PolicyRule[] | null>>,
): Record<Direction, boolean> {
  unknownKeys(field, DIRECTIONS)
  const isolates = { ingress: false, egress: false }
  for (const direction of DIRECTIONS) {
    const wish = get(field, direction)
    if (!absent(wish) && typeof wish.value !== 'boolean')
      fault(wish, `${nameOf(wish)} is ${describe(wish.value)}; it must be true or false`)
    isolates[direction] = rules[direction] !== null && wish.value !== false
  }
  return isolates
}

/** Whom the policy applies to; `doubt`: why it is not known whether it does. */
function readSubjects(
  endpoints: Field,
  scope: CiliumScope,
  own: string | null,
  { identities }: CiliumSurroundings,
): { readonly subjects: readonly Subject[]; readonly doubt: string | null } {
  const selector = readCiliumSelector(endpoints, identities, { ownNamespace: scope === 'namespace' })
  // A reserved label is on endpoints that are no workloads: initializing, health, ingress.
  if (
    !selector.possible ||
    selector.reserved.some(({ operator }) => operator === 'In' || operator === 'Exists')
  )
    return { subjects: [], doubt: null }
  const { variants, asksNamespace, doubt } = selector
  if (scope === 'cluster') return { subjects: variants, doubt }
  const anywhere = variants.map((variant): Subject => ({ ...variant, namespaces: null }))
  if (!asksNamespace) return { subjects: anywhere, doubt }
  // What else is asked of the namespace is asked beside the policy's own name, which kustomize may still set.
  if (own === null) {
    const why = 'its endpointSelector asks for labels of the namespace, and the policy names none'
    return { subjects: anywhere, doubt: doubt ?? why }
  }
  const name = { key: NAMESPACE_NAME_LABEL, operator: 'In', values: [own] } as const
  return {
    subjects: variants.map((variant) => ({ ...variant, namespaces: [name, ...variant.namespaces] })),
    doubt,
  }
}
