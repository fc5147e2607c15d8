// The files of a tree, sorted by what they may be: manifests, parts of charts, kustomizations, and what is told of
// because it is not read.
import { posix } from 'node:path'
import picomatch from 'picomatch'
import type { Problem } from '../core/source/problem.ts'
import { isUnreadable } from '../git/tree.ts'
import type { Tree, TreeFile } from '../git/tree.ts'
import { readLinks } from './links.ts'
import { foldersOf, isWithin, sourceTree } from './source-tree.ts'
import type { SourceTree } from './source-tree.ts'

/** Bytes; the API server refuses objects above 1.5 MB, and lists of them may be longer. */
export const MAX_FILE_SIZE = 10 * 1024 * 1024

const KUSTOMIZATION_FILES = ['kustomization.yaml', 'kustomization.yml', 'Kustomization']

/** What a chart is made of beside its YAML files, of whatever name. */
export const CHART_PARTS = ['templates', 'charts', 'crds', 'files']

export interface Listing {
  /** The whole tree: what a renderer reads may well be ignored as a manifest. */
  readonly tree: SourceTree
  /** Files that may hold manifests that somebody applies as they stand. */
  readonly plain: readonly TreeFile[]
  /** The same with an extension in capitals, which nobody reads who is given a folder. */
  readonly inCapitals: readonly TreeFile[]
  /** Folders that hold a kustomization. */
  readonly kustomizations: readonly string[]
  /** Folders of charts, without the charts inside them. */
  readonly charts: readonly string[]
  /** Paths that are not read and bear on manifests all the same: a change of theirs must not pass as no change at all. */
  readonly watched: readonly string[]
  readonly problems: readonly Problem[]
  /** What links of the tree lead to, by their paths; without those that lead out of it. */
  readonly behind: ReadonlyMap<string, string>
  /** The blob id of whatever stands at a path; undefined where nothing does. */
  readonly idOf: (path: string) => string | undefined
}

export interface ListOptions {
  /** Glob patterns of paths that are no manifests. */
  readonly ignorePaths: readonly string[]
  /** Files that hold an assumed baseline: judged, never edited, and read from the base. */
  readonly assumed: readonly string[]
}

export async function listTree(tree: Tree, { ignorePaths, assumed }: ListOptions): Promise<Listing> {
  const ignored = ignorePaths.length === 0 ? (): boolean => false : picomatch([...ignorePaths], { dot: true })
  const all = await tree.files()
  const every = all.filter(({ path }) => !assumed.includes(path) && !ignored(path))
  const interesting = every.filter((file) => mayHoldManifests(file.path) || mayHoldFolders(file))
  const unnamed = interesting.filter(({ path }) => isUnreadable(path))
  const wanted = unnamed.length === 0 ? interesting : interesting.filter(({ path }) => !isUnreadable(path))
  const regular = wanted.filter(({ mode }) => mode.startsWith('100'))
  const large = regular.filter(({ size }) => size > MAX_FILE_SIZE)
  const readable = regular.filter(({ size }) => size <= MAX_FILE_SIZE)
  const chartFolders = readable
    .filter(({ path }) => posix.basename(path) === 'Chart.yaml')
    .map(({ path }) => posix.dirname(path))
  const parts = new Set(chartFolders.flatMap((folder) => CHART_PARTS.map((part) => posix.join(folder, part))))
  const ofChart = (path: string): boolean => foldersOf(path).some((folder) => parts.has(folder))
  const [links, submodules] = [
    wanted.filter(({ mode }) => mode === '120000'),
    wanted.filter(({ mode }) => mode === '160000'),
  ]
  const byPath = new Map(all.map((file) => [file.path, file]))
  return {
    tree: sourceTree(tree, all),
    idOf: (path) => byPath.get(path)?.id,
    plain: readable.filter(({ path }) => !isKustomization(path) && !ofChart(path)),
    inCapitals: every.filter(
      ({ path, mode, size }) =>
        isInCapitals(path) && mode.startsWith('100') && size <= MAX_FILE_SIZE && !ofChart(path),
    ),
    kustomizations: [
      ...new Set(
        readable
          .filter(({ path }) => isKustomization(path) && !ofChart(path))
          .map(({ path }) => posix.dirname(path)),
      ),
    ],
    charts: chartFolders.filter((folder) => !ofChart(folder)),
    behind: await readLinks(
      all.filter(({ mode }) => mode === '120000'),
      tree,
    ),
    watched: [...links, ...submodules, ...large, ...unnamed].map(({ path }) => path),
    problems: [
      ...links.map(({ path }) => link(path)),
      ...submodules.map(({ path }) => submodule(path)),
      ...large.map(({ path, size }) => tooLarge(path, size)),
      ...unnamed.map(({ path }) => unreadableName(path)),
    ],
  }
}

