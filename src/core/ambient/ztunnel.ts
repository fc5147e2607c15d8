// Is it ztunnel that a selector means? By the labels of its chart: manifests/charts/ztunnel/templates/daemonset.yaml.
import { label, pinnedLabels } from '../kubernetes/labels.ts'
import type { Labels, Selector } from '../kubernetes/labels.ts'

/** Whatever the namespace: ztunnel runs where people put it, and nothing else is labelled like it. */
export function selectsZtunnel(pods: Selector): boolean {
  return isZtunnel(pinnedLabels(pods))
}

/** Are these the labels of its pods? */
export function isZtunnel(labels: Labels): boolean {
  return [label(labels, 'app'), label(labels, 'app.kubernetes.io/name')].includes('ztunnel')
}
