// Client → waypoint, at the waypoint: it must let its clients in. A deny of the whole namespace, meant for applications,
// selects its pods as well.
import type { World } from '../analysis.ts'
import type { Waypoint } from '../ambient/waypoints.ts'
import { intervalSet, subtract } from '../kubernetes/interval-set.ts'
import type { Interval } from '../kubernetes/interval-set.ts'
import { hasPort } from '../kubernetes/port-set.ts'
import type { Workload } from '../kubernetes/state.ts'
import { fromRising, indexesOf } from '../policy/index-set.ts'
import { ANYBODY } from '../policy/peer.ts'
import { rulePorts } from '../policy/rule-matches.ts'
import type { MeshPeers } from '../policy/mesh-peers.ts'
import { NO_PEERS, noPeers, withoutKnown } from '../policy/peer-set.ts'
import type { PeerSet } from '../policy/peer-set.ts'
import { grouped } from '../source/grouped.ts'
import { fallingShort } from './closing.ts'
import type { Culprit } from './finding.ts'
import { admittedBy } from './admitted-by.ts'
import type { LostPeers } from './lost-peers.ts'
import { meshGate } from './mesh-gate.ts'
import { withOpenPorts } from './open-to.ts'
import { gateOf, meantThrough, openThrough } from './waypoint-end.ts'
import type { ClosedEnd, Gate } from './waypoint-end.ts'

/** The closed ends at waypoints, towards their clients. */
export function endsAtWaypoints(world: World): readonly ClosedEnd[] {
  const { ambient } = world.clients(world.senders.everyone.certain)
  return usesOf(world).flatMap((use) => closedToClients(world, use, ambient))
}

/** What stands behind a waypoint: workloads, and ServiceEntries, which are no workloads. */
interface Use {
  readonly waypoint: Waypoint
  readonly behind: readonly {
    readonly id: string
    readonly workload: Workload | null
    readonly sure: boolean
  }[]
}

function usesOf({ detoured, population, state, waypoints }: World): readonly Use[] {
  const workloads = [...indexesOf(detoured)].flatMap((index) => {
    const workload = population.workloads[index] as Workload
    return waypoints
      .all(workload)
      .map(({ waypoint, sure }) => ({ waypoint, id: workload.id, workload, sure }))
  })
  const entries = state.serviceEntries.flatMap((entry) =>
    waypoints
      .wayTo(entry, entry.spec.labels)
      .through.map(({ waypoint, sure }) => ({ waypoint, id: entry.id, workload: null, sure })),
  )
  return [...grouped([...workloads, ...entries], ({ waypoint }) => waypoint)].map(([waypoint, behind]) => ({
    waypoint,
    behind,
  }))
}

/**
 * Client → waypoint, at the waypoint. It keeps out clients that the workloads behind it let in, or that its own rules
 * let in on the ports of those; or it lets nobody in at all, although something behind it is open to it.
 */
