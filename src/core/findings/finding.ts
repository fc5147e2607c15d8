// A finding: what is wrong with the user's policies, for one workload, direction and port.
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
import type { RuleId, Severity } from '../config.ts'
import type { Enrollment } from '../ambient/enrollment.ts'
import type { Direction, PolicyRule } from '../kubernetes/kinds/policy.ts'
import type { Named, NetworkPolicy } from '../kubernetes/state.ts'
import type { Protocol } from '../kubernetes/port-set.ts'
import type { Step } from './step.ts'
import { compareText } from '../source/problem.ts'
import type { Route } from '../yaml/types.ts'
import type { LostPeers } from './lost-peers.ts'

export type Certainty = 'certain' | 'possible'

/** A policy that decides a finding, and the rule in it that falls short; null where no rule admits anything. */
export interface Culprit {
  readonly policy: NetworkPolicy
  readonly rule: PolicyRule | null
}

/** Where a policy stands in its object: in `spec`, or in the member of `specs` that holds its rules. */
export function specRoute({ spec }: NetworkPolicy): Route {
  const [first] = [...(spec.ingress ?? []), ...(spec.egress ?? [])]
  return first?.route[0] === 'specs' ? first.route.slice(0, 2) : ['spec']
}

/** Where that stands which decides. */
export function culpritRoute({ policy, rule }: Culprit): Route {
  return rule?.route ?? specRoute(policy)
}

export interface Finding {
  readonly rule: RuleId
  readonly severity: Severity
  /** True where doubt has lowered the severity: the configuration then does not raise it again. */
  readonly lowered: boolean
  readonly certainty: Certainty
  readonly cluster: string
  /** The workload that it is about; for rules about policies or labels, the object that carries them. */
  readonly workload: Named
  readonly direction: Direction
  readonly port: number
  readonly protocol: Protocol
  /** Sorted names: `Kind/namespace/name`, a block, `any`, or `pods(…)@namespaces(…)`. */
  readonly peers: readonly string[]
  /** The peers behind those names, where a rule tells them apart. */
  readonly lost: readonly LostPeers[]
  readonly culprits: readonly Culprit[]
  /** Policies that isolate the workload in this direction, guilty or not. */
  readonly isolatedBy: readonly NetworkPolicy[]
  /** The enrolments that brought it about, besides those of lost peers. */
  readonly enrolledBy: readonly Enrollment[]
  /** Routes in the manifest of `workload` that matter to it, such as its probes. */
  readonly workloadRoutes: readonly Route[]
  readonly message: string
  /** The steps of its explanation, where the rule knows better than `explain` does. */
  readonly why?: readonly Step[]
}

/**
 * `f-` and ten hexadecimal digits over what a finding is about: no line, no commit and no peer, so that
 * it stays the same while people edit around it.
 */
export function fingerprint(
  finding: Pick<Finding, 'rule' | 'cluster' | 'workload' | 'direction' | 'port'>,
): string {
  const { rule, cluster, workload, direction, port } = finding
  return `f-${bytesToHex(sha256(utf8ToBytes(JSON.stringify([rule, cluster, workload.id, direction, port])))).slice(0, 10)}`
}

const SEVERITIES: readonly Severity[] = ['error', 'warning', 'note']

/** Errors before warnings before notes. */
export function bySeverity(a: Severity, b: Severity): number {
  return SEVERITIES.indexOf(a) - SEVERITIES.indexOf(b)
}

/** Severity, then cluster, workload, rule, direction and port: the order in which findings leave core. */
export function byFinding(a: Finding, b: Finding): number {
  return (
    bySeverity(a.severity, b.severity) ||
    compareText(a.cluster, b.cluster) ||
    compareText(a.workload.id, b.workload.id) ||
    compareText(a.rule, b.rule) ||
    compareText(a.direction, b.direction) ||
    a.port - b.port
  )
}
