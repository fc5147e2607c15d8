// Policies of Cilium, Calico and the Admin tiers: the product and a twin, which evaluates one packet straight from the
// objects, answer the same questions. AMBIENT_GUARD_LONG=100000 asks that many, with a seed that it prints.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { answer } from '../../src/core/index.ts'
import type { Query } from '../../src/core/index.ts'
import { campaign } from './campaign.ts'
import { evaluatePacket } from './engine-evaluator.ts'
import type { Packet, Pod } from './engine-objects.ts'
import { analyzeObjects } from './engine-product.ts'
import { engineClusters, openPacket, packetIn } from './engine-random.ts'

const QUESTIONS = 6
const { runs, seed, timeout } = campaign(1500)
const numRuns = Math.ceil(runs / QUESTIONS)
const packets = fc.array(openPacket, { minLength: QUESTIONS, maxLength: QUESTIONS, size: 'max' })

describe('policies of all engines', () => {
  it(`are read alike about ${String(runs)} packets`, { timeout }, () => {
    const property = fc.property(engineClusters, packets, (cluster, list) => {
      const analysis = analyzeObjects(cluster)
      expect(analysis.problems.filter(({ class: kind }) => kind === 'unreadable')).toEqual([])
      for (const open of list) {
        const packet = packetIn(cluster, open)
        const query = queryOf(packet)
        const [product, twin] = [answer(analysis, query).verdict, evaluatePacket(cluster, packet)]
        if (product === twin) continue
        const asked = JSON.stringify(query)
        expect.fail(
          `${cluster.cni}, ${asked}: the product says ${product}, the twin ${twin}; seed ${String(seed)}`,
        )
      }
    })
    fc.assert(property, { seed, numRuns })
  })

  it('the packets are worth asking about, on every engine', () => {
    const counts = new Map<string, number>()
    for (const [cluster, list] of fc.sample(fc.tuple(engineClusters, packets), { seed: 1, numRuns: 200 }))
      for (const open of list) {
        const key = `${cluster.cni} ${evaluatePacket(cluster, packetIn(cluster, open))}`
        counts.set(key, (counts.get(key) ?? 0) + 1)
      }
    for (const cni of ['cilium', 'calico', 'ovn-kubernetes'])
      for (const verdict of ['allowed', 'denied'])
        expect(counts.get(`${cni} ${verdict}`) ?? 0, `${cni} ${verdict}`).toBeGreaterThan(60)
    expect(counts.get('ovn-kubernetes unknown') ?? 0).toBeGreaterThan(0)
  })
})

function queryOf({ from, to, port, protocol }: Packet): Query {
  const nameOf = (end: Pod | string): string =>
    typeof end === 'string' ? end : `Pod/${end.namespace}/${end.name}`
  return { from: nameOf(from), to: nameOf(to), port, protocol }
}
