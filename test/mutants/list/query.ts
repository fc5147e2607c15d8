// Mutants of `reach`: one question, both directions.
import type { Mutants } from '../mutant.ts'

export const query: Mutants = {
  file: 'src/core/policy/query.ts',
  mutants: [
    ['if (from === null) return failed', 'if (false) return failed'],
    ['if (to === null) return failed', 'if (false) return failed'],
    ["from.kind === 'addresses' && to.kind === 'addresses'", 'false'],
    ['if (port === null) return failed', 'if (false) return failed'],
    ['if (isHidden(end.workload, direction)) return UNKNOWN', ''],
    [
      'if (isHidden(end.workload, direction)) return UNKNOWN',
      'if (isHidden(end.workload, direction)) return OPEN',
    ],
    ["[ask(from, to, 'egress'), ask(to, from, 'ingress')]", "[ask(to, from, 'ingress')]"],
    ["[ask(from, to, 'egress'), ask(to, from, 'ingress')]", "[ask(from, to, 'egress')]"],
    ['denied.length > 0 ? denied : sides', 'sides'],
    ["denied.length > 0 ? 'denied' : sides.some", 'sides.some'],
    ["sides.some((one) => one.verdict === 'unknown')", "sides.every((one) => one.verdict === 'unknown')"],
    // The ports that are open between two.
    ['if (isHidden(end.workload, direction)) return NO_PORTS', ''],
    [
      "open(source, target, 'egress'), open(target, source, 'ingress')",
      "ALL_PORTS, open(target, source, 'ingress')",
    ],
    [
      "open(source, target, 'egress'), open(target, source, 'ingress')",
      "open(source, target, 'egress'), ALL_PORTS",
    ],
    // Ports by name.
    ["if (typeof port === 'number') return port", ''],
    ['declared.name === port && declared.protocol', 'declared.protocol'],
    [' && declared.protocol === protocol', ''],
    // Blocks.
    [
      "parts.every(({ verdict }) => verdict === 'allowed')",
      "parts.some(({ verdict }) => verdict === 'allowed')",
    ],
    ["refused = parts.filter(({ verdict }) => verdict === 'denied')", 'refused = parts'],
    ['noAddresses(admitted) ? null : ', ''],
    ['unique(refused.flatMap(({ because }) => because))', 'refused.flatMap(({ because }) => because)'],
    [', subtractAddresses(part, block)]', ']'],
    ['[intersectAddresses(part, block), ', '['],
    ['.filter((part) => !noAddresses(part))', ''],
    ['hasPort(hit.sure, protocol, port)', 'hasPort(hit.perhaps, protocol, port)'],
    ['if (hasPort(sure, protocol, port)) return', 'if (hasPort(perhaps, protocol, port)) return'],
    ['if (hasPort(perhaps, protocol, port)) return', 'if (false) return'],
    // What hides the answer.
    ["kind === 'unreadable' || UNSEEN", 'UNSEEN'],
    ["  'policy-not-evaluated',\n", ''],
    ["  'duplicate-object',\n", ''],
    ["  'kyverno-writes',\n", ''],
    ["  'written-at-run-time',\n", ''],
    ['everywhere ||\n', ''],
    ['namespaces.has(workload.namespace.name) ||\n', ''],
    ['(workload.pods.hostNetwork &&\n', '(\n'],
    ['(workload.pods.hostNetwork &&\n', '(false &&\n'],
    ['policy.spec[direction] !== null && ', ''],
    [" && selects(policy, workload) !== 'no'", ''],
  ],
  equivalent: [
    [
      'if (refused.length === 0) return UNKNOWN',
      'Never so: addresses are cut where blocks end, so each part is admitted or not.',
    ],
    ['if (first === undefined) return UNKNOWN', 'Never so: no block is empty.'],
  ],
}
