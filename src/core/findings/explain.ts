// Why a finding is one, as a chain that a person can follow with the files open: enrolled because of this line,
// selected by that policy, admitted here, and nowhere there. Made of what the finding points at and of the engine's
// answers, never of its message. A rule that knows better brings its own steps along (`Finding.why`).
import type { World } from '../analysis.ts'
import type { RuleId } from '../config.ts'
import { placeOf } from '../kubernetes/origin.ts'
import type { Workload } from '../kubernetes/state.ts'
import { hasDenial } from './closing.ts'
import { explainHbone } from './explain-hbone.ts'
import { explainProbe } from './explain-probe.ts'
import { culpritRoute } from './finding.ts'
import type { Finding } from './finding.ts'
import { enrolledStep, isolationSteps, noneOf, policyName, ruleName, step } from './step.ts'
import type { Step } from './step.ts'
import { namePeers } from './words.ts'

/** The steps in the order in which they follow from each other; never empty. `world` is the state of the finding. */
export function explain(finding: Finding, world: World): readonly Step[] {
  if (finding.why !== undefined && finding.why.length > 0) return finding.why
  const workload = world.state.workloads.find(({ id }) => id === finding.workload.id)
  if (workload === undefined) return generic(finding)
  const own = CHAINS[finding.rule]
  return [
    subjectStep(workload, world),
    ...(own === undefined ? guiltySteps(finding) : own(finding, workload, world)),
  ]
}

function subjectStep(workload: Workload, { mesh }: World): Step {
  const { enrollment, receives, sends } = mesh.member(workload)
  if (enrollment.state === 'yes') return enrolledStep(workload, enrollment)
  if (workload.gateway !== null)
    return step(`${workload.id} is a Gateway of the class ${workload.gateway}`, workload.origin, ['metadata'])
  if (receives === 'certain') {
    const takes = `${workload.id} has a sidecar that takes HBONE: its pods carry networking.istio.io/tunnel: http`
    return step(takes, workload.origin, [...workload.pods.labelsRoute, 'networking.istio.io/tunnel'])
  }
  if (sends === 'certain')
    return step(
      `${workload.id} has a proxy of the mesh, which sends HBONE to ambient pods`,
      workload.origin,
      ['metadata'],
    )
  return step(`${workload.id} is what it is about`, workload.origin, ['metadata'])
}

type Chain = (finding: Finding, workload: Workload, world: World) => readonly Step[]

/** What follows upon the subject; a rule that is not here is explained by its culprits. */
const CHAINS: Readonly<Partial<Record<RuleId, Chain>>> = {
  'hbone-ingress': explainHbone,
  'hbone-egress': explainHbone,
  'kubelet-probe': explainProbe,
  'probe-family': explainProbe,
  'waypoint-path': shut,
  'waypoint-control': shut,
  isolated: (finding, _workload, { state }) => {
    const { culprits, direction, isolatedBy, port } = finding
    if (hasDenial(culprits)) return guiltySteps(finding)
    return [
      ...isolationSteps(isolatedBy, direction, state.network.enforcement),
      {
        text:
          direction === 'ingress'
            ? `${noneOf(isolatedBy)} admits any peer of the mesh on ${String(port)}/TCP`
            : `${noneOf(isolatedBy)} lets traffic out to any peer of the mesh on ${String(port)}/TCP`,
        at: null,
      },
    ]
  },
}

/** A port that has to be open between the workload and its peers, and that no policy opens. */
function shut(finding: Finding, workload: Workload, { state }: World): readonly Step[] {
  const { culprits, direction, isolatedBy, peers, port, protocol } = finding
  const waypoints = state.workloads.filter(
    (other) => other !== workload && other.gateway === 'istio-waypoint' && peers.includes(other.id),
  )
  const rules = new Map(
    culprits.flatMap(({ policy, rule }) =>
      rule === null
        ? []
        : [
            [
              rule,
              step(
                `${ruleName(rule)} of ${policyName(policy)} opens other ports, or to others`,
                policy.origin,
                rule.route,
              ),
            ] as const,
          ],
    ),
  )
  const verb = direction === 'ingress' ? 'admits' : 'lets traffic out to'
  const passed = waypoints.map(({ id, origin }) =>
    step(`${id} is a waypoint on the way`, origin, ['metadata']),
  )
  if (hasDenial(culprits)) return [...passed, ...guiltySteps(finding)]
  return [
    ...passed,
    ...isolationSteps(isolatedBy, direction, state.network.enforcement),
    ...rules.values(),
    { text: `${noneOf(isolatedBy)} ${verb} ${namePeers(peers)} on ${String(port)}/${protocol}`, at: null },
  ]
}

/** The subject, whose enrolment brought it about, and what is at fault. */
function generic(finding: Finding): readonly Step[] {
  const { enrolledBy, workload } = finding
  return [
    step(`it is about ${workload.id}`, workload.origin, ['metadata']),
    ...enrolledBy.map(({ because, at }) => ({ text: because, at })),
    ...guiltySteps(finding),
  ]
}

function guiltySteps({ culprits, direction, port, protocol, workload }: Finding): readonly Step[] {
  const steps = culprits
    .filter(({ policy }) => policy.id !== workload.id)
    .map(({ policy, rule }): Step => {
      const verb = rule?.action === 'deny' ? 'denies' : 'decides'
      const what = rule === null ? 'isolates it' : `${ruleName(rule)} ${verb}`
      return {
        text: `${policyName(policy)} (${direction}, ${String(port)}/${protocol}): ${what}`,
        at: placeOf(policy.origin, culpritRoute({ policy, rule })),
      }
    })
  return [...new Map(steps.map((one) => [JSON.stringify(one), one])).values()]
}
