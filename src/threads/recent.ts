// A bounded memory: the least recently used is let go first.

export interface Recent<T> {
  readonly get: (key: string) => T | undefined
  readonly set: (key: string, value: T) => void
  /** How often it was asked since this was last read, and how often it knew. */
  readonly lookups: () => Lookups
}

export interface Lookups {
  readonly hits: number
  readonly misses: number
}

/** @param most how many values it keeps */
export function createRecent<T>(most: number): Recent<T> {
  const entries = new Map<string, T>()
  let [hits, misses] = [0, 0]
  return {
    get: (key) => {
      const found = entries.get(key)
      if (found === undefined) {
        misses += 1
        return undefined
      }
      hits += 1
      entries.delete(key)
      entries.set(key, found)
      return found
    },
    set: (key, value) => {
      entries.delete(key)
      entries.set(key, value)
      const oldest = entries.size > most ? entries.keys().next() : null
      if (oldest?.done === false) entries.delete(oldest.value)
    },
    lookups: () => {
      const since = { hits, misses }
      ;[hits, misses] = [0, 0]
      return since
    },
  }
}
