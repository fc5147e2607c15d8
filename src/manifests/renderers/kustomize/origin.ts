// From an object that kustomize printed to where it comes from: the annotations that `buildMetadata` asks for name the
// file (api/resource/origin.go); which of its objects it is, names tell.
import { onceEach } from '../../../core/source/once-each.ts'
import type { SourceFile } from '../../../core/source/text.ts'
import { splitDocuments } from '../../../core/yaml/index.ts'
import type { DocumentRange, Route } from '../../../core/yaml/types.ts'
import { joinPath } from '../../source-tree.ts'
import { listedItems } from '../../parse.ts'
import type { Mapping } from './file.ts'
import { documentsIn, readAll } from './file.ts'
import type { Gathered } from './remote.ts'
import { groupOf, mapping, text } from './select.ts'

/** An object as it stands in a file. */
export interface SourceObject {
  readonly file: SourceFile
  readonly document: DocumentRange
  readonly route: Route
  readonly value: Mapping
}

/** A text that brought an object without holding it: a generator, a chart's entry, the name of a remote base. */
export interface Bringer {
  readonly file: SourceFile
  readonly document: DocumentRange
  readonly route: Route
}

export type Found =
  | { readonly kind: 'source'; readonly source: SourceObject }
  /** `here`: is what it brings in this tree? */
  | { readonly kind: 'bringer'; readonly bringer: Bringer; readonly here: boolean }

/** What kustomize wrote down about an object. Paths are of the tree. */
export interface Notes {
  readonly path: string | null
  readonly configuredIn: string | null
  readonly configuredBy: Mapping
  /** Kustomizations and configurations that had a hand in it, the last first. */
  readonly transformedIn: readonly string[]
}

const ORIGIN = 'config.kubernetes.io/origin'
const TRANSFORMATIONS = 'alpha.config.kubernetes.io/transformations'

/** Takes the notes off an object. */
export function takeNotes(
  value: Mapping,
  rootFolder: string,
): { readonly object: Mapping; readonly notes: Notes } {
  const metadata = mapping(value.metadata)
  const annotations = mapping(metadata.annotations)
  const origin = mapping(noteIn(annotations[ORIGIN]))
  const transformations = noteIn(annotations[TRANSFORMATIONS])
  const inTree = (path: unknown): string | null =>
    text(path) === null ? null : joinPath(rootFolder, String(path))
  // A patch that puts other annotations in the place of all takes the note along, and kustomize then notes that patch.
  const isLost = String(mapping(origin.configuredBy).kind).endsWith('Transformer')
  const steps = Array.isArray(transformations) ? (transformations as readonly unknown[]) : []
  const transformedIn = steps.flatMap((step) => inTree(mapping(step).configuredIn) ?? []).reverse()
  return {
    object: withoutNotes(value, metadata, annotations),
    notes: {
      path: inTree(origin.path),
      configuredIn: isLost ? null : inTree(origin.configuredIn),
      configuredBy: mapping(origin.configuredBy),
      transformedIn: [...new Set(transformedIn)],
    },
  }
}

function noteIn(annotation: unknown): unknown {
  return typeof annotation === 'string' ? readAll(annotation)[0] : undefined
}

function withoutNotes(value: Mapping, metadata: Mapping, annotations: Mapping): Mapping {
  if (!Object.hasOwn(annotations, ORIGIN) && !Object.hasOwn(annotations, TRANSFORMATIONS)) return value
  const kept = Object.entries(annotations).filter(([key]) => key !== ORIGIN && key !== TRANSFORMATIONS)
  const others = Object.entries(metadata).filter(([key]) => key !== 'annotations' || kept.length > 0)
  const rest = Object.fromEntries(others)
  return {
    ...value,
    metadata: kept.length === 0 ? rest : { ...rest, annotations: Object.fromEntries(kept) },
  }
}

/** An object whose source had notes of its own, which kustomize wrote over, with those again. */
export function withOwnNotes(object: Mapping, source: Mapping): Mapping {
  const own = mapping(mapping(source.metadata).annotations)
  const lost = [ORIGIN, TRANSFORMATIONS].filter((key) => Object.hasOwn(own, key))
  if (lost.length === 0) return object
  const metadata = mapping(object.metadata)
  const again = Object.fromEntries(lost.map((key) => [key, own[key]]))
  return {
    ...object,
    metadata: { ...metadata, annotations: { ...mapping(metadata.annotations), ...again } },
  }
}

