// Addresses for the twin evaluator, one at a time: text to a number, and a block as its first and last number.
// Written without the product's address sets and without their library, so that no mistake is shared.

export type Family = 'IPv4' | 'IPv6'

export interface Address {
  readonly family: Family
  readonly value: bigint
}

/** Every address from `first` to `last`, both included. */
export interface Block {
  readonly family: Family
  readonly first: bigint
  readonly last: bigint
}

/** `10.0.0.1` or `10.0.0.0/8`; null where the text is neither. */
export function readBlock(text: string): Block | null {
  const [host = '', length, ...more] = text.split('/')
  const address = readAddress(host)
  if (address === null || more.length > 0) return null
  const width = address.family === 'IPv4' ? 32 : 128
  const bits = length === undefined ? width : Number(length)
  if (!Number.isInteger(bits) || bits < 0 || bits > width || length === '') return null
  const free = BigInt(width - bits)
  const first = (address.value >> free) << free
  return { family: address.family, first, last: first + (1n << free) - 1n }
}

export function holds(block: Block, { family, value }: Address): boolean {
  return block.family === family && block.first <= value && value <= block.last
}

/** One address for every stretch of `whole` on which no block of `others` begins or ends: all others behave alike. */
export function samples(whole: Block, others: readonly Block[]): readonly Address[] {
  const starts = others.flatMap((other) =>
    other.family === whole.family ? [other.first, other.last + 1n] : [],
  )
  const values = new Set([whole.first, ...starts.filter((at) => whole.first < at && at <= whole.last)])
  return [...values].map((value) => ({ family: whole.family, value }))
}

function readAddress(text: string): Address | null {
  if (/^\d+\.\d+\.\d+\.\d+$/.test(text)) {
    const parts = text.split('.').map(Number)
    if (parts.some((part) => part > 255)) return null
    return { family: 'IPv4', value: parts.reduce((sum, part) => sum * 256n + BigInt(part), 0n) }
  }
  const [head = '', tail, ...more] = text.split('::')
  if (!text.includes(':') || more.length > 0) return null
  const groups = (part: string): string[] => (part === '' ? [] : part.split(':'))
  const [left, right] = [groups(head), groups(tail ?? '')]
  const missing = 8 - left.length - right.length
  if (tail === undefined ? missing !== 0 : missing < 1) return null
  const all = [...left, ...Array.from({ length: missing }, () => '0'), ...right]
  if (!all.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return null
  return { family: 'IPv6', value: all.reduce((sum, group) => sum * 65536n + BigInt(`0x${group}`), 0n) }
}
