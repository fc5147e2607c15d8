// Whom of the mesh a rule speaks of on TCP ports, and on which: what the HBONE rules and those of waypoints ask of a rule.
import type { World } from '../analysis.ts'
import type { Direction, PolicyRule } from '../kubernetes/kinds/policy.ts'
import { ALL_PORTS } from '../kubernetes/port-set.ts'
import type { PortSet } from '../kubernetes/port-set.ts'
import type { NetworkPolicy, Workload } from '../kubernetes/state.ts'
import { NOBODY, fromRising, indexesOf } from '../policy/index-set.ts'
import type { IndexSet } from '../policy/index-set.ts'
import type { MeshPeers, PeerFinder } from '../policy/mesh-peers.ts'
import { NOWHERE } from '../policy/peer.ts'
import { NO_PEERS, noPeers, onlyKnown, withoutKnown } from '../policy/peer-set.ts'
import { rulePorts } from '../policy/rule-matches.ts'

/** Mesh peers that a rule admits, and the ports on which it does. */
export interface Admitted {
  readonly ports: PortSet
  /** Names that it admits into pods that nobody shows. */
  readonly names: readonly string[]
  readonly peers: MeshPeers
}

/**
 * The mesh peers that a rule speaks of on TCP ports, and on which. Egress rules for DNS and the internet speak of no
 * mesh peer: a rule without peers, or with blocks, counts only for known workloads that receive HBONE and serve a port
 * of it, and port 53 alone only for those that declare it.
 */
export function admittedBy(
  world: World,
  workload: Workload,
  direction: Direction,
  rule: PolicyRule,
  policy: NetworkPolicy,
): readonly Admitted[] {
  const finder = othersOf(world, workload, direction)
  if (direction === 'ingress') {
    const ports = rulePorts(rule, workload, NOWHERE).sure
    return ports.TCP.length === 0
      ? []
      : finder.ofRule(rule, policy).map((peers) => ({ ports, names: [], peers }))
  }
  const selectors = rule.peers?.filter(({ kind }) => kind === 'pods' || kind === 'unknown') ?? []
  const groups = [
    ...(selectors.length === 0 ? [] : finder.ofRule({ ...rule, peers: selectors }, policy)).map((group) => ({
      group,
      wide: false,
    })),
    ...(namesPodsAlone(rule) ? [] : finder.ofRule({ ...rule, peers: blocksOf(rule) }, policy)).map(
      (group) => ({
        group,
        wide: true,
      }),
    ),
  ]
  return groups.flatMap(({ group, wide }) =>
    byPorts(world, rule, group).flatMap(({ ports, names, peers }): Admitted[] => {
      if (ports.TCP.length === 0 && (names.length === 0 || wide)) return []
      const control = names.length === 0 && isControl(ports.TCP)
      const declaring = world.population.declaring(ports.TCP)
      const serving = control ? withoutGateways(world, declaring) : declaring
      if (wide) {
        // Such a rule counts for known workloads alone, so they are called by their names.
        const receivers = world.receivers.everyone.certain
        const perhaps = holdsSomePods(peers) ? onlyKnown(receivers, serving) : NO_PEERS
        const named = { name: null, certain: onlyKnown(peers.certain, serving), possible: perhaps }
        return noPeers(named.certain) && noPeers(named.possible) ? [] : [{ ports, names: [], peers: named }]
      }
      if (!control && (names.length > 0 || !isDns(ports.TCP))) return [{ ports, names, peers }]
      const certain = onlyKnown(peers.certain, serving)
      const possible = onlyKnown(peers.possible, serving)
      return noPeers(certain) && noPeers(possible)
        ? []
        : [{ ports, names, peers: { ...peers, certain, possible } }]
    }),
  )
}

/** Mesh peers of a workload. A pod that is alone is none of its own: what it sends to itself stays in its network. */
export function othersOf(
  { population, receivers, senders }: World,
  workload: Workload,
  direction: Direction,
): Pick<PeerFinder, 'ofRule'> {
  const finder = direction === 'ingress' ? senders : receivers
  if (workload.pods.single !== true) return finder
  const itself = fromRising([population.indexOf(workload)])
  return {
    ofRule: (rule, policy) =>
      finder
        .ofRule(rule, policy)
        .map(({ name, certain, possible }) => ({
          name,
          certain: withoutKnown(certain, itself),
          possible: withoutKnown(possible, itself),
        }))
        .filter(({ certain, possible }) => !noPeers(certain) || !noPeers(possible)),
  }
}

/** A block that holds the addresses of some pods, nobody can say of which. */
function holdsSomePods({ certain, possible }: MeshPeers): boolean {
  return [...certain.rest, ...possible.rest].some((peer) => peer.kind === 'addresses' && peer.pods)
}

/** For egress, a rule's names of ports mean other numbers for each destination, and none for those nobody shows. */
function byPorts(world: World, rule: PolicyRule, group: MeshPeers): readonly Admitted[] {
  const plain = plainPorts(rule)
  if (rule.ports?.every((port) => !('name' in port)) ?? true)
    return [{ ports: plain, names: [], peers: group }]
  const { certain, possible } = group
  const unseen = { certain: { ...certain, known: NOBODY }, possible: { ...possible, known: NOBODY } }
  return [
    ...world.meanings(rule).flatMap(({ ports, workloads }): Admitted[] => {
      const peers = {
        ...group,
        certain: onlyKnown(certain, workloads),
        possible: onlyKnown(possible, workloads),
      }
      return noPeers(peers.certain) && noPeers(peers.possible) ? [] : [{ ports, names: [], peers }]
    }),
    { ports: plain, names: namesOf(rule), peers: { ...group, ...unseen } },
  ]
}

function namesOf({ ports }: PolicyRule): readonly string[] {
  return (ports ?? []).flatMap((port) => ('name' in port && port.protocol === 'TCP' ? [port.name] : []))
}

/** Does a rule speak of pods by selectors alone, and not of anybody or of addresses? */
function namesPodsAlone({ peers }: PolicyRule): boolean {
  return peers !== null && peers.every(({ kind }) => kind === 'pods')
}

/** The blocks of a rule; null where it speaks of anybody. */
function blocksOf({ peers }: PolicyRule): PolicyRule['peers'] {
  return peers === null ? null : peers.filter(({ kind }) => kind === 'block')
}

/** Every gateway shows its health and metrics, by its proxy and not as an application of the mesh. */
function withoutGateways({ population }: World, some: IndexSet): IndexSet {
  return fromRising([...indexesOf(some)].filter((index) => population.workloads[index]?.gateway === null))
}

/** istiod's ports, and those by which proxies show their health and metrics: they count for applications that declare them. */
const CONTROL = [15010, 15012, 15014, 15017, 15020, 15021, 15090]

function isControl(ports: PortSet['TCP']): boolean {
  return ports.every(([low, high]) => CONTROL.some((port) => low === port && high === port + 1))
}

function isDns(ports: PortSet['TCP']): boolean {
  return ports.every(([low, high]) => low === 53 && high === 54)
}

/** The ports that a rule admits into any destination: its numbers, without its names. */
export function plainPorts(rule: PolicyRule): PortSet {
  return rule.ports === null ? ALL_PORTS : rulePorts(rule, null, NOWHERE).sure
}
