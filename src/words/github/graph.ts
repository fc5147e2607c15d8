// A picture of who loses whom, in Mermaid as GitHub draws it. Where there is more than a person can follow, the
// workloads of a namespace are drawn as one.
import { list } from '../../core/findings/words.ts'
import { grouped } from '../../core/source/grouped.ts'
import { compareNaturally } from '../../core/source/natural.ts'
import type { ReportFinding } from '../../examine/report.ts'
import { count } from './finding.ts'
import { clip, fenced, mermaidLabel } from './escape.ts'

/** GitHub draws ten times as many and more; nobody can read them. */
const MAX_EDGES = 25
/** Mermaid takes 50,000 characters in all. */
const MAX_LABEL = 100

interface Edge {
  readonly from: string
  readonly to: string
  readonly label: string
}

/** Lost connections as a graph; empty where there are none. */
export function lostGraph(findings: readonly ReportFinding[]): string {
  const lost = byCluster(findings)
  if (lost.length === 0) return ''
  const ways: readonly (() => readonly Edge[])[] = [
    () => lost,
    () => gathered(lost, ['from']),
    () => gathered(lost, ['from', 'to']),
  ]
  const edges =
    ways.map((way) => way()).find(({ length }) => length <= MAX_EDGES) ?? gathered(lost, ['from', 'to'])
  const shown = edges.slice(0, MAX_EDGES)
  const nodes = [...new Set(shown.flatMap(({ from, to }) => [from, to]))]
  const id = (name: string): string => `n${String(nodes.indexOf(name))}`
  const lines = [
    'graph LR',
    ...nodes.map((name) => `  ${id(name)}["${mermaidLabel(clip(name, MAX_LABEL))}"]`),
    ...shown.map(({ from, to, label }) => `  ${id(from)} --x|"${mermaidLabel(label)}"| ${id(to)}`),
  ]
  const left = edges.length - shown.length
  return (
    fenced('mermaid', lines.join('\n')) +
    (left === 0 ? '' : `\n\n${String(left)} more ${left === 1 ? 'is' : 'are'} not drawn.`)
  )
}

/** The edges of all clusters; those that lose the same are drawn as one. */
function byCluster(findings: readonly ReportFinding[]): readonly Edge[] {
  const lost = [...grouped(findings, ({ among }) => among)].map(([among, some]) => ({
    among,
    edges: distinct(some.flatMap(edgesOf)),
  }))
  return [...grouped(lost, ({ edges }) => JSON.stringify(edges.map(keyOf).sort())).values()].flatMap(
    (alike) => {
      const names = alike.flatMap(({ among }) => among ?? []).sort(compareNaturally)
      const where = names.length === 0 ? '' : `${list(names, 4)}: `
      return (alike[0]?.edges ?? []).map(({ from, to, label }) => ({
        from: `${where}${from}`,
        to: `${where}${to}`,
        label,
      }))
    },
  )
}

function edgesOf({ rule, workload, peers, port, direction }: ReportFinding): readonly Edge[] {
  const self = workload.id
  const isProbe = rule === 'kubelet-probe' || rule === 'probe-family'
  const label = isProbe ? `probe ${String(port)}/TCP` : `${String(port)}/TCP`
  return peers.map((peer) => {
    const other = isProbe ? 'kubelet' : peer === 'any' ? 'any mesh peer' : peer
    return direction === 'ingress' ? { from: other, to: self, label } : { from: self, to: other, label }
  })
}

function distinct(edges: readonly Edge[]): readonly Edge[] {
  return [...new Map(edges.map((edge) => [keyOf(edge), edge])).values()]
}

function keyOf(edge: Edge): string {
  return JSON.stringify(edge)
}

/** `Kind/namespace/name`, perhaps with its clusters before it. */
const NAMED = /^((?:[^/]*: )?)[A-Z]\w*(?:\.[\w.-]+)?\/([^/]+)\/[^/]+$/

/** The edges with the workloads of a namespace as one, at the ends that are named; one alone keeps its name. */
function gathered(edges: readonly Edge[], ends: readonly ('from' | 'to')[]): readonly Edge[] {
  const homes = new Map<string, Set<string>>()
  const homeOf = (name: string): string | null => {
    const [, cluster = '', namespace] = NAMED.exec(name) ?? []
    return namespace === undefined ? null : `${cluster}${namespace}`
  }
  for (const edge of edges)
    for (const end of ends) {
      const home = homeOf(edge[end])
      if (home !== null)
        homes.set(`${end} ${home}`, (homes.get(`${end} ${home}`) ?? new Set()).add(edge[end]))
    }
  const nameAt = (end: 'from' | 'to', name: string): string => {
    const home = homeOf(name)
    const size = home === null || !ends.includes(end) ? 0 : (homes.get(`${end} ${home}`)?.size ?? 0)
    return size > 1 ? `${count(size, 'workload')} of ${home ?? ''}` : name
  }
  return distinct(
    edges.map(({ from, to, label }) => ({ from: nameAt('from', from), to: nameAt('to', to), label })),
  )
}
