// What `kubectl get … -o yaml` or `-o json` prints, as the objects in it. Unlike a file of a tree it is whole or
// nothing: half a cluster would pass for all of it.
import { lineAt } from '../core/source/text.ts'
import { readDocument, splitDocuments } from '../core/yaml/index.ts'
import { MAX_LENGTH } from '../core/yaml/limits.ts'
import type { DocumentRange } from '../core/yaml/types.ts'
import { listedItems } from './parse.ts'

export interface ClusterObject {
  readonly apiVersion: string
  readonly kind: string
  readonly object: Readonly<Record<string, unknown>>
}

/** The objects of a dump, those of Lists one by one; or a sentence without its full stop about what keeps it from being read. */
export type Dump = { readonly objects: readonly ClusterObject[] } | { readonly error: string }

/** Reads a dump of YAML documents or JSON. Never throws. */
export function readDump(text: string): Dump {
  const objects: ClusterObject[] = []
  for (const document of splitDocuments(text)) {
    const read = readValues(text, document)
    if ('error' in read) return read
    for (const value of read.values) {
      if (!collect(value, objects)) {
        const line = String(lineAt(text, skipSpace(text, document.start), document))
        return {
          error: `line ${line}: the document there is no Kubernetes object: it has no apiVersion or no kind`,
        }
      }
    }
  }
  return { objects }
}

type Values = { readonly values: readonly unknown[] } | { readonly error: string }

function readValues(text: string, document: DocumentRange): Values {
  const json = readJson(text.slice(document.start, document.end))
  if (json !== null) return { values: [json] }
  const values: unknown[] = []
  const pieces = document.end - document.start > MAX_LENGTH ? cutList(text, document) : [document]
  for (const piece of pieces) {
    const read = readDocument(text, piece)
    if (!read.ok) {
      const line = String(lineAt(text, read.offset, document))
      const language = /^\s*\{/.test(text) ? 'JSON' : 'YAML'
      return { error: `line ${line}: this is not readable ${language}: ${read.message}` }
    }
    if (piece !== document && Array.isArray(read.value)) values.push(...(read.value as unknown[]))
    else values.push(read.value)
  }
  return { values }
}

/** JSON has no size that its own parser minds, and large clusters are dumped as one document. */
function readJson(text: string): unknown {
  if (!/^\s*\{/.test(text)) return null
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/**
 * A List that is too long for one document, as ranges of an item each. kubectl prints `items:` and its dashes in the
 * first column, and indents whatever is inside an item. Anything else stays whole, and is then refused for its length.
 */
function cutList(text: string, document: DocumentRange): readonly Pick<DocumentRange, 'start' | 'end'>[] {
  const source = text.slice(document.start, document.end)
  const head = /^items:[ \t]*\r?\n(?=- )/m.exec(source)
  if (head === null || !/^kind: List[ \t]*$/m.test(source)) return [document]
  const pieces: { start: number; end: number }[] = []
  const edge = /^(?=[^\s#])/gm
  edge.lastIndex = head.index + head[0].length
  for (let match = edge.exec(source); match !== null; match = edge.exec(source)) {
    const at = document.start + match.index
    const last = pieces.at(-1)
    if (last !== undefined) last.end = at
    if (!source.startsWith('- ', match.index)) return pieces
    pieces.push({ start: at, end: document.end })
    edge.lastIndex = match.index + 1
  }
  return pieces
}

/** Adds the objects of a value; false where something in it is none. */
function collect(value: unknown, objects: ClusterObject[]): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const object = value as Readonly<Record<string, unknown>>
  const { apiVersion, kind } = object
  if (typeof kind !== 'string' || typeof apiVersion !== 'string' || apiVersion === '') return false
  const items = listedItems(object)
  if (items !== null) return items.every((item) => collect(item, objects))
  objects.push({ apiVersion, kind, object })
  return true
}

function skipSpace(text: string, from: number): number {
  return from + (/^\s*/.exec(text.slice(from))?.[0].length ?? 0)
}
