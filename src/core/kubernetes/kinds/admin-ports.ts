// The ports of the network-policy-api: `ports` of v1alpha1 (shared_types.go, AdminNetworkPolicyPort) and `protocols` of
// v1alpha2 (clusternetworkpolicy_types.go, ClusterNetworkPolicyProtocol). Each entry has exactly one member.
import { absent, fault, get, integer, items, nameOf, text, unknownKeys } from '../field.ts'
import type { Field } from '../field.ts'
import { PROTOCOLS } from '../port-set.ts'
import type { Protocol } from '../port-set.ts'
import type { PolicyPort } from './policy.ts'
import { asMapping } from './strict-field.ts'

export interface AdminPorts {
  /** null: every port of every protocol, which is what a rule without the list means. */
  readonly ports: readonly PolicyPort[] | null
  /** Does it name a port? */
  readonly named: boolean
  readonly doubt: string | null
}

export function readAdminPorts(list: Field, key: 'ports' | 'protocols'): AdminPorts {
  const entries = items(list)
  if (entries.length === 0) {
    if (absent(list) || key === 'ports') {
      // Versions of v1alpha1 take an empty list, and none says what it is.
      const doubt = absent(list)
        ? null
        : 'its list of ports is empty, and the API does not say what that means'
      return { ports: null, named: false, doubt }
    }
    fault(list, `${nameOf(list)} must have at least one entry`)
  }
  const most = key === 'ports' ? 100 : 25
  if (entries.length > most) fault(list, `${nameOf(list)} has more than ${String(most)} entries`)
  const ports = entries.flatMap((entry) => {
    const mapping = asMapping(entry)
    return key === 'ports' ? readPort(mapping) : readProtocol(mapping)
  })
  return { ports, named: ports.some((port) => 'name' in port), doubt: null }
}

function readPort(entry: Field): readonly PolicyPort[] {
  const member = only(entry, ['portNumber', 'portRange', 'namedPort'])
  if (member === null) return []
  if (member === 'namedPort') return readName(get(entry, member))
  const port = asMapping(get(entry, member))
  unknownKeys(port, ['protocol', ...(member === 'portNumber' ? ['port'] : ['start', 'end'])])
  const protocol = readProtocolName(get(port, 'protocol'))
  // Of v1alpha1 only the comment says that a range ends above its start; one of a single port does no harm.
  return member === 'portNumber'
    ? readNumber(get(port, 'port'), protocol)
    : readRange(port, protocol, (low, high) => low <= high)
}

function readProtocol(entry: Field): readonly PolicyPort[] {
  const member = only(entry, ['tcp', 'udp', 'sctp', 'destinationNamedPort'])
  if (member === null) return []
  if (member === 'destinationNamedPort') return readName(get(entry, member))
  const protocol = PROTOCOLS.find((known) => known.toLowerCase() === member) ?? 'TCP'
  const settings = asMapping(get(entry, member))
  unknownKeys(settings, ['destinationPort'])
  const port = asMapping(get(settings, 'destinationPort'))
  if (absent(port)) {
    fault(settings, `${nameOf(settings)} must have a destinationPort`)
    return []
  }
  unknownKeys(port, ['number', 'range'])
  const kind = only(port, ['number', 'range'])
  if (kind === null) return []
  if (kind === 'number') return readNumber(get(port, 'number'), protocol)
  const range = asMapping(get(port, 'range'))
  unknownKeys(range, ['start', 'end'])
  return readRange(range, protocol, (low, high) => low < high)
}

function readNumber(field: Field, protocol: Protocol): readonly PolicyPort[] {
  if (absent(field)) fault(field, `${nameOf(field)} is missing`)
  const port = integer(field, 1, 65535)
  return port === undefined ? [] : [{ protocol, low: port, high: port }]
}

function readRange(
  range: Field,
  protocol: Protocol,
  inOrder: (low: number, high: number) => boolean,
): readonly PolicyPort[] {
  const [start, end] = [get(range, 'start'), get(range, 'end')]
  for (const field of [start, end]) if (absent(field)) fault(field, `${nameOf(field)} is missing`)
  const [low, high] = [integer(start, 1, 65535), integer(end, 1, 65535)]
  if (low === undefined || high === undefined) return []
  if (inOrder(low, high)) return [{ protocol, low, high }]
  fault(range, `${nameOf(range)} ends at ${String(high)}, which must be above its start ${String(low)}`)
  return []
}

/** The name of a container's port, whichever protocol that has. */
function readName(field: Field): readonly PolicyPort[] {
  const name = text(field)
  return name === undefined ? [] : PROTOCOLS.map((protocol) => ({ protocol, name }))
}

/** TCP where it names none, as the CRD defaults it. */
function readProtocolName(field: Field): Protocol {
  const name = text(field)
  const protocol = PROTOCOLS.find((known) => known === name)
  if (name !== undefined && protocol === undefined)
    fault(field, `${nameOf(field)} is "${name}"; it must be TCP, UDP or SCTP`)
  return protocol ?? 'TCP'
}

/** The member that is there; null, and a fault, where it is not exactly one. */
function only<Key extends string>(field: Field, keys: readonly Key[]): Key | null {
  unknownKeys(field, keys)
  const [key, ...others] = keys.filter((one) => !absent(get(field, one)))
  if (key !== undefined && others.length === 0) return key
  fault(
    field,
    `${nameOf(field)} must have exactly one of ${keys.slice(0, -1).join(', ')} or ${keys.at(-1) ?? ''}`,
  )
  return null
}
