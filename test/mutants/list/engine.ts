// Mutants of the policy engine: which policies govern, in which stages, what a rule admits, one peer or many at once.
import type { Mutants } from '../mutant.ts'

const policies: Mutants = {
  file: 'src/core/policy/policy-engine.ts',
  mutants: [
    ['network.stages.length > 0', 'network.stages.length >= 0'],
    ["network.stages.includes('calico-tiers') ? state.tiers : null", 'null'],
    [', ...index.wide]', ']'],
    ["target = direction === 'ingress' ? workload", "target = direction === 'egress' ? workload"],
    [
      'weaker(ruleMatches(rule, policy, peer, network), selected)',
      'ruleMatches(rule, policy, peer, network)',
    ],
    ["match === 'yes' ? ports : { sure: NO_PORTS", "match !== 'no' ? ports : { sure: NO_PORTS"],
    // Many peers at once.
    ['entry.name === name && ', ''],
    ["entry.name === name && entry.protocol === 'TCP'", 'entry.name === name'],
    [' && entry.port === port', ''],
    ["const into = direction === 'ingress'", "const into = direction === 'egress'"],
    ["'name' in entry && entry.protocol === 'TCP' ?", "'name' in entry ?"],
    ['union(sum, named([name, port]))', 'named([name, port])'],
    ["intoUnseen: 'maybe',", "intoUnseen: 'yes',"],
    ['rules.map(({ policy, rule }) => [numberOf(policy), rule.route])', '[]'],
    ["hasPort(sure, 'TCP', port) ? 'yes'", "hasPort(perhaps, 'TCP', port) ? 'yes'"],
    ["hasPort(perhaps, 'TCP', port) ? 'maybe' : 'no'", "'no'"],
  ],
  equivalent: [
    [
      'narrowIn(index, workload.namespace.name)',
      'What is not of its namespace selects no workload: asked of all policies, the answer takes longer.',
    ],
    [
      'workload.pods.hostNetwork || !isEnforced',
      'Who asks about pods on the host network that a policy selects is told "unknown" before the engine is asked, and no rule judges them: they are never enrolled.',
    ],
  ],
}

const amending: Mutants = {
  file: 'src/core/kubernetes/amend-state.ts',
  mutants: [
    [' || home?.known !== true', ''],
    ['.filter((one) => !left.has(one))', ''],
    ['amendProblems(before.problems, was.problems, is.problems)', 'before.problems'],
    ['plainPolicies: before.plainPolicies.with(plain),', ''],
    ['policiesOf(name).filter(isReplaced), inside', '[], inside'],
  ],
}

const selecting: Mutants = {
  file: 'src/core/policy/selects.ts',
  mutants: [
    [
      "if (namespaces === null) return policy.namespace.name === namespace.name ? 'yes' : 'no'",
      "if (namespaces === null) return 'yes'",
    ],
    ["matches(namespaces, namespace.labels) ? 'yes' : 'no'", "'yes'"],
  ],
}

const chaining: Mutants = {
  file: 'src/core/policy/chain.ts',
  mutants: [['stages.length <= 1 && rules.every', 'rules.every']],
}

const cutting: Mutants = {
  file: 'src/core/policy/cut-peers.ts',
  mutants: [
    ['const rest = subtract(set, sure)', 'const rest = set'],
    ['doubtful: intersect(rest, perhaps)', 'doubtful: perhaps'],
    ['closed: subtract(rest, perhaps)', 'closed: rest'],
    ["part('doubtful', 'maybe')", "part('doubtful', 'no')"],
  ],
}

const deciding: Mutants = {
  file: 'src/core/policy/decide.ts',
  mutants: [
    ["end === 'next'", "end !== 'denied'"],
    ['{ sure: none, perhaps: next.perhaps }', 'next'],
    ['const sure = union(on.sure, after.sure)', 'const sure = on.sure'],
    ['union(on.perhaps, after.perhaps)', 'after.perhaps'],
    ['const sure = subtract(after.sure, on.perhaps)', 'const sure = subtract(after.sure, on.sure)'],
    ['subtract(after.perhaps, on.sure) }', 'subtract(after.perhaps, on.perhaps) }'],
    ['intersect(on.sure, next.sure)', 'intersect(on.sure, after.sure)'],
    ['intersect(next.sure, after.sure)', 'next.sure'],
    ['intersect(on.sure, next.perhaps)', 'on.sure'],
    ['union(next.perhaps, after.perhaps)', 'next.perhaps'],
  ],
}

const placing: Mutants = {
  file: 'src/core/policy/stages.ts',
  mutants: [
    ["...withAction(main, direction, 'deny'), ", ''],
    ['main.filter(({ policy }) => policy.spec.isolates[direction])', 'main'],
    ['.sort(([a], [b]) => compareOrders(a, b))', ''],
    ['const KUBERNETES_ORDER = 1000', 'const KUBERNETES_ORDER = Infinity'],
    ["=== 'Pass'", "!== 'Pass'"],
    ['compareOrders(orderOf(a), orderOf(b)) || ', ''],
    ['differ(rules, ({ rule }) => rule.action)', 'false'],
    ["isolating.some(({ match }) => match === 'yes')", 'true'],
  ],
}

