// Does a selector take a namespace, by what is known of its labels?
import { matches, matchesPartly } from '../kubernetes/labels.ts'
import type { Match, Selector } from '../kubernetes/labels.ts'
import type { Namespace } from '../kubernetes/state.ts'

/** Perhaps, where the selector asks for a label that nobody tells of. */
export function matchesNamespace(selector: Selector, namespace: Namespace): Match {
  if (hasOtherLabels(namespace)) return matchesPartly(selector, namespace.labels)
  return matches(selector, namespace.labels) ? 'yes' : 'no'
}

/** May it have labels that nothing here tells of? */
export function hasOtherLabels({ known, supposed }: Namespace): boolean {
  return !known || supposed === true
}
