// Every command, by hand: its name, what it takes, whether it writes, and the line that help shows.

export interface CommandEntry {
  readonly name: 'ambient-fix' | 'ambient-explain' | 'ambient-recheck' | 'ambient-help'
  /** As help shows it; empty for a command that takes nothing. */
  readonly takes: string
  /** What that is called in a sentence. */
  readonly wants: string
  /** Needs write permission on the repository. */
  readonly writes: boolean
  readonly help: string
}

export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'ambient-fix',
    takes: '[rule|fingerprint|sha]',
    wants: 'rule, fingerprint or commit',
    writes: true,
    help: 'commits the proved fixes: all of them, those of one rule, or that of one finding; with a commit, only if that is still the head',
  },
  {
    name: 'ambient-explain',
    takes: '<fingerprint>',
    wants: 'fingerprint',
    writes: false,
    help: 'says step by step why a finding is one, and what its fix would commit',
  },
  {
    name: 'ambient-recheck',
    takes: '',
    wants: '',
    writes: false,
    help: 'judges the pull request again, against the base branch as it is now',
  },
  { name: 'ambient-help', takes: '', wants: '', writes: false, help: 'shows this list' },
]
