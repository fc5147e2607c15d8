// Sets of ports, one per protocol that NetworkPolicy knows.
import * as intervals from './interval-set.ts'
import type { IntervalSet } from './interval-set.ts'

export const PROTOCOLS = ['TCP', 'UDP', 'SCTP'] as const
export type Protocol = (typeof PROTOCOLS)[number]

/** Ports from 1 to 65535, by protocol. */
export type PortSet = Readonly<Record<Protocol, IntervalSet<number>>>

const EVERY: IntervalSet<number> = [[1, 65536]]
export const NO_PORTS: PortSet = { TCP: [], UDP: [], SCTP: [] }
export const ALL_PORTS: PortSet = { TCP: EVERY, UDP: EVERY, SCTP: EVERY }

/** The ports from `low` to `high`, both included, of one protocol. */
export function portRange(protocol: Protocol, low: number, high: number = low): PortSet {
  return { ...NO_PORTS, [protocol]: intervals.intervalSet([[low, high + 1]]) }
}

export function unionPorts(a: PortSet, b: PortSet): PortSet {
  if (a === b || a === NO_PORTS || b === ALL_PORTS) return b
  if (b === NO_PORTS || a === ALL_PORTS) return a
  return each((protocol) => intervals.union(a[protocol], b[protocol]))
}

export function intersectPorts(a: PortSet, b: PortSet): PortSet {
  if (a === ALL_PORTS) return b
  if (b === ALL_PORTS) return a
  return each((protocol) => intervals.intersect(a[protocol], b[protocol]))
}

export function subtractPorts(a: PortSet, b: PortSet): PortSet {
  return each((protocol) => intervals.subtract(a[protocol], b[protocol]))
}

export function hasPort(set: PortSet, protocol: Protocol, port: number): boolean {
  return intervals.contains(set[protocol], port)
}

export function noPorts(set: PortSet): boolean {
  return PROTOCOLS.every((protocol) => set[protocol].length === 0)
}

function samePorts(a: PortSet, b: PortSet): boolean {
  return noPorts(subtractPorts(a, b)) && noPorts(subtractPorts(b, a))
}

/** `9090/TCP`, `8080-8090/TCP and 53/UDP`, `every port`, `no port`: for sentences. */
export function describePorts(set: PortSet): string {
  if (samePorts(set, ALL_PORTS)) return 'every port'
  const parts = PROTOCOLS.flatMap((protocol) =>
    set[protocol].map(([low, high]) => {
      if (low === 1 && high === 65536) return `every ${protocol} port`
      return high - low === 1
        ? `${String(low)}/${protocol}`
        : `${String(low)}-${String(high - 1)}/${protocol}`
    }),
  )
  if (parts.length < 2) return parts[0] ?? 'no port'
  return `${parts.slice(0, -1).join(', ')} and ${parts.at(-1) ?? ''}`
}

function each(make: (protocol: Protocol) => IntervalSet<number>): PortSet {
  return { TCP: make('TCP'), UDP: make('UDP'), SCTP: make('SCTP') }
}
