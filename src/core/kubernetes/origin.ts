// The way back from an object to the text that a person would edit. An object that stands in its file as it is has
// one text; one that a tool rendered has layers: its source, and the patches and settings that changed it on the way.
import { lineAt } from '../source/text.ts'
import type { SourceFile } from '../source/text.ts'
import { locate } from '../yaml/index.ts'
import type { DocumentRange, Route } from '../yaml/types.ts'

/** A text that gave an object a part of it. */
export interface Layer {
  readonly file: SourceFile
  readonly document: DocumentRange
  /** From the top of the document to what it gives. */
  readonly route: Route
  /** Where in the object that lands: `[]` for the object as a whole. Null: it bears on all of it, nobody knows where. */
  readonly mount: Route | null
  /** What stands at `route`, as read. It is believed only where the object still says the same. */
  readonly value: unknown
  /** May a fix edit this text? Not a template, nor what the tree does not own. */
  readonly editable: boolean
}

/** Where in the tree something can be added to what a unit renders. */
export interface Host {
  /** A kustomization takes patches and further files; a folder takes files alone. */
  readonly kind: 'kustomization' | 'folder'
  /** `.` is the root of the tree. */
  readonly folder: string
  /** The kustomization's file, where it is one. */
  readonly file: SourceFile | null
  /** Names of what the folder holds already. */
  readonly names: ReadonlySet<string>
}

/** How a tool made an object. */
export interface Making {
  /** For people: `kustomization overlays/prod`, `chart charts/redis`. */
  readonly by: string
  /** The object as it came out. */
  readonly object: Readonly<Record<string, unknown>>
  /** The last word first. */
  readonly layers: readonly Layer[]
  /** Its name before the tool changed it, which patches select it by. */
  readonly sourceName: string
  /** Where patches and companions for it go; null where this tree has no place for them. */
  readonly host: Host | null
  /** Can a patch in the host change it? Not what a chart renders after the host has had its say. */
  readonly patchable: boolean
}

export interface Origin {
  /** Of a rendered object, its source: where somebody would start to read. */
  readonly file: SourceFile
  readonly document: DocumentRange
  /** From the top of the document to the object: `[]`, or `['items', 2]` inside a List. */
  readonly route: Route
  /** False for what the tree does not own (an assumed baseline): it is judged, never edited. */
  readonly editable: boolean
  /** Files that say what is applied, and how: kustomizations, Applications. A change in them may be what brought it. */
  readonly steeredBy?: readonly string[]
  /** Of a Namespace: the Application that applies it. */
  readonly syncedBy?: string
  /** Null for an object that stands in its file as it is. */
  readonly making: Making | null
  /** Where a further object goes beside one that stands as it is; absent where no fix asks, or there is no place. */
  readonly host?: Host
}

/** A place that a person can open: a path in the tree and a line from 1. */
export interface Place {
  readonly path: string
  readonly line: number
}

/** Lines of a file, from 1, both included. */
export interface Lines {
  readonly path: string
  readonly first: number
  readonly last: number
}

/** Where `route` stands: in the text that had the last word on it; the nearest parent that exists where it is not there. */
export function placeOf(origin: Origin, route: Route): Place {
  const { path, first } = linesOf(origin, route)
  return { path, line: first }
}

/** The lines of what stands at `route`, or at the nearest parent that exists. */
export function linesOf(origin: Origin, route: Route): Lines {
  for (let length = route.length; length >= 0; length -= 1) {
    const found = textAt(origin, route.slice(0, length))
    const lines = found === null ? null : (locateLines(found.layer, found.route) ?? entryOf(found.layer))
    if (lines !== null) return lines
  }
  return wholeOf(origin)
}

/** Of a text that is a value of another, such as a patch in quotes: the lines of that value. */
function entryOf(layer: Layer): Lines | null {
  return layer.value === undefined ? null : locateLines(layer, layer.route)
}

/** Every text that bears on an object, the last word first. */
export function textsOf(origin: Origin): readonly Lines[] {
  const layers = (origin.making?.layers ?? []).flatMap((layer) => locateLines(layer, layer.route) ?? [])
  return [...layers, wholeOf(origin)]
}

/** The files of an object's texts. */
export function pathsOf({ file, making }: Origin): readonly string[] {
  const layers = (making?.layers ?? []).map((layer) => layer.file.path)
  return [...new Set([file.path, ...layers])]
}

/** The text that holds what stands at a route of an object. */
export interface TextAt {
  readonly layer: Layer
  /** From the top of the layer's document. */
  readonly route: Route
}

/** The last layer that says what the object says at `route`; null where none does. */
export function textAt(origin: Origin, route: Route): TextAt | null {
  const { making } = origin
  if (making === null) {
    const layer = { ...origin, mount: [], value: undefined }
    return { layer, route: [...origin.route, ...route] }
  }
  const wanted = valueAt(making.object, route)
  for (const layer of making.layers) {
    const { mount } = layer
    if (mount === null || mount.length > route.length || mount.some((part, at) => route[at] !== part))
      continue
    const rest = route.slice(mount.length)
    if (wanted === undefined || !isEqual(valueAt(layer.value, rest), wanted)) continue
    return { layer, route: [...layer.route, ...rest] }
  }
  return null
}

/** What stands at a route of a value; undefined where the route leads nowhere. */
export function valueAt(value: unknown, route: Route): unknown {
  return route.reduce<unknown>(
    (at, key) =>
      typeof at === 'object' && at !== null && Object.hasOwn(at, key)
        ? (at as Record<string | number, unknown>)[key]
        : undefined,
    value,
  )
}

/** Equal as JSON is: the order of keys does not count. */
export function isEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a) || Array.isArray(b)) {
    return (
      Array.isArray(a) &&
      Array.isArray(b) &&
      a.length === b.length &&
      a.every((item, index) => isEqual(item, b[index]))
    )
  }
  const keys = Object.keys(a)
  return (
    keys.length === Object.keys(b).length &&
    keys.every(
      (key) =>
        Object.hasOwn(b, key) &&
        isEqual((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]),
    )
  )
}

function locateLines({ file, document }: Pick<Layer, 'file' | 'document'>, route: Route): Lines | null {
  const span = locate(file.text, document, route)
  if (span === null) return null
  const first = lineAt(file.text, span.start, document)
  const end = Math.max(span.start, span.end - 1)
  return { path: file.path, first, last: lineAt(file.text, end, { start: span.start, line: first }) }
}

/** The object in its file; of a document that cannot be read with positions, such as a template, all of it. */
function wholeOf(origin: Origin): Lines {
  const { file, document } = origin
  const last = lineAt(file.text, Math.max(document.start, document.end - 1), document)
  return locateLines(origin, origin.route) ?? { path: file.path, first: document.line, last }
}
