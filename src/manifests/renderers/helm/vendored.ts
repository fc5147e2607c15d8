// What stands in the folder charts/ of a chart, and charts that come with theirs in it.
import { posix } from 'node:path'
import { joinPath } from '../../source-tree.ts'
import { unpackChart } from './archive.ts'
import { readChart, within } from './chart.ts'
import type { ChartFiles } from './chart.ts'
import type { Entry, Part } from './parts.ts'
import { named } from './problem.ts'

/** Charts of one release; more are no configuration. */
export const MAX_CHARTS = 200

/** How many charts a release has brought by now: aliases multiply. */
export interface Budget {
  charts: number
}

/** A chart as it was packed, fetched or put into charts/: helm takes what is in it, and asks for nothing more. */
export function brought(
  files: ChartFiles,
  title: string,
  alias: string | null,
  folder: string | null,
  budget: Budget,
  entry: Entry | null = null,
): Part {
  budget.charts += 1
  const chart = readChart(files)
  const there = budget.charts > MAX_CHARTS ? [] : vendored(files)
  const children = there.flatMap((child) => {
    const wanted = chart.dependencies.filter(({ name }) => name === child.name).map((one) => one.alias)
    return (wanted.length === 0 ? [null] : wanted).map((name) =>
      brought(
        child.files,
        named(child.name, child.version),
        name,
        folder === null || child.folder === null ? null : joinPath(folder, child.folder),
        budget,
        entry,
      ),
    )
  })
  return {
    name: alias ?? chart.name,
    title: `chart ${folder ?? title}`,
    files,
    folder,
    entry: folder === null ? entry : null,
    children,
  }
}

export interface Vendored {
  readonly name: string
  readonly version: string
  readonly files: ChartFiles
  /** Below the chart's folder; null for a packed one. */
  readonly folder: string | null
}

/** What stands in charts/, as pkg/chart/loader/load.go reads it: packed charts and folders, not those of `_` and `.`. */
export function vendored(files: ChartFiles): readonly Vendored[] {
  const below = within('charts', files)
  const names = [...new Set([...below.keys()].map((path) => path.split('/')[0] ?? ''))].sort()
  return names.flatMap((name): readonly Vendored[] => {
    if (/^[_.]/.test(name)) return []
    const packed = below.get(name)
    const inside =
      packed === undefined ? within(name, below) : name.endsWith('.tgz') ? unpackChart(packed) : null
    if (inside === null) return []
    const chart = readChart(inside)
    const folder = packed === undefined ? posix.join('charts', name) : null
    return chart.name === '' ? [] : [{ name: chart.name, version: chart.version, files: inside, folder }]
  })
}
