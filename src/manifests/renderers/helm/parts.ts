// Everything that one release is rendered from: its chart and the charts that this one brings, each with the way back
// to the tree, and the files as helm is to find them. A dependency that the tree does not hold is stood in for by a
// chart that renders a mark: helm itself then says, by the mark, whether the release would have used it.
import { posix } from 'node:path'
import type { SourceFile } from '../../../core/source/text.ts'
import type { Problem } from '../../../core/source/problem.ts'
import type { DocumentRange, Route } from '../../../core/yaml/types.ts'
import { joinPath } from '../../source-tree.ts'
import type { HelmUnit, Kitchen } from '../../unit.ts'
import { mapping, readChart, within, yamlOf } from './chart.ts'
import type { ChartFiles, Dependency } from './chart.ts'
import { readFolder } from './folder.ts'
import { WHY, capital, hidden, named } from './problem.ts'
import { MAX_CHARTS, brought, vendored } from './vendored.ts'
import type { Budget } from './vendored.ts'

/** A chart of a release. */
export interface Part {
  /** As helm calls it: the alias, where its parent gives it one. */
  readonly name: string
  /** For people: `charts/redis`, or `redis 17.1` for one that lies in no folder of the tree. */
  readonly title: string
  readonly files: ChartFiles
  /** Its folder in the tree; null for one that is packed or was fetched. */
  readonly folder: string | null
  /** What brings it in, for one that lies in no folder; null: the unit. */
  readonly entry: Entry | null
  readonly children: readonly Part[]
}

/** An entry of a file in the tree. */
export interface Entry {
  readonly file: SourceFile
  readonly document: DocumentRange
  readonly route: Route
}

export interface Parts {
  readonly root: Part
  /** By path below the scratch directory; the chart is in `chart`. */
  readonly scratch: Map<string, Uint8Array | string>
  readonly problems: readonly Problem[]
  /** What is said if the mark of this number is rendered. */
  readonly missing: readonly Problem[]
  readonly inputs: readonly string[]
}

/** The kind of the mark that stands for a chart which is not in the tree. */
export const MARK = { apiVersion: 'ambient-guard/v1', kind: 'ChartNotInThisTree' } as const

/** Where the chart is in the scratch directory. */
const SCRATCH = 'chart'

interface Work extends Budget {
  readonly unit: HelmUnit
  readonly kitchen: Kitchen
  readonly scratch: Map<string, Uint8Array | string>
  readonly problems: Problem[]
  readonly missing: Problem[]
  readonly inputs: Set<string>
}

/** Gathers what a release of a chart is rendered from; a problem where there is no chart. */
export async function gather(unit: HelmUnit, kitchen: Kitchen): Promise<Parts | Problem> {
  const work: Work = {
    unit,
    kitchen,
    scratch: new Map(),
    problems: [],
    missing: [],
    inputs: new Set(),
    charts: 0,
  }
  const root = unit.chart.kind === 'folder' ? await ownChart(unit.chart.folder, work) : await fetched(work)
  if ('code' in root) return root
  return {
    ...work,
    root: unit.ignoresOwnValues === true ? withoutValues(root, work) : root,
    inputs: [...work.inputs],
  }
}

function withoutValues(root: Part, work: Work): Part {
  work.scratch.delete(posix.join(SCRATCH, 'values.yaml'))
  return { ...root, files: new Map([...root.files].filter(([path]) => path !== 'values.yaml')) }
}

