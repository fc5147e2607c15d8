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
import { mayClose } from '../kubernetes/enforcement.ts'
import { formatBlocks } from '../kubernetes/blocks.ts'
import { ALL_PORTS, NO_PORTS, hasPort, intersectPorts } from '../kubernetes/port-set.ts'
import type { PortSet, Protocol } from '../kubernetes/port-set.ts'
import type { Direction } from '../kubernetes/kinds/policy.ts'
import type { Workload } from '../kubernetes/state.ts'
import { compareText } from '../source/problem.ts'
import type { Problem } from '../source/problem.ts'
import { UNSEEN_SOURCES } from '../source/unseen-sources.ts'
import type { RuleHit } from './engine.ts'
import type { Peer } from './peer.ts'
import { selects } from './selects.ts'

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
  /** `Kind/namespace/name`; null where no policy isolates, and the CNI denies all the same what none admits. */
  readonly policy: string | null
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

export interface Asker {
  /** Answers a query; a peer that does not exist, or a port that has no number, is `unknown` with an `error`. */
  readonly answer: (query: Query) => Answer
  /** The ports that are open for sure from one peer to another; none where either end is not found or not known. */
  readonly openPorts: (from: string, to: string) => PortSet
}

/** Answers one query. */
export function answer(analysis: Analysis, query: Query): Answer {
  return asker(analysis).answer(query)
}

/** Gets ready, once, for any number of queries about one analysis. */
export function asker(analysis: Analysis): Asker {
  const ends = new Map<string, End>()
  for (const workload of analysis.state.workloads)
    if (!ends.has(workload.id)) ends.set(workload.id, { kind: 'workload', workload })
  const isHidden = hiddenIn(analysis)

  /** A workload by its id, or an address or block; null where it is neither. */
  const find = (name: string): End | null => {
    const end = ends.get(name)
    if (end !== undefined) return end
    const addresses = parseAddresses(name)
    return addresses === null ? null : { kind: 'addresses', addresses }
  }

  const openPorts: Asker['openPorts'] = (from, to) => {
    const [source, target] = [find(from), find(to)]
    if (source === null || target === null) return NO_PORTS
    const open = (end: End, other: End, direction: Direction): PortSet => {
      if (end.kind !== 'workload') return ALL_PORTS
      if (isHidden(end.workload, direction)) return NO_PORTS
      return analysis.engine.allows(end.workload, peerOf(other), direction).sure
    }
    return intersectPorts(open(source, target, 'egress'), open(target, source, 'ingress'))
  }

  return { openPorts, answer: (query) => answerWith(analysis, find, isHidden, query) }
}