const oneByOne: Mutants = {
  file: 'src/core/policy/rule-matches.ts',
  mutants: [
    // Ports.
    ['{ sure: ALL_PORTS, perhaps: ALL_PORTS }\n  const', '{ sure: NO_PORTS, perhaps: ALL_PORTS }\n  const'],
    ['portRange(entry.protocol, entry.low, entry.high)', 'portRange(entry.protocol, entry.low)'],
    ['portRange(entry.protocol, entry.low, entry.high)', "portRange('TCP', entry.low, entry.high)"],
    ['unionPorts(sure, namedPorts(entry, target))', 'sure'],
    ["(peer.kind !== 'addresses')", '(true)'],
    ["(peer.kind !== 'addresses')", '(false)'],
    ['port.name === entry.name && ', ''],
    [' && port.protocol === entry.protocol', ''],
    ["rule.ports.every((entry) => !('name' in entry))", "rule.ports.some((entry) => !('name' in entry))"],
    // Peers.
    ["rule.peers === null ? 'yes'", "rule.peers === null ? 'maybe'"],
    ["rule.doubt === null ? match : weaker(match, 'maybe')", 'match'],
    ["if (entity === 'none') return 'no'", ''],
    ["if (!network.blocksMatchPods || !kind.startsWith('Cilium')) return network", 'return network'],
    ["if (match === 'yes') return 'yes'", ''],
    ["if (match === 'maybe') result = 'maybe'", ''],
    ["match === 'yes' && pods.hostNetwork ? 'maybe' : match", 'match'],
    ["if (candidate.namespaces === null) return 'no'", "if (candidate.namespaces === null) return 'yes'"],
    ["if (!peer.pods) return 'no'", ''],
    ['candidate.pods.length === 0 && ', ''],
    [' && candidate.namespaces?.length === 0', ''],
    ["namespace.name === policy.namespace.name ? 'yes' : 'no'", "'yes'"],
    ['if (namespace.known)', 'if (policy.namespace.known)'],
    ["matches(selector, namespace.labels) ? 'yes' : 'no'", "'yes'"],
    ['{ [NAMESPACE_NAME_LABEL]: namespace.name }', '{}'],
    ["if (implies(narrow, wide)) return 'yes'", ''],
    ["overlap(narrow, wide) ? 'maybe' : 'no'", "'maybe'"],
    ["overlap(narrow, wide) ? 'maybe' : 'no'", "'no'"],
    // Blocks.
    ['within(peer.addresses, candidate.addresses)', 'within(candidate.addresses, peer.addresses)'],
    ["peer.kind === 'workload' && peer.workload.pods.hostNetwork", 'false'],
    ['network.nodes === null ? withinUnknown', 'network.pods === null ? withinUnknown'],
    ['network.blocksMatchPods ? match : ', ''],
    ["if (!network.blocksMatchPods) return 'no'", ''],
    ['within(network.pods, block)', "'maybe'"],
    ['[primaryFamily]: PRIVATE_ADDRESSES[primaryFamily]', 'IPv4: PRIVATE_ADDRESSES.IPv4'],
    ['subtractAddresses(pods, SHARED_ADDRESSES)', 'pods'],
    ["match === 'maybe' && ", ''],
    [' && onlyShared', ''],
    [' && !coversAddresses(SHARED_ADDRESSES, block)', ''],
    ["if (coversAddresses(block, part)) return 'yes'", "if (coversAddresses(part, block)) return 'yes'"],
    ["intersectAddresses(block, part)) ? 'no' : 'maybe'", "intersectAddresses(block, part)) ? 'no' : 'yes'"],
    [
      "intersectAddresses(block, part)) ? 'no' : 'maybe'",
      "intersectAddresses(block, part)) ? 'maybe' : 'maybe'",
    ],
  ],
}

const sets: Mutants = {
  file: 'src/core/policy/rule-sets.ts',
  mutants: [
    ['subtract(population.everyone, population.hostNetwork)', 'population.everyone'],
    ['if (namespaces !== null) return population', 'if (true) return population'],
    ['[[own, own + 1]]', '[[own, own + 2]]'],
    ['peer.namespaces ?? policy.namespace.name', 'peer.namespaces'],
    ['yes: subtract(there, doubtful)', 'yes: there'],
    ['union(intersect(there, doubtful), ', 'union(NOBODY, '],
    ['population.matching(peer.pods, maybe)),', 'NOBODY),'],
    ['=== wanted ? onPods', "=== 'yes' ? onPods"],
    ['=== wanted ? population', "=== 'yes' ? population"],
    [
      'if (rule.peers === null) return everyone',
      'if (rule.peers === null) return { yes: NOBODY, maybe: NOBODY }',
    ],
    ['more.length === 0 ? only', 'true ? only'],
    [
      'doubt === null ? { yes, maybe } : { yes: NOBODY',
      'doubt !== undefined ? { yes, maybe } : { yes: NOBODY',
    ],
    ['peer.doubt === undefined ? { yes, maybe }', 'true ? { yes, maybe }'],
    ['maybe: peer.outside ? NOBODY : population.everyone', 'maybe: NOBODY'],
    ["implies(pods, peer.pods) ? 'yes' : overlap", 'overlap'],
    ["overlap(pods, peer.pods) ? 'maybe' : 'no'", "'maybe'"],
    ['asMatched(sure, yes), ', "asMatched('maybe', yes), "],
    ["asMatched(weaker(sure, 'maybe'), maybe)", 'asMatched(sure, maybe)'],
    [
      'maybe: subtract(intervalSet(parts.flatMap((part) => part.maybe)), yes)',
      'maybe: intervalSet(parts.flatMap((part) => part.maybe))',
    ],
    ["if (match === 'no') return []", ''],
    ["match === 'yes' ? { yes: set", "match === 'maybe' ? { yes: set"],
  ],
}

export const engine: readonly Mutants[] = [
  policies,
  amending,
  selecting,
  chaining,
  cutting,
  deciding,
  placing,
  oneByOne,
  sets,
]
