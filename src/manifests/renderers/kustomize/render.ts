// Kustomizations, built by kustomize itself from a copy that holds what the build reads and nothing else. What is not
// to be had is left out of the copy and said; a build that fails says why, and gives nothing.
import { createHash } from 'node:crypto'
import { namespaceOf } from '../../../core/kubernetes/manifest.ts'
import type { Manifest } from '../../../core/kubernetes/manifest.ts'
import type { Place } from '../../../core/kubernetes/origin.ts'
import type { Problem } from '../../../core/source/problem.ts'
import { missingTool } from '../../tools/missing-tool.ts'
import type { Tool } from '../../tools/toolbox.ts'
import type { Kitchen, KustomizeUnit, Renderer, Rendering } from '../../unit.ts'
import type { Trouble } from './closure.ts'
import { placeIn } from './file.ts'
import { manifestsOf } from './manifests.ts'
import { nameOf, objectsIn } from './origin.ts'
import { INSTEAD } from './programs.ts'
import { gather } from './remote.ts'
import type { Gathered } from './remote.ts'
import { changedKustomizations, scratchFiles } from './scratch.ts'
import { around, nameOf as folderName } from './trouble.ts'
import { aliasBomb, brokenFile } from './unreadable.ts'
import { withoutSecrets } from '../rendered.ts'

/** Part of every key: another number forgets what was cached by an older renderer. */
const VERSION = 1

/** Renders what a controller or `kubectl apply -k` would take. Asks for no further units: its objects do. */
export const renderKustomize: Renderer<KustomizeUnit> = async (unit, kitchen) => {
  const gathered = await gather(unit, kitchen)
  const inputs = inputsOf(gathered)
  const nothing = async (problem: Problem | null): Promise<Rendering> => {
    const hides = await hidesOf(unit, gathered)
    const told = gathered.troubles.map((trouble) => trouble.problem)
    const problems = problem === null ? told : [...told, problem]
    return { manifests: [], units: [], problems: problems.map((each) => widened(each, hides)), inputs }
  }
  if (!gathered.closure.builds) return nothing(null)
  const kustomize = await kitchen.tools.kustomize()
  if (kustomize === null) return nothing({ ...missingKustomize(rootPlace(unit, gathered)) })
  const charts = gathered.closure.charts.length > 0
  const helm = charts ? await kitchen.tools.helm() : null
  const ready = charts && helm === null ? withoutCharts(gathered) : gathered

  const changed = changedKustomizations(ready)
  const free = unit.reachesOut && ready.closure.staysInside
  const bomb = await aliasBomb(ready)
  if (bomb !== null) return nothing(bomb)
  const key = keyOf(ready, changed, free, kustomize, helm)
  const memoryKey = hash([key, identityOf(unit, kitchen)])
  const remembered = kitchen.memory.get(memoryKey)
  if (remembered !== undefined) return remembered

  const built = await build(ready, changed, key, { kustomize, helm, free }, kitchen)
  if (!built.ok) {
    // What is left out may well be why.
    if (ready.troubles.length > 0) return nothing(null)
    return nothing((await brokenFile(ready, built.message)) ?? buildFailed(unit, ready, built.message))
  }
  const { manifests, problems } = await manifestsOf(built.stdout, unit, ready)
  const troubles = ready.troubles.map((trouble) => spread(trouble, manifests, unit))
  const rendering = { manifests, units: [], problems: [...troubles, ...problems], inputs }
  kitchen.memory.set(memoryKey, rendering)
  return rendering
}

interface Build {
  readonly kustomize: Tool
  readonly helm: Tool | null
  /** May files outside of the folder be named? */
  readonly free: boolean
}

type Built = { readonly ok: true; readonly stdout: string } | { readonly ok: false; readonly message: string }

async function build(
  gathered: Gathered,
  changed: ReadonlyMap<string, string>,
  key: string,
  { kustomize, helm, free }: Build,
  { tools, cache }: Kitchen,
): Promise<Built> {
  const cached = await cache.get(key)
  if (cached !== null) return { ok: true, stdout: cached }
  const result = await tools.run({
    tool: kustomize,
    files: await scratchFiles(gathered, changed),
    args: (scratch) => [
      kustomize.name === 'kubectl' ? 'kustomize' : 'build',
      `${scratch}/${gathered.closure.folder}`,
      ...(free ? ['--load-restrictor', 'LoadRestrictionsNone'] : []),
      ...(helm === null ? [] : ['--enable-helm', '--helm-command', helm.path]),
    ],
  })
  if (!result.ok) return result
  const stdout = withoutSecrets(result.stdout)
  await cache.set(key, stdout)
  return { ok: true, stdout }
}

/** Everything that decides what a build prints, as a hash. */
function keyOf(
  { closure, tree, answers }: Gathered,
  changed: ReadonlyMap<string, string>,
  free: boolean,
  kustomize: Tool,
  helm: Tool | null,
): string {
  const files = closure.files.map((path) => [path, tree.file(path)?.id ?? null])
  const tools = [kustomize, helm].map((tool) => (tool === null ? null : [tool.name, tool.version]))
  return hash(['kustomize', VERSION, tools, free, closure.folder, files, [...changed], answers])
}

