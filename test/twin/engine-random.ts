// Random clusters with policies of every engine: three namespaces, five pods, and alphabets so small that policies
// meet. Only what is valid, and nothing whose meaning depends on what a tree does not show.
import fc from 'fast-check'
import type { LabelSelector, NamespaceObject, NetworkPolicy } from './cluster.ts'
import { POD_CIDR } from './engine-objects.ts'
import type {
  AdminPeer,
  AdminPolicy,
  AdminRule,
  CalicoEntity,
  CalicoPolicy,
  CalicoRule,
  CalicoSet,
  CalicoTier,
  CiliumPolicy,
  CiliumRule,
  EngineCluster,
  Packet,
  Pod,
} from './engine-objects.ts'
import { compact, maybe } from './random-policy.ts'

const NAMESPACES = ['red', 'blue', 'grey'] as const
const VALUES = ['a', 'b']
const NAMES = ['http', 'web']
const PORTS = [80, 81, 15008]
/** Each holds all pods or none, all nodes or none. */
const BLOCKS = [
  '10.0.0.0/8',
  POD_CIDR,
  '192.168.0.0/16',
  '203.0.113.0/24',
  '203.0.113.0/25',
  '169.254.0.0/16',
]
const EVERYWHERE = '0.0.0.0/0'
const PUBLIC = ['203.0.113.7', '203.0.113.200', '169.254.7.127']
const NODE = '192.168.7.9'
const PROTOCOLS = ['TCP', 'TCP', 'TCP', 'UDP'] as const

type Direction = 'ingress' | 'egress'

const somewhere = fc.constantFrom('red', 'red', 'red', 'red', ...NAMESPACES)
const labels = fc.dictionary(fc.constantFrom('app', 'tier'), fc.constantFrom(...VALUES), {
  maxKeys: 2,
  noNullPrototype: true,
})
const port = fc.constantFrom(...PORTS)
const few = <T>(item: fc.Arbitrary<T>, minLength = 0, maxLength = 2): fc.Arbitrary<T[]> =>
  fc.array(item, { minLength, maxLength, size: 'max' })

const pods: fc.Arbitrary<Pod[]> = fc
  .array(
    fc.record({
      namespace: somewhere,
      labels,
      account: fc.constantFrom('default', 'robot'),
      ports: fc.uniqueArray(
        fc.record({
          name: fc.constantFrom(...NAMES),
          containerPort: port,
          protocol: fc.constantFrom(...PROTOCOLS),
        }),
        { maxLength: 2, selector: ({ name }) => name },
      ),
    }),
    { minLength: 5, maxLength: 5 },
  )
  .map((list) => list.map((pod, index) => ({ name: `w${String(index)}`, ...pod })))

function selectors(keys: readonly string[], values = VALUES): fc.Arbitrary<LabelSelector> {
  const key = fc.constantFrom(...keys)
  const value = fc.constantFrom(...values)
  return fc.oneof(
    { weight: 5, arbitrary: fc.constant({}) },
    { weight: 3, arbitrary: fc.tuple(key, value).map(([k, v]) => ({ matchLabels: { [k]: v } })) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(key, fc.constantFrom('In', 'NotIn'), value)
        .map(([k, operator, v]) => ({ matchExpressions: [{ key: k, operator, values: [v] }] })),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(key, fc.constantFrom('Exists', 'DoesNotExist'))
        .map(([k, operator]) => ({ matchExpressions: [{ key: k, operator }] })),
    },
  )
}
const podSelector = selectors(['app', 'tier'])
const namespaceSelector = fc.oneof(
  selectors(['team'], ['x', 'y']),
  selectors(['kubernetes.io/metadata.name'], [...NAMESPACES]),
)

// Kubernetes.

