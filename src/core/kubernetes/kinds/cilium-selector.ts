// Selectors of Cilium's policies: a LabelSelector over the labels of endpoint identities, whose keys may begin with a
// source. Besides the labels of the pod there are those of its namespace, its service account, its cluster, and
// reserved ones of what is no pod. Sources: cilium/cilium pkg/labels/labels.go (parseSource), pkg/policy/api/selector.go,
// pkg/k8s/apis/cilium.io/const.go.
import { selectorField } from '../field.ts'
import type { Field } from '../field.ts'
import { NAMESPACE_NAME_LABEL, SERVICE_ACCOUNT } from '../labels.ts'
import type { Requirement, Selector } from '../labels.ts'
import { at, isMapping, list, string } from '../loose.ts'
import { asksFor, BY_DEFAULT, NAMESPACE_LABELS, variantsOf } from './cilium-identities.ts'
import type { LeavesOut, Variant } from './cilium-identities.ts'

/** Of a CiliumNetworkPolicy, or of a CiliumClusterwideNetworkPolicy. */
export type CiliumScope = 'namespace' | 'cluster'

export interface CiliumSelector {
  /** Which pods of which namespaces: any of these. */
  readonly variants: readonly Variant[]
  /** Does it ask nothing of labels of pods and namespaces? */
  readonly isEmpty: boolean
  /** Does it ask anything of the namespace? */
  readonly asksNamespace: boolean
  /** By `io.kubernetes.pod.namespace`, rather than by other labels of the namespace or not at all. */
  readonly namesNamespace: boolean
  /** The keys are names of reserved identities, such as `host`. */
  readonly reserved: Selector
  /** Must any label be there, but for reserved ones? What has no labels is not selected then. */
  readonly asksForLabels: boolean
  /** false: it asks for what no pod has. */
  readonly possible: boolean
  /** Why it is not known whether a pod that meets all the rest matches. */
  readonly doubt: string | null
}

const POD_NAMESPACE = 'io.kubernetes.pod.namespace'
const ACCOUNT = 'io.cilium.k8s.policy.serviceaccount'
const CLUSTER = 'io.cilium.k8s.policy.cluster'

/** Sources of labels of what is no pod. */
const NEVER_PODS: readonly string[] = ['cidr', 'cidrgroup', 'fqdn', 'node']

/**
 * Reads a selector. `ownNamespace`: the selector is the endpointSelector of a namespaced policy, where upstream puts
 * the policy's own namespace in the place of the one in `matchLabels` (utils.go, ParseToCiliumRule: "removing illegal
 * namespace match"), though not of one under another key or in `matchExpressions`.
 */
export function readCiliumSelector(
  field: Field,
  leavesOut: LeavesOut = BY_DEFAULT,
  { ownNamespace }: { readonly ownNamespace: boolean } = { ownNamespace: false },
): CiliumSelector {
  const replaced = ownNamespace ? replacedNamespace(field.value) : undefined
  const known = { pods: [] as Requirement[], namespaces: [] as Requirement[] }
  const open = { pods: [] as Requirement[], namespaces: [] as Requirement[] }
  const reserved: Requirement[] = []
  let namesNamespace = false
  let asksForLabels = false
  let possible = true
  let doubt: string | null = null
  // matchLabels come first, so that what is replaced is met before an expression that says the same.
  let skip = replaced !== undefined
  for (const requirement of selectorField(field)) {
    if (skip && isNamed(requirement, replaced)) {
      skip = false
      continue
    }
    const { source, key } = splitKey(requirement.key)
    const { pods, namespaces } = leavesOut(key) ? open : known
    if (source !== 'reserved') asksForLabels ||= asksFor(requirement)
    if (source === 'reserved') reserved.push({ ...requirement, key })
    else if (NEVER_PODS.includes(source)) possible = possible && !asksFor(requirement)
    else if (source !== 'any' && source !== 'k8s')
      doubt ??= `it is not known who has the label ${requirement.key}`
    else if (key === POD_NAMESPACE) {
      namesNamespace = true
      namespaces.push({ ...requirement, key: NAMESPACE_NAME_LABEL })
    } else if (key.startsWith(NAMESPACE_LABELS))
      namespaces.push({ ...requirement, key: key.slice(NAMESPACE_LABELS.length) })
    else if (key === ACCOUNT) pods.push({ ...requirement, key: SERVICE_ACCOUNT })
    else if (key === CLUSTER) doubt ??= 'it is not known which cluster this is'
    else pods.push({ ...requirement, key })
  }
  const asksNamespace = known.namespaces.length + open.namespaces.length > 0
  return {
    variants: variantsOf(known, open),
    isEmpty: !asksNamespace && known.pods.length + open.pods.length === 0,
    asksNamespace,
    namesNamespace,
    reserved,
    asksForLabels,
    possible,
    doubt,
  }
}

/** Does a selector have a requirement, whatever it says, on the reserved label? */
export function asksReserved(field: Field, name: string): boolean {
  const labels = at(field.value, 'matchLabels')
  const keys = [
    ...(isMapping(labels) ? Object.keys(labels) : []),
    ...list(at(field.value, 'matchExpressions')).map((expression) => string(at(expression, 'key')) ?? ''),
  ]
  return keys.map(splitKey).some(({ source, key }) => source === 'reserved' && key === name)
}

/** The source ends at the first colon. `$host` and, without a colon, `reserved.host` are reserved ones too. */
function splitKey(written: string): { readonly source: string; readonly key: string } {
  if (written.startsWith('$')) return { source: 'reserved', key: written.slice(1) }
  const colon = written.indexOf(':')
  if (colon > 0) return { source: written.slice(0, colon), key: written.slice(colon + 1) }
  if (colon === 0) return { source: 'any', key: written.slice(1) }
  if (written.startsWith('reserved.')) return { source: 'reserved', key: written.slice('reserved.'.length) }
  return { source: 'any', key: written }
}

function replacedNamespace(selector: unknown): string | undefined {
  return string(at(selector, 'matchLabels', `k8s:${POD_NAMESPACE}`))
}

function isNamed(requirement: Requirement, namespace: string | undefined): boolean {
  return (
    requirement.key === `k8s:${POD_NAMESPACE}` &&
    requirement.operator === 'In' &&
    requirement.values.length === 1 &&
    requirement.values[0] === namespace
  )
}
