// The pods of waypoints as sets: all that the tree shows, and those through which clients of a kind reach anything.
import type { Client, Through, WaypointView } from '../ambient/waypoints.ts'
import type { ClusterState } from '../kubernetes/state.ts'
import { fromRising } from './index-set.ts'
import type { IndexSet } from './index-set.ts'
import { remembered } from './population.ts'
import type { Population } from './population.ts'

export interface WaypointPods {
  /** Those of the tree, whether anything stands behind them or not. */
  readonly shown: IndexSet
  readonly used: (client: Client) => UsedWaypoints
}

/** The waypoints that clients of a kind use, and the pods of those that the tree shows. */
export interface UsedWaypoints {
  readonly byId: ReadonlyMap<string, Through>
  readonly pods: IndexSet
}

export function waypointPods(
  state: ClusterState,
  population: Population,
  waypoints: WaypointView,
): WaypointPods {
  return {
    shown: fromRising(
      population.workloads.flatMap(({ gateway }, index) => (gateway === 'istio-waypoint' ? [index] : [])),
    ),
    used: remembered((client: Client): UsedWaypoints => {
      const byWorkloads = state.workloads.flatMap((workload) => waypoints.ways(workload, client).through)
      // What a ServiceEntry leads to is reached through its waypoint by ambient pods alone.
      const byEntries = (client === 'ambient' ? state.serviceEntries : []).flatMap(
        (entry) => waypoints.wayTo(entry, entry.spec.labels).through,
      )
      const byId = new Map<string, Through>()
      for (const one of [...byWorkloads, ...byEntries])
        if (one.sure || !byId.has(one.waypoint.id)) byId.set(one.waypoint.id, one)
      return { byId, pods: podsOf([...byId.values()], population) }
    }),
  }
}

/** The pods of those that the tree shows. */
export function podsOf(through: readonly Through[], population: Population): IndexSet {
  const indexes = through.flatMap(({ waypoint: { pods, shown } }) =>
    shown ? [population.indexOf(pods)] : [],
  )
  return fromRising([...new Set(indexes)].sort((a, b) => a - b))
}
