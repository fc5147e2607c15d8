// What the yaml room takes and gives. A place is named by its route, never by its line:
// the span is found once, when somebody has something to say about it.

import type { TextEdit } from '../source/text.ts'

/** Keys and indices from the top of a document: `['spec', 'ingress', 0, 'ports']`. */
export type Route = readonly (string | number)[]

/** One document of a file: the offsets of its text, and the line (from 1) on which that text begins. */
export interface DocumentRange {
  readonly index: number
  readonly start: number
  readonly end: number
  readonly line: number
  /** It follows `...` and no `---`: YAML takes it for a document, and tools of Kubernetes do not read it. */
  readonly loose?: true
}

/** The value of a document, or where in the *file* (offset from 0) and why it cannot be read. */
export type ReadResult =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly offset: number; readonly message: string }

/**
 * Adds `value` at the end of the sequence at `route`. Where the last key of the route is absent,
 * null or an empty sequence, the sequence is made; its parent must be a mapping that exists.
 */
export interface AppendPatch {
  readonly op: 'append'
  readonly route: Route
  readonly value: unknown
}

/**
 * Puts `value` under the last key of the route, which is absent, null or a plain scalar; its parent must be a mapping
 * that exists.
 */
export interface SetPatch {
  readonly op: 'set'
  readonly route: Route
  readonly value: unknown
}

export type YamlPatch = AppendPatch | SetPatch

/** Edits of the *file*, or one sentence that says why this text is not edited. */
export type PatchResult =
  { readonly ok: true; readonly edits: readonly TextEdit[] } | { readonly ok: false; readonly reason: string }
