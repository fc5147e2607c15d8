// git, as every part of this project calls it: deaf to the configuration of the machine, and to whatever in the
// configuration of a repository would run a program or reach the network.
import { CommandFailed, type Completed, type Limits, run, stand, type Standing } from '../exec.ts'

export interface GitOptions {
  /** Where to run; git looks for the repository here and upwards, unless `env` has GIT_DIR. */
  readonly cwd: string
  readonly env?: Readonly<Record<string, string>>
  /** Configuration on top of the safe one, by environment: it never shows in a process list. */
  readonly config?: readonly (readonly [key: string, value: string])[]
  readonly input?: string | Uint8Array
  /** Milliseconds; 60 s by default. */
  readonly timeoutMs?: number
  /** Bytes; 256 MiB by default. */
  readonly maxOutputBytes?: number
  /** For what strangers send; none by default. */
  readonly limits?: Limits
  /** Exit codes that are an answer; only 0 by default. */
  readonly accept?: readonly number[]
}

/**
 * `failed`: git ended with an exit code that is no answer. `missing-object`: the repository lacks what it names.
 * `too-many-files`: a tree is larger than is read.
 */
export type GitFailure = CommandFailed['reason'] | 'failed' | 'missing-object' | 'too-many-files'

/** git gave no answer. The message is one sentence with what git said, without environment or input. */
export class GitError extends Error {
  override readonly name: string = 'GitError'
  constructor(
    readonly reason: GitFailure,
    message: string,
    readonly stderr = '',
  ) {
    super(message)
  }
}

/** Runs one git command. @throws GitError */
export async function git(args: readonly string[], options: GitOptions): Promise<Completed> {
  const command = `git ${args[0] ?? ''}`
  let done: Completed
  try {
    done = await run('git', args, {
      cwd: options.cwd,
      env: { ...environment(options.config ?? []), ...options.env },
      timeoutMs: options.timeoutMs ?? 60_000,
      maxOutputBytes: options.maxOutputBytes ?? 256 * 1024 * 1024,
      ...(options.input === undefined ? {} : { input: options.input }),
      ...(options.limits === undefined ? {} : { limits: options.limits }),
    })
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error
    throw new GitError(error.reason, error.message.replace(/^git/, command), error.stderr)
  }
  if (!(options.accept ?? [0]).includes(done.code)) {
    throw new GitError('failed', `${command} failed: ${lastWords(done.stderr, done.code)}`, done.stderr)
  }
  return done
}

/** Starts a git command that stays and answers in the repository at `cwd`. @throws GitError where git is not installed */
export async function standingGit(args: readonly string[], cwd: string): Promise<Standing> {
  try {
    return await stand('git', args, { cwd, env: environment([]) })
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error
    throw new GitError(error.reason, error.message)
  }
}

/** Standard output without the newline that ends it. */
export function line(done: Completed): string {
  return done.stdout.toString('utf8').replace(/\n$/, '')
}

const SAFE_ENVIRONMENT = {
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_SYSTEM: '/dev/null',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_ATTR_NOSYSTEM: '1',
  GIT_TERMINAL_PROMPT: '0',
  GIT_OPTIONAL_LOCKS: '0',
  GIT_PAGER: 'cat',
  GIT_LITERAL_PATHSPECS: '1',
  // An object is what its id says, and one that is not here is missing: a repository that is a partial clone could
  // otherwise name the program that brings it. Before git 2.45 the empty list of protocols alone prevents that.
  GIT_NO_REPLACE_OBJECTS: '1',
  GIT_NO_LAZY_FETCH: '1',
  GIT_ALLOW_PROTOCOL: 'none',
}

/**
 * Configuration given by environment has the scope `command`, which beats the one of the repository. It is also one
 * of the three scopes in which safe.directory counts (git-config(1); tried with git 2.39: as root, in a repository of
 * another user, git refuses without it and answers with it). Ownership guards against configuration that runs
 * programs; that is what the rest of this list is for.
 */
const SAFE_CONFIG: readonly (readonly [string, string])[] = [
  ['safe.directory', '*'],
  ['core.hooksPath', '/dev/null'],
  ['core.fsmonitor', 'false'],
  ['core.untrackedCache', 'false'],
  ['core.attributesFile', '/dev/null'],
  ['core.sshCommand', 'false'],
  ['core.gitProxy', ''],
  ['core.askPass', ''],
  ['core.quotePath', 'false'],
  ['credential.helper', ''],
  ['commit.gpgSign', 'false'],
  ['submodule.recurse', 'false'],
  ['gc.auto', '0'],
  ['maintenance.auto', 'false'],
]

function environment(more: readonly (readonly [string, string])[]): Record<string, string> {
  const entries = [...SAFE_CONFIG, ...more]
  const env: Record<string, string> = { ...SAFE_ENVIRONMENT, GIT_CONFIG_COUNT: String(entries.length) }
  for (const [index, [key, value]] of entries.entries()) {
    env[`GIT_CONFIG_KEY_${String(index)}`] = key
    env[`GIT_CONFIG_VALUE_${String(index)}`] = value
  }
  return env
}

/** What git said last on standard error, without its prefix; its exit code where it said nothing. */
export function lastWords(stderr: string, code: number | null): string {
  const lines = stderr.split('\n').filter((text) => text.trim() !== '')
  const fatal = lines.find((text) => /^(fatal|error):/.test(text)) ?? lines.at(-1)
  return fatal?.replace(/^(fatal|error): /, '').slice(0, 500) ?? `exit code ${String(code)}`
}
