// NetworkPolicy (networking.k8s.io/v1) from raw YAML: defaulting and validation are ours to do, since no
// API server stood between. Sources: kubernetes/pkg/apis/networking/v1/defaults.go and
// pkg/apis/networking/validation/validation.go. Cilium makes selectors over identities of them, and so over fewer labels:
// cilium/cilium pkg/k8s/network_policy.go (parseNetworkPolicyPeer).
import { parseAddresses, subtractAddresses } from '../address-set.ts'
import type { AddressSet } from '../address-set.ts'
import {
  absent,
  describe,
  fault,
  get,
  integer,
  items,
  nameOf,
  selectorField,
  text,
  unknownKeys,
} from '../field.ts'
import type { Field } from '../field.ts'
import type { Selector } from '../labels.ts'
import { PROTOCOLS } from '../port-set.ts'
import type { Protocol } from '../port-set.ts'
import { asksFor, BEYOND_PODS, NAMESPACE_LABELS, variantsOf } from './cilium-identities.ts'
import type { LeavesOut, Variant } from './cilium-identities.ts'
import type { PodsPeer, PolicyPeer, PolicyPort, PolicyRule, PolicySpec } from './policy.ts'

/**
 * Reads `spec` of a NetworkPolicy; what is invalid is left in the field's faults. `identities`: which labels Cilium may
 * leave out, where it is Cilium that enforces the policy; else null.
 */
export function readNetworkPolicy(root: Field, identities: LeavesOut | null = null): PolicySpec {
  const spec = get(root, 'spec')
  unknownKeys(spec, ['podSelector', 'policyTypes', 'ingress', 'egress'])
  const types = items(get(spec, 'policyTypes')).flatMap((type) => {
    const name = text(type)
    if (name !== 'Ingress' && name !== 'Egress')
      fault(type, `${nameOf(type)} is ${describe(name)}; it must be Ingress or Egress`)
    return name ?? []
  })
  const ingress = items(get(spec, 'ingress')).map((rule, index) => readRule(rule, index, 'from', identities))
  const egress = items(get(spec, 'egress')).map((rule, index) => readRule(rule, index, 'to', identities))
  // SetDefaults_NetworkPolicy: without policyTypes, Ingress always and Egress where there are egress rules.
  const speaks = types.length > 0 ? types : egress.length > 0 ? ['Ingress', 'Egress'] : ['Ingress']
  return {
    subjects: variants(selectorField(get(spec, 'podSelector')), [], identities).map((variant) => ({
      ...variant,
      namespaces: null,
    })),
    rank: { stage: 'network-policies' },
    ingress: speaks.includes('Ingress') ? ingress : null,
    egress: speaks.includes('Egress') ? egress : null,
    isolates: { ingress: true, egress: true },
  }
}

function readRule(
  rule: Field,
  index: number,
  peersKey: 'from' | 'to',
  identities: LeavesOut | null,
): PolicyRule {
  // The API server reads a null item as {}, which admits everything: too much to take from an empty dash.
  if (absent(rule)) fault(rule, `${nameOf(rule)} is empty; write {} to admit everything, or remove it`)
  unknownKeys(rule, [peersKey, 'ports'])
  const peers = items(get(rule, peersKey)).flatMap((peer) => readPeer(peer, identities))
  const ports = items(get(rule, 'ports')).flatMap((port) => readPort(port) ?? [])
  return {
    index,
    route: rule.route,
    action: 'allow',
    peers: peers.length === 0 ? null : peers,
    ports: ports.length === 0 ? null : ports,
    doubt: null,
  }
}

function readPeer(peer: Field, identities: LeavesOut | null): readonly PolicyPeer[] {
  unknownKeys(peer, ['podSelector', 'namespaceSelector', 'ipBlock'])
  const pods = get(peer, 'podSelector')
  const namespaces = get(peer, 'namespaceSelector')
  const block = get(peer, 'ipBlock')
  const selects = !absent(pods) || !absent(namespaces)
  if (!selects && absent(block)) {
    fault(peer, `${nameOf(peer)} names no peer: it needs a podSelector, a namespaceSelector or an ipBlock`)
    return []
  }
  if (absent(block))
    return readPods(selectorField(pods), absent(namespaces) ? null : selectorField(namespaces), identities)
  if (selects) fault(peer, `${nameOf(peer)} has an ipBlock beside a selector, which the API server refuses`)
  const read = readBlock(block)
  return read === null ? [] : [read]
}

