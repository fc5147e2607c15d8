// Rules as Cilium's policies (cilium.io/v2) write them.
import { specRoute } from '../findings/finding.ts'
import { rootField } from '../kubernetes/field.ts'
import { readCiliumPolicies } from '../kubernetes/kinds/cilium-policy.ts'
import type { Direction, PodsPeer, PolicyPeer, PolicyRule } from '../kubernetes/kinds/policy.ts'
import { NAMESPACE_NAME_LABEL } from '../kubernetes/labels.ts'
import type { Selector } from '../kubernetes/labels.ts'
import { valueAt } from '../kubernetes/origin.ts'
import type { NetworkPolicy } from '../kubernetes/state.ts'
import type { Dialect, PortAndProtocol } from './dialect.ts'
import { writeSelector } from './written-peers.ts'
import type { NamedPeer } from './written-peers.ts'

export const ciliumDialect: Dialect = {
  listOf: (policy, direction, beside) => [...(beside?.route.slice(0, -2) ?? specRoute(policy)), direction],
  rule: (policy, direction, peers, ports) => ({
    ...(peers === null ? {} : { [KEYS[direction].endpoints]: peers.map((peer) => writePeer(peer, policy)) }),
    ...(ports === null ? {} : { toPorts: [{ ports: ports.map(writePort) }] }),
  }),
  fromBlocks: (blocks) => ({ fromCIDR: blocks }),
  portBeside: (policy, rule, port) => {
    const toPorts = valueAt(policy.object, [...rule.route, 'toPorts'])
    // What limits an entry, such as rules of layer 7, would limit the port that is put beside its ports.
    const plain = Array.isArray(toPorts) ? toPorts.findIndex((entry) => hasPortsAlone(entry)) : -1
    const entry = writePort([port, 'TCP'])
    return plain === -1
      ? { op: 'append', route: [...rule.route, 'toPorts'], value: { ports: [entry] } }
      : { op: 'append', route: [...rule.route, 'toPorts', plain, 'ports'], value: entry }
  },
  meshPeers: (world, policy, rule, direction, only) => {
    const written = valueAt(policy.object, rule.route)
    const finder = direction === 'ingress' ? world.senders : world.receivers
    const { endpoints, others } = KEYS[direction]
    if (typeof written !== 'object' || written === null || rule.peers === null)
      return { peers: [], all: true }
    const own = written as Readonly<Record<string, unknown>>
    const entries: readonly unknown[] = Array.isArray(own[endpoints]) ? own[endpoints] : []
    const peers = entries.flatMap((entry): NamedPeer[] => {
      const read = peersOf(policy, direction, { [endpoints]: [entry] })
      const [first] = read.filter(({ kind }) => only === undefined || kind === only)
      const inMesh = finder.ofRule({ ...rule, peers: read }, policy).length > 0
      return first !== undefined && inMesh ? [{ peer: first, written: entry }] : []
    })
    // Entities such as `cluster` stay what they are; they are in one rule with nothing else.
    const whole = others.some((key) => own[key] !== undefined) && finder.ofRule(rule, policy).length > 0
    return { peers, all: whole || peers.length === entries.length }
  },
  skeleton: (policy, direction, pods) => {
    const { kind, object, spec } = policy
    const own = specRoute(policy)
    // What closes nothing is not to be helped by what does.
    const isOff = !spec.isolates[direction]
    return {
      apiVersion: 'cilium.io/v2',
      kind,
      spec: {
        endpointSelector:
          pods === null ? (valueAt(object, [...own, 'endpointSelector']) ?? {}) : writeSelector(pods),
        ...(isOff ? { enableDefaultDeny: { [direction]: false } } : {}),
      },
    }
  },
}

const KEYS = {
  ingress: { endpoints: 'fromEndpoints', others: ['fromEntities'] },
  egress: { endpoints: 'toEndpoints', others: ['toEntities'] },
} as const

/** Ports are strings there. */
function writePort([port, protocol]: PortAndProtocol): object {
  return { port: String(port), protocol }
}

function hasPortsAlone(entry: unknown): boolean {
  return typeof entry === 'object' && entry !== null && Object.keys(entry).every((key) => key === 'ports')
}

/** What a rule of the policy that names only this would speak of. */
function peersOf(policy: NetworkPolicy, direction: Direction, rule: object): readonly PolicyPeer[] {
  const { metadata } = policy.object
  const object = { metadata, spec: { endpointSelector: {}, [direction]: [rule] } }
  const [spec] = readCiliumPolicies(rootField(object), policy.namespace.name === '' ? 'cluster' : 'namespace')
  return (spec?.[direction] ?? []).flatMap(({ action, peers }: PolicyRule) =>
    action === 'allow' ? (peers ?? []) : [],
  )
}

const NAMESPACE = 'k8s:io.kubernetes.pod.namespace'

/** Labels of namespaces stand among those of pods; the own namespace goes without saying. */
function writePeer({ peer, written }: NamedPeer, { namespace }: NetworkPolicy): unknown {
  if (written !== null || peer.kind !== 'pods') return written
  const namespaces = namespacesOf(peer)
  const isOwn =
    JSON.stringify(writeSelector(namespaces)) ===
    JSON.stringify({ matchLabels: { [NAMESPACE]: namespace.name } })
  const everywhere: Selector = namespaces.length === 0 ? [{ key: NAMESPACE, operator: 'Exists' }] : namespaces
  return writeSelector([...peer.pods, ...(isOwn ? [] : everywhere)])
}

/** Pods of named namespaces, as an endpointSelector of a policy for the whole cluster picks them. */
export function writeEndpoints(peer: PodsPeer): object {
  return writeSelector([...peer.pods, ...namespacesOf(peer)])
}

function namespacesOf({ namespaces }: PodsPeer): Selector {
  return (namespaces ?? []).map((one) => ({
    ...one,
    key: one.key === NAMESPACE_NAME_LABEL ? NAMESPACE : `k8s:io.cilium.k8s.namespace.labels.${one.key}`,
  }))
}
