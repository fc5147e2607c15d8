// The `kustomize` section of a source as fields of its kustomization: Argo CD runs `kustomize edit` with it before it
// builds (Build in util/kustomize/kustomize.go). Images are left out: nobody's reach depends on them.
import { fault, get, items, labelsField, text } from '../../../core/kubernetes/field.ts'
import type { Field } from '../../../core/kubernetes/field.ts'
import { readDocument, splitDocuments } from '../../../core/yaml/index.ts'
import { joinPath } from '../../source-tree.ts'
import type { SourceTree } from '../../source-tree.ts'
import { flag, textOrNull } from './object.ts'

/** Additions to a kustomization in `folder`, whose own text is `own`; null: it has none. */
export function additionsOf(
  kustomize: Field,
  folder: string,
  own: string | null,
  tree: SourceTree,
  environment: (text: string) => string,
): Readonly<Record<string, unknown>> {
  const current = kustomizationIn(own)
  const additions: Record<string, unknown> = {}
  for (const key of ['namePrefix', 'nameSuffix', 'namespace']) {
    const value = textOrNull(get(kustomize, key))
    if (value !== null) additions[key] = value
  }
  const lists = {
    replicas: items(get(kustomize, 'replicas')).flatMap(replicaOf),
    patches: items(get(kustomize, 'patches')).flatMap(patchOf),
    components: componentsOf(kustomize, folder, tree),
  }
  for (const [key, list] of Object.entries(lists)) if (list.length > 0) additions[key] = list
  const withoutSelector = flag(get(kustomize, 'labelWithoutSelector'))
  const includeTemplates = flag(get(kustomize, 'labelIncludeTemplates'))
  const labels = added(kustomize, 'commonLabels', withoutSelector ? {} : current.commonLabels)
  const annotations = added(kustomize, 'commonAnnotations', current.commonAnnotations)
  const pairs = Object.fromEntries(Object.entries(labels).map(([key, value]) => [key, environment(value)]))
  if (Object.keys(labels).length > 0) {
    if (withoutSelector) additions.labels = [{ pairs, includeSelectors: false, includeTemplates }]
    else additions.commonLabels = { ...asMap(current.commonLabels), ...pairs }
  }
  if (Object.keys(annotations).length > 0)
    additions.commonAnnotations = { ...asMap(current.commonAnnotations), ...annotations }
  return additions
}

/** `kustomize edit add` refuses a key that is there, unless it is forced. */
function added(
  kustomize: Field,
  key: 'commonLabels' | 'commonAnnotations',
  current: unknown,
): Readonly<Record<string, string>> {
  const field = get(kustomize, key)
  const labels = labelsField(field)
  const force = flag(get(kustomize, key === 'commonLabels' ? 'forceCommonLabels' : 'forceCommonAnnotations'))
  const taken = Object.keys(labels).find((name) => Object.hasOwn(asMap(current), name))
  if (taken !== undefined && !force)
    fault(
      field,
      `the kustomization has ${key} with ${taken} already, and the Application does not force its own`,
    )
  return labels
}

function replicaOf(field: Field): readonly unknown[] {
  const name = textOrNull(get(field, 'name'))
  const { value } = get(field, 'count')
  const count = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value
  if (name !== null && typeof count === 'number' && Number.isInteger(count)) return [{ name, count }]
  fault(field, `${field.route.join('.')} must have a name and a whole number as its count`)
  return []
}

function patchOf(field: Field): readonly unknown[] {
  if (typeof field.value === 'object' && field.value !== null && !Array.isArray(field.value))
    return [field.value]
  fault(field, `${field.route.join('.')} must be a mapping`)
  return []
}

function componentsOf(kustomize: Field, folder: string, tree: SourceTree): readonly string[] {
  const mayMiss = flag(get(kustomize, 'ignoreMissingComponents'))
  return items(get(kustomize, 'components')).flatMap((item) => {
    const path = text(item)
    if (path === undefined) return []
    const kind = tree.kindOf(joinPath(folder, path))
    return mayMiss && (kind === 'missing' || kind === 'outside') ? [] : [path]
  })
}

/** The kustomization's own fields; what cannot be read is told by the renderer of kustomizations. */
function kustomizationIn(own: string | null): Readonly<Record<string, unknown>> {
  const document = own === null ? undefined : splitDocuments(own)[0]
  if (own === null || document === undefined) return {}
  const read = readDocument(own, document)
  return read.ok ? asMap(read.value) : {}
}

function asMap(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : {}
}
