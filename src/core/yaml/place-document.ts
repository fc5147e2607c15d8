// One document with positions, for those few of which something is said. The last ones are remembered,
// as findings come in clusters.

import { parsePlaces } from './parse-places.ts'
import type { PlacedDocument } from './places.ts'
import { readDocument } from './read.ts'
import type { DocumentRange } from './types.ts'
import { deepEqual } from './value.ts'

/**
 * UTF-16 units of text whose nodes are remembered. The proof of a fix looks at every finding again, so a change
 * with a hundred findings comes back to a hundred documents, a hundred times.
 */
const REMEMBERED = 2 * 1024 * 1024
/** The document asked for last: findings come in clusters, and a List of thousands of objects is one document. */
let last: { readonly file: string; readonly range: Range; readonly document: PlacedDocument | null } | null =
  null

type Range = Pick<DocumentRange, 'start' | 'end'>

/** Like `placeDocument`, of the document in `range` of a file. */
export function placeDocumentIn(file: string, range: Range): PlacedDocument | null {
  if (last?.file === file && last.range.start === range.start && last.range.end === range.end)
    return last.document
  const document = placeDocument(file.slice(range.start, range.end))
  last = { file, range, document }
  return document
}

/** The memo: newest last. It changes how long an answer takes, never the answer. */
const memo = new Map<string, PlacedDocument | null>()
let remembered = 0

/**
 * The nodes of the document whose text this is, or null: where `readDocument` fails, where the text is
 * too long for positions, and where the two parsers do not read the same value.
 */
export function placeDocument(text: string): PlacedDocument | null {
  const known = memo.get(text)
  // A copy, as a slice would keep the whole file in memory for as long as its document is remembered.
  const own = known === undefined ? (JSON.parse(JSON.stringify(text)) as string) : (known?.text ?? text)
  const document = known === undefined ? parse(own) : known
  if (known === undefined) remembered += own.length
  else memo.delete(own)
  memo.set(own, document)
  for (const oldest of memo.keys()) {
    if (remembered <= REMEMBERED || oldest === own) break
    memo.delete(oldest)
    remembered -= oldest.length
  }
  return document
}

function parse(text: string): PlacedDocument | null {
  // Read first: it caps the depth before a recursive parser sees the text.
  const read = readDocument(text, { start: 0, end: text.length })
  if (!read.ok) return null
  const parsed = parsePlaces(text)
  if (parsed === null || !deepEqual(parsed.value, read.value)) return null
  return { text, root: parsed.root, aliased: parsed.aliased, value: read.value }
}
