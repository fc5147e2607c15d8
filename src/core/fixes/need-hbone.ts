// 15008/TCP beside the application port in the same rule; a rule of its own where peers are mixed.
import { limitsPorts } from '../ambient/authorization.ts'
import type { Analysis } from '../analysis.ts'
import type { ComparedFinding } from '../findings/compare.ts'
import { namesPodsAlone } from '../findings/lost-peers.ts'
import { describePeer, list } from '../findings/words.ts'
import type { Direction, PolicyPeer, PolicyRule } from '../kubernetes/kinds/policy.ts'
import { valueAt } from '../kubernetes/origin.ts'
import { portRange } from '../kubernetes/port-set.ts'
import type { NetworkPolicy } from '../kubernetes/state.ts'
import type { AppendPatch } from '../yaml/types.ts'
import type { Addition, Need } from './need.ts'
import { writeWorkload } from './written-peers.ts'
import type { WrittenPeer } from './written-peers.ts'

/** Null where no rule is to blame that could be widened. */
export function openHbone(head: Analysis, finding: ComparedFinding): Need | null {
  const port = head.state.config.mesh.hbonePort
  const ports = portRange('TCP', port)
  const entry = { port, protocol: 'TCP' }
  const { direction } = finding
  const additions = finding.culprits.flatMap(({ policy, rule }): Addition[] => {
    if (rule === null) return []
    // Beside a rule for anybody or for addresses, 15008 would be open to the world: the destinations get one of their own.
    const wide = direction === 'egress' && !namesPodsAlone(rule)
    const mesh = wide
      ? [...knownDestinations(head, finding), ...meshPeersOf(head, rule, policy, direction, 'pods')]
      : meshPeersOf(head, rule, policy, direction)
    const alone = wide || (rule.peers !== null && mesh.length < rule.peers.length)
    const peers = rule.peers === null && !wide ? null : mesh.map(({ peer }) => peer)
    const whole = {
      ...(peers === null ? {} : { [PEERS_KEY[direction]]: mesh.map(({ written }) => written) }),
      ports: [entry],
    }
    const patch: AppendPatch = alone
      ? { op: 'append', route: ['spec', direction], value: whole }
      : { op: 'append', route: [...rule.route, 'ports'], value: entry }
    const verb = direction === 'ingress' ? 'admits' : 'lets its pods reach'
    return [
      {
        policy,
        patch,
        rule: whole,
        use: 'mesh',
        opening: { policyId: policy.id, direction, peers, ports },
        phrase: `${verb} ${describePeers(peers, policy)} on ${String(port)}/TCP`,
      },
    ]
  })
  if (additions.length === 0) return null
  return { additions, remark: direction === 'ingress' && widens(head, additions) ? WIDENING : '' }
}

/** A rule that gets 15008 as a port of its own names others: the note that follows is foretold. */
const WIDENING = ' Through HBONE they then reach every port of its pods; see port-widening.'

/** Is there a workload of these policies whose limit no AuthorizationPolicy keeps? */
function widens({ state, engine }: Analysis, additions: readonly Addition[]): boolean {
  if (state.authorizations.length === 0) return true
  return state.workloads.some(
    (workload) =>
      additions.some(({ policy }) => engine.isolating(workload, 'ingress').includes(policy)) &&
      !limitsPorts(state, workload),
  )
}

const PEERS_KEY = { ingress: 'from', egress: 'to' } as const

/** The workloads that a finding names, each as the selector that its own kind selects its pods by. */
function knownDestinations({ state }: Analysis, { peers }: ComparedFinding): readonly WrittenPeer[] {
  const names = new Set(peers)
  const written = state.workloads.filter(({ id }) => names.has(id)).map(writeWorkload)
  return [...new Map(written.map((one) => [JSON.stringify(one.written), one])).values()]
}

/** The peers of a rule that may be in the mesh, as they were read and as they are written. */
function meshPeersOf(
  head: Analysis,
  rule: PolicyRule,
  policy: NetworkPolicy,
  direction: Direction,
  only?: PolicyPeer['kind'],
): readonly WrittenPeer[] {
  const finder = direction === 'ingress' ? head.senders : head.receivers
  const written = valueAt(policy.object, [...rule.route, PEERS_KEY[direction]])
  return (rule.peers ?? []).flatMap((peer, index) => {
    if (only !== undefined && peer.kind !== only) return []
    const inMesh = finder.ofRule({ ...rule, peers: [peer] }, policy).length > 0
    return inMesh ? [{ peer, written: Array.isArray(written) ? (written[index] as unknown) : undefined }] : []
  })
}

function describePeers(peers: readonly PolicyPeer[] | null, policy: NetworkPolicy): string {
  return peers === null
    ? 'any peer'
    : list(
        peers.map((peer) => describePeer(peer, policy.namespace.name)),
        10,
      )
}
