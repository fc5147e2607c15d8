// Who reaches whom, for a person: one block for each destination, peers with equal ports together.
import { reachability } from '../core/index.ts'
import type { Analysis } from '../core/index.ts'
import { describePorts, noPorts } from '../core/kubernetes/port-set.ts'
import type { Workload } from '../core/kubernetes/state.ts'
import { printable } from './text.ts'

/** `from` and `to` are ids of workloads; null is every workload. */
export function reachText(
  analysis: Analysis,
  wanted: { readonly from: string | null; readonly to: string | null },
): string {
  const pick = (id: string | null): readonly Workload[] =>
    analysis.state.workloads.filter((workload) => id === null || workload.id === id)
  const reach = reachability(analysis)
  const blocks = pick(wanted.to).map((to) => {
    const byPorts = new Map<string, string[]>()
    for (const from of pick(wanted.from)) {
      const { sure, perhaps } = reach(from, to)
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
