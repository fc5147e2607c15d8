// Pods by the labels of their service accounts. Felix gives a pod those labels under the prefix `pcsa.`
// (libcalico-go/lib/backend/k8s/conversion, ServiceAccountToProfile); here pods carry the name of their account, so that
// labels become the names of the accounts that carry them. Of an account that the tree does not show nothing is known.
import { label, matches, NAMESPACE_NAME_LABEL, SERVICE_ACCOUNT } from '../labels.ts'
import type { Labels, Selector } from '../labels.ts'
import { compareText } from '../../source/problem.ts'
import type { Field } from '../field.ts'
import { get, labelsField } from '../field.ts'

export interface AccountRef {
  readonly namespace: string
  readonly name: string
  readonly labels: Labels
}

/** Some of the pods that an expression means; `doubt`: perhaps, for what nothing here can tell is asked of them too. */
export interface PodsPart {
  readonly pods: Selector
  /** null: of the policy's own namespace. */
  readonly namespaces: Selector | null
  readonly doubt: boolean
}

/** More parts than this nobody writes policies for. */
const MOST = 64

/** Reads the labels of a ServiceAccount; its name and namespace are the manifest's. */
export function readAccountLabels(root: Field): Labels {
  return labelsField(get(get(root, 'metadata'), 'labels'))
}

/**
 * The pods of a part whose accounts carry some labels, and, in doubt, those whose accounts the tree does not show.
 * @param own the policy's own namespace, where the part is about that; null: the part says which.
 */
export function withAccounts(
  part: PodsPart,
  asked: Selector,
  accounts: readonly AccountRef[],
  own: string | null,
): readonly PodsPart[] {
  if (asked.length === 0) return [part]
  const there = own === null ? accounts : accounts.filter(({ namespace }) => namespace === own)
  const names = new Map<string, { all: string[]; meant: string[] }>()
  for (const { namespace, name, labels } of there) {
    const entry = names.get(namespace) ?? { all: [], meant: [] }
    names.set(namespace, entry)
    entry.all.push(name)
    if (matches(asked, labels)) entry.meant.push(name)
  }
  const within = (operator: 'In' | 'NotIn', some: readonly string[]): Selector | null =>
    part.namespaces === null
      ? null
      : [...part.namespaces, { key: NAMESPACE_NAME_LABEL, operator, values: [...some].sort(compareText) }]
  const called = (operator: 'In' | 'NotIn', some: readonly string[]): Selector => [
    ...part.pods,
    { key: SERVICE_ACCOUNT, operator, values: [...some].sort(compareText) },
  ]
  const parts = [...names].flatMap(([namespace, { all, meant }]): PodsPart[] => [
    ...(meant.length === 0
      ? []
      : [{ pods: called('In', meant), namespaces: within('In', [namespace]), doubt: part.doubt }]),
    { pods: called('NotIn', all), namespaces: within('In', [namespace]), doubt: true },
  ])
  if (names.size === 0 || parts.length > MOST) return [{ ...part, doubt: true }]
  if (part.namespaces === null || own !== null) return parts
  return [...parts, { pods: part.pods, namespaces: within('NotIn', [...names.keys()]), doubt: true }]
}

/** Those that are shown once: of two objects of one name nobody knows which is applied. */
export function onlyOnce(accounts: readonly AccountRef[]): readonly AccountRef[] {
  const seen = new Map<string, AccountRef | null>()
  for (const account of accounts) {
    const key = `${account.namespace}/${account.name}`
    const before = seen.get(key)
    seen.set(key, before === undefined || (before !== null && sameLabels(before, account)) ? account : null)
  }
  return [...seen.values()].flatMap((account) => account ?? [])
}

function sameLabels({ labels: a }: AccountRef, { labels: b }: AccountRef): boolean {
  const keys = Object.keys(a)
  return keys.length === Object.keys(b).length && keys.every((key) => label(b, key) === a[key])
}