/** What else decides a rendering: what is said of it, and where. */
function identityOf(unit: KustomizeUnit, { tree }: Kitchen): unknown {
  const { title, namespace, cluster, at, host, substitutions } = unit
  const hosted = host === null ? null : [host.kind, host.folder, host.file, [...host.names].sort()]
  const replaced = substitutions === null ? null : [...substitutions]
  return [title, namespace, cluster, at, tree.file(at.path)?.id ?? null, hosted, replaced]
}

function hash(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex')
}

function inputsOf({ closure, fetchedBy }: Gathered): readonly string[] {
  return [...new Set([...closure.files, ...closure.absent])].filter((path) => fetchedBy(path) === null).sort()
}

function rootPlace(unit: KustomizeUnit, { closure }: Gathered): Place {
  const source = closure.kustomizations[0]?.source ?? null
  return source === null ? unit.at : { path: source.file.path, line: source.document.line }
}

function missingKustomize(at: Place): Problem {
  return {
    ...at,
    code: 'no-kustomize',
    class: 'unseen',
    ...missingTool('kustomize'),
    hides: { namespaces: [] },
  }
}

/** The rest, where there is no helm. */
function withoutCharts(gathered: Gathered): Gathered {
  const { closure } = gathered
  const troubles = closure.charts.flatMap(({ folder, route }): readonly Trouble[] => {
    const by = closure.kustomizations.find((each) => each.folder === folder)
    if (by === undefined) return []
    const problem = {
      ...placeIn(by, route),
      code: 'no-helm',
      class: 'unseen' as const,
      ...missingTool('helm'),
      hides: around(by),
    }
    return [{ problem, alters: false }]
  })
  return {
    ...gathered,
    edits: [...gathered.edits, ...closure.charts.map((entry) => ({ ...entry, to: null }))],
    troubles: [...gathered.troubles, ...troubles],
  }
}

function buildFailed(unit: KustomizeUnit, gathered: Gathered, message: string): Problem {
  const why = `The kustomization in ${folderName(unit.folder)} does not build: ${firstWords(message)}.`
  const isProgram = /external plugins disabled/.test(message)
  return {
    ...rootPlace(unit, gathered),
    code: isProgram ? 'plugin-not-supported' : 'kustomization-failed',
    class: isProgram ? 'unseen' : 'unreadable',
    message: isProgram ? `${why} Programs are not run here.` : why,
    remedy: isProgram ? INSTEAD : 'Run kustomize build on it, and correct what it names.',
    hides: { namespaces: [] },
  }
}

/** The first line that is no warning. kustomize wraps causes in each other, the last first: both ends are kept. */
function firstWords(message: string): string {
  const lines = message.split('\n').map((line) => line.trim())
  const line = lines.find((each) => each !== '' && !/^(?:#\s*)?warning\b/i.test(each)) ?? 'it says nothing'
  const words = line.replace(/^(?:error:\s*)+/i, '').replace(/[.:]+$/, '')
  return words.length <= 300 ? words : `${words.slice(0, 80)} … ${words.slice(-217)}`
}

/** What is not seen where nothing was built: every folder of it, and each namespace that its files name. */
async function hidesOf(unit: KustomizeUnit, gathered: Gathered): Promise<Required<Problem['hides']>> {
  const { closure, tree, fetchedBy } = gathered
  const namespaces = new Set<string>(unit.namespace === null ? [] : [unit.namespace])
  for (const { value } of closure.kustomizations)
    if (typeof value.namespace === 'string' && value.namespace !== '') namespaces.add(value.namespace)
  for (const path of closure.files) {
    if (fetchedBy(path) !== null || !/\.ya?ml$/.test(path)) continue
    const file = await tree.text(path)
    if (file === null) continue
    for (const { value } of objectsIn(file))
      if (value.kind === 'Namespace' && nameOf(value) !== '') namespaces.add(nameOf(value))
    for (const [, name = ''] of file.text.matchAll(/\bnamespace["']?\s*:\s*["']?([a-z0-9][a-z0-9-]*)/g))
      namespaces.add(name)
  }
  const folders = closure.kustomizations
    .map(({ folder }) => folder)
    .filter((folder) => fetchedBy(folder) === null)
  return { namespaces: [...namespaces].sort(), under: [...new Set([closure.folder, ...folders])].sort() }
}

function widened(problem: Problem, by: Required<Problem['hides']>): Problem {
  const { namespaces, under = [] } = problem.hides
  const all = namespaces === 'all' || by.namespaces === 'all'
  return {
    ...problem,
    hides: {
      namespaces: all ? 'all' : [...new Set([...namespaces, ...by.namespaces])].sort(),
      under: [...new Set([...under, ...by.under])].sort(),
    },
  }
}

/** What changes others bears on everything that came out; what adds to them, on where it would have gone. */
function spread({ problem, alters }: Trouble, manifests: readonly Manifest[], unit: KustomizeUnit): Problem {
  const { namespaces } = problem.hides
  if (namespaces === 'all') return problem
  const fallback = namespaces.length === 0 && unit.namespace !== null ? [unit.namespace] : []
  const touched = alters ? manifests.flatMap(({ object }) => namespaceOf(object) ?? []) : []
  const all = [...new Set([...namespaces, ...fallback, ...touched])].sort()
  return { ...problem, hides: { ...problem.hides, namespaces: all } }
}
