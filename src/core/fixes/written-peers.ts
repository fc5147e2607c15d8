// Peers that a fix admits, by the labels that a policy can name them by; dialects write them.
import {
  EVERYTHING,
  GATEWAY_NAME,
  NAMESPACE_NAME_LABEL,
  SERVICE_ACCOUNT,
  label,
} from '../kubernetes/labels.ts'
import type { Labels, Selector } from '../kubernetes/labels.ts'
import type { PolicyPeer } from '../kubernetes/kinds/policy.ts'
import { valueAt } from '../kubernetes/origin.ts'
import type { Namespace, Workload } from '../kubernetes/state.ts'
import { indexesOf } from '../policy/index-set.ts'
import type { PeerSet } from '../policy/peer-set.ts'
import type { Population } from '../policy/population.ts'

export interface NamedPeer {
  readonly peer: PolicyPeer
  /** As the policy has it already; null where it has not. */
  readonly written: unknown
}

/** A workload, by the labels that its own kind selects its pods by; the pods of a Gateway by its name. */
export function writeWorkload({ gateway, namespace, object, pods }: Workload): NamedPeer {
  const own = valueAt(object, ['spec', 'selector', 'matchLabels'])
  const made = label(pods.labels, GATEWAY_NAME)
  // That of the service account is none that a selector can ask for.
  const carried = Object.fromEntries(Object.entries(pods.labels).filter(([key]) => key !== SERVICE_ACCOUNT))
  const podLabels =
    gateway !== null && made !== undefined
      ? { [GATEWAY_NAME]: made }
      : ((typeof own === 'object' && own !== null ? own : carried) as Labels)
  return writePods(selects(podLabels), selects({ [NAMESPACE_NAME_LABEL]: namespace.name }))
}

/** Every peer of a set as a policy writes it; null where one cannot be written, such as an address that may be a pod's. */
export function writePeers(
  { known, unseen, rest }: PeerSet,
  population: Population,
): readonly NamedPeer[] | null {
  if (rest.some(({ kind }) => kind === 'addresses')) return null
  if (areOnNodes({ known, unseen, rest }, population) !== 'none') return null
  const written = [
    ...[...indexesOf(known)].map((index) => writeWorkload(population.workloads[index] as Workload)),
    ...unseen.map(({ pods, namespaces }) => {
      const names = [...indexesOf(namespaces)].map(
        (index) => (population.namespaces[index] as Namespace).name,
      )
      return writePods(pods, [{ key: NAMESPACE_NAME_LABEL, operator: 'In', values: names }])
    }),
    ...rest.flatMap((peer) => {
      switch (peer.kind) {
        case 'workload':
          return [writeWorkload(peer.workload)]
        case 'pods':
          return [writePods(peer.pods, selects({ [NAMESPACE_NAME_LABEL]: peer.namespace.name }))]
        case 'elsewhere':
          return [writePods(peer.pods, peer.namespaces)]
        case 'addresses':
          return []
      }
    }),
  ]
  return [...new Map(written.map((one) => [JSON.stringify(one.peer), one])).values()]
}

/**
 * How many of the known pods have the addresses of their nodes, which no selector finds?
 * @see https://kubernetes.io/docs/concepts/services-networking/network-policies/ "NetworkPolicy and hostNetwork pods"
 */
export function areOnNodes(
  { known, unseen, rest }: PeerSet,
  population: Population,
): 'all' | 'some' | 'none' {
  const are = [
    ...[...indexesOf(known)].map((index) => population.workloads[index]?.pods.hostNetwork === true),
    ...unseen.map(() => false),
    ...rest.map((peer) => peer.kind === 'workload' && peer.workload.pods.hostNetwork),
  ]
  if (!are.includes(true)) return 'none'
  return are.includes(false) ? 'some' : 'all'
}

/** Every pod of the cluster. */
export const EVERY_POD: NamedPeer = {
  peer: { kind: 'pods', pods: EVERYTHING, namespaces: EVERYTHING },
  written: null,
}

/** Pods that selectors for labels pick, in namespaces that others pick. */
export function writePods(pods: Selector, namespaces: Selector): NamedPeer {
  return { peer: { kind: 'pods', pods, namespaces }, written: null }
}

/** A LabelSelector (meta/v1). */
export function writeSelector(selector: Selector): object {
  const labels = selector.flatMap((one) =>
    one.operator === 'In' && one.values.length === 1 ? [[one.key, one.values[0]] as const] : [],
  )
  const others = selector.filter((one) => one.operator !== 'In' || one.values.length !== 1)
  return {
    ...(labels.length === 0 ? {} : { matchLabels: Object.fromEntries(labels) }),
    ...(others.length === 0 ? {} : { matchExpressions: others }),
  }
}

function selects(labels: Labels): Selector {
  return Object.entries(labels).map(([key, value]) => ({ key, operator: 'In', values: [value] }))
}
