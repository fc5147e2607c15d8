// A tree that is another one but for a few files that stand by themselves: what the other one came to is taken over, and
// only the folders of those files are read again. Whatever may reach further is gathered anew.
import { posix } from 'node:path'
import picomatch from 'picomatch'
import { isEqual } from '../core/kubernetes/origin.ts'
import { compareText } from '../core/source/problem.ts'
import { listingOf } from '../git/tree.ts'
import type { Tree, TreeFile } from '../git/tree.ts'
import { isOfController } from './controllers.ts'
import { expand } from './expand.ts'
import type { Root } from './expand.ts'
import { filesChanged } from './files-changed.ts'
import type { FileChange } from './files-changed.ts'
import { MAX_FILE_SIZE, isInCapitals, isKustomization } from './listing.ts'
import type { Gathered, Grounds, LoadOptions } from './load.ts'
import { readFiles } from './read-files.ts'
import { isWithin, sourceFile } from './source-tree.ts'
import type { PlainUnit } from './unit.ts'
import type { Workshop } from './workshop.ts'

/** What `gather` would say of a tree, made of what it said of another one; null where that does not show. */
export async function gatherAgain(
  near: Gathered,
  tree: Tree,
  options: LoadOptions,
  workshop: Workshop,
): Promise<Gathered | null> {
  const { grounds } = near
  const files = await listingOf(tree)
  const changes = filesChanged(grounds.files, files)
  const [share, ...others] = near.shares
  if (changes === null || share === undefined || others.length > 0 || share.owner !== null) return null
  // Where objects of controllers say what is applied, any file may be meant by one of them.
  if (!isAlike(options, grounds.options) || options.clusters.some(({ paths }) => paths !== null)) return null
  if (share.controlled || share.abandoned.size > 0 || grounds.asksForValues) return null
  const layout = grounds.layout()
  for (const path of (options.takenElsewhere ?? new Map<string, never>()).keys())
    if (changes.has(path) || layout.isOwn(path, share.roots)) return null
  if (changes.size === 0) return near

  const since = new Map([
    ...grounds.since,
    ...[...changes].map(([path, { after }]) => [path, after] as const),
  ])
  const kitchen = kitchenOver(grounds, tree, since, workshop)
  const folders = new Set<string>()
  for (const [path, change] of changes) {
    const reach = reachOf(path, change, near, options)
    if (reach === 'far') return null
    if (reach === 'folder') folders.add(posix.dirname(path))
  }
  const roots = [...share.roots]
  const holdings = [...share.holdings]
  const replaced = new Map<Root, Root>()
  for (const folder of folders) {
    const index = layout.rootIn.get(folder)
    const root = index === undefined ? undefined : share.roots[index]
    if (index === undefined || root === undefined) return null
    const inside = new Map([...changes].filter(([path]) => posix.dirname(path) === folder))
    const now = await regrown(root, inside, grounds.kitchen.parsed, kitchen, options)
    if (now === null) return null
    roots[index] = now.root
    holdings[index] = { own: now.unit.paths, inputs: now.unit.paths, isWider: false }
    replaced.set(root, now.root)
  }
  return {
    ...near,
    shares: [{ ...share, roots, holdings }],
    holdings,
    idOf: (path) => (since.has(path) ? since.get(path)?.id : grounds.listing.idOf(path)),
    async text(path) {
      if (!since.has(path)) return grounds.listing.tree.text(path)
      const file = since.get(path)
      return file?.mode.startsWith('100') === true ? sourceFile(tree, file) : null
    },
    grounds: { ...grounds, files, options, since, kitchen },
    revises: { near: new WeakRef(near), replaced },
  }
}

function isAlike(a: LoadOptions, b: LoadOptions): boolean {
  return (['ignorePaths', 'assumed', 'clusters', 'repositories'] as const).every((key) =>
    isEqual(a[key], b[key]),
  )
}

