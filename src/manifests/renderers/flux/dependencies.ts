// What a Kustomization of Flux waits for before it is applied.
import { get, items, rootField } from '../../../core/kubernetes/field.ts'
import type { Field } from '../../../core/kubernetes/field.ts'
import { nameIn } from '../../../core/kubernetes/identity.ts'
import { namespaceOf } from '../../../core/kubernetes/manifest.ts'
import type { Manifest } from '../../../core/kubernetes/manifest.ts'
import { grouped } from '../../../core/source/grouped.ts'
import { onceEach } from '../../../core/source/once-each.ts'
import type { Problem } from '../../../core/source/problem.ts'
import type { Kitchen, Waiting } from '../../unit.ts'
import { optionalText, told } from './object.ts'
import type { Ask } from './object.ts'

interface Dependency {
  readonly field: Field
  readonly namespace: string
  readonly name: string
}

const KUSTOMIZATION = 'kustomize.toolkit.fluxcd.io/Kustomization'

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
  return find(KUSTOMIZATION, namespace, name)
}

/**
 * Who waits for ever, by namespace and name: those that depend on each other in a circle, and those that depend on one of
 * them. A dependency that is not in the tree is told apart.
 */
const neverReady = onceEach((all: readonly Manifest[]): ReadonlySet<string> => {
  const waiting = new Map(
    all.map((manifest) => {
      const namespace = namespaceOf(manifest.object) ?? ''
      const spec = get(rootField(manifest.object), 'spec')
      return [
        keyOf({ namespace, name: nameIn(manifest) }),
        dependenciesIn(spec, namespace).map(keyOf),
      ] as const
    }),
  )
  const edges = [...waiting].flatMap(([key, keys]) =>
    [...new Set(keys)].filter((one) => waiting.has(one)).map((one) => [key, one] as const),
  )
  const wanted = grouped(edges, ([, one]) => one)
  const open = new Map([...waiting.keys()].map((key) => [key, 0]))
  for (const [key] of edges) open.set(key, (open.get(key) ?? 0) + 1)
  const ready = [...open].flatMap(([key, count]) => (count === 0 ? [key] : []))
  for (let next = ready.pop(); next !== undefined; next = ready.pop()) {
    open.delete(next)
    for (const [key] of wanted.get(next) ?? []) {
      const left = (open.get(key) ?? 0) - 1
      open.set(key, left)
      if (left === 0) ready.push(key)
    }
  }
  return new Set(open.keys())
})

function keyOf({ namespace, name }: Pick<Dependency, 'namespace' | 'name'>): string {
  return `${namespace}/${name}`
}

/** "If specified, then the Kustomization is only applied after the referred Kustomizations are ready." */
export function missingDependencies(
  ask: Ask,
  kitchen: Pick<Kitchen, 'find' | 'all' | 'settled'>,
): readonly Problem[] | Waiting {
  const problems: Problem[] = []
  for (const dependency of dependenciesIn(ask.spec, ask.namespace)) {
    const { field, namespace, name } = dependency
    if (findKustomization(kitchen, dependency) !== null) {
      if (neverReady(kitchen.all(KUSTOMIZATION)).has(keyOf(dependency)))
        problems.push(
          told(ask, field.route, {
            code: 'dependency-cycle',
            class: 'unseen',
            message: `${ask.title} depends on Flux Kustomization ${namespace}/${name}, which is never ready: it is in a circle of dependencies, or waits for one. Flux applies neither of them.`,
            remedy: 'Take one of the circle out of spec.dependsOn.',
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
