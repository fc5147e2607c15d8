// A step of an explanation: one fact, and where it stands.
import type { Origin, Place } from '../kubernetes/origin.ts'
import { placeOf } from '../kubernetes/origin.ts'
import type { Direction, PolicyRule } from '../kubernetes/kinds/policy.ts'
import type { Network } from '../kubernetes/network.ts'
import type { Named, NetworkPolicy } from '../kubernetes/state.ts'
import type { Enrollment } from '../ambient/enrollment.ts'
import { fieldPath } from '../yaml/field-path.ts'
import type { Route } from '../yaml/types.ts'
import type { RuleHit } from '../policy/engine.ts'
import { nameInCluster } from './words.ts'
import { describePorts } from '../kubernetes/port-set.ts'

export interface Step {
  /** A sentence without its full stop. */
  readonly text: string
  /** null where it stands in no file: what Ambient does, what no rule says, what was only asked about. */
  readonly at: Place | null
}

export function step(text: string, origin: Origin, route: Route): Step {
  return { text, at: placeOf(origin, route) }
}

/** `Deployment/payments/api is enrolled in Ambient: the namespace payments carries …`; `aside` follows the name. */
export function enrolledStep({ id }: Named, { because, at }: Enrollment, aside: string = ''): Step {
  return { text: `${id}${aside} is enrolled in Ambient: ${because}`, at }
}

/** More policies than this are counted: the point is that the port is open in none. */
const MOST_POLICIES = 4

/** The policies that select a workload, each where its selector stands. */
function selectedSteps(policies: readonly NetworkPolicy[], direction: Direction): readonly Step[] {
  const shown = policies.slice(0, policies.length > MOST_POLICIES ? MOST_POLICIES - 1 : MOST_POLICIES)
  const left = policies.length - shown.length
  return [
    ...shown.map((policy) =>
      step(`${policyName(policy)} selects it and isolates its ${direction}`, policy.origin, [
        'spec',
        policy.kind === 'NetworkPolicy' ? 'podSelector' : 'endpointSelector',
      ]),
    ),
    ...(left > 0 ? [{ text: `${String(left)} more policies do`, at: null }] : []),
  ]
}

/** What isolates a workload: the policies that do, and the mode of Cilium by which whoever no policy speaks of is. */
export function isolationSteps(
  policies: readonly NetworkPolicy[],
  direction: Direction,
  { mode, because, at, doubt }: Network['enforcement'],
): readonly Step[] {
  const selected = selectedSteps(policies, direction)
  switch (mode) {
    case 'always':
      return [
        ...selected,
        { text: `Cilium denies what no policy admits (policyEnforcementMode: always, ${because})`, at },
      ]
    case 'perhaps-always':
      return [
        ...selected,
        { text: `whether Cilium denies what no policy admits is not known: ${doubt ?? because}`, at },
      ]
    case 'default':
    case 'never':
      return selected
  }
}

/** Who of those that isolate has nothing to say for a port. */
export function noneOf(policies: readonly NetworkPolicy[]): string {
  return policies.length > 1 ? 'none of them' : 'no policy'
}

/** `spec.ingress[0] of NetworkPolicy payments/api admits it on 8080/TCP`; `may admit` where the tree does not decide it. */
export function admittedStep({ policy, rule, sure, perhaps }: RuleHit, direction: Direction): Step {
  const certain = sure.TCP.length > 0
  const ports = describePorts({ ...(certain ? sure : perhaps), UDP: [], SCTP: [] })
  const verb =
    direction === 'ingress'
      ? `${certain ? 'admits' : 'may admit'} it`
      : `${certain ? 'lets' : 'may let'} traffic to it out`
  const text = `${ruleName(rule)} of ${policyName(policy)} ${verb} on ${ports}`
  return step(text, policy.origin, rule.route)
}

/** A rule by its field, as Kubernetes names it in its own messages: `spec.ingress[0]`. */
export function ruleName({ route }: PolicyRule): string {
  return fieldPath(route)
}

export function policyName({ kind, name, namespace }: NetworkPolicy): string {
  return `${kind} ${nameInCluster({ namespace, name })}`
}
