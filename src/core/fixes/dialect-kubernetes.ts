// Rules as a NetworkPolicy (networking.k8s.io/v1) writes them.
import { NAMESPACE_NAME_LABEL } from '../kubernetes/labels.ts'
import { valueAt } from '../kubernetes/origin.ts'
import type { NetworkPolicy } from '../kubernetes/state.ts'
import type { Dialect } from './dialect.ts'
import { writeSelector } from './written-peers.ts'
import type { NamedPeer } from './written-peers.ts'

const PEERS_KEY = { ingress: 'from', egress: 'to' } as const

export const kubernetesDialect: Dialect = {
  listOf: (_, direction) => ['spec', direction],
  rule: (policy, direction, peers, ports) => ({
    ...(peers === null ? {} : { [PEERS_KEY[direction]]: peers.map((peer) => writePeer(peer, policy)) }),
    ...(ports === null ? {} : { ports: ports.map(([port, protocol]) => ({ port, protocol })) }),
  }),
  fromBlocks: (blocks) => ({ from: blocks.map((cidr) => ({ ipBlock: { cidr } })) }),
  portBeside: (_, rule, port) => ({
    op: 'append',
    route: [...rule.route, 'ports'],
    value: { port, protocol: 'TCP' },
  }),
  meshPeers: (world, policy, rule, direction, only) => {
    const finder = direction === 'ingress' ? world.senders : world.receivers
    const written = valueAt(policy.object, [...rule.route, PEERS_KEY[direction]])
    const peers = (rule.peers ?? []).flatMap((peer, index): NamedPeer[] => {
      if (only !== undefined && peer.kind !== only) return []
      const inMesh = finder.ofRule({ ...rule, peers: [peer] }, policy).length > 0
      return inMesh ? [{ peer, written: Array.isArray(written) ? (written[index] as unknown) : null }] : []
    })
    return { peers, all: rule.peers === null || peers.length === rule.peers.length }
  },
  skeleton: ({ object }, direction, pods) => ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    spec: {
      podSelector: pods === null ? (valueAt(object, ['spec', 'podSelector']) ?? {}) : writeSelector(pods),
      policyTypes: [direction === 'ingress' ? 'Ingress' : 'Egress'],
    },
  }),
}

/** Pods of the policy's own namespace need no selector for it. */
function writePeer({ peer, written }: NamedPeer, { namespace }: NetworkPolicy): unknown {
  if (written !== null || peer.kind !== 'pods') return written
  const namespaceSelector = writeSelector(peer.namespaces ?? [])
  const podSelector = peer.pods.length === 0 ? {} : { podSelector: writeSelector(peer.pods) }
  const own = JSON.stringify({ matchLabels: { [NAMESPACE_NAME_LABEL]: namespace.name } })
  return peer.pods.length > 0 && JSON.stringify(namespaceSelector) === own
    ? podSelector
    : { namespaceSelector, ...podSelector }
}
