// What the policy beside a generated one is called, and its file: the same in every run, and free.
import type { Direction } from '../kubernetes/kinds/policy.ts'
import type { Host } from '../kubernetes/origin.ts'
import type { ClusterState, NetworkPolicy } from '../kubernetes/state.ts'
import type { Addition } from './need.ts'

/** Objects take 253 characters and file systems 255 bytes: room for a number and `.yaml`. */
const MAX_BASE = 240

/**
 * `redis-ambient`, `redis-ambient-egress` or `redis-ambient-probes`; numbered where the folder has a file, or the
 * namespace a policy, of that name. Rules of one use share a policy. Policies of one name in several namespaces, or of
 * several kinds in one, are told apart.
 */
export function companionName(
  state: ClusterState,
  policy: NetworkPolicy,
  host: Pick<Host, 'folder' | 'names'>,
  use: Addition['use'],
  direction: Direction,
): string {
  // A kustomization puts its prefix before the new name as it did before the old one.
  const own = sourceNameOf(policy)
  const twins = state.policies.filter(
    (other) =>
      other.id !== policy.id &&
      other.origin.making?.host?.folder === host.folder &&
      sourceNameOf(other) === own,
  )
  const suffix = `-ambient${use === 'probes' ? '-probes' : direction === 'egress' ? '-egress' : ''}`
  const afar = twins.some(({ namespace }) => namespace.name !== policy.namespace.name)
  const near = twins.some(({ namespace }) => namespace.name === policy.namespace.name)
  const place = afar ? `${policy.namespace.name || 'clusterwide'}-` : ''
  const full = `${place}${near && policy.kind !== 'NetworkPolicy' ? 'cilium-' : ''}${own}`
  return freeName(state, policy.namespace.name, host, fitting(full, suffix))
}

/** The same for the pods of one workload: `waypoint-ambient`, `waypoint-ambient-egress`. */
export function nameApart(
  state: ClusterState,
  { namespace }: NetworkPolicy,
  host: Pick<Host, 'names'>,
  workload: string,
  direction: Direction,
): string {
  const suffix = `-ambient${direction === 'egress' ? '-egress' : ''}`
  return freeName(state, namespace.name, host, fitting(workload, suffix))
}

function fitting(name: string, suffix: string): string {
  return name.slice(0, MAX_BASE - suffix.length).replace(/[^a-z0-9]+$/, '') + suffix
}

/** A name, numbered where the folder has a file, or the namespace (`''` is the cluster) a policy, of that name. */
export function freeName(
  state: ClusterState,
  namespace: string,
  host: Pick<Host, 'names'>,
  base: string,
): string {
  const names = new Set(
    state.policies.filter((other) => other.namespace.name === namespace).map(({ name }) => name),
  )
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? base : `${base}-${String(number)}`
    if (!names.has(name) && !host.names.has(`${name}.yaml`)) return name
  }
}

function sourceNameOf({ name, origin }: NetworkPolicy): string {
  return origin.making?.sourceName ?? name
}
