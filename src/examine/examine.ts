// The one story that both faces call: load both states, analyse, compare, propose fixes, prove them.
import { analyze, compare, conclude, endingWaivers, explain, idleWaivers } from '../core/index.ts'
import type { Analysis, Comparison, Touched } from '../core/index.ts'
import type { ClusterConfig, Config, Severity } from '../core/config.ts'
import { byChange } from '../core/findings/compare.ts'
import { fingerprint } from '../core/findings/finding.ts'
import type { Finding } from '../core/findings/finding.ts'
import { byPlace } from '../core/source/problem.ts'
import type { Problem } from '../core/source/problem.ts'
import { fileAt, listingOf, overlayTree } from '../git/tree.ts'
import type { Tree } from '../git/tree.ts'
import { takenBefore, takenLater } from '../manifests/abandoned.ts'
import { loadAssumed } from '../manifests/assumed.ts'
import { clusterNames, clustersOf, emptyCluster } from '../manifests/load.ts'
import type { ClusterNames, Gathered, LoadedCluster } from '../manifests/load.ts'
import { keepBase, recallBase } from '../manifests/recall.ts'
import { renamedClusters } from '../manifests/renamed-clusters.ts'
import type { Stray } from '../manifests/strays.ts'
import { straysOf } from '../manifests/strays.ts'
import { describeProposed, problemsOnHead, proposedProblems, tryProposed } from './configuration.ts'
import type { Proposed } from './configuration.ts'
import { amongClusters, describeCluster, filesOf, isBare, summarise, toolsFor, unique } from './describe.ts'
import { offerFixes } from './offer.ts'
import type { Court } from './prove.ts'
import { everyCluster, gatherOf, unknownClusters } from './clusters.ts'
import type { Reading } from './clusters.ts'
import { answerEnrollment, askedClusters, strangersIn } from './enrollment.ts'
import type { Enroll, Report } from './report.ts'
import { broughtOutside, ledFromTheRoot } from './outside.ts'
import { rebranched } from './rebranched.ts'
import { keepThought, thoughtOf } from './thought.ts'
import type { Thought } from './thought.ts'
import { touchedBy } from './touched.ts'
import type { ClusterState } from './touched.ts'
import { vanishedIn } from './vanished.ts'

export interface Examination extends Reading {
  /** null: nothing to compare with, and everything counts as introduced. */
  readonly base: Tree | null
  readonly head: Tree
  /** Where assumed manifests are read from: the base, so that a change cannot bring its own assumptions. */
  readonly trusted: Tree
  /** What is wrong with the configuration itself. */
  readonly configProblems: readonly Problem[]
  /** The configuration file of the head, where it is not the one that is used. */
  readonly proposed: Proposed | null
  /** Namespaces to judge on the head as if they carried the enrolment label. */
  readonly enroll: Enroll
  /** YYYY-MM-DD, for waivers. */
  readonly today: string
  /** The one cluster to judge; null: all of them. */
  readonly only: string | null
  /** Are the trees a folder of a larger one? What leads out of it may have changed, and nobody here sees that. */
  readonly isPart?: boolean
}

