// Which texts had a say in an object, the last word first: patches and settings of the kustomizations that it went
// through, and its source. Within a kustomization they come in the reverse of the order in which kustomize applies them
// (configureBuiltinTransformers). A layer that is wrongly here does no harm where the object says something else.
import { isEqual, valueAt } from '../../../core/kubernetes/origin.ts'
import type { Layer } from '../../../core/kubernetes/origin.ts'
import type { SourceFile } from '../../../core/source/text.ts'
import type { DocumentRange, Route } from '../../../core/yaml/types.ts'
import { joinPath } from '../../source-tree.ts'
import { documentsIn, readAll } from './file.ts'
import type { KustomizationFile, Mapping } from './file.ts'
import type { Found, Notes } from './origin.ts'
import { nameOf, objectsIn } from './origin.ts'
import type { Gathered } from './remote.ts'
import { isNamedBy, mapping, selects, text } from './select.ts'
import type { Answer, Subject } from './select.ts'
import { splitByMergeKeys } from './merge-keys.ts'

/** An object on its way back. */
export interface Traced {
  /** As it is judged. */
  readonly object: Mapping
  /** As kustomize printed it, before variables were replaced. */
  readonly printed: Mapping
  readonly notes: Notes
  readonly found: Found | null
  /** A value of a text as it is once variables are replaced. */
  readonly replaced: (value: unknown) => unknown
}

export async function layersOf(traced: Traced, gathered: Gathered): Promise<readonly Layer[]> {
  const { closure, fetchedBy, tree } = gathered
  const { notes, found } = traced
  const subject = subjectOf(traced)
  const layers: Layer[] = []
  for (const path of pathsOf(notes, gathered)) {
    if (fetchedBy(path) !== null) continue
    const kustomization = closure.kustomizations.find((each) => each.path === path)
    if (kustomization !== undefined) {
      layers.push(...(await layersBy(kustomization, subject, traced, gathered)))
      continue
    }
    // The configuration of a transformer: what it does is its own affair.
    const file = await tree.text(path)
    if (file === null) continue
    for (const { document, route } of objectsIn(file))
      layers.push({ file, document, route, mount: null, value: undefined, editable: false })
  }
  if (found === null) return layers
  if (found.kind === 'bringer')
    return [...layers, { ...found.bringer, mount: null, value: undefined, editable: false }]
  const { file, document, route, value } = found.source
  const whole: Layer = { file, document, route, mount: [], value: traced.replaced(value), editable: true }
  return [...layers, ...splitByMergeKeys(whole, traced.object)]
}

/** Where a patch took the notes away, any kustomization may have had a hand in it: the root is the last. */
function pathsOf({ path, configuredIn, transformedIn }: Notes, { closure }: Gathered): readonly string[] {
  if (path !== null || configuredIn !== null) return transformedIn
  return [...new Set([...transformedIn, ...closure.kustomizations.map((each) => each.path)])]
}

function subjectOf({ object, printed, found }: Traced): Subject {
  const source = found?.kind === 'source' ? found.source.value : printed
  const all = [source, printed, object]
  const metadata = all.map((each) => mapping(each.metadata))
  return {
    apiVersion: text(printed.apiVersion) ?? '',
    kind: text(printed.kind) ?? '',
    names: [nameOf(source), nameOf(printed)],
    namespaces: [...new Set(metadata.flatMap(({ namespace }) => text(namespace) ?? []))],
    labels: metadata.map(({ labels }) => mapping(labels)),
    annotations: metadata.map(({ annotations }) => mapping(annotations)),
  }
}

async function layersBy(
  kustomization: KustomizationFile,
  subject: Subject,
  traced: Traced,
  gathered: Gathered,
): Promise<readonly Layer[]> {
  const { source, written } = kustomization
  if (source === null) return []
  const patches = async (field: string): Promise<readonly Layer[]> => {
    const layers: Layer[] = []
    for (const [index, entry] of list(written[field]).entries())
      layers.unshift(
        ...(await layersOfPatch(entry, [field, index], kustomization, subject, traced, gathered)),
      )
    return layers
  }
  const settings = (route: Route, mounts: readonly Route[]): readonly Layer[] => {
    const value = traced.replaced(valueAt(written, route))
    return mounts
      .filter((mount) => isEqual(valueAt(traced.object, mount), value))
      .map((mount) => ({ ...source, route, mount, value, editable: false }))
  }
  const pairs = (route: Route, mounts: (key: string) => readonly Route[]): readonly Layer[] =>
    Object.keys(mapping(valueAt(written, route))).flatMap((key) => settings([...route, key], mounts(key)))
  const replacements: Layer[] = list(written.replacements).flatMap((entry, index) =>
    list(mapping(entry).targets).some((target) => selects(mapping(mapping(target).select), subject) !== false)
      ? [{ ...source, route: ['replacements', index], mount: null, value: undefined, editable: false }]
      : [],
  )
  return [
    ...replacements,
    ...(await patches('patchesJson6902')),
    ...pairs(['commonAnnotations'], annotationsAt),
    ...pairs(['commonLabels'], labelsAt),
    ...list(written.labels)
      .map((_, index) => pairs(['labels', index, 'pairs'], labelsAt))
      .reverse()
      .flat(),
    ...settings(['namespace'], [['metadata', 'namespace']]),
    ...(await patches('patches')),
    ...(await patches('patchesStrategicMerge')),
  ]
}

