// A plan: what to write where, in symbols, and what it opens on the wire. Nothing here writes.
import type { Analysis } from '../analysis.ts'
import type { Touched, ComparedFinding } from '../findings/compare.ts'
import { hasDenial } from '../findings/closing.ts'
import { describePeer, list, nameInCluster, namePeers } from '../findings/words.ts'
import type { Culprit } from '../findings/finding.ts'
import type { Direction } from '../kubernetes/kinds/policy.ts'
import type { NetworkPolicy } from '../kubernetes/state.ts'
import { compareText } from '../source/problem.ts'
import { changeKey } from './change.ts'
import { dialectOf } from './dialect.ts'
import type { Change } from './change.ts'
import { admitClusterwide } from './clusterwide-probes.ts'
import { turnOffDefaultDeny } from './need-default-deny.ts'
import { openHbone } from './need-hbone.ts'
import { admitProbes } from './need-probes.ts'
import { admitControl, admitPeers, alongWaypoints } from './need-waypoints.ts'
import type { Addition, Fits, Need, Opening } from './need.ts'
import { STRATEGIES, changeFor, hasPlace } from './strategy.ts'
import type { Strategy } from './strategy.ts'
import { areOnNodes } from './written-peers.ts'

export interface Plan {
  /** The one that it was made for; parts for which that has no place may use an earlier one. */
  readonly strategy: Strategy
  readonly cluster: string
  /** Fingerprints of the findings that it is made for, sorted. */
  readonly settles: readonly string[]
  readonly changes: readonly Change[]
  /** The policies whose pods it opens. */
  readonly policies: readonly NetworkPolicy[]
  readonly opens: readonly Opening[]
  /** What it adds, peers named: a few sentences. */
  readonly text: string
}

/** Makes a plan of one strategy for each finding that it could mend; findings with equal changes share one plan. */
export function propose(
  head: Analysis,
  findings: readonly ComparedFinding[],
  touched: Touched,
  strategy: Strategy,
): readonly Plan[] {
  const plans = new Map<string, Plan>()
  for (const finding of findings) {
    if (!isMendable(finding)) continue
    const plan =
      strategy === 'cilium'
        ? planClusterwide(head, finding, touched)
        : planFor(head, finding, touched, strategy)
    if (plan === null) continue
    const key = planKey(plan)
    const same = plans.get(key)
    plans.set(
      key,
      same === undefined ? plan : { ...same, settles: [...same.settles, ...plan.settles].sort(compareText) },
    )
  }
  return [...plans.values()]
}

/** Equal for plans that change the same. */
export function planKey({ changes }: Plan): string {
  return JSON.stringify(changes.map(changeKey))
}

/** What would mend a finding for which no strategy has a place, and why none has: two sentences. Null for others. */
export function adviseByHand(head: Analysis, finding: ComparedFinding, touched: Touched): string | null {
  // Whom else an isolated workload should reach, or be reached by, only its owners know.
  if (!isMendable(finding) || finding.rule === 'isolated') return null
  const needs = needsOf(head, finding, touched, { chosen: () => true, beside: () => true })
  const lacking = (needs ?? [])
    .flatMap(({ additions }) => additions)
    .find((addition) => STRATEGIES.every((strategy) => changeFor(strategy, head.state, addition) === null))
  if (needs === null) return adviseWithoutNeed(head, finding)
  if (lacking === undefined) return null
  return `No fix is offered: ${whyNoPlace(lacking)}. By hand: ${sentences(needs, new Map())}`
}

/** What to do where a plan was refused. What a denial overrules takes more than a rule that admits. */
export function adviseOnRefusal(
  head: Analysis,
  finding: ComparedFinding,
  plan: Plan,
  reason: string,
): string {
  const denied = hasDenial(finding.culprits) ? adviseWithoutNeed(head, finding) : null
  return denied === null
    ? `No fix is offered: ${reason.replace(/\.$/, '')}. By hand: ${plan.text}`
    : `${denied} Besides: ${plan.text}`
}

/** For what is denied, what no rule of a policy may name, and kinds of policies that nothing here writes. */
function adviseWithoutNeed(head: Analysis, finding: ComparedFinding): string | null {
  const { culprits, direction, peers, port, protocol } = finding
  const [denial] = culprits.filter(({ rule }) => rule?.action === 'deny')
  const [foreign] = culprits.filter(({ policy }) => dialectOf(policy) === null)
  const guilty = denial ?? foreign ?? culprits[0]
  if (guilty === undefined) return null
  const policy = `${guilty.policy.kind} ${nameInCluster(guilty.policy)}`
  const verb = direction === 'ingress' ? 'admit' : 'allow traffic to'
  const at = `${String(port)}/${protocol}`
  const on = `${namePeers(peers)} on ${at}`
  if (denial !== undefined && isLayer7(denial, direction))
    return `No fix is offered: layer 7 rules of ${policy} cut off what they cannot read. By hand: take ${at} out of them, and admit ${namePeers(peers)} there without any.`
  if (denial !== undefined)
    return `No fix is offered: what ${policy} denies is for whoever wrote it to say. By hand: ${inTurn(denial.policy) ? `${verb} ${on} in a policy that comes before it, or take that` : `take ${on}`} out of what it denies.`
  if (foreign !== undefined)
    return `No fix is offered: policies of that kind are not edited here. By hand: let ${policy} ${verb} ${on}.`
  const onNodes = finding.lost.map((lost) => areOnNodes(lost.peers, head.population))
  if (onNodes.every((many) => many === 'none')) return null
  const whom = onNodes.every((many) => many === 'all')
    ? `the nodes of ${on}, by their addresses`
    : `${on}, and those of them on the network of their nodes by the addresses of these`
  return `No fix is offered: selectors do not find pods on the network of their nodes. By hand: let ${policy} ${verb} ${whom}.`
}