function closedToClients(world: World, { waypoint, behind }: Use, everybody: PeerSet): readonly ClosedEnd[] {
  const { clients, engine, population, state } = world
  const { hbonePort } = state.config.mesh
  if (engine.isOpen(waypoint.pods, 'ingress')) return []
  const closed = (
    before: string,
    { name, certain, possible }: MeshPeers,
    sure: boolean,
    meant: readonly Culprit[],
  ): readonly ClosedEnd[] => {
    const known = engine.split(waypoint.pods, 'ingress', hbonePort, certain)
    const unknown = engine.split(waypoint.pods, 'ingress', hbonePort, possible)
    const lost: readonly LostPeers[] = [
      { name, peers: known.closed, certainty: sure ? 'certain' : 'possible', doubt: 'mesh' },
      { name, peers: sure ? unknown.closed : NO_PEERS, certainty: 'possible', doubt: 'mesh' },
      { name, peers: sure ? known.doubtful : NO_PEERS, certainty: 'possible', doubt: 'rule' },
    ]
    return lost.flatMap((one): readonly ClosedEnd[] => {
      if (noPeers(one.peers)) return []
      const culprits = fallingShort(world, waypoint.pods, 'ingress', one.peers, meant)
      return [
        {
          ...{ end: waypoint.pods, direction: 'ingress', port: hbonePort },
          ...{ waypoint, before, lost: one, culprits },
        },
      ]
    })
  }
  const itself = waypoint.shown ? fromRising([population.indexOf(waypoint.pods)]) : []
  const wanted = behind.flatMap(({ workload, sure }) =>
    workload === null
      ? []
      : meantThrough(world, workload, waypoint).flatMap(({ clients: { name, certain, possible } }) =>
          closed(
            workload.id,
            { name, certain: withoutKnown(certain, itself), possible: withoutKnown(possible, itself) },
            sure,
            [],
          ),
        ),
  )
  // What nothing isolates means whoever comes through: those whom a rule of the waypoint denies are lost. Whom its rules just
  // leave out, they may leave out on purpose.
  const denies = engine
    .denying(waypoint.pods, 'ingress')
    .some(({ rule }) => hasPort(rulePorts(rule, waypoint.pods, ANYBODY).perhaps, 'TCP', hbonePort))
  const denied = (denies ? behind : []).flatMap(({ workload, sure }) =>
    workload === null
      ? []
      : engine
          .closing(waypoint.pods, 'ingress', hbonePort, openThrough(world, workload, waypoint))
          .filter(({ rule }) => rule?.action === 'deny')
          .flatMap(({ peers }) => {
            const certain = { ...NO_PEERS, known: subtract(peers.known, itself) }
            return closed(workload.id, { name: null, certain, possible: NO_PEERS }, sure, [])
          }),
  )
  const [first] = behind
  const admitting = engine.letting(waypoint.pods, 'ingress')
  const onOtherPorts = admitting.flatMap(({ policy, rule }) =>
    admittedBy(world, waypoint.pods, 'ingress', rule, policy).flatMap((admitted) => {
      const { ports, peers } = withOpenPorts(world, waypoint.pods, 'ingress', admitted)
      if (hasPort(ports, 'TCP', hbonePort) || subtract(ports.TCP, OWN_PORTS).length === 0) return []
      const ambient = { ...peers, certain: clients(peers.certain).ambient, possible: NO_PEERS }
      return closed(first?.id ?? waypoint.id, ambient, first?.sure ?? false, [{ policy, rule }])
    }),
  )
  const gate = meshGate(world, waypoint.pods, 'ingress', hbonePort, { without: itself })
  if (wanted.length > 0 || onOtherPorts.length > 0 || gate === 'open')
    return [...wanted, ...denied, ...onOtherPorts]
  // Whoever admits the waypoint alone means everybody who comes through it.
  const admits = ({ workload }: Use['behind'][number]): Gate =>
    workload === null ? 'open' : gateOf(world, workload, 'ingress', waypoint.pods)
  const free =
    behind.find((one) => admits(one) === 'open') ?? behind.find((one) => admits(one) === 'doubtful')
  if (free === undefined) return []
  const ends = closed(free.id, { name: 'any', certain: everybody, possible: NO_PEERS }, free.sure, [])
  // Nobody gets in for sure, and somebody may, or what is behind it may be closed too: then it is not known of anybody.
  return gate === 'closed' && admits(free) === 'open'
    ? ends
    : ends.map((end) => ({ ...end, lost: inDoubt(end.lost) }))
}

function inDoubt(lost: LostPeers): LostPeers {
  return { ...lost, certainty: 'possible', doubt: 'rule' }
}

/** Ports of the proxy itself, for metrics and probes: whoever may come there means no workload behind it. */
const OWN_PORTS = intervalSet([15000, 15020, 15021, 15090].map((port): Interval<number> => [port, port + 1]))
