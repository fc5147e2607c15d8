// Where in the file a route points: found once, when there is something to say about it.

import type { Span } from '../source/text.ts'
import { placeDocumentIn } from './place-document.ts'
import { findEntry, followAlias } from './places.ts'
import type { Place } from './places.ts'
import type { DocumentRange, Route } from './types.ts'

/**
 * The span, in offsets of the file, of what stands at `route`: of a mapping entry from its key, of a
 * block sequence's item from its `-`, to the end of its value, without a line break or comment after
 * it. An empty route is the whole value. A route that runs through an alias or a merge key leads to
 * the text behind the anchor; one that ends on an alias is the entry that holds it. Null where the
 * route leads nowhere, and where the document cannot be read with positions.
 */
export function locate(text: string, range: Pick<DocumentRange, 'start' | 'end'>, route: Route): Span | null {
  const document = placeDocumentIn(text, range)
  if (document === null) return null
  let place: Place = document.root
  let span: Span = { start: place.start, end: place.end }
  for (const step of route) {
    const parent = followAlias(place)
    if (parent.kind === 'mapping' && typeof step === 'string') {
      const found = findEntry(parent, step)
      if (found === null) return null
      const { name, value, colon } = found.entry
      place = value
      span = { start: name.start, end: Math.max(value.end, name.end, colon + 1) }
    } else if (parent.kind === 'sequence' && typeof step === 'number') {
      const item = parent.items[step]
      if (item === undefined) return null
      place = item.value
      span = { start: item.dash === -1 ? place.start : item.dash, end: Math.max(place.end, item.dash + 1) }
    } else {
      return null
    }
  }
  return { start: range.start + span.start, end: range.start + span.end }
}
