// Where the objects came from, said once: which clusters were found, what is rendered for them, and with which tools.
// A tree of plain files is what it looks like, and nothing is said.
import { list } from '../core/findings/words.ts'
import type { Report, ReportCluster } from '../examine/report.ts'

/** How each kind of unit is counted. */
const NOUNS: Readonly<Record<string, readonly [one: string, many: string]>> = {
  argocd: ['Argo CD application', 'Argo CD applications'],
  flux: ['Flux object', 'Flux objects'],
  kustomize: ['kustomization', 'kustomizations'],
  helm: ['Helm release', 'Helm releases'],
}

const MOST_CLUSTERS = 12
const MOST_ROOTS = 3

const MOST_FILES = 3

/** What was found, and what was left out of it: a sentence each, or none. Plain text, names unescaped. */
export function sourceSentences(report: Report): readonly string[] {
  return [...foundSentence(report), ...leftOutSentence(report)]
}

/** Files beside a kustomization that does not name them; those that bear on the change are listed among the problems. */
function leftOutSentence({ problems }: Report): readonly string[] {
  const left = problems.filter(
    ({ code, hides, relevant }) => code === 'not-in-kustomization' && !relevant && hides.under === undefined,
  )
  const paths = [...new Set(left.map(({ path }) => path))]
  if (paths.length === 0) return []
  const verb = paths.length === 1 ? 'is' : 'are'
  return [`Left out by the kustomization of the folder, and not judged, ${verb} ${list(paths, MOST_FILES)}.`]
}

function foundSentence({ clusters, tools }: Report): readonly string[] {
  const rendered = clusters.some(({ units }) => units.length > 0)
  if (!rendered && clusters.length < 2) return []
  const shown = clusters.slice(0, MOST_CLUSTERS).map((cluster) => describe(cluster, clusters.length > 1))
  const left = clusters.length - shown.length
  const what = [...shown, ...(left > 0 ? [`and ${String(left)} more`] : [])].join('; ')
  const idle = NEEDS.filter(
    ({ kind, programs }) =>
      clusters.some(({ units }) => units.some((unit) => unit.kind === kind)) &&
      !tools.some(({ name }) => programs.includes(name)),
  )
  const found = clusters.length > 1 ? `Found ${String(clusters.length)} clusters: ${what}` : `Found ${what}`
  // The version that counts is that of the kustomize which kubectl carries.
  const called = (name: string): string => (name === 'kubectl' ? 'the kustomize of kubectl,' : name)
  const used = tools.map(({ name, version, from }) => `${called(name)} ${version} (${from})`).join(' and ')
  const lacking = idle.map(({ kind, programs }) => {
    const [, many = kind] = NOUNS[kind] ?? []
    return ` No ${many} were rendered: there is no ${programs.join(' or ')}.`
  })
  return [`${found}${used === '' ? '' : `, with ${used}`}.${lacking.join('')}`]
}

/** What takes a program to render. */
const NEEDS: readonly { readonly kind: string; readonly programs: readonly string[] }[] = [
  { kind: 'kustomize', programs: ['kustomize', 'kubectl'] },
  { kind: 'helm', programs: ['helm'] },
]

function describe({ name, roots, units }: ReportCluster, several: boolean): string {
  const counts = Object.entries(NOUNS).flatMap(([kind, [one, many]]) => {
    const number = units.filter((unit) => unit.kind === kind).length
    return number === 0 ? [] : [`${String(number)} ${number === 1 ? one : many}`]
  })
  const made = counts.length === 0 ? 'plain manifests' : counts.join(', ')
  const where = roots.slice(0, MOST_ROOTS).map((root) => (root === '.' ? 'the root' : root))
  const more = roots.length > where.length ? [`${String(roots.length - where.length)} more`] : []
  const from = roots.length === 0 ? '' : ` from ${[...where, ...more].join(', ')}`
  return several ? `${name} (${made}${from})` : `${made}${from}`
}
