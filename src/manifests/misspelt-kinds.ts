// Kinds that differ from one that is read here by case alone. The API server knows them as little as any other word
// ("no matches for kind", kubernetes/apimachinery, NoKindMatchError), so what they describe is not in the cluster.
import { nameIn } from '../core/kubernetes/identity.ts'
import { WORKLOAD_KINDS } from '../core/kubernetes/kinds/workload.ts'
import { namespaceOf, unreadable } from '../core/kubernetes/manifest.ts'
import type { Manifest } from '../core/kubernetes/manifest.ts'
import { JUDGED_KINDS } from '../core/kubernetes/state.ts'
import type { Problem } from '../core/source/problem.ts'
import { CONTROLLER_KINDS } from './controllers.ts'

const SPELLINGS: ReadonlyMap<string, string> = new Map(
  [...JUDGED_KINDS, ...CONTROLLER_KINDS].map((kind) => [kind.toLowerCase(), kind]),
)

/** Groups whose kinds are read; elsewhere, `kind: service` may be right. `v1` stands for the group without a name. */
const GROUPS: ReadonlySet<string> = new Set([
  ...WORKLOAD_KINDS.map((kind) => kind.slice(0, kind.indexOf('/'))),
  'networking.k8s.io',
  'policy.networking.k8s.io',
  'cilium.io',
  'projectcalico.org',
  'crd.projectcalico.org',
  'gateway.networking.k8s.io',
  'networking.istio.io',
  'security.istio.io',
  'kyverno.io',
  'policies.kyverno.io',
  'kustomize.toolkit.fluxcd.io',
  'helm.toolkit.fluxcd.io',
  'source.toolkit.fluxcd.io',
])

/** The spelling that was meant; null for a kind that is spelt as it is, or that nothing here reads. */
export function rightSpelling({ apiVersion, kind }: Pick<Manifest, 'apiVersion' | 'kind'>): string | null {
  const right = SPELLINGS.get(kind.toLowerCase())
  if (right === undefined || right === kind) return null
  return GROUPS.has(apiVersion.split('/')[0] ?? '') ? right : null
}

/** A problem for each object of such a kind. */
export function misspeltKinds(manifests: readonly Manifest[]): readonly Problem[] {
  return manifests.flatMap((manifest) => {
    const right = rightSpelling(manifest)
    if (right === null) return []
    const { kind, object, origin } = manifest
    const hidden = right === 'Namespace' ? nameIn(manifest) : namespaceOf(object)
    return [
      unreadable(origin, ['kind'], hidden ?? 'all', {
        code: 'misspelt-kind',
        message: `The kind of ${nameIn(manifest)} is ${kind}, which the API server does not know: it is spelt ${right}.`,
        remedy: `Write ${right}; until then it is refused, and was not judged.`,
      }),
    ]
  })
}
