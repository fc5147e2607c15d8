// A Kubernetes object as it stands in a file, with the way back to the text a person would edit.
import type { SourceFile } from '../source/text.ts'
import type { Problem } from '../source/problem.ts'
import { locate } from '../yaml/index.ts'
import type { DocumentRange, Route } from '../yaml/types.ts'
import { lineAt } from '../source/text.ts'

export interface Origin {
  readonly file: SourceFile
  readonly document: DocumentRange
  /** From the top of the document to the object: `[]`, or `['items', 2]` inside a List. */
  readonly route: Route
  /** False for what the tree does not own (an assumed baseline): it is judged, never edited. */
  readonly editable: boolean
}

export interface Manifest {
  readonly apiVersion: string
  readonly kind: string
  readonly object: Readonly<Record<string, unknown>>
  readonly origin: Origin
}

/** A place that a person can open: a path in the tree and a line from 1. */
export interface Place {
  readonly path: string
  readonly line: number
}

/** Where `route` stands in the object's file; the nearest parent that exists where it is not there. */
export function placeOf(origin: Origin, route: Route): Place {
  const lines = linesOf(origin, route)
  return { path: origin.file.path, line: lines.first }
}

/** The first and last line (from 1) of what stands at `route`, or at the nearest parent that exists. */
export function linesOf(origin: Origin, route: Route): { readonly first: number; readonly last: number } {
  const { file, document } = origin
  for (let length = route.length; length >= 0; length -= 1) {
    const span = locate(file.text, document, [...origin.route, ...route.slice(0, length)])
    if (span === null) continue
    const first = lineAt(file.text, span.start, document)
    const end = Math.max(span.start, span.end - 1)
    return { first, last: lineAt(file.text, end, { start: span.start, line: first }) }
  }
  return { first: document.line, last: document.line }
}

/** The namespace that an object names itself, or null. */
export function namespaceOf(object: Readonly<Record<string, unknown>>): string | null {
  const metadata = object.metadata
  if (typeof metadata !== 'object' || metadata === null) return null
  const namespace = (metadata as Record<string, unknown>).namespace
  return typeof namespace === 'string' && namespace !== '' ? namespace : null
}

/** What makes a problem of a broken object: unreadable, at a route of its manifest. */
export function unreadable(
  origin: Origin,
  route: Route,
  namespace: string | 'all',
  problem: Pick<Problem, 'code' | 'message' | 'remedy'>,
): Problem {
  return {
    ...placeOf(origin, route),
    ...problem,
    class: 'unreadable',
    hides: { namespaces: namespace === 'all' ? 'all' : [namespace] },
  }
}
