// A Kustomization of Flux: a folder of a source, built as a kustomization of its own or of Flux's making, with what the
// object adds. A suspended one is rendered, too: what it applied stays. https://fluxcd.io/flux/components/kustomize/
import { posix } from 'node:path'
import { get } from '../../../core/kubernetes/field.ts'
import { placeOf } from '../../../core/kubernetes/origin.ts'
import type { Host } from '../../../core/kubernetes/origin.ts'
import { compareText } from '../../../core/source/problem.ts'
import type { Hides, Problem } from '../../../core/source/problem.ts'
import { joinPath } from '../../source-tree.ts'
import type { PathKind, SourceTree } from '../../source-tree.ts'
import type { Kitchen, KustomizeUnit, PlainUnit, Rendering, Waiting } from '../../unit.ts'
import { additionsOf } from './additions.ts'
import type { Additions } from './additions.ts'
import { missingDependencies } from './dependencies.ts'
import { generatedFor } from './generated.ts'
import { isFound, pathInSource, refAt } from './git-source.ts'
import type { Wanted } from './git-source.ts'
import { ignoredBelow, ignoredIn } from './ignore.ts'
import { clusterOf, isWaiting, optionalText, rendering, suspended, told } from './object.ts'
import type { Ask } from './object.ts'
import { sourceOf } from './sources.ts'
import { substitutionsOf } from './substitutions.ts'
import type { Substitutions } from './substitutions.ts'
import { unknownVariables } from './variables.ts'
import { closureOf } from '../kustomize/closure.ts'
import { KUSTOMIZATION_FILES, kustomizationAt } from '../kustomize/file.ts'

const PATH = ['spec', 'path']

export async function renderKustomization(ask: Ask, kitchen: Kitchen): Promise<Rendering | Waiting> {
  const wanted = folderWanted(ask)
  if ('code' in wanted) return rendering(ask, [], [wanted], [])
  const source = sourceOf(kitchen, ask, wanted)
  if (isWaiting(source)) return source
  if (!isFound(source)) return rendering(ask, [], [source.problem], source.inputs)
  const { path: folder } = source
  const hides: Hides = { ...ask.hides, under: [folder] }
  const dependencies = missingDependencies(ask, kitchen)
  if (isWaiting(dependencies)) return dependencies
  const substitutions = substitutionsOf(ask, kitchen, hides)
  if (isWaiting(substitutions)) return substitutions
  const ignored = await ignoredBelow(kitchen.tree, folder, source.ignore)
  const leftOut = (path: string): boolean => source.leavesOut(path) || ignored.ignored(path)
  const looked = KUSTOMIZATION_FILES.map((name) => joinPath(folder, name))
  const inputs = [folder, ...looked, ...source.inputs, ...ignored.inputs, ...substitutions.inputs]
  const paused = suspended(ask, [folder])
  const sure = [...source.problems, ...dependencies, ...substitutions.problems, ...paused]
  const gone = whyGone(ask, kitchen.tree, folder, leftOut)
  if (gone !== null) return rendering(ask, [], [...sure, gone], inputs)
  const additions = additionsOf(ask, kitchen.tree, folder)
  const built = await buildOf(ask, kitchen, {
    folder,
    additions: additions.fields,
    leftOut,
    ignored: ignored.ignored,
    substitutions,
  })
  return rendering(
    ask,
    built.units,
    [...sure, ...additions.problems, ...built.problems],
    [...inputs, ...built.inputs],
  )
}

interface Plan {
  readonly folder: string
  readonly additions: Additions['fields']
  readonly leftOut: (path: string) => boolean
  /** The same, without what an artifact is not made of. */
  readonly ignored: (path: string) => boolean
  readonly substitutions: Substitutions
}

/** The units of a folder that is there. */
async function buildOf(
  ask: Ask,
  kitchen: Kitchen,
  { folder, additions, leftOut, ignored, substitutions }: Plan,
): Promise<Pick<Rendering, 'units' | 'problems' | 'inputs'>> {
  const { tree } = kitchen
  const target = optionalText(get(ask.spec, 'targetNamespace'))
  const common = {
    namespace: target,
    cluster: clusterOf(ask.spec),
    at: placeOf(ask.manifest.origin, PATH),
    ...(get(ask.spec, 'prune').value === false ? { leavesBehind: ask.title } : {}),
  }
  const kustomize = async (
    title: string,
    at: string,
    generated: readonly string[] | null,
  ): Promise<KustomizeUnit> => ({
    ...common,
    kind: 'kustomize',
    title,
    folder: at,
    additions,
    generated,
    substitutions: substitutions.values,
    // pkg/kustomize of Flux builds with LoadRestrictionsNone.
    reachesOut: true,
    host: await hostAt(tree, at),
  })
  const unsure = (files: readonly string[], folders: readonly string[]): Promise<readonly Problem[]> =>
    unknownVariables(ask, substitutions, { tree, folder, files, folders, additions })
  const ignore = optionalText(get(ask.spec, 'ignore'))
  const own = kustomizationAt(tree, folder)
  if (own !== null && !leftOut(own)) {
    const lacks = await lacking(ask, tree, folder, [folder], ignored)
    if (lacks !== null) return { units: [], problems: [lacks.problem], inputs: lacks.named }
    const problems = ignore === null ? [] : [ignoresParts(ask, { ...ask.hides, under: [folder] })]
    return {
      units: [await kustomize(ask.title, folder, null)],
      problems: [...problems, ...(await unsure([], [folder]))],
      inputs: [],
    }
  }
  const without = ignoredIn(ignore ?? '', folder)
  const listed = await generatedFor(kitchen, ask, folder, (path) => leftOut(path) || without(path))
  const lacks = await lacking(ask, tree, folder, listed.folders, ignored)
  if (lacks !== null)
    return {
      units: [],
      problems: [lacks.problem],
      inputs: [...listed.looked, ...listed.files, ...listed.folders, ...lacks.named],
    }
  const problems = [...listed.problems, ...(await unsure(listed.files, listed.folders))]
  const inputs = [...listed.looked, ...listed.folders]
  const generated = [...listed.files, ...listed.folders].map((path) => posix.relative(folder, path))
  if (generated.length === 0) return { units: [], problems, inputs }
  // Flux builds the kustomization that it writes; the files themselves are the same, and known better, but for these.
  if (Object.keys(additions).length > 0 || substitutions.values !== null || listed.needsBuild) {
    const unit = await kustomize(ask.title, folder, generated.sort(compareText))
    return { units: [unit], problems, inputs }
  }
  const host = await hostAt(tree, folder)
  const files: PlainUnit = { ...common, kind: 'plain', title: ask.title, paths: listed.files, host }
  const folders = listed.folders.map((path) => kustomize(`${ask.title} (${path})`, path, null))
  return {
    units: [...(listed.files.length === 0 ? [] : [files]), ...(await Promise.all(folders))],
    problems,
    inputs,
  }
}

