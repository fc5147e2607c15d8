// Traffic through a waypoint takes two connections, client to waypoint and waypoint to workload, both on the HBONE
// port; each end of each has policies of its own. This finds the ends that keep one of them out.
import type { World } from '../analysis.ts'
import type { Waypoint } from '../ambient/waypoints.ts'
import { addressSet, coversAddresses, intersectAddresses, noAddresses } from '../kubernetes/address-set.ts'
import { contains, intersect } from '../kubernetes/interval-set.ts'
import { hasPort } from '../kubernetes/port-set.ts'
import type { Direction, PolicyRule } from '../kubernetes/kinds/network-policy.ts'
import type { NetworkPolicy, ServiceEntry, Workload } from '../kubernetes/state.ts'
import { fromRising, indexesOf } from '../policy/index-set.ts'
import type { MeshPeers } from '../policy/mesh-peers.ts'
import { podsName } from '../policy/peer.ts'
import { NO_PEERS, bothPeers, noPeers, onlyKnown, withoutKnown } from '../policy/peer-set.ts'
import type { PeerSet } from '../policy/peer-set.ts'
import { GATEWAY_NAME, NAMESPACE_NAME_LABEL } from '../kubernetes/labels.ts'
import { compareText } from '../source/problem.ts'
import type { Certainty, Culprit } from './finding.ts'
import { admittedBy } from './lost-peers.ts'
import type { LostPeers } from './lost-peers.ts'

/** One end of a connection through a waypoint that its own policies keep shut. */
export interface ClosedEnd {
  /** Whose policies they are: a workload behind the waypoint, a client of it, or the waypoint itself. */
  readonly end: Workload
  readonly direction: Direction
  readonly waypoint: Waypoint
  /** What the waypoint stands before: `Kind/namespace/name`. */
  readonly before: string
  readonly lost: LostPeers
  readonly culprits: readonly Culprit[]
}

/** Every closed end, by end, direction and waypoint in a fixed order. */
export function closedEnds(world: World): readonly ClosedEnd[] {
  const ends = [
    ...world.mesh.members.flatMap(({ workload, enrollment }) =>
      enrollment.state === 'yes'
        ? [...closedToWaypoint(world, workload), ...closedForClient(world, workload)]
        : [],
    ),
    ...closedForEntries(world),
    ...atWaypoints(world),
  ]
  return ends.sort(
    (a, b) =>
      compareText(a.end.id, b.end.id) ||
      compareText(a.direction, b.direction) ||
      compareText(a.waypoint.id, b.waypoint.id) ||
      compareText(a.before, b.before),
  )
}

/** Waypoint → workload: the workload lets in clients that come through the waypoint, and not the waypoint. */
function closedToWaypoint(world: World, workload: Workload): readonly ClosedEnd[] {
  const { engine, state, waypoints } = world
  const { hbonePort } = state.config.mesh
  if (engine.isolating(workload, 'ingress').length === 0) return []
  return waypoints.all(workload).flatMap(({ waypoint, sure }): ClosedEnd[] => {
    const gate = gateOf(world, workload, 'ingress', waypoint.pods)
    if (gate === 'open' || (gate === 'doubtful' && !sure)) return []
    const meant = clientsOf(world, workload, waypoint)
    if (meant.length === 0) return []
    // Whether the traffic comes this way is not known: where the straight way is closed as well, another rule says so.
    if (!sure) {
      const straight = meant.some(({ peers }) =>
        [peers.certain, peers.possible].some(
          (some) => !noPeers(engine.split(workload, 'ingress', hbonePort, some).open),
        ),
      )
      if (!straight) return []
    }
    const known = meant.some(
      ({ peers, rule, policy }) => !noPeers(engine.matches(rule, policy, peers.certain).open),
    )
    const certainty: Certainty = sure && known && gate === 'closed' ? 'certain' : 'possible'
    const lost = waypointAsLost(world, waypoint, certainty)
    const culprits = meant.map(({ policy, rule }) => ({ policy, rule }))
    return [{ end: workload, direction: 'ingress', waypoint, before: workload.id, lost, culprits }]
  })
}

interface Meant {
  readonly policy: NetworkPolicy
  readonly rule: PolicyRule
  readonly peers: MeshPeers
}

