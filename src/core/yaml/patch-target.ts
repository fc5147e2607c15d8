// Walks a patch's route to the text that it is about, and says why it will not be edited where an edit
// would change more than what the route names.

import { fieldPath } from './field-path.ts'
import { findEntry } from './places.ts'
import type { EntryPlace, MappingPlace, Place, PlacedDocument, ScalarPlace, SequencePlace } from './places.ts'
import type { Route, YamlPatch } from './types.ts'

/** What a patch does to the text. */
export type Target =
  | {
      readonly kind: 'sequence'
      readonly sequence: SequencePlace
      /** The mapping whose entry it is; null for an item of a sequence and for the root. */
      readonly parent: MappingPlace | null
      readonly entry: EntryPlace | null
      /** The collection whose layout the new item follows. */
      readonly near: Place
    }
  /** A plain scalar that a `set` replaces. */
  | { readonly kind: 'scalar'; readonly scalar: ScalarPlace; readonly parent: MappingPlace }
  | { readonly kind: 'null'; readonly parent: MappingPlace; readonly entry: EntryPlace }
  | {
      readonly kind: 'absent'
      readonly key: string
      readonly parent: MappingPlace
      /** The entry of a block mapping that holds `parent`, if there is one. */
      readonly holder: { readonly mapping: MappingPlace; readonly entry: EntryPlace } | null
    }

export type Found =
  { readonly ok: true; readonly target: Target } | { readonly ok: false; readonly reason: string }

/** The place that a patch edits, or one sentence that says why it is not edited. */
export function findTarget(document: PlacedDocument, { op, route }: YamlPatch): Found {
  let place = document.root
  let parent: MappingPlace | SequencePlace | null = null
  let entry: EntryPlace | null = null
  for (const [index, step] of route.entries()) {
    const name = describe(route.slice(0, index))
    const shared = whyShared(document, place, name)
    if (shared !== null) return refuse(shared)
    const last = index === route.length - 1
    if (typeof step === 'number') {
      const item = place.kind === 'sequence' ? place.items[step] : undefined
      if (place.kind !== 'sequence' || item === undefined)
        return refuse(`there is no ${describe(route.slice(0, index + 1))}`)
      parent = place
      entry = null
      place = item.value
      continue
    }
    if (place.kind !== 'mapping') return refuse(`${name} is not a mapping`)
    const found = findEntry(place, step)
    if (found?.merged === true) {
      return refuse(
        `${describe(route.slice(0, index + 1))} comes from a merge key (<<), which others may share`,
      )
    }
    if (found === null) {
      if (!last) return refuse(`there is no ${describe(route.slice(0, index + 1))}`)
      const holder =
        parent?.kind === 'mapping' && !parent.flow && entry !== null ? { mapping: parent, entry } : null
      return { ok: true, target: { kind: 'absent', key: step, parent: place, holder } }
    }
    parent = place
    entry = found.entry
    place = found.entry.value
  }
  return finish(document, op, place, parent, entry, describe(route))
}

function finish(
  document: PlacedDocument,
  op: YamlPatch['op'],
  place: Place,
  parent: MappingPlace | SequencePlace | null,
  entry: EntryPlace | null,
  name: string,
): Found {
  const shared = whyShared(document, place, name)
  if (shared !== null) return refuse(shared)
  const mapping = parent?.kind === 'mapping' ? parent : null
  if (op === 'append' && place.kind === 'sequence') {
    const near = parent ?? place
    return { ok: true, target: { kind: 'sequence', sequence: place, parent: mapping, entry, near } }
  }
  if (mapping !== null && entry !== null && isNull(place) && entry.colon !== -1 && place.tag === null) {
    return { ok: true, target: { kind: 'null', parent: mapping, entry } }
  }
  if (op === 'append') return refuse(`${name} is not a list`)
  const bare =
    place.kind === 'scalar' && place.style === 'plain' && place.tag === null && place.anchor === null
  return bare && mapping !== null && !isNull(place)
    ? { ok: true, target: { kind: 'scalar', scalar: place, parent: mapping } }
    : refuse(`${name} is no value that can be replaced`)
}

/** An alias, and a node that an alias stands for, belong to more than one place. */
function whyShared(document: PlacedDocument, place: Place, name: string): string | null {
  if (place.kind === 'alias') return `${name} is an alias (*${place.name}) of something that others may share`
  if (document.aliased.has(place))
    return `${name} is shared: aliases of &${place.anchor ?? ''} stand elsewhere`
  return null
}

function isNull(place: Place): boolean {
  return (
    place.kind === 'scalar' &&
    place.style === 'plain' &&
    ['', '~', 'null', 'Null', 'NULL'].includes(place.text)
  )
}

function refuse(reason: string): Found {
  return { ok: false, reason }
}

function describe(route: Route): string {
  return route.length === 0 ? 'the document' : fieldPath(route)
}
