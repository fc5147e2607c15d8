// Policies of Kyverno that write: what they make or change on its way into the cluster is not in the tree, and may be a
// policy that cuts off, or a label that enrols. What they make is told and not worked out: it hangs on every object
// of the cluster, and on expressions. Policies that only judge, verify images or change what does not matter are silent.
import type { ClusterConfig } from '../../config.ts'
import type { Problem } from '../../source/problem.ts'
import { nameIn } from '../identity.ts'
import { namespaceOf } from '../manifest.ts'
import type { Manifest } from '../manifest.ts'
import { placeOf } from '../origin.ts'
import { celWrites } from './kyverno-cel.ts'
import type { Write } from './kyverno-effects.ts'
import { ruleWrites } from './kyverno-rules.ts'

/** `kyverno.io` is the older API, with rules; `policies.kyverno.io` has a kind for each thing to do, in CEL. */
const READERS: Readonly<Record<string, (object: unknown) => readonly Write[]>> = {
  'kyverno.io/ClusterPolicy': ruleWrites,
  'kyverno.io/Policy': ruleWrites,
  'policies.kyverno.io/GeneratingPolicy': celWrites,
  'policies.kyverno.io/NamespacedGeneratingPolicy': celWrites,
  'policies.kyverno.io/MutatingPolicy': celWrites,
  'policies.kyverno.io/NamespacedMutatingPolicy': celWrites,
}

/** Those of a namespace match and write in it alone. */
const NAMESPACED = ['Policy', 'NamespacedGeneratingPolicy', 'NamespacedMutatingPolicy']

/** Other groups have kinds of these names too. */
export const KYVERNO_KINDS: readonly string[] = Object.keys(READERS).map((id) =>
  id.slice(id.indexOf('/') + 1),
)

/** Is it a policy of Kyverno that writes what matters here? */
export function writesForUs(manifest: Manifest): boolean {
  return writesOf(manifest).length > 0
}

/** One problem for each policy that writes, with everything it does. */
export function kyvernoProblem(manifest: Manifest, config: ClusterConfig): Problem | null {
  const writes = writesOf(manifest)
  const [first] = writes
  if (first === undefined) return null
  const { kind, object, origin } = manifest
  const home = NAMESPACED.includes(kind) ? (namespaceOf(object) ?? config.namespace) : null
  const parts = writes.map(({ what, rule }) => (rule === null ? what : `${what} (rule ${rule})`))
  const deeds = [...new Set(parts)].join(' and ')
  return {
    ...placeOf(origin, first.route),
    code: 'kyverno-writes',
    class: 'unseen',
    message: `Kyverno's ${kind} ${home === null ? '' : `${home}/`}${nameIn(manifest)} ${deeds}: what comes of it is not in the tree.`,
    remedy: `Put what it makes under clusters.${config.name}.assume in .github/ambient-guard.yml, as manifests or labels of namespaces, and leave its file out with ignorePaths.`,
    hides: { namespaces: home === null ? union(writes) : [home] },
  }
}

const memory = new WeakMap<object, readonly Write[]>()

function writesOf({ apiVersion, kind, object }: Manifest): readonly Write[] {
  const group = apiVersion.slice(0, Math.max(0, apiVersion.indexOf('/')))
  const read = READERS[`${group}/${kind}`]
  if (read === undefined) return []
  const known = memory.get(object)
  if (known !== undefined) return known
  const writes = read(object)
  memory.set(object, writes)
  return writes
}

function union(writes: readonly Write[]): readonly string[] | 'all' {
  if (writes.some(({ namespaces }) => namespaces === null)) return 'all'
  return [...new Set(writes.flatMap(({ namespaces }) => namespaces ?? []))].sort()
}
