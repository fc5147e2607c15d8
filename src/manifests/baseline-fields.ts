// What a baseline keeps of each kind: the fields that core reads, and no others. A kind that core learns to read is
// one entry here; a test fails until it has one.
import { EBPF_SWITCH, LEAVES_POLICIES_ALONE } from '../core/kubernetes/cni-evidence.ts'
import { fields, list, map, presence, scalar, some, where, whole } from './keep.ts'
import type { Keep } from './keep.ts'

const METADATA = fields({ name: scalar, namespace: scalar, labels: map })

/** `sidecar.istio.io/status` counts by being there, and the injector writes whole volumes into it. */
const POD_METADATA = fields({
  name: scalar,
  namespace: scalar,
  labels: map,
  annotations: fields({
    'sidecar.istio.io/inject': scalar,
    'inject.istio.io/templates': scalar,
    'sidecar.istio.io/status': (value) => (scalar(value) === undefined ? undefined : '{}'),
  }),
})

/** Paths and headers of a probe may carry tokens, commands anything at all. */
const HANDLER = fields({
  httpGet: fields({ host: scalar, port: scalar }),
  tcpSocket: fields({ host: scalar, port: scalar }),
  grpc: fields({ port: scalar }),
  exec: presence,
})

/** Arguments and environments are full of secrets; only the switches of CNI agents are judged. */
const CONTAINER = fields({
  name: scalar,
  args: some((value) => (LEAVES_POLICIES_ALONE.test(String(value)) ? value : undefined)),
  env: some(
    where(
      ({ name }) => name === EBPF_SWITCH,
      fields({
        name: scalar,
        value: (value) => (/^(true|false|0|1)$/i.test(String(value)) ? value : undefined),
      }),
    ),
  ),
  restartPolicy: scalar,
  ports: list(fields({ name: scalar, containerPort: scalar, protocol: scalar })),
  startupProbe: HANDLER,
  readinessProbe: HANDLER,
  livenessProbe: HANDLER,
  lifecycle: fields({ postStart: HANDLER, preStop: HANDLER }),
})

const POD_SPEC = fields({
  hostNetwork: scalar,
  // Nothing of the mesh runs on Windows.
  os: fields({ name: scalar }),
  nodeSelector: fields({ 'kubernetes.io/os': scalar }),
  // Policies of Cilium and Calico select pods by it.
  serviceAccountName: scalar,
  serviceAccount: scalar,
  // Only native sidecars (KEP-753) have ports and probes that outlive the start of the pod.
  initContainers: list(where(({ restartPolicy }) => restartPolicy === 'Always', CONTAINER)),
  containers: list(CONTAINER),
})

const TEMPLATE = fields({ metadata: POD_METADATA, spec: POD_SPEC })

const workload = (spec: Keep): Keep => fields({ metadata: METADATA, spec })
const templated = workload(fields({ template: TEMPLATE }))

/** One that runs a pod at a time has no peers of its own; how its pods are told apart says which labels they are given. */
const JOB = fields({ parallelism: scalar, manualSelector: scalar, template: TEMPLATE })

const policy = (keep: Readonly<Record<string, Keep>>): Keep => fields({ metadata: METADATA, ...keep })
const otherPolicy = policy({ spec: whole() })
/** Layer 7 rules may compare headers with a token in plain text. */
const cilium = whole({ http: ['headers', 'headerMatches'] })
const ciliumPolicy = policy({ spec: cilium, specs: cilium })

/** Which dataplane Calico runs decides whether it sees where probes come from. */
const felix = fields({ metadata: METADATA, spec: fields({ bpfEnabled: scalar }) })
/** An empty rule admits everything, and must not get lost. */
const present =
  (keep: Keep): Keep =>
  (value) =>
    keep(value) ?? presence(value)
const listed: Keep = (value) => (Array.isArray(value) ? [] : undefined)
/** Which ports, and that there is more to a rule; who may call and with which headers is nobody's business here. */
const authorization = fields({
  action: scalar,
  selector: fields({ matchLabels: map }),
  targetRef: presence,
  targetRefs: list(presence),
  rules: list(
    present(
      fields({
        from: list(presence),
        to: list(
          present(
            fields({
              operation: fields({
                ports: list(scalar),
                notPorts: list(scalar),
                hosts: listed,
                notHosts: listed,
                methods: listed,
                notMethods: listed,
                paths: listed,
                notPaths: listed,
              }),
            }),
          ),
        ),
        when: list(presence),
      }),
    ),
  ),
})

