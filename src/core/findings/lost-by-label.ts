// Peers that change their labels, or the namespace that rules know them by: policies that stay as they are mean somebody
// else then, whom the tree does not show.
import type { Analysis } from '../analysis.ts'
import { hasPort } from '../kubernetes/port-set.ts'
import { isEqual } from '../kubernetes/origin.ts'
import type { Direction } from '../kubernetes/kinds/policy.ts'
import type { NetworkPolicy, Workload } from '../kubernetes/state.ts'
import { union } from '../kubernetes/interval-set.ts'
import { indexesOf } from '../policy/index-set.ts'
import { NO_PEERS } from '../policy/peer-set.ts'
import { whoWas } from './who-was.ts'

/**
 * Did policies that are the same let peers of the mesh in (or out to them) until now, and is none of those that the tree
 * shows among whom they mean? `old` is who the workload was on the base.
 */
export function lostByLabel(
  base: Analysis,
  head: Analysis,
  old: Workload,
  workload: Workload,
  direction: Direction,
): boolean {
  const { engine } = head
  if (engine.isolation(workload, direction) !== 'yes') return false
  if (
    !areOfSamePeers(base.engine.governing(old, direction), engine.governing(workload, direction), direction)
  )
    return false
  const port = head.state.config.mesh.hbonePort
  const { certain, possible } = (direction === 'ingress' ? head.senders : head.receivers).everyone
  const known = union(certain.known, possible.known)
  const { open, doubtful } = engine.split(workload, direction, port, { ...NO_PEERS, known })
  if (open.known.length + doubtful.known.length > 0) return false
  const { same } = whoWas(base, head)
  const role = direction === 'ingress' ? 'sends' : 'receives'
  const wasEnrolled = base.mesh.member(old).enrollment.state === 'yes'
  return [...indexesOf(known)].some((index) => {
    const was = same((head.population.workloads[index] as Workload).id)
    if (was === undefined || was === old) return false
    const { sure } = base.engine.allows(old, { kind: 'workload', workload: was }, direction)
    // Before enrolment the same traffic ran on application ports.
    if (!wasEnrolled) return sure.TCP.length > 0
    return hasPort(sure, 'TCP', port) && base.mesh.member(was)[role] !== 'outside'
  })
}

/** Do the same policies speak of the same peers? Of which ports they do is another matter: HBONE may be one more. */
function areOfSamePeers(
  was: readonly NetworkPolicy[],
  is: readonly NetworkPolicy[],
  direction: Direction,
): boolean {
  return (
    was.length === is.length &&
    is.every(({ id, spec }) => {
      const before = was.find((one) => one.id === id)?.spec[direction]
      const peersOf = (rules: typeof before): readonly unknown[] => (rules ?? []).map(({ peers }) => peers)
      const [then, now] = [peersOf(before), peersOf(spec[direction])]
      const isIn = (all: readonly unknown[]) => (one: unknown) => all.some((other) => isEqual(one, other))
      return before !== undefined && then.every(isIn(now)) && now.every(isIn(then))
    })
  )
}
