// What a policy for probes lacks that closes all else: default deny turned off. Only what the finding is about is turned
// off: a policy that has rules for egress as well keeps closing egress.
import type { Analysis } from '../analysis.ts'
import type { ComparedFinding } from '../findings/compare.ts'
import { specRoute } from '../findings/finding.ts'
import { list } from '../findings/words.ts'
import { ALL_PORTS } from '../kubernetes/port-set.ts'
import { valueAt } from '../kubernetes/origin.ts'
import type { NetworkPolicy } from '../kubernetes/state.ts'
import type { SetPatch } from '../yaml/types.ts'
import type { Addition, Need } from './need.ts'

/** For every member of the policy that a finding is about: members share the name, and so the finding. */
export function turnOffDefaultDeny({ findings }: Analysis, { rule, workload }: ComparedFinding): Need {
  const members = findings
    .filter((other) => other.rule === rule && other.workload.id === workload.id)
    .flatMap(({ culprits }) => culprits.map(({ policy }) => policy))
  return { additions: members.flatMap(additionsFor), remark: VERSION }
}

/** Which version runs is not in the tree (cilium/cilium#30572). */
const VERSION = ' Cilium reads enableDefaultDeny since 1.16; older versions ignore it.'

function additionsFor(policy: NetworkPolicy): readonly Addition[] {
  // Without rules for egress this changes nothing, and is how Istio's documentation has it.
  const directions = policy.spec.isolates.egress ? ['ingress'] : ['ingress', 'egress']
  return patchesFor(policy, directions).map((patch): Addition => ({
    policy,
    patch,
    rule: null,
    apart: null,
    use: 'probes',
    // Whatever another policy of its pods denies stays shut: the opening is the most that there can be.
    opening: { policyId: policy.id, direction: 'ingress', peers: null, ports: ALL_PORTS },
    phrase: `turns default deny off for ${list(directions)}, so that every pod that it selects is open to any peer on every port, unless another policy isolates it`,
  }))
}

function patchesFor(policy: NetworkPolicy, directions: readonly string[]): readonly SetPatch[] {
  const route = [...specRoute(policy), 'enableDefaultDeny']
  const current = valueAt(policy.object, route)
  if (typeof current !== 'object' || current === null) {
    const value = Object.fromEntries(directions.map((direction) => [direction, false]))
    return [{ op: 'set', route, value }]
  }
  return directions
    .filter((direction) => valueAt(current, [direction]) !== false)
    .map((direction) => ({ op: 'set', route: [...route, direction], value: false }))
}
