// The message of a fix commit: what it mends, who asked for it, and the trailers by which it is known.
import type { ReportFinding } from '../../examine/report.ts'
import { plainLine } from './escape.ts'

export interface CommitMessage {
  readonly subject: string
  readonly body: string
}

/** @param login and @param id of the person who asked */
export function fixCommit(
  findings: readonly ReportFinding[],
  text: string,
  { login, id }: { login: string; id: number },
): CommitMessage {
  const workloads = [...new Set(findings.map(({ workload }) => workload.id))]
  const what = findings.every(({ rule }) => rule === 'kubelet-probe') ? 'kubelet probes' : 'Ambient traffic'
  const subject = `Let ${what} reach ${workloads.length === 1 ? (workloads[0] ?? '') : `${String(workloads.length)} workloads`}`
  const items = findings.map(({ rule, workload, port, fingerprint }) =>
    plainLine(`- ${rule} ${workload.id} ${String(port)}/TCP (${fingerprint})`),
  )
  const trailers = [
    ...findings.map(({ fingerprint }) => `Ambient-Fix: ${fingerprint}`),
    `Co-authored-by: ${plainLine(login)} <${String(id)}+${plainLine(login)}@users.noreply.github.com>`,
  ]
  return {
    subject: plainLine(subject),
    body: [plainLine(text), items.join('\n'), trailers.join('\n')].join('\n\n'),
  }
}
