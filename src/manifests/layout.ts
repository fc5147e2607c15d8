// Where in a tree its roots stand, for whoever asks what a change of one file reaches.
import { posix } from 'node:path'
import type { Root } from './expand.ts'
import type { Listing } from './listing.ts'
import type { Share } from './share.ts'

export interface Layout {
  /** Folders of files that stand by themselves: which root, by its place among the roots. */
  readonly rootIn: ReadonlyMap<string, number>
  /** Paths that decide about other roots, or about more than those of their folder. */
  readonly foreign: ReadonlySet<string>
  /** Folders that hold a kustomization. */
  readonly kustomized: ReadonlySet<string>
  /** Is a file one of those that make a root? `roots` are those of this tree, or of one like it. */
  readonly isOwn: (path: string, roots: readonly Root[]) => boolean
}

export function layoutOf(shares: readonly Share[], { kustomizations }: Listing): Layout {
  const rootIn = new Map<string, number>()
  const foreign = new Set<string>()
  const makers = new Set<string>()
  for (const { roots, holdings } of shares) {
    for (const [index, { path, plain, units, parts }] of roots.entries()) {
      const [unit, ...more] = units
      const isPlain = plain && unit?.kind === 'plain' && more.length === 0 && !rootIn.has(path)
      if (isPlain) rootIn.set(path, index)
      const own = new Set(isPlain ? unit.paths : [])
      for (const part of parts) for (const input of part.inputs) if (!own.has(input)) foreign.add(input)
      if (!isPlain) for (const file of holdings[index]?.own ?? []) makers.add(file)
    }
  }
  return {
    rootIn,
    foreign,
    kustomized: new Set(kustomizations),
    isOwn(path, roots) {
      const unit = roots[rootIn.get(posix.dirname(path)) ?? -1]?.units[0]
      return makers.has(path) || (unit?.kind === 'plain' && unit.paths.includes(path))
    },
  }
}
