// The silhouette of a rule: what it is called, and one function that returns findings.
import type { Analysis, World } from '../analysis.ts'
import type { RuleId } from '../config.ts'
import type { Finding } from './finding.ts'

/** Judges a state as it is. */
export interface StateRule {
  readonly id: RuleId
  readonly judges: 'state'
  /**
   * On which policies of namespaces a finding hangs, beside those of the whole cluster and all that is no policy.
   * `own`: on those of the namespace of its workload, and `check` judges the members of the world's mesh one by one.
   * `none`: on none of them.
   */
  readonly hangsOn: 'own' | 'any' | 'none'
  readonly check: (world: World) => readonly Finding[]
  /** What only a change shows, of those that a state does not have already. */
  readonly checkChange?: (base: Analysis, head: Analysis) => readonly Finding[]
}

/** Judges what changed between two states. */
export interface ChangeRule {
  readonly id: RuleId
  readonly judges: 'change'
  readonly check: (base: Analysis, head: Analysis) => readonly Finding[]
}
