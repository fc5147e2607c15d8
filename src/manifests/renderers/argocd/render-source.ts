// One source of an Application as a unit: where it lies, whether that is this tree, and what its tool is given.
import { get, text } from '../../../core/kubernetes/field.ts'
import { placeOf } from '../../../core/kubernetes/origin.ts'
import type { Host } from '../../../core/kubernetes/origin.ts'
import type { Problem } from '../../../core/source/problem.ts'
import { joinPath } from '../../source-tree.ts'
import type { SourceTree } from '../../source-tree.ts'
import type { Kitchen, Unit } from '../../unit.ts'
import { directoryFiles } from './directory.ts'
import { environmentOf } from './environment.ts'
import { compileGlob } from './glob.ts'
import { releaseOf } from './helm.ts'
import { additionsOf } from './kustomize.ts'
import { flag, invalid, told } from './object.ts'
import type { App, Gathered } from './object.ts'
import { hiding, paused, pinned } from './order.ts'
import type { Order } from './order.ts'
import { KUSTOMIZATIONS, isPinned, toolFound, toolsNamed, withOverrides } from './source.ts'
import type { Source, Tool } from './source.ts'

/** Adds the units of a source, and what there is to say about it. */
export async function renderSource(order: Order, gathered: Gathered): Promise<void> {
  const { app, source, kitchen } = order
  const { url, path, chart, ref } = source
  const { route } = source.field
  if (url === null) {
    gathered.problems.push(invalid(app, route, 'its source has no repoURL.'))
  } else if (chart !== null) {
    if (ref === null) remoteChart(order, url, chart, gathered)
    else gathered.problems.push(invalid(app, [...route, 'chart'], 'a source with a ref cannot be a chart.'))
  } else if (path !== null) {
    const folder = joinPath(path)
    const problem = whyNoFolder(app, source, url, path, kitchen)
    if (kitchen.tree.kindOf(path) !== 'outside') gathered.inputs.add(folder)
    if (problem === null) await folderSource(order, folder, gathered)
    else gathered.problems.push(problem)
  } else if (ref === null || !source.isOneOfMany) {
    gathered.problems.push(invalid(app, route, 'its source names neither a path nor a chart.'))
  }
}

/** Why the path of a source is no folder of this tree that we can render. */
function whyNoFolder(app: App, source: Source, url: string, path: string, kitchen: Kitchen): Problem | null {
  const route = [...source.field.route, 'path']
  const kind = kitchen.tree.kindOf(path)
  if (kind === 'outside') {
    return told(app, route, {
      code: 'path-outside-repository',
      class: 'unreadable',
      message: `${app.title} takes ${path}, which lies outside of the repository.`,
      remedy: 'Name a folder of the repository, relative to its root.',
    })
  }
  if (!kitchen.isThisTree(url, path)) {
    return told(app, route, {
      code: 'remote-source',
      class: 'unseen',
      message: `${app.title} takes ${path} from ${url}, which is not this tree: what it makes is not seen.`,
      remedy: 'Keep it in this repository, or describe what it makes under clusters.<name>.assume.manifests.',
    })
  }
  if (kind === 'folder') return null
  if (kind === 'link' || kind === 'submodule') {
    const what =
      kind === 'link' ? 'a symbolic link, which is not followed' : 'a submodule, which is not fetched'
    return told(app, route, {
      code: kind === 'link' ? 'symbolic-link' : 'submodule',
      class: 'unseen',
      message: `${app.title} takes ${path}, which is or lies behind ${what}.`,
      remedy: 'Keep the folder itself in this repository.',
      hides: hiding(app, joinPath(path)),
    })
  }
  return told(app, route, {
    code: 'missing-path',
    class: 'unreadable',
    message: `${app.title} takes ${path}, which is ${kind === 'file' ? 'a file and no folder' : 'not in the tree'}.`,
    remedy: 'Name a folder of the repository, or remove the Application.',
    hides: hiding(app, joinPath(path)),
  })
}

async function folderSource(order: Order, folder: string, gathered: Gathered): Promise<void> {
  const { app, kitchen } = order
  if (isPinned(order.source.revision)) gathered.problems.push(pinned(app, order.source, folder))
  gathered.problems.push(...paused(app, folder))
  const { source, wrong } = await withOverrides(order.source, folder, app.name, kitchen.tree, gathered.inputs)
  if (wrong !== null) {
    gathered.problems.push(
      told(app, order.source.field.route, {
        code: 'unreadable-overrides',
        class: 'unreadable',
        message: `${wrong}, which overrides the source of ${app.title}, is not readable.`,
        remedy: 'Correct it, or remove it; the Application was not judged.',
        hides: hiding(app, folder),
      }),
    )
    return
  }
  for (const name of ['Chart.yaml', ...KUSTOMIZATIONS]) gathered.inputs.add(joinPath(folder, name))
  const named = toolsNamed(source)
  const [tool = toolFound(folder, kitchen.tree)] = named
  if (named.length > 1)
    gathered.problems.push(
      invalid(app, source.field.route, `its source has sections of several tools: ${named.join(', ')}.`),
    )
  else await RENDERERS[tool]({ ...order, source }, folder, gathered)
}

type SourceRenderer = (order: Order, folder: string, gathered: Gathered) => Promise<void> | void

