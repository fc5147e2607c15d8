// A tree becomes manifests with origins, and problems. Plain YAML and JSON; a file is parsed once for each
// content it ever has, as long as the cache lives.
import { posix } from 'node:path'
import picomatch from 'picomatch'
import type { Manifest } from '../core/kubernetes/manifest.ts'
import type { Problem } from '../core/source/problem.ts'
import type { Tree, TreeFile } from '../git/tree.ts'
import { parseFile } from './parse.ts'
import type { ParsedFile } from './parse.ts'
import { findUnrendered, isKustomization, isWithin } from './unrendered.ts'

/** Bytes; the API server refuses objects above 1.5 MB, and lists of them may be longer. */
const MAX_FILE_SIZE = 10 * 1024 * 1024

/** Parsed files by path and blob id; the caller decides how many it keeps. */
export interface ParseCache {
  readonly get: (key: string) => ParsedFile | undefined
  readonly set: (key: string, file: ParsedFile) => void
}

export interface LoadOptions {
  /** Glob patterns of paths that are no manifests. */
  readonly ignorePaths: readonly string[]
  /** Files that hold an assumed baseline: judged, never edited, and read from the base. */
  readonly assumed: readonly string[]
}

export interface Loaded {
  readonly files: ReadonlyMap<string, ParsedFile>
  /** Blob id of each file that was read, for telling two trees apart. */
  readonly ids: ReadonlyMap<string, string>
  readonly problems: readonly Problem[]
}

/** Loads every manifest of a tree. */
export async function load(tree: Tree, options: LoadOptions, cache: ParseCache): Promise<Loaded> {
  const { files: all, problems, watched } = await candidates(tree, options)
  const files = await parse(tree, all, true, cache)
  return {
    files,
    ids: new Map([...all, ...watched].map(({ path, id }) => [path, id])),
    problems: [...problems, ...[...files.values()].flatMap((file) => file.problems)],
  }
}

/** Loads the files of an assumed baseline, which a configuration names; one that is missing is a problem. */
export async function loadAssumed(tree: Tree, paths: readonly string[], cache: ParseCache): Promise<Loaded> {
  const known = new Map((await tree.files()).map((file) => [file.path, file]))
  const missing = paths.filter((path) => !known.has(path))
  const found = paths.flatMap((path) => known.get(path) ?? [])
  const files = await parse(tree, found, false, cache)
  const problems = missing.map((path): Problem => ({
    path,
    line: 1,
    code: 'no-assumed-manifest',
    class: 'unseen',
    message: `The configuration assumes the manifests of ${path}, which is not in the base.`,
    remedy: 'Correct clusters.<name>.assume.manifests, or add the file to the base branch.',
    hides: { namespaces: 'all' },
  }))
  return {
    files,
    ids: new Map(),
    problems: [...problems, ...[...files.values()].flatMap((file) => file.problems)],
  }
}

/** The manifests whose files lie below any of the paths; null means the whole tree. */
export function manifestsUnder(loaded: Loaded, paths: readonly string[] | null): readonly Manifest[] {
  return [...loaded.files.values()]
    .filter(({ path }) => paths === null || paths.some((folder) => isWithin(path, folder)))
    .flatMap(({ manifests }) => manifests)
}

interface Candidates {
  readonly files: readonly TreeFile[]
  /**
   * Files that are not read as manifests and bear on them all the same: links, files that are too large, and
   * whatever a kustomization or a chart is made of. A change of theirs must not pass as no change at all.
   */
  readonly watched: readonly TreeFile[]
  readonly problems: readonly Problem[]
}

