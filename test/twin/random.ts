// Random clusters and questions for the twin: few namespaces, few labels, few ports, so that policies meet.
import fc from 'fast-check'
import type {
  Cluster,
  Container,
  NamespaceObject,
  NetworkPolicy,
  Pod,
  Question,
  Workload,
} from './cluster.ts'
import {
  KEYS,
  NAMES,
  NAMESPACES,
  PORTS,
  PROTOCOLS,
  VALUES,
  compact,
  maybe,
  protocol,
  refusedSpec,
  spec,
} from './random-policy.ts'

/** Most things happen in one namespace, so that policies meet. */
const somewhere = fc.constantFrom('red', 'red', 'red', ...NAMESPACES)
/** Addresses just inside and just outside of those blocks, none of them in the default range of pods. */
const ASKED = [
  '0.0.0.0',
  '9.255.255.255',
  '10.1.2.3',
  '192.168.7.255',
  '203.0.112.255',
  '203.0.113.0',
  '203.0.113.7',
  '203.0.113.8',
  '203.0.113.127',
  '203.0.113.128',
  '203.0.114.0',
  '255.255.255.255',
  '169.254.7.127',
  '::1',
  '2001:db8::7',
  '2001:db8::8',
  '2001:db8:0:1:ffff:ffff:ffff:ffff',
  '2001:db8:0:2::',
  '203.0.113.0/24',
  '203.0.112.0/23',
  '0.0.0.0/0',
  '2001:db8::/31',
]

const labels = fc.dictionary(fc.constantFrom(...KEYS), fc.constantFrom(...VALUES), {
  maxKeys: 3,
  noNullPrototype: true,
})

const policies = fc
  .array(
    fc.record({
      namespace: somewhere,
      spec: fc.oneof({ weight: 200, arbitrary: spec }, { weight: 1, arbitrary: refusedSpec }),
    }),
    { maxLength: 8, size: 'max' },
  )
  .map((list) =>
    list.map(({ namespace, spec: fields }, index): NetworkPolicy => ({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: `p${String(index)}`, namespace },
      spec: fields,
    })),
  )

const containerPort = fc
  .record({ name: maybe(fc.constantFrom(...NAMES)), containerPort: fc.constantFrom(...PORTS), protocol })
  .map(compact)
/** Names are unique in a pod; a name that its first container has taken is left out of the second. */
const containers = fc
  .tuple(
    fc.uniqueArray(containerPort, { maxLength: 3, selector: (each) => each.name ?? each }),
    maybe(fc.tuple(fc.constantFrom('Always', undefined), containerPort)),
    maybe(fc.constantFrom({ tcpSocket: { port: 80 } }, { httpGet: { port: 8080, path: '/' } })),
  )
  .map(([own, second, readinessProbe]): Pick<Pod['spec'], 'containers' | 'initContainers'> => {
    const main: Container = compact({
      name: 'main',
      image: 'example',
      ports: own.length > 0 ? own : undefined,
      readinessProbe,
    })
    const taken = own.flatMap(({ name }) => name ?? [])
    if (second === undefined || taken.some((name) => name === second[1].name)) return { containers: [main] }
    const [restartPolicy, extra] = second
    const init: Container = compact({ name: 'init', image: 'example', restartPolicy, ports: [extra] })
    return { containers: [main], initContainers: [init] }
  })

const pod: fc.Arbitrary<Pod> = fc
  .record({
    labels: maybe(labels),
    hostNetwork: fc.oneof(
      { weight: 15, arbitrary: fc.constant(undefined) },
      { weight: 1, arbitrary: fc.boolean() },
    ),
    parts: containers,
  })
  .map(({ labels: own, hostNetwork, parts }) => ({
    metadata: compact({ labels: own }),
    spec: compact({ hostNetwork, ...parts }),
  }))

const KINDS = [
  ['v1', 'Pod'],
  ['apps/v1', 'Deployment'],
  ['apps/v1', 'ReplicaSet'],
  ['apps/v1', 'StatefulSet'],
  ['apps/v1', 'DaemonSet'],
  ['batch/v1', 'Job'],
  ['batch/v1', 'CronJob'],
  ['v1', 'ReplicationController'],
  ['argoproj.io/v1alpha1', 'Rollout'],
] as const

