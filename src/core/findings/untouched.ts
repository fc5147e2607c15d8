// Where nothing changed between two states of which one was made of the other: rules that judge a change have nothing to
// say there.
import type { World } from '../analysis.ts'

/**
 * Do the same policies govern the pods of a namespace in two states, and is all else the same to the mesh? Known of
 * states of which one is made of the other; of all others the answer is no.
 */
export function isUntouched(a: World, b: World, namespace: string): boolean {
  return (
    a.population === b.population &&
    a.index.wide === b.index.wide &&
    a.index.byNamespace.get(namespace) === b.index.byNamespace.get(namespace)
  )
}
