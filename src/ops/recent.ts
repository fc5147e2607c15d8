// A bounded memory: the least recently used is let go first.

export interface Recent<T> {
  readonly get: (key: string) => T | undefined
  readonly set: (key: string, value: T) => void
}

/** @param most how many values it keeps */
export function createRecent<T>(most: number): Recent<T> {
  const entries = new Map<string, T>()
  return {
    get: (key) => {
      const found = entries.get(key)
      if (found === undefined) return undefined
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
  }
}
