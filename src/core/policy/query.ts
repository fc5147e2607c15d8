// One question about reachability: this port, from here to there. Pure policy in both directions: no hops,
// no mesh, nothing but what the policies of both ends admit.
import type { Analysis } from '../analysis.ts'
import {
  ALL_ADDRESSES,
  NO_ADDRESSES,
  intersectAddresses,
  noAddresses,
  parseAddresses,
  subtractAddresses,
  unionAddresses,
} from '../kubernetes/address-set.ts'
import type { AddressSet } from '../kubernetes/address-set.ts'
import { formatBlocks } from '../kubernetes/blocks.ts'
import { ALL_PORTS, NO_PORTS, hasPort, intersectPorts } from '../kubernetes/port-set.ts'
import type { PortSet, Protocol } from '../kubernetes/port-set.ts'
import type { Direction } from '../kubernetes/kinds/network-policy.ts'
import { matches } from '../kubernetes/labels.ts'
import type { Workload } from '../kubernetes/state.ts'
import { compareText } from '../source/problem.ts'
import type { Allowance } from './engine.ts'
import type { Peer } from './peer.ts'

export interface Query {
  /** `Kind/namespace/name`, an address or a block. */
  readonly from: string
  readonly to: string
  /** A number, or the name of a port of `to`. */
  readonly port: number | string
  readonly protocol: Protocol
}

export interface Because {
  readonly direction: Direction
  /** `Kind/namespace/name`. */
  readonly policy: string
  /** Index from 0; null where isolation alone decides. */
  readonly rule: number | null
  readonly action: 'allow' | 'deny'
}

export interface Answer extends Query {
  readonly verdict: 'allowed' | 'denied' | 'unknown'
  readonly because: readonly Because[]
  /** The blocks that are admitted, where only a part of an asked block is. */
  readonly partial?: readonly string[]
  /** Why the question could not be answered. */
  readonly error?: string
}

type End =
  | { readonly kind: 'workload'; readonly workload: Workload }
  | { readonly kind: 'addresses'; readonly addresses: AddressSet }

/** Answers a query; a peer that does not exist, or a port that has no number, is `unknown` with an `error`. */
export function answer(analysis: Analysis, query: Query): Answer {
  const from = findEnd(analysis, query.from)
  const to = findEnd(analysis, query.to)
  const failed = (error: string): Answer => ({ ...query, verdict: 'unknown', because: [], error })
  if (from === null) return failed(`${query.from} is neither a workload of this tree nor an address`)
  if (to === null) return failed(`${query.to} is neither a workload of this tree nor an address`)
  if (from.kind === 'addresses' && to.kind === 'addresses')
    return failed('one end must be a workload: no policy governs addresses')
  const port = numberOf(query, to)
  if (port === null) return failed(`${query.to} has no ${query.protocol} port named ${String(query.port)}`)
  const sides = [
    ...(from.kind === 'workload' ? [side(analysis, from.workload, to, 'egress', port, query.protocol)] : []),
    ...(to.kind === 'workload' ? [side(analysis, to.workload, from, 'ingress', port, query.protocol)] : []),
  ]
  const denied = sides.filter(({ verdict }) => verdict === 'denied')
  const partial = sides.flatMap((one) => one.partial ?? [])
  // A doubt on one side does not matter where the other side denies.
  const deciding = denied.length > 0 ? denied : sides
  const verdict =
    denied.length > 0 ? 'denied' : sides.some((one) => one.verdict === 'unknown') ? 'unknown' : 'allowed'
  const whole = denied.every((one) => one.partial !== null)
  return {
    ...query,
    verdict,
    because: deciding.flatMap(({ because }) => because),
    ...(verdict === 'denied' && whole && partial.length > 0 ? { partial } : {}),
  }
}

/** The ports on which one workload reaches another: for sure, and if what is not known would have it so. */
export function reachability(
  analysis: Analysis,
): (from: Workload, to: Workload) => { readonly sure: PortSet; readonly perhaps: PortSet } {
  const hidden = {
    ingress: new Set(analysis.state.workloads.filter((one) => isHidden(analysis, one, 'ingress'))),
    egress: new Set(analysis.state.workloads.filter((one) => isHidden(analysis, one, 'egress'))),
  }
  const end = (
    workload: Workload,
    other: Workload,
    direction: Direction,
  ): { readonly sure: PortSet; readonly perhaps: PortSet } =>
    hidden[direction].has(workload)
      ? { sure: NO_PORTS, perhaps: ALL_PORTS }
      : analysis.engine.allows(workload, { kind: 'workload', workload: other }, direction)
  return (from, to) => {
    const [out, into] = [end(from, to, 'egress'), end(to, from, 'ingress')]
    return {
      sure: intersectPorts(out.sure, into.sure),
      perhaps: intersectPorts(out.perhaps, into.perhaps),
    }
  }
}

