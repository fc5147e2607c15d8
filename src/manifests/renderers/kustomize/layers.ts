// Which texts had a say in an object, the last word first: patches and settings of the kustomizations that it went
// through, and its source. Within a kustomization they come in the reverse of the order in which kustomize applies them
// (configureBuiltinTransformers). A layer that is wrongly here does no harm where the object says something else.
import { isEqual, valueAt } from '../../../core/kubernetes/origin.ts'
import type { Layer } from '../../../core/kubernetes/origin.ts'
import type { Route } from '../../../core/yaml/types.ts'
import type { KustomizationFile, Mapping } from './file.ts'
import type { Found, Notes } from './origin.ts'
import { nameOf, objectsIn } from './origin.ts'
import type { Gathered } from './remote.ts'
import { layersOfPatch } from './patches.ts'
import { mapping, selects, text } from './select.ts'
import type { Subject } from './select.ts'
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

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]) : []
}