/** Whom the rules of a workload let in of those who come through a waypoint, and the waypoint where they name it. */
function clientsOf(world: World, workload: Workload, waypoint: Waypoint): readonly Meant[] {
  const { clients, engine, population, waypoints } = world
  const throughFor = (client: 'ambient' | 'gateway'): boolean =>
    waypoints.ways(workload, client).through.some((one) => one.waypoint === waypoint)
  const itself = waypoint.shown ? fromRising([population.indexOf(waypoint.pods)]) : []
  const through = (peers: PeerSet): PeerSet => {
    const cut = clients(peers)
    return [
      ...(throughFor('ambient') ? [cut.ambient] : []),
      ...(throughFor('gateway') ? [cut.gateway] : []),
      onlyKnown(peers, itself),
    ].reduce(bothPeers, NO_PEERS)
  }
  return engine.isolating(workload, 'ingress').flatMap((policy) =>
    (policy.spec.ingress ?? []).flatMap((rule) =>
      admittedBy(world, workload, 'ingress', rule, policy).flatMap(
        ({ peers: { name, certain, possible } }) => {
          const peers = { name, certain: through(certain), possible: through(possible) }
          return noPeers(peers.certain) && noPeers(peers.possible) ? [] : [{ policy, rule, peers }]
        },
      ),
    ),
  )
}

/** Client → waypoint, at the client: it may send to a workload behind the waypoint, and not to the waypoint. */
function closedForClient(world: World, client: Workload): readonly ClosedEnd[] {
  const { detoured, engine, population, waypoints } = world
  if (detoured.length === 0) return []
  return engine.isolating(client, 'egress').flatMap((policy) =>
    (policy.spec.egress ?? []).flatMap((rule) =>
      admittedBy(world, client, 'egress', rule, policy).flatMap(({ peers }) =>
        (['certain', 'possible'] as const).flatMap((side) =>
          [...indexesOf(intersect(peers[side].known, detoured))].flatMap((index) => {
            const destination = population.workloads[index] as Workload
            return waypoints
              .ways(destination, 'ambient')
              .through.flatMap(({ waypoint, sure }): ClosedEnd[] => {
                const gate = gateOf(world, client, 'egress', waypoint.pods)
                if (gate === 'open' || (gate === 'doubtful' && !sure)) return []
                if (!sure && gateOf(world, client, 'egress', destination) !== 'open') return []
                const certain = sure && side === 'certain' && gate === 'closed'
                const lost = waypointAsLost(world, waypoint, certain ? 'certain' : 'possible')
                return [
                  {
                    end: client,
                    direction: 'egress',
                    waypoint,
                    before: destination.id,
                    lost,
                    culprits: [{ policy, rule }],
                  },
                ]
              })
          }),
        ),
      ),
    ),
  )
}

/** Client → waypoint of a ServiceEntry, at the client: it may reach what the entry leads to, and not the waypoint. */
function closedForEntries(world: World): readonly ClosedEnd[] {
  const { engine, mesh, state, waypoints } = world
  return state.serviceEntries.flatMap((entry) => {
    const { through } = waypoints.wayTo(entry, entry.spec.labels)
    return through.flatMap(({ waypoint, sure }) =>
      mesh.members.flatMap(({ workload, enrollment }) => {
        if (enrollment.state !== 'yes' || workload.namespace !== entry.namespace) return []
        const gate = gateOf(world, workload, 'egress', waypoint.pods)
        if (gate === 'open' || (gate === 'doubtful' && !sure)) return []
        return engine.isolating(workload, 'egress').flatMap((policy) =>
          (policy.spec.egress ?? []).flatMap((rule): ClosedEnd[] => {
            const meant = leadsTo(rule, entry)
            if (meant === 'no') return []
            const certain = sure && meant === 'yes' && gate === 'closed'
            const lost = waypointAsLost(world, waypoint, certain ? 'certain' : 'possible')
            return [
              {
                end: workload,
                direction: 'egress',
                waypoint,
                before: entry.id,
                lost,
                culprits: [{ policy, rule }],
              },
            ]
          }),
        )
      }),
    )
  })
}