async function ownChart(folder: string, work: Work): Promise<Part | Problem> {
  const { unit, kitchen } = work
  work.inputs.add(joinPath(folder, 'Chart.yaml'))
  const kind = kitchen.tree.kindOf(joinPath(folder, 'Chart.yaml'))
  if (kind !== 'file') {
    const isElsewhere = kind !== 'missing' && kind !== 'folder'
    return {
      ...unit.at,
      code: 'no-chart',
      class: isElsewhere ? 'unseen' : 'unreadable',
      message: `${capital(unit.title)} cannot be rendered: its chart is ${folder}, ${isElsewhere ? WHY[kind] : 'where there is no Chart.yaml'}.`,
      remedy: 'Correct the path, or add the chart to the tree.',
      hides: hidden(unit),
    }
  }
  const read = await readFolder(kitchen.tree, folder, unit)
  if ('code' in read) return read
  return fromFolder(folder, read, SCRATCH, null, [], work)
}

async function fetched(work: Work): Promise<Part | Problem> {
  const { unit, kitchen } = work
  if (unit.chart.kind !== 'remote') throw new Error('a chart of the tree is not fetched')
  const { name, version, url } = unit.chart
  const answer = await kitchen.remote.chart(unit.chart)
  if (!answer.ok) {
    return {
      ...unit.at,
      code: 'remote-chart',
      class: 'unseen',
      message: `${capital(unit.title)} installs the chart ${named(name, version)} of ${url}, which is not in this tree: the objects that it makes are not seen (${answer.reason}).`,
      remedy: answer.remedy,
      hides: hidden(unit),
    }
  }
  const files = within(answer.entry, answer.files)
  for (const [path, bytes] of files) work.scratch.set(posix.join(SCRATCH, path), bytes)
  return brought(files, named(name, version), null, null, work)
}

/** A chart in a folder of the tree, written to the scratch directory with the charts that it depends on. */
async function fromFolder(
  folder: string,
  read: {
    readonly files: ChartFiles
    readonly problems: readonly Problem[]
    readonly inputs: readonly string[]
  },
  target: string,
  alias: string | null,
  chain: readonly string[],
  work: Work,
): Promise<Part> {
  const { files } = read
  work.charts += 1
  work.problems.push(...read.problems)
  for (const path of read.inputs) work.inputs.add(path)
  for (const [path, bytes] of files) work.scratch.set(posix.join(target, path), bytes)
  const chart = readChart(files)
  const there = vendored(files)
  const children = there.flatMap((child) => {
    const wanted = chart.dependencies.filter(({ name }) => name === child.name)
    const names = wanted.length === 0 ? [null] : wanted
    return names.map((dependency): Part => {
      const own = child.folder === null ? null : joinPath(folder, child.folder)
      const entry = dependency === null ? null : entryOf(folder, files, dependency)
      return brought(
        child.files,
        named(child.name, child.version),
        dependency?.alias ?? null,
        own,
        work,
        entry,
      )
    })
  })
  const absent = chart.dependencies.filter(({ name }) => !there.some((child) => child.name === name))
  const stoodIn: Dependency[] = []
  for (const dependency of absent) {
    const place = posix.join(target, 'charts', dependency.name)
    const found = IS_NAME.test(dependency.name)
      ? await resolve(folder, dependency, place, [...chain, folder], work)
      : null
    if (found === null) continue
    if ('code' in found) {
      standIn(dependency, place, found, work)
      stoodIn.push(dependency)
    } else children.push(found)
  }
  anyVersion(files, target, stoodIn, work)
  return { name: alias ?? chart.name, title: `chart ${folder}`, files, folder, entry: null, children }
}

/** Other names are left to helm, which finds no chart of theirs; they are parts of paths here. */
const IS_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/

