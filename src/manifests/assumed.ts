// The baseline that a configuration assumes: what runs in a cluster and is not in the tree.
import type { Manifest } from '../core/kubernetes/manifest.ts'
import type { Problem } from '../core/source/problem.ts'
import type { Tree } from '../git/tree.ts'
import { readFiles } from './read-files.ts'
import type { Workshop } from './workshop.ts'

/** Loads the files of an assumed baseline, which a configuration names; one that is missing is a problem. */
export async function loadAssumed(
  tree: Tree,
  paths: readonly string[],
  { parsed }: Pick<Workshop, 'parsed'>,
): Promise<{ readonly manifests: readonly Manifest[]; readonly problems: readonly Problem[] }> {
  if (paths.length === 0) return { manifests: [], problems: [] }
  // What is behind a link is not followed, and is missing.
  const regular = (await tree.files()).filter(({ mode }) => mode.startsWith('100'))
  const known = new Map(regular.map((file) => [file.path, file]))
  const missing = paths.filter((path) => !known.has(path))
  const found = paths.flatMap((path) => known.get(path) ?? [])
  const files = [...(await readFiles(tree, found, { editable: false, configMaps: false }, parsed)).values()]
  const problems = missing.map((path): Problem => ({
    path,
    line: 1,
    code: 'no-assumed-manifest',
    class: 'unseen',
    message: `The configuration assumes the manifests of ${path}, which is not there.`,
    remedy: 'Correct clusters.<name>.assume.manifests, or add the file to the base branch.',
    hides: { namespaces: 'all' },
  }))
  return {
    manifests: files.flatMap((file) => file.manifests),
    problems: [...problems, ...files.flatMap((file) => file.problems)],
  }
}
