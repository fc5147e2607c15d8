// A picture of who loses whom, in Mermaid as GitHub draws it.
import type { ReportFinding } from '../../examine/report.ts'
import { count } from './finding.ts'
import { fenced, mermaidLabel } from './escape.ts'

const MAX_EDGES = 25

interface Edge {
  readonly from: string
  readonly to: string
  readonly label: string
}

/** Lost connections as a graph; empty where there are none. */
export function lostGraph(findings: readonly ReportFinding[]): string {
  const edges = [...new Map(findings.flatMap(edgesOf).map((edge) => [JSON.stringify(edge), edge])).values()]
  if (edges.length === 0) return ''
  const shown = edges.slice(0, MAX_EDGES)
  const nodes = [...new Set(shown.flatMap(({ from, to }) => [from, to]))]
  const id = (name: string): string => `n${String(nodes.indexOf(name))}`
  const lines = [
    'graph LR',
    ...nodes.map((name) => `  ${id(name)}["${mermaidLabel(name)}"]`),
    ...shown.map(({ from, to, label }) => `  ${id(from)} --x|"${mermaidLabel(label)}"| ${id(to)}`),
  ]
  const left = edges.length - shown.length
  return (
    fenced('mermaid', lines.join('\n')) +
    (left === 0 ? '' : `\n\n${count(left, 'lost connection')} more not drawn.`)
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
