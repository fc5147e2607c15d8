// Mutants of defaulting and validation: what raw YAML means before any engine sees it.
import type { Mutants } from '../mutant.ts'

export const policyKind: Mutants = {
  file: 'src/core/kubernetes/kinds/network-policy.ts',
  mutants: [
    // Directions.
    ["if (name !== 'Ingress' && name !== 'Egress')", 'if (name === undefined)'],
    ['types.length > 0 ? types', 'types.length > 1 ? types'],
    ["egress.length > 0 ? ['Ingress', 'Egress']", "egress.length > 0 ? ['Egress']"],
    ["egress.length > 0 ? ['Ingress', 'Egress']", "egress.length > 1 ? ['Ingress', 'Egress']"],
    [": ['Ingress']\n", ": ['Ingress', 'Egress']\n"],
    ["speaks.includes('Ingress') ? ingress : null", 'ingress'],
    ["speaks.includes('Egress') ? egress : null", 'egress'],
    ["unknownKeys(spec, ['podSelector', 'policyTypes', 'ingress', 'egress'])", ''],
    // Rules.
    ['if (absent(rule)) fault', 'if (false) fault'],
    ["unknownKeys(rule, [peersKey, 'ports'])", ''],
    ['peers.length === 0 ? null : peers', 'peers'],
    ['ports.length === 0 ? null : ports', 'ports'],
    // Peers.
    ["unknownKeys(peer, ['podSelector', 'namespaceSelector', 'ipBlock'])", ''],
    ['!absent(pods) || !absent(namespaces)', '!absent(pods) && !absent(namespaces)'],
    ['!absent(pods) || !absent(namespaces)', '!absent(pods)'],
    ['if (!selects && absent(block)) {', 'if (false) {'],
    ['absent(namespaces) ? null : selectorField(namespaces)', 'selectorField(namespaces)'],
    ['absent(namespaces) ? null : selectorField(namespaces)', 'null'],
    ['if (selects) fault', 'if (false) fault'],
    ["unknownKeys(block, ['cidr', 'except'])", ''],
    ['!empty(outside) || ', ''],
    [' || empty(remains)', ''],
    ['set.IPv4.length === 0 && set.IPv6.length === 0', 'set.IPv4.length === 0'],
    ['set.IPv4.length === 0 && set.IPv6.length === 0', 'set.IPv6.length === 0'],
    ['rest = subtractAddresses(rest, cut)', 'rest = subtractAddresses(addresses, cut)'],
    ['addresses: rest,', 'addresses,'],
    ["value?.includes('/') === true", 'value !== undefined'],
    // Ports.
    ["unknownKeys(entry, ['port', 'protocol', 'endPort'])", ''],
    ['if (absent(port)) {\n    if (!absent(endPort))', 'if (absent(port)) {\n    if (false)'],
    ["=== 'string') {\n    if (!absent(endPort))", "=== 'string') {\n    if (false)"],
    ['{ protocol, low: 1, high: 65535 }', '{ protocol, low: 2, high: 65535 }'],
    ['{ protocol, low: 1, high: 65535 }', '{ protocol, low: 1, high: 65534 }'],
    ['{ protocol, low: 1, high: 65535 }', "{ protocol: 'TCP', low: 1, high: 65535 }"],
    ['if (!isPortName(port.value))', 'if (false)'],
    ['integer(port, 1, 65535)', 'integer(port, 0, 65535)'],
    ['integer(port, 1, 65535)', 'integer(port, 1, 65536)'],
    ['integer(endPort, 1, 65535)', 'integer(endPort, 1, 65536)'],
    ['high !== undefined && high < low', 'high !== undefined && high <= low'],
    ['high !== undefined && high < low', 'false'],
    ['high: high ?? low', 'high: low'],
    ["if (name === undefined) return 'TCP'", "if (name === undefined) return 'UDP'"],
    ['if (protocol === undefined) fault', 'if (false) fault'],
    ['name.length <= 15 && ', ''],
    ['/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name) && ', ''],
    [' && /[a-z]/.test(name)', ''],
  ],
  equivalent: [
    [
      'integer(endPort, 1, 65535)',
      'A lower bound of 0 changes nothing: an endPort below its port is refused anyway.',
    ],
  ],
}
