// A repository on this machine, and the questions a command line asks it.
import { stat } from 'node:fs/promises'
import { compareText } from '../core/source/problem.ts'
import { git, GitError, line } from './command.ts'
import { type ObjectFormat, resolveObject, treeOf } from './objects.ts'

/** `path` is the new one of a rename. Paths are relative to the trees that were compared. */
export interface ChangedPath {
  readonly status: 'added' | 'removed' | 'modified' | 'renamed'
  readonly path: string
  readonly previousPath?: string
}

export interface Repository {
  /** Absolute path of the top of the work tree; of the git directory itself where there is no work tree. */
  readonly root: string
  /** Absolute path of the git directory: of this work tree, where a repository has several. */
  readonly gitDirectory: string
  /** Where the directory that was asked about is below `root`: `` or `a/b`. */
  readonly prefix: string
  /** No work tree: a bare repository, or a directory inside `.git`. */
  readonly bare: boolean
  /** History ends early: a merge base may be out of sight. */
  readonly shallow: boolean
  readonly format: ObjectFormat
  /** The commit a revision names, as a full id; null when there is none. */
  resolve(revision: string): Promise<string | null>
  /** The tree of a revision. @throws GitError `missing-object` */
  treeOf(revision: string): Promise<string>
  /** A short name such as `origin/main`, for `resolve` and for people; null when none of the usual ones exists. */
  defaultBranch(): Promise<string | null>
  /** The best common ancestor of two revisions; null when they share no history, or none that a shallow clone sees. */
  mergeBase(a: string, b: string): Promise<string | null>
  /** The URLs of its remotes, as they are written. */
  remoteUrls(): Promise<readonly string[]>
  /** What differs between two trees or commits, sorted by path. A change of mode or type is `modified`. */
  changedPaths(a: string, b: string): Promise<readonly ChangedPath[]>
}

/** The repository that contains a directory, or null. @throws GitError, for instance when git is not installed */
export async function openRepository(directory: string): Promise<Repository | null> {
  if (!(await isDirectory(directory))) return null
  const ask = async (...args: string[]): Promise<string | null> => {
    const done = await git(['rev-parse', ...args], { cwd: directory, accept: [0, 128] })
    return done.code === 0 ? line(done) : null
  }
  const gitDirectory = await ask('--absolute-git-dir')
  if (gitDirectory === null) return null
  const top = await ask('--show-toplevel')
  return {
    root: top ?? gitDirectory,
    gitDirectory,
    prefix: ((top === null ? null : await ask('--show-prefix')) ?? '').replace(/\/$/, ''),
    bare: top === null,
    shallow: (await ask('--is-shallow-repository')) === 'true',
    format: (await ask('--show-object-format')) === 'sha256' ? 'sha256' : 'sha1',
    resolve: (revision) => resolveObject(gitDirectory, revision, 'commit'),
    treeOf: (revision) => treeOf(gitDirectory, revision),
    defaultBranch: () => defaultBranch(gitDirectory),
    mergeBase: (a, b) => mergeBase(gitDirectory, a, b),
    remoteUrls: () => remoteUrls(gitDirectory),
    changedPaths: (a, b) => changedPaths(gitDirectory, a, b),
  }
}

/** What `origin` says, then the two usual names there, then here. */
async function defaultBranch(directory: string): Promise<string | null> {
  const head = await git(['symbolic-ref', '--quiet', 'refs/remotes/origin/HEAD'], {
    cwd: directory,
    accept: [0, 1, 128],
  })
  const usual = [
    'refs/remotes/origin/main',
    'refs/remotes/origin/master',
    'refs/heads/main',
    'refs/heads/master',
  ]
  const candidates = head.code === 0 ? [line(head), ...usual] : usual
  const done = await git(['for-each-ref', '--format=%(refname)%00%(refname:short)', ...candidates], {
    cwd: directory,
  })
  const short = new Map<string, string>()
  for (const text of line(done).split('\n')) {
    const [name = '', abbreviated = ''] = text.split('\0')
    short.set(name, abbreviated)
  }
  const first = candidates.find((name) => short.has(name))
  return first === undefined ? null : (short.get(first) ?? null)
}

/** `remote.<name>.url NEWLINE <value> NUL`, git-config(1); exit code 1 where there is none. */
async function remoteUrls(directory: string): Promise<readonly string[]> {
  const done = await git(['config', '-z', '--local', '--get-regexp', '^remote\\..*\\.url$'], {
    cwd: directory,
    accept: [0, 1],
  })
  const entries = done.stdout.toString('utf8').split('\0')
  return entries.flatMap((entry) => (entry.includes('\n') ? [entry.slice(entry.indexOf('\n') + 1)] : []))
}

async function mergeBase(directory: string, a: string, b: string): Promise<string | null> {
  const commits = [await existing(directory, a, 'commit'), await existing(directory, b, 'commit')]
  const done = await git(['merge-base', ...commits], { cwd: directory, accept: [0, 1] })
  return done.code === 0 ? line(done) : null
}

/** `<status letter and score>NUL<path>NUL`, twice the path for a rename, git-diff-tree(1). */
async function changedPaths(directory: string, a: string, b: string): Promise<readonly ChangedPath[]> {
  const trees = [await existing(directory, a, 'tree'), await existing(directory, b, 'tree')]
  const flags = ['-r', '-z', '--name-status', '-M', '-l1000', '--no-ext-diff', '--no-textconv']
  const done = await git(['diff-tree', ...flags, ...trees], { cwd: directory })
  const fields = done.stdout.toString('utf8').split('\0').values()
  const changes: ChangedPath[] = []
  for (const letter of fields) {
    if (letter === '') break
    const path: string = fields.next().value ?? ''
    if (letter.startsWith('R')) {
      changes.push({ status: 'renamed', path: fields.next().value ?? '', previousPath: path })
    } else changes.push({ status: letter === 'A' ? 'added' : letter === 'D' ? 'removed' : 'modified', path })
  }
  return changes.sort((x, y) => compareText(x.path, y.path))
}

async function existing(directory: string, revision: string, type: 'commit' | 'tree'): Promise<string> {
  const id = await resolveObject(directory, revision, type)
  if (id === null) throw new GitError('missing-object', `the repository does not have ${revision}`)
  return id
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory()
  } catch {
    return false
  }
}