const RENDERERS: Readonly<Record<Tool, SourceRenderer>> = {
  helm(order, folder, gathered) {
    const release = releaseOf(order, folder, gathered)
    if (release === null) return
    gathered.units.push({
      kind: 'helm',
      ...common(order, `chart ${folder} for ${order.app.title}`, order.unit.host),
      chart: { kind: 'folder', folder },
      ...release,
    })
  },
  async kustomize(order, folder, gathered) {
    const { app, source, kitchen } = order
    const host = await kustomizationHost(folder, kitchen.tree)
    const kustomize = get(source.field, 'kustomize')
    const environment = environmentOf(app, source)
    gathered.units.push({
      kind: 'kustomize',
      ...common(order, `kustomization ${folder} for ${app.title}`, host),
      folder,
      additions: additionsOf(kustomize, folder, host.file?.text ?? null, kitchen.tree, environment),
      generated: null,
      substitutions: null,
      reachesOut: false,
    })
  },
  async directory(order, folder, gathered) {
    const { app, source, kitchen } = order
    const directory = get(source.field, 'directory')
    const include = globOf(order, 'include', gathered)
    const exclude = globOf(order, 'exclude', gathered)
    const includes = (path: string): boolean => !exclude(path) && (include.isSet ? include(path) : true)
    const recurse = flag(get(directory, 'recurse'))
    const { manifests, jsonnet, links } = await directoryFiles(folder, { recurse, includes }, kitchen.tree)
    for (const path of links) gathered.problems.push(notFollowed(app, path))
    for (const path of jsonnet) gathered.problems.push(jsonnetFile(app, path))
    const names = new Set(kitchen.tree.names(folder))
    // A companion would have to pass the patterns, too.
    const host: Host | null = includes('companion.yaml')
      ? { kind: 'folder', folder, file: null, names }
      : null
    gathered.units.push({
      kind: 'plain',
      ...common(order, `manifests in ${folder} for ${app.title}`, host),
      paths: manifests,
    })
  },
  plugin({ app, source }, folder, gathered) {
    gathered.problems.push(
      told(app, [...source.field.route, 'plugin'], {
        code: 'plugin-not-supported',
        class: 'unseen',
        message: `${app.title} renders ${folder} with a plugin of Argo CD, which is not run here.`,
        remedy: 'Describe what it makes under clusters.<name>.assume.manifests.',
        hides: hiding(app, folder),
      }),
    )
  },
}

function common(
  { app, source }: Order,
  title: string,
  host: Host | null,
): Pick<Unit, 'title' | 'namespace' | 'cluster' | 'at' | 'host' | 'leavesBehind'> {
  const key = source.chart === null ? 'path' : 'chart'
  const at = placeOf(app.manifest.origin, [...source.field.route, key])
  // Where nothing is automated, whoever syncs may well ask to prune.
  const { value } = get(get(app.spec, 'syncPolicy'), 'automated')
  const automated = typeof value === 'object' ? (value as Readonly<Record<string, unknown>> | null) : null
  const isLeaving = automated !== null && automated.enabled !== false && automated.prune !== true
  const leaving = isLeaving ? { leavesBehind: app.title } : {}
  return { title, namespace: app.namespace, cluster: null, at, host, ...leaving }
}

/** Argo CD takes any repository of a `chart` without a scheme for one of OCI (IsHelmOciRepo). */
function remoteChart(order: Order, url: string, chart: string, gathered: Gathered): void {
  const { app, source } = order
  if (source.revision === null) {
    const message = 'a chart needs a targetRevision, which is its version.'
    gathered.problems.push(invalid(app, source.field.route, message))
    return
  }
  const release = releaseOf(order, null, gathered)
  if (release === null) return
  gathered.units.push({
    kind: 'helm',
    ...common(order, app.title, order.unit.host),
    chart: {
      kind: 'remote',
      url: url.includes('://') ? url : `oci://${url}`,
      name: chart,
      version: source.revision,
    },
    ...release,
  })
}

async function kustomizationHost(folder: string, tree: SourceTree): Promise<Host> {
  const name = KUSTOMIZATIONS.find((candidate) => tree.kindOf(joinPath(folder, candidate)) === 'file')
  const file = name === undefined ? null : await tree.text(joinPath(folder, name))
  return { kind: 'kustomization', folder, file, names: new Set(tree.names(folder)) }
}

/** A pattern that Argo CD cannot read matches nothing there, too: an `include` of that kind leaves nothing. */
function globOf(
  { app, source }: Order,
  key: 'include' | 'exclude',
  gathered: Gathered,
): ((path: string) => boolean) & { readonly isSet: boolean } {
  const field = get(get(source.field, 'directory'), key)
  const pattern = text(field) ?? ''
  const glob = compileGlob(pattern, 'directory-files')
  if (glob === null) {
    gathered.problems.push(
      told(app, field.route, {
        code: 'invalid-pattern',
        class: 'unreadable',
        message: `The pattern ${pattern} in ${app.title} is not readable, and matches no file.`,
        remedy: 'Correct it.',
      }),
    )
  }
  const matches = (path: string): boolean => pattern !== '' && glob?.(path) === true
  return Object.assign(matches, { isSet: pattern !== '' })
}

function jsonnetFile(app: App, path: string): Problem {
  return {
    path,
    line: 1,
    code: 'jsonnet-not-supported',
    class: 'unseen',
    message: `${path}, which ${app.title} applies, is a Jsonnet program and is not run here.`,
    remedy: 'Keep what it prints in its place, or describe it under clusters.<name>.assume.manifests.',
    hides: hiding(app, path),
  }
}

function notFollowed(app: App, path: string): Problem {
  return {
    path,
    line: 1,
    code: 'symbolic-link',
    class: 'unseen',
    message: `${path}, which ${app.title} applies, is a symbolic link and is not followed.`,
    remedy: 'Keep the file itself at this path.',
    hides: hiding(app, path),
  }
}
