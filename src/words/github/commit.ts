// The message of a fix commit: what it mends, who asked for it, and the trailers by which it is known.
import type { ReportFinding } from '../../examine/report.ts'
import { mergedFixText } from '../fix.ts'
import { clip, plainLine } from './escape.ts'

export interface CommitMessage {
  readonly subject: string
  readonly body: string
}

/**
 * Is this the whole message of a commit that mends findings, by its trailers, and that this person asked for, where one
 * is named? Who made it is for others to ask.
 */
export function isFixCommit(
  message: string,
  by: { readonly login: string; readonly id: number } | null = null,
): boolean {
  const [last = ''] = message
    .trimEnd()
    .split(/\r?\n\r?\n/)
    .reverse()
  const lines = last.split(/\r?\n/)
  return (
    lines.some((line) => /^Ambient-Fix: f-[0-9a-f]{10}$/.test(line)) &&
    (by === null || lines.includes(coAuthor(by)))
  )
}

function coAuthor({ login, id }: { readonly login: string; readonly id: number }): string {
  const name = plainLine(login)
  return `Co-authored-by: ${name} <${String(id)}+${name}@users.noreply.github.com>`
}

/** A sentence about things of the repository: no name in it mentions anybody, closes anything or steers a workflow. */
function plainWords(text: string): string {
  return plainLine(text)
    .replace(/\[(?=[a-z -]+\])|\*{3}(?=NO_CI)|\bskip-checks(?=:)/gi, '$&\u200b')
    .replace(/[@#](?=\w)|\bGH-(?=\d)/gi, '$&\u200b')
    .replace(/:(?=\/\/)/g, ':\u200b')
}

/** GitHub shows this much of a subject. */
const MAX_SUBJECT = 72
/** A fix of hundreds of policies has a sentence for each. */
const MAX_TEXT = 2000

/** @param login and @param id of the person who asked */
export function fixCommit(
  findings: readonly ReportFinding[],
  text: string,
  { login, id }: { login: string; id: number },
): CommitMessage {
  const workloads = [...new Set(findings.map(({ workload }) => workload.id))]
  const probes = findings.every(({ rule }) => rule === 'kubelet-probe' || rule === 'probe-family')
  const what = probes ? 'kubelet probes' : 'Ambient traffic'
  const subject = `Let ${what} reach ${workloads.length === 1 ? (workloads[0] ?? '') : `${String(workloads.length)} workloads`}`
  const items = findings.map(({ rule, workload, port, fingerprint }) =>
    plainWords(`- ${rule} ${workload.id} ${String(port)}/TCP (${fingerprint})`),
  )
  const trailers = [
    ...findings.map(({ fingerprint }) => `Ambient-Fix: ${fingerprint}`),
    coAuthor({ login, id }),
  ]
  return {
    subject: clip(plainWords(subject), MAX_SUBJECT),
    body: [clip(plainWords(mergedFixText([text])), MAX_TEXT), items.join('\n'), trailers.join('\n')].join(
      '\n\n',
    ),
  }
}
