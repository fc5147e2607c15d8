// Problems of pods that the tree does not show hang on policies and enrolled namespaces, in whatever file those stand.
import type { Analysis } from '../analysis.ts'
import { EVERYTHING } from '../kubernetes/labels.ts'
import { isEqual } from '../kubernetes/origin.ts'
import type { Problem } from '../source/problem.ts'

/**
 * Is a policy that a problem hangs on new, or another than it was, or a namespace enrolled by now? Whatever brought that. Of
 * pods that were covered until now, the policy that did is gone.
 */
export function broughtBy(
  base: Analysis | null,
  head: Analysis,
): (problem: Problem, same: boolean) => boolean {
  const specs = ({ state }: Analysis): ReadonlyMap<string, unknown> =>
    new Map(state.policies.map(({ id, object }) => [id, [object['spec'], object['specs']]]))
  let known: readonly ReadonlyMap<string, unknown>[] | null = null
  const isEnrolled = (name: string): boolean => {
    const namespace = base?.state.namespaces.get(name)
    return namespace !== undefined && base?.mesh.podsSide(EVERYTHING, namespace, 'receives') === 'certain'
  }
  return ({ about }, same) => {
    if (about === undefined) return false
    if (base === null || about.namespaces.some((name) => !isEnrolled(name))) return true
    const [was, is] = (known ??= [specs(base), specs(head)])
    const differs = (id: string): boolean => !isEqual(was?.get(id), is?.get(id))
    return (
      about.policies.some(differs) ||
      // A policy of the whole cluster has a home without a name.
      (!same &&
        base.state.policies.some(
          ({ id, namespace: { name } }) => (name === '' || about.namespaces.includes(name)) && differs(id),
        ))
    )
  }
}