const ipBlock = fc.oneof(
  fc.record({ cidr: fc.constantFrom(...BLOCKS) }),
  fc.record({ cidr: fc.constant(EVERYWHERE), except: few(fc.constantFrom(...BLOCKS), 0, 1) }),
)
const kubernetesPeer = fc.oneof(
  fc.record({ podSelector }),
  fc.record({ namespaceSelector }),
  fc.record({ podSelector, namespaceSelector }),
  fc.record({ ipBlock }),
)
const kubernetesPort = fc.oneof(
  fc.record({ protocol: fc.constantFrom(...PROTOCOLS), port: fc.oneof(port, fc.constantFrom(...NAMES)) }),
  fc.constantFrom({ protocol: 'TCP' }, { port: 80, endPort: 81 }),
)
const kubernetesRule = (side: 'from' | 'to') =>
  fc
    .record({ peers: maybe(few(kubernetesPeer)), ports: maybe(few(kubernetesPort)) })
    .map(({ peers, ports }) => compact({ [side]: peers, ports }))
const kubernetes: fc.Arbitrary<NetworkPolicy[]> = few(
  fc.record({
    namespace: somewhere,
    spec: fc
      .record({
        podSelector,
        policyTypes: fc.constantFrom(undefined, ['Ingress'], ['Egress'], ['Ingress', 'Egress']),
        ingress: maybe(few(kubernetesRule('from'))),
        egress: maybe(few(kubernetesRule('to'))),
      })
      .map(compact),
  }),
  0,
  3,
).map((list) =>
  list.map(({ namespace, spec }, index) => ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: `k${String(index)}`, namespace },
    spec,
  })),
)

// Admin and Baseline.

const adminPods = fc.oneof(
  { weight: 3, arbitrary: fc.constant({ namespaces: {} }) },
  { weight: 1, arbitrary: fc.record({ namespaces: namespaceSelector }) },
  { weight: 1, arbitrary: fc.record({ pods: fc.record({ namespaceSelector, podSelector }) }) },
)
const adminNumbers = fc.oneof(
  fc.record({ portNumber: fc.record({ protocol: fc.constantFrom(...PROTOCOLS), port }) }),
  fc.constant({ portRange: { protocol: 'TCP', start: 80, end: 81 } }),
)
const adminRule = (side: 'from' | 'to', actions: readonly string[]): fc.Arbitrary<AdminRule> => {
  const action = fc.constantFrom(...actions)
  const toPods = fc.record({
    action,
    peers: few<AdminPeer>(adminPods, 1),
    ports: maybe(few(fc.oneof(adminNumbers, fc.record({ namedPort: fc.constantFrom(...NAMES) })), 1)),
  })
  const away: fc.Arbitrary<AdminPeer> = fc.oneof(
    fc.constant({ nodes: {} }),
    fc.record({ networks: few(fc.constantFrom(EVERYWHERE, ...BLOCKS), 1) }),
  )
  const toAddresses = fc.record({ action, peers: few(away, 1), ports: maybe(few(adminNumbers, 1)) })
  return fc
    .oneof({ weight: 3, arbitrary: toPods }, { weight: side === 'to' ? 1 : 0, arbitrary: toAddresses })
    .map(({ peers, ...rest }) => compact({ ...rest, [side]: peers }) as AdminRule)
}
const adminSpec = (actions: readonly string[]) =>
  fc
    .record({
      subject: adminPods,
      ingress: maybe(few(adminRule('from', actions))),
      egress: maybe(few(adminRule('to', actions))),
    })
    .map(compact)
const admin: fc.Arbitrary<AdminPolicy[]> = fc
  .tuple(
    few(fc.tuple(fc.constantFrom(5, 5, 9), adminSpec(['Allow', 'Deny', 'Pass'])), 1, 3),
    maybe(adminSpec(['Allow', 'Deny'])),
  )
  .map(([list, baseline]) => [
    ...list.map(([priority, spec], index): AdminPolicy => ({
      apiVersion: 'policy.networking.k8s.io/v1alpha1',
      kind: 'AdminNetworkPolicy',
      metadata: { name: `a${String(index)}` },
      spec: { priority, ...spec },
    })),
    ...(baseline === undefined
      ? []
      : [
          {
            apiVersion: 'policy.networking.k8s.io/v1alpha1',
            kind: 'BaselineAdminNetworkPolicy',
            metadata: { name: 'default' },
            spec: baseline,
          } as const,
        ]),
  ])

