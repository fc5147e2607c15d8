// Sets of addresses as the blocks that a person reads: the fewest that make up the set, in order.
import ipaddr from 'ipaddr.js'
import type { AddressSet } from './address-set.ts'

/** `[10.0.0.0, 10.0.1.128)` becomes `10.0.0.0/24`, `10.0.1.0/25`. */
export function formatBlocks({ IPv4, IPv6 }: AddressSet): readonly string[] {
  return [
    ...IPv4.flatMap(([low, high]) => blocksOf(BigInt(low), BigInt(high), 32)),
    ...IPv6.flatMap(([low, high]) => blocksOf(low, high, 128)),
  ]
}

function blocksOf(low: bigint, high: bigint, width: 32 | 128): readonly string[] {
  const blocks: string[] = []
  for (let at = low; at < high;) {
    let bits = 0
    // The largest block that begins here, aligned, and does not reach past the end.
    while (bits < width && at % (1n << BigInt(bits + 1)) === 0n && at + (1n << BigInt(bits + 1)) <= high)
      bits += 1
    blocks.push(`${formatAddress(at, width)}/${String(width - bits)}`)
    at += 1n << BigInt(bits)
  }
  return blocks
}

function formatAddress(value: bigint, width: 32 | 128): string {
  const bytes = Array.from({ length: width / 8 }, (_, index) =>
    Number((value >> BigInt(width - 8 - index * 8)) & 255n),
  )
  return ipaddr.fromByteArray(bytes).toString()
}
