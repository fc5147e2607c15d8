// What waypoints need: rules of their own that admit exactly who has to pass, since no rule beside them names those.
import type { Analysis } from '../analysis.ts'
import type { ComparedFinding, Touched } from '../findings/compare.ts'
import { hasDenial } from '../findings/closing.ts'
import { gateOf } from '../findings/waypoint-end.ts'
import { describePeer, list } from '../findings/words.ts'
import { NAMESPACE_NAME_LABEL } from '../kubernetes/labels.ts'
import { NO_PORTS, portRange, unionPorts } from '../kubernetes/port-set.ts'
import type { Workload } from '../kubernetes/state.ts'
import { indexesOf } from '../policy/index-set.ts'
import { choosePolicy } from './choose-policy.ts'
import { dialectOf } from './dialect.ts'
import type { PortAndProtocol } from './dialect.ts'
import type { Addition, Fits, Need } from './need.ts'
import { EVERY_POD, writePeers, writePods, writeWorkload } from './written-peers.ts'
import type { NamedPeer } from './written-peers.ts'

/** The peers that a finding names, on its port. */
export function admitPeers(
  head: Analysis,
  finding: ComparedFinding,
  touched: Touched,
  fits: Fits,
): Need | null {
  const peers = finding.lost.map(({ name, peers: lost }) =>
    name === 'any' ? [EVERY_POD] : writePeers(lost, head.population),
  )
  if (peers.length === 0 || peers.some((some) => some === null)) return null
  const unique = new Map(peers.flatMap((some) => some ?? []).map((one) => [JSON.stringify(one.peer), one]))
  const place = choose(finding, touched, fits) ?? apartFrom(head, finding, touched, fits)
  return need(finding, place, [...unique.values()], [[finding.port, 'TCP']])
}

/**
 * The waypoints through which the traffic of an HBONE finding perhaps goes, beside the straight way that is opened:
 * with one of the two shut, the finding would only make room for another. Null where none is shut.
 */
export function alongWaypoints(
  head: Analysis,
  finding: ComparedFinding,
  touched: Touched,
  fits: Fits,
): Need | null {
  const { population, state, waypoints } = head
  const workload = state.workloads.find(({ id }) => id === finding.workload.id)
  if (workload === undefined) return null
  const through =
    finding.direction === 'ingress'
      ? waypoints.all(workload)
      : finding.lost
          .flatMap(({ peers }) => [...indexesOf(peers.known)])
          .flatMap((index) => waypoints.ways(population.workloads[index] as Workload, 'ambient').through)
  const shut = through.filter(
    ({ sure, waypoint }) => !sure && gateOf(head, workload, finding.direction, waypoint.pods) === 'closed',
  )
  if (shut.length === 0) return null
  const pods = new Set(shut.map(({ waypoint }) => waypoint.pods))
  const place = choose(finding, touched, fits)
  return need(finding, place, [...pods].map(writeWorkload), [[state.config.mesh.hbonePort, 'TCP']])
}

/** istiod or DNS, as the charts of both label their pods. */
export function admitControl(
  head: Analysis,
  finding: ComparedFinding,
  touched: Touched,
  fits: Fits,
): Need | null {
  const dns = finding.port === 53
  const labels = dns ? { key: 'k8s-app', value: 'kube-dns' } : { key: 'app', value: 'istiod' }
  const peer = writePods(
    [{ key: labels.key, operator: 'In', values: [labels.value] }],
    [{ key: NAMESPACE_NAME_LABEL, operator: 'In', values: [dns ? 'kube-system' : 'istio-system'] }],
  )
  const ports: readonly PortAndProtocol[] = dns
    ? [
        [53, 'UDP'],
        [53, 'TCP'],
      ]
    : [[finding.port, 'TCP']]
  // Every pod asks DNS, and nothing but a proxy asks istiod.
  const place = choose(finding, touched, fits, dns) ?? apartFrom(head, finding, touched, fits)
  return need(finding, place, [peer], ports)
}

type Place = Pick<Addition, 'policy' | 'apart'>

function need(
  { culprits, direction }: ComparedFinding,
  place: Place | null,
  peers: readonly NamedPeer[],
  ports: readonly PortAndProtocol[],
): Need | null {
  // Whatever admits a peer that is denied, it stays denied.
  if (place === null || hasDenial(culprits)) return null
  const { policy, apart } = place
  const dialect = dialectOf(policy)
  if (dialect === null) return null
  const rule = dialect.rule(policy, direction, peers, ports)
  const opened = ports.map(([port, protocol]) => portRange(protocol, port)).reduce(unionPorts, NO_PORTS)
  const whom = list(
    peers.map(({ peer }) => describePeer(peer, policy.namespace.name)),
    10,
  )
  const on = list(ports.map(([port, protocol]) => `${String(port)}/${protocol}`))
  const verb = direction === 'ingress' ? 'admits' : 'lets its pods reach'
  return {
    additions: [
      {
        policy,
        apart,
        patch: { op: 'append', route: dialect.listOf(policy, direction, null), value: rule },
        rule,
        use: 'mesh',
        opening: {
          policyId: policy.id,
          ...(apart === null ? {} : { workloads: [apart.workload.id] }),
          direction,
          peers: peers.map(({ peer }) => peer),
          ports: opened,
        },
        phrase: `${verb} ${whom} on ${on}`,
      },
    ],
    remark: '',
  }
}

/**
 * A rule for the clients of a waypoint, or for what stands behind it, does not go into a policy for the whole namespace: it
 * would open every port of every pod there to them, or lead every pod past the waypoint.
 */
function choose(
  { culprits, direction }: ComparedFinding,
  touched: Touched,
  fits: Fits,
  mayBeWide = false,
): Place | null {
  const candidates = culprits.flatMap(({ policy, rule }) =>
    fits(policy, direction) &&
    (rule !== null || mayBeWide || policy.spec.subjects.every(({ pods }) => pods.length > 0))
      ? [policy]
      : [],
  )
  const policy = choosePolicy(candidates, touched)
  return policy === null ? null : { policy, apart: null }
}

/** Beside one for the whole namespace stands one for the workload alone, whose pods the former isolates already. */
function apartFrom(
  { state }: Analysis,
  { culprits, direction, workload: { id } }: ComparedFinding,
  touched: Touched,
  fits: Fits,
): Place | null {
  const workload = state.workloads.find((one) => one.id === id)
  const policy = choosePolicy(
    // What one for the pods of every namespace would have beside it is another kind of policy.
    culprits.flatMap(({ policy }) =>
      policy.namespace.name !== '' && fits(policy, direction) ? [policy] : [],
    ),
    touched,
  )
  const peer = workload === undefined ? null : writeWorkload(workload).peer
  if (workload === undefined || policy === null || peer?.kind !== 'pods') return null
  return { policy, apart: { workload, peer } }
}