// Cilium.

const ciliumPort = fc
  .record({
    port: fc.constantFrom('0', '80', '81', '15008', ...NAMES),
    endPort: fc.constantFrom(undefined, undefined, 15008),
    protocol: fc.constantFrom('TCP', 'UDP', 'ANY', undefined),
  })
  .map(({ endPort, ...rest }) =>
    compact({ ...rest, endPort: ['80', '81'].includes(rest.port) ? endPort : undefined }),
  )
const ciliumEndpoints = few(
  fc.oneof(
    podSelector,
    fc
      .constantFrom(...NAMESPACES)
      .map((name): LabelSelector => ({ matchLabels: { 'k8s:io.kubernetes.pod.namespace': name } })),
  ),
)
/** The entity `cluster` holds the API server, which may have any address. */
const ciliumPeers: fc.Arbitrary<readonly [kind: string, list: unknown] | null> = fc.oneof(
  fc.constant(null),
  ciliumEndpoints.map((list) => ['Endpoints', list] as const),
  ciliumEndpoints.map((list) => ['Endpoints', list] as const),
  few(fc.constantFrom('all', 'world'), 1).map((list) => ['Entities', list] as const),
  few(fc.constantFrom(EVERYWHERE, ...BLOCKS), 1).map((list) => ['CIDR', list] as const),
  few(ipBlock, 1).map((list) => ['CIDRSet', list] as const),
)
const ciliumRule = (side: 'from' | 'to', denies: boolean): fc.Arbitrary<CiliumRule> =>
  fc
    .tuple(ciliumPeers, maybe(few(fc.record({ ports: few(ciliumPort, 1) }), 1)))
    .filter(([peers, ports]) => !denies || peers !== null || ports !== undefined)
    .map(([peers, toPorts]) =>
      compact({ ...(peers === null ? {} : { [side + peers[0]]: peers[1] }), toPorts }),
    )
const rare = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(value, { freq: 2, nil: undefined })
const cilium: fc.Arbitrary<CiliumPolicy[]> = few(
  fc.record({
    namespace: fc.oneof(somewhere, fc.constant(null)),
    spec: fc
      .record({
        endpointSelector: podSelector,
        enableDefaultDeny: rare(
          fc.record({ ingress: maybe(fc.boolean()), egress: maybe(fc.boolean()) }).map(compact),
        ),
        ingress: maybe(few(ciliumRule('from', false))),
        egress: maybe(few(ciliumRule('to', false))),
        ingressDeny: rare(few(ciliumRule('from', true), 1)),
        egressDeny: rare(few(ciliumRule('to', true), 1)),
      })
      .filter(({ ingress, egress, ingressDeny, egressDeny }) =>
        [ingress, egress, ingressDeny, egressDeny].some((list) => (list ?? []).length > 0),
      )
      .map(compact),
  }),
  2,
  4,
).map((list) =>
  list.map(({ namespace, spec }, index): CiliumPolicy => ({
    apiVersion: 'cilium.io/v2',
    kind: namespace === null ? 'CiliumClusterwideNetworkPolicy' : 'CiliumNetworkPolicy',
    metadata: { name: `c${String(index)}`, ...(namespace === null ? {} : { namespace }) },
    spec,
  })),
)

// Calico.

