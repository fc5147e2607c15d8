// What an examination says: the one value that the command line prints and the pull request shows.
import type { Conclusion, ComparedFinding, ComparedProblem, NamespaceReadiness, Step } from '../core/index.ts'
import type { Cni } from '../core/kubernetes/cni-profiles.ts'
import type { SourceFile, TextEdit } from '../core/source/text.ts'

/** A file that a fix changes. */
export interface FileChange {
  readonly path: string
  readonly before: string
  readonly after: string
  /** Offsets are those of `before`. */
  readonly edits: readonly TextEdit[]
  /** A unified diff that `git apply` takes. */
  readonly diff: string
}

/** A fix that was applied to a copy, analysed again and found to mend its finding and nothing else. */
export interface Fix {
  readonly strategy: 'edit'
  /** What it adds and opens: a sentence. */
  readonly text: string
  readonly files: readonly FileChange[]
}

export interface ReportFinding extends ComparedFinding {
  readonly fix: Fix | null
  /** Why there is no fix although one was tried: a sentence; null otherwise. */
  readonly advice: string | null
}

export interface Summary {
  readonly namespaces: number
  readonly workloads: number
  readonly enrolled: number
  readonly policies: number
}

/** The CNI for which a cluster was judged. */
export interface ReportCluster {
  readonly name: string
  readonly cni: Cni
  /** A piece of a sentence: what it is known by, or why it is not known. */
  readonly evidence: string
  /** Read from the tree, not from the configuration. */
  readonly detected: boolean
  /** What would be said of the head on another CNI, and is not on this one. */
  readonly settles: 'policies' | 'probes' | 'nothing'
}

/** Namespaces to judge as if they carried the enrolment label; `all`: every one that is still open to it. */
export type Enroll = readonly string[] | 'all'

/** What enrolling namespaces would take. */
export interface Readiness {
  readonly asked: Enroll
  /** Each namespace that was asked about, by name; with `all`, also those that are not open to it. */
  readonly namespaces: readonly NamespaceReadiness[]
}

export interface Report {
  readonly conclusion: Conclusion
  /** Introduced before existing before resolved; errors first. */
  readonly findings: readonly ReportFinding[]
  readonly problems: readonly ComparedProblem[]
  /** Of the head, over all clusters. */
  readonly summary: Summary
  /** As the configuration has them, judged by the head. */
  readonly clusters: readonly ReportCluster[]
  /** Every proved fix together, itself proved: what `fix` writes. */
  readonly fix: Fix | null
  /** null where nobody asked about enrolment. */
  readonly readiness: Readiness | null
  /** Why a finding is one, step by step; worked out when it is asked for. Empty for what is resolved. */
  readonly explain: (finding: ReportFinding) => readonly Step[]
  /** Does the change touch anything that bears on reachability? */
  readonly relevant: boolean
  /** Every namespace of the head in which something lives, described or not; sorted. */
  readonly namespaces: readonly string[]
  /** The texts of the head's files that a finding or fix points into, by path. */
  readonly files: ReadonlyMap<string, SourceFile>
}
