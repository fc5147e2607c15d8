// A matrix of a whole cluster made small enough to look at: what is alike becomes one line, and what is left over
// is counted, never dropped in silence.
import type { Cell, Matrix, Place } from '../core/policy/matrix.ts'
import { grouped } from '../core/source/grouped.ts'

/** A cell of a group: `mixed` where its members differ. */
export type FoldedCell = Cell | 'mixed'

export interface Folded {
  readonly sources: readonly Group[]
  readonly destinations: readonly Group[]
  /** A row for each destination that is shown, a cell for each source that is. */
  readonly rows: readonly (readonly FoldedCell[])[]
  /** Workloads that are in no group, because there is no room for theirs. */
  readonly moreSources: number
  readonly moreDestinations: number
}

export interface Group {
  readonly places: readonly Place[]
  /** Stands for all workloads of its namespaces, which need not be alike. */
  readonly namespaces: boolean
}

interface Line extends Group {
  readonly cells: readonly FoldedCell[]
}

/**
 * At most so many rows and columns: first workloads that are alike become one, then namespaces stand for their
 * workloads, then the rest is left out, in the order of names.
 */
export function fold(matrix: Matrix, most: { readonly rows: number; readonly columns: number }): Folded {
  const columns = fit(lines(matrix.sources, transposed(matrix.rows)), most.columns, everywhere)
  const byRow = transposed(columns.shown.map(({ cells }) => cells))
  const rows = fit(lines(matrix.destinations, byRow), most.rows, inNamespace)
  return {
    sources: columns.shown,
    destinations: rows.shown,
    rows: rows.shown.map(({ cells }) => cells),
    moreSources: columns.more,
    moreDestinations: rows.more,
  }
}

function lines(places: readonly Place[], cells: readonly (readonly FoldedCell[])[]): readonly Line[] {
  return places.map((place, index) => ({ places: [place], namespaces: false, cells: cells[index] ?? [] }))
}

function fit(
  all: readonly Line[],
  most: number,
  alike: (line: Line) => string,
): { readonly shown: readonly Line[]; readonly more: number } {
  let folded = merged(all, alike)
  if (folded.length > most) folded = merged(all, ({ places: [place] }) => place?.namespace ?? '', true)
  if (folded.length > most) folded = merged(folded, everywhere, true)
  return {
    shown: folded.slice(0, most),
    more: folded.slice(most).reduce((sum, { places }) => sum + places.length, 0),
  }
}

/** Lines with equal cells, wherever their workloads live: a column is told by a legend, which has room for many. */
function everywhere({ cells }: Line): string {
  return cells.join(' ')
}

/** Lines with equal cells and equal beginnings of their names, so that one label says them all. */
function inNamespace({ cells, places: [place] }: Line): string {
  return `${place?.namespace ?? ''} ${place?.kind ?? ''} ${cells.join(' ')}`
}

function merged(all: readonly Line[], keyOf: (line: Line) => string, namespaces = false): readonly Line[] {
  return [...grouped(all, keyOf).values()].map((same) => ({
    places: same.flatMap(({ places }) => places),
    namespaces,
    cells: (same[0]?.cells ?? []).map((cell, index) =>
      same.every(({ cells }) => cells[index] === cell) ? cell : 'mixed',
    ),
  }))
}

/** All rows are equally long. */
function transposed<T>(rows: readonly (readonly T[])[]): readonly (readonly T[])[] {
  return (rows[0] ?? []).map((_, index) => rows.map((row) => row[index] as T))
}