function readPods(
  pods: Selector,
  namespaces: Selector | null,
  identities: LeavesOut | null,
): readonly PolicyPeer[] {
  const peers = variants(pods, namespaces ?? [], identities).map((variant): PodsPeer => ({
    kind: 'pods',
    ...variant,
    namespaces: namespaces === null ? null : variant.namespaces,
  }))
  // An empty selector of namespaces becomes one that asks for a namespace, whichever it is.
  const onlyExcludes = namespaces !== null && namespaces.length > 0 && ![...namespaces, ...pods].some(asksFor)
  return identities !== null && onlyExcludes ? [...peers, ...BEYOND_PODS] : peers
}

/** Of whom a selector speaks, and of whom perhaps where some of the labels may be left out. */
function variants(pods: Selector, namespaces: Selector, identities: LeavesOut | null): readonly Variant[] {
  const part = (open: boolean): Variant => ({
    pods: pods.filter(({ key }) => (identities?.(key) ?? false) === open),
    namespaces: namespaces.filter(({ key }) => (identities?.(NAMESPACE_LABELS + key) ?? false) === open),
  })
  return variantsOf(part(false), part(true))
}

function readBlock(block: Field): PolicyPeer | null {
  unknownKeys(block, ['cidr', 'except'])
  const cidr = get(block, 'cidr')
  const addresses = readCidr(cidr)
  if (addresses === null) return null
  const except = items(get(block, 'except'))
  let rest = addresses
  for (const item of except) {
    const cut = readCidr(item)
    if (cut === null) continue
    // ValidateIPBlock: an exception must lie strictly inside its block.
    const outside = subtractAddresses(cut, addresses)
    const remains = subtractAddresses(addresses, cut)
    const empty = (set: AddressSet): boolean => set.IPv4.length === 0 && set.IPv6.length === 0
    if (!empty(outside) || empty(remains))
      fault(item, `${nameOf(item)} must lie strictly inside ${text(cidr) ?? 'the block'}`)
    rest = subtractAddresses(rest, cut)
  }
  return {
    kind: 'block',
    cidr: text(cidr) ?? '',
    except: except.flatMap((item) => text(item) ?? []),
    addresses: rest,
  }
}

function readCidr(field: Field): AddressSet | null {
  const value = text(field)
  const addresses = value?.includes('/') === true ? parseAddresses(value) : null
  if (addresses === null)
    fault(field, `${nameOf(field)} is ${describe(field.value)}; it must be a block such as 10.0.0.0/8`)
  return addresses
}

function readPort(entry: Field): PolicyPort | null {
  unknownKeys(entry, ['port', 'protocol', 'endPort'])
  const protocol = readProtocol(get(entry, 'protocol'))
  const port = get(entry, 'port')
  const endPort = get(entry, 'endPort')
  if (absent(port)) {
    if (!absent(endPort)) fault(endPort, `${nameOf(endPort)} needs a numeric port beside it`)
    return { protocol, low: 1, high: 65535 }
  }
  if (typeof port.value === 'string') {
    if (!absent(endPort)) fault(endPort, `${nameOf(endPort)} needs a numeric port beside it`)
    if (!isPortName(port.value)) {
      fault(
        port,
        `${nameOf(port)} is "${port.value}", which is neither a number nor a valid port name (numbers are not quoted)`,
      )
      return null
    }
    return { protocol, name: port.value }
  }
  const low = integer(port, 1, 65535)
  const high = integer(endPort, 1, 65535)
  if (low === undefined) return null
  if (high !== undefined && high < low)
    fault(endPort, `${nameOf(endPort)} is ${String(high)}, below its port ${String(low)}`)
  return { protocol, low, high: high ?? low }
}

/** The protocol of a port entry; TCP when it names none (SetDefaults_NetworkPolicyPort). */
export function readProtocol(field: Field): Protocol {
  const name = text(field)
  if (name === undefined) return 'TCP'
  const protocol = PROTOCOLS.find((known) => known === name)
  if (protocol === undefined) fault(field, `${nameOf(field)} is "${name}"; it must be TCP, UDP or SCTP`)
  return protocol ?? 'TCP'
}

/** An IANA service name: k8s.io/apimachinery/pkg/util/validation, IsValidPortName. */
function isPortName(name: string): boolean {
  return name.length <= 15 && /^[a-z0-9]+(-[a-z0-9]+)*$/.test(name) && /[a-z]/.test(name)
}