/** Is it called as files of manifests, values or kustomizations are? */
export function mayHoldManifests(path: string): boolean {
  return /\.(ya?ml|json)$/.test(path) || isKustomization(path)
}

/** Is it a manifest's extension, but for its case? */
export function isInCapitals(path: string): boolean {
  return /\.(ya?ml|json)$/i.test(path) && !/\.(ya?ml|json)$/.test(path)
}

/** Is a path in one of the folders that a chart's objects are made from? */
export function isChartPart(path: string, chart: string): boolean {
  return CHART_PARTS.some((part) => isWithin(path, posix.join(chart, part)))
}

export function isKustomization(path: string): boolean {
  return KUSTOMIZATION_FILES.includes(posix.basename(path))
}

/** Is a path one of these files, below one of these folders, or what one of these glob patterns names or holds? */
export function pathMatcher(patterns: readonly string[]): (path: string) => boolean {
  // `/clusters/prod` is seen from the root of the tree, as everything is.
  const rooted = patterns.map((pattern) => posix.normalize(`./${pattern}`).replace(/\/$/, ''))
  const globs = rooted
    .filter((pattern) => picomatch.scan(pattern).isGlob)
    .flatMap((pattern) => [pattern, `${pattern}/**`])
  const matches = picomatch(globs, { dot: true })
  return (path) => rooted.some((pattern) => isWithin(path, pattern)) || (globs.length > 0 && matches(path))
}

/** A submodule, a folder that is not looked into, or a link whose name has no ending and may therefore be a folder's. */
function mayHoldFolders({ path, mode }: TreeFile): boolean {
  return mode === '160000' || mode === '040000' || (mode === '120000' && !posix.basename(path).includes('.'))
}

function unreadableName(path: string): Problem {
  return {
    path,
    line: 1,
    code: 'name-not-utf8',
    class: 'unseen',
    message: `The name of ${path} is no UTF-8 text, and what it holds is not seen.`,
    remedy: 'Give it another name, or leave it out with ignorePaths.',
    hides: { namespaces: [], under: [path] },
  }
}

function submodule(path: string): Problem {
  return {
    path,
    line: 1,
    code: 'submodule',
    class: 'unseen',
    message: `${path} is a submodule, which is not fetched: the objects in it are not seen here.`,
    remedy: 'Keep the manifests in this repository, or leave the submodule out with ignorePaths.',
    hides: { namespaces: [], under: [path] },
  }
}

function link(path: string): Problem {
  return {
    path,
    line: 1,
    code: 'symbolic-link',
    class: 'unseen',
    message: `${path} is a symbolic link, which is not followed: the objects behind it are not seen here.`,
    remedy: 'Keep the file itself at this path, or leave it out with ignorePaths.',
    hides: { namespaces: [], under: [path] },
  }
}

function tooLarge(path: string, size: number): Problem {
  return {
    path,
    line: 1,
    code: 'file-too-large',
    class: 'unreadable',
    message: `${path} has ${String(size)} bytes, more than the ${String(MAX_FILE_SIZE)} that are read of one file.`,
    remedy: 'Split it, or leave it out with ignorePaths.',
    hides: { namespaces: 'all' },
  }
}
