// Which peers send how: ambient pods go through waypoints, gateways where they are told to, all others go straight.
import type { Client } from '../ambient/waypoints.ts'
import type { MeshView } from '../ambient/mesh.ts'
import { intersect, subtract, union } from '../kubernetes/interval-set.ts'
import { label } from '../kubernetes/labels.ts'
import type { Selector } from '../kubernetes/labels.ts'
import type { Workload } from '../kubernetes/state.ts'
import { fromRising } from './index-set.ts'
import type { IndexSet } from './index-set.ts'
import type { PeerSet } from './peer-set.ts'
import { remembered } from './population.ts'
import type { Population } from './population.ts'

/** Cuts a set of peers by the kind of client that they are. */
export type ClientCut = (peers: PeerSet) => Readonly<Record<Client, PeerSet>>

export function clientCut(population: Population, mesh: MeshView): ClientCut {
  const those = (wanted: (workload: Workload) => boolean): IndexSet =>
    fromRising(population.workloads.flatMap((workload, index) => (wanted(workload) ? [index] : [])))
  const ambient = those((workload) => mesh.member(workload).enrollment.state === 'yes')
  const gateways = subtract(those(isGateway), ambient)
  const others = subtract(population.everyone, union(ambient, gateways))
  const enrolling = remembered((pods: Selector) => {
    const answers = new Map<string, boolean>()
    return fromRising(
      [...population.namespaces.entries()].flatMap(([index, namespace]) => {
        const kind = mesh.kindOf(namespace)
        const answer = answers.get(kind) ?? mesh.podsEnrolled(pods, namespace)
        answers.set(kind, answer)
        return answer ? [index] : []
      }),
    )
  })
  return ({ known, unseen, rest }) => {
    const cut = (inside: boolean): PeerSet['unseen'] =>
      unseen.flatMap(({ pods, namespaces }) => {
        const part = (inside ? intersect : subtract)(namespaces, enrolling(pods))
        return part.length === 0 ? [] : [{ pods, namespaces: part }]
      })
    return {
      ambient: { known: intersect(known, ambient), unseen: cut(true), rest: [] },
      gateway: { known: intersect(known, gateways), unseen: [], rest: [] },
      other: { known: intersect(known, others), unseen: cut(false), rest },
    }
  }
}

/** Which kind of client a workload is. */
export function clientOf(workload: Workload, mesh: MeshView): Client {
  if (mesh.member(workload).enrollment.state === 'yes') return 'ambient'
  return isGateway(workload) ? 'gateway' : 'other'
}

/** Pods of a Gateway, and of a gateway that Istio injects (charts/gateway: the template `gateway`). */
export function isGateway({ gateway, pods }: Workload): boolean {
  if (gateway !== null) return gateway !== 'istio-waypoint'
  return label(pods.annotations, 'inject.istio.io/templates')?.split(',').includes('gateway') === true
}
