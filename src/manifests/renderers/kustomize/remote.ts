// Everything that a build takes: files of the tree, and what the configuration allows to be fetched, placed beside the
// kustomization that names it, as if it had been vendored there. What is not to be had is left out, and said.
import { posix } from 'node:path'
import type { Place } from '../../../core/kubernetes/origin.ts'
import type { Problem } from '../../../core/source/problem.ts'
import { compareText } from '../../../core/source/problem.ts'
import type { TreeFile } from '../../../git/tree.ts'
import { joinPath, sourceTree } from '../../source-tree.ts'
import type { SourceTree } from '../../source-tree.ts'
import type { Fetched, Kitchen, KustomizeUnit } from '../../unit.ts'
import { closureOf } from './closure.ts'
import type { Closure, Edit, RemoteChart, RemoteReference, Trouble } from './closure.ts'
import type { KustomizationFile } from './file.ts'
import { around, nameOf } from './trouble.ts'

export interface Gathered {
  readonly closure: Closure
  /** The tree with what was fetched. */
  readonly tree: SourceTree
  readonly edits: readonly Edit[]
  /** At places of this tree, also where something is wrong with what was fetched. */
  readonly troubles: readonly Trouble[]
  /** Equal where the same was fetched, and the same was not. */
  readonly answers: readonly string[]
  /** Who names what was fetched, for a path of it; null for a path of this tree. */
  readonly fetchedBy: (path: string) => FetchedBy | null
}

export interface FetchedBy {
  /** Null where a controller names it. */
  readonly kustomization: KustomizationFile
  readonly route: readonly (string | number)[]
  readonly at: Place
}

/** Something that was fetched, in a place of its own. */
interface Part extends FetchedBy {
  readonly prefix: string
  readonly tree: SourceTree
}

/** Remote bases name further ones. Nobody nests them deeper. */
const MAX_ROUNDS = 8

export async function gather(unit: KustomizeUnit, kitchen: Kitchen): Promise<Gathered> {
  const parts: Part[] = []
  const answers = new Map<string, Answer>()
  let tree = kitchen.tree
  for (let round = 0; ; round += 1) {
    const closure = await closureOf(unit.folder, tree, {
      additions: unit.additions,
      generated: unit.generated,
      at: unit.at,
      fetched: (folder, url) => answers.get(keyOf(folder, url))?.path ?? null,
    })
    const bases = closure.remote.filter(({ by, url }) => !answers.has(keyOf(by.folder, url)))
    const charts = closure.remoteCharts.filter(({ folder }) => !answers.has(keyOf(folder, '')))
    if ((bases.length === 0 && charts.length === 0) || round === MAX_ROUNDS)
      return finished(closure, tree, parts, answers)
    for (const base of bases) {
      const fetched = await kitchen.remote.resource(base.url)
      const { by, reference, at } = base
      const prefix = freeFolder(tree, by.folder, parts.length)
      answers.set(keyOf(by.folder, base.url), answerOf(fetched, prefix))
      if (fetched.ok) {
        const files = place(fetched, prefix, '.')
        parts.push({ prefix, tree: files, kustomization: by, route: reference.route, at })
      }
    }
    for (const { chart, folder, by, at } of charts) {
      const { repo: url, name, version } = chart
      const fetched = await kitchen.remote.chart({
        kind: 'remote',
        url,
        name,
        version: version === '' ? '*' : version,
      })
      answers.set(keyOf(folder, ''), answerOf(fetched, folder))
      if (fetched.ok) {
        const files = place(fetched, folder, fetched.entry)
        parts.push({ prefix: folder, tree: files, kustomization: by, route: chart.route, at })
      }
    }
    tree = withParts(kitchen.tree, parts)
  }
}

interface Answer {
  /** Where it stands by now; null where it is not to be had. */
  readonly path: string | null
  readonly id: string
  readonly reason: string
  readonly remedy: string
}

function answerOf(fetched: Fetched, prefix: string): Answer {
  if (!fetched.ok) return { path: null, id: fetched.reason, reason: fetched.reason, remedy: fetched.remedy }
  const [reason, remedy] = ['what was fetched for it is empty', 'Look at what this names, and correct it.']
  return { path: joinPath(prefix, fetched.entry), id: fetched.id, reason, remedy }
}

const TOO_DEEP: Answer = {
  path: null,
  id: '',
  reason: 'remote bases lead to remote bases without end',
  remedy: 'Vendor what it needs into this repository.',
}

