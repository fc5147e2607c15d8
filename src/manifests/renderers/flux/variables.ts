// Where variables that nobody knows are used. Most of them stand in host names and the like, and bear on nothing here;
// only where one stands in an object that is judged is the object's namespace not known.
import { nameIn } from '../../../core/kubernetes/identity.ts'
import { namespaceOf } from '../../../core/kubernetes/manifest.ts'
import type { Problem } from '../../../core/source/problem.ts'
import { compareText } from '../../../core/source/problem.ts'
import { readDocument, splitDocuments } from '../../../core/yaml/index.ts'
import { mayMatter } from '../../may-matter.ts'
import { joinPath } from '../../source-tree.ts'
import type { SourceTree } from '../../source-tree.ts'
import { told } from './object.ts'
import type { Ask } from './object.ts'
import type { Substitutions } from './substitutions.ts'
import { closureOf } from '../kustomize/closure.ts'

/** What is built, before anything is replaced in it. */
export interface Building {
  readonly tree: SourceTree
  readonly folder: string
  /** Manifests that go into it. */
  readonly files: readonly string[]
  /** Kustomizations that go into it, with all that they name. */
  readonly folders: readonly string[]
  /** What the Flux object adds to the kustomization. */
  readonly additions: Readonly<Record<string, unknown>>
}

/** A problem for each ConfigMap or Secret that may hold a variable which something judged depends on. */
export async function unknownVariables(
  ask: Ask,
  { unknown, certain }: Substitutions,
  { tree, folder, files, folders, additions }: Building,
): Promise<readonly Problem[]> {
  if (unknown.length === 0) return []
  const names = new Set<string>()
  const namespaces = new Set<string | null>()
  const note = (text: string, homes: readonly (string | null)[]): void => {
    const used = namesIn(text).filter((name) => !certain.has(name))
    for (const name of used) names.add(name)
    if (used.length > 0) for (const home of homes) namespaces.add(home)
  }
  note(JSON.stringify(additions), [null])
  const components = Array.isArray(additions.components) ? (additions.components as string[]) : []
  const whole = [...folders, ...components.map((path) => joinPath(folder, path))]
  const closures = await Promise.all(whole.map((path) => closureOf(path, tree)))
  const homes = closures.flatMap(({ kustomizations }) =>
    kustomizations.flatMap(({ value }) => (typeof value.namespace === 'string' ? [value.namespace] : [])),
  )
  for (const path of new Set([...files, ...closures.flatMap((closure) => closure.files)])) {
    const text = (await tree.text(path))?.text
    if (text?.includes('${') !== true) continue
    for (const range of splitDocuments(text)) {
      const chunk = text.slice(range.start, range.end)
      const read = readDocument(text, range)
      const value = read.ok ? read.value : null
      if (!isObject(value) || bears(value, chunk)) note(chunk, homesOf(value, homes))
    }
  }
  if (names.size === 0) return []
  const listed = [...names].sort(compareText)
  const some = listed.length > 3 ? [...listed.slice(0, 3), 'others'] : listed
  const known = [...namespaces].filter((name) => name !== null).sort(compareText)
  const everywhere = namespaces.has(null) && ask.hides.namespaces === 'all'
  const target = ask.hides.namespaces === 'all' ? known : ask.hides.namespaces
  return unknown.map(({ from, why, route }) =>
    told(ask, route, {
      code: 'substitution-unknown',
      class: 'unseen',
      message: `${ask.title} takes variables from ${from}, ${why}; ${some.join(', ')} may be of them.`,
      remedy:
        'Where they decide about namespaces, labels or policies, write them in spec.postBuild.substitute.',
      hides: { namespaces: everywhere ? 'all' : target, under: [folder] },
    }),
  )
}

/** `$${name}` prints as it is; `$name` is no variable. */
function namesIn(text: string): readonly string[] {
  return [...text.matchAll(/(?<!\$)\$\{([_a-zA-Z][_a-zA-Z0-9]*)/g)].map(([, name = '']) => name)
}

/** Values of charts may come by way of a ConfigMap. */
function bears(value: Readonly<Record<string, unknown>>, chunk: string): boolean {
  return value.kind === 'ConfigMap' || typeof value.kind !== 'string' || mayMatter(chunk)
}

/** The namespaces that a document bears on; null: any. */
function homesOf(value: unknown, others: readonly string[]): readonly (string | null)[] {
  if (!isObject(value) || typeof value.kind !== 'string') return [null]
  const { kind, spec } = value
  const target = kind === 'HelmRelease' && isObject(spec) ? spec.targetNamespace : null
  const own = kind === 'Namespace' ? nameIn({ object: value }) : namespaceOf(value)
  const home = typeof target === 'string' ? target : own
  if (home !== null) return [home.includes('$') || home === '' ? null : home]
  return others.length > 0 && kind !== 'Kustomization' && !kind.endsWith('List') ? others : [null]
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