/** A denial that stands among the rules that allow: what Cilium's proxy looks into, it may refuse. */
function isLayer7({ policy, rule }: Culprit, direction: Direction): boolean {
  return policy.kind.startsWith('Cilium') && rule?.route.includes(direction) === true
}

/** Is there a place before it, from which another policy may admit first? Whatever Cilium denies stays denied. */
function inTurn({ spec: { rank } }: NetworkPolicy): boolean {
  return rank.stage !== 'network-policies'
}

function whyNoPlace({ policy: { origin, ...named }, apart, patch }: Addition): string {
  const policy = `${named.kind} ${nameInCluster(named)}`
  if (origin.making === null && origin.editable && apart !== null)
    return `${policy} stands in ${origin.file.path}, behind which no other policy can stand`
  if (origin.making === null) return `${policy} is assumed, and is not part of this tree`
  const place = patch.op === 'append' ? 'for a policy beside it' : 'where it could be changed'
  return `${policy} comes from ${origin.making.by}, and this tree has no place ${place}`
}

function isMendable({ change, severity }: ComparedFinding): boolean {
  return change !== 'resolved' && severity !== 'note'
}

function planFor(
  head: Analysis,
  finding: ComparedFinding,
  touched: Touched,
  strategy: Strategy,
): Plan | null {
  const { state } = head
  // A finding may hang on several policies, of which only some need the strategy that is tried.
  const usable = [strategy, ...STRATEGIES.slice(0, STRATEGIES.indexOf(strategy))]
  const needs = needsOf(head, finding, touched, {
    chosen: (policy, direction) => hasPlace(strategy, state, policy, direction),
    beside: (policy, direction) => usable.some((one) => hasPlace(one, state, policy, direction)),
  })
  if (needs === null) return null
  const additions = needs.flatMap((need) => need.additions)
  const changes = new Map<Addition, Change>()
  let used = false
  for (const addition of additions) {
    const [first] = usable.flatMap((one) => {
      const change = changeFor(one, state, addition)
      return change === null ? [] : [{ one, change }]
    })
    if (first === undefined) return null
    used ||= first.one === strategy
    changes.set(addition, first.change)
  }
  if (!used) return null
  return {
    strategy,
    cluster: finding.cluster,
    settles: [finding.fingerprint],
    changes: [...changes.values()],
    policies: [...new Set(additions.map(({ policy }) => policy))],
    opens: additions.map(({ opening }) => opening),
    text: sentences(needs, changes),
  }
}

/** Strategies before this one help a policy that is there; this one leaves it as it is. */
function planClusterwide(head: Analysis, finding: ComparedFinding, touched: Touched): Plan | null {
  switch (finding.rule) {
    case 'kubelet-probe':
      return admitClusterwide(head, finding, touched, 'all')
    case 'probe-family':
      return admitClusterwide(head, finding, touched, 'missing')
    default:
      return null
  }
}

interface Choice {
  /** May this policy get a rule that could stand in several? */
  readonly chosen: Fits
  /** The same for a rule that goes along with others. */
  readonly beside: Fits
}

function needsOf(
  head: Analysis,
  finding: ComparedFinding,
  touched: Touched,
  { chosen, beside }: Choice,
): readonly Need[] | null {
  switch (finding.rule) {
    case 'hbone-ingress':
    case 'hbone-egress': {
      const straight = openHbone(head, finding)
      if (straight === null) return null
      const along = alongWaypoints(head, finding, touched, beside)
      return along === null ? [straight] : [straight, along]
    }
    case 'kubelet-probe':
      return one(admitProbes(head, finding, touched, chosen, 'all'))
    case 'probe-family':
      return one(admitProbes(head, finding, touched, chosen, 'missing'))
    case 'waypoint-path':
      return one(admitPeers(head, finding, touched, chosen))
    case 'waypoint-control':
      return one(
        finding.direction === 'ingress'
          ? admitPeers(head, finding, touched, chosen)
          : admitControl(head, finding, touched, chosen),
      )
    case 'host-probe-policy':
      return one(turnOffDefaultDeny(head, finding))
    case 'isolated':
    case 'ztunnel-peer':
    case 'port-widening':
    case 'enrollment-label':
      return null
  }
}

function one(need: Need | null): readonly Need[] | null {
  return need === null ? null : [need]
}

/** A sentence for each need, with how each of its additions is made. */
function sentences(needs: readonly Need[], changes: ReadonlyMap<Addition, Change>): string {
  return needs
    .map(({ additions, remark }) => {
      const clauses = additions.map((addition) => {
        const { policy, apart, phrase } = addition
        const change = changes.get(addition)
        const name = nameInCluster(policy)
        const beside =
          change?.kind === 'companion'
            ? `A new ${change.skeleton.kind} beside ${name}`
            : `${policy.kind} ${name}`
        const subject =
          apart === null
            ? beside
            : `A new ${policy.kind} for ${describePeer(apart.peer, policy.namespace.name)}`
        return `${subject} ${phrase}${through(change)}`
      })
      return `${list([...new Set(clauses)], 10)}.${remark}`
    })
    .join(' ')
}

function through(change: Change | undefined): string {
  switch (change?.kind) {
    case 'overlay':
      return `, through a patch in ${change.host.path}`
    case 'companion':
      return `, in ${change.path}`
    case 'append':
    case undefined:
      return ''
  }
}
