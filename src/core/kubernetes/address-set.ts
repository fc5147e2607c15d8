// Sets of IP addresses, as intervals: IPv4 as numbers, IPv6 as 128-bit integers.
import ipaddr from 'ipaddr.js'
import * as intervals from './interval-set.ts'
import type { IntervalSet } from './interval-set.ts'

export type IpFamily = 'IPv4' | 'IPv6'

export interface AddressSet {
  readonly IPv4: IntervalSet<number>
  readonly IPv6: IntervalSet<bigint>
}

export const NO_ADDRESSES: AddressSet = { IPv4: [], IPv6: [] }
export const ALL_ADDRESSES: AddressSet = { IPv4: [[0, 2 ** 32]], IPv6: [[0n, 1n << 128n]] }

/** RFC 6598, carrier-grade NAT: where GKE and EKS put pods once private ranges run out. */
export const SHARED_ADDRESSES: AddressSet = addressSet(['100.64.0.0/10'])

/**
 * Where clusters put their pods when nobody says otherwise: RFC 1918, RFC 6598 and IPv6 unique local
 * addresses (RFC 4193), without the address of Istio's probe source.
 */
export const PRIVATE_ADDRESSES: AddressSet = subtractAddresses(
  unionAddresses(SHARED_ADDRESSES, addressSet(['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'])),
  addressSet(['fd16:9254:7127:1337:ffff:ffff:ffff:ffff/128']),
)

/**
 * An address (`10.0.0.1`) or a block (`10.0.0.0/8`) as a set; null where it is neither. Host bits of a
 * block are ignored, as the API server does. IPv4 takes four decimal parts without leading zeros, and
 * IPv4 mapped into IPv6 is refused: readers of both disagree on what they mean.
 */
export function parseAddresses(text: string): AddressSet | null {
  const [address = '', prefix, ...rest] = text.split('/')
  if (rest.length > 0 || (prefix !== undefined && !/^(0|[1-9]\d{0,2})$/.test(prefix))) return null
  if (ipaddr.IPv4.isValidFourPartDecimal(address)) {
    if (address.split('.').some((part) => part.length > 1 && part.startsWith('0'))) return null
    const bits = prefix === undefined ? 32 : Number(prefix)
    if (bits > 32) return null
    const size = 2 ** (32 - bits)
    const value = ipaddr.IPv4.parse(address)
      .toByteArray()
      .reduce((sum, byte) => sum * 256 + byte, 0)
    const low = Math.floor(value / size) * size
    return { ...NO_ADDRESSES, IPv4: [[low, low + size]] }
  }
  if (!address.includes(':') || address.includes('%') || !ipaddr.IPv6.isValid(address)) return null
  const parsed = ipaddr.IPv6.parse(address)
  const bits = prefix === undefined ? 128 : Number(prefix)
  if (bits > 128 || parsed.isIPv4MappedAddress()) return null
  const size = 1n << BigInt(128 - bits)
  const value = parsed.toByteArray().reduce((sum, byte) => sum * 256n + BigInt(byte), 0n)
  const low = (value / size) * size
  return { ...NO_ADDRESSES, IPv6: [[low, low + size]] }
}

/** The union of addresses and blocks that are known to be well formed; throws on one that is not. */
export function addressSet(blocks: readonly string[]): AddressSet {
  return blocks.reduce((sum, block) => {
    const set = parseAddresses(block)
    if (set === null) throw new Error(`not an address or a block: ${block}`)
    return unionAddresses(sum, set)
  }, NO_ADDRESSES)
}

/** Which family the text of an address or block belongs to. */
export function familyOf(block: string): IpFamily {
  return block.includes(':') ? 'IPv6' : 'IPv4'
}

/** `169.254.7.127` as the block that holds it alone, `169.254.7.127/32`; a block stays what it is. */
export function asBlock(address: string): string {
  return address.includes('/') ? address : `${address}/${familyOf(address) === 'IPv4' ? '32' : '128'}`
}

export function unionAddresses(a: AddressSet, b: AddressSet): AddressSet {
  return { IPv4: intervals.union(a.IPv4, b.IPv4), IPv6: intervals.union(a.IPv6, b.IPv6) }
}

export function intersectAddresses(a: AddressSet, b: AddressSet): AddressSet {
  return { IPv4: intervals.intersect(a.IPv4, b.IPv4), IPv6: intervals.intersect(a.IPv6, b.IPv6) }
}

export function subtractAddresses(a: AddressSet, b: AddressSet): AddressSet {
  return { IPv4: intervals.subtract(a.IPv4, b.IPv4), IPv6: intervals.subtract(a.IPv6, b.IPv6) }
}

export function noAddresses(set: AddressSet): boolean {
  return set.IPv4.length === 0 && set.IPv6.length === 0
}

export function coversAddresses(whole: AddressSet, part: AddressSet): boolean {
  return noAddresses(subtractAddresses(part, whole))
}