/** What the object asks for, or what is wrong with how it does. */
export function folderWanted(ask: Ask): Wanted | Problem {
  const route = ['spec', 'sourceRef']
  const ref = refAt(get(ask.spec, 'sourceRef'), ask.namespace)
  if (ref === null)
    return told(ask, route, {
      code: 'no-source',
      class: 'unreadable',
      message: `${ask.title} names no source: spec.sourceRef needs a kind and a name.`,
      remedy: 'Name the GitRepository that holds its path.',
    })
  const written = optionalText(get(ask.spec, 'path')) ?? '.'
  const path = pathInSource(written)
  if (path !== null) return { ref, path, route }
  return told(ask, PATH, {
    code: 'path-outside',
    class: 'unreadable',
    message: `${ask.title} has the path ${JSON.stringify(written)}, which leaves its source.`,
    remedy: 'Write a path below the root of the source.',
  })
}

/** Why there is no such folder in the source; null where there is one. */
function whyGone(
  ask: Ask,
  tree: SourceTree,
  folder: string,
  leftOut: (path: string) => boolean,
): Problem | null {
  const kind = tree.kindOf(folder)
  const hides = { ...ask.hides, under: [folder] }
  if (kind === 'link' || kind === 'submodule')
    return told(ask, PATH, {
      code: 'path-not-followed',
      class: 'unseen',
      message: `${ask.title} has the path ${folder}, which is ${NAMES[kind]} and is not followed.`,
      remedy: 'Point it at a folder of this repository.',
      hides,
    })
  const files = kind === 'folder' ? tree.below(folder) : []
  const isIgnored = files.length > 0 && files.every(({ path }) => leftOut(path))
  if (kind === 'folder' && !isIgnored) return null
  return told(ask, PATH, {
    code: 'missing-path',
    class: 'unreadable',
    message: `${ask.title} has the path ${folder}, ${isIgnored ? 'which its source leaves out' : `which is ${NAMES[kind]}`}.`,
    remedy: 'Correct spec.path: Flux fails until it is a folder of the source.',
    hides,
  })
}

const NAMES: Readonly<Record<PathKind, string>> = {
  file: 'a file and no folder',
  folder: 'a folder',
  link: 'a symbolic link',
  submodule: 'a submodule',
  missing: 'not in the tree',
  outside: 'outside of the tree',
}

/**
 * A kustomization that names a manifest which its source leaves out does not build, and then nothing is applied. All
 * that it names decides about what is not seen.
 */
async function lacking(
  ask: Ask,
  tree: SourceTree,
  folder: string,
  kustomizations: readonly string[],
  ignored: (path: string) => boolean,
): Promise<{ readonly problem: Problem; readonly named: readonly string[] } | null> {
  const closures = await Promise.all(kustomizations.map((at) => closureOf(at, tree)))
  const named = closures.flatMap(({ files }) => files)
  const path = named.find((file) => /\.(ya?ml|json)$/.test(file) && ignored(file))
  if (path === undefined) return null
  const problem = told(ask, PATH, {
    code: 'missing-path',
    class: 'unreadable',
    message: `${ask.title} builds a kustomization that names ${path}, which its source leaves out.`,
    remedy:
      'Correct .sourceignore or spec.ignore of the source: Flux fails until the file is in its artifact.',
    hides: { ...ask.hides, under: [folder] },
  })
  return { problem, named }
}

function ignoresParts(ask: Ask, hides: Hides): Problem {
  return told(ask, ['spec', 'ignore'], {
    code: 'ignore-not-evaluated',
    class: 'unseen',
    message: `${ask.title} leaves out parts of its kustomization by spec.ignore, which is not evaluated: all of it was judged.`,
    remedy: 'Leave them out in the kustomization itself.',
    hides,
  })
}

async function hostAt(tree: SourceTree, folder: string): Promise<Host> {
  const path = kustomizationAt(tree, folder)
  const file = path === null ? null : await tree.text(path)
  const names = new Set(tree.names(folder))
  return { kind: file === null ? 'folder' : 'kustomization', folder, file, names }
}
