// A Flux object as it asks for something, and what there is to say about it. Its fields are read defensively: the API
// server would refuse what has the wrong shape, but a file in a tree has met no API server.
import { get, rootField, text } from '../../../core/kubernetes/field.ts'
import type { Field } from '../../../core/kubernetes/field.ts'
import { nameIn } from '../../../core/kubernetes/identity.ts'
import { namespaceOf } from '../../../core/kubernetes/manifest.ts'
import type { Manifest } from '../../../core/kubernetes/manifest.ts'
import { placeOf } from '../../../core/kubernetes/origin.ts'
import type { Origin } from '../../../core/kubernetes/origin.ts'
import { byPlace, compareText } from '../../../core/source/problem.ts'
import type { Hides, Problem } from '../../../core/source/problem.ts'
import type { Route } from '../../../core/yaml/types.ts'
import type { Kitchen, Rendering, Unit, Waiting } from '../../unit.ts'

export interface Ask {
  readonly manifest: Manifest
  /** `Flux Kustomization flux-system/apps`, `HelmRelease shop/redis`. */
  readonly title: string
  readonly namespace: string
  readonly name: string
  readonly spec: Field
  /** What is not known where nothing is rendered for it. */
  readonly hides: Hides
}

/** What sources are looked up in. */
export type Shelf = Pick<Kitchen, 'tree' | 'find' | 'all' | 'settled' | 'isThisTree'>

/** `home`: the namespace of an object that names none. */
export function askOf(manifest: Manifest, home: string | null): Ask {
  const namespace = namespaceOf(manifest.object) ?? home ?? 'default'
  const name = nameIn(manifest)
  const spec = get(rootField(manifest.object), 'spec')
  const isRelease = manifest.kind === 'HelmRelease'
  const target =
    optionalText(get({ ...spec, faults: [] }, 'targetNamespace')) ?? (isRelease ? namespace : null)
  return {
    manifest,
    title: `${isRelease ? '' : 'Flux '}${manifest.kind} ${namespace}/${name}`,
    namespace,
    name,
    spec,
    // Without a target namespace, each object names its own, which can be any.
    hides: { namespaces: target === null ? 'all' : [target], under: [manifest.origin.file.path] },
  }
}

type Told = Pick<Problem, 'code' | 'class' | 'message' | 'remedy'> & { readonly hides?: Hides }

/** A problem at a route of the object; it hides all that the object asks for, unless it says otherwise. */
export function told(ask: Ask, route: Route, problem: Told): Problem {
  return toldAt(ask, ask.manifest.origin, route, problem)
}

/** The same, where another object is to blame. */
export function toldAt(ask: Ask, origin: Origin, route: Route, problem: Told): Problem {
  return { ...placeOf(origin, route), hides: ask.hides, ...problem }
}

/** What a suspended object applied stays, and what changes of it in Git is not applied. @param under where that is */
export function suspended(ask: Ask, under: readonly string[]): readonly Problem[] {
  if (!flag(get(ask.spec, 'suspend'))) return []
  return [
    told(ask, ['spec', 'suspend'], {
      code: 'suspended',
      class: 'unseen',
      message: `${ask.title} is suspended: what it applied stays, and what changes of it is not applied.`,
      remedy: 'Resume it to have changes applied, or judge them once it is.',
      hides: { namespaces: [], under: [...under, ask.manifest.origin.file.path] },
    }),
  ]
}

/** What the object has of the wrong shape; Flux's API refuses all of it for that. */
function faultsOf(ask: Ask): readonly Problem[] {
  return ask.spec.faults.map(({ route, message }) =>
    told(ask, route, {
      code: 'invalid-flux-object',
      class: 'unreadable',
      message: `${ask.title} is not valid: ${message}.`,
      remedy: 'Correct it; Kubernetes refuses the object as it stands.',
    }),
  )
}

/** Sorted, each once, and with the files of the object among the inputs. */
export function rendering(
  ask: Ask,
  units: readonly Unit[],
  problems: readonly Problem[],
  inputs: Iterable<string>,
): Rendering {
  const every = new Map([...faultsOf(ask), ...problems].map((problem) => [JSON.stringify(problem), problem]))
  return {
    manifests: [],
    units,
    problems: [...every.values()].sort(byPlace),
    inputs: [...new Set([...filesOf(ask.manifest), ...inputs])].sort(compareText),
  }
}

/** The files that made an object what it is. */
export function filesOf({ origin }: Manifest): readonly string[] {
  return [origin.file.path, ...(origin.making?.layers ?? []).map(({ file }) => file.path)]
}

export function isWaiting(value: object): value is Waiting {
  return 'waitsFor' in value
}

/** A text that is there; the API takes an empty one for none. */
export function optionalText(field: Field): string | null {
  const value = text(field)
  return value === undefined || value === '' ? null : value
}

/** True only where it says so; anything but a truth value is a fault. */
export function flag(field: Field): boolean {
  const { value } = field
  if (value !== undefined && value !== null && typeof value !== 'boolean')
    field.faults.push({ route: field.route, message: `${field.route.join('.')} must be true or false` })
  return value === true
}

/** The mapping at a field, or null where there is none. */
export function mappingAt(field: Field): Readonly<Record<string, unknown>> | null {
  const { value } = field
  if (value === undefined || value === null) return null
  if (typeof value === 'object' && !Array.isArray(value)) return value as Readonly<Record<string, unknown>>
  field.faults.push({ route: field.route, message: `${field.route.join('.')} must be a mapping` })
  return null
}

/**
 * The cluster that a kubeConfig leads to, by the name of the Secret or ConfigMap that holds it; null: the one that
 * Flux runs in.
 */
export function clusterOf(spec: Field): string | null {
  const kubeConfig = get(spec, 'kubeConfig')
  const names = ['secretRef', 'configMapRef'].map((key) => optionalText(get(get(kubeConfig, key), 'name')))
  return names.find((name) => name !== null) ?? null
}
