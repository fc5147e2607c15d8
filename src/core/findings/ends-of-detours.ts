// Client → waypoint, at the waypoint, where a change sends clients through it that came straight before: its policies,
// which are as they were, know nothing of them. Of a state alone nobody could say so: whoever wrote them may have named
// just whom they meant.
import type { Analysis } from '../analysis.ts'
import type { Waypoint } from '../ambient/waypoints.ts'
import { hasPort } from '../kubernetes/port-set.ts'
import { isEqual } from '../kubernetes/origin.ts'
import type { Workload } from '../kubernetes/state.ts'
import { clientOf } from '../policy/clients.ts'
import { fromRising, indexesOf } from '../policy/index-set.ts'
import { NO_PEERS, bothPeers, noPeers } from '../policy/peer-set.ts'
import { rulePorts } from '../policy/rule-matches.ts'
import { ANYBODY } from '../policy/peer.ts'
import { grouped } from '../source/grouped.ts'
import { fallingShort } from './closing.ts'
import type { ClosedEnd } from './waypoint-end.ts'

/**
 * For certain where nobody of the workload's own namespace gets in. Of some of its clients, of others that the change
 * enrols, and of gateways that it sends this way, it is not known whether they go there at all. Those of other namespaces
 * are nobody's business.
 */
export function endsOfDetours(base: Analysis, head: Analysis): readonly ClosedEnd[] {
  const { detoured, mesh, population, state, waypoints } = head
  if (detoured.length === 0) return []
  const before = new Map(base.state.workloads.map((workload) => [workload.id, workload]))
  const enrolled = grouped(
    mesh.members.filter(({ enrollment }) => enrollment.state === 'yes').map(({ workload }) => workload),
    ({ namespace }) => namespace.name,
  )
  const outside = new Map<Waypoint, KeptOut>()
  const ends = new Map<string, ClosedEnd>()
  for (const index of indexesOf(detoured)) {
    const workload = population.workloads[index] as Workload
    const was = before.get(workload.id)
    if (was === undefined) continue
    const cameThrough = base.waypoints.ways(was, 'ambient').direct !== 'yes'
    for (const { waypoint, sure } of waypoints.all(workload)) {
      const out = outside.get(waypoint) ?? keptOut(base, head, before, waypoint)
      outside.set(waypoint, out)
      const near = enrolled.get(workload.namespace.name) ?? []
      const isShut = near.every((one) => one === workload || out.all.has(one))
      const sent = cameThrough ? [] : near.filter((one) => out.all.has(one))
      for (const client of sure ? [...sent, ...out.fresh] : []) {
        const old = before.get(client.id)
        if (old === undefined || client === waypoint.pods || client === workload) continue
        const now = waypoints.ways(workload, clientOf(client, mesh))
        const then = base.waypoints.ways(was, clientOf(old, base.mesh))
        if (now.direct !== 'no' || then.direct !== 'yes' || !cameStraight(base, old, was)) continue
        const certainty = isShut && client.namespace.name === workload.namespace.name ? 'certain' : 'possible'
        const key = `${waypoint.id} ${certainty}`
        const known = ends.get(key)
        const peers = { ...NO_PEERS, known: fromRising([population.indexOf(client)]) }
        const lost = known === undefined ? peers : bothPeers(known.lost.peers, peers)
        ends.set(key, {
          ...{ end: waypoint.pods, direction: 'ingress', port: state.config.mesh.hbonePort, waypoint },
          ...{ before: known?.before ?? workload.id, culprits: [] },
          lost: { name: null, peers: lost, certainty, doubt: 'mesh' },
        })
      }
    }
  }
  return [...ends.values()].map((end) => ({ ...end, culprits: culpritsOf(head, end) }))
}

/** The clients that a waypoint keeps out by policies that are as they were. */
interface KeptOut {
  readonly all: ReadonlySet<Workload>
  /** Those of them that the change made clients of waypoints, and all gateways. */
  readonly fresh: readonly Workload[]
}

function keptOut(
  base: Analysis,
  head: Analysis,
  before: ReadonlyMap<string, Workload>,
  { pods }: Waypoint,
): KeptOut {
  const { clients, engine, mesh, population, state } = head
  if (engine.isOpen(pods, 'ingress') || !hasOldPolicies(base, head, pods))
    return { all: new Set(), fresh: [] }
  const { ambient, gateway } = clients({ ...NO_PEERS, known: population.everyone })
  const all = bothPeers(ambient, gateway)
  const { closed } = engine.split(pods, 'ingress', state.config.mesh.hbonePort, all)
  const out = [...indexesOf(closed.known)].map((index) => population.workloads[index] as Workload)
  const fresh = out.filter((client) => {
    const old = before.get(client.id)
    const kind = clientOf(client, mesh)
    return old !== undefined && (kind === 'gateway' || kind !== clientOf(old, base.mesh))
  })
  return { all: new Set(out), fresh }
}

/** Are the policies that govern the ingress of a waypoint those of the base? */
function hasOldPolicies(base: Analysis, head: Analysis, pods: Workload): boolean {
  const known = new Map(base.state.policies.map((policy) => [policy.id, policy]))
  return head.engine
    .governing(pods, 'ingress')
    .every(({ id, object }) => isEqual(known.get(id)?.object, object))
}

/** Did a client reach a workload, by HBONE or on a port of the workload's own? */
function cameStraight({ engine, mesh, state }: Analysis, client: Workload, workload: Workload): boolean {
  const { sends } = mesh.member(client)
  const { receives } = mesh.member(workload)
  const ports =
    sends !== 'outside' && receives !== 'outside' ? [state.config.mesh.hbonePort] : workload.declaredPorts
  const allowed = [
    engine.allows(workload, { kind: 'workload', workload: client }, 'ingress'),
    engine.allows(client, { kind: 'workload', workload }, 'egress'),
  ]
  return ports.some((port) => allowed.every(({ sure }) => hasPort(sure, 'TCP', port)))
}

/** The rules that let others in fall short; where there is none, what isolates the waypoint does. */
function culpritsOf(head: Analysis, { end, lost, port }: ClosedEnd): ClosedEnd['culprits'] {
  if (noPeers(lost.peers)) return []
  const letting = head.engine
    .letting(end, 'ingress')
    .filter(({ rule }) => hasPort(rulePorts(rule, end, ANYBODY).perhaps, 'TCP', port))
  return fallingShort(head, end, 'ingress', lost.peers, letting)
}
