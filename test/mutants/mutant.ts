// A mutant: one decision of the policy engine, taken wrongly. Some test must notice.

export interface Mutants {
  /** The source file, from the root of the repository. */
  readonly file: string
  /** What stands in the file exactly once, and what takes its place. */
  readonly mutants: readonly (readonly [snippet: string, replacement: string])[]
  /** Changes that nobody can notice, and why. */
  readonly equivalent?: readonly (readonly [snippet: string, why: string])[]
}
