// One question about reachability for many pairs at once: who may call whom on a port.
import type { Analysis } from '../analysis.ts'
import { parseAddresses } from '../kubernetes/address-set.ts'
import { noPorts } from '../kubernetes/port-set.ts'
import type { PortSet, Protocol } from '../kubernetes/port-set.ts'
import { compareText } from '../source/problem.ts'
import { asker } from './query.ts'
import type { Asker } from './query.ts'

/**
 * `other-port`: denied, and another port is open. `partial`: of an asked block a part is allowed. `no-port`: the
 * destination has no port of the name that was asked for.
 */
export type Cell = 'allowed' | 'other-port' | 'denied' | 'unknown' | 'partial' | 'no-port'

/** A workload by its kind, namespace and name; an address or block has neither kind nor namespace. */
export interface Place {
  readonly id: string
  readonly kind: string
  readonly namespace: string
  readonly name: string
}

export interface Question {
  /** `Kind/namespace/name`, `Namespace/name`, an address or a block; null is every workload. */
  readonly from: string | null
  readonly to: string | null
  /** A number, or the name of a port of each destination. */
  readonly port: number | string
  readonly protocol: Protocol
}

export interface Matrix {
  readonly question: Question
  /** By namespace, kind and name. */
  readonly sources: readonly Place[]
  readonly destinations: readonly Place[]
  /** A row for each destination, a cell for each source. */
  readonly rows: readonly (readonly Cell[])[]
  /** The ports that are open for sure, for the pair of a destination and a source by their indices. */
  readonly openPorts: (destination: number, source: number) => PortSet
}

/** A few seconds' worth; nobody can look at more, and namespaces are there to ask for. */
const MOST_PAIRS = 1_000_000

/** Asks a question of every pair; where an end names nothing, or both are addresses, a sentence that says so. */
export function reachMatrix(analysis: Analysis, question: Question): Matrix | { readonly error: string } {
  const sources = places(analysis, question.from)
  const destinations = places(analysis, question.to)
  for (const [name, found] of [
    [question.from, sources],
    [question.to, destinations],
  ] as const) {
    if (found.length === 0 && name !== null) {
      return {
        error: `${name} is no workload and no namespace with workloads of this tree, and no address. Workloads are named Kind/namespace/name, namespaces Namespace/name.`,
      }
    }
  }
  if ([...sources.slice(0, 1), ...destinations.slice(0, 1)].every(({ kind }) => kind === ''))
    return {
      error:
        question.from === null && question.to === null
          ? 'The tree holds no workloads: there is nobody to ask about.'
          : 'One end must be a workload: no policy governs addresses.',
    }
  const pairs = sources.length * destinations.length
  if (pairs > MOST_PAIRS) {
    return {
      error: `${String(sources.length)} sources and ${String(destinations.length)} destinations are too many for one matrix. Narrow it with --from or --to and Namespace/name, or ask with --queries.`,
    }
  }
  const { answer, openPorts } = asker(analysis)
  const rows = destinations.map((to) => sources.map((from) => cell(answer, openPorts, from, to, question)))
  return {
    question,
    sources,
    destinations,
    rows,
    openPorts: (destination, source) =>
      openPorts(sources[source]?.id ?? '', destinations[destination]?.id ?? ''),
  }
}

function places({ state }: Analysis, name: string | null): readonly Place[] {
  const found = state.workloads
    .filter(({ id, namespace }) => name === null || id === name || `Namespace/${namespace.name}` === name)
    .map(({ id, kind, namespace, name: own }) => ({ id, kind, namespace: namespace.name, name: own }))
    .sort(
      (a, b) =>
        compareText(a.namespace, b.namespace) || compareText(a.kind, b.kind) || compareText(a.name, b.name),
    )
  if (found.length > 0 || name === null || parseAddresses(name) === null) return found
  return [{ id: name, kind: '', namespace: '', name }]
}

function cell(
  answer: Asker['answer'],
  openPorts: Asker['openPorts'],
  { id: from }: Place,
  { id: to }: Place,
  { port, protocol }: Question,
): Cell {
  const { verdict, partial, error } = answer({ from, to, port, protocol })
  if (error !== undefined) return 'no-port'
  if (verdict !== 'denied') return verdict
  if (partial !== undefined) return 'partial'
  return noPorts(openPorts(from, to)) ? 'denied' : 'other-port'
}
