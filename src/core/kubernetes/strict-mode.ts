// The strict mode of the AWS CNI: a pod that no policy selects, in whatever direction, is closed in both. One that a policy
// of one direction selects is open in the other, as everywhere (amazon-vpc-cni-k8s, README, NETWORK_POLICY_ENFORCING_MODE;
// aws-network-policy-agent#319).
import { evidenceOf } from './cni-evidence.ts'
import type { Manifest } from './manifest.ts'
import { placeOf } from './origin.ts'
import type { Place } from './origin.ts'

export interface StrictMode {
  /** `DaemonSet kube-system/aws-node`. */
  readonly name: string
  readonly at: Place
}

/** In the environment of the agent's container, whichever of name and value comes first, or in the values of its chart. */
const ASKS_FOR_STRICT =
  /\bNETWORK_POLICY_ENFORCING_MODE\W{1,12}(?:value\W{1,12})?strict\b|\bstrict\W{1,12}name\W{1,12}NETWORK_POLICY_ENFORCING_MODE\b/i

/** The first manifest of the agent that asks for it; null where none does. */
export function strictModeIn(manifests: readonly Manifest[]): StrictMode | null {
  for (const manifest of manifests) {
    const evidence = evidenceOf(manifest)
    if (evidence?.cni === 'aws' && ASKS_FOR_STRICT.test(JSON.stringify(manifest.object)))
      return { name: evidence.name, at: placeOf(manifest.origin, evidence.route) }
  }
  return null
}
