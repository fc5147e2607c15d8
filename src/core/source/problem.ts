// Trouble with our understanding of the tree. A Problem is never read as "allowed".

/**
 * `unreadable`: a file of this tree is broken (bad YAML, an invalid policy).
 * `unseen`: something is not in the tree (a namespace nobody describes, a chart nobody rendered).
 */
export type ProblemClass = 'unreadable' | 'unseen'

/** What a problem hides: those namespaces, or everything of its file's cluster. */
export interface Hides {
  readonly namespaces: readonly string[] | 'all'
  /** Folders or files whose change the problem keeps us from judging. */
  readonly under?: readonly string[]
}

export interface Problem {
  readonly path: string
  /** Line from 1. */
  readonly line: number
  /** Stable, kebab-case. */
  readonly code: string
  readonly class: ProblemClass
  /** One sentence: what is wrong, with the names that matter. */
  readonly message: string
  /** One sentence: what the reader can do about it. */
  readonly remedy: string
  readonly hides: Hides
  /** Of what somebody asks for: equal where it is asked for in the same words (patches, variables, values). */
  readonly steering?: string
  /** Policies, by id, and enrolled namespaces that it hangs on: it is relevant where one of them is new, or another. */
  readonly about?: { readonly policies: readonly string[]; readonly namespaces: readonly string[] }
  /** Not relevant merely because a change touches its file. */
  readonly wherever?: true
  /** It may bear on other namespaces than those that it names. */
  readonly farther?: true
  /** What it hides bears on nothing, wherever it stands: it is told, and never relevant. */
  readonly moot?: boolean
}

/** The same of the same file, at whatever line. */
export function isSameProblem(a: Problem, b: Problem): boolean {
  return a.path === b.path && a.code === b.code && a.message === b.message
}

/** By path, line, code, message: the order in which every list of problems leaves core. */
export function byPlace(a: Problem, b: Problem): number {
  return (
    compareText(a.path, b.path) ||
    a.line - b.line ||
    compareText(a.code, b.code) ||
    compareText(a.message, b.message)
  )
}

/** Orders strings by UTF-16 unit, so that the order is the same on every machine and locale. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
