// The chain behind a probe that cannot arrive: the probe, where it comes from, who sees that, and what admits it not.
import type { World } from '../analysis.ts'
import { asBlock } from '../kubernetes/address-set.ts'
import { hasPort } from '../kubernetes/port-set.ts'
import type { Workload } from '../kubernetes/state.ts'
import type { Finding } from './finding.ts'
import { admittedFrom } from './probe-source.ts'
import { admittedStep, isolationSteps, noneOf, step } from './step.ts'
import type { Step } from './step.ts'
import { list } from './words.ts'

export function explainProbe(finding: Finding, workload: Workload, world: World): readonly Step[] {
  const { port, peers, isolatedBy } = finding
  const at = `${String(port)}/TCP`
  const sources = world.state.config.mesh.probeSources
  const admits = (source: string): boolean => hasPort(admittedFrom(world, workload, source).sure, 'TCP', port)
  const missing = sources.filter((source) => peers.includes(asBlock(source)) && !admits(source))
  return [
    ...workload.pods.probes
      .filter((probe) => probe.port === port)
      .map(({ field, handler, container, route }) =>
        step(`the ${field} of container ${container} calls ${at} (${handler})`, workload.origin, route),
      ),
    { text: `in Ambient, what the kubelet sends to it comes from ${list(missing)}`, at: null },
    seenStep(world),
    ...isolationSteps(isolatedBy, 'ingress', world.state.network.enforcement),
    // Where one family is let in and the other is not, the rule that lets the one in is the place to look.
    ...sources
      .filter((source) => !missing.includes(source))
      .flatMap((source) =>
        admittedFrom(world, workload, source)
          .hits.filter((hit) => hasPort(hit.sure, 'TCP', port))
          .slice(0, 1)
          .map((hit): Step => {
            const { text, at: place } = admittedStep(hit, 'ingress')
            return { text: `${source}: ${text}`, at: place }
          }),
      ),
    { text: `${noneOf(isolatedBy)} admits ${list(missing)} on ${at}`, at: null },
  ]
}

function seenStep({ state: { network } }: World): Step {
  const { at, because, cni, seesProbeSource } = network
  switch (seesProbeSource) {
    case 'yes':
      return { text: `the CNI is ${cni} (${because}), whose enforcement sees that source`, at }
    case 'believed-not':
      return {
        text: `the CNI is ${cni} (${because}), whose enforcement is believed not to see that source`,
        at,
      }
    case 'no':
      return { text: `the CNI is ${cni} (${because}), whose enforcement does not see that source`, at }
    case 'unknown':
      return {
        text: `which CNI enforces policies is not known (${because}): it counts as one that sees that source`,
        at,
      }
  }
}