/** How far a change of a file reaches: `folder`: the files that stand by themselves there; `far`: nobody knows. */
function reachOf(
  path: string,
  { before, after }: FileChange,
  { grounds, shares: [share] }: Gathered,
  options: LoadOptions,
): 'none' | 'folder' | 'far' {
  const layout = grounds.layout()
  const folder = posix.dirname(path)
  const isRegular = (file: TreeFile | null): boolean =>
    file === null || (file.mode.startsWith('100') && file.size <= MAX_FILE_SIZE)
  const isOfChart =
    posix.basename(path) === 'Chart.yaml' || grounds.listing.charts.some((one) => isWithin(path, one))
  if (!isRegular(before) || !isRegular(after) || isOfChart || isKustomization(path)) return 'far'
  if (isInCapitals(path)) return 'far'
  if (layout.foreign.has(path) || share?.watched.includes(path) !== false) return 'far'
  const comesOrGoes = before === null || after === null
  if (comesOrGoes && layout.kustomized.has(folder)) return 'far'
  if (!isPlain(path, options)) {
    // Who puts something into a folder asks for the names in it; a folder that comes or goes is another matter.
    if (!comesOrGoes) return 'none'
    if (layout.rootIn.has(folder)) return 'folder'
    return before === null && grounds.listing.tree.kindOf(folder) === 'folder' ? 'none' : 'far'
  }
  return layout.kustomized.has(folder) ? 'far' : 'folder'
}

function isPlain(path: string, { assumed, ignorePaths }: LoadOptions): boolean {
  return /\.(ya?ml|json)$/.test(path) && !assumed.includes(path) && !isIgnored(path, ignorePaths)
}

function isIgnored(path: string, patterns: readonly string[]): boolean {
  return patterns.length > 0 && picomatch([...patterns], { dot: true })(path)
}

/** The root of a folder of files that stand by themselves, with other files in it; null where more hangs on it. */
async function regrown(
  root: Root,
  changes: ReadonlyMap<string, FileChange>,
  parsedBefore: Grounds['kitchen']['parsed'],
  kitchen: Grounds['kitchen'],
  options: LoadOptions,
): Promise<{ readonly root: Root; readonly unit: PlainUnit } | null> {
  const [unit, ...more] = root.units
  if (unit?.kind !== 'plain' || more.length > 0 || !isSelfContained(root)) return null
  const paths = new Set(unit.paths)
  const names = new Set(unit.host?.names)
  const known = new Set(unit.paths)
  for (const [path, { before, after }] of changes) {
    paths.delete(path)
    names.delete(posix.basename(path))
    if (after !== null) names.add(posix.basename(path))
    // Of what is no manifest the name alone counts.
    if (!isPlain(path, options)) continue
    // What says something and is of no root has another reason not to be.
    const said = before === null ? [] : await parsedBefore([path])
    if (!known.has(path) && said.some(saysSomething)) return null
    if (after !== null && (await kitchen.parsed([path])).some(saysSomething)) paths.add(path)
  }
  const sorted = [...paths].sort(compareText)
  const [first] = sorted
  if (first === undefined) return null
  const host = unit.host === null ? null : { ...unit.host, names: new Set([...names].sort()) }
  const now: PlainUnit = { ...unit, paths: sorted, at: { path: first, line: 1 }, host }
  const [grown] = await expand([{ path: root.path, plain: root.plain, units: [now] }], kitchen)
  return grown === undefined || !isSelfContained(grown) ? null : { root: grown, unit: now }
}

function saysSomething({
  manifests,
  problems,
}: {
  manifests: readonly unknown[]
  problems: readonly unknown[]
}): boolean {
  return manifests.length > 0 || problems.length > 0
}

/** Nothing that it makes asks for more, and nothing else asks for what it makes. */
function isSelfContained({ parts }: Root): boolean {
  const [part, ...more] = parts
  return (
    part?.cluster === null &&
    more.length === 0 &&
    part.units.length === 0 &&
    !part.manifests.some((manifest) => isOfController(manifest))
  )
}

/** The kitchen of the tree that was gathered anew, where some files have other contents by now. */
function kitchenOver(
  { anew }: Grounds,
  tree: Tree,
  since: ReadonlyMap<string, TreeFile | null>,
  { parsed }: Pick<Workshop, 'parsed'>,
): Grounds['kitchen'] {
  return {
    ...anew.kitchen,
    async parsed(paths) {
      const fresh = paths.flatMap((path) => since.get(path) ?? [])
      const read = await readFiles(tree, fresh, { editable: true, configMaps: false }, parsed)
      const old = await anew.kitchen.parsed(paths.filter((path) => !since.has(path)))
      const found = new Map([...old.map((file) => [file.path, file] as const), ...read])
      return paths.flatMap((path) => found.get(path) ?? [])
    },
  }
}
