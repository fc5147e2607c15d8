// Is it ztunnel that a selector means? By the labels of its chart: manifests/charts/ztunnel/templates/daemonset.yaml.
import { label, pinnedLabels } from '../kubernetes/labels.ts'
import type { Selector } from '../kubernetes/labels.ts'

/** Whatever the namespace: ztunnel runs where people put it, and nothing else is labelled like it. */
export function selectsZtunnel(pods: Selector): boolean {
  const labels = pinnedLabels(pods)
  return [label(labels, 'app'), label(labels, 'app.kubernetes.io/name')].includes('ztunnel')
}
