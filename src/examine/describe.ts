// What a report says beside its findings and problems: who shares what, what was looked at, and with which programs.
import { policiesOf, probesHangOnCni } from '../core/index.ts'
import type { Analysis, ComparedProblem } from '../core/index.ts'
import { onceEach } from '../core/source/once-each.ts'
import type { SourceFile } from '../core/source/text.ts'
import type { LoadedCluster } from '../manifests/load.ts'
import type { Workshop } from '../manifests/workshop.ts'
import type { OfferedFinding, Report, ReportCluster, ReportFinding, ReportTool } from './report.ts'
import type { ClusterState } from './touched.ts'

/** What a person has to know of the other clusters. */
export function amongClusters(finding: OfferedFinding, states: readonly ClusterState[]): ReportFinding {
  const paths = policiesOf(finding).map(({ path }) => path)
  const others = states
    .filter(({ loaded }) => loaded.config.name !== finding.cluster)
    .filter(({ loaded }) => paths.some((path) => loaded.inputs.has(path)))
  return {
    ...finding,
    among: states.length > 1 ? finding.cluster : null,
    sharedWith: others.map(({ loaded }) => loaded.config.name),
  }
}

export function summarise(analyses: readonly Analysis[]): Report['summary'] {
  const sum = (number: (analysis: Analysis) => number): number =>
    analyses.reduce((total, analysis) => total + number(analysis), 0)
  return {
    namespaces: sum(({ state }) => describedIn(state.namespaces)),
    workloads: sum(({ state }) => state.workloads.length),
    enrolled: sum(({ mesh }) => enrolledOf(mesh.members)),
    policies: sum(({ state }) => state.policies.length),
  }
}

const describedIn = onceEach(
  (namespaces: Analysis['state']['namespaces']) =>
    [...namespaces.values()].filter(({ known }) => known).length,
)

const enrolledOf = onceEach(
  (members: Analysis['mesh']['members']) =>
    members.filter(({ enrollment }) => enrollment.state === 'yes').length,
)

/** Does nothing bear on reachability: no workload, no policy, and no namespace that a manifest describes? */
export function isBare(analyses: readonly Analysis[]): boolean {
  return analyses.every(
    ({ state }) =>
      state.workloads.length === 0 &&
      state.policies.length === 0 &&
      ![...state.namespaces.values()].some(({ origin }) => origin !== null),
  )
}

export function describeCluster(analysis: Analysis, { roots, units }: LoadedCluster): ReportCluster {
  const { config, network, policies } = analysis.state
  const { cni, because, basis, stages, enforcement } = network
  const mode = `policyEnforcementMode: ${enforcement.mode}, ${enforcement.because}`
  return {
    name: config.name,
    roots,
    units,
    cni,
    evidence: isSpecial(enforcement.mode) ? `${because}; ${mode}` : because,
    detected: basis === 'own-objects' || basis === 'hint',
    settles:
      stages.length === 0 && policies.length > 0
        ? 'policies'
        : probesHangOnCni(analysis)
          ? 'probes'
          : 'nothing',
  }
}

/** Does the mode of Cilium make something of policies that they do not say? Where it is not known, a problem tells. */
function isSpecial(mode: Analysis['state']['network']['enforcement']['mode']): boolean {
  return mode === 'always' || mode === 'never'
}

/** The programs that units of these clusters were rendered with. */
export async function toolsFor(
  { tools }: Workshop,
  states: readonly ClusterState[],
): Promise<readonly ReportTool[]> {
  const kinds = new Set(states.flatMap(({ loaded }) => loaded.units.map(({ kind }) => kind)))
  const used = [
    kinds.has('helm') ? await tools.helm() : null,
    kinds.has('kustomize') ? await tools.kustomize() : null,
  ]
  return used.flatMap((tool) => (tool === null ? [] : [tool]))
}

/** A problem that two clusters share is said once: as what it is to the one that it matters to. */
export function unique(problems: readonly ComparedProblem[]): ComparedProblem[] {
  const found = new Map<string, ComparedProblem>()
  for (const problem of problems) {
    const key = JSON.stringify({ ...problem, relevant: null, hides: null, steering: null })
    const known = found.get(key)
    if (known === undefined || (problem.relevant && !known.relevant)) found.set(key, problem)
  }
  return [...found.values()]
}

export function filesOf(findings: readonly ReportFinding[]): ReadonlyMap<string, SourceFile> {
  const origins = findings.flatMap(({ culprits, workload }) => [
    workload.origin,
    ...culprits.map(({ policy }) => policy.origin),
  ])
  const texts = origins.flatMap(({ file, making }) => [
    ...(making?.layers ?? []).map((layer) => layer.file),
    file,
  ])
  return new Map(texts.map((file) => [file.path, file]))
}
