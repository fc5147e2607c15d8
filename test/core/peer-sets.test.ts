// Peers asked in sets get the answers that each of them gets alone. The twin vouches for the single ones.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Analysis } from '../../src/core/index.ts'
import { addressSet } from '../../src/core/kubernetes/address-set.ts'
import type { Selector } from '../../src/core/kubernetes/labels.ts'
import { hasPort } from '../../src/core/kubernetes/port-set.ts'
import type { Split } from '../../src/core/policy/engine.ts'
import { ruleMatches } from '../../src/core/policy/rule-matches.ts'
import { firstIndexes } from '../../src/core/policy/index-set.ts'
import type { Peer } from '../../src/core/policy/peer.ts'
import { eachPeer } from '../../src/core/policy/peer-set.ts'
import type { PeerSet } from '../../src/core/policy/peer-set.ts'
import { campaign } from '../twin/campaign.ts'
import type { Cluster } from '../twin/cluster.ts'
import { analyzeObjects } from '../twin/engine-product.ts'
import { engineClusters } from '../twin/engine-random.ts'
import { analyzeCluster } from '../twin/product.ts'
import { clusters } from '../twin/random.ts'

const { runs, seed, timeout } = campaign(30, 1 / 50)
const PORTS = [80, 15008]
const SELECTORS: readonly Selector[] = [
  [],
  [{ key: 'app', operator: 'In', values: ['a'] }],
  [{ key: 'app', operator: 'In', values: ['a', 'b'] }],
  [{ key: 'tier', operator: 'NotIn', values: ['a'] }],
  [{ key: 'constructor', operator: 'Exists' }],
  [{ key: 'app', operator: 'DoesNotExist' }],
]

/** Every known workload, unseen pods of every namespace, and addresses. */
function everybody({ population }: Analysis): PeerSet {
  const addresses = ['10.244.0.1', '203.0.113.7', '0.0.0.0/0'].map((text) => addressSet([text]))
  return {
    known: population.everyone,
    unseen: SELECTORS.map((pods) => ({ pods, namespaces: firstIndexes(population.namespaces.length) })),
    rest: [true, false].flatMap((pods) =>
      addresses.map((one): Peer => ({ kind: 'addresses', addresses: one, pods })),
    ),
  }
}

function nameOf(peer: Peer): string {
  if (peer.kind === 'workload') return peer.workload.id
  if (peer.kind === 'addresses') return JSON.stringify([peer.addresses.IPv4, peer.pods])
  return JSON.stringify([peer.pods, peer.kind === 'pods' ? peer.namespace.name : peer.namespaces])
}

/** `part name of peer`, one line for each, sorted. */
function written(split: Split, { population }: Analysis): readonly string[] {
  return (['open', 'doubtful', 'closed'] as const)
    .flatMap((part) => [...eachPeer(split[part], population)].map((peer) => `${part} ${nameOf(peer)}`))
    .sort()
}

/** The same from the answers that each gets alone. */
function alone(analysis: Analysis, judge: (peer: Peer) => keyof Split): readonly string[] {
  const peers = [...eachPeer(everybody(analysis), analysis.population)]
  return peers.map((peer) => `${judge(peer)} ${nameOf(peer)}`).sort()
}

function check(analysis: Analysis): void {
  const { engine, state } = analysis
  for (const workload of state.workloads.slice(0, 4)) {
    for (const direction of ['ingress', 'egress'] as const) {
      for (const port of PORTS) {
        const split = engine.split(workload, direction, port, everybody(analysis))
        const single = alone(analysis, (peer) => {
          const { sure, perhaps } = engine.allows(workload, peer, direction)
          return hasPort(sure, 'TCP', port) ? 'open' : hasPort(perhaps, 'TCP', port) ? 'doubtful' : 'closed'
        })
        expect(written(split, analysis)).toEqual(single)
      }
    }
  }
  for (const policy of state.policies) {
    for (const rule of [...(policy.spec.ingress ?? []), ...(policy.spec.egress ?? [])]) {
      const single = alone(analysis, (peer) => {
        const match = ruleMatches(rule, policy, peer, state.network)
        return match === 'yes' ? 'open' : match === 'maybe' ? 'doubtful' : 'closed'
      })
      expect(written(engine.matches(rule, policy, everybody(analysis)), analysis)).toEqual(single)
    }
  }
}

describe('peers in sets', () => {
  it('are answered like each of them alone', { timeout }, () => {
    fc.assert(
      fc.property(clusters(), (cluster) => check(analyzeCluster(cluster))),
      { seed, numRuns: Math.ceil(runs / 2) },
    )
  })

  it('are so under policies of every engine', { timeout }, () => {
    fc.assert(
      fc.property(engineClusters, (cluster) => check(analyzeObjects(cluster))),
      { seed, numRuns: Math.ceil(runs / 6) },
    )
  })

  it('are also where there are many of them', { timeout }, () => {
    const many = clusters().map((cluster) => ({
      ...cluster,
      policies: cluster.policies.slice(0, 3),
      workloads: Array.from({ length: 250 }, (_, copy) => {
        const one = cluster.workloads[copy % cluster.workloads.length] as Cluster['workloads'][number]
        const name = `${one.name}-${String(copy)}`
        const metadata = { ...(one.object.metadata as object), name }
        return { ...one, name, object: { ...one.object, metadata } }
      }),
    }))
    fc.assert(
      fc.property(many, (cluster) => check(analyzeCluster(cluster))),
      { seed, numRuns: Math.ceil(runs / 20) },
    )
  })
})
