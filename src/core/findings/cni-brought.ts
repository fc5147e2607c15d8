// The CNI that a change itself brings: whatever it silences is silent because of what the change says of the cluster. The
// configuration is read from the base for that reason; what the manifests show of the CNI is of the head.
import type { Analysis } from '../analysis.ts'
import type { Network } from '../kubernetes/network.ts'
import type { ComparedProblem } from './compare.ts'

/** A problem where the change shows a CNI that was not known before, and that enforces less, or sees less. */
export function cniBrought(base: Analysis, head: Analysis): readonly ComparedProblem[] {
  const [was, is] = [base.state.network, head.state.network]
  const isNever = is.enforcement.mode === 'never' && was.enforcement.mode !== 'never'
  const at = isNever ? is.enforcement.at : is.at
  const isNews = is.basis === 'own-objects' && (was.cni !== is.cni || was.basis !== is.basis)
  const isOfMesh = head.state.workloads.some((workload) => head.mesh.member(workload).receives !== 'outside')
  if (
    at === null ||
    !isOfMesh ||
    !(isNever || (isNews && silencesMore(was, is)) || (is.keepsDestinationPort && !was.keepsDestinationPort))
  )
    return []
  return [
    {
      ...at,
      code: 'cni-brought',
      class: 'unseen',
      message: `This change brings what shows ${isNever ? `that no policy is enforced (${is.enforcement.because})` : `which CNI enforces policies (${is.cni}: ${is.because})`}, and was judged by it: what that does not enforce or see is not told.`,
      remedy: `State ${isNever ? 'policyEnforcementMode' : 'the CNI'} under clusters.${head.state.config.name} on the base branch, or leave out with ignorePaths what is of no cluster.`,
      hides: { namespaces: 'all' },
      change: 'introduced',
      relevant: true,
    },
  ]
}

function silencesMore(was: Network, is: Network): boolean {
  return (
    is.stages.length < was.stages.length ||
    (!SEES_PROBES.includes(is.seesProbeSource) && SEES_PROBES.includes(was.seesProbeSource)) ||
    (is.keepsDestinationPort && !was.keepsDestinationPort)
  )
}

const SEES_PROBES: readonly Network['seesProbeSource'][] = ['yes', 'unknown']
