// Which Services select the pods of a workload: looked up by a label, as a namespace may hold thousands of both.
import { grouped } from '../source/grouped.ts'
import { matches } from './labels.ts'
import type { Labels, Selector } from './labels.ts'
import type { Service } from './state.ts'

interface Selecting {
  readonly service: Service
  readonly selector: Selector
  readonly index: number
  /** Namespace and one label that it asks for: pods without it are not selected. */
  readonly key: string
}

/** Finds the Services (in the order given) that select pods with these labels in a namespace. */
export function servicesByLabel(
  services: readonly Service[],
): (namespace: string, labels: Labels) => readonly Service[] {
  const selecting = services.flatMap((service, index): Selecting[] => {
    const wanted = Object.entries(service.spec.selector ?? {})
    const [first] = wanted
    // An empty selector selects nothing (core/v1 ServiceSpec.selector).
    if (first === undefined) return []
    const selector = wanted.map(([key, value]) => ({ key, operator: 'In', values: [value] }) as const)
    return [{ service, selector, index, key: keyOf(service.namespace.name, first) }]
  })
  const byKey = grouped(selecting, ({ key }) => key)
  return (namespace, labels) =>
    Object.entries(labels)
      .flatMap((pair) => byKey.get(keyOf(namespace, pair)) ?? [])
      .filter(({ selector }) => matches(selector, labels))
      .sort((a, b) => a.index - b.index)
      .map(({ service }) => service)
}

function keyOf(namespace: string, pair: readonly [string, string]): string {
  return JSON.stringify([namespace, ...pair])
}
