// The last resort for probes on Cilium: where no policy that isolates a workload can be helped, since it is assumed or
// a release makes it, a CiliumClusterwideNetworkPolicy that admits probes into that workload alone. Only where the tree
// has such policies already: whoever keeps it then applies them. It isolates nothing; a Cilium that ignores
// `enableDefaultDeny` (before 1.16) isolates nothing more either, since what it selects is isolated.
import type { Analysis } from '../analysis.ts'
import { admitsOnlyProbes } from '../findings/only-probes.ts'
import type { ComparedFinding, Touched } from '../findings/compare.ts'
import { list, nameInCluster } from '../findings/words.ts'
import { DIRECTIONS } from '../kubernetes/kinds/policy.ts'
import type { Host } from '../kubernetes/origin.ts'
import { ALL_PORTS } from '../kubernetes/port-set.ts'
import type { ClusterState, NetworkPolicy, Workload } from '../kubernetes/state.ts'
import { compareText } from '../source/problem.ts'
import type { Change } from './change.ts'
import { freeName } from './companion-name.ts'
import { ciliumDialect, writeEndpoints } from './dialect-cilium.ts'
import { asPeers, probeBlocks } from './need-probes.ts'
import type { Plan } from './plan.ts'
import { changeFor, hostOf, placeIn } from './strategy.ts'
import { wasTouched } from './touched-policy.ts'
import { writeWorkload } from './written-peers.ts'

const KIND = 'CiliumClusterwideNetworkPolicy'

/** Null where the tree has no place for one, or no rule would help; `which` is as for other rules for probes. */
export function admitClusterwide(
  head: Analysis,
  finding: ComparedFinding,
  touched: Touched,
  which: 'all' | 'missing',
): Plan | null {
  const { state } = head
  const workload = state.workloads.find(({ id }) => id === finding.workload.id)
  const denied = finding.culprits.some(({ rule }) => rule?.action === 'deny')
  if (workload === undefined || denied) return null
  const blocks = probeBlocks(head, finding, which)
  const spec = specFor(workload)
  const placed = spec === null ? null : place(state, touched, spec, ciliumDialect.fromBlocks(blocks))
  if (placed === null) return null
  const isolating = [...new Set(finding.culprits.map(({ policy }) => policy))]
  return {
    strategy: 'cilium',
    cluster: finding.cluster,
    settles: [finding.fingerprint],
    changes: [placed.change],
    // Whatever shares a policy with the neighbour is not tried in the same breath.
    policies: [...isolating, placed.neighbour],
    opens: isolating.map(({ id }) => ({
      policyId: id,
      workloads: [workload.id],
      direction: 'ingress',
      peers: asPeers(blocks),
      ports: ALL_PORTS,
    })),
    text: `${placed.subject} admits ${list(blocks, 10)}, from which kubelet probes come, into ${workload.id} on every port, and isolates nothing.`,
  }
}

type Spec = Readonly<Record<string, unknown>>

/** Whom it selects; null where no label tells the workload from its neighbours. */
function specFor(workload: Workload): Spec | null {
  const { peer } = writeWorkload(workload)
  if (peer.kind !== 'pods' || peer.pods.length === 0) return null
  return {
    enableDefaultDeny: { ingress: false, egress: false },
    endpointSelector: writeEndpoints(peer),
  }
}

interface Placed {
  readonly change: Change
  /** The policy that it is put into or beside. */
  readonly neighbour: NetworkPolicy
  /** What a sentence begins with. */
  readonly subject: string
}

/** A member of a policy that is there for probes already, else a policy beside one that the change touched. */
function place(state: ClusterState, touched: Touched, spec: Spec, rule: unknown): Placed | null {
  const neighbours = state.policies
    .filter(({ kind }) => kind === KIND)
    .sort((a, b) => wasTouched(b, touched) - wasTouched(a, touched) || compareText(a.id, b.id))
  for (const neighbour of neighbours.filter((policy) => isOpen(policy, state))) {
    const change = memberOf(state, neighbour, { ...spec, ingress: [rule] })
    const through = change?.kind === 'overlay' ? `, through a patch in ${change.host.path},` : ''
    const subject = `A new member of ${KIND} ${nameInCluster(neighbour)}${through}`
    if (change !== null) return { change, neighbour, subject }
  }
  for (const neighbour of neighbours) {
    const host = placeBeside(neighbour)
    if (host === null) continue
    const where = placeIn(host, freeName(state, '', host, 'ambient-probes'))
    const skeleton = { apiVersion: 'cilium.io/v2', kind: KIND, spec }
    return {
      change: { kind: 'companion', ...where, namespace: '', skeleton, direction: 'ingress', rule },
      neighbour,
      subject: `A new ${KIND} in ${where.path}`,
    }
  }
  return null
}

/** Are all members of a policy for probes, and does none isolate? */
function isOpen({ id }: NetworkPolicy, { config, policies }: ClusterState): boolean {
  return policies
    .filter((policy) => policy.id === id)
    .every(
      (policy) =>
        admitsOnlyProbes(policy, config) && !DIRECTIONS.some((direction) => policy.spec.isolates[direction]),
    )
}

function memberOf(state: ClusterState, policy: NetworkPolicy, member: Spec): Change | null {
  const addition = {
    policy,
    patch: { op: 'append', route: ['specs'], value: member },
    rule: null,
    apart: null,
    use: 'probes',
    opening: { policyId: policy.id, direction: 'ingress', peers: null, ports: ALL_PORTS },
    phrase: '',
  } as const
  return changeFor('edit', state, addition) ?? changeFor('patch', state, addition)
}

function placeBeside(policy: NetworkPolicy): Host | null {
  const { origin } = policy
  if (origin.making !== null) return hostOf(policy)
  return origin.editable ? (origin.host ?? null) : null
}
