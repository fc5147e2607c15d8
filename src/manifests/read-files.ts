// Files as parsed manifests; a file is parsed once for each content that it ever has, as long as the memory lives.
import type { Problem } from '../core/source/problem.ts'
import type { Tree, TreeFile } from '../git/tree.ts'
import { parseFile } from './parse.ts'
import type { ParsedFile, ParseOptions } from './parse.ts'
import type { ParseCache } from './workshop.ts'

/** Parses files of a tree, in their order, by path. */
export async function readFiles(
  tree: Pick<Tree, 'read'>,
  files: readonly TreeFile[],
  options: ParseOptions,
  cache: ParseCache,
): Promise<ReadonlyMap<string, ParsedFile>> {
  const kind = `${options.editable ? '' : 'assumed '}${options.configMaps ? 'values ' : ''}`
  const key = ({ path, id }: TreeFile): string => `${kind}${id} ${path}`
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
      const now = parseFile(path, content, options)
      cache.set(key(file), now)
      return [path, now]
    }),
  )
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
