// `toPorts` of a Cilium rule: which ports it names, and which of them a proxy looks into, so that they are not surely
// open. Source: cilium/cilium pkg/policy/api/l4.go, rule_validation.go (PortRule, PortProtocol, L7Rules).
import { absent, describe, fault, get, integer, items, nameOf, text, unknownKeys } from '../field.ts'
import type { Field } from '../field.ts'
import { PROTOCOLS } from '../port-set.ts'
import type { Protocol } from '../port-set.ts'
import type { RuleContext } from './cilium-rule.ts'
import type { PolicyPort } from './policy.ts'

export interface CiliumPorts {
  /** Does the rule have any entry in `toPorts`? An empty list is as good as none. */
  readonly listed: boolean
  readonly plain: readonly PolicyPort[]
  readonly limited: readonly LimitedPorts[]
}

export interface LimitedPorts {
  readonly ports: readonly PolicyPort[]
  readonly why: string
  /** Does a proxy read what is said there? */
  readonly inspected: boolean
  /** Does it surely let some of that through? */
  readonly partly: boolean
}

interface CiliumPort {
  readonly ports: readonly PolicyPort[]
  readonly zero: boolean
  readonly range: boolean
  /** Is it TCP alone? */
  readonly tcp: boolean
}

/** Without transport ports; IGMP and VRRP since Cilium 1.18, the others behind a flag. */
const PORTLESS: readonly string[] = ['VRRP', 'IGMP', 'GRE', 'IPIP', 'IPV6', 'ESP', 'AH']
const L7_KEYS = ['http', 'kafka', 'l7proto', 'l7'] as const
const MAX_PORTS = 40

export function readCiliumPorts(toPorts: Field, context: RuleContext): CiliumPorts {
  const plain: PolicyPort[] = []
  const limited: LimitedPorts[] = []
  const rules = items(toPorts)
  for (const rule of rules) {
    const { why, ...read } = readPortRule(rule, context)
    // An entry without ports names none (rule.go, mergeIngress: it goes through GetPortProtocols).
    if (why === null) plain.push(...read.ports)
    else limited.push({ ...read, why })
  }
  return { listed: rules.length > 0, plain, limited }
}

function readPortRule(
  rule: Field,
  { action, direction }: RuleContext,
): Omit<LimitedPorts, 'why'> & { readonly why: string | null } {
  if (absent(rule)) fault(rule, `${nameOf(rule)} is empty; remove it`)
  const list = items(get(rule, 'ports'))
  if (list.length > MAX_PORTS)
    fault(rule, `${nameOf(rule)} has ${String(list.length)} ports; Cilium takes ${String(MAX_PORTS)} at most`)
  const entries = list.flatMap((port) => readPort(port) ?? [])
  const ports = entries.flatMap((entry) => entry.ports)
  // l4.go, PortDenyRule: "lacks the L7Rules since it's not supported in deny policies".
  if (action === 'deny') {
    unknownKeys(rule, ['ports'])
    return { ports, why: null, inspected: false, partly: false }
  }
  unknownKeys(rule, ['ports', 'terminatingTLS', 'originatingTLS', 'serverNames', 'listener', 'rules'])
  const rules = get(rule, 'rules')
  const l7 = readL7(rules, entries, list.length, direction === 'ingress')
  const limits = L7_KEYS.filter((key) => !absent(get(rules, key)))
  const listener = get(rule, 'listener')
  const names = items(get(rule, 'serverNames'))
  if (!absent(listener) && direction === 'ingress')
    fault(listener, `${nameOf(listener)} is not allowed: Cilium takes a listener on egress alone`)
  if (!absent(listener) && l7) fault(listener, `${nameOf(listener)} is not allowed beside rules`)
  if (names.length > 0 && l7 && absent(get(rule, 'terminatingTLS')))
    fault(rule, `${nameOf(rule)} has serverNames beside rules, which Cilium refuses without terminatingTLS`)
  for (const name of names)
    if (text(name) === '') fault(name, `${nameOf(name)} is empty; it must be a server name`)
  const why =
    limits.length > 0
      ? `${limits[0] === 'l7' || limits[0] === 'l7proto' ? 'layer 7' : (limits[0] ?? '')} rules limit what may be said there`
      : !absent(listener)
        ? 'a listener of Envoy decides what becomes of it'
        : names.length > 0
          ? 'only TLS to some server names may pass there'
          : ['terminatingTLS', 'originatingTLS'].some((key) => !absent(get(rule, key)))
            ? "Cilium's proxy ends TLS there"
            : null
  // What an empty list lets through is nowhere said.
  const partly = ['http', 'kafka'].some((key) => items(get(rules, key)).length > 0)
  return { ports, why, inspected: limits.length > 0, partly }
}