/** A dependency that charts/ does not hold: a folder of this tree, or what may be fetched; else why it is not there. */
async function resolve(
  folder: string,
  dependency: Dependency,
  place: string,
  chain: readonly string[],
  work: Work,
): Promise<Part | Problem> {
  const { name, version, repository, alias } = dependency
  const { unit, kitchen } = work
  const what = `The chart in ${folder} depends on the chart ${named(name, version)}`
  const missing = (problem: Pick<Problem, 'code' | 'class' | 'message' | 'remedy'>): Problem => ({
    path: joinPath(folder, dependency.file),
    line: dependency.line,
    ...problem,
    hides: hidden(unit, folder),
  })
  if (repository.startsWith('file://')) {
    const wrong = (why: string, isBroken: boolean): Problem =>
      missing({
        code: 'chart-dependency',
        class: isBroken ? 'unreadable' : 'unseen',
        message: `${what} of ${repository}, ${why}.`,
        remedy: 'Correct the path, or put the chart into charts/.',
      })
    const path = repository.slice('file://'.length)
    const target = path.startsWith('/') ? path : joinPath(folder, path)
    const kind = kitchen.tree.kindOf(target)
    if (kind !== 'folder') return wrong(WHY[kind], kind === 'missing' || kind === 'file')
    work.inputs.add(joinPath(target, 'Chart.yaml'))
    if (kitchen.tree.kindOf(joinPath(target, 'Chart.yaml')) !== 'file')
      return wrong('where there is no Chart.yaml', true)
    if (chain.includes(target)) return wrong('which depends on it in turn', true)
    if (work.charts >= MAX_CHARTS) return wrong(`one of more than ${String(MAX_CHARTS)} charts`, true)
    const read = await readFolder(kitchen.tree, target, unit)
    if ('code' in read) return read
    return fromFolder(target, read, place, alias, chain, work)
  }
  const isUrl = /^(https?|oci):\/\//.test(repository)
  const answer = isUrl ? await kitchen.remote.chart({ kind: 'remote', url: repository, name, version }) : null
  if (answer?.ok === true) {
    const files = within(answer.entry, answer.files)
    for (const [path, bytes] of files) work.scratch.set(posix.join(place, path), bytes)
    const read = await kitchen.tree.read([joinPath(folder, dependency.file)])
    return brought(
      files,
      named(name, version),
      alias,
      null,
      work,
      entryOf(folder, within(folder, read), dependency),
    )
  }
  const origin = repository === '' ? '' : ` of ${repository}`
  const why =
    answer?.reason ??
    (repository === '' ? 'it names no repository' : 'only helm on a machine knows that name')
  return missing({
    code: 'remote-chart',
    class: 'unseen',
    message: `${what}${origin}, which is not in this tree: the objects that it makes are not seen (${why}).`,
    remedy: `Vendor it with helm dependency build and commit charts/${isUrl ? ', or allow its host with remote.allow in the configuration' : ''}.`,
  })
}

function entryOf(folder: string, files: ChartFiles, { file, route }: Dependency): Entry | null {
  const read = yamlOf(files, file)
  return read === null
    ? null
    : { file: { ...read.file, path: joinPath(folder, file) }, document: read.document, route }
}

/** A chart that renders a mark and nothing else, under the name of one that is not there. */
function standIn({ name }: Dependency, place: string, problem: Problem, work: Work): void {
  const number = work.missing.push(problem) - 1
  work.scratch.set(
    posix.join(place, 'Chart.yaml'),
    JSON.stringify({ apiVersion: 'v2', name, version: '0.0.1' }),
  )
  work.scratch.set(
    posix.join(place, 'templates/mark.yaml'),
    JSON.stringify({ ...MARK, metadata: { name: `missing-${String(number)}` } }),
  )
}

/** Helm tells by name and version which entry a chart is for: those of stand-ins take any version. */
function anyVersion(files: ChartFiles, target: string, stoodIn: readonly Dependency[], work: Work): void {
  for (const path of new Set(stoodIn.map(({ file }) => file))) {
    const value = mapping(yamlOf(files, path)?.value)
    const listed = Array.isArray(value.dependencies) ? (value.dependencies as unknown[]) : []
    const dependencies = listed.map((entry, index) =>
      stoodIn.some(({ file, route }) => file === path && route[1] === index)
        ? { ...mapping(entry), version: '*' }
        : entry,
    )
    work.scratch.set(posix.join(target, path), JSON.stringify({ ...value, dependencies }))
  }
}
