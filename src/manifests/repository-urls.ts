// Is what a URL names the tree at hand? Applications and Flux sources name their own repository by URL more often
// than not.
import type { SourceTree } from './source-tree.ts'

/**
 * Where the URLs of the tree are known, one of them must match; where nobody knows them, a path that exists in the
 * tree means the tree.
 */
export function sourceMatcher(
  repositories: readonly string[],
  tree: SourceTree,
): (url: string, path: string) => boolean {
  const own = new Set(repositories.map(sameUrl))
  return (url, path) => {
    if (own.size > 0) return own.has(sameUrl(url))
    const kind = tree.kindOf(path === '' ? '.' : path)
    return kind === 'file' || kind === 'folder'
  }
}

/**
 * A repository's URL without what does not tell repositories apart: scheme, user, port of ssh, `.git`, a slash at the
 * end, and case, which hosts and the owners and names of GitHub do not have.
 */
export function sameUrl(url: string): string {
  const scp = /^(?:[^@/]+@)?([^:/]+):(?!\/\/)(?!\d+\/)(.*)$/.exec(url.trim())
  const plain = scp === null ? url.trim().replace(/^[a-z+]+:\/\//i, '') : `${scp[1] ?? ''}/${scp[2] ?? ''}`
  return plain
    .replace(/^[^@/]*@/, '')
    .replace(/^([^/:]+):(?:22|443|80)(?=\/)/, '$1')
    .replace(/\/+$/, '')
    .replace(/\.git$/i, '')
    .replace(/\/{2,}/g, '/')
    .toLowerCase()
}
