// How the API of a policy writes what a fix adds to it. A policy is helped in its own language: one of another kind
// beside it might isolate pods that it does not.
import type { World } from '../analysis.ts'
import type { Direction, PodsPeer, PolicyRule } from '../kubernetes/kinds/policy.ts'
import type { Selector } from '../kubernetes/labels.ts'
import type { Protocol } from '../kubernetes/port-set.ts'
import type { NetworkPolicy } from '../kubernetes/state.ts'
import type { AppendPatch, Route } from '../yaml/types.ts'
import { ciliumDialect } from './dialect-cilium.ts'
import { kubernetesDialect } from './dialect-kubernetes.ts'
import type { NamedPeer } from './written-peers.ts'

export type PortAndProtocol = readonly [port: number, protocol: Protocol]

export interface Dialect {
  /** The list of a policy's rules for a direction, beside a rule of it where one is given. */
  readonly listOf: (policy: NetworkPolicy, direction: Direction, beside: PolicyRule | null) => Route
  /** A rule for some peers (null: anybody) on some ports (null: all); what a peer is called already is kept. */
  readonly rule: (
    policy: NetworkPolicy,
    direction: Direction,
    peers: readonly NamedPeer[] | null,
    ports: readonly PortAndProtocol[] | null,
  ) => unknown
  /** A rule for traffic from some blocks, on every port. */
  readonly fromBlocks: (blocks: readonly string[]) => unknown
  /** One port more for the peers of a rule that names ports. */
  readonly portBeside: (policy: NetworkPolicy, rule: PolicyRule, port: number) => AppendPatch
  /** The peers that a rule names and that are, or may be, in the mesh; `all`: does it name no others? */
  readonly meshPeers: (
    world: World,
    policy: NetworkPolicy,
    rule: PolicyRule,
    direction: Direction,
    only?: PodsPeer['kind'],
  ) => { readonly peers: readonly NamedPeer[]; readonly all: boolean }
  /** Another policy, but for its name and its rules: for the same pods, or for some in the same namespace. */
  readonly skeleton: (policy: NetworkPolicy, direction: Direction, pods: Selector | null) => Skeleton
}

/** A policy without its name and its rules. */
export interface Skeleton {
  readonly apiVersion: string
  readonly kind: string
  readonly spec: Readonly<Record<string, unknown>>
}

/** Null for kinds that nothing here writes. */
export function dialectOf({ kind, spec }: Pick<NetworkPolicy, 'kind' | 'spec'>): Dialect | null {
  if (kind.startsWith('Cilium')) return ciliumDialect
  return kind === 'NetworkPolicy' && spec.rank.stage === 'network-policies' ? kubernetesDialect : null
}
