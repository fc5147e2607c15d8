// What an examination says: the one value that the command line prints and the pull request shows.
import type {
  ComparedFinding,
  ComparedProblem,
  Conclusion,
  EndingWaiver,
  NamespaceReadiness,
  Step,
  Strategy,
} from '../core/index.ts'
import type { Waiver } from '../core/config.ts'
import type { Cni } from '../core/kubernetes/cni-profiles.ts'
import type { Place } from '../core/kubernetes/origin.ts'
import type { SourceFile, TextEdit } from '../core/source/text.ts'

/** A file that a fix changes or creates. */
export interface FileChange {
  readonly path: string
  /** There is no such file yet; `before` is empty then. */
  readonly created: boolean
  readonly before: string
  readonly after: string
  /** Offsets are those of `before`. */
  readonly edits: readonly TextEdit[]
  /** A unified diff that `git apply` takes. */
  readonly diff: string
}

/** A fix that was applied to a copy, analysed again and found to mend its finding and nothing else. */
export interface Fix {
  /** Of a fix in several parts, the one that goes furthest: what is last among the strategies. */
  readonly strategy: Strategy
  /** What it adds and opens, and through what where that is no edit in place: a few sentences. */
  readonly text: string
  readonly files: readonly FileChange[]
}

/** A finding with what can be done about it. */
export interface OfferedFinding extends ComparedFinding {
  readonly fix: Fix | null
  /** Why there is no fix although one was tried: a sentence; null otherwise. */
  readonly advice: string | null
}

export interface ReportFinding extends OfferedFinding {
  /** The cluster, where the report speaks of several; null where there is no other. */
  readonly among: string | null
  /** Other clusters that are made from a file of the policies in question, sorted. */
  readonly sharedWith: readonly string[]
}

export interface Summary {
  readonly namespaces: number
  readonly workloads: number
  readonly enrolled: number
  readonly policies: number
}

/** A cluster as it was found, and the CNI for which it was judged. */
export interface ReportCluster {
  readonly name: string
  /** Folders in which it begins. */
  readonly roots: readonly string[]
  /** What was rendered for it, beside plain files. */
  readonly units: readonly { readonly kind: string; readonly title: string; readonly at: Place }[]
  readonly cni: Cni
  /** A piece of a sentence: what it is known by, or why it is not known. */
  readonly evidence: string
  /** Read from the tree, not from the configuration. */
  readonly detected: boolean
  /** What would be said of the head on another CNI, and is not on this one. */
  readonly settles: 'policies' | 'probes' | 'nothing'
}

/** A program and where it was found. */
export interface ReportTool {
  readonly name: string
  readonly version: string
  readonly from: string
}

/** Namespaces to judge as if they carried the enrolment label; `all`: every one that is still open to it. */
export type Enroll = readonly string[] | 'all'

/** What enrolling namespaces would take. */
export interface Readiness {
  readonly asked: Enroll
  /** Each namespace that was asked about, by name; with `all`, also those that are not open to it. */
  readonly namespaces: readonly NamespaceReadiness[]
}

/** A configuration file of the head that is not the one that was used: that of the base was. */
export interface ReportConfiguration {
  readonly change: 'added' | 'changed' | 'removed'
  /** How many of its settings are wrong; each is among the problems. */
  readonly mistakes: number
}

export interface ReportWaivers {
  /** Those that hold for a finding that is there, and soon end. */
  readonly ending: readonly EndingWaiver[]
  /** Those for which there is no finding, neither before nor after; of the head's own file, where that is another. */
  readonly idle: readonly Waiver[]
}

export interface Report {
  readonly conclusion: Conclusion
  /** Introduced before existing before resolved; errors first. */
  readonly findings: readonly ReportFinding[]
  readonly problems: readonly ComparedProblem[]
  readonly waivers: ReportWaivers
  /** null where the head has the configuration that was used. */
  readonly configuration: ReportConfiguration | null
  /** Of the head, over all clusters. */
  readonly summary: Summary
  /** Every cluster of the tree or the configuration, judged or not. */
  readonly clusterNames: readonly string[]
  /** Those that were judged, by the head. */
  readonly clusters: readonly ReportCluster[]
  /** Programs that rendered something of it, sorted by name. */
  readonly tools: readonly ReportTool[]
  /** Every proved fix together, itself proved: what `fix` writes. */
  readonly fix: Fix | null
  /** null where nobody asked about enrolment. */
  readonly readiness: Readiness | null
  /** Why a finding is one, step by step; worked out when it is asked for. Empty for what is resolved. */
  readonly explain: (finding: ReportFinding) => readonly Step[]
  /** Does the change touch anything that bears on reachability? */
  readonly relevant: boolean
  /** Does nothing of the head bear on reachability, not even a namespace? */
  readonly isBare: boolean
  /** Namespaces that were asked about and in which nothing lives, and those of the head; null where there is none such. */
  readonly strangers: { readonly names: readonly string[]; readonly known: readonly string[] } | null
  /** The texts of the head's files that a finding or fix points into, by path. */
  readonly files: ReadonlyMap<string, SourceFile>
}
