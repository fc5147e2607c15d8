// Who reaches one destination, or whom one source reaches: those with equal answers together, with the ports that are
// open instead of the one in question.
import type { Cell, Matrix, Place } from '../core/policy/matrix.ts'
import { describePorts } from '../core/kubernetes/port-set.ts'
import { grouped } from '../core/source/grouped.ts'
import { CELLS, groupName, portName } from './reach-names.ts'

export interface ReachList {
  readonly title: string
  /** By answer; each line is `Deployment/shop/{api,web}`, after the ports that are open instead, if any. */
  readonly entries: readonly { readonly cell: Cell; readonly lines: readonly string[] }[]
}

/** Is one of the ends a single workload, address or block? A matrix would then be a single line. */
export function isList({ sources, destinations }: Matrix): boolean {
  return sources.length === 1 || destinations.length === 1
}

export function reachList(matrix: Matrix): ReachList {
  const { sources, destinations, rows, openPorts, question } = matrix
  const [source, destination] = [sources[0], destinations[0]]
  const ends = [
    ...(sources.length === 1 && source !== undefined ? [`from ${source.id}`] : []),
    ...(destinations.length === 1 && destination !== undefined ? [`to ${destination.id}`] : []),
  ]
  const others = destinations.length === 1 ? sources : destinations
  const answered = others.map((place, index) => {
    const [row, column] = destinations.length === 1 ? [0, index] : [index, 0]
    const cell = rows[row]?.[column] ?? 'unknown'
    const open = cell === 'other-port' ? `${describePorts(openPorts(row, column))}: ` : ''
    return { place, cell, open }
  })
  const byCell = grouped(answered, ({ cell }) => cell)
  return {
    title: `${portName(question)} ${ends.join(' ')}, by policy alone`,
    entries: [...byCell]
      .sort(([a], [b]) => CELLS.indexOf(a) - CELLS.indexOf(b))
      .map(([cell, same]) => ({
        cell,
        lines: [...grouped(same, ({ open }) => open)].flatMap(([open, alike]) =>
          named(alike.map(({ place }) => place)).map((name) => `${open}${name}`),
        ),
      })),
  }
}

/** One name for each kind and namespace. */
function named(places: readonly Place[]): readonly string[] {
  return [...grouped(places, ({ kind, namespace }) => `${kind}/${namespace}`).values()].map((same) =>
    groupName({ places: same, namespaces: false }, Infinity),
  )
}
