// The other end of a connection: a workload of the tree, pods the tree does not show, or addresses.
import { NO_ADDRESSES } from '../kubernetes/address-set.ts'
import type { AddressSet } from '../kubernetes/address-set.ts'
import { EVERYTHING, describeSelector } from '../kubernetes/labels.ts'
import type { Selector } from '../kubernetes/labels.ts'
import type { Namespace, Workload } from '../kubernetes/state.ts'

export type Peer =
  | { readonly kind: 'workload'; readonly workload: Workload }
  /** A representative: pods that a selector could match in one namespace, and that the tree does not show. */
  | { readonly kind: 'pods'; readonly pods: Selector; readonly namespace: Namespace }
  /** The same in namespaces that the tree does not describe. */
  | { readonly kind: 'elsewhere'; readonly pods: Selector; readonly namespaces: Selector }
  /** Addresses outside the cluster's pods; with `pods`, the pods that live at them. */
  | { readonly kind: 'addresses'; readonly addresses: AddressSet; readonly pods: boolean }

/** Addresses that are nobody's: where names of ports mean nothing. */
export const NOWHERE: Peer = { kind: 'addresses', addresses: NO_ADDRESSES, pods: false }

/** Whatever pods there are. */
export const ANYBODY: Peer = { kind: 'elsewhere', pods: EVERYTHING, namespaces: EVERYTHING }

/** `pods(app=web)@namespaces(kubernetes.io/metadata.name=front)`. */
export function podsName(pods: Selector, namespaces: Selector): string {
  return `pods(${describeSelector(pods)})@namespaces(${describeSelector(namespaces)})`
}
