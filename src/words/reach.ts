// Who reaches whom, for a person: one block for each destination, peers with equal ports together.
import type { Analysis } from '../core/index.ts'
import { describePorts, intersectPorts, noPorts } from '../core/kubernetes/port-set.ts'
import type { Workload } from '../core/kubernetes/state.ts'
import { printable } from './text.ts'

/** `from` and `to` are ids of workloads; null is every workload. */
export function reachText(
  { state, engine }: Analysis,
  wanted: { readonly from: string | null; readonly to: string | null },
): string {
  const pick = (id: string | null): readonly Workload[] =>
    state.workloads.filter((workload) => id === null || workload.id === id)
  const blocks = pick(wanted.to).map((to) => {
    const byPorts = new Map<string, string[]>()
    for (const from of pick(wanted.from)) {
      const out = engine.allows(from, { kind: 'workload', workload: to }, 'egress')
      const into = engine.allows(to, { kind: 'workload', workload: from }, 'ingress')
      const sure = intersectPorts(out.sure, into.sure)
      const perhaps = intersectPorts(out.perhaps, into.perhaps)
      const words =
        noPorts(sure) && !noPorts(perhaps)
          ? `not known (perhaps ${describePorts(perhaps)})`
          : describePorts(sure)
      byPorts.set(words, [...(byPorts.get(words) ?? []), from.id])
    }
    const rows = [...byPorts].map(
      ([ports, ids]) => `  ${ports}\n${ids.map((id) => `    from ${printable(id)}`).join('\n')}`,
    )
    return `${printable(to.id)}\n${rows.join('\n')}`
  })
  return blocks.length === 0 ? 'No workloads in this tree.\n' : `${blocks.join('\n\n')}\n`
}
