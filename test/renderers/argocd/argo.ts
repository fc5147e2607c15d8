// A tree in memory and an Application in it: what the renderer makes of it, as a test would tell it.
import type { SourceTree } from '../../../src/manifests/source-tree.ts'
import type { Manifest } from '../../../src/core/kubernetes/manifest.ts'
import type { Host } from '../../../src/core/kubernetes/origin.ts'
import { readDocument, splitDocuments } from '../../../src/core/yaml/index.ts'
import { argoClaims, argoPaths, renderArgo } from '../../../src/manifests/renderers/argocd/render.ts'
import type { ArgoUnit, Kitchen, Rendering, Unit } from '../../../src/manifests/unit.ts'
import { treeOf as sharedTree } from '../tree.ts'
import type { Content } from '../tree.ts'

export const HERE = 'https://git.example/team/deploy.git'

export type Files = Readonly<Record<string, string>>

/** The shared tree, with symbolic links and submodules at these paths. */
export function treeOf(
  files: Files,
  links: readonly string[] = [],
  submodules: readonly string[] = [],
): SourceTree {
  const special: [string, Content][] = [
    ...links.map((path): [string, Content] => [path, { link: 'elsewhere' }]),
    ...submodules.map((path): [string, Content] => [path, { submodule: '0'.repeat(40) }]),
  ]
  return sharedTree({ ...files, ...Object.fromEntries(special) })
}

/** The first document of a file as a manifest that stands there as it is. */
export function manifestIn(path: string, text: string): Manifest {
  const [document] = splitDocuments(text)
  if (document === undefined) throw new Error(`${path} is empty`)
  const read = readDocument(text, document)
  if (!read.ok) throw new Error(read.message)
  const object = read.value as Record<string, unknown>
  return {
    apiVersion: object.apiVersion as string,
    kind: object.kind as string,
    object,
    origin: { file: { path, text }, document, route: [], editable: true, making: null },
  }
}

/** Where companions of what holds the Applications would go. */
export const PARENT: Host = { kind: 'folder', folder: 'argocd', file: null, names: new Set(['app.yaml']) }

export function unitOf(manifest: Manifest): ArgoUnit {
  return {
    kind: 'argocd',
    manifest,
    title: 'as found',
    namespace: null,
    cluster: null,
    at: { path: manifest.origin.file.path, line: 1 },
    host: PARENT,
  }
}

export function kitchenOf(tree: SourceTree): Kitchen {
  const never = (): never => {
    throw new Error('the renderer of Argo CD uses none of this')
  }
  return {
    tree,
    isThisTree: (url: string) => url === HERE,
    find: never,
    all: never,
    settled: false,
  } as unknown as Kitchen
}

/** Renders the Application or ApplicationSet of argocd/app.yaml in a tree, and every Application that it asks for. */
export async function render(
  files: Files,
  links?: readonly string[],
  submodules?: readonly string[],
): Promise<Rendered> {
  const tree = treeOf(files, links, submodules)
  const manifest = manifestIn('argocd/app.yaml', files['argocd/app.yaml'] ?? '')
  return renderManifest(manifest, tree)
}

export interface Rendered extends Rendering {
  /** The cluster that each unit goes to; null: where the Application lives. */
  readonly clusters: ReadonlyMap<Unit, string | null>
  readonly claims: readonly string[]
  readonly paths: readonly string[]
}

export async function renderManifest(manifest: Manifest, tree: SourceTree): Promise<Rendered> {
  const kitchen = kitchenOf(tree)
  const all = {
    manifests: [...[]] as Manifest[],
    units: [] as Unit[],
    problems: [] as Rendering['problems'][number][],
  }
  const inputs = new Set<string>()
  const clusters = new Map<Unit, string | null>()
  const go = async (unit: ArgoUnit, cluster: string | null): Promise<void> => {
    const rendering = await renderArgo(unit, kitchen)
    if ('waitsFor' in rendering) throw new Error('it waits')
    all.manifests.push(...rendering.manifests)
    all.problems.push(...rendering.problems)
    for (const path of rendering.inputs) inputs.add(path)
    for (const child of rendering.units) {
      const home = child.cluster ?? cluster
      if (child.kind === 'argocd') await go(child, home)
      else {
        all.units.push(child)
        clusters.set(child, home)
      }
    }
  }
  await go(unitOf(manifest), null)
  return {
    ...all,
    inputs: [...inputs].sort(),
    clusters,
    claims: await argoClaims(manifest, kitchen),
    paths: argoPaths(manifest, kitchen),
  }
}

/** An Application of one source, from the lines of it: `source` and `spec` are indented as they stand here. */
export function application(source: string, spec = ''): string {
  return `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata:
  name: shop
  namespace: argocd
spec:
  source:
    repoURL: ${HERE}
${source}
  destination:
    server: https://kubernetes.default.svc
    namespace: shop
${spec}`
}

/** The one unit of a kind, or a failure that says what there is. */
export function only<K extends Unit['kind']>(
  { units, problems }: Rendering,
  kind: K,
): Extract<Unit, { kind: K }> {
  const [unit] = units
  if (units.length !== 1 || unit?.kind !== kind)
    throw new Error(
      `${units.map((one) => one.title).join(', ')}; ${problems.map(({ message }) => message).join(' ')}`,
    )
  return unit as Extract<Unit, { kind: K }>
}

/** The one problem. */
export function trouble({ problems }: Rendering): Rendering['problems'][number] {
  const [problem] = problems
  if (problems.length !== 1 || problem === undefined)
    throw new Error(
      `${String(problems.length)} problems: ${problems.map(({ message }) => message).join(' ')}`,
    )
  return problem
}
