// Applications of Argo CD and GitRepositories of Flux that follow another branch than before. What they apply is then
// the state of that branch, of which this tree shows nothing.
import type { Analysis } from '../core/index.ts'
import { concerns } from '../core/findings/held-back.ts'
import { list } from '../core/findings/words.ts'
import { nameIn, titleOf } from '../core/kubernetes/identity.ts'
import type { Manifest } from '../core/kubernetes/manifest.ts'
import { placeOf, valueAt } from '../core/kubernetes/origin.ts'
import { homeName } from '../core/kubernetes/state.ts'
import { differing } from '../core/source/differing.ts'
import { compareText } from '../core/source/problem.ts'
import type { Problem } from '../core/source/problem.ts'
import type { Route } from '../core/yaml/types.ts'
import { identityOf } from '../manifests/environments.ts'
import { sameUrl } from '../manifests/repository-urls.ts'
import { isPinned } from '../manifests/renderers/argocd/source.ts'
import type { Thought } from './thought.ts'
import type { ClusterState } from './touched.ts'

/** Something that names a repository and what is followed of it. */
interface Following {
  /** null: an element of a generator, which names a branch alone. */
  readonly url: string | null
  /** What it is compared by: the repository, or all that an element says beside its branch. */
  readonly of: string
  /** What is taken of the repository. */
  readonly paths: readonly string[]
  readonly branch: string
  readonly route: Route
}

/** A problem for each object that follows another branch of this repository, where what it applies may be in the mesh. */
export function rebranched(base: Thought, head: Thought): readonly Problem[] {
  return head.states.flatMap((state, index) => {
    const { gathered, loaded } = state
    const [gone, come] = differing(base.states[index]?.loaded.manifests ?? [], loaded.manifests)
    const worlds = [base, head].flatMap(({ analyses }) => analyses[index] ?? [])
    const before = new Map(gone.filter(follows).map((manifest) => [identityOf(manifest), manifest]))
    const { isThisTree } = gathered.grounds.kitchen
    return come.filter(follows).flatMap((manifest): readonly Problem[] => {
      const old = before.get(identityOf(manifest))
      const [was, is] = [old, manifest].map((one) =>
        one === undefined ? [] : followingOf(one, loaded.manifests),
      )
      const isOurs = ({ url, paths }: Following): boolean =>
        url !== null && paths.some((path) => isThisTree(url, path))
      const sources = (is ?? []).filter(({ url }) => url !== null)
      const moved = (is ?? []).flatMap((now) => {
        const former = (was ?? []).filter(({ of }) => of === now.of).map(({ branch }) => branch)
        // What an element names is of the repositories that the template names.
        const isHere = now.url === null ? sources.length === 0 || sources.some(isOurs) : isOurs(now)
        const isNews = former.length > 0 && !former.some((branch) => areAlike(branch, now.branch))
        return isHere && isNews ? [{ former, now }] : []
      })
      const hides = moved.length === 0 ? null : hidesOf(manifest, state, worlds)
      if (hides === null) return []
      return moved.map(({ former, now }) => ({
        ...placeOf(manifest.origin, now.route),
        code: 'other-branch',
        class: 'unseen',
        message: `${titleOf(manifest)} follows ${now.branch} here, and followed ${list([...new Set(former)].sort(compareText), 3)} before: what it applies is the state of another branch, which this tree does not show.`,
        remedy: `Compare the two branches with a pull request from one to the other; where they are the same, nothing changes.`,
        hides: { namespaces: hides },
      }))
    })
  })
}

/** HEAD is the default branch, which is called so more often than not. */
function areAlike(a: string, b: string): boolean {
  const [one, other] = [a, b].sort()
  return a === b || (one === 'HEAD' && (other === 'main' || other === 'master'))
}

const KINDS = ['Application', 'ApplicationSet', 'GitRepository']

function follows({ kind, apiVersion }: Manifest): boolean {
  return KINDS.includes(kind) && /^(?:argoproj\.io|source\.toolkit\.fluxcd\.io)\//.test(apiVersion)
}