async function candidates(tree: Tree, { ignorePaths, assumed }: LoadOptions): Promise<Candidates> {
  const ignored = ignorePaths.length === 0 ? (): boolean => false : picomatch([...ignorePaths], { dot: true })
  const every = (await tree.files()).filter(({ path }) => !assumed.includes(path) && !ignored(path))
  const wanted = every.filter(
    (file) => /\.(ya?ml|json)$/.test(file.path) || isKustomization(file.path) || mayHoldFolders(file),
  )
  const [links, regular, submodules] = [
    wanted.filter(({ mode }) => mode === '120000'),
    wanted.filter(({ mode }) => mode.startsWith('100')),
    wanted.filter(({ mode }) => mode === '160000'),
  ]
  const large = regular.filter(({ size }) => size > MAX_FILE_SIZE)
  const readable = regular.filter(({ size }) => size <= MAX_FILE_SIZE)
  const kustomizations = await texts(
    tree,
    readable.filter(({ path }) => isKustomization(path)),
  )
  const unrendered = findUnrendered(
    readable.map(({ path }) => path),
    kustomizations,
  )
  const files = readable.filter(({ path }) => !isKustomization(path) && !unrendered.skip(path))
  const read = new Set(files)
  const manifestNames = new Set(wanted)
  return {
    files,
    watched: every.filter(
      (file) => !read.has(file) && (manifestNames.has(file) || unrendered.isInput(file.path)),
    ),
    problems: [
      ...unrendered.problems,
      ...links.map(({ path }) => link(path)),
      ...submodules.map(({ path }) => submodule(path)),
      ...large.map(({ path, size }) => tooLarge(path, size)),
    ],
  }
}

async function parse(
  tree: Tree,
  files: readonly TreeFile[],
  editable: boolean,
  cache: ParseCache,
): Promise<ReadonlyMap<string, ParsedFile>> {
  const key = ({ path, id }: TreeFile): string => `${editable ? '' : 'assumed '}${id} ${path}`
  // Kept from here on: by the time the others are read, the cache may have forgotten what it knew.
  const known = new Map<TreeFile, ParsedFile>()
  const bytes = await tree.read(files, (file) => {
    const before = cache.get(key(file))
    if (before !== undefined) known.set(file, before)
    return before === undefined
  })
  return new Map(
    files.map((file) => {
      const { path } = file
      const before = known.get(file)
      if (before !== undefined) return [path, before]
      const content = bytes.get(path)
      if (content === undefined) return [path, { path, manifests: [], problems: [gone(path)] }]
      const now = parseFile(path, content, editable)
      cache.set(key(file), now)
      return [path, now]
    }),
  )
}

/** A submodule, or a link whose name has no ending and may therefore be a folder's. */
function mayHoldFolders({ path, mode }: TreeFile): boolean {
  return mode === '160000' || (mode === '120000' && !posix.basename(path).includes('.'))
}

async function texts(tree: Tree, files: readonly TreeFile[]): Promise<ReadonlyMap<string, string>> {
  const bytes = await tree.read(files)
  return new Map([...bytes].map(([path, content]) => [path, new TextDecoder().decode(content)]))
}

function submodule(path: string): Problem {
  return {
    path,
    line: 1,
    code: 'submodule',
    class: 'unseen',
    message: `${path} is a submodule, which is not fetched: the objects in it are not seen here.`,
    remedy: 'Keep the manifests in this repository, or leave the submodule out with ignorePaths.',
    hides: { namespaces: [], under: [path] },
  }
}

function link(path: string): Problem {
  return {
    path,
    line: 1,
    code: 'symbolic-link',
    class: 'unseen',
    message: `${path} is a symbolic link, which is not followed: the objects behind it are not seen here.`,
    remedy: 'Keep the file itself at this path, or leave it out with ignorePaths.',
    hides: { namespaces: [], under: [path] },
  }
}

function gone(path: string): Problem {
  return {
    path,
    line: 1,
    code: 'file-not-read',
    class: 'unreadable',
    message: `${path} is listed in the tree and could not be read.`,
    remedy: 'Run the check again; if it stays, look at the permissions of the file.',
    hides: { namespaces: 'all' },
  }
}

function tooLarge(path: string, size: number): Problem {
  return {
    path,
    line: 1,
    code: 'file-too-large',
    class: 'unreadable',
    message: `${path} has ${String(size)} bytes, more than the ${String(MAX_FILE_SIZE)} that are read of one file.`,
    remedy: 'Split it, or leave it out with ignorePaths.',
    hides: { namespaces: 'all' },
  }
}
