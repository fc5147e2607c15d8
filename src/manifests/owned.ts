// Which objects of a cluster another object of it makes: a Deployment, its ReplicaSets and their pods are one
// workload, not three.
import { rootField } from '../core/kubernetes/field.ts'
import { gatewayClass, readGatewayPods } from '../core/kubernetes/kinds/gateway.ts'
import { WORKLOAD_KINDS } from '../core/kubernetes/kinds/workload.ts'
import { groupKindOf } from '../core/kubernetes/identity.ts'
import type { ClusterObject } from './dump.ts'

/** Labels by which a pod names the ReplicaSet's share of its name, and who makes such ReplicaSets. */
const HASHES: readonly (readonly [label: string, maker: string])[] = [
  ['pod-template-hash', 'apps/Deployment'],
  ['rollouts-pod-template-hash', 'argoproj.io/Rollout'],
]

/**
 * Tells the workloads that another object of the same dump stands for: its controller, the Deployment behind a
 * ReplicaSet that was not asked for, or the Gateway for which Istio made it.
 */
export function ownedIn(objects: readonly ClusterObject[]): (object: ClusterObject) => boolean {
  const makers = new Set(objects.filter(makesPods).map((one) => key(groupKindOf(one), nameOf(one), one)))
  return (one) => {
    if (!WORKLOAD_KINDS.includes(groupKindOf(one))) return false
    return ownersOf(one).some((owner) => {
      const kind = groupKindOf(owner)
      if (makers.has(key(kind, owner.name, one))) return true
      const maker = kind === 'apps/ReplicaSet' ? behindReplicaSet(owner.name, one) : null
      return maker !== null && makers.has(key(maker.kind, maker.name, one))
    })
  }
}

function makesPods(object: ClusterObject): boolean {
  const kind = groupKindOf(object)
  if (kind !== 'gateway.networking.k8s.io/Gateway') return WORKLOAD_KINDS.includes(kind)
  const root = rootField(object.object)
  const made = gatewayClass(root)
  return made !== null && readGatewayPods(root, nameOf(object), made) !== null
}

interface Owner {
  readonly apiVersion: string
  readonly kind: string
  readonly name: string
}

/** Controllers; and Gateways, by which Istio owns what it makes without calling them that. */
function ownersOf({ object }: ClusterObject): readonly Owner[] {
  const { ownerReferences } = mapping(object.metadata)
  if (!Array.isArray(ownerReferences)) return []
  return ownerReferences.flatMap((reference): Owner[] => {
    const { apiVersion, kind, name, controller } = mapping(reference)
    if (typeof apiVersion !== 'string' || typeof kind !== 'string' || typeof name !== 'string') return []
    return controller === true || kind === 'Gateway' ? [{ apiVersion, kind, name }] : []
  })
}

/** A Deployment names its ReplicaSets `<its own name>-<hash>` (pkg/controller/deployment/sync.go). */
function behindReplicaSet(name: string, { object }: ClusterObject): { kind: string; name: string } | null {
  const labels = mapping(mapping(object.metadata).labels)
  for (const [label, kind] of HASHES) {
    const hash = labels[label]
    if (typeof hash === 'string' && name.endsWith(`-${hash}`))
      return { kind, name: name.slice(0, -1 - hash.length) }
  }
  return null
}

/** Owners live in the namespace of what they own. */
function key(groupKind: string, name: string, { object }: ClusterObject): string {
  return `${groupKind} ${String(mapping(object.metadata).namespace)} ${name}`
}

function nameOf({ object }: ClusterObject): string {
  const { name } = mapping(object.metadata)
  return typeof name === 'string' ? name : ''
}

function mapping(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {}
}
