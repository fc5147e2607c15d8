// What commits say about each other, from the objects themselves. Undefined where git has to be asked: for commits that
// are not loose objects, and where histories cross and git's own rules decide.
import type { Objects } from './objects.ts'

export interface CommitObject {
  readonly tree: string
  readonly parents: readonly string[]
  /** `author` and `committer` as they are written: name, address, seconds, zone. */
  readonly author: string
  readonly committer: string
  readonly message: string
}

export function commitObject(objects: Objects, sha: string): CommitObject | undefined {
  const object = objects.read(sha)
  if (object?.type !== 'commit') return undefined
  const text = object.content.toString('utf8')
  const end = text.indexOf('\n\n')
  const headers = text
    .slice(0, end)
    .split('\n')
    .map((line) => [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1)] as const)
  const one = (name: string): string => headers.find(([key]) => key === name)?.[1] ?? ''
  return {
    tree: one('tree'),
    parents: headers.filter(([key]) => key === 'parent').map(([, value]) => value),
    author: one('author'),
    committer: one('committer'),
    message: text.slice(end + 2),
  }
}

/** The best common ancestor; null when there is none. */
export function mergeBaseOf(objects: Objects, a: string, b: string): string | null | undefined {
  const [left, right] = [ancestors(objects, a), ancestors(objects, b)]
  if (left === undefined || right === undefined) return undefined
  const common = [...left].filter(([sha]) => right.has(sha))
  const older = new Set(common.flatMap(([, parents]) => parents))
  const best = common.filter(([sha]) => !older.has(sha))
  return best.length > 1 ? undefined : (best[0]?.[0] ?? null)
}

/** The commits of `head` that `base` lacks, oldest first, where there is but one order. */
export function lineBetween(objects: Objects, base: string, head: string): string[] | undefined {
  const [known, all] = [ancestors(objects, base), ancestors(objects, head)]
  if (known === undefined || all === undefined) return undefined
  const line: string[] = []
  for (let at: string | undefined = known.has(head) ? undefined : head; at !== undefined;) {
    line.unshift(at)
    const next: readonly string[] = (all.get(at) ?? []).filter((parent) => !known.has(parent))
    if (next.length > 1) return undefined
    at = next[0]
  }
  return line
}

/** A commit and all before it, each with its parents. */
function ancestors(objects: Objects, sha: string): Map<string, readonly string[]> | undefined {
  const found = new Map<string, readonly string[]>()
  const open = [sha]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (found.has(next)) continue
    const commit = commitObject(objects, next)
    if (commit === undefined) return undefined
    found.set(next, commit.parents)
    open.push(...commit.parents)
  }
  return found
}
