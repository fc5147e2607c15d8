// What is asked of the policies of a cluster: for a workload, a peer and a direction, the ports that are allowed,
// and the rules that say so. Sets, not packets.
import type { NetworkPolicy, Workload } from '../kubernetes/state.ts'
import type { Direction, PolicyRule } from '../kubernetes/kinds/policy.ts'
import type { Match } from '../kubernetes/labels.ts'
import type { PortSet, Protocol } from '../kubernetes/port-set.ts'
import type { Closing } from './closers.ts'
import type { Peer } from './peer.ts'
import type { PeerSet } from './peer-set.ts'

/** A rule in its policy. */
export interface RuleOf {
  readonly policy: NetworkPolicy
  readonly rule: PolicyRule
}

/** A rule that speaks of a peer: for sure, or where something that the tree does not show would have it so. */
export interface RuleHit extends RuleOf {
  readonly sure: PortSet
  /** A superset of `sure`. */
  readonly perhaps: PortSet
}

export interface Allowance {
  readonly sure: PortSet
  /** A superset of `sure`. */
  readonly perhaps: PortSet
  /** The rules that admit the peer, whatever stands before them. */
  readonly hits: readonly RuleHit[]
  /** The rules that deny it. */
  readonly denials: readonly RuleHit[]
}

/** A set of peers by what becomes of their traffic on one port; each peer is in one part. */
export interface Split {
  readonly open: PeerSet
  /** Open if what the tree does not show would have it so. */
  readonly doubtful: PeerSet
  readonly closed: PeerSet
}

export interface Engine {
  /**
   * The policies that have a say about a workload in a direction, by id. Workloads under the same policies get the same
   * list.
   */
  readonly governing: (workload: Workload, direction: Direction) => readonly NetworkPolicy[]
  /** Is everything allowed, since nothing has a say about a workload in a direction? */
  readonly isOpen: (workload: Workload, direction: Direction) => boolean
  /** Those of the policies that deny what nothing admits. */
  readonly isolating: (workload: Workload, direction: Direction) => readonly NetworkPolicy[]
  /**
   * Is what nothing admits denied there, by such policies or by the mode in which the CNI enforces them? `maybe` where
   * that hangs on what the tree leaves open about whole policies.
   */
  readonly isolation: (workload: Workload, direction: Direction) => Match
  /** Does it hang on the selection or the place of whole policies what is allowed there? */
  readonly wavers: (workload: Workload, direction: Direction) => boolean
  /** The rules of the policies that govern it, those that admit and those that deny. */
  readonly admitting: (workload: Workload, direction: Direction) => readonly RuleOf[]
  readonly denying: (workload: Workload, direction: Direction) => readonly RuleOf[]
  /** The rules that let through: those that admit, and those that pass on to what may admit, or have nothing to say. */
  readonly letting: (workload: Workload, direction: Direction) => readonly RuleOf[]
  /** Do those policies only add up: whatever any rule of them admits is admitted? */
  readonly addsUp: (workload: Workload, direction: Direction) => boolean
  /** Ports of the destination: of `workload` for ingress, of `peer` for egress. */
  readonly allows: (workload: Workload, peer: Peer, direction: Direction) => Allowance
  /**
   * What of that hangs on the peer alone: the ports that are allowed whichever policies select the workload and whichever
   * of them comes first, if the peer is one of which that may be said.
   */
  readonly settled: (workload: Workload, peer: Peer, direction: Direction) => PortSet
  /** For many peers at once: is a TCP port of the destination open between them and the workload? */
  readonly split: (workload: Workload, direction: Direction, port: number, peers: PeerSet) => Split
  /** The same, where a port is open that a proxy looks into, and lets some of what is said through. */
  readonly passing: (workload: Workload, direction: Direction, port: number, peers: PeerSet) => Split
  /**
   * Who keeps many peers from a port; of peers that are not kept from it, who might. See closers.ts. Names of ports mean
   * those of TCP.
   */
  readonly closing: (
    workload: Workload,
    direction: Direction,
    port: number,
    peers: PeerSet,
    protocol?: Protocol,
  ) => readonly Closing[]
  /**
   * Those of many peers to whom one TCP port may be open while another is closed, by something about a whole policy that
   * the tree does not show: each of the two may be in doubt, and both doubts are one.
   */
  readonly parted: (
    workload: Workload,
    direction: Direction,
    ports: readonly [open: number, closed: number],
    peers: PeerSet,
  ) => PeerSet
  /** Whom of many peers does a rule speak of, whatever the port? */
  readonly matches: (rule: PolicyRule, policy: NetworkPolicy, peers: PeerSet) => Split
}
