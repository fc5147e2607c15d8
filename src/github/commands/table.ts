// Every command, by hand: its name, what it takes, whether it writes, and the line that help shows.

export interface CommandEntry {
  readonly name: 'ambient-fix' | 'ambient-recheck' | 'ambient-help'
  /** As help shows it; empty for a command that takes nothing. */
  readonly takes: string
  /** Needs write permission on the repository. */
  readonly writes: boolean
  readonly help: string
}

export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'ambient-fix',
    takes: '[rule|fingerprint|sha]',
    writes: true,
    help: 'commits the proved fixes: all of them, those of one rule, or that of one finding; with a commit, only if that is still the head',
  },
  {
    name: 'ambient-recheck',
    takes: '',
    writes: false,
    help: 'judges the pull request again, against the base branch as it is now',
  },
  { name: 'ambient-help', takes: '', writes: false, help: 'shows this list' },
]
