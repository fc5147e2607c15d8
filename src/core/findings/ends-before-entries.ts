// ServiceEntries with a waypoint lead out of the cluster through it: a client that may reach the addresses of the
// entry needs the way to the waypoint, on the HBONE port, and no longer the one to the addresses.
import type { World } from '../analysis.ts'
import type { Through } from '../ambient/waypoints.ts'
import { addressSet, coversAddresses, intersectAddresses, noAddresses } from '../kubernetes/address-set.ts'
import type { AddressSet } from '../kubernetes/address-set.ts'
import type { PolicyRule } from '../kubernetes/kinds/policy.ts'
import type { Namespace, ServiceEntry, Workload } from '../kubernetes/state.ts'
import { grouped } from '../source/grouped.ts'
import { fallingShort } from './closing.ts'
import { gateOf, waypointAsLost } from './waypoint-end.ts'
import type { ClosedEnd } from './waypoint-end.ts'

/**
 * Client → waypoint of a ServiceEntry, at the client. Whoever names the address of an entry means it, wherever the
 * entry is visible; whoever lets everything out may mean an entry of their own namespace.
 */
export function endsBeforeEntries(world: World): readonly ClosedEnd[] {
  const { engine, mesh, state, waypoints } = world
  const entries = state.serviceEntries.flatMap((entry) => {
    const { through } = waypoints.wayTo(entry, entry.spec.labels)
    return through.length === 0 ? [] : [{ entry, through }]
  })
  if (entries.length === 0) return []
  const own = grouped(entries, ({ entry }) => entry.namespace)
  const addressed = entries.filter(({ entry }) => !noAddresses(entry.spec.addresses))
  return mesh.members.flatMap(({ workload, enrollment }) => {
    if (enrollment.state !== 'yes') return []
    const near = own.get(workload.namespace) ?? []
    const denied = deniedBefore(world, workload, near)
    if (denied.length > 0) return denied
    return engine.letting(workload, 'egress').flatMap(({ policy, rule }) => {
      const narrow = rule.peers?.some((peer) => peer.kind === 'block' && !isWide(peer.addresses)) === true
      const far = narrow ? addressed.filter(({ entry }) => entry.namespace !== workload.namespace) : []
      const visible = [...near, ...far].filter(({ entry }) => isVisible(entry, workload.namespace))
      return visible.flatMap(({ entry, through }) => {
        const meant = leadsTo(rule, entry)
        if (meant === 'no' || (meant === 'maybe' && entry.namespace !== workload.namespace)) return []
        return through.flatMap(({ waypoint, sure }): ClosedEnd[] => {
          const gate = gateOf(world, workload, 'egress', waypoint.pods)
          if (gate === 'open' || (gate === 'doubtful' && !sure)) return []
          const certain = sure && meant === 'yes' && gate === 'closed'
          const lost = waypointAsLost(world, waypoint, certain ? 'certain' : 'possible')
          const culprits = fallingShort(world, workload, 'egress', lost.peers, [{ policy, rule }])
          return [
            {
              ...{ end: workload, direction: 'egress', port: state.config.mesh.hbonePort },
              ...{ waypoint, before: entry.id, lost, culprits },
            },
          ]
        })
      })
    })
  })
}

/** An entry, and the waypoints before it. */
interface Led {
  readonly entry: ServiceEntry
  readonly through: readonly Through[]
}

/**
 * The same where nothing isolates the client, and a denial keeps it from the waypoint of an entry of its namespace. Whether
 * it goes there at all nobody says.
 */
function deniedBefore(world: World, workload: Workload, near: readonly Led[]): readonly ClosedEnd[] {
  const { engine, state } = world
  if (engine.isOpen(workload, 'egress') || engine.isolation(workload, 'egress') !== 'no') return []
  return near
    .filter(({ entry }) => isVisible(entry, workload.namespace))
    .flatMap(({ entry, through }) =>
      through
        .filter(({ waypoint }) => gateOf(world, workload, 'egress', waypoint.pods) === 'closed')
        .map(({ waypoint }): ClosedEnd => {
          const lost = waypointAsLost(world, waypoint, 'possible')
          const culprits = fallingShort(world, workload, 'egress', lost.peers, [])
          return {
            ...{ end: workload, direction: 'egress', port: state.config.mesh.hbonePort },
            ...{ waypoint, before: entry.id, lost, culprits },
          }
        }),
    )
}

function isVisible({ namespace, spec: { visibleIn } }: ServiceEntry, from: Namespace): boolean {
  if (visibleIn === 'all' || visibleIn.includes(from.name)) return true
  return visibleIn.includes('.') && from === namespace
}

/** Does an egress rule mean what an entry leads to? For sure where it names its address, perhaps where it lets all out. */
function leadsTo({ peers, ports }: PolicyRule, { spec }: ServiceEntry): 'yes' | 'maybe' | 'no' {
  const onPort =
    ports === null ||
    ports.some(
      (port) =>
        port.protocol === 'TCP' &&
        !('name' in port) &&
        spec.ports.some((number) => port.low <= number && number <= port.high),
    )
  if (!onPort) return 'no'
  if (peers === null) return 'maybe'
  const answers = peers.map((peer) => {
    if (peer.kind !== 'block') return 'no'
    if (isWide(peer.addresses)) return 'maybe'
    return noAddresses(intersectAddresses(peer.addresses, spec.addresses)) ? 'no' : 'yes'
  })
  return answers.includes('yes') ? 'yes' : answers.includes('maybe') ? 'maybe' : 'no'
}

/** A block that covers a stretch of public addresses is meant for the internet. */
function isWide(addresses: AddressSet): boolean {
  return coversAddresses(addresses, PUBLIC)
}

const PUBLIC = addressSet(['8.0.0.0/8'])