function finished(
  closure: Closure,
  tree: SourceTree,
  parts: readonly Part[],
  answers: ReadonlyMap<string, Answer>,
): Gathered {
  const fetchedBy = (path: string): FetchedBy | null =>
    parts.findLast(({ prefix }) => path === prefix || path.startsWith(`${prefix}/`)) ?? null
  const edits: Edit[] = [...closure.edits]
  const troubles: Trouble[] = [...closure.troubles]
  for (const remote of closure.remote) {
    const answer = answers.get(keyOf(remote.by.folder, remote.url)) ?? TOO_DEEP
    edits.push({ folder: remote.by.folder, route: remote.reference.cut, to: null })
    troubles.push({ problem: remoteBase(remote, answer), alters: remote.reference.alters })
  }
  for (const remote of closure.remoteCharts) {
    const answer = answers.get(keyOf(remote.folder, '')) ?? TOO_DEEP
    edits.push({ folder: remote.by.folder, route: remote.chart.cut, to: null })
    troubles.push({ problem: remoteChart(remote, answer), alters: false })
  }
  return {
    closure,
    tree,
    edits,
    troubles: troubles.map(({ problem, alters }) => ({ problem: broughtHome(problem, fetchedBy), alters })),
    answers: [...answers].map(([key, { path, id }]) => JSON.stringify([key, path, id])).sort(compareText),
    fetchedBy,
  }
}

function remoteBase({ url, at, by }: RemoteReference, { reason, remedy }: Answer): Problem {
  return {
    ...at,
    code: 'remote-base',
    class: 'unseen',
    message: `The kustomization in ${nameOf(by.folder)} builds on ${url}, which is not in this repository: ${reason}.`,
    remedy,
    hides: around(by),
  }
}

function remoteChart({ chart, at, by }: RemoteChart, { reason, remedy }: Answer): Problem {
  const version = chart.version === '' ? '' : ` ${chart.version}`
  return {
    ...at,
    code: 'remote-chart',
    class: 'unseen',
    message: `The kustomization in ${nameOf(by.folder)} renders the chart ${chart.name}${version} of ${chart.repo}, which is not in this repository: ${reason}.`,
    remedy,
    hides: around(by),
  }
}

/** What is wrong with something fetched is told where this tree names it. */
function broughtHome(problem: Problem, fetchedBy: Gathered['fetchedBy']): Problem {
  let { path, line } = problem
  for (let by = fetchedBy(path); by !== null; by = fetchedBy(path)) {
    if (by.at.path === path) break
    ;({ path, line } = by.at)
  }
  const under = problem.hides.under?.filter((folder) => fetchedBy(folder) === null)
  const hides = under === undefined ? problem.hides : { ...problem.hides, under }
  return { ...problem, path, line, hides }
}

function keyOf(folder: string, url: string): string {
  return `${folder}\0${url}`
}

/** Below the kustomization that names it: kustomize reads single files nowhere else (RestrictionRootOnly). */
function freeFolder(tree: SourceTree, folder: string, number: number): string {
  for (let name = '.remote'; ; name += '-') {
    const path = joinPath(folder, name, String(number))
    if (tree.kindOf(joinPath(folder, name)) === 'missing') return path
  }
}

/** The files below `entry` as a tree below `prefix`. */
function place(
  { files, id }: Extract<Fetched, { readonly ok: true }>,
  prefix: string,
  entry: string,
): SourceTree {
  const contents = new Map<string, Uint8Array>()
  for (const [path, bytes] of files) {
    const inside = posix.relative(entry, path)
    if (path.startsWith('/') || path.includes('\0') || inside.split('/').includes('..')) continue
    contents.set(joinPath(prefix, inside), bytes)
  }
  const listed: TreeFile[] = [...contents].map(([path, bytes]) => ({
    path,
    mode: '100644',
    id: `${id} ${path}`,
    size: bytes.byteLength,
  }))
  const read = (wanted: readonly TreeFile[]): Promise<ReadonlyMap<string, Uint8Array>> =>
    Promise.resolve(
      new Map(
        wanted.flatMap(({ path }) => {
          const bytes = contents.get(path)
          return bytes === undefined ? [] : [[path, bytes] as const]
        }),
      ),
    )
  return sourceTree({ label: prefix, files: () => Promise.resolve(listed), read }, listed)
}

/** What is below a part's prefix is the part's; the rest is the tree's. */
function withParts(tree: SourceTree, parts: readonly Part[]): SourceTree {
  const owner = (path: string): SourceTree =>
    parts.findLast(({ prefix }) => path === prefix || path.startsWith(`${prefix}/`))?.tree ?? tree
  return {
    kindOf: (path) => owner(path).kindOf(path),
    file: (path) => owner(path).file(path),
    below: (folder) => owner(folder).below(folder),
    names: (folder) => owner(folder).names(folder),
    async read(paths) {
      const byOwner = new Map<SourceTree, string[]>()
      for (const path of paths) {
        const known = byOwner.get(owner(path))
        if (known === undefined) byOwner.set(owner(path), [path])
        else known.push(path)
      }
      const read = await Promise.all([...byOwner].map(([each, wanted]) => each.read(wanted)))
      return new Map(read.flatMap((found) => [...found]))
    },
    text: (path) => owner(path).text(path),
  }
}