/** Faults of `rules`; is there any (L7Rules.IsEmpty)? */
function readL7(rules: Field, ports: readonly CiliumPort[], count: number, ingress: boolean): boolean {
  unknownKeys(rules, ['http', 'kafka', 'dns', 'l7proto', 'l7'])
  const has = (key: string): boolean => !absent(get(rules, key))
  const dns = items(get(rules, 'dns')).length > 0
  if (has('l7') && !has('l7proto')) fault(rules, `${nameOf(rules)} has l7 without l7proto`)
  if (['http', 'kafka', 'dns', 'l7proto'].filter(has).length > 1)
    fault(rules, `${nameOf(rules)} mixes rules of several protocols; it must have one`)
  if (dns && ingress) fault(rules, `${nameOf(rules)} has dns rules, which Cilium takes on egress alone`)
  if (has('dns') && count === 0) fault(rules, `${nameOf(rules)} has dns rules without a port`)
  if (dns && ports.some(({ range }) => range))
    fault(rules, `${nameOf(rules)} has dns rules for a range of ports, which Cilium refuses`)
  if (!['http', 'kafka', 'dns', 'l7'].some(has)) return false
  if (!dns && ports.some(({ tcp }) => !tcp))
    fault(rules, `${nameOf(rules)} needs the protocol TCP on each of its ports`)
  if (ports.some(({ zero }) => zero)) fault(rules, `${nameOf(rules)} cannot apply to the port 0`)
  return true
}

function readPort(entry: Field): CiliumPort | null {
  unknownKeys(entry, ['port', 'endPort', 'protocol'])
  const protocols = readProtocols(get(entry, 'protocol'))
  const endPort = integer(get(entry, 'endPort'), 0, 65535) ?? 0
  const port = get(entry, 'port')
  const written = text(port)
  if (protocols.length === 0) return { ports: [], zero: false, range: false, tcp: false }
  const tcp = protocols.length === 1 && protocols[0] === 'TCP'
  if (written === undefined || written === '') {
    if (absent(port) || written === '') fault(port, `${nameOf(port)} is missing; "0" stands for every port`)
    return null
  }
  // iana.IsSvcName comes before numbers are tried, and is compared in lower case. layer4.rst: EndPort is ignored then.
  if (isServiceName(written)) {
    const ports = protocols.map((protocol) => ({ protocol, name: written.toLowerCase() }))
    return { ports, zero: false, range: false, tcp }
  }
  const low = parsePort(written)
  if (low === null) {
    fault(port, `${nameOf(port)} is "${written}", which is neither a port number nor a port name`)
    return null
  }
  const range = endPort > low
  // "0" is every port. What an endPort means beside it is nowhere said, and what it would name is in both readings.
  const [first, last] = low === 0 ? [1, range ? endPort : 65535] : [low, range ? endPort : low]
  const ports = protocols.map((protocol) => ({ protocol, low: first, high: last }))
  return { ports, zero: low === 0, range, tcp }
}

/** utils.go, ParseL4Proto: none is ANY, and case does not matter. Empty: a protocol that has no ports. */
function readProtocols(field: Field): readonly Protocol[] {
  const name = (text(field) ?? '').toUpperCase()
  if (name === '' || name === 'ANY') return PROTOCOLS
  const protocol = PROTOCOLS.find((known) => known === name)
  if (protocol !== undefined) return [protocol]
  if (!PORTLESS.includes(name)) {
    const hint = name.startsWith('ICMP') ? '; write it under icmps' : ''
    fault(field, `${nameOf(field)} is ${describe(field.value)}; it must be TCP, UDP, SCTP or ANY${hint}`)
  }
  return []
}

/** strconv.ParseUint with base 0, of what is no service name: a leading zero makes it octal. */
function parsePort(written: string): number | null {
  const base = /^0[0-7]*$/.test(written) ? 8 : /^[1-9]\d{0,4}$/.test(written) ? 10 : null
  const port = base === null ? Number.NaN : Number.parseInt(written, base)
  return port <= 65535 ? port : null
}

/** pkg/iana/svcname.go, IsSvcName. */
function isServiceName(name: string): boolean {
  return name.length <= 15 && /^[a-z0-9]+(?:-[a-z0-9]+)*$/i.test(name) && /[a-z]/i.test(name)
}
