// What every network policy becomes, whichever API it is written in: whom it selects, and rules in order. Engines
// evaluate this shape; the readers beside this file make it.
import type { AddressSet } from '../address-set.ts'
import type { Selector } from '../labels.ts'
import type { Protocol } from '../port-set.ts'
import type { Route } from '../../yaml/types.ts'

export type Direction = 'ingress' | 'egress'

export const DIRECTIONS: readonly Direction[] = ['ingress', 'egress']

/** `pass` leaves the decision to the next tier or stage. */
export type PolicyAction = 'allow' | 'deny' | 'pass'

/** A port entry: a range of numbers (one number is a range of one), a name, or every port. */
export type PolicyPort =
  | { readonly protocol: Protocol; readonly low: number; readonly high: number }
  | { readonly protocol: Protocol; readonly name: string }

/** Pods by their labels; `namespaces` null: those of the policy's own namespace. */
export interface PodsPeer {
  readonly kind: 'pods'
  readonly pods: Selector
  readonly namespaces: Selector | null
  /** Something else is asked of them that nothing here can tell: whom it matches, it matches perhaps. */
  readonly doubt?: true
}

export interface BlockPeer {
  readonly kind: 'block'
  readonly cidr: string
  readonly except: readonly string[]
  readonly addresses: AddressSet
  /** Surely holds no address of a pod: it is of a version of IP that pods do not have. */
  readonly noPods?: true
}

/**
 * What is neither a pod by its labels nor a block. `world`: addresses that are no pod's and no node's; `host`: the node
 * of the workload; `remote-node`: the others; `nodes`: all of them; `apiserver`: wherever it is; `none`: nobody.
 */
export interface EntityPeer {
  readonly kind: 'entity'
  readonly entity: 'world' | 'host' | 'remote-node' | 'nodes' | 'apiserver' | 'none'
  /** Whom it matches, it matches perhaps. */
  readonly doubt?: true
}

/** Whoever is behind a name that nothing here can resolve, for people: `names *.example.com`, `Service shop/db`. */
export interface UnknownPeer {
  readonly kind: 'unknown'
  readonly name: string
  /** Is it surely outside of the cluster, such as a DNS name of the internet? */
  readonly outside: boolean
}

export type PolicyPeer = PodsPeer | BlockPeer | EntityPeer | UnknownPeer

export interface PolicyRule {
  /** Among the rules of its list in the manifest. */
  readonly index: number
  readonly route: Route
  readonly action: PolicyAction
  /** Any of these; null: any peer at all. An empty list matches nobody. */
  readonly peers: readonly PolicyPeer[] | null
  /** Any of these; null: every port of every protocol. An empty list has none of TCP, UDP and SCTP: a rule for ICMP. */
  readonly ports: readonly PolicyPort[] | null
  /** Why it is not known whether the rule matches even whom it speaks of; null where it does. */
  readonly doubt: string | null
  /** The doubt is about what is said alone: some of it surely gets through (or is denied), whoever says it. */
  readonly partly?: true
  /** Of the pods that the policy selects those that the rule is about; left out: all of them. */
  readonly own?: readonly Subject[]
}

/** The pods that a policy selects; `namespaces` null: of its own namespace. */
export interface Subject {
  readonly pods: Selector
  readonly namespaces: Selector | null
  /** Something else is asked of them that nothing here can tell: whom it selects, it selects perhaps. */
  readonly doubt?: true
}

/** Where among the policies of a cluster one decides. */
export type Rank =
  | { readonly stage: 'network-policies' }
  | { readonly stage: 'admin' | 'baseline'; readonly priority: number }
  /** `order` Infinity: after all that have one. */
  | { readonly stage: 'calico-tiers'; readonly tier: string; readonly order: number }

/** What a policy says. */
export interface PolicySpec {
  /** Any of these; none: it selects no pod, only nodes. */
  readonly subjects: readonly Subject[]
  readonly rank: Rank
  /** In order. null: the policy does not speak of this direction. */
  readonly ingress: readonly PolicyRule[] | null
  readonly egress: readonly PolicyRule[] | null
  /** Is what no rule of the stage matches denied to whom it selects? Calico asks the tier instead. */
  readonly isolates: Readonly<Record<Direction, boolean>>
}

/** A tier of Calico. */
export interface Tier {
  /** Infinity: after all that have one. */
  readonly order: number
  /** What becomes of what no rule matches, where a policy of the tier selects the workload. */
  readonly defaultAction: 'Deny' | 'Pass'
}
