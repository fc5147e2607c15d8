// What a build of a kustomization reads: every file of the tree, found without running anything. It may name more than
// kustomize reads and never less, so that a build whose files are the same is the same build.
import { posix } from 'node:path'
import type { Place } from '../../../core/kubernetes/origin.ts'
import type { Problem } from '../../../core/source/problem.ts'
import type { Route } from '../../../core/yaml/types.ts'
import { joinPath } from '../../source-tree.ts'
import type { SourceTree } from '../../source-tree.ts'
import {
  KUSTOMIZATION_FILES,
  generatedKustomization,
  inspectFolder,
  placeIn,
  readAll,
  withAdditions,
} from './file.ts'
import { notRun, programsOf } from './programs.ts'
import type { KustomizationFile } from './file.ts'
import {
  chartOfConfig,
  chartsOf,
  inlineConfigs,
  isRemote,
  pathTexts,
  possiblePaths,
  referencesOf,
} from './references.ts'
import type { ChartReference, Reference } from './references.ts'
import {
  brokenFolder,
  brokenRoot,
  generatedLater,
  leadsOutside,
  missingPath,
  notFollowed,
} from './trouble.ts'

export { kustomizationAt } from './file.ts'
export type { KustomizationFile } from './file.ts'

export interface Closure {
  readonly folder: string
  /** Every file of the tree that a build may read, sorted. */
  readonly files: readonly string[]
  /** Paths that were looked for and are not read, sorted: what is built may change with what stands there. */
  readonly absent: readonly string[]
  /** The root first, then in the order in which they are reached. Empty where the root cannot be read. */
  readonly kustomizations: readonly KustomizationFile[]
  /** Is the root a Component, which others include and nobody applies? */
  readonly isComponent: boolean
  /** Paths that are named and not there, sorted. */
  readonly missing: readonly string[]
  /** What is named by URL. */
  readonly remote: readonly RemoteReference[]
  /** Charts that are not in the tree, and come from a repository. */
  readonly remoteCharts: readonly RemoteChart[]
  /** Charts of the tree, by the entry that brings them: rendering them needs helm. */
  readonly charts: readonly Entry[]
  /** What is left out or named otherwise in the copy that is built, so that the rest does build. */
  readonly edits: readonly Edit[]
  readonly troubles: readonly Trouble[]
  /** The same, without more: broken entries, and what is behind links. What is remote is told of by who fetches. */
  readonly problems: readonly Problem[]
  /**
   * Can the build read nothing outside of the tree, even where nothing holds it back? Every path stands in a
   * kustomization, and leads to somewhere in the tree; what a configuration is made to ask for, nobody knows.
   */
  readonly staysInside: boolean
  /** False where nothing is built: the root cannot be read, or a file that changes others is not there. */
  readonly builds: boolean
}

/** A place in the kustomization of a folder. */
export interface Entry {
  readonly folder: string
  readonly route: Route
}

export interface Edit extends Entry {
  /** The text that takes the place of what stands there; null: the entry is left out. */
  readonly to: string | null
}

export interface Trouble {
  readonly problem: Problem
  /** Does what is left out change what others bring? Then the output is not sure anywhere. */
  readonly alters: boolean
}

export interface RemoteReference {
  readonly url: string
  readonly at: Place
  readonly by: KustomizationFile
  readonly reference: Reference
}

export interface RemoteChart {
  readonly chart: ChartReference
  /** Where kustomize would look for it. */
  readonly folder: string
  readonly at: Place
  readonly by: KustomizationFile
}

export interface ClosureOptions {
  /** What a controller adds to the root. */
  readonly additions?: Readonly<Record<string, unknown>>
  /** The resources of the root where a controller writes it, because there is none. */
  readonly generated?: readonly string[] | null
  /** Where what is added is asked for. */
  readonly at?: Place
  /** Where in `tree` what a folder names by URL stands by now; null where it was not fetched. */
  readonly fetched?: (folder: string, url: string) => string | null
}

/** Never throws for what a tree holds. Kustomizations that name each other in a circle are each read once. */
export async function closureOf(
  folder: string,
  tree: SourceTree,
  options: ClosureOptions = {},
): Promise<Closure> {
  const root = joinPath(folder)
  const walk: Walk = {
    tree,
    fetched: options.fetched ?? ((): null => null),
    files: new Set(),
    absent: new Set(),
    missing: new Set(),
    reached: new Set(),
    queue: [],
    kustomizations: [],
    remote: [],
    remoteCharts: [],
    charts: [],
    edits: [],
    troubles: [],
    staysInside: true,
    builds: true,
  }
  await begin(walk, root, options)
  for (let next = walk.queue.shift(); next !== undefined; next = walk.queue.shift()) {
    walk.kustomizations.push(next)
    await visit(walk, next)
  }
  return {
    folder: root,
    files: [...walk.files].sort(),
    absent: [...walk.absent].sort(),
    kustomizations: walk.kustomizations,
    isComponent: walk.kustomizations[0]?.isComponent === true,
    missing: [...walk.missing].sort(),
    remote: walk.remote,
    remoteCharts: walk.remoteCharts,
    charts: walk.charts,
    edits: walk.edits,
    troubles: walk.troubles,
    problems: walk.troubles.map(({ problem }) => problem),
    staysInside: walk.staysInside,
    builds: walk.builds,
  }
}

