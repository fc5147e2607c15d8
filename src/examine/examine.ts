// The one story that both faces call: load both states, analyse, compare, propose fixes, prove them.
import { analyze, compare, conclude, explain, probesHangOnCni, propose } from '../core/index.ts'
import type { Analysis, ComparedFinding, Comparison, Touched } from '../core/index.ts'
import type { ClusterConfig, Config } from '../core/config.ts'
import { byChange } from '../core/findings/compare.ts'
import { byPlace, compareText } from '../core/source/problem.ts'
import type { Problem } from '../core/source/problem.ts'
import type { SourceFile } from '../core/source/text.ts'
import { overlayTree } from '../git/tree.ts'
import type { Tree } from '../git/tree.ts'
import { load, loadAssumed, manifestsUnder } from '../manifests/load.ts'
import type { Loaded, LoadOptions, ParseCache } from '../manifests/load.ts'
import { isWithin } from '../manifests/unrendered.ts'
import { proveEach, proveTogether } from './prove.ts'
import type { Court, Proved } from './prove.ts'
import { answerEnrollment, askedClusters, inhabited } from './enrollment.ts'
import type { Enroll, Report, ReportCluster, ReportFinding } from './report.ts'
import { touchedBy } from './touched.ts'

export interface Examination {
  /** null: nothing to compare with, and everything counts as introduced. */
  readonly base: Tree | null
  readonly head: Tree
  /** Where assumed manifests are read from: the base, so that a change cannot bring its own assumptions. */
  readonly trusted: Tree
  readonly config: Config
  /** What is wrong with the configuration itself. */
  readonly configProblems: readonly Problem[]
  /** Namespaces to judge on the head as if they carried the enrolment label. */
  readonly enroll: Enroll
  /** YYYY-MM-DD, for waivers. */
  readonly today: string
  readonly cache: ParseCache
}

/** A state of every cluster. */
interface Thought {
  readonly loaded: Loaded
  readonly analyses: readonly Analysis[]
}

export async function examine(examination: Examination): Promise<Report> {
  const { base: baseTree, head: headTree, config } = examination
  const base = baseTree === null ? null : await think(examination, baseTree, config.clusters)
  const { enroll } = examination
  // What the label alone would change is told apart from whatever else the head brings.
  const before =
    enroll !== 'all' && enroll.length === 0
      ? null
      : headTree === baseTree
        ? base
        : await think(examination, headTree, config.clusters)
  const asked = before === null ? config.clusters : askedClusters(enroll, before.analyses)
  const head = await think(examination, headTree, asked)
  const touched = asked.map((cluster) => touchedBy(base?.loaded ?? null, head.loaded, cluster))
  const compared = compareAll(examination, base, head, touched, before)
  const plans = head.analyses.flatMap((analysis, index) =>
    propose(analysis, (compared[index] as Comparison).findings, touched[index] as Touched),
  )
  const court: Court = {
    head: head.analyses,
    compared,
    tryOut: async (edits) => {
      const after = await think(examination, overlayTree(headTree, edits), asked)
      return { head: after.analyses, compared: compareAll(examination, base, after, touched, before) }
    },
  }
  const verdicts = await proveEach(court, plans)
  const { fix, mended } = await proveTogether(court, verdicts)
  const findings = compared
    .flatMap((comparison) => comparison.findings)
    .map((finding) => withFix(finding, verdicts))
  const problems = unique(compared.flatMap((comparison) => comparison.problems)).sort(byPlace)
  return {
    conclusion: conclude(compared, config),
    findings: findings.sort(byChange),
    problems,
    summary: summarise(head.analyses),
    clusters: head.analyses.map(describeCluster),
    fix,
    readiness:
      before === null
        ? null
        : {
            asked: enroll,
            namespaces: answerEnrollment(
              enroll,
              before.analyses,
              head.analyses,
              before === base ? compared : compareAll(examination, before, head, touched, before),
              mended,
            ),
          },
    explain: (finding) => {
      const analysis = head.analyses.find(({ state }) => state.config.name === finding.cluster)
      return analysis === undefined || finding.change === 'resolved' ? [] : explain(finding, analysis)
    },
    relevant:
      touched.some(({ namespaces }) => namespaces.size > 0) || problems.some(({ relevant }) => relevant),
    namespaces: [...new Set(head.analyses.flatMap((analysis) => [...inhabited(analysis)]))].sort(compareText),
    files: filesOf(findings),
  }
}

