// The nodes of a document with their places in its text. Made by `yaml`, told in our own words, so that
// locating and patching know neither parser.

/** A node. Offsets count from the start of the *document's* text; `end` leaves out what trails the node. */
export type Place = MappingPlace | SequencePlace | ScalarPlace | AliasPlace

interface Common {
  readonly start: number
  readonly end: number
  readonly anchor: string | null
  readonly tag: string | null
}

export interface MappingPlace extends Common {
  readonly kind: 'mapping'
  readonly flow: boolean
  /** A flow collection whose first child stands on a line of its own. */
  readonly spread: boolean
  /** Column, from 0, of the keys of a block mapping. */
  readonly column: number
  readonly entries: readonly EntryPlace[]
}

export interface EntryPlace {
  /** What the key reads as; null for a merge key. */
  readonly key: string | null
  readonly name: Place
  readonly value: Place
  /** Offset of the `:`, or -1 where there is none (`{a}`, `? a`). */
  readonly colon: number
}

export interface SequencePlace extends Common {
  readonly kind: 'sequence'
  readonly flow: boolean
  /** A flow collection whose first child stands on a line of its own. */
  readonly spread: boolean
  /** Column, from 0, of the dashes of a block sequence. */
  readonly column: number
  readonly items: readonly ItemPlace[]
}

export interface ItemPlace {
  /** Offset of the `-`, or -1 in a flow sequence. */
  readonly dash: number
  readonly value: Place
}

export interface ScalarPlace extends Common {
  readonly kind: 'scalar'
  readonly text: string
  readonly style: 'plain' | 'single' | 'double' | 'block'
}

export interface AliasPlace extends Common {
  readonly kind: 'alias'
  readonly name: string
  readonly target: Place
}

/** A document that could be read with positions. */
export interface PlacedDocument {
  readonly text: string
  readonly root: Place
  /** Nodes that an alias of this document stands for. */
  readonly aliased: ReadonlySet<Place>
  /** What `readDocument` says, which the positions have been checked against. */
  readonly value: unknown
}

/**
 * The entry that gives a mapping this key, and whether a merge brought it: the last one that does, as
 * merges replace what stands before them; of the sources of one merge, the first.
 */
export function findEntry(
  mapping: MappingPlace,
  key: string,
): { readonly entry: EntryPlace; readonly merged: boolean } | null {
  for (const entry of [...mapping.entries].reverse()) {
    if (entry.key === key) return { entry, merged: false }
    if (entry.key !== null) continue
    const source = followAlias(entry.value)
    for (const place of source.kind === 'sequence'
      ? source.items.map((item) => followAlias(item.value))
      : [source]) {
      const found = place.kind === 'mapping' ? findEntry(place, key) : null
      if (found !== null) return { entry: found.entry, merged: true }
    }
  }
  return null
}

/** The node itself, or the one its alias stands for. */
export function followAlias(place: Place): Place {
  return place.kind === 'alias' ? place.target : place
}
