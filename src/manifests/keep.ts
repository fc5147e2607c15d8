// Allow-lists: what may pass from an object of a cluster into a file that is committed. What is not named is left
// out, so that a field nobody thought of carries no secret anywhere.
import { compareText } from '../core/source/problem.ts'

/** A value to what is kept of it; undefined keeps nothing. */
export type Keep = (value: unknown) => unknown

/** A string, number or boolean. */
export const scalar: Keep = (value) =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : undefined

/** That something is there, and nothing of what it says. */
export const presence: Keep = (value) => (isMapping(value) ? {} : undefined)

/** A mapping of scalars such as labels, by key. */
export const map: Keep = (value) =>
  isMapping(value)
    ? Object.fromEntries(
        Object.keys(value)
          .sort(compareText)
          .flatMap((key) => (scalar(value[key]) === undefined ? [] : [[key, value[key]]])),
      )
    : undefined

/** A mapping with these fields, in this order; where none of them is there, nothing. */
export function fields(keeps: Readonly<Record<string, Keep>>): Keep {
  return (value) => {
    if (!isMapping(value)) return undefined
    const kept = Object.entries(keeps).flatMap(([key, keep]): [string, unknown][] => {
      const inner = Object.hasOwn(value, key) ? keep(value[key]) : undefined
      return inner === undefined ? [] : [[key, inner]]
    })
    return kept.length === 0 ? undefined : Object.fromEntries(kept)
  }
}

/** The items of which something is kept, in their order. */
export function list(keep: Keep): Keep {
  return (value) => (Array.isArray(value) ? value.map(keep).filter((item) => item !== undefined) : undefined)
}

/** Like `list`, where a list of nothing is nothing. */
export function some(keep: Keep): Keep {
  return (value) => {
    const kept = list(keep)(value)
    return Array.isArray(kept) && kept.length > 0 ? kept : undefined
  }
}

/** Only values that look as asked are kept at all. */
export function where(test: (value: Readonly<Record<string, unknown>>) => boolean, keep: Keep): Keep {
  return (value) => (isMapping(value) && test(value) ? keep(value) : undefined)
}

/** Everything, with the keys of mappings in order. `without` names keys to leave out of the items of lists of that key. */
export function whole(without: Readonly<Record<string, readonly string[]>> = {}): Keep {
  const copy = (value: unknown, leaving: readonly string[]): unknown => {
    if (Array.isArray(value)) return value.map((item) => copy(item, leaving))
    if (!isMapping(value)) return value
    const keys = Object.keys(value).filter((key) => !leaving.includes(key))
    return Object.fromEntries(
      keys.sort(compareText).map((key) => {
        const inner = value[key]
        return [key, copy(inner, Array.isArray(inner) ? (without[key] ?? []) : [])]
      }),
    )
  }
  return (value) => (value === null ? undefined : copy(value, []))
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
