// What a Kustomization of Flux waits for before it is applied.
import { get, items, rootField } from '../../../core/kubernetes/field.ts'
import type { Field } from '../../../core/kubernetes/field.ts'
import { nameIn } from '../../../core/kubernetes/identity.ts'
import type { Manifest } from '../../../core/kubernetes/manifest.ts'
import type { Problem } from '../../../core/source/problem.ts'
import type { Kitchen, Waiting } from '../../unit.ts'
import { optionalText, told } from './object.ts'
import type { Ask } from './object.ts'

interface Dependency {
  readonly field: Field
  readonly namespace: string
  readonly name: string
}

function dependenciesIn(spec: Field, home: string): readonly Dependency[] {
  return items(get(spec, 'dependsOn')).flatMap((field) => {
    const name = optionalText(get(field, 'name'))
    return name === null ? [] : [{ field, name, namespace: optionalText(get(field, 'namespace')) ?? home }]
  })
}

function findKustomization(
  { find }: Pick<Kitchen, 'find'>,
  { namespace, name }: Dependency,
): Manifest | null {
  return find('kustomize.toolkit.fluxcd.io/Kustomization', namespace, name)
}

/** Does what it depends on depend on it in turn? Then each waits for the other for ever. */
function waitsForItself(ask: Ask, kitchen: Pick<Kitchen, 'find'>, first: Dependency): boolean {
  const own = keyOf({ namespace: ask.namespace, name: nameIn(ask.manifest) })
  const seen = new Set<string>()
  const waiting = [first]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const key = keyOf(next)
    if (key === own) return true
    if (seen.has(key)) continue
    seen.add(key)
    const found = findKustomization(kitchen, next)
    if (found !== null) waiting.push(...dependenciesIn(get(rootField(found.object), 'spec'), next.namespace))
  }
  return false
}

function keyOf({ namespace, name }: Pick<Dependency, 'namespace' | 'name'>): string {
  return `${namespace}/${name}`
}

/** "If specified, then the Kustomization is only applied after the referred Kustomizations are ready." */
export function missingDependencies(
  ask: Ask,
  kitchen: Pick<Kitchen, 'find' | 'settled'>,
): readonly Problem[] | Waiting {
  const problems: Problem[] = []
  for (const dependency of dependenciesIn(ask.spec, ask.namespace)) {
    const { field, namespace, name } = dependency
    if (findKustomization(kitchen, dependency) !== null) {
      if (waitsForItself(ask, kitchen, dependency))
        problems.push(
          told(ask, field.route, {
            code: 'dependency-cycle',
            class: 'unseen',
            message: `${ask.title} depends on Flux Kustomization ${namespace}/${name}, which waits for it in turn: Flux applies neither of them.`,
            remedy: 'Take one of them out of spec.dependsOn.',
            hides: { namespaces: [], under: [ask.manifest.origin.file.path] },
          }),
        )
      continue
    }
    if (!kitchen.settled) return { waitsFor: `Flux Kustomization ${namespace}/${name}` }
    problems.push(
      told(ask, field.route, {
        code: 'missing-dependency',
        class: 'unseen',
        message: `${ask.title} depends on Flux Kustomization ${namespace}/${name}, which is not in the tree: Flux applies nothing until it is there.`,
        remedy: 'Correct the name in spec.dependsOn, or add that Kustomization.',
        hides: { namespaces: [], under: [ask.manifest.origin.file.path] },
      }),
    )
  }
  return problems
}