/** Does an egress rule mean what an entry leads to? For sure where it names its address, perhaps where it lets all out. */
function leadsTo({ peers, ports }: PolicyRule, { spec }: ServiceEntry): 'yes' | 'maybe' | 'no' {
  const onPort =
    ports === null ||
    ports.some(
      (port) =>
        port.protocol === 'TCP' &&
        !('name' in port) &&
        spec.ports.some((number) => contains([[port.low, port.high + 1]], number)),
    )
  if (!onPort) return 'no'
  if (peers === null) return 'maybe'
  const answers = peers.map((peer) => {
    if (peer.kind !== 'block') return 'no'
    const wide = coversAddresses(peer.addresses, INTERNET)
    if (!wide && !noAddresses(intersectAddresses(peer.addresses, spec.addresses))) return 'yes'
    return wide ? 'maybe' : 'no'
  })
  return answers.includes('yes') ? 'yes' : answers.includes('maybe') ? 'maybe' : 'no'
}

/** A stretch of public addresses: a block that covers it is meant for the internet. */
const INTERNET = addressSet(['8.0.0.0/8'])

/** At the waypoint itself: its clients on one side, the workloads behind it on the other. */
function atWaypoints(world: World): readonly ClosedEnd[] {
  return waypointsInUse(world).flatMap((use) => [
    ...closedToClients(world, use),
    ...closedToWorkloads(world, use),
  ])
}

interface Use {
  readonly waypoint: Waypoint
  readonly behind: readonly { readonly workload: Workload; readonly sure: boolean }[]
  readonly entries: readonly { readonly entry: ServiceEntry; readonly sure: boolean }[]
}

function waypointsInUse({ mesh, state, waypoints }: World): readonly Use[] {
  const uses = new Map<Waypoint, { behind: Use['behind'][number][]; entries: Use['entries'][number][] }>()
  const use = (
    waypoint: Waypoint,
  ): { behind: Use['behind'][number][]; entries: Use['entries'][number][] } => {
    const known = uses.get(waypoint) ?? { behind: [], entries: [] }
    uses.set(waypoint, known)
    return known
  }
  for (const { workload, receives } of mesh.members) {
    if (receives !== 'certain') continue
    for (const { waypoint, sure } of waypoints.all(workload)) use(waypoint).behind.push({ workload, sure })
  }
  for (const entry of state.serviceEntries) {
    for (const { waypoint, sure } of waypoints.wayTo(entry, entry.spec.labels).through)
      use(waypoint).entries.push({ entry, sure })
  }
  return [...uses].map(([waypoint, { behind, entries }]) => ({ waypoint, behind, entries }))
}

/**
 * Client → waypoint, at the waypoint: it keeps out clients that the workloads behind it let in, or that its own rules
 * admit on other ports, or everybody although nothing behind it is closed.
 */
function closedToClients(world: World, { waypoint, behind, entries }: Use): readonly ClosedEnd[] {
  const { clients, engine, senders, state } = world
  const { hbonePort } = state.config.mesh
  const isolating = engine.isolating(waypoint.pods, 'ingress')
  if (isolating.length === 0) return []
  const end = (before: string, lost: LostPeers, culprits: readonly Culprit[]): ClosedEnd[] =>
    noPeers(lost.peers)
      ? []
      : [{ end: waypoint.pods, direction: 'ingress', waypoint, before, lost, culprits }]
  const closed = (
    before: string,
    { name, certain, possible }: MeshPeers,
    sure: boolean,
    culprits: readonly Culprit[],
  ): ClosedEnd[] => {
    const known = engine.split(waypoint.pods, 'ingress', hbonePort, certain)
    const unknown = engine.split(waypoint.pods, 'ingress', hbonePort, possible)
    const unsure = bothPeers(known.doubtful, unknown.closed)
    return [
      ...end(
        before,
        { name, peers: known.closed, certainty: sure ? 'certain' : 'possible', doubt: 'mesh' },
        culprits,
      ),
      ...(sure ? end(before, { name, peers: unsure, certainty: 'possible', doubt: 'mesh' }, culprits) : []),
    ]
  }
  const own = isolating.map((policy): Culprit => ({ policy, rule: null }))
  const wanted = behind.flatMap(({ workload, sure }) =>
    clientsOf(world, workload, waypoint).flatMap(({ peers }) => {
      const itself = waypoint.shown ? fromRising([world.population.indexOf(waypoint.pods)]) : []
      const others = {
        ...peers,
        certain: withoutKnown(peers.certain, itself),
        possible: withoutKnown(peers.possible, itself),
      }
      return closed(workload.id, others, sure, own)
    }),
  )
  const [first] = [
    ...behind.map(({ workload, sure }) => ({ id: workload.id, sure })),
    ...entries.map(({ entry, sure }) => ({ id: entry.id, sure })),
  ]
  const onOtherPorts = isolating.flatMap((policy) =>
    (policy.spec.ingress ?? []).flatMap((rule) =>
      admittedBy(world, waypoint.pods, 'ingress', rule, policy).flatMap(({ ports, peers }) => {
        if (hasPort(ports, 'TCP', hbonePort)) return []
        const ambient = { ...peers, certain: clients(peers.certain).ambient, possible: NO_PEERS }
        return closed(first?.id ?? waypoint.id, ambient, first?.sure ?? false, [{ policy, rule }])
      }),
    ),
  )
  const ambient = clients(senders.everyone.certain).ambient
  const { open, doubtful } = engine.split(waypoint.pods, 'ingress', hbonePort, ambient)
  const free = [
    ...behind
      .filter(({ workload }) => engine.isolating(workload, 'ingress').length === 0)
      .map(({ workload, sure }) => ({ id: workload.id, sure })),
    ...entries.map(({ entry, sure }) => ({ id: entry.id, sure })),
  ]
  const [open1] = free
  const everybody =
    open1 !== undefined && noPeers(open) && noPeers(doubtful) && rulesFor(isolating, hbonePort).length === 0
      ? closed(open1.id, { name: 'any', certain: ambient, possible: NO_PEERS }, open1.sure, own)
      : []
  return [...wanted, ...onOtherPorts, ...everybody]
}

