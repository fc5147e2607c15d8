// A source of an Application: where it points, and which tool renders it. Argo CD goes by the section that the source
// has, else by the files in its folder (ExplicitType in types.go, Discover in util/app/discovery).
import { absent, get } from '../../../core/kubernetes/field.ts'
import type { Field } from '../../../core/kubernetes/field.ts'
import { readDocument, splitDocuments } from '../../../core/yaml/index.ts'
import { joinPath } from '../../source-tree.ts'
import type { SourceTree } from '../../source-tree.ts'
import { textOrNull } from './object.ts'

export interface Source {
  /** The source in its Application, with the files of overrides merged in once they are read. */
  readonly field: Field
  /** One of `sources`, not the one `source`. */
  readonly isOneOfMany: boolean
  readonly url: string | null
  readonly path: string | null
  readonly chart: string | null
  readonly ref: string | null
  readonly revision: string | null
}

export type Tool = 'helm' | 'kustomize' | 'directory' | 'plugin'

export function sourceOf(field: Field, isOneOfMany: boolean): Source {
  return {
    field,
    isOneOfMany,
    url: textOrNull(get(field, 'repoURL')),
    path: textOrNull(get(field, 'path')),
    chart: textOrNull(get(field, 'chart')),
    ref: textOrNull(get(field, 'ref')),
    revision: textOrNull(get(field, 'targetRevision')),
  }
}

/** Does a revision stay what it is, whatever happens to a branch? Tags with a version, ranges of those, and commits. */
export function isPinned(revision: string | null): boolean {
  if (revision === null) return false
  return (
    /^[0-9a-f]{7,40}$/.test(revision) ||
    /^(?:refs\/tags\/.+|v?\d+\.\d+(?:\.\d+)?(?:[-+].+)?)$/.test(revision) ||
    // util/versions: a range of versions is the newest tag in it.
    /^(?:[~^<>=]+\s*v?\d|v?\d+(?:\.\d+)?\.[x*]$|\*$)/.test(revision)
  )
}

/**
 * A source with .argocd-source.yaml and .argocd-source-<application>.yaml of its folder merged in, which may change
 * everything but where it points (mergeSourceParameters in reposerver/repository/repository.go). `wrong` is the file
 * that cannot be read.
 */
export async function withOverrides(
  source: Source,
  folder: string,
  name: string,
  tree: SourceTree,
  inputs: Set<string>,
): Promise<{ readonly source: Source; readonly wrong: string | null }> {
  let value = source.field.value
  for (const file of ['.argocd-source.yaml', `.argocd-source-${name}.yaml`]) {
    const path = joinPath(folder, file)
    if (tree.kindOf(path) === 'outside') continue
    inputs.add(path)
    if (tree.kindOf(path) === 'missing' || tree.kindOf(path) === 'folder') continue
    const text = (await tree.text(path))?.text ?? null
    const document = text === null ? undefined : splitDocuments(text)[0]
    if (text === null) return { source, wrong: path }
    if (document === undefined) continue
    const read = readDocument(text, document)
    if (!read.ok || !isMap(read.value)) return { source, wrong: path }
    value = mergePatch(value, read.value)
  }
  return { source: { ...source, field: { ...source.field, value } }, wrong: null }
}

/** RFC 7386: what is null goes, mappings are merged, everything else is replaced. */
function mergePatch(value: unknown, patch: unknown): unknown {
  if (!isMap(patch)) return patch
  const merged = new Map(Object.entries(isMap(value) ? value : {}))
  for (const [key, inner] of Object.entries(patch)) {
    if (inner === null) merged.delete(key)
    else merged.set(key, mergePatch(merged.get(key), inner))
  }
  return Object.fromEntries(merged)
}

/** The tools that a source names itself; more than one is refused. */
export function toolsNamed({ field, isOneOfMany }: Source): readonly Tool[] {
  // A section that says nothing is dropped from `source`, and stays in `sources` (NormalizeApplicationSpec).
  const says = (key: Tool): boolean => {
    const section = get(field, key)
    return !absent(section) && (key === 'plugin' || isOneOfMany || !isZero(section.value))
  }
  return (['kustomize', 'helm', 'directory', 'plugin'] as const).filter(says)
}

/** Nothing in it but what a field has anyway. */
function isZero(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0
  if (isMap(value)) return Object.values(value).every(isZero)
  return value === undefined || value === null || value === '' || value === false
}

/** What the files of a folder say. Argo CD takes the last that it meets in order of name: kustomizations come last. */
export function toolFound(folder: string, tree: SourceTree): Tool {
  const isThere = (name: string): boolean => tree.kindOf(joinPath(folder, name)) !== 'folder'
  const found = tree.names(folder).flatMap((name): Tool[] => {
    if (KUSTOMIZATIONS.includes(name) && isThere(name)) return ['kustomize']
    return name.endsWith('Chart.yaml') && isThere(name) ? ['helm'] : []
  })
  return found.at(-1) ?? 'directory'
}

/** In the order in which Argo CD and kustomize look for them. */
export const KUSTOMIZATIONS: readonly string[] = ['kustomization.yaml', 'kustomization.yml', 'Kustomization']

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
