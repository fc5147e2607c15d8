// Where the values of a release are set. Helm merges mappings and replaces everything else: `--set`, then the values
// of the release, then its value files from the last to the first, then values.yaml of the chart; for a chart that
// another brings, what the outer one says below its name comes before its own (pkg/chartutil/coalesce.go).
import { isEqual, valueAt } from '../../../core/kubernetes/origin.ts'
import type { Layer } from '../../../core/kubernetes/origin.ts'
import { onceEach } from '../../../core/source/once-each.ts'
import type { Route } from '../../../core/yaml/types.ts'
import { joinPath } from '../../source-tree.ts'
import type { HelmUnit } from '../../unit.ts'
import { mapping, yamlOf } from './chart.ts'
import type { YamlFile } from './chart.ts'
import type { Part } from './parts.ts'

/** Keys below `.Values`. */
export type ValuePath = readonly string[]

/** A text that sets values, or something that sets them and is no text of the tree. */
interface Setting {
  readonly value: unknown
  readonly written: Pick<Layer, 'file' | 'document' | 'route'> | null
  readonly editable: boolean
}

/** A place that has a say in a value. */
export type Setter = Omit<Layer, 'mount'>

/** What the release itself sets, strongest first. `files` are its value files as they are read, weakest first. */
export function settingsOf(unit: HelmUnit, files: readonly YamlFile[]): readonly Setting[] {
  const folder = unit.chart.kind === 'folder' ? unit.chart.folder : null
  const isOfChart = (path: string): boolean =>
    folder !== null && (folder === '.' || path.startsWith(`${folder}/`))
  return [
    ...unit.sets
      .flatMap(({ text }) => setPaths(text))
      .map((path) => ({
        value: path.reduceRight<unknown>((below, key) => ({ [key]: below }), null),
        written: null,
        editable: false,
      })),
    ...[...unit.values]
      .reverse()
      .map(({ value, written }) => ({ value, written, editable: written !== null })),
    ...[...files].reverse().map(({ file, document, value }) => ({
      value,
      written: { file, document, route: [] },
      // A value file in the chart is the chart's own: other releases may name it, too.
      editable: !isOfChart(file.path),
    })),
  ]
}

/** The paths that `a.b=1,c[0].d=2` sets; what is below an index counts as the list (pkg/strvals). */
function setPaths(text: string): readonly ValuePath[] {
  return text
    .split(/(?<!\\),(?=[^,={}]+=)/)
    .map((part) => part.slice(0, Math.max(0, part.search(/(?<!\\)=/))))
    .filter((path) => path !== '')
    .map((path) =>
      path
        .replace(/\[.*$/, '')
        .split(/(?<!\\)\./)
        .map((key) => key.replace(/\\(.)/g, '$1')),
    )
}

/**
 * The places that decide what a template of a chart reads at `path`, strongest first; the nearest mapping around it
 * where nothing sets it. `chain` leads from the chart of the release to the one whose template it is.
 */
export function settersOf(
  path: ValuePath,
  chain: readonly Part[],
  settings: readonly Setting[],
): readonly Setter[] {
  const found: Setter[] = []
  let isSet = false
  let nearest: { readonly depth: number; readonly setter: Setter | null } = { depth: 0, setter: null }
  for (const { setting, above } of candidates(path, chain, settings)) {
    const full = [...above, ...path]
    const { depth, value } = walk(setting.value, full)
    const setter = setterAt(setting, full.slice(0, depth), value)
    const isMapping = typeof value === 'object' && value !== null && !Array.isArray(value)
    if (depth === full.length || (!isMapping && depth > above.length)) {
      isSet = true
      if (setter !== null) found.push(setter)
      if (!isMapping) return found
    } else if (depth - above.length > nearest.depth) nearest = { depth: depth - above.length, setter }
  }
  return isSet || nearest.setter === null ? found : [nearest.setter]
}

interface Candidate {
  readonly setting: Setting
  /** Keys above the values of the chart that asks. */
  readonly above: ValuePath
}

function candidates(
  path: ValuePath,
  chain: readonly Part[],
  settings: readonly Setting[],
): readonly Candidate[] {
  const names = chain.slice(1).map(({ name }) => name)
  const own = chain.map((part) => chartSetting(part))
  const below = (above: (level: number) => ValuePath): readonly Candidate[] => [
    ...settings.map((setting) => ({ setting, above: above(0) })),
    ...own.flatMap((setting, level) => (setting === null ? [] : [{ setting, above: above(level) }])),
  ]
  // Globals of an outer chart reach the inner ones under the same name, and win there.
  const isGlobal = path[0] === 'global' && names.length > 0
  return [...(isGlobal ? below(() => []) : []), ...below((level) => names.slice(level))]
}

const chartSetting = onceEach((part: Part): Setting | null => {
  const read = yamlOf(part.files, 'values.yaml')
  if (read === null) return null
  const file = part.folder === null ? null : { ...read.file, path: joinPath(part.folder, read.file.path) }
  const written = file === null ? null : { file, document: read.document, route: [] }
  return { value: read.value, written, editable: false }
})

/** How far a path leads, and to what. */
function walk(value: unknown, path: ValuePath): { readonly depth: number; readonly value: unknown } {
  let at = value
  for (const [depth, key] of path.entries()) {
    const here = mapping(at)
    if (!Object.hasOwn(here, key)) return { depth, value: at }
    at = here[key]
  }
  return { depth: path.length, value: at }
}

function setterAt({ written, editable }: Setting, path: ValuePath, value: unknown): Setter | null {
  return written === null ? null : { ...written, route: [...written.route, ...path], value, editable }
}

/** Values that are tried for one object; templates that copy more than this are not followed to the last of them. */
const MOST_TRIED = 300

/**
 * Where values land in an object as they are: mappings and lists that stand in exactly one place of it, and texts
 * that are the only label of their value. Of values that do not land as a whole, what is in them is tried.
 */
export function landings(
  setters: readonly Setter[],
  object: Readonly<Record<string, unknown>>,
): readonly Layer[] {
  const places = placesIn(object, [])
  const layers: Layer[] = []
  let tried = 0
  const tryOne = (setter: Setter): void => {
    const { value } = setter
    tried += 1
    if (tried > MOST_TRIED || value === '') return
    const isText = typeof value === 'string'
    if (!isText && !isFilled(value)) return
    const found = places.filter(
      (place) => (isText ? isLabel(place) : true) && isEqual(valueAt(object, place), value),
    )
    if (found.length === 1) layers.push({ ...setter, mount: found[0] ?? null })
    if (found.length > 0 || isText) return
    for (const [key, below] of Object.entries(value as object)) {
      const step = Array.isArray(value) ? Number(key) : key
      tryOne({ ...setter, route: [...setter.route, step], value: below as unknown })
    }
  }
  for (const setter of setters) tryOne(setter)
  return layers
}

function placesIn(value: unknown, route: Route): readonly Route[] {
  if (typeof value !== 'object' || value === null) return [route]
  const steps = Array.isArray(value) ? value.keys() : Object.keys(value)
  return [route, ...[...steps].flatMap((step) => placesIn(valueAt(value, [step]), [...route, step]))]
}

function isLabel(route: Route): boolean {
  const key = route.at(-2)
  return key === 'labels' || key === 'matchLabels'
}

function isFilled(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length > 0
}