export async function examine(examination: Examination): Promise<Report> {
  const { base: baseTree, head: headTree, config, enroll, only } = examination
  // One after the other: what both render alike is rendered once.
  const firstBase = baseTree === null ? null : await gatherBase(examination, baseTree)
  const headFiles = await listingOf(headTree)
  const isLeft = (path: string): boolean => fileAt(headFiles, path) !== undefined
  const taken =
    firstBase === null || baseTree === headTree ? undefined : takenBefore(firstBase.holdings, isLeft)
  const gatheredHead = baseTree === headTree ? null : await gatherOf(examination, headTree, taken, firstBase)
  const gatheredBase =
    firstBase === null || gatheredHead === null
      ? firstBase
      : await withoutLater(examination, firstBase, gatheredHead)
  const headState = gatheredHead ?? (gatheredBase as Gathered)
  const states = gatheredBase === null ? [headState] : [gatheredBase, headState]
  const proposed = await tryProposed(examination.proposed, examination, headTree, headState)
  const names = clusterNames(states)
  const called = gatheredBase === null ? NO_NAMES : formerNames(config, names, gatheredBase, headState)
  const former = new Set(called.values())
  const clusters = everyCluster(config, names, states).filter(({ name }) => !former.has(name))
  const base =
    gatheredBase === null
      ? null
      : await thinkOf(examination, gatheredBase, names, clusters, null, null, called)
  let onHead = problemsOnHead(examination.configProblems, proposed)
  let head: Thought | null = null
  const think = (gathered: Gathered, wanted: readonly ClusterConfig[]): Promise<Thought> =>
    thinkOf({ ...examination, configProblems: onHead }, gathered, names, wanted, base, head ?? base)
  // What the label alone would change is told apart from whatever else the head brings.
  const before =
    enroll !== 'all' && enroll.length === 0
      ? null
      : headState === gatheredBase
        ? base
        : await think(headState, clusters)
  const isShown = (name: string): boolean => only === null || name === only
  const asked =
    before === null
      ? clusters
      : askedClusters(enroll, before.analyses).map((cluster) =>
          isShown(cluster.name) ? cluster : { ...cluster, enroll: [] },
        )
  head = await think(headState, asked)
  const more = [
    ...(examination.isPart === true ? ledFromTheRoot(head.states) : []),
    ...(base === null
      ? []
      : [
          ...(await vanishedIn(base.states, head.states)),
          ...rebranched(base, head),
          ...broughtOutside(base, head),
        ]),
  ]
  if (more.length > 0) {
    onHead = [...onHead, ...more]
    head = await think(headState, asked)
  }
  const touched = await Promise.all(
    asked.map((cluster, index) =>
      touchedBy(base?.states[index] ?? null, head.states[index] as ClusterState, cluster, examination.isPart),
    ),
  )
  const compared = compareAll(examination, base, head, touched, before)
  const existing = everyCluster(config, clusterNames([headState]), [headState])
  const court: Court = {
    head: head.analyses,
    compared,
    tryOut: async (edits) => {
      const gathered = await gatherOf(examination, overlayTree(headTree, edits), taken, headState)
      // An edit that makes or loses a cluster is compared with nothing, and proves nothing.
      if (!isSame(everyCluster(config, clusterNames([gathered]), [gathered]), existing))
        return { head: [], compared: [] }
      const after = await think(gathered, asked)
      return { head: after.analyses, compared: compareAll(examination, base, after, touched, before) }
    },
  }
  // A fix is proved on every cluster that it reaches, also where only one of them is asked about.
  const { findings: offered, fix, mended } = await offerFixes(court, touched, isShown)
  const shown = <T>(some: readonly T[]): readonly T[] =>
    some.filter((_, index) => isShown((asked[index] as ClusterConfig).name))
  const [analyses, comparisons] = [shown(head.analyses), shown(compared)]
  const findings = offered
    .filter(({ cluster }) => isShown(cluster))
    .map((finding) => amongClusters(finding, head.states))
  const knownBefore = [
    ...examination.configProblems,
    ...(base ?? head).analyses.flatMap((analysis) => analysis.problems),
  ]
  const concluding = [...comparisons, { findings: [], problems: proposedProblems(knownBefore, proposed) }]
  const problems = unique(concluding.flatMap((comparison) => comparison.problems)).sort(byPlace)
  return {
    conclusion: conclude(concluding, config),
    findings: findings.sort(byChange),
    problems,
    waivers: {
      ending: endingWaivers(
        findings.filter(({ change }) => change !== 'resolved'),
        examination.today,
      ),
      idle: idleWaivers((proposed?.config ?? config).waivers, [
        ...[...(base?.analyses ?? []), ...(before?.analyses ?? [])].flatMap((analysis) => analysis.findings),
        ...offered,
      ]),
    },
    configuration: describeProposed(proposed),
    summary: summarise(analyses),
    clusterNames: clusters.map(({ name }) => name),
    clusters: analyses.map((analysis, index) =>
      describeCluster(analysis, (shown(head.states)[index] as ClusterState).loaded),
    ),
    tools: await toolsFor(examination.workshop, shown(head.states)),
    fix,
    readiness:
      before === null
        ? null
        : {
            asked: enroll,
            namespaces: answerEnrollment(
              enroll,
              shown(before.analyses),
              analyses,
              before === base ? comparisons : shown(compareAll(examination, before, head, touched, before)),
              mended,
            ),
          },
    explain: (finding) => {
      const analysis = head.analyses.find(({ state }) => state.config.name === finding.cluster)
      return analysis === undefined || finding.change === 'resolved' ? [] : explain(finding, analysis)
    },
    relevant:
      shown(touched).some(({ namespaces }) => namespaces.size > 0) ||
      problems.some(({ relevant }) => relevant),
    isBare: isBare(analyses),
    strangers: strangersIn(enroll, analyses),
    files: filesOf(findings),
  }
}

/** The base without what only the head applies. */
async function withoutLater(examination: Examination, base: Gathered, head: Gathered): Promise<Gathered> {
  const later = takenLater(base.holdings, head.holdings, base.controlled)
  return later.size === 0 ? base : gatherOf(examination, examination.base as Tree, later)
}

function isSame(a: readonly ClusterConfig[], b: readonly ClusterConfig[]): boolean {
  return a.length === b.length && a.every(({ name }, index) => name === b[index]?.name)
}

