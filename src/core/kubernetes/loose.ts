// Reading a value of which nothing is known, where what does not fit is as good as not there: for objects that other
// people's controllers read, and whose mistakes are theirs to tell.

/** What stands below a value; undefined where the keys lead nowhere, or to null. */
export function at(value: unknown, ...keys: readonly string[]): unknown {
  return keys.reduce<unknown>(
    (inner, key) => (isMapping(inner) && Object.hasOwn(inner, key) ? (inner[key] ?? undefined) : undefined),
    value,
  )
}

/** The items of a list; none where it is no list. */
export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

export function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function string(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
