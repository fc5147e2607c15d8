// What policies lack for a finding to go away: items and values for their objects, and what those open on the wire.
// Which text they end up in is a question of its own.
import type { Direction, PodsPeer, PolicyPeer } from '../kubernetes/kinds/policy.ts'
import type { PortSet } from '../kubernetes/port-set.ts'
import type { NetworkPolicy, Workload } from '../kubernetes/state.ts'
import type { YamlPatch } from '../yaml/types.ts'

/** Peers and ports that the pods of a policy newly admit; null peers are any peer. */
export interface Opening {
  readonly policyId: string
  /** Of its pods, those of these workloads alone; absent: all. */
  readonly workloads?: readonly string[]
  readonly direction: Direction
  readonly peers: readonly PolicyPeer[] | null
  readonly ports: PortSet
}

export interface Addition {
  readonly policy: NetworkPolicy
  /** Where the rule is not for all pods of the policy: those of a workload, for which there is to be a policy of its own. */
  readonly apart: Apart | null
  /** The route is inside the policy's own object. */
  readonly patch: YamlPatch
  /** The same as a rule that could stand in another policy for the same pods; null where it is none. */
  readonly rule: unknown
  readonly use: 'mesh' | 'probes'
  readonly opening: Opening
  /** What a sentence says that the policy then does: `admits any peer on 15008/TCP`. */
  readonly phrase: string
}

/** Some pods of a policy's namespace. */
export interface Apart {
  readonly workload: Workload
  readonly peer: PodsPeer
}

/** Additions that one sentence tells, and what follows the sentence. */
export interface Need {
  readonly additions: readonly Addition[]
  readonly remark: string
}

/** Can a policy take a rule for this direction in the way that is tried? */
export type Fits = (policy: NetworkPolicy, direction: Direction) => boolean