/** A workload whose pods look like this. */
function workload(
  [apiVersion, kind]: readonly [string, string],
  name: string,
  namespace: string,
  template: Pod,
): Workload {
  const metadata = { name, namespace }
  const made = { template: { metadata: template.metadata, spec: template.spec } }
  const object =
    kind === 'Pod'
      ? { apiVersion, kind, metadata: { ...template.metadata, ...metadata }, spec: template.spec }
      : kind === 'CronJob'
        ? { apiVersion, kind, metadata, spec: { jobTemplate: { spec: made } } }
        : { apiVersion, kind, metadata: { ...metadata, labels: { app: 'a', tier: 'a' } }, spec: made }
  return { kind, name, namespace, pod: template, object }
}

const workloads = fc
  .array(fc.record({ kind: fc.constantFrom(...KINDS), namespace: somewhere, template: pod }), {
    minLength: 1,
    maxLength: 6,
  })
  .map((list) =>
    list.map(({ kind, namespace, template }, index) =>
      workload(kind, `w${String(index)}`, namespace, template),
    ),
  )

/** A namespace that claims another name by label is corrected by the API server. */
const namespaceLabels = fc.dictionary(
  fc.constantFrom('team', 'constructor', 'kubernetes.io/metadata.name'),
  fc.constantFrom('x', 'y'),
  { maxKeys: 2, noNullPrototype: true },
)

/** Clusters of up to three namespaces, of which `grey` may not be described. */
export function clusters(
  labelsOfNamespace: fc.Arbitrary<Readonly<Record<string, string>>> = namespaceLabels,
): fc.Arbitrary<Cluster> {
  return fc.record({
    namespaces: fc
      .tuple(labelsOfNamespace, labelsOfNamespace, fc.oneof(labelsOfNamespace, fc.constant(null)))
      .map((list) =>
        list.flatMap((own, index): NamespaceObject[] => {
          const metadata = { name: NAMESPACES[index] ?? '', ...(own === null ? {} : { labels: own }) }
          return own === null ? [] : [{ apiVersion: 'v1', kind: 'Namespace', metadata }]
        }),
      ),
    workloads,
    policies,
    network: fc.record({
      cni: fc.constantFrom('unknown' as const, 'calico' as const, 'cilium' as const),
      ipFamilies: fc.constantFrom(['IPv4'] as const, ['IPv6'] as const, ['IPv4', 'IPv6'] as const),
      podCIDRs: fc.constantFrom(
        ['10.244.0.0/16'],
        ['10.244.0.0/16'],
        ['fd00:10:244::/56'],
        ['10.244.0.0/16', 'fd00:10:244::/56'],
        ['10.244.0.0/17', '10.244.128.0/17'],
        null,
      ),
      nodeCIDRs: fc.constantFrom(['192.168.7.0/24'], []),
    }),
  })
}

type Place = readonly [kind: 'workload', index: number] | readonly [kind: 'address', text: string]
const place: fc.Arbitrary<Place> = fc.oneof(
  { weight: 3, arbitrary: fc.nat(5).map((index): Place => ['workload', index]) },
  { weight: 1, arbitrary: fc.constantFrom(...ASKED).map((text): Place => ['address', text]) },
)

/** A question before it is known who lives in the cluster. */
export interface OpenQuestion {
  readonly from: Place
  readonly to: Place
  readonly port: number | string
  readonly protocol: Question['protocol']
}

export const openQuestion: fc.Arbitrary<OpenQuestion> = fc.record({
  from: place,
  to: place,
  port: fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom(...PORTS, 80, 15008, 79, 82, 89, 91) },
    { weight: 1, arbitrary: fc.constantFrom(...NAMES) },
  ),
  protocol: fc.constantFrom('TCP', 'TCP', 'TCP', ...PROTOCOLS),
})

/** The question, of the workloads that this cluster has. */
export function ask(
  { workloads: all }: Cluster,
  { from, to, port: asked, protocol: name }: OpenQuestion,
): Question {
  const nameOf = (end: Place): string => {
    if (end[0] === 'address') return end[1]
    const found = all[end[1] % all.length]
    return found === undefined ? '192.0.2.1' : `${found.kind}/${found.namespace}/${found.name}`
  }
  return { from: nameOf(from), to: nameOf(to), port: asked, protocol: name }
}
