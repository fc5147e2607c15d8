// Whom a rule admits, as far as anything is open to them: what policies say one by one is not what they come to
// together, and whoever another rule keeps out was never let in.
import type { World } from '../analysis.ts'
import { contains, subtract, union } from '../kubernetes/interval-set.ts'
import type { Direction } from '../kubernetes/kinds/policy.ts'
import { NO_PORTS, noPorts, portRange, unionPorts } from '../kubernetes/port-set.ts'
import type { PortSet } from '../kubernetes/port-set.ts'
import type { Workload } from '../kubernetes/state.ts'
import { indexesOf } from '../policy/index-set.ts'
import type { MeshPeers } from '../policy/mesh-peers.ts'
import { NO_PEERS, bothPeers, noPeers } from '../policy/peer-set.ts'
import type { PeerSet } from '../policy/peer-set.ts'
import type { Admitted } from './admitted-by.ts'

/** Whom a rule admits, as far as ports are open to them. */
export interface Open extends Admitted {
  /** Others, to whom nobody knows whether any port is open. */
  readonly perhaps: PeerSet
  /** Certain peers to whom, in a world that the tree leaves open, some port is open and the HBONE port is not. */
  readonly parted: PeerSet
}

/** The peers for whom some of the ports are open now, and those ports; all where policies only add up. */
export function withOpenPorts(
  { engine, state }: World,
  workload: Workload,
  direction: Direction,
  admitted: Admitted,
): Open {
  if (engine.addsUp(workload, direction)) return { ...admitted, perhaps: NO_PEERS, parted: NO_PEERS }
  const { ports, names, peers } = admitted
  const declared = direction === 'ingress' ? workload.declaredPorts : []
  const asked = [
    ...new Set([
      ...declared.filter((port) => contains(ports.TCP, port)),
      ...ports.TCP.flatMap(([low, high]) => (high - low === 1 ? [low] : [low, high - 1])),
    ]),
  ].slice(0, MOST_ASKED)
  const { hbonePort } = state.config.mesh
  let [certain, possible, perhaps, parted, open] = [NO_PEERS, NO_PEERS, NO_PEERS, NO_PEERS, NO_PORTS]
  for (const port of asked) {
    const now = engine.passing(workload, direction, port, peers.certain)
    const others = engine.passing(workload, direction, port, peers.possible)
    const may = bothPeers(now.doubtful, others.doubtful)
    if ([now.open, others.open, may].every(noPeers)) continue
    certain = bothPeers(certain, now.open)
    possible = bothPeers(possible, others.open)
    perhaps = bothPeers(perhaps, may)
    parted = bothPeers(parted, engine.parted(workload, direction, [port, hbonePort], now.doubtful))
    open = unionPorts(open, portRange('TCP', port))
  }
  possible = { ...possible, known: subtract(possible.known, certain.known) }
  perhaps = { ...perhaps, known: subtract(perhaps.known, union(certain.known, possible.known)) }
  const those = { name: peers.name, certain, possible }
  return { ports: noPorts(open) ? ports : open, names, peers: those, perhaps, parted }
}

/** The ports that an application listens on, as far as anybody says. */
export function applicationPorts(
  { population, state }: World,
  workload: Workload,
  direction: Direction,
  { certain, possible }: MeshPeers,
): PortSet {
  const declared =
    direction === 'ingress'
      ? workload.declaredPorts
      : [...indexesOf(union(certain.known, possible.known))]
          .slice(0, MOST_ASKED)
          .flatMap((index) => population.workloads[index]?.declaredPorts ?? [])
  const numbers = declared.filter((port) => port !== state.config.mesh.hbonePort)
  return (numbers.length === 0 ? SOME_APPLICATION : numbers).reduce(
    (sum, port) => unionPorts(sum, portRange('TCP', port)),
    NO_PORTS,
  )
}

const MOST_ASKED = 20
/** Where nobody declares any: ports that applications have more often than others. */
const SOME_APPLICATION = [80, 443, 8080]
