// The protocols and ports of a rule of Calico. Protocols other than TCP, UDP and SCTP leave no ports here; what is
// refused follows libcalico-go/lib/validator/v3/validator.go, validateRule, and api/pkg/lib/numorstring.
import { absent, describe, fault, get, integer, items, nameOf, text } from '../field.ts'
import type { Field } from '../field.ts'
import * as intervals from '../interval-set.ts'
import type { IntervalSet } from '../interval-set.ts'
import { PROTOCOLS } from '../port-set.ts'
import type { Protocol } from '../port-set.ts'
import type { PolicyPort } from './policy.ts'
import { asMapping } from './strict-field.ts'

/** `source` and `destination` of a rule, known to be mappings or absent. */
export interface RuleEnds {
  readonly source: Field
  readonly destination: Field
}

/** What a rule asks of protocols and ports. */
export interface RulePorts {
  /** As in PolicyRule: null for every port of every protocol. */
  readonly ports: readonly PolicyPort[] | null
  /** What else it asks that cannot be said here, after "it asks for". */
  readonly doubts: readonly string[]
}

const EVERY: IntervalSet<number> = [[1, 65536]]
const NUMBERS: ReadonlyMap<number, Protocol> = new Map([
  [6, 'TCP'],
  [17, 'UDP'],
  [132, 'SCTP'],
])

/** `protocol` and `notProtocol` of a rule, and the ports of both ends: a packet goes to the one of its destination. */
export function readPorts(rule: Field, { source, destination }: RuleEnds): RulePorts {
  const only = readProtocol(get(rule, 'protocol'))
  const never = readProtocol(get(rule, 'notProtocol'))
  checkIcmp(rule, only, never)
  const client = readPortList(get(source, 'ports'), only)
  const notClient = readPortList(get(source, 'notPorts'), only)
  const wanted = readPortList(get(destination, 'ports'), only)
  const unwanted = readPortList(get(destination, 'notPorts'), only)
  const doubts: string[] = []
  if (notClient !== null || (client !== null && intervals.subtract(EVERY, client.numbers).length > 0))
    doubts.push('ports of the client')
  // Which number a name has is for each pod to say: neither "not http" nor "http, but not 80" can be said.
  if (unwanted !== null && (unwanted.names.length > 0 || (wanted?.names.length ?? 0) > 0))
    doubts.push('ports other than a named one')
  // A name that is excluded without a protocol leaves all other protocols alone.
  if (only === undefined && never === undefined && wanted === null) return { ports: null, doubts }
  // felix/calc/rule_scanner.go, ruleToParsedRule: without a protocol, a named port is one of TCP.
  const assumed = only ?? (wanted === null ? undefined : 'TCP')
  const protocols = PROTOCOLS.filter((one) => (assumed === undefined || one === assumed) && one !== never)
  const numbers = intervals.subtract(wanted?.numbers ?? EVERY, unwanted?.numbers ?? [])
  return {
    ports: protocols.flatMap((protocol) => [
      ...numbers.map(([low, high]) => ({ protocol, low, high: high - 1 })),
      ...(wanted?.names ?? []).map((name) => ({ protocol, name })),
    ]),
    doubts,
  }
}

type RuleProtocol = Protocol | 'ICMP' | 'ICMPv6' | 'other'

function readProtocol(field: Field): RuleProtocol | undefined {
  if (absent(field)) return undefined
  const { value } = field
  // Uint8OrString, NumValue: a number may be quoted.
  const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value
  if (typeof number === 'number') {
    if (Number.isInteger(number) && number >= 1 && number <= 255)
      return NUMBERS.get(number) ?? (number === 1 ? 'ICMP' : number === 58 ? 'ICMPv6' : 'other')
  } else {
    const known = PROTOCOLS.find((one) => one === number)
    if (known !== undefined) return known
    if (number === 'ICMP' || number === 'ICMPv6') return number
    if (number === 'UDPLite') return 'other'
  }
  fault(
    field,
    `${nameOf(field)} is ${describe(value)}; it must be TCP, UDP, SCTP, ICMP, ICMPv6, UDPLite or a number from 1 to 255`,
  )
  return 'other'
}

/** The rules of the CRD about ICMP and the version of IP (policy_common.go, Rule). */
function checkIcmp(rule: Field, ...protocols: readonly (RuleProtocol | undefined)[]): void {
  const version = get(rule, 'ipVersion')
  for (const protocol of protocols) {
    const needed = protocol === 'ICMP' ? 4 : protocol === 'ICMPv6' ? 6 : undefined
    if (needed !== undefined && !absent(version) && version.value !== needed)
      fault(version, `${nameOf(version)} must be ${String(needed)} beside the protocol ${protocol ?? ''}`)
  }
  for (const key of ['icmp', 'notICMP']) {
    const icmp = asMapping(get(rule, key))
    if (absent(icmp)) continue
    integer(get(icmp, 'type'), 0, 254)
    integer(get(icmp, 'code'), 0, 255)
    if (absent(get(icmp, 'type')) && !absent(get(icmp, 'code')))
      fault(icmp, `${nameOf(icmp)} has a code without a type`)
    if (key === 'icmp' && protocols[0] !== 'ICMP' && protocols[0] !== 'ICMPv6')
      fault(icmp, `${nameOf(icmp)} needs the protocol ICMP or ICMPv6 in its rule`)
  }
}

interface PortList {
  readonly numbers: IntervalSet<number>
  readonly names: readonly string[]
}

/** A list of `80`, `"80:90"` and names; null where there is none, which an empty one also says. */
function readPortList(field: Field, protocol: RuleProtocol | undefined): PortList | null {
  const list = items(field)
  if (list.length === 0) return null
  const ranges: [number, number][] = []
  const names: string[] = []
  for (const item of list) {
    const port = readPort(item)
    if (typeof port === 'string') names.push(port)
    else if (port !== null) ranges.push([port[0], port[1] + 1])
  }
  if (protocol === undefined ? ranges.length > 0 : !PROTOCOLS.some((known) => known === protocol))
    fault(field, `${nameOf(field)} needs the protocol TCP, UDP or SCTP in its rule`)
  return { numbers: intervals.intervalSet(ranges), names }
}

/** port.go, PortFromString: digits, digits with a colon, or a name. */
function readPort(field: Field): readonly [low: number, high: number] | string | null {
  if (absent(field)) {
    fault(field, `${nameOf(field)} is empty`)
    return null
  }
  if (typeof field.value === 'number') {
    const port = integer(field, 1, 65535)
    return port === undefined ? null : [port, port]
  }
  const value = text(field)
  if (value === undefined) return null
  const [, first, last] = /^(\d+)(?::(\d+))?$/.exec(value) ?? []
  if (first === undefined) {
    if (/^[a-zA-Z0-9_.-]{1,128}$/.test(value)) return value
    fault(
      field,
      `${nameOf(field)} is "${value}", which is neither a port, a range such as "80:90" nor a name`,
    )
    return null
  }
  const low = Number(first)
  const high = Number(last ?? first)
  if (low >= 1 && low <= high && high <= 65535) return [low, high]
  fault(
    field,
    `${nameOf(field)} is "${value}"; ports go from 1 to 65535, and a range from its lower to its higher one`,
  )
  return null
}
