// What the entries of `patches`, and of its two ancestors, say: a file, or a text in the kustomization itself.
import { isEqual, valueAt } from '../../../core/kubernetes/origin.ts'
import type { Layer } from '../../../core/kubernetes/origin.ts'
import { lineAt } from '../../../core/source/text.ts'
import type { SourceFile } from '../../../core/source/text.ts'
import { locate, readDocument } from '../../../core/yaml/index.ts'
import type { DocumentRange, Route } from '../../../core/yaml/types.ts'
import { joinPath } from '../../source-tree.ts'
import { documentsIn, readAll } from './file.ts'
import type { KustomizationFile, Mapping } from './file.ts'
import type { Traced } from './layers.ts'
import { splitByMergeKeys } from './merge-keys.ts'
import type { Gathered } from './remote.ts'
import { isNamedBy, mapping, selects, text } from './select.ts'
import type { Answer, Subject } from './select.ts'

/** Layers of one entry, the last word first. */
export async function layersOfPatch(
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
    const inline = text(typeof entry === 'string' ? entry : patch)
    const values = inline === null ? [null] : valuesOf(inline, source.file)
    if (!values.some((value) => isFor(value) !== false)) return []
    const bears = { ...source, route, mount: null, value: undefined, editable: false }
    const [only] = values
    if (values.length !== 1 || isFor(only) !== true) return [bears]
    const at = typeof entry === 'string' ? route : [...route, 'patch']
    return [...inlineLayers(source, at, only, traced), bears]
  }
  return documentsIn(file)
    .flatMap(({ document, value }): readonly Layer[] => {
      const answer = isFor(value)
      if (answer === false) return []
      if (answer === null)
        return [{ file, document, route: [], mount: null, value: undefined, editable: false }]
      return layersIn(file, document, value, traced)
    })
    .reverse()
}

/** Layers of a patch that selects the object. */
function layersIn(
  file: SourceFile,
  document: DocumentRange,
  value: unknown,
  traced: Traced,
): readonly Layer[] {
  if (Array.isArray(value)) return operations(file, document, value as readonly unknown[], traced)
  const now = traced.replaced(value)
  return splitByMergeKeys({ file, document, route: [], mount: [], value: now, editable: true }, traced.object)
}

/**
 * A patch in the kustomization at `route`. The lines of a literal block scalar are a document of their own; of a text
 * that is written otherwise, its entry is the place. Edits do not reach into either.
 */
function inlineLayers(
  { file, document }: NonNullable<KustomizationFile['source']>,
  route: Route,
  value: unknown,
  traced: Traced,
): readonly Layer[] {
  const literal = literalAt(file, document, route, value)
  return layersIn(file, literal ?? document, value, traced).map((layer) => ({
    ...layer,
    ...(literal === null ? { route } : {}),
    editable: false,
  }))
}

/** The range of a literal block scalar's lines; null where it is none, or does not read as the value. */
function literalAt(
  file: SourceFile,
  document: DocumentRange,
  route: Route,
  value: unknown,
): DocumentRange | null {
  const span = locate(file.text, document, route)
  const header =
    span === null ? null : /^.*\|[-+0-9]*[ \t]*(?:#.*)?\n/.exec(file.text.slice(span.start, span.end))
  if (span === null || header === null) return null
  const start = span.start + header[0].length
  const range = { ...document, start, end: span.end, line: lineAt(file.text, start, document) }
  const read = readDocument(file.text, range)
  return read.ok && isEqual(read.value, value) ? range : null
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
