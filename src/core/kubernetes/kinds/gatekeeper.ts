// What the mutators of Gatekeeper change: one place in objects of some kinds.
// https://open-policy-agent.github.io/gatekeeper/website/docs/mutation/
import { at, list, string } from '../loose.ts'
import { CLUSTER_WIDE, MADE, changedKinds, phrase } from './effects.ts'
import type { Path, Write } from './effects.ts'

/** What an AssignMetadata, Assign or ModifySet writes that matters. */
export function gatekeeperWrites(object: unknown): readonly Write[] {
  const match = at(object, 'spec', 'match')
  const location = string(at(object, 'spec', 'location'))
  const scope = at(match, 'scope')
  const matched = MADE.filter((kind) => {
    if (scope === 'Namespaced' && CLUSTER_WIDE.includes(kind)) return false
    if (scope === 'Cluster' && !CLUSTER_WIDE.includes(kind)) return false
    return [at(object, 'spec', 'applyTo'), at(match, 'kinds')].every((kinds) => names(kinds, kind))
  })
  const kinds = changedKinds(matched, [location === undefined ? [] : pathOf(location)])
  if (kinds.length === 0) return []
  const what = `changes ${phrase(kinds)}`
  return [{ what, rule: null, route: ['spec', 'location'], namespaces: limitOf(match) }]
}

/** @param kinds entries with a list of `kinds`, each by its name or `*`; left out, they are all */
function names(kinds: unknown, kind: string): boolean {
  const named = list(kinds).flatMap((entry) => list(at(entry, 'kinds')))
  return named.length === 0 || named.includes('*') || named.includes(kind)
}

/** Keys between dots, in quotes where they need them; what chooses an item of a list stands in brackets. */
function pathOf(location: string): Path {
  return [...location.matchAll(/\[[^\]]*\]|"([^"]*)"|'([^']*)'|([^.[\]"']+)/g)].flatMap(
    ([, double, single, plain]) => double ?? single ?? plain ?? [],
  )
}

/** A Namespace counts as in the namespace of its name (pkg/mutation/match, namespacesMatch). */
function limitOf(match: unknown): readonly string[] | null {
  const names = list(at(match, 'namespaces')).map(String)
  return names.length === 0 || names.some((name) => name.includes('*')) ? null : names
}
