// What a Flux Kustomization adds to the kustomization that it builds, as fields of that kustomization. `images` are left
// out: they change nothing that is judged here.
import { get, items, labelsField } from '../../../core/kubernetes/field.ts'
import type { Field } from '../../../core/kubernetes/field.ts'
import type { Problem } from '../../../core/source/problem.ts'
import { joinPath } from '../../source-tree.ts'
import type { SourceTree } from '../../source-tree.ts'
import { flag, mappingAt, optionalText, told } from './object.ts'
import type { Ask } from './object.ts'

export interface Additions {
  readonly fields: Readonly<Record<string, unknown>>
  readonly problems: readonly Problem[]
}

/** Empty fields where it adds nothing. `folder` is where spec.path leads. */
export function additionsOf(ask: Ask, tree: SourceTree, folder: string): Additions {
  const { spec } = ask
  const problems: Problem[] = []
  const common = get(spec, 'commonMetadata')
  const labels = labelsField(get(common, 'labels'))
  const annotations = labelsField(get(common, 'annotations'))
  const patches = [
    ...items(get(spec, 'patches')).flatMap(patchOf),
    ...items(get(spec, 'patchesStrategicMerge')).flatMap(mergeOf),
    ...items(get(spec, 'patchesJson6902')).flatMap(operationsOf),
    ...(isEmpty(annotations) ? [] : [annotating(annotations)]),
  ]
  return {
    fields: Object.fromEntries(
      Object.entries({
        namespace: optionalText(get(spec, 'targetNamespace')),
        namePrefix: optionalText(get(spec, 'namePrefix')),
        nameSuffix: optionalText(get(spec, 'nameSuffix')),
        patches,
        components: componentsOf(ask, tree, folder, problems),
        // `SetCommonMetadata` of fluxcd/pkg labels the objects alone: no selectors, and no templates.
        labels: isEmpty(labels) ? [] : [{ pairs: labels, includeSelectors: false }],
      }).filter(([, value]) => value !== null && !isEmpty(value)),
    ),
    problems,
  }
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0
}

const TARGET = ['group', 'version', 'kind', 'name', 'namespace', 'labelSelector', 'annotationSelector']

/** Without a target, a patch names its object itself. */
function patchOf(field: Field): readonly unknown[] {
  const patch = optionalText(get(field, 'patch'))
  if (patch === null) return []
  const target = get(field, 'target')
  if (mappingAt(target) === null) return [{ patch }]
  const pairs = TARGET.flatMap((key) => {
    const value = optionalText(get(target, key))
    return value === null ? [] : [[key, value] as const]
  })
  return [{ patch, target: Object.fromEntries(pairs) }]
}

/** A patch of every object: `commonAnnotations` would reach the templates of pods as well, which Flux does not. */
function annotating(annotations: Readonly<Record<string, string>>): unknown {
  const patch = { apiVersion: 'v1', kind: 'Any', metadata: { name: 'any', annotations } }
  return { patch: JSON.stringify(patch), target: { kind: '.*' } }
}

/** Of v1beta1 and v1beta2: objects, and lists of operations. JSON is YAML. */
function mergeOf(field: Field): readonly unknown[] {
  const patch = mappingAt(field)
  return patch === null ? [] : [{ patch: JSON.stringify(patch) }]
}

function operationsOf(field: Field): readonly unknown[] {
  const operations = items(get(field, 'patch')).flatMap((operation) => mappingAt(operation) ?? [])
  if (operations.length === 0) return []
  return patchOf({
    ...field,
    value: { patch: JSON.stringify(operations), target: get(field, 'target').value },
  })
}

/** "The components paths must be local and relative to the path specified by .spec.path." */
function componentsOf(ask: Ask, tree: SourceTree, folder: string, problems: Problem[]): readonly string[] {
  const mayBeMissing = flag(get(ask.spec, 'ignoreMissingComponents'))
  return items(get(ask.spec, 'components')).flatMap((field) => {
    const component = optionalText(field)
    if (component === null) return []
    const isLocal = !component.startsWith('/') && !/^[^/]*(:\/\/|@)/.test(component)
    const kind = isLocal ? tree.kindOf(joinPath(folder, component)) : 'outside'
    if (kind === 'missing' && mayBeMissing) return []
    if (kind !== 'outside') return [component]
    problems.push(
      told(ask, field.route, {
        code: 'component-outside',
        class: 'unreadable',
        message: `${ask.title} names the component ${component}, which is not in its source.`,
        remedy: 'Flux takes components of the same source, by a path relative to spec.path.',
        hides: { ...ask.hides, under: [folder] },
      }),
    )
    return []
  })
}
