// Mutants of the arithmetic: labels, ports, intervals, addresses.
import type { Mutants } from '../mutant.ts'

const labels: Mutants = {
  file: 'src/core/kubernetes/labels.ts',
  mutants: [
    ["a === 'no' || b === 'no'", "a === 'no' && b === 'no'"],
    ["a === 'maybe' || b === 'maybe'", "a === 'maybe' && b === 'maybe'"],
    ['Object.hasOwn(labels, key) ? labels[key] : undefined', 'labels[key]'],
    ['selector.every((requirement) => holds', 'selector.some((requirement) => holds'],
    ["if (value === undefined) result = 'maybe'", "if (value === undefined) return 'no'"],
    [
      "if (value === undefined) result = 'maybe'\n    else if (!holds(requirement, value)) return 'no'",
      "if (value === undefined) result = 'maybe'",
    ],
    [
      "if (isOpen) result = 'maybe'\n    else if (!holds(requirement, value)) return 'no'",
      "if (isOpen) result = 'maybe'",
    ],
    ['wide.every((wanted)', 'wide.some((wanted)'],
    ['if (given.key !== wanted.key) return false', ''],
    ["given.operator === 'In' && given.values.every(", "given.operator === 'In' && given.values.some("],
    ["given.operator === 'In' || given.operator === 'Exists'", "given.operator === 'Exists'"],
    ["given.operator === 'In' || given.operator === 'Exists'", "given.operator !== 'DoesNotExist'"],
    [
      "        case 'DoesNotExist':\n          return given.operator === 'DoesNotExist'\n",
      "        case 'DoesNotExist':\n          return true\n",
    ],
    ['return !given.values.some((value)', 'return !given.values.every((value)'],
    ['wanted.values.every((value) => given.values', 'wanted.values.some((value) => given.values'],
    [
      "          return given.operator === 'DoesNotExist'\n        case 'Contains'",
      "          return true\n        case 'Contains'",
    ],
    ["if (one.operator !== 'In') return true", "if (one.operator !== 'In') return false"],
    ['one.values.some((value) => together', 'one.values.every((value) => together'],
    ['other.key !== one.key || holds(other, value)', 'other.key !== one.key'],
    ["requirement.operator === 'In' && requirement.values.length === 1", "requirement.operator === 'In'"],
    ['value !== undefined && requirement.values.includes(value)', 'value !== undefined'],
    [
      'value === undefined || !requirement.values.includes(value)',
      '!requirement.values.includes(value ?? "a")',
    ],
    ['value === undefined || !requirement.values.includes(value)', 'value === undefined'],
    ["    case 'Exists':\n      return value !== undefined", "    case 'Exists':\n      return value !== ''"],
    [
      "    case 'DoesNotExist':\n      return value === undefined",
      "    case 'DoesNotExist':\n      return !value",
    ],
  ],
}

const ports: Mutants = {
  file: 'src/core/kubernetes/port-set.ts',
  mutants: [
    ['[[1, 65536]]', '[[1, 65535]]'],
    ['[[1, 65536]]', '[[2, 65536]]'],
    ['[[low, high + 1]]', '[[low, high]]'],
    ['[[low, high + 1]]', '[[low + 1, high + 1]]'],
    ['a === b || a === NO_PORTS || b === ALL_PORTS', 'b === NO_PORTS'],
    ['b === NO_PORTS || a === ALL_PORTS', 'b === ALL_PORTS || a === ALL_PORTS'],
    ['intervals.union(a[protocol], b[protocol])', 'intervals.union(a[protocol], b.TCP)'],
    ['if (a === ALL_PORTS) return b', 'if (a === ALL_PORTS) return a'],
    ['if (b === ALL_PORTS) return a', 'if (b === ALL_PORTS) return b'],
    ['intervals.subtract(a[protocol], b[protocol])', 'intervals.subtract(a[protocol], b.TCP)'],
    ['intervals.contains(set[protocol], port)', 'intervals.contains(set.TCP, port)'],
    [
      'PROTOCOLS.every((protocol) => set[protocol].length === 0)',
      'PROTOCOLS.some((protocol) => set[protocol].length === 0)',
    ],
    ["UDP: make('UDP')", "UDP: make('TCP')"],
    ["SCTP: make('SCTP')", "SCTP: make('TCP')"],
  ],
}

