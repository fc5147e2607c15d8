// What policies make of a workload in a direction, before anybody asks about a peer.
import type { Direction } from '../kubernetes/kinds/policy.ts'
import type { Match } from '../kubernetes/labels.ts'
import type { Network } from '../kubernetes/network.ts'
import type { ClusterState, NetworkPolicy } from '../kubernetes/state.ts'
import type { RuleOf } from './engine.ts'
import type { Ending, Governing } from './stages.ts'
import { worldsFor } from './worlds.ts'
import type { World } from './worlds.ts'

/** What policies make of a workload, and of every other that they govern alike. */
export interface Chain {
  /** All rules that may have a say; see worlds.ts. */
  readonly stages: World
  readonly worlds: readonly World[]
  readonly governing: readonly NetworkPolicy[]
  readonly isolating: readonly NetworkPolicy[]
  readonly isolation: Match
  readonly wavers: boolean
  readonly admitting: readonly RuleOf[]
  readonly denying: readonly RuleOf[]
  readonly letting: readonly RuleOf[]
  readonly addsUp: boolean
}

export function chainFor(
  governing: readonly Governing[],
  direction: Direction,
  tiers: ClusterState['tiers'] | null,
  ending: Ending,
): Chain {
  const { seen: stages, worlds } = worldsFor(governing, direction, tiers, ending)
  const rules = stages.flatMap((stage) => stage.rules)
  const isolating = new Set(stages.flatMap((stage) => stage.isolating))
  const policies = governing.map(({ policy }) => policy)
  const isolation = isolationIn(worlds)
  return {
    stages,
    worlds,
    governing: policies,
    isolating: policies.filter((policy) => isolating.has(policy)),
    isolation,
    wavers: worlds.length > 1 || (isolation === 'maybe' && isolating.size > 0),
    admitting: rules.filter(({ rule }) => rule.action === 'allow'),
    letting: rules.filter(({ rule }) => rule.action !== 'deny'),
    denying: rules.filter(({ rule }) => rule.action === 'deny'),
    addsUp:
      stages.length <= 1 && rules.every(({ rule, match }) => rule.action === 'allow' && match === 'yes'),
  }
}

/** Known is what all worlds agree about; a policy that perhaps selects isolates in one of them alone. */
function isolationIn(worlds: readonly World[]): Match {
  if (worlds.every((world) => world.some(({ end }) => end === 'denied'))) return 'yes'
  return worlds.every((world) => world.every(({ end }) => end === 'next')) ? 'no' : 'maybe'
}

/** What the modes of Cilium make of what no policy speaks of; in `never` nothing gets as far. */
export const ENDINGS: Readonly<Record<Network['enforcement']['mode'], Ending>> = {
  default: 'next',
  always: 'denied',
  'perhaps-always': 'perhaps-denied',
  never: 'next',
}

export function isOpen({ stages }: Chain): boolean {
  return stages.length === 0
}