/** Namespaces of what it is known to make, or else all; null where none of them has to do with the mesh. */
function hidesOf(
  { origin }: Manifest,
  { loaded }: ClusterState,
  worlds: readonly Analysis[],
): readonly string[] | null {
  const made = loaded.manifests.filter((one) => one.origin.steeredBy?.includes(origin.file.path) === true)
  const own = new Set(
    made.map((one) => (one.kind === 'Namespace' ? nameIn(one) : homeName(one, loaded.config))),
  )
  const names = own.size > 0 ? [...own] : worlds.flatMap(({ state }) => [...state.namespaces.keys()])
  const hides = { namespaces: [...new Set(names)].sort(compareText) }
  return names.length > 0 && worlds.some((world) => concerns(world, { hides })) ? hides.namespaces : null
}

/** What an object follows of repositories; nothing of what is pinned. */
function followingOf(manifest: Manifest, manifests: readonly Manifest[]): readonly Following[] {
  const { kind, object } = manifest
  if (kind !== 'GitRepository')
    return sourcesIn(object, []).filter(({ branch, isChart }) => !isChart && !isPinned(branch))
  const spec = valueAt(object, ['spec'])
  const ref = valueAt(spec, ['ref'])
  const name = textIn(ref, 'name')
  // A name takes precedence over a branch, and may be one; the others pin.
  const isPin =
    PINS.some((key) => textIn(ref, key) !== undefined) || (name !== undefined && !name.startsWith(BRANCH))
  const key = name === undefined ? 'branch' : 'name'
  const branch = branchOf(textIn(ref, key) ?? 'master')
  const url = textIn(spec, 'url') ?? ''
  const paths = manifests.flatMap((one) => pathFrom(nameIn(manifest), one))
  return isPin ? [] : [{ url, of: sameUrl(url), paths, branch, route: ['spec', 'ref', key] }]
}

/** What comes before the branch of a GitRepository. */
const PINS = ['commit', 'semver', 'tag']

const BRANCH = 'refs/heads/'

function branchOf(name: string): string {
  return name.startsWith(BRANCH) ? name.slice(BRANCH.length) : name
}

/** What a Kustomization or a HelmRelease takes from the GitRepository of that name. */
function pathFrom(name: string, { kind, object }: Manifest): readonly string[] {
  const [home, key] = kind === 'Kustomization' ? [['spec'], 'path'] : [['spec', 'chart', 'spec'], 'chart']
  const asking = valueAt(object, home)
  return valueAt(asking, ['sourceRef', 'name']) === name ? [textIn(asking, key) ?? '.'] : []
}

/** Of a source without a path it shows by its repository alone whose it is: no tree has such a path. */
const NO_PATH = '/'

/** Sources of an Application or of a template of one, git generators, and elements that name a branch for either. */
function sourcesIn(value: unknown, route: Route): readonly (Following & { readonly isChart: boolean })[] {
  if (typeof value !== 'object' || value === null) return []
  const entries = Object.entries(value).map(
    ([key, inner]) => [Array.isArray(value) ? Number(key) : key, inner] as const,
  )
  const below = entries.flatMap(([key, inner]) => sourcesIn(inner, [...route, key]))
  const key = BRANCHES.find((one) => textIn(value, one) !== undefined)
  const url = textIn(value, 'repoURL')
  const isElement = route.at(-2) === 'elements' && key !== undefined
  if (url === undefined && !isElement) return below
  const isFilledIn = url?.includes('{{') === true
  const others = entries.filter(([name]) => name !== key && name !== 'repoURL')
  const isGenerator = route.at(-1) === 'git'
  const own = {
    url: isFilledIn ? null : (url ?? null),
    of: url === undefined || isFilledIn ? JSON.stringify([url, others]) : sameUrl(url),
    paths: [textIn(value, 'path') ?? (isGenerator ? '.' : NO_PATH)],
    branch: branchOf((key === undefined ? undefined : textIn(value, key)) ?? 'HEAD'),
    route: [...route, key ?? 'repoURL'],
    isChart: textIn(value, 'chart') !== undefined,
  }
  return [own, ...below]
}

const BRANCHES = ['targetRevision', 'revision', 'branch']

function textIn(value: unknown, key: string): string | undefined {
  const found = valueAt(value, [key])
  return typeof found === 'string' && found !== '' ? found : undefined
}
