// Kustomizations and charts: what this tree would become is decided by tools that are not run. Their plain
// files are read as they stand; where a tool would change them, a problem says so.
import { posix } from 'node:path'
import type { Problem } from '../core/source/problem.ts'
import { readDocument, splitDocuments } from '../core/yaml/index.ts'

const KUSTOMIZATION_FILES = ['kustomization.yaml', 'kustomization.yml', 'Kustomization']
/** Keys of a kustomization that leave the objects it names as they are written. */
const HARMLESS = ['apiVersion', 'kind', 'metadata', 'resources', 'buildMetadata', 'sortOptions']

export interface Unrendered {
  /** Files that are no objects of their own: patches, and the templates of charts. */
  readonly skip: (path: string) => boolean
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
  const patches = new Set<string>()
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
    const value = readFirst(text)
    if (value === null) continue
    for (const patch of [
      ...listed(value.patchesStrategicMerge),
      ...listed(value.patches),
      ...listed(value.patchesJson6902),
    ]) {
      const file = typeof patch === 'string' ? patch : pathOf(patch)
      if (file !== null) patches.add(posix.join(folder, file))
    }
    const inputs = [...listed(value.resources), ...listed(value.components), ...listed(value.bases)].filter(
      (entry) => typeof entry === 'string',
    )
    const transforms = Object.keys(value).filter((key) => !HARMLESS.includes(key))
    const remote = inputs.filter(
      (entry) => !paths.some((known) => isWithin(known, posix.join(folder, entry))),
    )
    if (transforms.length === 0 && remote.length === 0) continue
    const why =
      transforms.length > 0 ? `it sets ${transforms.join(', ')}` : `${remote.join(', ')} is not in the tree`
    problems.push(
      unseen(
        path,
        'kustomization-not-rendered',
        `The kustomization in ${folder} is not rendered (${why}): its files were judged as they stand.`,
        'Check its output with kustomize build, written to a folder, and ambient-guard check on that.',
        [folder, ...inputs.map((entry) => posix.join(folder, entry))],
      ),
    )
  }
  const templates = charts.map((folder) => posix.join(folder, 'templates'))
  return {
    skip: (path) => patches.has(path) || templates.some((folder) => isWithin(path, folder)),
    problems,
  }
}

/** Is a path this file or folder, or something below it? `.` holds everything. */
export function isWithin(path: string, folder: string): boolean {
  const clean = posix.normalize(folder).replace(/\/$/, '')
  return clean === '.' || path === clean || path.startsWith(`${clean}/`)
}

function unseen(
  path: string,
  code: string,
  message: string,
  remedy: string,
  under: readonly string[],
): Problem {
  return { path, line: 1, code, class: 'unseen', message, remedy, hides: { namespaces: [], under } }
}

function readFirst(text: string): Record<string, unknown> | null {
  const document = splitDocuments(text)[0]
  const read = document === undefined ? null : readDocument(text, document)
  return read?.ok === true && typeof read.value === 'object' && read.value !== null
    ? (read.value as Record<string, unknown>)
    : null
}

function listed(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : []
}

function pathOf(patch: unknown): string | null {
  const path = typeof patch === 'object' && patch !== null ? (patch as Record<string, unknown>).path : null
  return typeof path === 'string' ? path : null
}
