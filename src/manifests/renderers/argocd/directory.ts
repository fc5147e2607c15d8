// The files of a folder that Argo CD applies as they stand (getPotentiallyValidManifests in
// reposerver/repository/repository.go; docs/user-guide/directory.md).
import { posix } from 'node:path'
import { joinPath } from '../../source-tree.ts'
import type { SourceTree } from '../../source-tree.ts'

export interface DirectoryRules {
  readonly recurse: boolean
  readonly includes: (path: string) => boolean
}

export interface DirectoryFiles {
  readonly manifests: readonly string[]
  /** Programs that make manifests. */
  readonly jsonnet: readonly string[]
  /** Links to files, which Argo CD follows and we do not. */
  readonly links: readonly string[]
}

const MANIFEST = /\.(?:yaml|yml|json|jsonnet)$/

/** A file with these words is left out, wherever they stand in it. */
const SKIPPED = '+argocd:skip-file-rendering'

/** All paths are of the tree and sorted; `includes` is asked for paths relative to the folder. */
export async function directoryFiles(
  folder: string,
  { recurse, includes }: DirectoryRules,
  tree: SourceTree,
): Promise<DirectoryFiles> {
  const files: string[] = []
  const links: string[] = []
  const walk = (at: string): void => {
    for (const name of tree.names(at)) {
      const path = joinPath(at, name)
      const kind = tree.kindOf(path)
      if (kind === 'folder' && recurse) walk(path)
      if (!MANIFEST.test(name) || !includes(posix.relative(folder, path))) continue
      if (kind === 'file') files.push(path)
      if (kind === 'link') links.push(path)
    }
  }
  walk(folder)
  const bytes = await tree.read(files)
  const kept = files.filter((path) => {
    const content = bytes.get(path)
    return (
      content === undefined ||
      !Buffer.from(content.buffer, content.byteOffset, content.length).includes(SKIPPED)
    )
  })
  const isJsonnet = (path: string): boolean => path.endsWith('.jsonnet')
  return {
    manifests: kept.filter((path) => !isJsonnet(path)).sort(),
    jsonnet: kept.filter(isJsonnet).sort(),
    links: links.sort(),
  }
}
