// Looking into git from a story, which reads without waiting.
import type { BareRepository } from '../git/bare-repository.ts'
import type { Commit } from '../types.ts'

export function commitOf(git: BareRepository, sha: string): Commit {
  const [parents = '', author = '', ...message] = (
    git.sync(['show', '-s', '--format=%P%x00%an%x00%B', sha]) ?? ''
  ).split('\0')
  const [first] = parents.split(' ').filter((parent) => parent !== '')
  const range = first === undefined ? ['--root', sha] : [first, sha]
  const diff = git.sync(['diff-tree', '-p', '-M', '--no-color', '--no-commit-id', ...range]) ?? ''
  const names = git.sync(['diff-tree', '-r', '-z', '--name-only', '--no-commit-id', ...range]) ?? ''
  return {
    sha,
    parents: parents.split(' ').filter((parent) => parent !== ''),
    author,
    message: message.join('\0').replace(/\n+$/, ''),
    diff,
    files: names
      .split('\0')
      .filter((name) => name !== '')
      .sort(),
  }
}

export function fileOf(git: BareRepository, ref: string, path: string): string | null {
  return git.sync(['cat-file', 'blob', `${ref}:${path}`])
}

export function modeOf(git: BareRepository, ref: string, path: string): string | null {
  return git.sync(['ls-tree', '--full-tree', ref, '--', path])?.split(' ')[0] || null
}

export function tipOf(git: BareRepository, branch: string): string {
  const sha = git.sync(['rev-parse', '--verify', '--quiet', `refs/heads/${branch}`])
  if (sha === null) throw new Error(`there is no branch ${branch}`)
  return sha.trim()
}
