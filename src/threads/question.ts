// What is to be thought about, as data that another thread can be given, and the thinking itself.
import { setImmediate } from 'node:timers/promises'
import { examine } from '../examine/examine.ts'
import type { Examination } from '../examine/examine.ts'
import type { Report, ReportFinding } from '../examine/report.ts'
import { gitTree, listingOf, overlayTree } from '../git/tree.ts'
import type { Listings, Tree } from '../git/tree.ts'
import type { Workshop } from '../manifests/workshop.ts'

/** A tree by where it is. */
export interface TreeName {
  /** A bare repository. */
  readonly directory: string
  /** Of a commit or a tree in it. */
  readonly id: string
}

export interface Question extends Omit<Examination, 'base' | 'head' | 'trusted' | 'workshop'> {
  /** Its configuration is the one that is trusted. */
  readonly base: TreeName
  readonly head: TreeName
  /** Texts by path that are put over the head. */
  readonly edits: ReadonlyMap<string, string>
  /** The one finding that is to be explained, by its fingerprint; null: as many as a check has room for. */
  readonly explain: string | null
}

/** A report without what only the thread that made it can say. */
export interface Answer {
  readonly report: Omit<Report, 'explain'>
  /** By fingerprint. */
  readonly explained: ReadonlyMap<string, ReturnType<Report['explain']>>
}

/** A check has room for fewer. */
const MAX_EXPLAINED = 100

/** Thinks, in this thread. */
export async function answer(question: Question, workshop: Workshop): Promise<Answer> {
  const { base, head, edits, explain: wanted, ...rest } = question
  const [baseTree, headTree] = [base, head].map((tree) => openTree(tree, workshop.recall?.listings)) as [
    Tree,
    Tree,
  ]
  const { explain, ...report } = await examine({
    ...rest,
    base: baseTree,
    trusted: baseTree,
    head: edits.size === 0 ? headTree : overlayTree(headTree, edits),
    workshop,
  })
  const explained = report.findings
    .filter(({ change, fingerprint }) => (wanted === null ? change !== 'resolved' : fingerprint === wanted))
    .slice(0, MAX_EXPLAINED)
    .map((finding) => [finding.fingerprint, explain(finding)] as const)
  return { report, explained: new Map(explained) }
}

/** The report of an answer. */
export function reportOf({ report, explained }: Answer): Report {
  return { ...report, explain: ({ fingerprint }: ReportFinding) => explained.get(fingerprint) ?? [] }
}

/**
 * Each look at a tree lets other work pass: with everything in memory, the proofs of a hundred fixes would otherwise
 * be one long turn, in which no webhook is answered.
 */
export function openTree({ directory, id }: TreeName, listings?: Listings): Tree {
  const tree = gitTree(directory, id, listings === undefined ? {} : { listings })
  return {
    label: tree.label,
    async files() {
      await setImmediate()
      return tree.files()
    },
    async listing() {
      await setImmediate()
      return listingOf(tree)
    },
    ...(tree.at === undefined ? {} : { at: tree.at }),
    read: (some, wanted) => tree.read(some, wanted),
  }
}
