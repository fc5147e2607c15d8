// The policies of Calico, their tiers and their network sets: projectcalico.org/v3 and crd.projectcalico.org/v1, which
// is v3 as it is stored. Calico defaults and validates in its own API server and in Felix, so both are ours to do.
// Sources: projectcalico/calico, api/pkg/apis/projectcalico/v3 (globalnetworkpolicy.go, networkpolicy.go, tier.go,
// networkset.go), libcalico-go/lib/backend/syncersv1/updateprocessors, felix/calc.
import { NO_ADDRESSES, parseAddresses, unionAddresses } from '../address-set.ts'
import { absent, describe, fault, get, items, labelsField, nameOf, text, unknownKeys } from '../field.ts'
import type { Field } from '../field.ts'
import { EVERYTHING } from '../labels.ts'
import type { AccountRef } from './calico-accounts.ts'
import { allOf, NAMESPACE_PREFIX, podsOf, prefixed, SERVICE_ACCOUNT_PREFIX } from './calico-endpoints.ts'
import type { NetworkSetRef, Scope } from './calico-endpoints.ts'
import { readSelector } from './calico-entity.ts'
import type { CalicoSurroundings, RuleContext } from './calico-entity.ts'
import { readCalicoRule } from './calico-rule.ts'
import type { Direction, PolicyRule, PolicySpec, Subject, Tier } from './policy.ts'
import { asMapping, decimal, flag } from './strict-field.ts'

export type { NetworkSetRef } from './calico-endpoints.ts'
export { NO_CALICO_SURROUNDINGS } from './calico-entity.ts'
export type { CalicoSurroundings } from './calico-entity.ts'

/** Kinds that preview what a policy would do, and enforce nothing (docs.tigera.io, "Staged network policy"). */
export const STAGED_KINDS: readonly string[] = [
  'StagedNetworkPolicy',
  'StagedGlobalNetworkPolicy',
  'StagedKubernetesNetworkPolicy',
]

/**
 * The tiers that Calico makes itself, of fixed order and action (tier.go). NetworkPolicies and policies without a tier
 * are in `default`; ClusterNetworkPolicies in `kube-admin` and `kube-baseline`, which until Calico 3.31 were called
 * `adminnetworkpolicy` and `baselineadminnetworkpolicy` for what they held then.
 */
export const BUILT_IN_TIERS: Readonly<Record<string, Tier>> = {
  'kube-admin': { order: 1_000, defaultAction: 'Pass' },
  adminnetworkpolicy: { order: 1_000, defaultAction: 'Pass' },
  default: { order: 1_000_000, defaultAction: 'Deny' },
  'kube-baseline': { order: 10_000_000, defaultAction: 'Pass' },
  baselineadminnetworkpolicy: { order: 10_000_000, defaultAction: 'Pass' },
}

/** Whose order and action the CRD checks; it does not know the names of old. */
const CHECKED_TIERS = ['default', 'kube-admin', 'kube-baseline']

/**
 * Reads a NetworkPolicy (`namespace`) or GlobalNetworkPolicy (`cluster`) of Calico; what is invalid is left in the
 * field's faults.
 */
export function readCalicoPolicy(
  root: Field,
  scope: 'namespace' | 'cluster',
  around: CalicoSurroundings,
): PolicySpec {
  const spec = asMapping(get(root, 'spec'))
  const global = scope === 'cluster'
  unknownKeys(spec, [
    ...[
      'tier',
      'order',
      'ingress',
      'egress',
      'selector',
      'types',
      'serviceAccountSelector',
      'performanceHints',
    ],
    ...(global ? ['namespaceSelector', 'doNotTrack', 'preDNAT', 'applyOnForward'] : []),
  ])
  const own = global ? null : { namespace: ownNamespace(root) }
  const subjects = readSubjects(spec, { own }, around.accounts)
  const hostsOnly = global && readHostFlags(spec)
  const speaks = readTypes(root, spec)
  const read = (direction: Direction): readonly PolicyRule[] | null => {
    const rules = readRules(get(spec, direction), direction, { own, ...around })
    return speaks.includes(direction) ? rules : null
  }
  return {
    subjects: hostsOnly ? [] : subjects,
    rank: {
      stage: 'calico-tiers',
      tier: text(get(spec, 'tier')) || 'default',
      order: decimal(get(spec, 'order')) ?? Infinity,
    },
    ingress: read('ingress'),
    egress: read('egress'),
    isolates: { ingress: false, egress: false },
  }
}

/** Reads a Tier; its name is in its metadata. */
export function readTier(root: Field): Tier {
  const spec = asMapping(get(root, 'spec'))
  unknownKeys(spec, ['order', 'defaultAction'])
  const order = decimal(get(spec, 'order')) ?? Infinity
  const field = get(spec, 'defaultAction')
  const action = text(field) ?? 'Deny'
  if (action !== 'Deny' && action !== 'Pass')
    fault(field, `${nameOf(field)} is ${describe(field.value)}; it must be Deny or Pass`)
  const tier: Tier = { order, defaultAction: action === 'Pass' ? 'Pass' : 'Deny' }
  const name = nameIn(root, 'name') ?? ''
  const fixed = CHECKED_TIERS.includes(name) ? BUILT_IN_TIERS[name] : undefined
  if (fixed !== undefined && fixed.order !== tier.order)
    fault(get(spec, 'order'), `spec.order of the tier ${name} must be ${String(fixed.order)}`)
  if (fixed !== undefined && fixed.defaultAction !== tier.defaultAction)
    fault(field, `spec.defaultAction of the tier ${name} must be ${fixed.defaultAction}`)
  return tier
}

