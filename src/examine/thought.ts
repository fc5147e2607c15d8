// What was worked out of a state: of every cluster, and remembered for the states that are made of it.
import type { Analysis } from '../core/index.ts'
import type { Gathered } from '../manifests/load.ts'
import type { ClusterState } from './touched.ts'

/** A state of every cluster, in the order of their configurations. */
export interface Thought {
  readonly states: readonly ClusterState[]
  readonly analyses: readonly Analysis[]
}

const thoughts = new WeakMap<Gathered, Map<string, Analysis>>()

/** What was thought last of a cluster of a state, or of the state that it was gathered from. */
export function thoughtOf(gathered: Gathered, cluster: string): Analysis | undefined {
  const near = gathered.revises?.near.deref()
  return thoughts.get(gathered)?.get(cluster) ?? (near && thoughts.get(near)?.get(cluster))
}

export function keepThought(gathered: Gathered, cluster: string, analysis: Analysis): void {
  const known = thoughts.get(gathered) ?? new Map<string, Analysis>()
  thoughts.set(gathered, known.set(cluster, analysis))
}