function answerWith(
  analysis: Analysis,
  find: (name: string) => End | null,
  isHidden: Hidden,
  query: Query,
): Answer {
  const from = find(query.from)
  const to = find(query.to)
  const failed = (error: string): Answer => ({ ...query, verdict: 'unknown', because: [], error })
  const unknown = [...(from === null ? [query.from] : []), ...(to === null ? [query.to] : [])]
  if (from === null || to === null)
    return failed(
      `${unknown.join(' and ')} ${unknown.length === 1 ? 'is' : 'are'} neither a workload of this tree nor an address: workloads are named Kind/namespace/name`,
    )
  if (from.kind === 'addresses' && to.kind === 'addresses')
    return failed('one end must be a workload: no policy governs addresses')
  const port = numberOf(query, to)
  if (port === null) return failed(`${query.to} has no ${query.protocol} port named ${String(query.port)}`)
  const ask = (end: End, other: End, direction: Direction): Side => {
    if (end.kind !== 'workload') return OPEN
    if (isHidden(end.workload, direction)) return UNKNOWN
    // Most workloads are isolated in one direction at most, and many pairs are asked about.
    if (analysis.engine.isOpen(end.workload, direction)) return OPEN
    return side(analysis, end.workload, other, direction, port, query.protocol)
  }
  const sides = [ask(from, to, 'egress'), ask(to, from, 'ingress')]
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

const OPEN: Side = { verdict: 'allowed', because: [], partial: null }
const UNKNOWN: Side = { verdict: 'unknown', because: [], partial: null }

function side(
  analysis: Analysis,
  workload: Workload,
  other: End,
  direction: Direction,
  port: number,
  protocol: Protocol,
): Side {
  if (other.kind === 'workload') return judged(analysis, workload, other, direction, port, protocol)
  const parts = cut(other.addresses, analysis, workload, direction).map((addresses) => {
    const peer: Peer = { kind: 'addresses', addresses, pods: false }
    return {
      addresses,
      ...judged(analysis, workload, peer, direction, port, protocol),
    }
  })
  const [first] = parts
  if (first === undefined) return UNKNOWN
  if (parts.every(({ verdict }) => verdict === 'allowed')) {
    return { verdict: 'allowed', because: unique(parts.flatMap(({ because }) => because)), partial: null }
  }
  const refused = parts.filter(({ verdict }) => verdict === 'denied')
  if (refused.length === 0) return UNKNOWN
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
  { engine }: Analysis,
  workload: Workload,
  peer: Peer,
  direction: Direction,
  port: number,
  protocol: Protocol,
): Side {
  const { sure, perhaps, hits, denials } = engine.allows(workload, peer, direction)
  const because = (some: readonly RuleHit[], action: Because['action']): readonly Because[] =>
    some
      .filter((hit) => hasPort(hit.sure, protocol, port))
      .map(({ policy, rule }) => ({ direction, policy: policy.id, rule: rule.index, action }))
  const allow = because(hits, 'allow')
  if (hasPort(sure, protocol, port)) return { verdict: 'allowed', because: allow, partial: null }
  if (hasPort(perhaps, protocol, port)) return UNKNOWN
  const deny = because(denials, 'deny')
  const isolated = engine
    .isolating(workload, direction)
    .map(({ id }): Because => ({ direction, policy: id, rule: null, action: 'deny' }))
  const mode: Because = { direction, policy: null, rule: null, action: 'deny' }
  const closing = isolated.length > 0 ? isolated : [mode]
  return { verdict: 'denied', because: deny.length > 0 ? deny : closing, partial: null }
}

/** Problems behind which there may be policies of nobody knows which namespaces: no answer counts with them. */
export function unseenAnywhere({ problems }: Analysis): readonly Problem[] {
  return problems.filter(({ code, hides }) => UNSEEN_POLICIES.includes(code) && hides.namespaces.length === 0)
}

type Hidden = (workload: Workload, direction: Direction) => boolean

/** Of these what stands in the tree is asked about, whether it is applied at the moment or not. */
const OF_OTHER_TIMES = ['revision-pinned', 'in-another-cluster', 'namespace-outside-paths']
/** Codes of problems behind which there may be a policy. */
const UNSEEN_POLICIES = [
  'policy-not-evaluated',
  'duplicate-object',
  'kyverno-writes',
  'written-at-run-time',
  ...UNSEEN_SOURCES,
].filter((code) => !OF_OTHER_TIMES.includes(code))

/** A policy that could not be read, is not evaluated or is made elsewhere may decide anything for the pods it may select. */
function hiddenIn({ problems, state }: Analysis): Hidden {
  // Those of the state, too: what does not bear on the mesh is not told, and still not known.
  const broken = [...problems, ...state.problems].filter(
    ({ class: kind, code }) =>
      (kind === 'unreadable' || UNSEEN_POLICIES.includes(code)) && code !== 'configuration',
  )
  const everywhere = broken.some(({ hides }) => hides.namespaces === 'all')
  const namespaces = new Set(broken.flatMap(({ hides }) => hides.namespaces))
  return (workload, direction) =>
    everywhere ||
    namespaces.has(workload.namespace.name) ||
    // Whether a policy governs pods on the host network is left to the CNI: with Cilium, to its host firewall.
    (workload.pods.hostNetwork &&
      (mayClose(state.network.enforcement) ||
        state.policies.some(
          (policy) => policy.spec[direction] !== null && selects(policy, workload) !== 'no',
        )))
}

function peerOf(end: End): Peer {
  return end.kind === 'workload' ? end : { ...end, pods: false }
}

/** Cuts a block at the edges of every block that the workload's policies name. */
function cut(
  addresses: AddressSet,
  { engine }: Analysis,
  workload: Workload,
  direction: Direction,
): readonly AddressSet[] {
  const blocks = engine
    .governing(workload, direction)
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
