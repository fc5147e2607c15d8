// One document with positions, for those few of which something is said. The last ones are remembered,
// as findings come in clusters.

import { parsePlaces } from './parse-places.ts'
import type { PlacedDocument } from './places.ts'
import { readDocument } from './read.ts'
import { deepEqual } from './value.ts'

const REMEMBERED = 8
/** The memo: newest last. It changes how long an answer takes, never the answer. */
const memo: { readonly text: string; readonly document: PlacedDocument | null }[] = []

/**
 * The nodes of the document whose text this is, or null: where `readDocument` fails, where the text is
 * too long for positions, and where the two parsers do not read the same value.
 */
export function placeDocument(text: string): PlacedDocument | null {
  const known = memo.findIndex((entry) => entry.text === text)
  const entry = (known === -1 ? undefined : memo.splice(known, 1)[0]) ?? { text, document: parse(text) }
  memo.push(entry)
  if (memo.length > REMEMBERED) memo.shift()
  return entry.document
}

function parse(text: string): PlacedDocument | null {
  // Read first: it caps the depth before a recursive parser sees the text.
  const read = readDocument(text, { start: 0, end: text.length })
  if (!read.ok) return null
  const parsed = parsePlaces(text)
  if (parsed === null || !deepEqual(parsed.value, read.value)) return null
  return { text, root: parsed.root, aliased: parsed.aliased, value: read.value }
}
