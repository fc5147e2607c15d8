// How tests of Cilium's policies read YAML and write what they expect of it.
import { parse } from 'yaml'
import { rootField } from '../../src/core/kubernetes/field.ts'
import type { Fault } from '../../src/core/kubernetes/field.ts'
import type { Requirement, Selector } from '../../src/core/kubernetes/labels.ts'
import { readCiliumPolicies } from '../../src/core/kubernetes/kinds/cilium-policy.ts'
import { NO_SURROUNDINGS } from '../../src/core/kubernetes/kinds/cilium-rule.ts'
import type { CiliumSurroundings } from '../../src/core/kubernetes/kinds/cilium-rule.ts'
import type {
  PolicyPeer,
  PolicyPort,
  PolicyRule,
  PolicySpec,
} from '../../src/core/kubernetes/kinds/policy.ts'
import { parseAddresses, NO_ADDRESSES } from '../../src/core/kubernetes/address-set.ts'
import type { Protocol } from '../../src/core/kubernetes/port-set.ts'

export type Scope = 'namespace' | 'cluster'

export function read(
  yaml: string,
  scope: Scope = 'namespace',
  around: CiliumSurroundings = NO_SURROUNDINGS,
): { readonly specs: readonly PolicySpec[]; readonly faults: readonly Fault[] } {
  const root = rootField(parse(yaml))
  const specs = readCiliumPolicies(root, scope, around)
  return { specs, faults: root.faults }
}

/** The only spec of a policy whose rules and selector are given as the lines below `spec`. */
export function spec(
  lines: string,
  scope: Scope = 'namespace',
  namespace = 'shop',
  around: CiliumSurroundings = NO_SURROUNDINGS,
): PolicySpec {
  const kind = scope === 'namespace' ? 'CiliumNetworkPolicy' : 'CiliumClusterwideNetworkPolicy'
  const where = scope === 'namespace' && namespace !== '' ? `, namespace: ${namespace}` : ''
  const { specs, faults } = read(
    `kind: ${kind}\nmetadata: {name: p${where}}\nspec:\n${lines.replace(/^/gm, '  ')}`,
    scope,
    around,
  )
  if (faults.length > 0) throw new Error(JSON.stringify(faults))
  return specs[0] as PolicySpec
}

/** The ingress rules of a policy for all pods of the namespace, given as a list in flow style. */
export function ingress(
  rules: string,
  scope: Scope = 'namespace',
  around: CiliumSurroundings = NO_SURROUNDINGS,
): readonly PolicyRule[] {
  return spec(`endpointSelector: {}\ningress: ${rules}`, scope, 'shop', around).ingress ?? []
}

export function egress(rules: string, scope: Scope = 'namespace'): readonly PolicyRule[] {
  return spec(`endpointSelector: {}\negress: ${rules}`, scope).egress ?? []
}

export function faultsOf(lines: string, scope: Scope = 'namespace'): readonly string[] {
  return read(`spec:\n${lines.replace(/^/gm, '  ')}`, scope).faults.map(({ message }) => message)
}

export function is(key: string, ...values: readonly string[]): Requirement {
  return { key, operator: 'In', values }
}

export function pods(selector: Selector, namespaces: Selector | null): PolicyPeer {
  return { kind: 'pods', pods: selector, namespaces }
}

export function block(cidr: string): PolicyPeer {
  return { kind: 'block', cidr, except: [], addresses: parseAddresses(cidr) ?? NO_ADDRESSES }
}

export function port(low: number, high: number = low, ...protocols: readonly Protocol[]): PolicyPort[] {
  const all = protocols.length === 0 ? (['TCP'] as const) : protocols
  return all.map((protocol) => ({ protocol, low, high }))
}

export const ALL: readonly Protocol[] = ['TCP', 'UDP', 'SCTP']
