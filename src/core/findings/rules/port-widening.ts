// A change opens 15008 to peers that the policies limit to some ports, and nothing keeps the limit. Only an
// AuthorizationPolicy could, and whether one is wanted is for a person to decide: a note.
import { limitsPorts } from '../../ambient/authorization.ts'
import { enrollment } from '../../ambient/enrollment.ts'
import { undescribed } from '../../ambient/mesh.ts'
import type { Member } from '../../ambient/mesh.ts'
import type { Analysis } from '../../analysis.ts'
import { describePorts, hasPort } from '../../kubernetes/port-set.ts'
import type { PortSet } from '../../kubernetes/port-set.ts'
import type { ClusterState, Workload } from '../../kubernetes/state.ts'
import type { Peer } from '../../policy/peer.ts'
import { compareText } from '../../source/problem.ts'
import type { Finding } from '../finding.ts'
import type { ChangeRule } from '../rule.ts'
import { isUntouched } from '../untouched.ts'
import { findWidenings } from '../widening.ts'
import type { Widening } from '../widening.ts'
import { enrolled, namePeers, namePolicies } from '../words.ts'

export const portWidening: ChangeRule = {
  id: 'port-widening',
  judges: 'change',
  check: (base, head) => {
    if (head.state.network.keepsDestinationPort) return []
    const before = new Map(base.state.workloads.map((workload) => [workload.id, workload]))
    const widening = findWidenings(head)
    return head.mesh.members.flatMap((member) => {
      const { workload } = member
      if (isUntouched(base, head, workload.namespace.name)) return []
      const found = member.enrollment.state === 'yes' ? widening(workload) : null
      if (found === null || limitsPorts(head.state, workload)) return []
      // A workload that is new is asked about as if the base had had it: its policies may be old.
      const was = before.get(workload.id) ?? {
        ...workload,
        namespace: namespaceOn(base.state, workload.namespace),
      }
      const openings = found.openings.flatMap(({ culprit, sorts }) => {
        const fresh = sorts.filter(({ peer }) => {
          const now = head.engine.allows(workload, peer, 'ingress').sure
          return !wasOpen(base, was, peer, hasPort(now, 'TCP', head.state.config.mesh.hbonePort))
        })
        return fresh.length === 0 ? [] : [{ culprit, sorts: fresh }]
      })
      return openings.length === 0 ? [] : [asFinding(head, member, { ...found, openings })]
    })
  },
}

/**
 * Did a peer reach every port on the base, too? So it did where nothing isolated the workload: a change that narrows
 * widens nothing. Else by HBONE; for a peer that is admitted for sure it must have been so for sure.
 */
function wasOpen({ engine, state }: Analysis, was: Workload, peer: Peer, forSure: boolean): boolean {
  if (limitsPorts(state, was)) return false
  const then = peer.kind === 'pods' ? { ...peer, namespace: namespaceOn(state, peer.namespace) } : peer
  const { sure, perhaps } = engine.allows(was, then, 'ingress')
  if (engine.isOpen(was, 'ingress')) return true
  const wasEnrolled = enrollment(was, state.config).state === 'yes'
  return wasEnrolled && hasPort(forSure ? sure : perhaps, 'TCP', state.config.mesh.hbonePort)
}

function namespaceOn(state: ClusterState, { name }: Workload['namespace']): Workload['namespace'] {
  return state.namespaces.get(name) ?? undescribed(name)
}

function asFinding(head: Analysis, member: Member, { limit, openings }: Widening): Finding {
  const { workload, enrollment: reason } = member
  const sorts = openings.flatMap((opening) => opening.sorts)
  const peers = [...new Set(sorts.flatMap(({ names }) => names))].sort(compareText)
  const culprits = openings.map(({ culprit }) => culprit)
  const policies = culprits.map(({ policy }) => policy)
  const port = `${String(head.state.config.mesh.hbonePort)}/TCP`
  const verb = new Set(policies).size === 1 ? 'opens' : 'open'
  return {
    rule: 'port-widening',
    severity: 'note',
    lowered: false,
    certainty: sorts.some(({ certain }) => certain) ? 'certain' : 'possible',
    cluster: head.state.config.name,
    workload,
    direction: 'ingress',
    port: head.state.config.mesh.hbonePort,
    protocol: 'TCP',
    peers,
    lost: [],
    culprits,
    isolatedBy: head.engine.isolating(workload, 'ingress'),
    enrolledBy: [reason],
    workloadRoutes: [workload.pods.labelsRoute],
    message: `${enrolled(workload, reason)}. Its policies limit mesh peers to ${describePorts(limit)}, and ${namePolicies(policies)} ${verb} ${port} to ${namePeers(peers, workload.id)}: through HBONE every port of it can be reached from there, and no AuthorizationPolicy keeps the limit. ${remedy(limit)}`,
  }
}

/** An AuthorizationPolicy takes numbers one by one, those of the pod and not of its Services. */
function remedy(limit: PortSet): string {
  const numbers = limit.TCP.flatMap(([low, high]) => (high - low === 1 ? [`"${String(low)}"`] : []))
  const listed = numbers.length === limit.TCP.length && numbers.length <= MOST_LISTED
  const ports = listed ? `notPorts [${numbers.join(', ')}]` : 'all of those ports, one by one, as notPorts'
  return `One for its pods with action DENY and ${ports} would; whether it should, a person must decide.`
}

const MOST_LISTED = 10