/** The rules of policies that let anybody at all in on a port. */
function rulesFor(policies: readonly NetworkPolicy[], port: number): readonly PolicyRule[] {
  return policies.flatMap(({ spec }) =>
    (spec.ingress ?? []).filter(
      ({ ports }) =>
        ports?.some(
          (entry) => 'name' in entry || (entry.protocol === 'TCP' && entry.low <= port && port <= entry.high),
        ) ?? true,
    ),
  )
}

/** Waypoint → workload, at the waypoint: it may not send to what is behind it. */
function closedToWorkloads(world: World, { waypoint, behind }: Use): readonly ClosedEnd[] {
  const { engine, population } = world
  const isolating = engine.isolating(waypoint.pods, 'egress')
  if (isolating.length === 0) return []
  return behind.flatMap(({ workload, sure }): ClosedEnd[] => {
    const gate = gateOf(world, waypoint.pods, 'egress', workload)
    if (gate === 'open' || (gate === 'doubtful' && !sure)) return []
    const { hits } = engine.allows(waypoint.pods, { kind: 'workload', workload }, 'egress')
    const admitting = hits.map(({ policy, rule }): Culprit => ({ policy, rule }))
    const culprits =
      admitting.length > 0 ? admitting : isolating.map((policy): Culprit => ({ policy, rule: null }))
    const peers = { ...NO_PEERS, known: fromRising([population.indexOf(workload)]) }
    const certainty = sure && gate === 'closed' ? 'certain' : 'possible'
    const lost: LostPeers = { name: null, peers, certainty, doubt: 'mesh' }
    return [{ end: waypoint.pods, direction: 'egress', waypoint, before: workload.id, lost, culprits }]
  })
}

/** Is the HBONE port open between a workload and another, as far as the policies of the first go? */
function gateOf(
  { engine, state }: World,
  workload: Workload,
  direction: Direction,
  other: Workload,
): 'open' | 'doubtful' | 'closed' {
  const { hbonePort } = state.config.mesh
  const { sure, perhaps } = engine.allows(workload, { kind: 'workload', workload: other }, direction)
  return hasPort(sure, 'TCP', hbonePort) ? 'open' : hasPort(perhaps, 'TCP', hbonePort) ? 'doubtful' : 'closed'
}

/** A waypoint as a lost peer: by its id, or, where nothing shows it, by the label that Istio gives its pods. */
function waypointAsLost({ population }: World, { pods, shown }: Waypoint, certainty: Certainty): LostPeers {
  if (shown) {
    const peers = { ...NO_PEERS, known: fromRising([population.indexOf(pods)]) }
    return { name: null, peers, certainty, doubt: 'waypoint' }
  }
  const name = podsName(
    [{ key: GATEWAY_NAME, operator: 'In', values: [pods.name] }],
    [{ key: NAMESPACE_NAME_LABEL, operator: 'In', values: [pods.namespace.name] }],
  )
  return {
    name,
    peers: { ...NO_PEERS, rest: [{ kind: 'workload', workload: pods }] },
    certainty,
    doubt: 'waypoint',
  }
}
