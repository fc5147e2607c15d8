// Where a namespace stands before anybody labels it for Ambient: may it be asked about, or is that settled?
import type { ClusterConfig } from '../config.ts'
import { DATAPLANE_MODE, label } from '../kubernetes/labels.ts'
import type { Namespace } from '../kubernetes/state.ts'
import { podsEnrolled } from './enrollment.ts'
import { wouldBeInjected } from './injection.ts'

/**
 * `excluded`: the mesh leaves it out, whatever its labels. `sidecars`: pods are injected, which wins over the label.
 * `opted-out`: it carries the label with the value none, which is somebody's decision.
 */
export type Standing = 'open' | 'enrolled' | 'excluded' | 'sidecars' | 'opted-out'

/** What becomes of a pod without labels of its own in this namespace. */
export function standing(namespace: Namespace, config: ClusterConfig): Standing {
  if (config.mesh.excludeNamespaces.includes(namespace.name)) return 'excluded'
  const bare = { labels: {}, annotations: {}, hostNetwork: false }
  if (wouldBeInjected(bare, namespace) === 'yes') return 'sidecars'
  if (podsEnrolled(bare.labels, namespace, config) === 'yes') return 'enrolled'
  return label(namespace.labels, DATAPLANE_MODE) === 'none' ? 'opted-out' : 'open'
}