/** Where kustomize puts labels that go into selectors and templates, in the kinds that are judged (commonLabels.go). */
function labelsAt(key: string): readonly Route[] {
  return [
    ['metadata', 'labels', key],
    ['spec', 'template', 'metadata', 'labels', key],
    ['spec', 'selector', 'matchLabels', key],
    ['spec', 'selector', key],
    ['spec', 'podSelector', 'matchLabels', key],
    ['spec', 'jobTemplate', 'metadata', 'labels', key],
    ['spec', 'jobTemplate', 'spec', 'template', 'metadata', 'labels', key],
  ]
}

function annotationsAt(key: string): readonly Route[] {
  return [
    ['metadata', 'annotations', key],
    ['spec', 'template', 'metadata', 'annotations', key],
    ['spec', 'jobTemplate', 'metadata', 'annotations', key],
    ['spec', 'jobTemplate', 'spec', 'template', 'metadata', 'annotations', key],
  ]
}

/** Layers of one entry of `patches` and its two ancestors: a path, or a text in the kustomization itself. */
async function layersOfPatch(
  entry: unknown,
  route: Route,
  { folder, source }: KustomizationFile,
  subject: Subject,
  traced: Traced,
  { tree, fetchedBy }: Gathered,
): Promise<readonly Layer[]> {
  if (source === null) return []
  const { path: named, patch, target } = mapping(entry)
  const path = text(typeof entry === 'string' ? entry : named)
  const at = path === null || path.includes('\n') ? null : joinPath(folder, path)
  const file = at === null || tree.kindOf(at) !== 'file' ? null : await tree.text(at)
  const selected = isGiven(target) ? selects(mapping(target), subject) : null
  const isFor = (value: unknown): Answer => {
    if (isGiven(target)) return selected
    return !Array.isArray(value) && isNamedBy(subject, mapping(value))
  }
  if (file === null || fetchedBy(file.path) !== null) {
    // The text in a block scalar has no routes of its own: it bears on the object, and that is all.
    const inline = text(typeof entry === 'string' ? entry : patch)
    const values = inline === null ? [null] : valuesOf(inline, source.file)
    if (!values.some((value) => isFor(value) !== false)) return []
    return [{ ...source, route, mount: null, value: undefined, editable: false }]
  }
  return documentsIn(file)
    .flatMap(({ document, value }): readonly Layer[] => {
      const answer = isFor(value)
      if (answer === false) return []
      if (answer === null)
        return [{ file, document, route: [], mount: null, value: undefined, editable: false }]
      if (Array.isArray(value)) return operations(file, document, value as readonly unknown[], traced)
      const now = traced.replaced(value)
      return splitByMergeKeys(
        { file, document, route: [], mount: [], value: now, editable: true },
        traced.object,
      )
    })
    .reverse()
}

const inlined = new WeakMap<SourceFile, Map<string, readonly unknown[]>>()

/** A patch that stands in a kustomization, read once for all objects. */
function valuesOf(text: string, file: SourceFile): readonly unknown[] {
  const ofFile = inlined.get(file) ?? new Map<string, readonly unknown[]>()
  inlined.set(file, ofFile)
  const before = ofFile.get(text)
  if (before !== undefined) return before
  const now = readAll(text)
  ofFile.set(text, now)
  return now
}

function isGiven(target: unknown): boolean {
  return Object.keys(mapping(target)).length > 0
}

/** A layer for each operation of a JSON patch, in its order: what adds or replaces has a value, the others bear. */
function operations(
  file: SourceFile,
  document: DocumentRange,
  values: readonly unknown[],
  { object, replaced }: Traced,
): readonly Layer[] {
  return values.map((item, index) => {
    const { op, path, value } = mapping(item)
    const sets = op === 'add' || op === 'replace'
    const now = replaced(value)
    const mount = sets && typeof path === 'string' ? routeOf(path, now, object) : null
    if (mount === null) return { file, document, route: [index], mount, value: undefined, editable: false }
    return { file, document, route: [index, 'value'], mount, value: now, editable: true }
  })
}

/** A JSON pointer (RFC 6901) as a route of the object; null where it leads nowhere in it. */
function routeOf(pointer: string, value: unknown, object: Mapping): Route | null {
  if (!pointer.startsWith('/')) return null
  const parts = pointer
    .slice(1)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
  const route: (string | number)[] = []
  for (const [at, part] of parts.entries()) {
    const parent = valueAt(object, route)
    if (!Array.isArray(parent)) {
      route.push(part)
      continue
    }
    const index = part === '-' ? parent.length - 1 : Number(part)
    if (!Number.isInteger(index) || index < 0) return null
    // Later operations may have moved it.
    const moved = at === parts.length - 1 && !isEqual(parent[index], value)
    const found = moved ? parent.findLastIndex((item) => isEqual(item, value)) : index
    if (found === -1) return null
    route.push(found)
  }
  return route
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]) : []
}
