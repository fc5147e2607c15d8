// A Kubernetes object, with the way back to the text that a person would edit.
import type { Problem } from '../source/problem.ts'
import type { Route } from '../yaml/types.ts'
import { placeOf } from './origin.ts'
import type { Origin } from './origin.ts'

export interface Manifest {
  readonly apiVersion: string
  readonly kind: string
  readonly object: Readonly<Record<string, unknown>>
  readonly origin: Origin
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
