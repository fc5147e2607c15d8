// Does anybody of the mesh get through, by what all policies of a workload come to together? Asked of the engine for
// those that rules name, and for those that nothing speaks of: no rule alone has the answer.
import type { World } from '../analysis.ts'
import type { Direction, PolicyRule } from '../kubernetes/kinds/policy.ts'
import { hasPort } from '../kubernetes/port-set.ts'
import type { Workload } from '../kubernetes/state.ts'
import { ANYBODY } from '../policy/peer.ts'
import { rulePorts } from '../policy/rule-matches.ts'
import type { PeerSet } from '../policy/peer-set.ts'
import { NO_PEERS, noPeers, withoutKnown } from '../policy/peer-set.ts'
import { NOBODY } from '../policy/index-set.ts'
import type { IndexSet } from '../policy/index-set.ts'
import type { Gate } from './waypoint-end.ts'
import { byStanding } from './waypoint-peers.ts'

interface But {
  /** Workloads that do not count. */
  readonly without?: IndexSet
  /** What is left of a rule if some of its peers do not count. */
  readonly only?: (rule: PolicyRule) => PolicyRule
  /** Ids of Gateways that were waypoints. */
  readonly former?: ReadonlySet<string>
  /** A waypoint does not count where it is not known that traffic takes it. */
  readonly surely?: boolean
}

/**
 * Is a TCP port open between a workload and any peer that is, or may be, in the mesh? Waypoints count for what is behind
 * them, and for their clients.
 */
export function meshGate(
  world: World,
  workload: Workload,
  direction: Direction,
  port: number,
  { without = NOBODY, only = (rule) => rule, former, surely = false }: But = {},
): Gate {
  const { engine, receivers, senders } = world
  if (engine.isOpen(workload, direction)) return 'open'
  const finder = direction === 'ingress' ? senders : receivers
  const into = direction === 'ingress' ? workload : null
  const cut = byStanding(world, workload, direction, former)
  const ask = (peers: PeerSet): Gate => {
    const { counts, perhaps } = cut(withoutKnown(peers, without))
    const { open, doubtful } = engine.split(workload, direction, port, counts)
    if (!noPeers(open)) return 'open'
    const unsure = engine.split(workload, direction, port, surely ? NO_PEERS : perhaps)
    return [doubtful, unsure.open, unsure.doubtful].every(noPeers) ? 'closed' : 'doubtful'
  }
  // Of those that rules name, the rule says for sure that it names them; of all others, only that it may.
  const named = engine
    .letting(workload, direction)
    .filter(({ rule }) => hasPort(rulePorts(rule, into, ANYBODY).perhaps, 'TCP', port))
    .flatMap(({ policy, rule }) => finder.ofRule(only(rule), policy))
    .flatMap(({ certain, possible }) => [certain, possible].map(ask))
  const { certain, possible } = finder.everyone
  const [members, strangers] = [ask(certain), ask(possible)]
  if ([...named, members, strangers].includes('open')) return 'open'
  const unnamed = members === 'doubtful' && engine.isolation(workload, direction) !== 'yes'
  return named.includes('doubtful') || unnamed ? 'doubtful' : 'closed'
}
