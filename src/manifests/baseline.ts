// A dump of a cluster as a baseline for `assume.manifests`: what bears on who reaches whom, and nothing else that
// the cluster holds. Pure; the same objects in any order give the same text.
import { grouped } from '../core/source/grouped.ts'
import { compareText } from '../core/source/problem.ts'
import { groupKindOf } from '../core/kubernetes/identity.ts'
import { writeDocument } from '../core/yaml/index.ts'
import { KEPT } from './baseline-fields.ts'
import type { ClusterObject } from './dump.ts'
import { ownedIn } from './owned.ts'

/** Why an object is left out: another stands for it, its kind says nothing to us, or it has no name. */
export type Reason = 'owned' | 'irrelevant' | 'nameless'

export interface Baseline {
  /** One YAML document for each object that is kept, by kind, namespace and name. */
  readonly documents: readonly string[]
  readonly leftOut: Readonly<Record<Reason, readonly Count[]>>
  /** Objects of one identity that differ, as `Kind namespace/name`: they cannot be of one cluster. */
  readonly twice: readonly string[]
}

/** How many objects there are of a kind. */
export interface Count {
  readonly kind: string
  readonly count: number
}

interface Kept {
  readonly order: readonly string[]
  readonly title: string
  readonly text: string
}

export function baselineOf(objects: readonly ClusterObject[]): Baseline {
  const isOwned = ownedIn(objects)
  const kept: Kept[] = []
  const leftOut: Record<Reason, ClusterObject[]> = { owned: [], irrelevant: [], nameless: [] }
  for (const one of objects) {
    const shaped = shape(one)
    if (typeof shaped === 'string') leftOut[shaped].push(one)
    else if (isOwned(one)) leftOut.owned.push(one)
    else kept.push(shaped)
  }
  const same = [...grouped(kept, ({ order }) => order.join(' ')).values()].sort(([a], [b]) => byOrder(a, b))
  return {
    documents: same.flatMap(([first]) => first?.text ?? []),
    leftOut: {
      owned: counts(leftOut.owned),
      irrelevant: counts(leftOut.irrelevant),
      nameless: counts(leftOut.nameless),
    },
    twice: same.flatMap(([first, ...others]) =>
      first !== undefined && others.some(({ text }) => text !== first.text) ? [first.title] : [],
    ),
  }
}

function shape(one: ClusterObject): Kept | Reason {
  const groupKind = groupKindOf(one)
  const keep = KEPT[groupKind]
  if (keep === undefined) return 'irrelevant'
  const object = { apiVersion: one.apiVersion, kind: one.kind, ...(keep(one.object) as object) }
  const { name = '', namespace = '' } =
    (object as { metadata?: { name?: unknown; namespace?: unknown } }).metadata ?? {}
  if (typeof name !== 'string' || typeof namespace !== 'string' || name === '') return 'nameless'
  return {
    order: [one.kind, namespace, name, groupKind],
    title: `${one.kind} ${namespace === '' ? '' : `${namespace}/`}${name}`,
    text: writeDocument(object),
  }
}

function byOrder(a: Kept | undefined, b: Kept | undefined): number {
  for (const [index, part] of (a?.order ?? []).entries()) {
    const order = compareText(part, b?.order[index] ?? '')
    if (order !== 0) return order
  }
  return 0
}

function counts(objects: readonly ClusterObject[]): readonly Count[] {
  return [...grouped(objects, ({ kind }) => kind)]
    .map(([kind, those]) => ({ kind, count: those.length }))
    .sort((a, b) => compareText(a.kind, b.kind))
}