/** By `group/Kind`; the version of the group does not matter. A kind that is not here bears on nothing. */
export const KEPT: Readonly<Record<string, Keep>> = {
  'v1/Namespace': fields({ metadata: METADATA }),
  'v1/ServiceAccount': fields({ metadata: METADATA }),
  'v1/Service': fields({
    metadata: METADATA,
    spec: fields({
      type: scalar,
      // Any other address is the cluster's own business, and would change with it.
      clusterIP: (value) => (value === 'None' ? value : undefined),
      selector: map,
      ports: list(fields({ name: scalar, port: scalar, protocol: scalar, targetPort: scalar })),
    }),
  }),
  'networking.istio.io/ServiceEntry': fields({
    metadata: METADATA,
    spec: fields({
      exportTo: list(scalar),
      addresses: list(scalar),
      endpoints: list(fields({ address: scalar })),
      ports: list(fields({ number: scalar, protocol: scalar, targetPort: scalar })),
      workloadSelector: fields({ labels: map }),
    }),
  }),
  'gateway.networking.k8s.io/GatewayClass': fields({
    metadata: METADATA,
    spec: fields({ controllerName: scalar }),
  }),
  'gateway.networking.k8s.io/Gateway': fields({
    metadata: METADATA,
    spec: fields({
      gatewayClassName: scalar,
      addresses: list(fields({ type: scalar, value: scalar })),
      infrastructure: fields({ labels: map }),
      listeners: list(fields({ name: scalar, port: scalar, protocol: scalar, allowedRoutes: whole() })),
    }),
  }),

  'v1/Pod': fields({ metadata: POD_METADATA, spec: POD_SPEC }),
  'v1/ReplicationController': templated,
  'apps/Deployment': templated,
  'apps/ReplicaSet': templated,
  'apps/StatefulSet': templated,
  'apps/DaemonSet': templated,
  'argoproj.io/Rollout': templated,
  'apps.openshift.io/DeploymentConfig': templated,
  'apps.kruise.io/CloneSet': templated,
  'apps.kruise.io/StatefulSet': templated,
  'apps.kruise.io/DaemonSet': templated,
  'batch/Job': workload(JOB),
  'batch/CronJob': workload(fields({ jobTemplate: fields({ spec: JOB }) })),

  'operator.tigera.io/Installation': fields({
    metadata: METADATA,
    spec: fields({ calicoNetwork: fields({ linuxDataplane: scalar }) }),
  }),
  'operator.tigera.io/Istio': fields({ metadata: METADATA }),
  'projectcalico.org/FelixConfiguration': felix,
  'crd.projectcalico.org/FelixConfiguration': felix,

  'security.istio.io/AuthorizationPolicy': policy({ spec: authorization }),
  'networking.k8s.io/NetworkPolicy': otherPolicy,
  'policy.networking.k8s.io/AdminNetworkPolicy': otherPolicy,
  'policy.networking.k8s.io/BaselineAdminNetworkPolicy': otherPolicy,
  'policy.networking.k8s.io/ClusterNetworkPolicy': otherPolicy,
  'networking.k8s.aws/ApplicationNetworkPolicy': otherPolicy,
  'networking.k8s.aws/ClusterNetworkPolicy': otherPolicy,
  'networking.gke.io/FQDNNetworkPolicy': otherPolicy,
  'cilium.io/CiliumNetworkPolicy': ciliumPolicy,
  'cilium.io/CiliumClusterwideNetworkPolicy': ciliumPolicy,
  'cilium.io/CiliumCIDRGroup': otherPolicy,
  'projectcalico.org/NetworkPolicy': otherPolicy,
  'projectcalico.org/GlobalNetworkPolicy': otherPolicy,
  'projectcalico.org/Tier': otherPolicy,
  'projectcalico.org/StagedNetworkPolicy': otherPolicy,
  'projectcalico.org/StagedGlobalNetworkPolicy': otherPolicy,
  'projectcalico.org/StagedKubernetesNetworkPolicy': otherPolicy,
  'projectcalico.org/NetworkSet': otherPolicy,
  'projectcalico.org/GlobalNetworkSet': otherPolicy,
  'crd.projectcalico.org/NetworkPolicy': otherPolicy,
  'crd.projectcalico.org/GlobalNetworkPolicy': otherPolicy,
  'crd.projectcalico.org/Tier': otherPolicy,
  'crd.projectcalico.org/NetworkSet': otherPolicy,
  'crd.projectcalico.org/GlobalNetworkSet': otherPolicy,
  'crd.antrea.io/NetworkPolicy': otherPolicy,
  'crd.antrea.io/ClusterNetworkPolicy': otherPolicy,
  'crd.antrea.io/ClusterGroup': otherPolicy,
  'crd.antrea.io/Group': otherPolicy,
  'crd.antrea.io/Tier': otherPolicy,
}