/** What is known by now. */
interface Walk {
  readonly tree: SourceTree
  readonly fetched: NonNullable<ClosureOptions['fetched']>
  readonly files: Set<string>
  readonly absent: Set<string>
  readonly missing: Set<string>
  /** Folders whose kustomizations are in the queue or were. */
  readonly reached: Set<string>
  readonly queue: KustomizationFile[]
  readonly kustomizations: KustomizationFile[]
  readonly remote: RemoteReference[]
  readonly remoteCharts: RemoteChart[]
  readonly charts: Entry[]
  readonly edits: Edit[]
  readonly troubles: Trouble[]
  staysInside: boolean
  builds: boolean
}

async function begin(walk: Walk, root: string, options: ClosureOptions): Promise<void> {
  const { generated = null, additions = {} } = options
  const at = options.at ?? { path: joinPath(root, KUSTOMIZATION_FILES[0]), line: 1 }
  if (generated !== null) {
    // One that is there all the same is none to the controller: Flux leaves out what .sourceignore names.
    for (const name of KUSTOMIZATION_FILES) walk.absent.add(joinPath(root, name))
    reach(walk, withAdditions(generatedKustomization(root, generated, at), additions, at))
    return
  }
  lookForKustomization(walk, root)
  const state = await inspectFolder(walk.tree, root)
  if (state.kind === 'readable') {
    const { kustomization } = state
    reach(walk, withAdditions(kustomization, additions, options.at ?? kustomization.asked))
  } else {
    walk.builds = false
    walk.troubles.push({ problem: brokenRoot(root, state, at), alters: true })
  }
}

async function visit(walk: Walk, by: KustomizationFile): Promise<void> {
  const references = referencesOf(by.value)
  const charts = chartsOf(by.value)
  const configs = inlineConfigs(by.value)
  if (charts.length > 0 || configs.length > 0 || references.some(({ kind }) => kind === 'config'))
    walk.staysInside = false
  for (const chart of charts) useChart(walk, chart, by)
  for (const reference of references) await follow(walk, reference, by)
  for (const { text, route } of configs) readConfig(walk, text, by, by.folder, route)
  for (const text of possiblePaths(by.value)) addIfFile(walk, by.folder, text)
}

function reach(walk: Walk, kustomization: KustomizationFile): void {
  if (walk.reached.has(kustomization.folder)) return
  walk.reached.add(kustomization.folder)
  walk.queue.push(kustomization)
}

async function follow(walk: Walk, reference: Reference, by: KustomizationFile): Promise<void> {
  const { tree } = walk
  const at = placeIn(by, reference.route)
  const fetched = walk.fetched(by.folder, reference.text)
  const path = fetched ?? within(by.folder, reference.text)
  const kind = tree.kindOf(path)
  // kustomize tries a file first, and a repository before a folder (accumulateResources, FileLoader.New).
  if (fetched !== null) {
    walk.edits.push({ folder: by.folder, route: reference.route, to: posix.relative(by.folder, fetched) })
  } else if (kind !== 'file' && isRemote(reference.text)) {
    walk.remote.push({ url: reference.text, at, by, reference })
    return
  }
  switch (kind) {
    case 'file':
      walk.files.add(path)
      if (reference.kind === 'config') {
        const text = (await tree.text(path))?.text ?? ''
        readConfig(walk, text, by, posix.dirname(path), reference.cut)
        const near = async (name: string): Promise<string | null> =>
          (await tree.text(within(by.folder, name)))?.text ?? null
        const programs = await programsOf(text, near)
        if (programs === null) return
        leaveOut(walk, notRun(at, programs, reference.alters, by), reference, by)
        // Whatever it would have changed is not what stands in the tree.
        if (reference.alters) walk.builds = false
      }
      return
    case 'outside':
      leaveOut(walk, leadsOutside(at, reference.text, by), reference, by)
      return
    case 'link':
    case 'submodule':
      walk.absent.add(specialAt(tree, path))
      leaveOut(walk, notFollowed(at, kind, path, by), reference, by)
      return
    case 'folder':
      if (reference.kind !== 'file') await followFolder(walk, path, at, reference, by)
      return
    case 'missing':
      walk.absent.add(path)
      if (reference.kind !== 'file') lookForKustomization(walk, path)
      // A part of a chart that comes from elsewhere, or was told of already.
      if (chartsOf(by.value).some(({ folder }) => path.startsWith(`${within(by.folder, folder)}/`))) return
      walk.missing.add(path)
      if (reference.kind === 'base' && posix.basename(path) === 'gotk-components.yaml')
        leaveOut(walk, generatedLater(at, path), reference, by)
      else leaveOut(walk, missingPath(at, path, by), reference, by)
  }
}

