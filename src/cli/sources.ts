// What the words on the command line stand for: trees to compare, and where their configuration stands.
import { stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { directoryTree, gitTree, workingTree } from '../git/tree.ts'
import type { Tree } from '../git/tree.ts'
import { openRepository } from '../git/repository.ts'
import type { Repository } from '../git/repository.ts'
import { UsageError } from './usage-error.ts'

export interface SourceOptions {
  readonly base?: string | undefined
  readonly head?: string | undefined
  /** The root of the tree that is read; default: the root of the repository, else here. */
  readonly path?: string | undefined
  /** The head is compared with itself where no base is named: the question is what a label would change. */
  readonly asksEnroll?: boolean | undefined
}

export interface Sources {
  readonly base: Tree | null
  readonly head: Tree
  /** The tree that holds `.github/`: a repository's root, where there is one. */
  readonly configuration: Tree
  /** The same of the head: the same tree, where there is no base. */
  readonly proposed: Tree
  /** The URLs of the repository's remotes; empty where the tree is no whole repository. */
  readonly repositories: readonly string[]
  /** Is the tree a folder of a repository? */
  readonly isPart: boolean
  /** Where a fix is written: the folder on disk that the head is; null where the head is a commit. */
  readonly folder: string | null
}

/** Resolves both sides. @throws UsageError, with what to write instead */
export async function findSources(options: SourceOptions): Promise<Sources> {
  const path = options.path ?? '.'
  if (!(await isDirectory(path)))
    throw new UsageError(`${path} is no folder. Name the root of the tree to read.`)
  const found = await openRepository(path)
  // Half a repository is judged only where somebody asks for it: what decides may well stand in the other half.
  const repository = found !== null && options.path === undefined ? { ...found, prefix: '' } : found
  const head = await sideOf(options.head, 'head', path, repository)
  const base = await baseOf(options, path, repository, head)
  // A folder that is named instead is no part of the repository that this happens to be called in.
  const isOwn = repository !== null && head.commit !== null
  const isPart = repository !== null && repository.prefix !== ''
  return {
    base: base?.tree ?? null,
    head: head.tree,
    configuration: (base ?? head).configuration,
    proposed: head.configuration,
    folder: head.folder,
    repositories: isOwn && !isPart ? await repository.remoteUrls() : [],
    isPart: isOwn && isPart,
  }
}

interface Side {
  readonly tree: Tree
  readonly configuration: Tree
  readonly folder: string | null
  /** The commit that the side is, or grew from; null for a folder. */
  readonly commit: string | null
}

async function sideOf(
  name: string | undefined,
  option: string,
  path: string,
  repository: Repository | null,
): Promise<Side> {
  if (name === undefined) {
    if (repository === null || repository.bare) {
      if (repository !== null)
        throw new UsageError(`${path} is a bare repository: name a revision with --${option}.`)
      return folderSide(path)
    }
    return {
      tree: workingTree(repository, { under: repository.prefix }),
      configuration: workingTree(repository),
      folder: join(repository.root, repository.prefix),
      commit: await repository.resolve('HEAD'),
    }
  }
  const commit = (await repository?.resolve(name)) ?? null
  const folder = await isDirectory(name)
  if (commit !== null && folder) {
    throw new UsageError(
      `--${option} ${name} is both a revision and a folder. Write ./${name} for the folder, or the commit's id.`,
    )
  }
  if (folder) return folderSide(name)
  if (commit === null || repository === null) {
    const where = repository === null ? `${path} is no git repository` : 'there is no such revision or folder'
    throw new UsageError(
      `--${option} ${name}: ${where}. Name a folder${repository === null ? '' : ' or a revision such as main or HEAD~1'}.`,
    )
  }
  return commitSide(repository, commit, name)
}

async function baseOf(
  options: SourceOptions,
  path: string,
  repository: Repository | null,
  head: Side,
): Promise<Side | null> {
  if (options.base === 'none') return null
  if (options.base !== undefined) return sideOf(options.base, 'base', path, repository)
  if (options.asksEnroll === true) return head
  if (repository === null || head.commit === null) return null
  const branch = await repository.defaultBranch()
  if (branch === null)
    throw new UsageError(
      'This repository has neither a main nor a master branch. Name what to compare with: --base REV, or --base none.',
    )
  const commit = await repository.mergeBase(head.commit, branch)
  if (commit === null) {
    const remedy = repository.shallow
      ? 'The clone is shallow: fetch its history, or name a base with --base.'
      : 'Name a base with --base.'
    throw new UsageError(`No common ancestor of the head and ${branch} is known. ${remedy}`)
  }
  return commitSide(repository, commit, commit.slice(0, 12))
}

function commitSide(repository: Repository, commit: string, label: string): Side {
  const named = (tree: Tree): Tree => ({
    ...tree,
    label,
    files: () => tree.files(),
    read: (files, wanted) => tree.read(files, wanted),
  })
  return {
    tree: named(gitTree(repository.gitDirectory, commit, { under: repository.prefix })),
    configuration: gitTree(repository.gitDirectory, commit),
    folder: null,
    commit,
  }
}

function folderSide(folder: string): Side {
  const tree = directoryTree(resolve(folder))
  return { tree, configuration: tree, folder: resolve(folder), commit: null }
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory()
  } catch {
    return false
  }
}
