// What every policy engine answers: for a workload, a peer and a direction, the ports that are allowed,
// and the rules that say so. Sets, not packets.
import type { ClusterState, NetworkPolicy, Workload } from '../kubernetes/state.ts'
import type { Direction, PolicyRule } from '../kubernetes/kinds/network-policy.ts'
import type { PortSet } from '../kubernetes/port-set.ts'
import type { Peer } from './peer.ts'
import type { PeerSet } from './peer-set.ts'
import type { Population } from './population.ts'

/** A rule that admits a peer: for sure, or where something that the tree does not show would have it so. */
export interface RuleHit {
  readonly policy: NetworkPolicy
  readonly rule: PolicyRule
  readonly sure: PortSet
  /** A superset of `sure`. */
  readonly perhaps: PortSet
}

export interface Allowance {
  /** The policies that select the workload in this direction; with none, everything is allowed. */
  readonly isolatedBy: readonly NetworkPolicy[]
  readonly sure: PortSet
  /** A superset of `sure`. */
  readonly perhaps: PortSet
  readonly hits: readonly RuleHit[]
}

/** A set of peers by what becomes of their traffic on one port; each peer is in one part. */
export interface Split {
  readonly open: PeerSet
  /** Open if what the tree does not show would have it so. */
  readonly doubtful: PeerSet
  readonly closed: PeerSet
}

export interface Engine {
  /** The policies that isolate a workload in a direction, by id. Workloads under the same policies get the same list. */
  readonly isolating: (workload: Workload, direction: Direction) => readonly NetworkPolicy[]
  /** Ports of the destination: of `workload` for ingress, of `peer` for egress. */
  readonly allows: (workload: Workload, peer: Peer, direction: Direction) => Allowance
  /** For many peers at once: is a TCP port of the destination open between them and the workload? */
  readonly split: (workload: Workload, direction: Direction, port: number, peers: PeerSet) => Split
  /** Whom of many peers does a rule speak of, whatever the port? */
  readonly matches: (rule: PolicyRule, policy: NetworkPolicy, peers: PeerSet) => Split
}

export type EngineFactory = (state: ClusterState, population: Population) => Engine
