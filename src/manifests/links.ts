// Symbolic links of a tree. What is behind one is not judged in its place; that it is another by now still matters to
// whoever would see it there.
import { posix } from 'node:path'
import { positionIn } from '../core/source/sorted.ts'
import type { Tree, TreeFile } from '../git/tree.ts'
import { foldersOf, isWithin, joinPath } from './source-tree.ts'

/** A link's path to what it names, as a path of the tree. */
export type Links = ReadonlyMap<string, string>

/** What links lead to, without those that lead out of the tree, or to all of it. */
export async function readLinks(links: readonly TreeFile[], tree: Tree): Promise<Links> {
  if (links.length === 0) return NO_LINKS
  const texts = await tree.read(links.filter(({ size }) => size <= MOST_LETTERS))
  return new Map(
    links.flatMap(({ path }): [string, string][] => {
      const written = new TextDecoder().decode(texts.get(path))
      const target = joinPath(posix.dirname(path), written)
      return written === '' || posix.isAbsolute(written) || target === '.' || isWithin(target, '..')
        ? []
        : [[path, target]]
    }),
  )
}

const NO_LINKS: Links = new Map()

/** Linux follows 40, of 4,095 bytes (path_resolution(7)); whoever writes such a chain by hand is up to something. */
const MOST_STEPS = 10
const MOST_LETTERS = 1000

/** The files behind a link. @param files in order of their paths */
export function filesBehind(link: string, links: Links, files: readonly TreeFile[]): readonly TreeFile[] {
  const end = endOf(link, links)
  const found: TreeFile[] = []
  const last = `${end}0`
  for (let at = positionIn(files, end, ({ path }) => path); at < files.length; at += 1) {
    const file = files[at] as TreeFile
    // After `a/` comes `a0`, in UTF-16 units.
    if (file.path >= last) return found
    if (isWithin(file.path, end)) found.push(file)
  }
  return found
}

/** What stands at the end of a link, which may lead to a link, or through one. */
export function endOf(link: string, links: Links): string {
  let at = link
  for (let step = 0; step < MOST_STEPS && at.length <= MOST_LETTERS; step += 1) {
    const next = foldersOf(at).find((path) => links.has(path))
    if (next === undefined) return at
    at = joinPath(links.get(next) ?? next, at.slice(next.length))
  }
  return at
}