/** Where an object comes from; null where nothing in the tree is to be found for it. */
export async function findOrigin(object: Mapping, notes: Notes, gathered: Gathered): Promise<Found | null> {
  const { tree, fetchedBy, closure } = gathered
  const from = notes.path ?? notes.configuredIn
  const fetched = from === null ? null : fetchedBy(from)
  if (fetched !== null) {
    const { kustomization, route } = fetched
    return kustomization.source === null
      ? null
      : { kind: 'bringer', bringer: { ...kustomization.source, route }, here: false }
  }
  if (notes.path !== null) {
    const file = await tree.text(notes.path)
    const source = file === null ? null : bestOf(objectsIn(file), object)
    if (source !== null) return { kind: 'source', source }
  }
  if (notes.configuredIn !== null) {
    const bringer = await generatorOf(object, notes.configuredIn, notes.configuredBy, gathered)
    if (bringer !== null) return { kind: 'bringer', bringer, here: true }
  }
  // A patch may take the notes away with all other annotations: then the one file that has such an object it is.
  const found: SourceObject[] = []
  for (const path of closure.files) {
    if (fetchedBy(path) !== null || !/\.(ya?ml|json)$/.test(path)) continue
    const file = await tree.text(path)
    const source = file === null ? null : bestOf(objectsIn(file), object)
    if (source !== null) found.push(source)
  }
  const exact = found.filter(({ value }) => nameOf(value) === nameOf(object))
  const [only] = exact.length === 0 ? found : exact
  return only !== undefined && (exact.length === 1 || found.length === 1)
    ? { kind: 'source', source: only }
    : null
}

/** Every object of a file, those in Lists, too. */
export const objectsIn = onceEach((file: SourceFile): readonly SourceObject[] => {
  const objects: SourceObject[] = []
  const collect = (value: unknown, document: DocumentRange, route: Route): void => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return
    const items = listedItems(value as Mapping)
    if (items === null) objects.push({ file, document, route, value: value as Mapping })
    else for (const [index, item] of items.entries()) collect(item, document, [...route, 'items', index])
  }
  for (const { document, value } of documentsIn(file)) collect(value, document, [])
  return objects
})

/** The object of the same kind with the same name; else the one whose name is the longest part of this name. */
function bestOf(objects: readonly SourceObject[], object: Mapping): SourceObject | null {
  const name = nameOf(object)
  const alike = objects.filter(
    ({ value }) =>
      value.kind === object.kind &&
      groupOf(text(value.apiVersion) ?? '') === groupOf(text(object.apiVersion) ?? '') &&
      name.includes(nameOf(value)),
  )
  const namespace = mapping(object.metadata).namespace
  const fitting = (source: SourceObject): number =>
    nameOf(source.value).length * 2 + (mapping(source.value.metadata).namespace === namespace ? 1 : 0)
  return alike.reduce<SourceObject | null>(
    (best, each) => (best === null || fitting(each) > fitting(best) ? each : best),
    null,
  )
}

/** The entry of a kustomization, or the document of a configuration, that generated an object. */
async function generatorOf(
  object: Mapping,
  path: string,
  by: Mapping,
  { tree, closure }: Gathered,
): Promise<Bringer | null> {
  const kustomization = closure.kustomizations.find((each) => each.path === path)
  if (kustomization !== undefined) {
    const { source, written } = kustomization
    return source === null ? null : { ...source, route: entryOf(object, String(by.kind), written) }
  }
  const file = await tree.text(path)
  if (file === null) return null
  const configs = objectsIn(file)
  const config =
    configs.find(({ value }) => value.kind === by.kind && nameOf(value) === text(by.name)) ?? configs[0]
  return config === undefined ? null : { file, document: config.document, route: config.route }
}

const FIELDS: Readonly<Record<string, readonly string[]>> = {
  ConfigMapGenerator: ['configMapGenerator'],
  HelmChartInflationGenerator: ['helmCharts', 'helmChartInflationGenerator'],
}

/** The list of generators of a kind, or the one of them that an object is surely of. */
function entryOf(object: Mapping, kind: string, written: Mapping): Route {
  const field = (FIELDS[kind] ?? []).find((each) => Array.isArray(written[each]))
  if (field === undefined) return written.generators === undefined ? [] : ['generators']
  const entries = (written[field] as readonly unknown[]).map(mapping)
  const mine = entries.flatMap((entry, index) => (isOf(object, entry) ? [index] : []))
  const [only = 0] = mine
  return mine.length === 1 || entries.length === 1 ? [field, only] : [field]
}

/** Generated ConfigMaps hold the name of their entry in theirs; charts label what they make, as helm advises. */
function isOf(object: Mapping, entry: Mapping): boolean {
  const labels = mapping(mapping(object.metadata).labels)
  const chart = text(entry.name) ?? text(entry.chartName)
  const release = text(entry.releaseName)
  if (object.kind === 'ConfigMap' && entry.repo === undefined && release === null && chart !== null)
    return nameOf(object).includes(chart)
  if (release !== null && labels['app.kubernetes.io/instance'] === release) return true
  return chart !== null && String(labels['helm.sh/chart'] ?? '').startsWith(`${chart}-`)
}

export function nameOf(object: Mapping): string {
  return text(mapping(object.metadata).name) ?? ''
}

/** The document that holds a line of a file, for what is asked for there. */
export function documentAt(file: SourceFile, line: number): DocumentRange {
  const documents = splitDocuments(file.text)
  const before = documents.filter((document) => document.line <= line).at(-1)
  return before ?? documents[0] ?? { index: 0, start: 0, end: file.text.length, line: 1 }
}
