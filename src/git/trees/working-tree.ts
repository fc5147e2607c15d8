// What a person has in front of them: tracked files as they are on disk, and new ones that git does not ignore.
import { git } from '../command.ts'
import { isUnreadable, nulTexts } from '../path-text.ts'
import { blobSizes, readBlobs } from '../objects.ts'
import type { Repository } from '../repository.ts'
import { look, readAll, unnamed, type Disk, type Walked } from './disk.ts'
import { insidePath } from './inside.ts'
import { byPath, type TreeFile } from './file-list.ts'
import { listedOnce, type Tree } from './tree.ts'

/**
 * The working tree of a repository that has one, or its folder `under` as the root. Files deleted on disk are absent;
 * files that a sparse checkout leaves out are not deleted, and are read from the index. The ignore rules of the
 * repository count, those of the user's home do not. Untracked repositories inside this one are not looked into.
 */
export function workingTree(repository: Repository, options: { under?: string } = {}): Tree {
  const under = insidePath(options.under ?? '')
  const prefix = under === '' ? '' : `${under}/`
  const root = repository.root
  const disk: Disk = { root: prefix === '' ? root : `${root}/${under}`, format: repository.format }
  /** What is in the index and not on disk, by design. */
  const sparse = new Set<string>()
  return {
    label: 'working tree',
    files: listedOnce(async () => {
      const [tracked, untracked] = await Promise.all([index(root, under), others(root, under)])
      const walked: Walked = new Map()
      const whole: Disk = { ...disk, root }
      const found = new Map<string, TreeFile>()
      const add = (file: TreeFile | null): void => {
        if (file !== null) found.set(file.path, file)
      }
      const absent = tracked.filter((entry) => entry.sparse)
      const sizes =
        absent.length === 0
          ? null
          : await blobSizes(
              root,
              absent.map(({ id }) => id),
            )
      for (const { path, mode, id, sparse: out } of tracked) {
        const name = path.slice(prefix.length)
        if (mode === '160000') add({ path: name, mode, id, size: 0 })
        else if (out) {
          sparse.add(name)
          add({ path: name, mode, id, size: sizes?.get(id) ?? 0 })
        } else add(isUnreadable(path) ? unnamed(name) : look(whole, path, name, walked))
      }
      for (const path of untracked) {
        const name = path.slice(prefix.length)
        add(isUnreadable(path) ? unnamed(name) : look(whole, path, name, walked))
      }
      return [...found.values()].sort(byPath)
    }),
    async read(files, wanted = () => true) {
      const found = readAll(
        disk,
        files.filter(({ path }) => !sparse.has(path)),
        wanted,
      )
      const indexed = files.filter((file) => sparse.has(file.path) && wanted(file))
      const blobs = await readBlobs(
        root,
        indexed.map(({ id }) => id),
      )
      for (const { path, id } of indexed) {
        const bytes = blobs.get(id)
        if (bytes !== undefined) found.set(path, bytes)
      }
      return found
    },
  }
}

interface IndexEntry {
  readonly path: string
  readonly mode: string
  readonly id: string
  readonly sparse: boolean
}

/** `<tag> SP <mode> SP <id> SP <stage>TAB<path>NUL`; the tag S is skip-worktree, git-ls-files(1). */
async function index(root: string, under: string): Promise<IndexEntry[]> {
  const entries: IndexEntry[] = []
  for (const text of await lsFiles(root, ['-s', '-t'], under)) {
    const tab = text.indexOf('\t')
    const [tag, mode = '', id = ''] = text.slice(0, tab).split(' ')
    entries.push({ path: text.slice(tab + 1), mode, id, sparse: tag === 'S' })
  }
  return entries
}

/** A repository inside this one comes as a path that ends in a slash. */
async function others(root: string, under: string): Promise<string[]> {
  const paths = await lsFiles(root, ['-o', '--exclude-standard'], under)
  return paths.filter((path) => !path.endsWith('/'))
}

async function lsFiles(root: string, flags: readonly string[], under: string): Promise<readonly string[]> {
  const where = under === '' ? [] : ['--', under]
  const done = await git(['ls-files', '-z', ...flags, ...where], { cwd: root })
  return nulTexts(done.stdout)
}
