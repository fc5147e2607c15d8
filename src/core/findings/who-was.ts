// Which workload of the base one of the head is: the one of its id, or one that goes where it comes, with the same pods
// under another name, of another kind or in another namespace. An id is a name, and whoever calls a thing otherwise has
// changed nothing about it.
import type { Analysis } from '../analysis.ts'
import { grouped } from '../source/grouped.ts'
import { onceEach } from '../source/once-each.ts'
import type { Workload } from '../kubernetes/state.ts'
import { fingerprint } from './finding.ts'
import type { Finding } from './finding.ts'

export interface WhoWas {
  /** In the same namespace, and nobody else it could be: what was true of the one is true of the other. */
  readonly sameThere: (id: string) => Workload | undefined
  /** Also of another namespace, whose policies were others. */
  readonly same: (id: string) => Workload | undefined
}

const known = new WeakMap<Analysis, { readonly base: WeakRef<Analysis>; readonly who: WhoWas }>()

/** By the id of a workload of the head. */
export function whoWas(base: Analysis, head: Analysis): WhoWas {
  const before = known.get(head)
  if (before?.base.deref() === base) return before.who
  const who = compared(base.state.workloads, head.state.workloads)
  known.set(head, { base: new WeakRef(base), who })
  return who
}

/** What a finding would have been called on the base, where its workload may have had another name. */
export function formerFingerprint(base: Analysis | null, head: Analysis): (finding: Finding) => string {
  if (base === null) return fingerprint
  const { sameThere } = whoWas(base, head)
  return (finding) =>
    fingerprint({ ...finding, workload: sameThere(finding.workload.id) ?? finding.workload })
}

function compared(old: readonly Workload[], now: readonly Workload[]): WhoWas {
  const [was, is] = [old, now].map((some) => new Map(some.map((one) => [one.id, one])))
  const gone = old.filter(({ id }) => is?.has(id) !== true)
  const come = now.filter(({ id }) => was?.has(id) !== true)
  const renamed = pairs(gone, come, lookOf)
  const taken = new Set(renamed.values())
  const moved = pairs(
    gone.filter((one) => !taken.has(one)),
    come.filter(({ id }) => !renamed.has(id)),
    ({ name, pods }) => JSON.stringify([name, labelsOf(pods)]),
  )
  const [thenAlike, nowAlike] = [old, now].map((some) => (renamed.size === 0 ? null : grouped(some, lookOf)))
  const sure = new Map(
    [...renamed].filter(([id, former]) => {
      const look = lookOf(former)
      // Where another one has the same labels, they do not tell who is who.
      const isAlone = thenAlike?.get(look)?.length === 1 && nowAlike?.get(look)?.length === 1
      return isAlone && runsOnce(former) === runsOnce(is?.get(id) ?? former)
    }),
  )
  const sameThere = (id: string): Workload | undefined => was?.get(id) ?? sure.get(id)
  return { sameThere, same: (id) => was?.get(id) ?? renamed.get(id) ?? moved.get(id) }
}

/** By the id of what comes: the one that goes, where no other comes or goes that looks like it. */
function pairs(
  gone: readonly Workload[],
  come: readonly Workload[],
  keyOf: (workload: Workload) => string,
): ReadonlyMap<string, Workload> {
  const left = grouped(gone, keyOf)
  const labelled = come.filter(({ pods }) => Object.keys(pods.labels).length > 0)
  return new Map(
    [...grouped(labelled, keyOf)].flatMap(([key, [one, ...others]]) => {
      const [was, ...more] = left.get(key) ?? []
      return one === undefined || was === undefined || others.length + more.length > 0
        ? []
        : [[one.id, was] as const]
    }),
  )
}

const lookOf = onceEach(({ namespace, pods }: Workload): string =>
  JSON.stringify([namespace.name, labelsOf(pods)]),
)

/** What runs to its end and what stays are not one under two names. */
function runsOnce({ kind }: Workload): boolean {
  return kind === 'Job' || kind === 'CronJob'
}

function labelsOf({ labels }: Workload['pods']): readonly unknown[] {
  return Object.entries(labels).sort()
}
