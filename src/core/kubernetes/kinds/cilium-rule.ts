// One rule of Cilium's four lists. Where only some of its ports are surely open, one rule becomes several: those that
// a proxy looks into are open perhaps. Source: cilium/cilium pkg/policy/rule.go (mergeIngress, mergeEgress),
// pkg/policy/api/rule_validation.go, pkg/policy/utils (RulesToPolicyEntries).
import { absent, describe, fault, get, items, nameOf, text, unknownKeys } from '../field.ts'
import type { Field } from '../field.ts'
import { isMapping } from '../loose.ts'
import type { CidrGroup } from './cilium-cidr-group.ts'
import { BY_DEFAULT } from './cilium-identities.ts'
import type { LeavesOut } from './cilium-identities.ts'
import { readCiliumPeers } from './cilium-peers.ts'
import { readCiliumPorts } from './cilium-ports.ts'
import type { CiliumScope } from './cilium-selector.ts'
import type { Direction, PolicyPort, PolicyRule } from './policy.ts'

/** What rules speak of without saying it. */
export interface CiliumSurroundings {
  /** Those of the cluster, which rules name. */
  readonly groups: readonly CidrGroup[]
  readonly hbonePort: number
  /** Which labels identities may be without. */
  readonly identities: LeavesOut
}

/** Where nothing is known of them. */
export const NO_SURROUNDINGS: CiliumSurroundings = {
  groups: [],
  hbonePort: 15008,
  identities: BY_DEFAULT,
}

export interface RuleContext extends CiliumSurroundings {
  readonly scope: CiliumScope
  readonly direction: Direction
  readonly action: 'allow' | 'deny'
  /** May its selectors match what has no namespace? See `readEndpoint`. */
  readonly anyIdentity: boolean
}

/** Reads a rule of `ingress`, `ingressDeny`, `egress` or `egressDeny`. */
export function readCiliumRule(rule: Field, index: number, context: RuleContext): readonly PolicyRule[] {
  if (!isMapping(rule.value)) {
    fault(rule, `${nameOf(rule)} must be a mapping, not ${describe(rule.value)}`)
    return []
  }
  const { action, direction, hbonePort } = context
  const toPorts = get(rule, 'toPorts')
  const icmps = items(get(rule, 'icmps'))
  const { named, peers, doubt: peersDoubt, requires } = readCiliumPeers(rule, context)
  const { listed, plain, limited } = readCiliumPorts(toPorts, context)
  for (const icmp of icmps) unknownKeys(icmp, ['fields'])
  // rule_validation.go, errUnsupportedICMPWithToPorts.
  if (icmps.length > 0 && listed)
    fault(
      rule,
      `${nameOf(rule)} has icmps beside toPorts, which Cilium refuses; give them a rule of their own`,
    )
  const requiresDoubt = requires === null ? null : `what ${requires} asks for is asked of other rules too`
  const authentication = action === 'allow' ? readAuthentication(get(rule, 'authentication')) : null
  const doubt = authentication ?? peersDoubt ?? requiresDoubt
  const base = { index, route: rule.route, action, peers, doubt }
  const rules: PolicyRule[] = []
  if (listed) {
    if (plain.length > 0 || limited.length === 0) rules.push({ ...base, ports: plain })
    for (const { ports, why, inspected, partly } of limited)
      rules.push({
        ...base,
        ports: inspected ? withoutPort(ports, hbonePort) : ports,
        doubt: doubt ?? why,
        ...(partly && doubt === null ? { partly: true as const } : {}),
      })
  } else if (icmps.length > 0) rules.push({ ...base, ports: [] })
  else if (named) rules.push({ ...base, ports: null })
  // mergeIngress: a rule without peers and without ports adds nothing, which is how default deny is written
  // (layer3.rst, "Ingress/Egress Default Deny"). No page says so of denials.
  else if (action === 'allow') rules.push({ ...base, peers: [], ports: null })
  else rules.push({ ...base, ports: null, doubt: 'a denial without peers and ports is not documented' })
  // What a proxy looks into it may refuse, whoever else allows it and even without default deny (intro.rst,
  // "EnableDefaultDeny does not apply to layer-7 policy"); mutual authentication is asked of the same traffic.
  const perhaps = { ...base, action: 'deny' } as const
  if (authentication !== null)
    for (const { ports } of [...rules]) rules.push({ ...perhaps, ports, doubt: authentication })
  else
    for (const { ports, why, partly } of limited)
      rules.push({ ...perhaps, ports, doubt: why, ...(partly ? { partly: true as const } : {}) })
  // What a proxy reads goes through it, whoever else allows it (pkg/policy/types/entry.go, Merge: "Proxy port takes
  // precedence"), and it cannot read HBONE.
  if (limited.some(({ ports, inspected }) => inspected && ports.some((port) => isOn(port, hbonePort))))
    rules.push({ ...base, action: 'deny', ports: [{ protocol: 'TCP', low: hbonePort, high: hbonePort }] })
  // layer3.rst, "Additional Label Requirements": they stay in effect no matter what other rules allow.
  if (requiresDoubt !== null) rules.push({ ...perhaps, peers: null, ports: null, doubt: requiresDoubt })
  unknownKeys(rule, knownKeys(direction, action))
  return rules
}

function isOn(port: PolicyPort, number: number): boolean {
  return !('name' in port) && port.protocol === 'TCP' && port.low <= number && port.high >= number
}

/** HBONE is encrypted, and no protocol that a proxy of Cilium could read: such a rule lets none of it through. */
function withoutPort(ports: readonly PolicyPort[], hbonePort: number): readonly PolicyPort[] {
  return ports.flatMap((port) => {
    if ('name' in port || !isOn(port, hbonePort)) return [port]
    return [
      { ...port, high: hbonePort - 1 },
      { ...port, low: hbonePort + 1 },
    ].filter(({ low, high }) => low <= high)
  })
}

function knownKeys(direction: Direction, action: 'allow' | 'deny'): readonly string[] {
  const side = direction === 'ingress' ? 'from' : 'to'
  return [
    ...['Endpoints', 'Requires', 'CIDR', 'CIDRSet', 'Entities', 'Groups', 'Nodes'].map((name) => side + name),
    'toPorts',
    'icmps',
    ...(direction === 'egress' ? ['toServices'] : []),
    ...(action === 'allow' ? ['authentication'] : []),
    ...(direction === 'egress' && action === 'allow' ? ['toFQDNs'] : []),
  ]
}

/** Helm reference, authentication.enabled: what asks for it is blocked wherever it is not set up. */
function readAuthentication(field: Field): string | null {
  unknownKeys(field, ['mode'])
  if (absent(field)) return null
  const mode = get(field, 'mode')
  const value = text(mode)
  if (value === 'disabled') return null
  if (value !== 'required' && value !== 'test-always-fail') {
    fault(mode, `${nameOf(mode)} is ${describe(value)}; it must be disabled, required or test-always-fail`)
    return null
  }
  return 'it asks for mutual authentication, which depends on how Cilium is set up'
}
