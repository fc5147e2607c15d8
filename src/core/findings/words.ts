// Pieces of sentences that several rules share.
import type { Enrollment } from '../ambient/enrollment.ts'
import { NAMESPACE_NAME_LABEL, describeSelector } from '../kubernetes/labels.ts'
import type { PodsPeer, PolicyPeer } from '../kubernetes/kinds/policy.ts'
import type { Network } from '../kubernetes/network.ts'
import type { Named, NetworkPolicy } from '../kubernetes/state.ts'
import { grouped } from '../source/grouped.ts'
import { compareNaturally } from '../source/natural.ts'

/** `a`, `a and b`, `a, b and 3 more`. */
export function list(names: readonly string[], most: number = 3): string {
  const shown =
    names.length > most ? [...names.slice(0, most - 1), `${String(names.length - most + 1)} more`] : names
  return shown.length < 2 ? (shown[0] ?? '') : `${shown.slice(0, -1).join(', ')} and ${shown.at(-1) ?? ''}`
}

/** `NetworkPolicy payments/api`, `NetworkPolicies payments/a and payments/b`. */
export function namePolicies(policies: readonly NetworkPolicy[]): string {
  const kinds = [...grouped(policies, ({ kind }) => kind)].map(([kind, some]) => {
    const names = [...new Set(some.map(nameInCluster))]
    return `${names.length === 1 ? kind : kind.replace(/y$/, 'ies')} ${list(names)}`
  })
  return list(kinds)
}

/**
 * What denies whatever nothing admits: policies, or, where none isolates, the mode of Cilium. One speaks of it in the
 * singular unless it is several policies.
 */
export function nameClosers(policies: readonly NetworkPolicy[], network: Network): string {
  return policies.length > 0 ? namePolicies(policies) : nameMode(network)
}

/** `policyEnforcementMode: always (ConfigMap kube-system/cilium-config, infra/cilium.yaml:7)`. */
export function nameMode({ enforcement: { mode, because: shown, doubt } }: Network): string {
  return mode === 'perhaps-always'
    ? `policyEnforcementMode, which may be always (${doubt ?? shown}),`
    : `policyEnforcementMode: ${mode} (${shown})`
}

/** `payments/api`, or the name alone of what belongs to no namespace. */
export function nameInCluster({ namespace, name }: Pick<NetworkPolicy, 'namespace' | 'name'>): string {
  return namespace.name === '' ? name : `${namespace.name}/${name}`
}

/** `the namespace payments carries istio.io/dataplane-mode: ambient, payments/namespace.yaml:6`. */
export function because(enrollment: Enrollment): string {
  const { because: reason, at } = enrollment
  return at === null ? reason : `${reason}, ${at.path}:${String(at.line)}`
}

/** `Deployment/a/b is enrolled in Ambient (…)`: how a message begins that is about an enrolled workload. */
export function enrolled({ id }: Pick<Named, 'id'>, enrollment: Enrollment): string {
  return `${id} is enrolled in Ambient (${because(enrollment)})`
}

/** ` (DaemonSet kube-system/cilium, infra/cilium.yaml:4)`; empty where the tree shows nothing of the CNI, or nobody asked it. */
export function shownBy({ at, because: shown }: Network): string {
  return at === null ? '' : ` (${shown})`
}

/** What a sentence calls the peers of a finding; `self` is the workload that it is about, which may be among them. */
export function namePeers(peers: readonly string[], self: string | null = null): string {
  const others = peers.filter((peer) => peer !== self).sort(compareNaturally)
  return list([
    ...(others.length === peers.length ? [] : [`other pods of ${String(self)}`]),
    ...others.map(namePeer),
  ])
}

/** `pods(*)@namespaces(kubernetes.io/metadata.name=shop)` is every pod in shop to a reader. */
function namePeer(peer: string): string {
  if (peer === 'any') return 'any peer'
  const [, pods, namespaces] = /^pods\((.*)\)@namespaces\((.*)\)$/.exec(peer) ?? []
  if (pods === undefined || namespaces === undefined) return peer
  const [, only] = /^kubernetes\.io\/metadata\.name=([^,]+)$/.exec(namespaces) ?? []
  const where = only ?? (isEvery(namespaces) ? 'every namespace' : `namespaces ${namespaces}`)
  return `${pods === '*' ? 'every pod' : `pods ${pods}`} in ${where}`
}

/** Of selectors of namespaces as they are written; the API server puts the label on each of them. */
function isEvery(namespaces: string): boolean {
  return namespaces === '*' || namespaces === NAMESPACE_NAME_LABEL
}

/** A peer as a policy writes it: `pods app=web in payments`, `every pod in namespaces team=a`, `10.0.0.0/8`. */
export function describePeer(peer: PolicyPeer, ownNamespace: string): string {
  switch (peer.kind) {
    case 'block':
      return peer.except.length === 0 ? peer.cidr : `${peer.cidr} except ${list(peer.except)}`
    case 'entity':
      return peer.entity
    case 'unknown':
      return peer.name
    case 'pods':
      return describePods(peer, ownNamespace)
  }
}

function describePods(peer: PodsPeer, ownNamespace: string): string {
  const pods = peer.pods.length === 0 ? 'every pod' : `pods ${describeSelector(peer.pods)}`
  if (peer.namespaces === null) return `${pods} in ${ownNamespace}`
  if (isEvery(describeSelector(peer.namespaces))) return `${pods} in every namespace`
  const [only, ...others] = peer.namespaces
  if (others.length === 0 && only?.key === NAMESPACE_NAME_LABEL && only.operator === 'In')
    return `${pods} in ${list(only.values)}`
  return `${pods} in namespaces ${describeSelector(peer.namespaces)}`
}
