// Which kinds live in no namespace: an object of theirs is never put into one.

/** Kinds that are judged or told of and are of the cluster as a whole; every other kind that we read is namespaced. */
const OF_THE_CLUSTER: ReadonlySet<string> = new Set([
  'v1/Namespace',
  'cilium.io/CiliumClusterwideNetworkPolicy',
  'cilium.io/CiliumCIDRGroup',
  'cilium.io/CiliumNode',
  'projectcalico.org/GlobalNetworkPolicy',
  'projectcalico.org/GlobalNetworkSet',
  'projectcalico.org/Tier',
  'crd.projectcalico.org/GlobalNetworkPolicy',
  'crd.projectcalico.org/GlobalNetworkSet',
  'crd.projectcalico.org/Tier',
  'policy.networking.k8s.io/AdminNetworkPolicy',
  'policy.networking.k8s.io/BaselineAdminNetworkPolicy',
  'policy.networking.k8s.io/ClusterNetworkPolicy',
  'networking.k8s.aws/ClusterNetworkPolicy',
  'crd.antrea.io/ClusterNetworkPolicy',
  'crd.antrea.io/ClusterGroup',
  'crd.antrea.io/Tier',
  'gateway.networking.k8s.io/GatewayClass',
  'kyverno.io/ClusterPolicy',
  'policies.kyverno.io/GeneratingPolicy',
  'policies.kyverno.io/MutatingPolicy',
  'operator.tigera.io/Installation',
  'operator.tigera.io/Istio',
])

/** `groupKind` as `groupKindOf` gives it: `v1/Namespace`, `apps/Deployment`. */
export function isOfCluster(groupKind: string): boolean {
  return OF_THE_CLUSTER.has(groupKind)
}

/** The same of a kind whose group is not known. */
export function mayBeOfCluster(kind: string): boolean {
  return [...OF_THE_CLUSTER].some((groupKind) => groupKind.endsWith(`/${kind}`))
}
