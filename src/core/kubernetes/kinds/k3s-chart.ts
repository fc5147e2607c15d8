// Charts that the controller of k3s and RKE2 installs (github.com/k3s-io/helm-controller, pkg/apis/helm.cattle.io/v1): they
// come from elsewhere, and what they make is not seen.
import type { ClusterConfig } from '../../config.ts'
import type { Problem } from '../../source/problem.ts'
import { get, rootField, text } from '../field.ts'
import { groupKindOf, nameIn } from '../identity.ts'
import { namespaceOf } from '../manifest.ts'
import type { Manifest } from '../manifest.ts'
import { placeOf } from '../origin.ts'

export const K3S_CHART = 'HelmChart'

/** Flux has a kind of this name, too. */
export function isK3sChart(manifest: Manifest): boolean {
  return groupKindOf(manifest) === `helm.cattle.io/${K3S_CHART}`
}

/** What such a chart installs is unknown in the namespace that it goes to. */
export function k3sChartProblem(manifest: Manifest, config: ClusterConfig): Problem {
  const { object, origin } = manifest
  const spec = get(rootField(object), 'spec')
  const own = namespaceOf(object) ?? config.namespace
  const target = text(get(spec, 'targetNamespace')) ?? own
  const chart = text(get(spec, 'chart')) ?? 'a chart of its own'
  return {
    ...placeOf(origin, ['spec']),
    code: 'remote-chart',
    class: 'unseen',
    message: `HelmChart ${own}/${nameIn(manifest)} installs ${chart} into the namespace ${target}: the objects that it makes are not seen.`,
    remedy: `Put what it makes under clusters.${config.name}.assume.manifests in .github/ambient-guard.yml, and leave its file out with ignorePaths.`,
    hides: { namespaces: [target] },
  }
}
