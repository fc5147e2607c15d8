// Names of ports mean other numbers to each destination: for a list of ports, the known workloads by what it comes to.
import { grouped } from '../source/grouped.ts'
import type { PolicyPort, PolicyRule } from '../kubernetes/kinds/policy.ts'
import type { PortSet } from '../kubernetes/port-set.ts'
import type { Workload } from '../kubernetes/state.ts'
import { rulePorts } from './rule-matches.ts'
import { fromRising } from './index-set.ts'
import type { IndexSet } from './index-set.ts'
import { remembered } from './population.ts'
import type { Population } from './population.ts'

export interface Meaning {
  readonly ports: PortSet
  /** Those to whom the list comes to these ports. */
  readonly workloads: IndexSet
}

/** Answers for each list of ports once; every known workload is in one of the meanings. */
export function meanings({ workloads }: Population): (rule: PolicyRule) => readonly Meaning[] {
  const ask = remembered((ports: readonly PolicyPort[]): readonly Meaning[] => {
    const rule: PolicyRule = { index: 0, route: [], action: 'allow', peers: null, ports, doubt: null }
    const judged = workloads.map((workload: Workload, index) => {
      const { sure } = rulePorts(rule, workload, { kind: 'workload', workload })
      return { index, ports: sure, key: JSON.stringify(sure) }
    })
    return [...grouped(judged, ({ key }) => key).values()].map((same) => ({
      ports: (same[0] as (typeof judged)[number]).ports,
      workloads: fromRising(same.map(({ index }) => index)),
    }))
  })
  return ({ ports }) => ask(ports ?? [])
}
