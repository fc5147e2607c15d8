// Would Istio inject a sidecar (or a gateway proxy) into these pods? That pod is then no Ambient pod.
// Sources: istio pkg/kube/inject/inject.go (injectRequired, IgnoredNamespaces) and the selectors of
// manifests/charts/istio-control/istio-discovery/templates/mutatingwebhook.yaml.
import { isUnfilled, label } from '../kubernetes/labels.ts'
import type { Labels, Match } from '../kubernetes/labels.ts'
import type { Namespace } from '../kubernetes/state.ts'
import type { PodTemplate } from '../kubernetes/kinds/workload.ts'

/** On pods, as a label or an annotation. */
export const INJECT = 'sidecar.istio.io/inject'
/** On namespaces. */
export const NAMESPACE_INJECTION = 'istio-injection'
const REVISION = 'istio.io/rev'
const NEVER = ['kube-system', 'kube-public', 'kube-node-lease', 'local-path-storage']

/** What a known namespace says of injection: namespaces that say the same inject the same pods. */
export function injectionKind({ name, labels }: Namespace): readonly unknown[] {
  return [NEVER.includes(name), label(labels, NAMESPACE_INJECTION), (label(labels, REVISION) ?? '') !== '']
}

export function wouldBeInjected(
  pods: Pick<PodTemplate, 'labels' | 'annotations' | 'hostNetwork'>,
  namespace: Namespace,
): Match {
  if (pods.hostNetwork || NEVER.includes(namespace.name)) return 'no'
  // Set by the injector at admission; in a manifest it makes istio-cni take the pod for a sidecar's.
  if (label(pods.annotations, 'sidecar.istio.io/status') !== undefined) return 'yes'
  const wish = label(pods.labels, INJECT) ?? label(pods.annotations, INJECT)
  if (wish === 'false') return 'no'
  const injected = unlessDeclined(pods.labels, namespace)
  return injected === 'yes' && isUnfilled(wish) ? 'maybe' : injected
}

function unlessDeclined(labels: Labels, namespace: Namespace): Match {
  if (!namespace.known) return 'maybe'
  const injection = label(namespace.labels, NAMESPACE_INJECTION)
  if (isUnfilled(injection)) return 'maybe'
  if (injection !== undefined) return injection === 'enabled' ? 'yes' : 'no'
  if ((label(namespace.labels, REVISION) ?? '') !== '') return 'yes'
  // In a namespace without either label only pods that ask by label reach the webhook.
  const asked = label(labels, INJECT)
  if (asked === 'true' || (label(labels, REVISION) ?? '') !== '') return 'yes'
  return isUnfilled(asked) ? 'maybe' : 'no'
}