async function followFolder(
  walk: Walk,
  path: string,
  at: Place,
  reference: Reference,
  by: KustomizationFile,
): Promise<void> {
  lookForKustomization(walk, path)
  const state = await inspectFolder(walk.tree, path)
  if (state.kind !== 'readable') {
    leaveOut(walk, brokenFolder(at, state, path, by), reference, by)
    return
  }
  reach(walk, { ...state.kustomization, namedBy: by })
  // Transformers and generators may come through a kustomization of their own; they work in the folder that asks.
  if (reference.kind !== 'config') return
  for (const { path: config } of walk.tree.below(path)) {
    const text = (await walk.tree.text(config))?.text ?? ''
    readConfig(walk, text, by, posix.dirname(config), reference.cut)
  }
}

/** What is broken here ends a build that would not be the same without it; what is elsewhere is left out. */
function leaveOut(walk: Walk, problem: Problem, reference: Reference, by: KustomizationFile): void {
  walk.troubles.push({ problem, alters: reference.alters })
  if (reference.vital && problem.class === 'unreadable') walk.builds = false
  walk.edits.push({ folder: by.folder, route: reference.cut, to: null })
}

function useChart(walk: Walk, chart: ChartReference, by: KustomizationFile): void {
  const { tree } = walk
  const at = placeIn(by, chart.route)
  const path = within(by.folder, chart.folder)
  const leaveOutChart = (problem: Problem): void => {
    walk.troubles.push({ problem, alters: false })
    walk.edits.push({ folder: by.folder, route: chart.cut, to: null })
  }
  const kind = tree.kindOf(path)
  switch (kind) {
    case 'folder': {
      for (const file of tree.below(path)) walk.files.add(file.path)
      const special = firstSpecial(tree, path)
      if (special === null) walk.charts.push({ folder: by.folder, route: chart.cut })
      else {
        walk.absent.add(special.path)
        leaveOutChart(notFollowed(at, special.kind, special.path, by))
      }
      return
    }
    case 'outside':
      leaveOutChart(leadsOutside(at, chart.folder, by))
      return
    case 'link':
    case 'submodule':
      walk.absent.add(specialAt(tree, path))
      leaveOutChart(notFollowed(at, kind, path, by))
      return
    case 'file':
    case 'missing':
      walk.absent.add(joinPath(path, 'Chart.yaml'))
      if (chart.repo !== '') walk.remoteCharts.push({ chart, folder: path, at, by })
      else {
        walk.missing.add(path)
        leaveOutChart(missingPath(at, path, by))
      }
  }
}

/** Names in a configuration are relative to the folder that asks for it; some write them as if it were its own. */
function readConfig(walk: Walk, text: string, by: KustomizationFile, folder: string, cut: Route): void {
  for (const value of readAll(text)) {
    for (const chart of chartOfConfig(value, cut)) useChart(walk, chart, by)
    for (const path of pathTexts(value)) {
      addIfFile(walk, by.folder, path)
      addIfFile(walk, folder, path)
    }
  }
}

function addIfFile(walk: Walk, folder: string, text: string): void {
  const path = within(folder, text)
  const kind = walk.tree.kindOf(path)
  if (kind === 'file') walk.files.add(joinPath(path))
  if (kind === 'outside') walk.staysInside = false
}

function lookForKustomization(walk: Walk, folder: string): void {
  for (const name of KUSTOMIZATION_FILES) {
    const path = joinPath(folder, name)
    if (walk.tree.kindOf(path) === 'file') walk.files.add(path)
    else walk.absent.add(path)
  }
}

/** A path as a folder names it. An absolute one stays what it is, and is outside of every tree. */
function within(folder: string, text: string): string {
  return text.startsWith('/') ? text : joinPath(folder, text)
}

/** The link or submodule itself on the way to what is behind it. */
function specialAt(tree: SourceTree, path: string): string {
  let at = path
  while (tree.kindOf(posix.dirname(at)) === tree.kindOf(path)) at = posix.dirname(at)
  return at
}

/** The first link or submodule in a folder or below: helm would follow it. */
function firstSpecial(
  tree: SourceTree,
  folder: string,
): { readonly kind: 'link' | 'submodule'; readonly path: string } | null {
  const folders = [folder]
  for (let at = folders.shift(); at !== undefined; at = folders.shift()) {
    for (const name of tree.names(at)) {
      const path = joinPath(at, name)
      const kind = tree.kindOf(path)
      if (kind === 'link' || kind === 'submodule') return { kind, path }
      if (kind === 'folder') folders.push(path)
    }
  }
  return null
}