const term = fc.oneof(
  fc.constant('all()'),
  fc
    .tuple(fc.constantFrom('app', 'tier'), fc.constantFrom('==', '!='), fc.constantFrom(...VALUES))
    .map(([key, operator, value]) => `${key} ${operator} '${value}'`),
  fc
    .tuple(fc.constantFrom('app', 'tier'), fc.constantFrom('in', 'not in'))
    .map(([key, operator]) => `${key} ${operator} {'a', 'c'}`),
  fc.tuple(fc.constantFrom('', '!'), fc.constantFrom('app', 'tier')).map(([not, key]) => `${not}has(${key})`),
)
const expression = few(term, 1).map((terms) => terms.join(' && '))
/** Whom network sets, which have no such labels, never meet: what is none of those would be in doubt otherwise. */
const positive = fc.constantFrom("app == 'a'", "tier in {'a', 'b'}", 'has(app)', "app == 'b' && has(tier)")
/** No `!=`: the documentation has it mean pods alone, and Felix global network sets, too, which have no such label. */
const calicoNamespaces = fc.constantFrom(
  'all()',
  "team == 'x'",
  'has(team)',
  "projectcalico.org/name == 'blue'",
  "projectcalico.org/name in {'red', 'grey'}",
)
const calicoEntity: fc.Arbitrary<CalicoEntity> = fc.oneof(
  fc.constant({}),
  fc.constant({}),
  fc.constant({}),
  fc.record({ nets: few(fc.constantFrom(EVERYWHERE, ...BLOCKS), 1) }),
  fc.record({ notNets: few(fc.constantFrom(...BLOCKS), 1) }),
  fc.record({ selector: fc.oneof(expression, fc.constant("role == 'net'")) }),
  fc.record({ notSelector: positive }),
  fc
    .record({
      selector: maybe(expression),
      notSelector: maybe(positive),
      namespaceSelector: calicoNamespaces,
    })
    .map(compact),
  fc
    .record({
      serviceAccounts: fc.record({ names: few(fc.constantFrom('default', 'robot'), 1) }),
      selector: maybe(expression),
    })
    .map(compact),
)
/** Of the pods that a policy selects those that a rule is about. */
const ownEnd: fc.Arbitrary<CalicoEntity> = fc.oneof(
  { weight: 4, arbitrary: fc.constant({}) },
  {
    weight: 1,
    arbitrary: fc.oneof(
      fc.record({ selector: positive }),
      fc.record({ notSelector: positive }),
      fc.record({ selector: positive, namespaceSelector: calicoNamespaces }),
      fc.record({ serviceAccounts: fc.record({ names: few(fc.constantFrom('default', 'robot'), 1) }) }),
    ),
  },
)
const calicoPorts = few(fc.oneof(port, fc.constantFrom('80:81', '1000:20000', ...NAMES)), 1)
const calicoRule = (direction: Direction): fc.Arbitrary<CalicoRule> =>
  fc
    .record({
      action: fc.constantFrom('Allow', 'Allow', 'Deny', 'Deny', 'Pass', 'Log'),
      peer: calicoEntity,
      own: ownEnd,
      limits: fc.oneof(
        fc.constant({}),
        fc.record({ protocol: fc.constantFrom('TCP', 'UDP', 6, 17) }),
        fc.record({ protocol: fc.constantFrom('TCP', 'TCP', 'UDP', 6), ports: calicoPorts }),
        fc.record({ protocol: fc.constant('TCP'), notPorts: few(fc.oneof(port, fc.constant('80:81')), 1) }),
      ),
    })
    .map(({ action, peer, own, limits }) => {
      const { protocol, ...ports } = limits as { protocol?: string | number }
      const ends =
        direction === 'ingress'
          ? { source: peer, destination: { ...own, ...ports } }
          : { source: own, destination: { ...peer, ...ports } }
      return compact({ action, protocol, ...ends })
    })
