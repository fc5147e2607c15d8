// What a pull request will be once merged: the tree that git's own merge makes, without a work tree.
import { mkdtemp, rm, copyFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { compareText } from '../core/source/problem.ts'
import { git, GitError, line } from './command.ts'
import { treeOf } from './objects.ts'
import type { Repository } from './repository.ts'

/** `tree` is the id of the merged tree, in the same repository; `paths` are those that conflict, sorted. */
export type Merge =
  | { readonly kind: 'clean'; readonly tree: string }
  | { readonly kind: 'conflict'; readonly paths: readonly string[] }

export interface MergeSides {
  readonly base: string
  readonly head: string
  /** Null where the two share no history: what only one side has is kept, what differs is a conflict. */
  readonly mergeBase: string | null
}

/**
 * Merges two commits of a repository that has the three commits named and perhaps no history between them: their
 * trees are hung on synthetic commits, because `merge-tree --merge-base` only came with git 2.40.
 * @throws GitError `missing-object` when one of the three is not there
 */
export async function trueMerge(mirror: { readonly directory: string }, sides: MergeSides): Promise<Merge> {
  const directory = mirror.directory
  const [base, head, ancestor] = await Promise.all([
    treeOf(directory, sides.base),
    treeOf(directory, sides.head),
    sides.mergeBase === null ? null : treeOf(directory, sides.mergeBase),
  ])
  if (ancestor === base) return { kind: 'clean', tree: head }
  if (ancestor === head || base === head) return { kind: 'clean', tree: base }
  const where: Where = { cwd: directory, env: { GIT_DIR: directory } }
  const parents = ancestor === null ? [] : ['-p', await commitTree(where, ancestor, [])]
  const ours = await commitTree(where, base, parents)
  const theirs = await commitTree(where, head, parents)
  return mergeTree(where, ours, theirs)
}

/**
 * Merges two revisions of a repository with its history. The objects of the merged tree are written to it, and no
 * ref is. The work runs in a git directory of our own over the objects of the repository, since its configuration
 * may name merge drivers, and those are programs. Without them, and without `.gitattributes`, the result is also
 * what GitHub would make of it.
 * @throws GitError `missing-object`; `failed` when the history of a shallow clone does not reach the merge base
 */
export async function mergeRevisions(repository: Repository, base: string, head: string): Promise<Merge> {
  const [ours, theirs] = await Promise.all([commit(repository, base), commit(repository, head)])
  const ancestor = await repository.mergeBase(ours, theirs)
  if (ancestor === ours) return { kind: 'clean', tree: await repository.treeOf(theirs) }
  if (ancestor === theirs) return { kind: 'clean', tree: await repository.treeOf(ours) }
  if (ancestor === null && repository.shallow) {
    throw new GitError('failed', `this shallow clone does not reach the merge base of ${base} and ${head}`)
  }
  const common = line(await git(['rev-parse', '--git-common-dir'], { cwd: repository.gitDirectory }))
  const source = resolve(repository.gitDirectory, common)
  const scratch = await mkdtemp(join(tmpdir(), 'ambient-guard-merge-'))
  try {
    const format = `--object-format=${repository.format}`
    await git(['init', '--bare', '--quiet', '--template=', format, '.'], { cwd: scratch })
    if (repository.shallow) await copyFile(join(source, 'shallow'), join(scratch, 'shallow'))
    const env = { GIT_DIR: scratch, GIT_OBJECT_DIRECTORY: join(source, 'objects') }
    return await mergeTree({ cwd: scratch, env }, ours, theirs)
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

interface Where {
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
}

/** The same trees always give the same commits, on every machine and day. */
const IDENTITY = {
  GIT_AUTHOR_NAME: 'ambient-guard',
  GIT_AUTHOR_EMAIL: 'ambient-guard@localhost',
  GIT_AUTHOR_DATE: '@0 +0000',
  GIT_COMMITTER_NAME: 'ambient-guard',
  GIT_COMMITTER_EMAIL: 'ambient-guard@localhost',
  GIT_COMMITTER_DATE: '@0 +0000',
}

async function commitTree(where: Where, tree: string, parents: readonly string[]): Promise<string> {
  const env = { ...where.env, ...IDENTITY }
  return line(await git(['commit-tree', ...parents, tree], { cwd: where.cwd, env, input: 'merge\n' }))
}

/**
 * git guesses that a directory was renamed and, left to itself, then calls every file the other side added there a
 * conflict. GitHub merged without looking for renames at least until 2025 (https://lore.kernel.org/git, "merge-ort:
 * allow rename detection to be disabled"), so for it such a file stays where it was added, and that is what will be
 * deployed. Where GitHub does see a conflict, it keeps the pull request from being merged whatever we say.
 */
const MERGE_CONFIG = [
  ['merge.directoryRenames', 'false'],
  ['merge.renames', 'true'],
] as const

/** Clean: `<tree>NUL`, exit 0. Conflict: `<tree>NUL` and `<path>NUL` for each, exit 1. git-merge-tree(1) */
async function mergeTree(where: Where, ours: string, theirs: string): Promise<Merge> {
  const flags = ['--write-tree', '--allow-unrelated-histories', '--name-only', '--no-messages', '-z']
  const done = await git(['merge-tree', ...flags, ours, theirs], {
    ...where,
    config: MERGE_CONFIG,
    accept: [0, 1],
  })
  const [tree = '', ...names] = done.stdout.toString('utf8').split('\0')
  if (done.code === 0) return { kind: 'clean', tree }
  // A file in the way of a directory is set aside as `<path>~<label of its side>`, and the label is our commit.
  const paths = names.filter((name) => name !== '').map((name) => setAside(name, [ours, theirs]))
  return { kind: 'conflict', paths: [...new Set(paths)].sort(compareText) }
}

function setAside(name: string, labels: readonly string[]): string {
  const label = labels.find((id) => name.includes(`~${id}`))
  return label === undefined ? name : name.slice(0, name.lastIndexOf(`~${label}`))
}

async function commit(repository: Repository, revision: string): Promise<string> {
  const id = await repository.resolve(revision)
  if (id === null) throw new GitError('missing-object', `the repository does not have ${revision}`)
  return id
}
