// The `helm` section of a source as a release (helmTemplate in reposerver/repository/repository.go, util/helm/cmd.go;
// docs/user-guide/helm.md).
import { absent, fault, get, items, text } from '../../../core/kubernetes/field.ts'
import type { Field } from '../../../core/kubernetes/field.ts'
import { isEqual } from '../../../core/kubernetes/origin.ts'
import type { Problem } from '../../../core/source/problem.ts'
import { lineAt } from '../../../core/source/text.ts'
import { locate, readDocument, splitDocuments } from '../../../core/yaml/index.ts'
import { joinPath } from '../../source-tree.ts'
import type { HelmUnit, InlineValues } from '../../unit.ts'
import { flag, textOrNull, told, writtenAt } from './object.ts'
import type { App, Gathered } from './object.ts'
import { environmentOf } from './environment.ts'
import type { Source } from './source.ts'
import { valueFiles } from './value-files.ts'
import type { Order } from './order.ts'

type Release = Omit<HelmUnit, 'kind' | 'title' | 'cluster' | 'at' | 'host' | 'chart'>

/**
 * The release that a source asks for; null where something of it is not to be had, which is then told: a chart with
 * half of its values renders to something that nobody applies. `folder` is the chart's; null: it is not in this tree.
 */
export function releaseOf(order: Order, folder: string | null, gathered: Gathered): Release | null {
  const { app, source } = order
  const helm = get(source.field, 'helm')
  const lacking: Problem[] = []
  const files = valueFiles(order, get(helm, 'valueFiles'), folder, gathered, lacking)
  const values = inlineValues(app, helm, lacking)
  const parameters = items(get(helm, 'fileParameters'))
  if (parameters.length > 0) {
    const named = parameters.flatMap((one) => text(get(one, 'path')) ?? [])
    const paths = named.map((path) => joinPath(folder ?? '.', path))
    for (const path of paths) gathered.inputs.add(path)
    lacking.push(
      told(app, get(helm, 'fileParameters').route, {
        code: 'file-parameters-not-supported',
        class: 'unseen',
        message: `${app.title} sets values to the contents of files (fileParameters), which is not supported here.`,
        remedy: 'Write the values into a value file or into valuesObject.',
        hides: { ...app.hides, under: [...(app.hides.under ?? []), ...paths] },
      }),
    )
  }
  const own = textOrNull(get(helm, 'namespace'))
  const namespace = own ?? app.namespace ?? 'default'
  const release: Release = {
    release: textOrNull(get(helm, 'releaseName')) ?? app.name,
    namespace,
    valueFiles: files,
    values,
    sets: setsOf(get(helm, 'parameters'), environmentOf(app, source)),
    apiVersions: items(get(helm, 'apiVersions')).flatMap((version) => textOrNull(version) ?? []),
    kubeVersion: textOrNull(get(helm, 'kubeVersion')),
    skipCrds: flag(get(helm, 'skipCrds')),
  }
  if (own !== null && own !== (app.namespace ?? 'default'))
    gathered.problems.push(twoNamespaces(app, source, own))
  // What is in the chart counts, though nobody knows how.
  if (lacking.length > 0 && folder !== null)
    for (const { path } of order.kitchen.tree.below(folder)) gathered.inputs.add(path)
  const unrendered = folder === null ? [] : [folder]
  for (const problem of lacking) {
    const { namespaces, under = [] } = problem.hides
    gathered.problems.push({ ...problem, hides: { namespaces, under: [...under, ...unrendered] } })
  }
  return lacking.length === 0 ? release : null
}

/** Objects that name no namespace go where the Application does; templates are told another one. */
function twoNamespaces(app: App, { field }: Source, own: string): Problem {
  const other = app.namespace ?? 'default'
  return told(app, [...field.route, 'helm', 'namespace'], {
    code: 'two-namespaces',
    class: 'unseen',
    message: `${app.title} renders its chart for the namespace ${own} and puts what names no namespace into ${other}; all of it was judged in ${own}.`,
    remedy: 'Name the same namespace in helm.namespace and in destination.namespace.',
    hides: { namespaces: [own, other], under: [app.manifest.origin.file.path] },
  })
}

/** `valuesObject` wins over `values` as a whole (ValuesYAML in values.go); nothing of the two is merged. */
function inlineValues(app: App, helm: Field, lacking: Problem[]): readonly InlineValues[] {
  const object = get(helm, 'valuesObject')
  if (!absent(object)) {
    if (typeof object.value !== 'object' || Array.isArray(object.value)) {
      fault(object, `${object.route.join('.')} must be a mapping`)
      return []
    }
    const at = writtenAt(app, object.route, object.value)
    const written = at === null ? null : { ...at.layer, route: at.route }
    return [{ value: object.value as Readonly<Record<string, unknown>>, written }]
  }
  const field = get(helm, 'values')
  const source = textOrNull(field)
  const document = source === null ? undefined : splitDocuments(source)[0]
  if (source === null || document === undefined) return []
  const read = readDocument(source, document)
  if (read.ok && read.value === null) return []
  if (!read.ok || typeof read.value !== 'object' || Array.isArray(read.value)) {
    lacking.push(
      told(app, field.route, {
        code: 'invalid-values',
        class: 'unreadable',
        message: `The Helm values in ${app.title} are not readable: ${read.ok ? 'they are no mapping' : read.message}.`,
        remedy: 'Correct them; the chart was not judged.',
      }),
    )
    return []
  }
  const value = read.value as Readonly<Record<string, unknown>>
  return [{ value, written: writtenInText(app, field, value) }]
}

/** Values in a block of text are YAML inside of YAML: the lines of the block, read as a document of their own. */
function writtenInText(app: App, field: Field, value: unknown): InlineValues['written'] {
  const at = writtenAt(app, field.route, field.value)
  if (at === null) return null
  const { file, document } = at.layer
  const span = locate(file.text, document, at.route)
  const start = span === null ? -1 : file.text.indexOf('\n', span.start) + 1
  if (span === null || start === 0 || start >= span.end) return null
  const range = { index: document.index, start, end: span.end, line: lineAt(file.text, start, document) }
  const read = readDocument(file.text, range)
  return read.ok && isEqual(read.value, value) ? { file, document: range, route: [] } : null
}

/** By name, the last of each; those that force a string after the others, as they are two options of helm. */
function setsOf(parameters: Field, environment: (text: string) => string): HelmUnit['sets'] {
  const plain = new Map<string, string>()
  const forced = new Map<string, string>()
  for (const parameter of items(parameters)) {
    const name = textOrNull(get(parameter, 'name'))
    const value = text(get(parameter, 'value')) ?? ''
    const isForced = flag(get(parameter, 'forceString'))
    if (name === null) fault(parameter, `${parameter.route.join('.')} has no name`)
    else (isForced ? forced : plain).set(name, value)
  }
  const write = (sets: ReadonlyMap<string, string>, asString: boolean): HelmUnit['sets'] =>
    [...sets].map(([name, value]) => ({ text: `${name}=${escaped(environment(value))}`, asString }))
  return [...write(plain, false), ...write(forced, true)]
}

/** cleanSetParameters of util/helm/cmd.go: a comma belongs to the value, but for lists in braces. */
function escaped(value: string): string {
  return value.startsWith('{') && value.endsWith('}') ? value : value.replace(/(?<!\\),/g, '\\,')
}