/** The base, as far as it goes as a former look found it. */
async function gatherBase(examination: Examination, tree: Tree): Promise<Gathered> {
  const { recall } = examination.workshop
  if (recall === undefined) return gatherOf(examination, tree)
  const gathered = await gatherOf(examination, tree, undefined, await recallBase(recall, tree))
  keepBase(recall, gathered)
  return gathered
}

const NO_NAMES: ReadonlyMap<string, string> = new Map()

/** What clusters of the head were called on the base, where that is another name. */
function formerNames(
  { clusters }: Config,
  names: ClusterNames,
  base: Gathered,
  head: Gathered,
): ReadonlyMap<string, string> {
  const isOpen = ({ config }: LoadedCluster): boolean => config.paths === null
  const [before, after] = [base, head].map((state) => clustersOf(state, names, clusters).filter(isOpen))
  return renamedClusters(before ?? [], after ?? [])
}

/**
 * The analyses of one state, in the order of `wanted`; a cluster that it does not have is empty. `base` is what the
 * state is a change of, where it is one; `like` is one that it may have much in common with; `called` are the names that clusters have in it, where those are others.
 */
async function thinkOf(
  { config, configProblems, trusted, workshop }: Examination,
  gathered: Gathered,
  names: ClusterNames,
  wanted: readonly ClusterConfig[],
  base: Thought | null,
  like: Thought | null,
  called: ReadonlyMap<string, string> = NO_NAMES,
): Promise<Thought> {
  const clusters = new Map(
    clustersOf(gathered, names, config.clusters).map((cluster) => [cluster.config.name, cluster]),
  )
  const loadedAs = wanted.map((cluster): LoadedCluster => {
    const former = called.get(cluster.name)
    return clusters.get(former ?? cluster.name) ?? emptyCluster(cluster)
  })
  const states = loadedAs.map((loaded): ClusterState => ({ gathered, loaded }))
  // One of another name has the settings of that name, and is judged under the one that it is compared with.
  const settings = wanted.map((cluster, index): ClusterConfig =>
    called.has(cluster.name) ? { ...(loadedAs[index] as LoadedCluster).config, name: cluster.name } : cluster,
  )
  const baselines = await Promise.all(
    settings.map(({ assume }) => loadAssumed(trusted, assume.manifests, workshop)),
  )
  const strangers = unknownClusters(
    config,
    names,
    wanted.map(({ name }) => called.get(name) ?? name),
  )
  const [only, ...others] = (base?.states ?? []).map(({ loaded }) => loaded.grown)
  const begun = others.reduce((all, grown) => all.concat(grown), only ?? [])
  const analyses = settings.map((cluster, index) => {
    const { loaded } = states[index] as ClusterState
    const baseline = baselines[index] as (typeof baselines)[number]
    const problems = [...configProblems, ...strangers, ...loaded.problems, ...baseline.problems]
    let before = thoughtOf(gathered, cluster.name) ?? like?.analyses[index] ?? null
    const judge = (more: readonly Problem[], from = loaded.manifests): Analysis =>
      analyze(cluster, config.rules, joined(from, baseline.manifests), [...problems, ...more], before)
    const analysis = judge([])
    before = analysis
    keepThought(gathered, cluster.name, analysis)
    if (base === null) return analysis
    const strays = straysOf(base.states[index]?.loaded.grown ?? [], loaded.grown, begun)
    const told = decisive(strays, analysis, (some) =>
      judge(
        [],
        loaded.manifests.filter((manifest) => !some.some(({ manifests }) => manifests.has(manifest))),
      ),
    )
    return told.length === 0 ? analysis : judge(told)
  })
  return { states, analyses }
}

/** Both lists; the first one itself where the other is empty. */
function joined<T>(some: readonly T[], others: readonly T[]): readonly T[] {
  return others.length === 0 ? some : some.concat(others)
}

/** What is to be said of strays: of those without which, or all of which, something else would lose what it needs. */
function decisive(
  strays: readonly Stray[],
  analysis: Analysis,
  judgeWithout: (some: readonly Stray[]) => Analysis,
): readonly Problem[] {
  if (strays.length === 0) return []
  const said = new Set(analysis.findings.map(wordsOf))
  const breaks = (some: readonly Stray[]): boolean =>
    judgeWithout(some).findings.some(
      (finding) => finding.severity !== ('note' satisfies Severity) && !said.has(wordsOf(finding)),
    )
  // Where all of them matter only together, or one hides what another does, each of them is in doubt.
  const alone = strays.length > MANY_STRAYS ? strays : strays.filter((stray) => breaks([stray]))
  const doubtful = alone.length === 0 && strays.length > 1 && breaks(strays) ? strays : alone
  return doubtful.flatMap(({ problems }) => problems)
}

/** More than this are a tree made anew, and are not weighed one by one. */
const MANY_STRAYS = 16

function wordsOf(finding: Finding): string {
  return JSON.stringify([fingerprint(finding), finding.severity, finding.certainty, finding.peers])
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
