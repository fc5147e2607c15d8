// The product's side of the comparison for policies of all engines.
import { DEFAULT_CONFIG } from '../../src/core/config.ts'
import { analyze } from '../../src/core/index.ts'
import type { Analysis } from '../../src/core/index.ts'
import { NODE_CIDR, POD_CIDR } from './engine-objects.ts'
import type { EngineCluster, Pod } from './engine-objects.ts'
import { manifestOf } from './product.ts'

export function analyzeObjects(cluster: EngineCluster): Analysis {
  const [defaults] = DEFAULT_CONFIG.clusters
  if (defaults === undefined) throw new Error('the default configuration has a cluster')
  const config = { ...defaults, cni: cluster.cni, podCIDRs: [POD_CIDR], nodeCIDRs: [NODE_CIDR] }
  const { namespaces, pods, kubernetes, cilium, calico, tiers, sets, admin } = cluster
  const objects = [
    ...[...namespaces, ...kubernetes, ...cilium, ...calico, ...tiers, ...sets, ...admin],
    ...pods.map(objectOf),
  ]
  return analyze(
    config,
    {},
    objects.map((object, index) => manifestOf(object, `${String(index)}.json`)),
  )
}

function objectOf({ name, namespace, labels, account, ports }: Pod): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels },
    spec: { serviceAccountName: account, containers: [{ name: 'main', image: 'example', ports }] },
  }
}
