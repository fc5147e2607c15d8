// Objects that make a controller write others at run time: admission policies that change what passes, and rules that
// generate. What they write is not in the tree, and may be a policy that cuts off, or a label that enrols. It is told and
// not worked out: it hangs on every object of the cluster, and on expressions. Policies that only judge, verify images or
// change what does not matter are silent.
import type { ClusterConfig } from '../../config.ts'
import type { Problem } from '../../source/problem.ts'
import { nameIn } from '../identity.ts'
import { namespaceOf } from '../manifest.ts'
import type { Manifest } from '../manifest.ts'
import { placeOf } from '../origin.ts'
import { capsuleWrites } from './capsule.ts'
import { celWrites } from './cel-writes.ts'
import type { Write } from './effects.ts'
import { gatekeeperWrites } from './gatekeeper.ts'
import { ruleWrites } from './kyverno-rules.ts'

interface Writer {
  /** Whose kind it is, for people; null: Kubernetes' own. */
  readonly whose: string | null
  readonly code: 'kyverno-writes' | 'written-at-run-time'
  readonly read: (object: unknown) => readonly Write[]
  /** An object of a namespace, that matches and writes in it alone. */
  readonly namespaced?: true
}

const KYVERNO = { whose: 'Kyverno', code: 'kyverno-writes' } as const
const GATEKEEPER = { whose: 'Gatekeeper', code: 'written-at-run-time', read: gatekeeperWrites } as const

/** `kyverno.io` is the older API, with rules; `policies.kyverno.io` has a kind for each thing to do, in CEL. */
const WRITERS: Readonly<Record<string, Writer>> = {
  'kyverno.io/ClusterPolicy': { ...KYVERNO, read: ruleWrites },
  'kyverno.io/Policy': { ...KYVERNO, read: ruleWrites, namespaced: true },
  'policies.kyverno.io/GeneratingPolicy': { ...KYVERNO, read: celWrites },
  'policies.kyverno.io/NamespacedGeneratingPolicy': { ...KYVERNO, read: celWrites, namespaced: true },
  'policies.kyverno.io/MutatingPolicy': { ...KYVERNO, read: celWrites },
  'policies.kyverno.io/NamespacedMutatingPolicy': { ...KYVERNO, read: celWrites, namespaced: true },
  'admissionregistration.k8s.io/MutatingAdmissionPolicy': {
    whose: null,
    code: 'written-at-run-time',
    read: celWrites,
  },
  'mutations.gatekeeper.sh/AssignMetadata': GATEKEEPER,
  'mutations.gatekeeper.sh/Assign': GATEKEEPER,
  'mutations.gatekeeper.sh/ModifySet': GATEKEEPER,
  'capsule.clastix.io/Tenant': { whose: 'Capsule', code: 'written-at-run-time', read: capsuleWrites },
}

/** Other groups have kinds of these names too. */
export const WRITER_KINDS: readonly string[] = Object.keys(WRITERS).map((id) => id.slice(id.indexOf('/') + 1))

/** Does it write something that matters here? */
export function writesForUs(manifest: Manifest): boolean {
  return writesOf(manifest).length > 0
}

/** One problem for each object that writes, with everything it does. */
export function writtenAtRunTime(manifest: Manifest, config: ClusterConfig): Problem | null {
  const writer = writerOf(manifest)
  const writes = writesOf(manifest)
  const [first] = writes
  if (writer === null || first === undefined) return null
  const { kind, object, origin } = manifest
  const home = writer.namespaced === true ? (namespaceOf(object) ?? config.namespace) : null
  const parts = writes.map(({ what, rule }) => (rule === null ? what : `${what} (rule ${rule})`))
  const deeds = [...new Set(parts)].join(' and ')
  return {
    ...placeOf(origin, first.route),
    code: writer.code,
    class: 'unseen',
    message: `${writer.whose === null ? 'The' : `${writer.whose}'s`} ${kind} ${home === null ? '' : `${home}/`}${nameIn(manifest)} ${deeds}: what comes of it is not in the tree.`,
    remedy: `Put what it makes under clusters.${config.name}.assume in .github/ambient-guard.yml, as manifests or labels of namespaces, and leave its file out with ignorePaths.`,
    hides: { namespaces: home === null ? union(writes) : [home] },
  }
}

const memory = new WeakMap<object, readonly Write[]>()

function writesOf(manifest: Manifest): readonly Write[] {
  const writer = writerOf(manifest)
  if (writer === null) return []
  const known = memory.get(manifest.object)
  if (known !== undefined) return known
  const writes = writer.read(manifest.object)
  memory.set(manifest.object, writes)
  return writes
}

function writerOf({ apiVersion, kind }: Manifest): Writer | null {
  const group = apiVersion.slice(0, Math.max(0, apiVersion.indexOf('/')))
  return WRITERS[`${group}/${kind}`] ?? null
}

function union(writes: readonly Write[]): readonly string[] | 'all' {
  if (writes.some(({ namespaces }) => namespaces === null)) return 'all'
  return [...new Set(writes.flatMap(({ namespaces }) => namespaces ?? []))].sort()
}
