// The APIs that every cluster has. `helm template` knows their groups and versions (pkg/chart/common/capabilities.go) and
// not their kinds, which a controller asks the cluster for: `networking.k8s.io/v1/NetworkPolicy`.

/** Kinds by group and version, as Kubernetes 1.33 serves them; of those that charts ask for. */
const KINDS: Readonly<Record<string, readonly string[]>> = {
  v1: [
    'ConfigMap',
    'LimitRange',
    'Namespace',
    'PersistentVolumeClaim',
    'Pod',
    'ResourceQuota',
    'Secret',
    'Service',
    'ServiceAccount',
  ],
  'admissionregistration.k8s.io/v1': [
    'MutatingWebhookConfiguration',
    'ValidatingAdmissionPolicy',
    'ValidatingAdmissionPolicyBinding',
    'ValidatingWebhookConfiguration',
  ],
  'apiextensions.k8s.io/v1': ['CustomResourceDefinition'],
  'apiregistration.k8s.io/v1': ['APIService'],
  'apps/v1': ['DaemonSet', 'Deployment', 'ReplicaSet', 'StatefulSet'],
  'autoscaling/v1': ['HorizontalPodAutoscaler'],
  'autoscaling/v2': ['HorizontalPodAutoscaler'],
  'batch/v1': ['CronJob', 'Job'],
  'coordination.k8s.io/v1': ['Lease'],
  'discovery.k8s.io/v1': ['EndpointSlice'],
  'networking.k8s.io/v1': ['Ingress', 'IngressClass', 'NetworkPolicy'],
  'policy/v1': ['PodDisruptionBudget'],
  'rbac.authorization.k8s.io/v1': ['ClusterRole', 'ClusterRoleBinding', 'Role', 'RoleBinding'],
  'scheduling.k8s.io/v1': ['PriorityClass'],
  'storage.k8s.io/v1': ['CSIDriver', 'StorageClass'],
}

/** For `--api-versions`. */
export const KUBERNETES_KINDS: readonly string[] = Object.entries(KINDS).flatMap(([version, kinds]) =>
  kinds.map((kind) => `${version}/${kind}`),
)

/** Groups of Kubernetes itself: that there is one, or not, helm knows of each version. */
const GROUPS: ReadonlySet<string> = new Set([
  ...['apps', 'autoscaling', 'batch', 'extensions', 'policy'],
  ...['admissionregistration', 'apiextensions', 'authentication', 'authorization', 'certificates'].map(
    (name) => `${name}.k8s.io`,
  ),
  ...['coordination', 'discovery', 'events', 'networking', 'node', 'scheduling', 'storage'].map(
    (name) => `${name}.k8s.io`,
  ),
  ...['apiregistration.k8s.io', 'flowcontrol.apiserver.k8s.io', 'rbac.authorization.k8s.io'],
])

/** Does helm know whether a cluster has this API? @param api `apps/v1`, or `apps/v1/Deployment` where it is told of the kind */
export function isOfKubernetes(api: string): boolean {
  const [group = '', version, kind] = api.split('/')
  const isVersion = (text: string | undefined): boolean => text !== undefined && /^v\d/.test(text)
  if (isVersion(group)) return version === undefined || KUBERNETES_KINDS.includes(api)
  if (!GROUPS.has(group) || !isVersion(version)) return false
  return kind === undefined || KUBERNETES_KINDS.includes(api)
}