/** Reads a NetworkSet or a GlobalNetworkSet. */
export function readNetworkSet(root: Field): NetworkSetRef {
  const spec = asMapping(get(root, 'spec'))
  // `allowedEgressDomains` is of Calico Enterprise.
  unknownKeys(spec, ['nets', 'allowedEgressDomains'])
  const labels = labelsField(get(asMapping(get(root, 'metadata')), 'labels'))
  if (Object.hasOwn(labels, 'projectcalico.org/namespace'))
    fault(
      get(root, 'metadata'),
      'metadata.labels has projectcalico.org/namespace, which is for Calico to set',
    )
  const cidrs = items(get(spec, 'nets')).reduce((sum, net) => {
    const value = text(net)
    const addresses = value === undefined ? null : parseAddresses(value)
    if (addresses === null)
      fault(
        net,
        `${nameOf(net)} is ${describe(net.value)}; it must be a block such as 10.0.0.0/8 or an address`,
      )
    return addresses === null ? sum : unionAddresses(sum, addresses)
  }, NO_ADDRESSES)
  return {
    name: nameIn(root, 'name') ?? '',
    namespace: get(root, 'kind').value === 'GlobalNetworkSet' ? null : (nameIn(root, 'namespace') ?? ''),
    labels,
    cidrs,
    domains: items(get(spec, 'allowedEgressDomains')).length > 0,
  }
}

function ownNamespace(root: Field): string | undefined {
  return nameIn(root, 'namespace')
}

/** Of the metadata, which is checked elsewhere. */
function nameIn(root: Field, key: 'name' | 'namespace'): string | undefined {
  const metadata = get(root, 'metadata').value as { readonly [key: string]: unknown } | null | undefined
  const value = typeof metadata === 'object' ? metadata?.[key] : undefined
  return typeof value === 'string' && value !== '' ? value : undefined
}

function readSubjects(spec: Field, scope: Scope, accounts: readonly AccountRef[]): readonly Subject[] {
  const parts = [
    { selector: readSelector(get(spec, 'selector')), prefix: '' },
    { selector: readSelector(get(spec, 'serviceAccountSelector')), prefix: SERVICE_ACCOUNT_PREFIX },
    {
      selector: scope.own === null ? readSelector(get(spec, 'namespaceSelector')) : null,
      prefix: NAMESPACE_PREFIX,
    },
  ]
  const expressions = parts.flatMap(({ selector, prefix }) =>
    selector === null || selector === 'unread'
      ? []
      : prefix === ''
        ? [selector]
        : [prefixed(selector, prefix)],
  )
  const pods = podsOf(allOf(expressions), scope, accounts)
  // More is asked than is read here: it may be any pod.
  if (pods === null || parts.some(({ selector }) => selector === 'unread'))
    return [{ pods: EVERYTHING, namespaces: scope.own === null ? EVERYTHING : null, doubt: true }]
  return pods.map(({ pods: selector, namespaces, doubt }) => ({
    pods: selector,
    namespaces,
    ...(doubt ? { doubt: true as const } : {}),
  }))
}

/**
 * Is the policy about hosts only? Felix gives workloads neither policies that are not tracked nor those before DNAT;
 * `applyOnForward` alone takes nothing from them (felix/calc/event_sequencer.go, tierInfoToProtoTierInfo).
 */
function readHostFlags(spec: Field): boolean {
  const doNotTrack = flag(get(spec, 'doNotTrack'))
  const preDnat = flag(get(spec, 'preDNAT'))
  const onForward = flag(get(spec, 'applyOnForward'))
  if (doNotTrack && preDnat)
    fault(get(spec, 'preDNAT'), 'spec.preDNAT and spec.doNotTrack cannot both be true')
  if ((doNotTrack || preDnat) && !onForward)
    fault(
      get(spec, 'applyOnForward'),
      'spec.applyOnForward must be true beside spec.preDNAT or spec.doNotTrack',
    )
  const { value: types } = get(spec, 'types')
  const { value: egress } = get(spec, 'egress')
  if (
    preDnat &&
    ((Array.isArray(egress) && egress.length > 0) || (Array.isArray(types) && types.includes('Egress')))
  )
    fault(get(spec, 'preDNAT'), 'spec.preDNAT is for ingress only, and the policy speaks of egress')
  return doNotTrack || preDnat
}

function readTypes(root: Field, spec: Field): readonly Direction[] {
  const types = items(get(spec, 'types')).flatMap((type): readonly Direction[] => {
    const name = text(type)
    if (name === 'Ingress') return ['ingress']
    if (name === 'Egress') return ['egress']
    fault(type, `${nameOf(type)} is ${describe(type.value)}; it must be Ingress or Egress`)
    return []
  })
  if (new Set(types).size < types.length) fault(get(spec, 'types'), 'spec.types names one twice')
  if (types.length > 0) return types
  // What is stored as it is goes past the API server that fills the types in, and Felix takes none for both
  // (felix/calc/policy_sorter.go, governsType).
  const { value: version } = get(root, 'apiVersion')
  if (typeof version === 'string' && version.startsWith('crd.projectcalico.org/'))
    return ['ingress', 'egress']
  const has = (direction: Direction): boolean => {
    const { value } = get(spec, direction)
    return Array.isArray(value) && value.length > 0
  }
  if (!has('egress')) return ['ingress']
  return has('ingress') ? ['ingress', 'egress'] : ['egress']
}

function readRules(list: Field, direction: Direction, context: RuleContext): readonly PolicyRule[] {
  return items(list).flatMap((item, index) => {
    if (absent(item)) fault(item, `${nameOf(item)} is empty`)
    const rule = asMapping(item)
    return absent(rule) ? [] : (readCalicoRule(rule, index, direction, context) ?? [])
  })
}