const intervals: Mutants = {
  file: 'src/core/kubernetes/interval-set.ts',
  mutants: [
    ['.filter(([low, high]) => low < high)', ''],
    ['a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0', '0'],
    ['low <= last[1]', 'low < last[1]'],
    ['if (high > last[1]) last[1] = high', 'last[1] = high'],
    ['if (a.length === 0) return b', 'if (a.length === 0) return a'],
    ['if (b.length === 0) return a', 'if (b.length === 0) return b'],
    ['left[0] > right[0] ? left[0] : right[0]', 'left[0] < right[0] ? left[0] : right[0]'],
    ['const high = left[1] < right[1] ?', 'const high = left[1] > right[1] ?'],
    ['if (low < high) result.push', 'if (low <= high) result.push'],
    ['if (left[1] < right[1]) i += 1', 'if (left[1] > right[1]) i += 1'],
    ['if (a.length === 0 || b.length === 0) return a', 'if (a.length === 0 || b.length === 0) return b'],
    ['while (first < b.length && ', 'while (false && '],
    ['let i = first; i < b.length', 'let i = first; i < 1'],
    ['if (cutLow > at) result.push', 'if (cutLow >= at) result.push'],
    ['at = cutHigh\n', 'at = cutLow\n'],
    ['if (at < high) result.push', 'if (at <= high) result.push'],
    ['low <= value && value < high', 'low < value && value < high'],
    ['low <= value && value < high', 'low <= value && value <= high'],
  ],
  equivalent: [
    [
      'if (cutLow >= high) break',
      'Sooner or later: cuts beyond the interval push [at, high) once, and nothing after it.',
    ],
  ],
}

const addresses: Mutants = {
  file: 'src/core/kubernetes/address-set.ts',
  mutants: [
    ['[[0, 2 ** 32]]', '[[0, 2 ** 32 - 1]]'],
    ['[[0n, 1n << 128n]]', '[[1n, 1n << 128n]]'],
    ["addressSet(['100.64.0.0/10'])", "addressSet(['100.64.0.0/11'])"],
    ["'172.16.0.0/12', ", ''],
    [", 'fc00::/7'", ", 'fd00::/8'"],
    ["addressSet(['fd16:9254:7127:1337:ffff:ffff:ffff:ffff/128'])", 'NO_ADDRESSES'],
    ['rest.length > 0 || ', ''],
    ['!/^(0|[1-9]\\d{0,2})$/.test(prefix)', '!/^\\d{1,3}$/.test(prefix)'],
    ["part.length > 1 && part.startsWith('0')", 'false'],
    ['if (bits > 32) return null', ''],
    ['2 ** (32 - bits)', '2 ** (31 - bits)'],
    ['const low = Math.floor(value / size) * size', 'const low = value'],
    ["address.includes('%') || ", ''],
    ['bits > 128 || ', ''],
    [' || parsed.isIPv4MappedAddress()', ''],
    ['1n << BigInt(128 - bits)', '1n << BigInt(127 - bits)'],
    ['low = (value / size) * size', 'low = value'],
    ["block.includes(':') ? 'IPv6' : 'IPv4'", "'IPv4'"],
    ["address.includes('/') ? address :", 'false ? address :'],
    ['intervals.union(a.IPv6, b.IPv6)', 'a.IPv6'],
    ['intervals.intersect(a.IPv6, b.IPv6)', 'a.IPv6'],
    ['intervals.subtract(a.IPv6, b.IPv6)', 'a.IPv6'],
    ['set.IPv4.length === 0 && set.IPv6.length === 0', 'set.IPv4.length === 0'],
    ['set.IPv4.length === 0 && set.IPv6.length === 0', 'set.IPv6.length === 0'],
    ['subtractAddresses(part, whole)', 'subtractAddresses(whole, part)'],
  ],
}

export const sets: readonly Mutants[] = [labels, ports, intervals, addresses]
