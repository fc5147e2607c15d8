// The question of `--enroll`: which namespaces of which cluster are judged as if they carried the label, and what
// that comes to for each of them.
import { readiness } from '../core/index.ts'
import type { Analysis, Comparison, NamespaceReadiness } from '../core/index.ts'
import { standing } from '../core/ambient/standing.ts'
import type { ClusterConfig } from '../core/config.ts'
import { compareText } from '../core/source/problem.ts'
import type { Enroll, Report } from './report.ts'

/**
 * The clusters with the namespaces that are asked about, each only where it exists. `before` are their analyses
 * without the question, in the same order.
 */
export function askedClusters(enroll: Enroll, before: readonly Analysis[]): readonly ClusterConfig[] {
  return before.map((analysis) => ({ ...analysis.state.config, enroll: askedIn(enroll, analysis) }))
}

function askedIn(enroll: Enroll, analysis: Analysis): readonly string[] {
  const there = inhabited(analysis)
  if (enroll !== 'all') return enroll.filter((name) => there.has(name))
  const { config, namespaces } = analysis.state
  return [...there].filter((name) => {
    const namespace = namespaces.get(name)
    return namespace !== undefined && standing(namespace, config) === 'open'
  })
}

/** The answer for each namespace; `brought` compares `after` with `before`, cluster by cluster. */
export function answerEnrollment(
  enroll: Enroll,
  before: readonly Analysis[],
  after: readonly Analysis[],
  brought: readonly Comparison[],
  fixable: ReadonlySet<string>,
): readonly NamespaceReadiness[] {
  const questions = before.map((analysis, index) => ({
    before: analysis,
    after: after[index] as Analysis,
    brought: (brought[index] as Comparison).findings,
    namespaces: [...inhabited(analysis)].filter((name) => enroll === 'all' || enroll.includes(name)),
  }))
  return readiness(questions, fixable)
}

/** The namespaces that are asked about and in which nothing lives, beside those in which something does. */
export function strangersIn(enroll: Enroll, analyses: readonly Analysis[]): Report['strangers'] {
  if (enroll === 'all' || enroll.length === 0) return null
  const known = new Set(analyses.flatMap((analysis) => [...inhabited(analysis)]))
  const names = enroll.filter((name) => !known.has(name))
  return names.length === 0 ? null : { names, known: [...known].sort(compareText) }
}

/** Namespaces that a manifest describes or that something lives in; one that is only asked about is neither. */
function inhabited({ index, state }: Analysis): ReadonlySet<string> {
  const lived = [...state.workloads.map(({ namespace }) => namespace.name), ...index.byNamespace.keys()]
  const described = [...state.namespaces.values()].flatMap(({ name, origin }) =>
    origin === null ? [] : [name],
  )
  return new Set([...lived, ...described])
}
