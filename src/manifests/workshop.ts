// What loading a tree needs beside the tree: memories, programs, and the way to what lies outside. The caller decides
// how long each of them lasts.
import type { Listings } from '../git/tree.ts'
import type { Gathered } from './load.ts'
import type { ParsedFile } from './parse.ts'
import type { Toolbox } from './tools/toolbox.ts'
import type { Remote, RenderCache, Rendering } from './unit.ts'

/** Something remembered by a key that changes with whatever decides it. */
export interface Memory<T> {
  readonly get: (key: string) => T | undefined
  readonly set: (key: string, value: T) => void
}

/** Parsed files by path and blob id; the caller decides how many it keeps. */
export type ParseCache = Memory<ParsedFile>

export interface Workshop {
  readonly parsed: ParseCache
  /** Renderings in this process: a proof renders again only what its edits touch. */
  readonly renderings: Memory<Rendering>
  /** Texts of renderings, which may outlive the process. */
  readonly rendered: RenderCache
  readonly tools: Toolbox
  readonly remote: Remote
  /** What bases of former looks came to; absent where nobody looks twice. */
  readonly recall?: Recall
}

/** What is remembered of trees from look to look. */
export interface Recall {
  /** States that were gathered, the last one last; see `recallBase`. */
  bases: readonly Gathered[]
  /** For the trees of a repository that are looked at. */
  readonly listings: Listings
}

/** A memory that never forgets, for as long as one command. */
export function endlessMemory<T>(): Memory<T> {
  const values = new Map<string, T>()
  return { get: (key) => values.get(key), set: (key, value) => void values.set(key, value) }
}
