// Who keeps a port shut: the rules that deny it; where none does, the policies that let through nothing but what some
// rule admits.
import type { World } from '../analysis.ts'
import type { Direction } from '../kubernetes/kinds/policy.ts'
import { hasPort } from '../kubernetes/port-set.ts'
import type { Workload } from '../kubernetes/state.ts'
import { ANYBODY } from '../policy/peer.ts'
import type { Peer } from '../policy/peer.ts'
import { rulePorts } from '../policy/rule-matches.ts'
import type { Culprit } from './finding.ts'

/** For a TCP port between a workload and whoever it is, or one peer. */
export function closing(
  { engine }: World,
  workload: Workload,
  direction: Direction,
  port: number,
  peer: Peer | null = null,
): readonly Culprit[] {
  const denials =
    peer === null
      ? engine
          .denying(workload, direction)
          .filter(({ rule }) => hasPort(rulePorts(rule, null, ANYBODY).perhaps, 'TCP', port))
      : engine
          .allows(workload, peer, direction)
          .denials.filter(({ perhaps }) => hasPort(perhaps, 'TCP', port))
  return denials.length > 0
    ? denials.map(({ policy, rule }) => ({ policy, rule }))
    : engine.isolating(workload, direction).map((policy) => ({ policy, rule: null }))
}