async function think(
  examination: Examination,
  tree: Tree,
  clusters: readonly ClusterConfig[],
): Promise<Thought> {
  const { config, cache, configProblems, trusted } = examination
  const assumed = [...new Set(clusters.flatMap(({ assume }) => assume.manifests))]
  const options: LoadOptions = { ignorePaths: config.ignorePaths, assumed }
  const loaded = await load(tree, options, cache)
  const baselines = await Promise.all(
    clusters.map(({ assume }) => loadAssumed(trusted, assume.manifests, cache)),
  )
  const analyses = clusters.map((cluster, index) => {
    const baseline = baselines[index] as Loaded
    const ours = ({ path }: Problem): boolean =>
      cluster.paths === null || cluster.paths.some((folder) => isWithin(path, folder))
    const manifests = [...manifestsUnder(loaded, cluster.paths), ...manifestsUnder(baseline, null)]
    return analyze(cluster, config.rules, manifests, [
      ...configProblems,
      ...loaded.problems.filter(ours),
      ...baseline.problems,
    ])
  })
  return { loaded, analyses }
}

/** `before` is the head without the question that was asked: what enrolment changes is judged even without a base. */
function compareAll(
  { config, today }: Examination,
  base: Thought | null,
  head: Thought,
  touched: readonly Touched[],
  before: Thought | null,
): readonly Comparison[] {
  const against = (state: Thought | null): readonly Comparison[] =>
    head.analyses.map((analysis, index) =>
      compare(state?.analyses[index] ?? null, analysis, touched[index] as Touched, config.waivers, today),
    )
  const compared = against(base)
  if (before === null || base !== null) return compared
  return against(before).map(({ findings }, index) => {
    const own = compared[index] as Comparison
    const said = new Set(own.findings.map(({ fingerprint }) => fingerprint))
    const more = findings.filter(
      ({ change, fingerprint }) => change === 'introduced' && !said.has(fingerprint),
    )
    return { ...own, findings: [...own.findings, ...more].sort(byChange) }
  })
}

function withFix(finding: ComparedFinding, verdicts: readonly Proved[]): ReportFinding {
  const own = verdicts.find(
    ({ plan }) => plan.settles.includes(finding.fingerprint) && plan.cluster === finding.cluster,
  )
  if (own === undefined || own.fix !== null) return { ...finding, fix: own?.fix ?? null, advice: null }
  return { ...finding, fix: null, advice: `No fix is offered: ${own.reason}. By hand: ${own.plan.text}` }
}

function summarise(analyses: readonly Analysis[]): Report['summary'] {
  const sum = (count: (analysis: Analysis) => number): number =>
    analyses.reduce((total, analysis) => total + count(analysis), 0)
  return {
    namespaces: sum(({ state }) => [...state.namespaces.values()].filter(({ known }) => known).length),
    workloads: sum(({ state }) => state.workloads.length),
    enrolled: sum(({ mesh }) => mesh.members.filter(({ enrollment }) => enrollment.state === 'yes').length),
    policies: sum(({ state }) => state.policies.length),
  }
}

function describeCluster(analysis: Analysis): ReportCluster {
  const { config, network, policies } = analysis.state
  const { cni, because: evidence, basis, stages } = network
  return {
    name: config.name,
    cni,
    evidence,
    detected: basis === 'own-objects' || basis === 'hint',
    settles:
      stages.length === 0 && policies.length > 0
        ? 'policies'
        : probesHangOnCni(analysis)
          ? 'probes'
          : 'nothing',
  }
}

/** A problem of a file that two clusters share is said once. */
function unique<T>(problems: readonly T[]): T[] {
  return [...new Map(problems.map((problem) => [JSON.stringify(problem), problem])).values()]
}

function filesOf(findings: readonly ReportFinding[]): ReadonlyMap<string, SourceFile> {
  const origins = findings.flatMap(({ culprits, workload }) => [
    workload.origin,
    ...culprits.map(({ policy }) => policy.origin),
  ])
  return new Map(origins.map(({ file }) => [file.path, file]))
}