/** A workload by its id, or an address or block; null where it is neither. */
function findEnd({ state }: Analysis, name: string): End | null {
  const workload = state.workloads.find(({ id }) => id === name)
  if (workload !== undefined) return { kind: 'workload', workload }
  const addresses = parseAddresses(name)
  return addresses === null ? null : { kind: 'addresses', addresses }
}

function numberOf({ port, protocol }: Query, to: End): number | null {
  if (typeof port === 'number') return port
  if (to.kind !== 'workload') return null
  return (
    to.workload.pods.ports.find((declared) => declared.name === port && declared.protocol === protocol)
      ?.port ?? null
  )
}

interface Side {
  readonly verdict: Answer['verdict']
  readonly because: readonly Because[]
  /** Of an asked block, what is admitted; null where all or nothing is. */
  readonly partial: readonly string[] | null
}

function side(
  analysis: Analysis,
  workload: Workload,
  other: End,
  direction: Direction,
  port: number,
  protocol: Protocol,
): Side {
  if (isHidden(analysis, workload, direction)) return { verdict: 'unknown', because: [], partial: null }
  if (other.kind === 'workload')
    return judged(analysis.engine.allows(workload, other, direction), direction, port, protocol)
  const parts = cut(other.addresses, analysis, workload, direction).map((addresses) => {
    const peer: Peer = { kind: 'addresses', addresses, pods: false }
    return {
      addresses,
      ...judged(analysis.engine.allows(workload, peer, direction), direction, port, protocol),
    }
  })
  const [first] = parts
  if (first === undefined) return { verdict: 'unknown', because: [], partial: null }
  if (parts.every(({ verdict }) => verdict === 'allowed')) {
    return { verdict: 'allowed', because: unique(parts.flatMap(({ because }) => because)), partial: null }
  }
  const refused = parts.filter(({ verdict }) => verdict === 'denied')
  if (refused.length === 0) return { verdict: 'unknown', because: [], partial: null }
  const admitted = parts
    .filter(({ verdict }) => verdict === 'allowed')
    .reduce((sum, part) => unionAddresses(sum, part.addresses), NO_ADDRESSES)
  return {
    verdict: 'denied',
    because: unique(refused.flatMap(({ because }) => because)),
    partial: noAddresses(admitted) ? null : formatBlocks(admitted),
  }
}

function judged(
  { isolatedBy, sure, perhaps, hits }: Allowance,
  direction: Direction,
  port: number,
  protocol: Protocol,
): Side {
  const allow = hits
    .filter((hit) => hasPort(hit.sure, protocol, port))
    .map(({ policy, rule }): Because => ({ direction, policy: policy.id, rule: rule.index, action: 'allow' }))
  if (hasPort(sure, protocol, port)) return { verdict: 'allowed', because: allow, partial: null }
  if (hasPort(perhaps, protocol, port)) return { verdict: 'unknown', because: [], partial: null }
  return {
    verdict: 'denied',
    because: isolatedBy.map(({ id }) => ({ direction, policy: id, rule: null, action: 'deny' })),
    partial: null,
  }
}

/** A policy that could not be read or is not evaluated may decide anything for the pods it may select. */
function isHidden({ problems, state }: Analysis, workload: Workload, direction: Direction): boolean {
  const namespace = workload.namespace.name
  const broken = problems.some(
    ({ class: kind, code, hides }) =>
      (kind === 'unreadable' || code === 'policy-not-evaluated' || code === 'duplicate-object') &&
      code !== 'configuration' &&
      (hides.namespaces === 'all' || hides.namespaces.includes(namespace)),
  )
  // Whether a policy governs pods on the host network is left to the CNI.
  const undefinedByApi =
    workload.pods.hostNetwork &&
    state.policies.some(
      (policy) =>
        policy.namespace.name === namespace &&
        policy.spec[direction] !== null &&
        matches(policy.spec.selector, workload.pods.labels),
    )
  return broken || undefinedByApi
}

/** Cuts a block at the edges of every block that the workload's policies name. */
function cut(
  addresses: AddressSet,
  { engine }: Analysis,
  workload: Workload,
  direction: Direction,
): readonly AddressSet[] {
  const blocks = engine
    .isolating(workload, direction)
    .flatMap(({ spec }) => spec[direction] ?? [])
    .flatMap(({ peers }) => (peers ?? []).flatMap((peer) => (peer.kind === 'block' ? [peer.addresses] : [])))
  let parts: readonly AddressSet[] = [intersectAddresses(addresses, ALL_ADDRESSES)]
  for (const block of blocks) {
    parts = parts
      .flatMap((part) => [intersectAddresses(part, block), subtractAddresses(part, block)])
      .filter((part) => !noAddresses(part))
  }
  return parts
}

function unique(because: readonly Because[]): readonly Because[] {
  const byKey = new Map(because.map((one) => [JSON.stringify(one), one]))
  return [...byKey.entries()].sort(([a], [b]) => compareText(a, b)).map(([, one]) => one)
}
