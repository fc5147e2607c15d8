// What matters of what an admission policy writes: kinds of objects, and places in them. Kinds are named without their
// group, as most policies name them.
import type { Route } from '../../yaml/types.ts'
import { WORKLOAD_KINDS } from './workload.ts'

/** Something that a policy writes. */
export interface Write {
  /** For people: `generates NetworkPolicy`, `changes Namespace, Pod`. */
  readonly what: string
  /** The rule's name; null where the policy has no rules. */
  readonly rule: string | null
  readonly route: Route
  /** Where it writes; null: anywhere. */
  readonly namespaces: readonly string[] | null
}

const WORKLOADS: readonly string[] = [
  ...new Set(WORKLOAD_KINDS.map((kind) => kind.slice(kind.indexOf('/') + 1))),
]

/** Policies of every engine; Gateways, since Istio makes pods of them. */
const DECIDERS = [
  'NetworkPolicy',
  'CiliumNetworkPolicy',
  'CiliumClusterwideNetworkPolicy',
  'GlobalNetworkPolicy',
  'AdminNetworkPolicy',
  'BaselineAdminNetworkPolicy',
  'ClusterNetworkPolicy',
  'AuthorizationPolicy',
  'Gateway',
]

/** Kinds whose making is news. */
export const MADE: readonly string[] = ['Namespace', ...DECIDERS, ...WORKLOADS]

/** Kinds that no namespace holds, so that what makes them is limited to none. */
export const CLUSTER_WIDE: readonly string[] = [
  'Namespace',
  'CiliumClusterwideNetworkPolicy',
  'GlobalNetworkPolicy',
  'AdminNetworkPolicy',
  'BaselineAdminNetworkPolicy',
  'ClusterNetworkPolicy',
]

/** A place in an object: keys from its top, without the indexes of lists. A key with a variable in it may be any. */
export type Path = readonly string[]

type Pattern = readonly (string | RegExp)[]

const NAMESPACE: readonly Pattern[] = [['metadata', 'labels']]
const DECIDER: readonly Pattern[] = [['spec'], ['metadata', 'annotations', /istio\.io/]]
const POD: readonly Pattern[] = [
  ['metadata', 'labels'],
  // Injection of sidecars, capture by ztunnel.
  ['metadata', 'annotations', /istio\.io/],
  ['spec', 'hostNetwork'],
  ['spec', /^(?:initC|c)ontainers$/, /^(?:ports|livenessProbe|readinessProbe|startupProbe|lifecycle)$/],
]
const TEMPLATES: readonly Pattern[] = [
  ['spec', 'template'],
  ['spec', 'jobTemplate', 'spec', 'template'],
]
const WORKLOAD: readonly Pattern[] = TEMPLATES.flatMap((template) =>
  POD.map((place) => [...template, ...place]),
)

/** Of these kinds, those in which a change at one of these places matters. A path that ends early changes all below it. */
export function changedKinds(kinds: readonly string[], paths: readonly Path[]): readonly string[] {
  return kinds.filter((kind) => placesIn(kind).some((place) => paths.some((path) => touches(path, place))))
}

function placesIn(kind: string): readonly Pattern[] {
  if (kind === 'Namespace') return NAMESPACE
  if (kind === 'Pod') return POD
  if (DECIDERS.includes(kind)) return DECIDER
  return WORKLOADS.includes(kind) ? WORKLOAD : []
}

function touches(path: Path, place: Pattern): boolean {
  return place.every((wanted, index) => {
    const key = path[index]
    if (key === undefined || key.includes('{{')) return true
    return typeof wanted === 'string' ? key === wanted : wanted.test(key)
  })
}

/** Kinds for people. */
export function phrase(kinds: readonly string[]): string {
  return kinds.length > 4 ? 'objects of many kinds' : kinds.join(', ')
}
