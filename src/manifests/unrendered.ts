// Kustomizations and charts: what this tree would become is decided by tools that are not run. Their plain
// files are read as they stand; where a tool would change them, a problem says so.
import { posix } from 'node:path'
import { grouped } from '../core/source/grouped.ts'
import type { Problem } from '../core/source/problem.ts'
import { readDocument, splitDocuments } from '../core/yaml/index.ts'

const KUSTOMIZATION_FILES = ['kustomization.yaml', 'kustomization.yml', 'Kustomization']
/** Keys of a kustomization that leave the objects it names as they are written. */
const HARMLESS = ['apiVersion', 'kind', 'metadata', 'resources', 'buildMetadata', 'sortOptions']

/** What a chart is made of beside its YAML files, of whatever name. */
const CHART_PARTS = ['templates', 'charts', 'crds', 'files', 'Chart.lock']

export interface Unrendered {
  /** Files that are no objects of their own: patches, and the templates of charts. */
  readonly skip: (path: string) => boolean
  /** Files of any name that a chart or a kustomization is made of. */
  readonly isInput: (path: string) => boolean
  readonly problems: readonly Problem[]
}

export function isKustomization(path: string): boolean {
  return KUSTOMIZATION_FILES.includes(posix.basename(path))
}

/** Finds what is not rendered, from the paths of the tree and the texts of its kustomizations. */
export function findUnrendered(
  paths: readonly string[],
  kustomizations: ReadonlyMap<string, string>,
): Unrendered {
  const charts = paths
    .filter((path) => posix.basename(path) === 'Chart.yaml')
    .map((path) => posix.dirname(path))
  const there = new Set(paths.flatMap(withFolders))
  const neighbours = grouped(paths, (path) => posix.dirname(path))
  const patches = new Set<string>()
  const inputs = new Set<string>()
  const problems: Problem[] = charts.map((folder) =>
    unseen(
      posix.join(folder, 'Chart.yaml'),
      'chart-not-rendered',
      `The chart in ${folder} is not rendered: the objects that it makes are not seen.`,
      'Keep its rendered output in the tree, or check that with ambient-guard check.',
      [folder],
    ),
  )
  for (const [path, text] of kustomizations) {
    const folder = posix.dirname(path)
    const read = readFirst(text)
    if (typeof read === 'string') {
      problems.push(unreadable(path, read, folder))
      continue
    }
    const value = read
    for (const file of texts(value)) inputs.add(posix.join(folder, file))
    for (const patch of [
      ...listed(value.patchesStrategicMerge),
      ...listed(value.patches),
      ...listed(value.patchesJson6902),
    ]) {
      const file = typeof patch === 'string' ? patch : pathOf(patch)
      if (file !== null) patches.add(posix.join(folder, file))
    }
    const resources = [
      ...listed(value.resources),
      ...listed(value.components),
      ...listed(value.bases),
    ].filter((entry) => typeof entry === 'string')
    const transforms = Object.keys(value).filter((key) => !HARMLESS.includes(key))
    const remote = resources.filter((entry) => !there.has(clean(posix.join(folder, entry))))
    const named = new Set(resources.map((entry) => posix.join(folder, entry)))
    const leftOut = (neighbours.get(folder) ?? []).filter(
      (file) => !isKustomization(file) && !named.has(file),
    )
    if (transforms.length === 0 && remote.length === 0 && leftOut.length === 0) continue
    const why =
      transforms.length > 0
        ? `it sets ${transforms.join(', ')}`
        : remote.length > 0
          ? `${remote.join(', ')} is not in the tree`
          : `it leaves out ${leftOut.map((file) => posix.basename(file)).join(', ')}`
    const renders = transforms.length > 0 || remote.length > 0
    problems.push(
      unseen(
        path,
        'kustomization-not-rendered',
        `The kustomization in ${folder} is not rendered (${why}): its files were judged as they stand.`,
        'Check its output with kustomize build, written to a folder, and ambient-guard check on that.',
        // A list that leaves files out bears on nothing until the list itself changes.
        renders ? [folder, ...named] : [],
        // What it puts into a namespace may decide there, and a label on that namespace may be what breaks it.
        typeof value.namespace === 'string' ? [value.namespace] : [],
      ),
    )
  }
  const parts = new Set(charts.flatMap((folder) => CHART_PARTS.map((part) => posix.join(folder, part))))
  const templates = new Set(charts.map((folder) => posix.join(folder, 'templates')))
  return {
    skip: (path) => patches.has(path) || withFolders(path).some((folder) => templates.has(folder)),
    isInput: (path) => inputs.has(path) || withFolders(path).some((part) => parts.has(part)),
    problems,
  }
}

/** Is a path this file or folder, or something below it? `.` holds everything. */
export function isWithin(path: string, folder: string): boolean {
  const whole = clean(folder)
  return whole === '.' || path === whole || path.startsWith(`${whole}/`)
}

/** A folder as it begins the paths of what is in it, without a slash at its end. */
function clean(folder: string): string {
  return posix.normalize(folder).replace(/\/$/, '')
}

/** A path of the tree, and every folder that holds it: in large trees, looked up and not searched for. */
function withFolders(path: string): readonly string[] {
  const found = [path, '.']
  for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1))
    found.push(path.slice(0, at))
  return found
}

function unreadable(path: string, why: string, folder: string): Problem {
  return {
    path,
    line: 1,
    code: 'unreadable-yaml',
    class: 'unreadable',
    message: `The kustomization in ${folder} is not readable: ${why}.`,
    remedy: 'Correct it; its files were judged as they stand.',
    hides: { namespaces: [], under: [folder] },
  }
}

function unseen(
  path: string,
  code: string,
  message: string,
  remedy: string,
  under: readonly string[],
  namespaces: readonly string[] = [],
): Problem {
  return { path, line: 1, code, class: 'unseen', message, remedy, hides: { namespaces, under } }
}

/** The kustomization, or why it cannot be read. */
function readFirst(text: string): Record<string, unknown> | string {
  const document = splitDocuments(text)[0]
  if (document === undefined) return {}
  const read = readDocument(text, document)
  if (!read.ok) return read.message
  return typeof read.value === 'object' && read.value !== null && !Array.isArray(read.value)
    ? (read.value as Record<string, unknown>)
    : 'it is no mapping'
}

/** Every text in a value, at any depth: among them are the names of files. */
function texts(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(texts) : []
}

function listed(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : []
}

function pathOf(patch: unknown): string | null {
  const path = typeof patch === 'object' && patch !== null ? (patch as Record<string, unknown>).path : null
  return typeof path === 'string' ? path : null
}
