// Who keeps peers out: of all rules that deny, and all stages that end in a denial, those that the traffic really comes
// to. A rule behind one that has decided already, or has passed on what it speaks of, keeps nobody out.
import type { PolicyRule } from '../kubernetes/kinds/policy.ts'
import { NO_PORTS, hasPort } from '../kubernetes/port-set.ts'
import type { PortSet, Protocol } from '../kubernetes/port-set.ts'
import type { NetworkPolicy } from '../kubernetes/state.ts'
import { INDEXES } from './cut-peers.ts'
import type { Doubtful, SetAlgebra, Step } from './decide.ts'
import type { IndexSet } from './index-set.ts'
import type { Peer } from './peer.ts'
import { NO_PEERS, bothPeers, noPeers } from './peer-set.ts'
import type { PeerSet, UnseenPods } from './peer-set.ts'
import type { PlacedRule, PlacedStage } from './stages.ts'

/** What keeps some peers out: a rule, or the end of a stage, where nothing that its policies say has let them in. */
export interface Closing {
  /** The policy of the rule, or those that close the stage; none where the mode of the CNI does. */
  readonly policies: readonly NetworkPolicy[]
  readonly rule: PolicyRule | null
  /** Whom it keeps out, for sure or perhaps. */
  readonly peers: PeerSet
}

/** How a rule of some type speaks of known workloads, of unseen pods by their namespaces, and of a peer by its ports. */
export interface Steps<R extends PlacedRule> {
  readonly known: (placed: R) => Step<IndexSet>
  readonly unseen: (placed: R, pods: UnseenPods) => Step<IndexSet>
  readonly single: (placed: R, peer: Peer) => Doubtful<PortSet> | null
}

type Placed<R> = Pick<PlacedStage, 'end' | 'isolating'> & { readonly rules: readonly R[] }

/**
 * Who keeps some of the peers from a port, in the order in which they come to it. The rules of the stages are those
 * that speak of the port.
 */
export function closings<R extends PlacedRule>(
  stages: readonly Placed<R>[],
  { known: ofKnown, unseen: ofUnseen, single }: Steps<R>,
  [protocol, port]: readonly [Protocol, number],
  { known, unseen, rest }: PeerSet,
): readonly Closing[] {
  const found = new Map<R | Placed<R>, PeerSet>()
  const add = (by: R | Placed<R>, peers: PeerSet): void => {
    if (!noPeers(peers)) found.set(by, bothPeers(found.get(by) ?? NO_PEERS, peers))
  }
  for (const [by, part] of closersOf(stages, ofKnown, known, INDEXES)) add(by, { ...NO_PEERS, known: part })
  for (const those of unseen) {
    const stepOf = (placed: R): Step<IndexSet> => ofUnseen(placed, those)
    for (const [by, namespaces] of closersOf(stages, stepOf, those.namespaces, INDEXES))
      if (namespaces.length > 0) add(by, { ...NO_PEERS, unseen: [{ ...those, namespaces }] })
  }
  for (const peer of rest) {
    const stepOf = (placed: R): Step<boolean> => {
      const { sure, perhaps } = single(placed, peer) ?? { sure: NO_PORTS, perhaps: NO_PORTS }
      const on = { sure: hasPort(sure, protocol, port), perhaps: hasPort(perhaps, protocol, port) }
      return { action: placed.rule.action, on, tie: placed.tie }
    }
    for (const [by, part] of closersOf(stages, stepOf, true, ONE))
      if (part) add(by, { ...NO_PEERS, rest: [peer] })
  }
  return stages.flatMap((stage): Closing[] => {
    const ended = found.get(stage)
    return [
      ...stage.rules.flatMap((placed): Closing[] => {
        const peers = found.get(placed)
        return peers === undefined ? [] : [{ policies: [placed.policy], rule: placed.rule, peers }]
      }),
      ...(ended === undefined ? [] : [{ policies: stage.isolating, rule: null, peers: ended }]),
    ]
  })
}

/** The one peer that is asked about is in the set, or it is not. */
const ONE: SetAlgebra<boolean> = {
  none: false,
  union: (a, b) => a || b,
  intersect: (a, b) => a && b,
  subtract: (a, b) => a && !b,
}

/** What each rule and each stage that denies comes to see of `all`, and does not surely leave alone. */
function closersOf<R extends PlacedRule, S>(
  stages: readonly Placed<R>[],
  stepOf: (placed: R) => Step<S>,
  all: S,
  { none, union, intersect, subtract }: SetAlgebra<S>,
): readonly (readonly [R | Placed<R>, S])[] {
  const found: (readonly [R | Placed<R>, S])[] = []
  let here = all
  for (const stage of stages) {
    let [left, passed, tied] = [here, none, none]
    let among: string | undefined
    for (const placed of stage.rules) {
      const { action, on, tie } = stepOf(placed)
      // Of those that are tied nobody knows which comes first: none takes anything from the others.
      if (tie === null || tie.among !== among) [left, tied, among] = [subtract(left, tied), none, tie?.among]
      const part = intersect(left, on.perhaps)
      if (action === 'deny') found.push([placed, part])
      if (action === 'pass') passed = union(passed, part)
      tied = union(tied, on.sure)
    }
    left = subtract(left, tied)
    if (stage.end !== 'next') found.push([stage, left])
    here = stage.end === 'denied' ? passed : union(passed, left)
  }
  return found
}
