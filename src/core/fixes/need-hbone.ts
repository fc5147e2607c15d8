// 15008/TCP beside the application port in the same rule; a rule of its own where peers are mixed.
import { limitsPorts } from '../ambient/authorization.ts'
import type { Analysis } from '../analysis.ts'
import type { ComparedFinding } from '../findings/compare.ts'
import { describePeer, list } from '../findings/words.ts'
import type { Direction, PolicyPeer, PolicyRule } from '../kubernetes/kinds/policy.ts'
import { NAMESPACE_NAME_LABEL, implies } from '../kubernetes/labels.ts'
import type { Selector } from '../kubernetes/labels.ts'
import { portRange } from '../kubernetes/port-set.ts'
import type { NetworkPolicy } from '../kubernetes/state.ts'
import type { AppendPatch } from '../yaml/types.ts'
import { dialectOf } from './dialect.ts'
import type { Addition, Need } from './need.ts'
import { writeWorkload } from './written-peers.ts'
import type { NamedPeer } from './written-peers.ts'

/** Null where no rule is to blame that could be widened. */
export function openHbone(head: Analysis, finding: ComparedFinding): Need | null {
  const port = head.state.config.mesh.hbonePort
  const ports = portRange('TCP', port)
  const { direction } = finding
  const additions = finding.culprits.flatMap(({ policy, rule }): Addition[] => {
    const dialect = dialectOf(policy)
    if (rule?.action !== 'allow' || dialect === null) return []
    // Beside a rule for anybody or for addresses, 15008 would be open to the world: the destinations get one of their own.
    const wide = isWide(rule, direction)
    const named = dialect.meshPeers(head, policy, rule, direction, wide ? 'pods' : undefined)
    const mesh = wide
      ? withoutListed([...knownDestinations(head, finding), ...named.peers], policy, finding)
      : named.peers
    const alone = wide || !named.all
    // A rule of its own for nobody would be one for nothing.
    if (alone && mesh.length === 0) return []
    // Peers that a rule names otherwise than one by one are those of the rule.
    const peers = !alone && mesh.length === 0 ? rule.peers : mesh.map(({ peer }) => peer)
    const whole = dialect.rule(policy, direction, !alone && mesh.length === 0 ? null : mesh, [[port, 'TCP']])
    const patch: AppendPatch = alone
      ? { op: 'append', route: dialect.listOf(policy, direction, rule), value: whole }
      : dialect.portBeside(policy, rule, port)
    const verb = direction === 'ingress' ? 'admits' : 'lets its pods reach'
    return [
      {
        policy,
        patch,
        rule: whole,
        apart: null,
        use: 'mesh',
        opening: { policyId: policy.id, direction, peers, ports },
        phrase: `${verb} ${describePeers(peers, policy)} on ${String(port)}/TCP`,
      },
    ]
  })
  if (additions.length === 0) return null
  return { additions, remark: direction === 'ingress' && widens(head, additions) ? WIDENING : '' }
}

function isWide(rule: PolicyRule, direction: Direction): boolean {
  return direction === 'egress' && !staysInCluster(rule)
}

/** Destinations that another rule of the policy lists, and gets 15008 for, need not be listed once more. */
function withoutListed(
  peers: readonly NamedPeer[],
  policy: NetworkPolicy,
  { culprits, direction }: ComparedFinding,
): readonly NamedPeer[] {
  const listed = culprits.flatMap((one) =>
    one.policy === policy && one.rule?.action === 'allow' && !isWide(one.rule, direction)
      ? (one.rule.peers ?? [])
      : [],
  )
  return peers.filter(({ peer }) => !listed.some((one) => covers(one, peer, policy.namespace.name)))
}

/** Does a peer of a policy stand for all pods of another one? */
function covers(wide: PolicyPeer, narrow: PolicyPeer, home: string): boolean {
  if (wide.kind !== 'pods' || narrow.kind !== 'pods') return false
  const own: Selector = [{ key: NAMESPACE_NAME_LABEL, operator: 'In', values: [home] }]
  return implies(narrow.pods, wide.pods) && implies(narrow.namespaces ?? own, wide.namespaces ?? own)
}

/** Does a rule speak of pods, and besides of nothing but nodes? */
function staysInCluster({ peers }: PolicyRule): boolean {
  return (
    peers !== null &&
    peers.every((peer) => peer.kind === 'pods' || (peer.kind === 'entity' && peer.entity !== 'world'))
  )
}

/** A rule that gets 15008 as a port of its own names others: the note that follows is foretold. */
export const WIDENING = ' Through HBONE they then reach every port of its pods; see port-widening.'

/** Is there a workload of these policies whose limit no AuthorizationPolicy keeps? */
function widens({ state, engine }: Analysis, additions: readonly Addition[]): boolean {
  if (state.authorizations.length === 0) return true
  return state.workloads.some(
    (workload) =>
      additions.some(({ policy }) => engine.isolating(workload, 'ingress').includes(policy)) &&
      !limitsPorts(state, workload),
  )
}

/** The workloads that a finding names, each as the selector that its own kind selects its pods by. */
function knownDestinations({ state }: Analysis, { peers }: ComparedFinding): readonly NamedPeer[] {
  const names = new Set(peers)
  const written = state.workloads.filter(({ id }) => names.has(id)).map(writeWorkload)
  return [...new Map(written.map((one) => [JSON.stringify(one.peer), one])).values()]
}

function describePeers(peers: readonly PolicyPeer[] | null, policy: NetworkPolicy): string {
  return peers === null
    ? 'any peer'
    : list(
        peers.map((peer) => describePeer(peer, policy.namespace.name)),
        10,
      )
}
