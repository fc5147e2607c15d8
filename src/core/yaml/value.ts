// Values as documents hold them: what makes two equal, and what a patch does to one in memory.

import type { Route, YamlPatch } from './types.ts'

/** Whether two JSON values are the same; the order of keys does not matter. */
export function deepEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false
    return a.every((item, index) => deepEqual(item, b[index]))
  }
  const keys = Object.keys(a)
  if (keys.length !== Object.keys(b).length) return false
  return keys.every((key) => Object.hasOwn(b, key) && deepEqual(Reflect.get(a, key), Reflect.get(b, key)))
}

/** A copy of `value` with a patch applied; undefined where its route leads nowhere. */
export function patchedBy(value: unknown, { op, route, value: added }: YamlPatch): unknown {
  return op === 'append' ? appendAt(value, route, added) : setAt(value, route, added)
}

/**
 * A copy of `value` with `item` at the end of the sequence at `route`, which is made where it is
 * absent or null; undefined where the route leads nowhere. Only what lies on the route is copied, so
 * an aliased node changes in the one place that is named.
 */
export function appendAt(value: unknown, route: Route, item: unknown): unknown {
  return changeAt(value, route, (old) => {
    if (old === undefined || old === null) return [item]
    return Array.isArray(old) ? [...(old as unknown[]), item] : undefined
  })
}

/** A copy of `value` with `item` under the last key of the route; a collection is not replaced. */
function setAt(value: unknown, route: Route, item: unknown): unknown {
  return changeAt(value, route, (old) => (typeof old === 'object' && old !== null ? undefined : item))
}

function changeAt(value: unknown, route: Route, change: (old: unknown) => unknown): unknown {
  const [step, ...rest] = route
  if (step === undefined) return change(value)
  if (Array.isArray(value)) {
    if (typeof step !== 'number' || step >= value.length) return undefined
    const child = changeAt(value[step] as unknown, rest, change)
    return child === undefined
      ? undefined
      : (value as unknown[]).map((old, index) => (index === step ? child : old))
  }
  if (typeof value !== 'object' || value === null || typeof step !== 'string') return undefined
  const old: unknown = Object.hasOwn(value, step) ? Reflect.get(value, step) : undefined
  if (old === undefined && rest.length > 0) return undefined
  const child = changeAt(old, rest, change)
  return child === undefined ? undefined : copyWith(value, step, child)
}

function copyWith(mapping: object, key: string, child: unknown): unknown {
  const copy: unknown = Object.assign(Object.create(null), mapping)
  Reflect.set(copy as object, key, child)
  return copy
}

/** Whether JSON can carry the value, and so a document can hold it. */
export function isJson(value: unknown): boolean {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return true
  if (typeof value === 'number') return Number.isFinite(value)
  if (Array.isArray(value)) return value.every(isJson)
  if (typeof value !== 'object') return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return (prototype === Object.prototype || prototype === null) && Object.values(value).every(isJson)
}