const calico: fc.Arbitrary<CalicoPolicy[]> = few(
  fc.record({
    version: fc.constantFrom('projectcalico.org/v3', 'projectcalico.org/v3', 'crd.projectcalico.org/v1'),
    namespace: fc.oneof(somewhere, fc.constant(null)),
    namespaceSelector: maybe(calicoNamespaces),
    spec: fc
      .record({
        tier: fc.constantFrom(
          undefined,
          undefined,
          undefined,
          undefined,
          'default',
          'early',
          'late',
          'nowhere',
        ),
        order: fc.constantFrom(undefined, 500, 1000, 1000, 2000, 2000),
        selector: maybe(expression),
        types: fc.constantFrom(undefined, undefined, ['Ingress'], ['Egress'], ['Ingress', 'Egress']),
        ingress: maybe(few(calicoRule('ingress'), 0, 3)),
        egress: maybe(few(calicoRule('egress'))),
      })
      .map(compact),
  }),
  2,
  5,
).chain((list) =>
  // Names do not follow the order of the list; of p0 and p0-x versions disagree.
  fc.shuffledSubarray(['p0', 'p0-x', 'p2', 'p3', 'p4'], { minLength: 5 }).map((names) =>
    list.map(({ version, namespace, namespaceSelector: own, spec }, index): CalicoPolicy => {
      const name = names[index] ?? ''
      return namespace === null
        ? {
            apiVersion: version,
            kind: 'GlobalNetworkPolicy',
            metadata: { name },
            spec: compact({ ...spec, namespaceSelector: own }),
          }
        : { apiVersion: version, kind: 'NetworkPolicy', metadata: { name, namespace }, spec }
    }),
  ),
)
const tiers: fc.Arbitrary<CalicoTier[]> = fc
  .tuple(
    ...(['early', 'late'] as const).map((name) =>
      fc.constantFrom('Deny', 'Pass', undefined).map((defaultAction): CalicoTier => ({
        apiVersion: 'projectcalico.org/v3',
        kind: 'Tier',
        metadata: { name },
        spec: compact({ order: name === 'early' ? 100 : 2_000_000, defaultAction }),
      })),
    ),
  )
  .map((list) => [...list])
const sets: fc.Arbitrary<CalicoSet[]> = few(few(fc.constantFrom(...BLOCKS), 1), 0, 1).map((list) =>
  list.map((nets) => ({
    apiVersion: 'projectcalico.org/v3',
    kind: 'GlobalNetworkSet',
    metadata: { name: 'nets', labels: { role: 'net' } },
    spec: { nets },
  })),
)

const namespaces: fc.Arbitrary<NamespaceObject[]> = fc
  .tuple(...NAMESPACES.map(() => fc.constantFrom({}, { team: 'x' }, { team: 'y' })))
  .map((list) =>
    list.map((own, index) => ({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: NAMESPACES[index] ?? '', labels: own as Readonly<Record<string, string>> },
    })),
  )

const none = <T>(): fc.Arbitrary<T[]> => fc.constant([])

export const engineClusters: fc.Arbitrary<EngineCluster> = fc
  .constantFrom('cilium' as const, 'calico' as const, 'ovn-kubernetes' as const)
  .chain((cni) =>
    fc.record({
      cni: fc.constant(cni),
      namespaces,
      pods,
      kubernetes,
      cilium: cni === 'cilium' ? cilium : none<CiliumPolicy>(),
      calico: cni === 'calico' ? calico : none<CalicoPolicy>(),
      tiers: cni === 'calico' ? tiers : none<CalicoTier>(),
      sets: cni === 'calico' ? sets : none<CalicoSet>(),
      admin: cni === 'cilium' ? none<AdminPolicy>() : admin,
    }),
  )

/** A packet before it is known who lives in the cluster. */
export interface OpenPacket {
  readonly pod: number
  readonly other: number | string
  readonly into: boolean
  readonly port: number
  readonly protocol: Packet['protocol']
}

export const openPacket: fc.Arbitrary<OpenPacket> = fc.record({
  pod: fc.nat(4),
  other: fc.oneof(
    { weight: 3, arbitrary: fc.integer({ min: 1, max: 4 }) },
    { weight: 1, arbitrary: fc.constantFrom(...PUBLIC, NODE) },
  ),
  into: fc.boolean(),
  port: fc.constantFrom(...PORTS, 79),
  protocol: fc.constantFrom('TCP', 'TCP', 'TCP', 'UDP'),
})

export function packetIn(
  cluster: EngineCluster,
  { pod, other, into, port: number, protocol }: OpenPacket,
): Packet {
  const own = cluster.pods[pod] as Pod
  // Whether blocks and entities of Cilium hold a node is a setting: nodes are asked about elsewhere.
  const address = other === NODE && cluster.cni === 'cilium' ? (PUBLIC[0] ?? '') : other
  const peer = typeof address === 'string' ? address : (cluster.pods[(pod + address) % 5] as Pod)
  return { from: into ? peer : own, to: into ? own : peer, port: number, protocol }
}
