// Things of a large state by a key of theirs, where another state differs in a few groups: what is the same in both is
// kept once, and is the very same list.
import { grouped } from './grouped.ts'

export interface Groups<T> {
  /** The list of a key; of one that has none, always the same empty one. */
  readonly get: (key: string) => readonly T[]
  readonly keys: () => Iterable<string>
  /** The same but for these keys, whose lists are given; an empty one is none. */
  readonly with: (changes: ReadonlyMap<string, readonly T[]>) => Groups<T>
}

/** More changes than this are put into a map of their own. */
const MANY = 1_000

export function groupsOf<T>(items: Iterable<T>, keyOf: (item: T) => string): Groups<T> {
  return layered(grouped(items, keyOf), new Map())
}

function layered<T>(
  base: ReadonlyMap<string, readonly T[]>,
  changed: ReadonlyMap<string, readonly T[]>,
): Groups<T> {
  return {
    get: (key) => changed.get(key) ?? base.get(key) ?? NONE,
    keys: () => {
      const news = [...changed].filter(([key, list]) => list.length > 0 && !base.has(key))
      const isLeft = (key: string): boolean => changed.get(key)?.length !== 0
      return [...[...base.keys()].filter(isLeft), ...news.map(([key]) => key)]
    },
    with(changes) {
      const all = new Map([...changed, ...[...changes].map(([key, list]) => [key, orNone(list)] as const)])
      if (all.size <= MANY) return layered(base, all)
      return layered(new Map([...new Map([...base, ...all])].filter(isThere)), new Map())
    },
  }
}

const NONE: readonly never[] = []

function orNone<T>(list: readonly T[]): readonly T[] {
  return list.length === 0 ? NONE : list
}

function isThere([, list]: readonly [string, readonly unknown[]]): boolean {
  return list.length > 0
}
