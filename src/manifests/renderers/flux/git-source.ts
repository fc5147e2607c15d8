// A GitRepository of Flux, and what every source leads to: a path of this tree, or out of it. A repository that says it
// is this one is taken at its word; where nobody says, as for the GitRepository that `flux bootstrap` makes, a path
// that exists here means this tree.
import { get, items, rootField } from '../../../core/kubernetes/field.ts'
import type { Field } from '../../../core/kubernetes/field.ts'
import type { Manifest } from '../../../core/kubernetes/manifest.ts'
import type { Problem } from '../../../core/source/problem.ts'
import type { Route } from '../../../core/yaml/types.ts'
import { isWithin, joinPath } from '../../source-tree.ts'
import type { Waiting } from '../../unit.ts'
import { filesOf, optionalText, told, toldAt } from './object.ts'
import type { Ask, Shelf } from './object.ts'

export interface SourceRef {
  readonly kind: string
  readonly namespace: string
  readonly name: string
}

/** Where the object that is asked for names its source. */
export interface Wanted {
  readonly ref: SourceRef
  /** In the source. */
  readonly path: string
  /** Where the asking object says so. */
  readonly route: Route
}

export interface Found {
  /** In this tree. It may well be missing. */
  readonly path: string
  /** The text of the source's spec.ignore. */
  readonly ignore: string | null
  /** Files of this tree that do not reach the artifact. */
  readonly leavesOut: (path: string) => boolean
  /** What is not certain about it, though it is rendered. */
  readonly problems: readonly Problem[]
  readonly inputs: readonly string[]
}

/** The source leads out of this tree, or nowhere. */
export interface Lost {
  readonly problem: Problem
  readonly inputs: readonly string[]
}

export type Sourced = Found | Lost | Waiting

export const SOURCES = 'source.toolkit.fluxcd.io'
/** `flux bootstrap` gives its GitRepository this name, and does not always leave it in Git. */
const BOOTSTRAP = 'flux-system'
export function isFound(sourced: Sourced): sourced is Found {
  return 'path' in sourced
}

/** A path in a source, as Flux joins it: a leading slash is its root. Null where it leaves the source. */
export function pathInSource(text: string): string | null {
  const path = joinPath('.', text.replace(/^\/+/, ''))
  return path === '..' || path.startsWith('../') || path.includes('\0') ? null : path
}

/** A reference of the usual form; null where it names nothing. `home` is where it leads without a namespace. */
export function refAt(field: Field, home: string): SourceRef | null {
  const kind = optionalText(get(field, 'kind'))
  const name = optionalText(get(field, 'name'))
  const namespace = optionalText(get(field, 'namespace')) ?? home
  return kind === null || name === null ? null : { kind, name, namespace }
}

export function gitSource(shelf: Shelf, ask: Ask, wanted: Wanted): Sourced {
  const { ref, path } = wanted
  const found = shelf.find(`${SOURCES}/GitRepository`, ref.namespace, ref.name)
  if (found === null) {
    if (!shelf.settled) return { waitsFor: `GitRepository ${ref.namespace}/${ref.name}` }
    // Every tree has a root, so that a root says nothing about whose it is.
    const isHere = shelf.tree.kindOf(path) !== 'missing' && (path !== '.' || ref.name === BOOTSTRAP)
    return isHere
      ? { path, ignore: null, leavesOut: () => false, problems: [], inputs: [] }
      : missing(shelf, ask, wanted)
  }
  const spec = get(rootField(found.object), 'spec')
  const url = optionalText(get(spec, 'url')) ?? ''
  if (!shelf.isThisTree(url, path)) return remote(ask, wanted, found, url)
  const included = includesOf(spec).filter(({ to }) => isWithin(to, path) || isWithin(path, to))
  const inside = included.find(({ to }) => isWithin(path, to))
  const problems = included.map(({ repository, to, route }) =>
    toldAt(ask, found.origin, route, {
      code: 'included-source',
      class: 'unseen',
      message: `${nameOf(wanted)} puts the repository ${repository} into ${to}, which is not followed; ${ask.title} renders it.`,
      remedy: `Check what ${repository} holds on its own.`,
      hides: { ...ask.hides, under: [path] },
    }),
  )
  if (inside !== undefined && problems[0] !== undefined)
    return { problem: problems[0], inputs: filesOf(found) }
  const pin = pinOf(get(spec, 'ref'))
  if (pin !== null)
    problems.push(
      toldAt(ask, found.origin, pin.route, {
        code: 'revision-pinned',
        class: 'unseen',
        message: `${nameOf(wanted)} is pinned to ${pin.text}, so ${ask.title} applies ${path} of that revision, not of this one.`,
        remedy: 'A change there takes effect when the pin moves; check it in the pull request that moves it.',
        hides: { namespaces: [], under: [path] },
      }),
    )
  return {
    path,
    ignore: optionalText(get(spec, 'ignore')),
    leavesOut: () => false,
    problems,
    inputs: filesOf(found),
  }
}

/** A revision that a merge does not move. The later fields take precedence (GitRepository, spec.ref). */
function pinOf(ref: Field): { readonly text: string; readonly route: Route } | null {
  for (const key of ['commit', 'name', 'semver', 'tag']) {
    const field = get(ref, key)
    const value = optionalText(field)
    if (value === null) continue
    if (key === 'name' && value.startsWith('refs/heads/')) return null
    const what = key === 'name' ? 'the reference' : key === 'semver' ? 'the tags in the range' : `the ${key}`
    return { text: `${what} ${value}`, route: field.route }
  }
  return null
}

/** What spec.include copies from other repositories into the artifact, and where. */
function includesOf(
  spec: Field,
): readonly { readonly repository: string; readonly to: string; readonly route: Route }[] {
  return items(get(spec, 'include')).flatMap((field) => {
    const repository = optionalText(get(get(field, 'repository'), 'name')) ?? ''
    const to = pathInSource(optionalText(get(field, 'toPath')) ?? repository)
    return to === null ? [] : [{ repository, to, route: field.route }]
  })
}

export function remote(ask: Ask, wanted: Wanted, found: Manifest, url: string): Lost {
  const where = url === '' ? '' : ` (${url})`
  const { problem } = lost(ask, wanted, {
    code: 'remote-source',
    class: 'unseen',
    message: `${ask.title} takes ${wanted.path} from ${nameOf(wanted)}${where}, which is not this repository.`,
    remedy: 'Check what it holds in its own repository, or keep a copy of it in this one.',
  })
  return { problem, inputs: filesOf(found) }
}

/** Nothing in the tree says what a source is. */
export function missing(shelf: Shelf, ask: Ask, wanted: Wanted): Lost | Waiting {
  const { kind, namespace, name } = wanted.ref
  if (!shelf.settled) return { waitsFor: `${kind} ${namespace}/${name}` }
  return lost(ask, wanted, {
    code: 'missing-source',
    class: 'unseen',
    message: `${ask.title} takes ${wanted.path} from ${nameOf(wanted)}, which is not in the tree.`,
    remedy: `Add the ${kind} to the tree, so that it is known where its content is.`,
  })
}

export function lost(ask: Ask, wanted: Wanted, problem: Parameters<typeof told>[2]): Lost {
  return { problem: told(ask, wanted.route, problem), inputs: [] }
}

function nameOf({ ref: { kind, namespace, name } }: Wanted): string {
  return `${kind} ${namespace}/${name}`
}
