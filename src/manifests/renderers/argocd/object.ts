// An Application as it asks for something, where its words stand, and what there is to say about it. Its fields are
// read defensively: the API server would refuse what has the wrong shape, but a file in a tree has met no API server.
import { fault, get, rootField, text } from '../../../core/kubernetes/field.ts'
import type { Field } from '../../../core/kubernetes/field.ts'
import { nameIn } from '../../../core/kubernetes/identity.ts'
import { namespaceOf } from '../../../core/kubernetes/manifest.ts'
import type { Manifest } from '../../../core/kubernetes/manifest.ts'
import { isEqual, placeOf, textAt, valueAt } from '../../../core/kubernetes/origin.ts'
import type { TextAt } from '../../../core/kubernetes/origin.ts'
import type { Hides, Problem } from '../../../core/source/problem.ts'
import type { Route } from '../../../core/yaml/types.ts'
import type { Unit } from '../../unit.ts'

export interface App {
  readonly manifest: Manifest
  /** `Application argocd/shop`. */
  readonly title: string
  readonly name: string
  readonly spec: Field
  /** Where Argo CD puts objects that name no namespace; null: the Application does not say. */
  readonly namespace: string | null
  /** What is not known where nothing is rendered for it. */
  readonly hides: Hides
}

/** What a renderer of Applications collects. */
export interface Gathered {
  readonly manifests: Manifest[]
  readonly units: Unit[]
  readonly problems: Problem[]
  readonly inputs: Set<string>
}

/** Applications live where Argo CD does, by its documentation in `argocd`. */
const HOME = 'argocd'

/** `home`: the namespace of an Application that names none. */
export function appOf(manifest: Manifest, home: string | null): App {
  const spec = get(rootField(manifest.object), 'spec')
  const namespace = textOrNull(get(get(spec, 'destination'), 'namespace'))
  return {
    manifest,
    title: titleOf(manifest, home),
    name: nameIn(manifest),
    spec,
    namespace,
    hides: hidesOf(namespace, manifest.origin.file.path),
  }
}

export function titleOf(manifest: Manifest, home: string | null): string {
  return `${manifest.kind} ${namespaceOf(manifest.object) ?? home ?? HOME}/${nameIn(manifest)}`
}

/**
 * What an Application may make that we do not see. It mostly fills the namespace that it is destined for. Without one,
 * each of its objects names its own, which can be any: then nothing in its cluster is known for sure.
 */
export function hidesOf(namespace: string | null, file: string): Hides {
  return { namespaces: namespace === null ? 'all' : [namespace], under: [file] }
}

/** A text that says something; absent and empty are one, as they are to Argo CD's Go structs. */
export function textOrNull(field: Field): string | null {
  const value = text(field)
  return value === undefined || value === '' ? null : value
}

export function flag(field: Field): boolean {
  if (typeof field.value === 'boolean' || field.value === undefined || field.value === null)
    return field.value === true
  fault(field, `${field.route.join('.')} must be true or false`)
  return false
}

type Told = Pick<Problem, 'code' | 'class' | 'message' | 'remedy'> & { readonly hides?: Hides }

/** A problem at a route of an Application; it hides all that the Application asks for, unless it says otherwise. */
export function told({ manifest, hides }: App, route: Route, problem: Told): Problem {
  return { ...placeOf(manifest.origin, route), hides, ...problem }
}

/** What has the wrong shape; the API server or Argo CD itself refuses the whole Application for it. */
export function faultsOf(app: App): readonly Problem[] {
  // A field that two readers look at is wrong once.
  const once = new Map(app.spec.faults.map(({ route, message }) => [message, route]))
  return [...once].map(([message, route]) => invalid(app, route, `${message}.`))
}

export function invalid(app: App, route: Route, message: string): Problem {
  return told(app, route, {
    code: 'invalid-application',
    class: 'unreadable',
    message: `${app.title} is not valid: ${message}`,
    remedy: 'Correct it; nothing of this Application was judged.',
  })
}

/**
 * The text in which somebody wrote what stands at a route of an Application; null where none says just that, as where
 * a generator's parameters or a file of overrides went into it.
 */
export function writtenAt({ manifest }: App, route: Route, value: unknown): TextAt | null {
  const { making } = manifest.origin
  const asMade = valueAt(making?.object ?? manifest.object, route)
  return isEqual(asMade, value) ? textAt(manifest.origin, route) : null
}
