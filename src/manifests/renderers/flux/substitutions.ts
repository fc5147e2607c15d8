// The variables that Flux replaces in what a Kustomization builds: those of ConfigMaps and Secrets in the order they are
// named, then spec.postBuild.substitute (fluxcd/pkg, kustomize/kustomize_varsub.go). Secrets are never read.
import { get, items, labelsField, rootField } from '../../../core/kubernetes/field.ts'
import type { Field } from '../../../core/kubernetes/field.ts'
import type { Hides, Problem } from '../../../core/source/problem.ts'
import type { Route } from '../../../core/yaml/types.ts'
import type { Kitchen, Waiting } from '../../unit.ts'
import { filesOf, flag, optionalText, told } from './object.ts'
import type { Ask } from './object.ts'

export interface Substitutions {
  /** Null where nothing is replaced. */
  readonly values: ReadonlyMap<string, string> | null
  /** Names whose values nothing unknown can change. */
  readonly certain: ReadonlySet<string>
  readonly unknown: readonly UnknownVariables[]
  readonly problems: readonly Problem[]
  readonly inputs: readonly string[]
}

/** A ConfigMap or Secret of which nobody knows what variables it has. */
export interface UnknownVariables {
  readonly from: string
  /** `which is not read`, `which is not in the tree`. */
  readonly why: string
  readonly route: Route
}

/** `hides`: what is not known where a variable is not. */
export function substitutionsOf(
  ask: Ask,
  { find, settled }: Pick<Kitchen, 'find' | 'settled'>,
  hides: Hides,
): Substitutions | Waiting {
  const postBuild = get(ask.spec, 'postBuild')
  const values = new Map<string, string>()
  const problems: Problem[] = []
  const inputs: string[] = []
  const unknown: UnknownVariables[] = []
  let certain = new Set<string>()
  for (const field of items(get(postBuild, 'substituteFrom'))) {
    const { kind, name, optional } = referenceAt(field)
    if (kind === null || name === null) continue
    const what = `${kind} ${ask.namespace}/${name}`
    const found = kind === 'ConfigMap' ? find('v1/ConfigMap', ask.namespace, name) : null
    if (found !== null) {
      inputs.push(...filesOf(found))
      const data = labelsField(get(rootField(found.object), 'data'))
      for (const [key, value] of Object.entries(data)) {
        values.set(key, oneLine(value))
        certain.add(key)
      }
    } else if (kind === 'ConfigMap' && !settled) {
      return { waitsFor: what }
    } else if (kind === 'Secret' || !optional) {
      const why = kind === 'Secret' ? 'which is not read' : 'which is not in the tree'
      unknown.push({ from: what, why, route: field.route })
      // It comes later, and may say otherwise.
      certain = new Set()
    }
  }
  const inline = labelsField(get(postBuild, 'substitute'))
  for (const [key, value] of Object.entries(inline)) {
    values.set(key, oneLine(value))
    certain.add(key)
  }
  for (const key of [...values.keys()].filter((name) => !VARIABLE.test(name))) {
    values.delete(key)
    problems.push(
      told(ask, [...postBuild.route, 'substitute', key], {
        code: 'invalid-variable',
        class: 'unreadable',
        message: `${ask.title} has a variable ${key}, for which Flux builds nothing: a name has letters, digits and underscores.`,
        remedy: 'Rename it.',
        hides,
      }),
    )
  }
  const always = ['postBuild', 'substituteStrategy'].reduce(get, ask.spec).value === 'Always'
  // "Substitution of variables only happens if at least a single variable or resource to substitute from is defined."
  const replaces = values.size > 0 || unknown.length > 0 || always
  return { values: replaces ? values : null, certain, unknown, problems, inputs }
}

const VARIABLE = /^[_a-zA-Z][_a-zA-Z0-9]*$/

function oneLine(value: string): string {
  return value.replaceAll('\n', '')
}

interface Reference {
  readonly kind: 'ConfigMap' | 'Secret' | null
  readonly name: string | null
  readonly optional: boolean
}

/** A ConfigMap or a Secret, of the namespace of the object that names it. */
export function referenceAt(field: Field): Reference {
  const kind = optionalText(get(field, 'kind'))
  const isKnown = kind === 'ConfigMap' || kind === 'Secret'
  if (!isKnown)
    field.faults.push({
      route: field.route,
      message: `${field.route.join('.')} must be of the kind ConfigMap or Secret`,
    })
  return {
    kind: isKnown ? kind : null,
    name: optionalText(get(field, 'name')),
    optional: flag(get(field, 'optional')),
  }
}
