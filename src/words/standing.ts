// Why workloads are enrolled, said once for all that are so for one reason: a label of a namespace is the reason of
// each of its workloads, and every message begins with it.
import { because, enrolled } from '../core/findings/words.ts'
import type { Enrollment } from '../core/ambient/enrollment.ts'
import { grouped } from '../core/source/grouped.ts'
import { compareNaturally } from '../core/source/natural.ts'
import type { ReportFinding } from '../examine/report.ts'
import { inClusters } from './scope.ts'

export interface Standing {
  readonly namespace: string
  /** The clusters where that is so; empty where the report speaks of one. */
  readonly clusters: readonly string[]
  /** A piece of a sentence: `the namespace shop carries istio.io/dataplane-mode: ambient, shop/namespace.yaml:6`. */
  readonly why: string
}

export interface Standings {
  /** Those that two findings share, in the order of the findings. */
  readonly shared: readonly Standing[]
  /** What is left to say of a finding. */
  readonly message: (finding: ReportFinding) => string
}

/** Takes out of messages what is said once for all of these findings. */
export function standings(findings: readonly ReportFinding[]): Standings {
  const reasons = new Map(
    findings.flatMap((finding) => {
      const reason = reasonOf(finding)
      return reason === null ? [] : [[finding, because(reason)] as const]
    }),
  )
  const groups = [
    ...grouped(reasons, ([{ workload }, why]) => JSON.stringify([workload.namespace.name, why])).values(),
  ].filter((group) => group.length > 1)
  const said = new Set(groups.flatMap((group) => group.map(([finding]) => finding)))
  return {
    shared: groups.flatMap((group) => {
      const clusters = [...new Set(group.flatMap(([{ among }]) => among ?? []))].sort(compareNaturally)
      return group
        .slice(0, 1)
        .map(([{ workload }, why]) => ({ namespace: workload.namespace.name, clusters, why }))
    }),
    message: (finding) => (said.has(finding) ? withoutStanding(finding) : finding.message),
  }
}

/** `Workloads of shop are enrolled in Ambient: …`; `name` and `words` as a face of ours writes them. */
export function standingSentence(
  { namespace, clusters, why }: Standing,
  { name, words }: { readonly name: (text: string) => string; readonly words: (text: string) => string },
): string {
  return `Workloads of ${name(namespace)}${inClusters(clusters, name)} are enrolled in Ambient: ${words(why)}.`
}

/** The enrolment that a message begins with; null where it begins with something else. */
function reasonOf({ enrolledBy, message, workload }: ReportFinding): Enrollment | null {
  return enrolledBy.find((reason) => message.startsWith(enrolled(workload, reason))) ?? null
}

/** `X is enrolled in Ambient (…), so its probe comes …` leaves `Its probe comes …`. */
function withoutStanding(finding: ReportFinding): string {
  const { message, workload } = finding
  const reason = reasonOf(finding)
  if (reason === null) return message
  const rest = message.slice(enrolled(workload, reason).length).replace(/^(?:\.|, (?:so|and)) /, '')
  return `${rest.charAt(0).toUpperCase()}${rest.slice(1)}`
}
