// The only child processes of the project. A command starts from an empty environment, in a process group of
// its own, and is bounded in time and output; where the platform can, also in memory and the like, and cut off
// from the network. There is never a shell.
import { type ChildProcess, type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { delimiter, isAbsolute, join } from 'node:path'

export interface RunOptions {
  /** Working directory; by default the one of this process. */
  readonly cwd?: string
  /** Everything the command sees beyond PATH, LANG=C.UTF-8 and a HOME that does not exist; these may be replaced. */
  readonly env?: Readonly<Record<string, string>>
  /** Written to standard input, which is then closed. Nothing by default. */
  readonly input?: string | Uint8Array
  /** Milliseconds from the start until the whole process group is ended. */
  readonly timeoutMs: number
  /** Bytes of standard output beyond which the process group is ended. Of standard error the last 64 KiB are kept. */
  readonly maxOutputBytes: number
  /** Enforced by `prlimit` where that is on PATH, else not at all. */
  readonly limits?: Limits
  /** `none`: a network of its own with nothing in it, where `isolatesNetwork` says so, else the one of everybody. */
  readonly network?: 'none'
  /**
   * The command ends with the thread that started it, also where that is ended from outside and can end nothing itself.
   * Enforced by `setpriv` where that is on PATH, else not at all.
   */
  readonly endsWithThread?: true
}

/** What one process may use: the command, and again each that it starts. */
export interface Limits {
  /** Address space. */
  readonly memoryBytes?: number
  /** Processor time. What ignores the signal at its end, as programs in Go do, is ended a second later. */
  readonly cpuSeconds?: number
  /** Size of a file that is written. */
  readonly fileBytes?: number
  /** Descriptors open at once. */
  readonly openFiles?: number
}

/** A command that ran to its end, whatever it thinks of the result: the exit code is data. */
export interface Completed {
  readonly code: number
  readonly stdout: Buffer
  readonly stderr: string
}

/** `not-started`: the working directory is missing, or the arguments are too long. `killed`: by a signal that is not ours. */
export type RunFailure = 'not-found' | 'not-started' | 'timed-out' | 'output-too-large' | 'killed'

/** The command has no result. Its message names the command, never its arguments, input or environment. */
export class CommandFailed extends Error {
  override readonly name = 'CommandFailed'
  constructor(
    readonly reason: RunFailure,
    readonly command: string,
    what: string,
    /** What it had written to standard error. */
    readonly stderr = '',
  ) {
    super(`${command} ${what}`)
  }
}

/**
 * Runs `command`, a name on PATH or an absolute path, to its end.
 * @throws CommandFailed when there is no exit code to report.
 */
export async function run(command: string, args: readonly string[], options: RunOptions): Promise<Completed> {
  const program = await findCommand(command)
  if (program === null) throw new CommandFailed('not-found', command, 'is not installed, or not on PATH')
  const [file, ...argv] = await confined([program, ...args], options)
  return new Promise((resolve, reject) => {
    watch(begin(file, argv, options), command, options, resolve, reject)
  })
}

/** A command that answers for as long as it is asked. Whoever asks bounds its answers, and the time that they take. */
export interface Standing {
  readonly child: ChildProcessWithoutNullStreams
  /** Ends it, and whatever it started. */
  readonly end: () => void
}

/**
 * Starts `command`, a name on PATH or an absolute path, as one that stays. It does not keep this process alive, and
 * ends with it. @throws CommandFailed when it is not there
 */
export async function stand(
  command: string,
  args: readonly string[],
  options: Pick<RunOptions, 'cwd' | 'env'>,
): Promise<Standing> {
  const program = await findCommand(command)
  if (program === null) throw new CommandFailed('not-found', command, 'is not installed, or not on PATH')
  const child = begin(program, args, options)
  running.add(child)
  child.once('close', () => running.delete(child))
  child.unref()
  return {
    child,
    end: () => {
      signalGroup(child, 'SIGKILL')
    },
  }
}

function begin(
  file: string,
  args: readonly string[],
  { cwd, env: more }: Pick<RunOptions, 'cwd' | 'env'>,
): ChildProcessWithoutNullStreams {
  const env = { PATH: searchPath().join(delimiter), LANG: 'C.UTF-8', HOME: '/nonexistent', ...more }
  return spawn(file, args, { cwd, env, detached: true, stdio: 'pipe' })
}

/**
 * Where a command is: an absolute path if it exists, else the first executable of that name on PATH, or null.
 * Relative entries of PATH do not count, since the working directory may hold files that we must not run.
 */
export async function findCommand(command: string): Promise<string | null> {
  const candidates = isAbsolute(command)
    ? [command]
    : searchPath().map((directory) => join(directory, command))
  for (const candidate of candidates) {
    if (await isExecutable(candidate)) return candidate
  }
  return null
}

/** Whether `network: 'none'` cuts a command off here. Tried once, with a command that does nothing. */
export async function isolatesNetwork(): Promise<boolean> {
  return (await isolator()) !== null
}

function isolator(): Promise<string | null> {
  isolatorFound ??= findIsolator()
  return isolatorFound
}

let isolatorFound: Promise<string | null> | undefined

/**
 * Containers, AppArmor and `user.max_user_namespaces` may each forbid the namespace, or unshare may be missing or lack
 * these options. There is no telling but by trying.
 */
function findIsolator(): Promise<string | null> {
  return tried('unshare', NO_NETWORK)
}

/** That of busybox lacks the option. */
function ender(): Promise<string | null> {
  enderFound ??= tried('setpriv', WITH_PARENT)
  return enderFound
}

let enderFound: Promise<string | null> | undefined

/** Where a program is that runs others with these options, here; null where it does not. */
async function tried(helper: string, options: readonly string[]): Promise<string | null> {
  const [program, nothing] = [await findCommand(helper), await findCommand('true')]
  if (program === null || nothing === null) return null
  try {
    const bounds = { timeoutMs: 30_000, maxOutputBytes: 1000 }
    return (await run(program, [...options, nothing], bounds)).code === 0 ? program : null
  } catch {
    return null
  }
}

/** PR_SET_PDEATHSIG, prctl(2): of the thread that forks, and kept when another program takes the process over. */
const WITH_PARENT = ['--pdeathsig', 'KILL', '--']

/** Without a mapped user the command is nobody in its namespace, and may not even bring up its loopback device. */
const NO_NETWORK = ['--user', '--net', '--']

/**
 * All helpers become the next program of the line, so that the process that is signalled stays the same. The innermost
 * asks for its signal last: a new user namespace would forget that.
 */
async function confined(line: Line, { limits, network, endsWithThread }: RunOptions): Promise<Line> {
  const flags = limits === undefined ? [] : limitFlags(limits)
  const setpriv = endsWithThread === true ? await ender() : null
  const prlimit = flags.length === 0 ? null : await findCommand('prlimit')
  const mortal: Line = setpriv === null ? line : [setpriv, ...WITH_PARENT, ...line]
  const limited: Line = prlimit === null ? mortal : [prlimit, ...flags, '--', ...mortal]
  const unshare = network === 'none' ? await isolator() : null
  return unshare === null ? limited : [unshare, ...NO_NETWORK, ...limited]
}

type Line = readonly [program: string, ...args: string[]]

function limitFlags({ memoryBytes, cpuSeconds, fileBytes, openFiles }: Limits): string[] {
  return [
    ...(memoryBytes === undefined ? [] : [`--as=${String(memoryBytes)}`]),
    ...(cpuSeconds === undefined ? [] : [`--cpu=${String(cpuSeconds)}:${String(cpuSeconds + 1)}`]),
    ...(fileBytes === undefined ? [] : [`--fsize=${String(fileBytes)}`]),
    ...(openFiles === undefined ? [] : [`--nofile=${String(openFiles)}`]),
  ]
}

const STDERR_BYTES = 64 * 1024
/** Between asking a process group to end and ending it. git uses the time to remove its lock files. */
const GRACE_MS = 1000
/** Between the end of a command and the end of what it left running on its pipes. */
const STRAGGLER_MS = 200

function watch(
  child: ChildProcessWithoutNullStreams,
  command: string,
  options: RunOptions,
  resolve: (completed: Completed) => void,
  reject: (error: Error) => void,
): void {
  const out: Buffer[] = []
  let outBytes = 0
  let stderr = Buffer.alloc(0)
  let failure: CommandFailed | null = null
  let lastResort: NodeJS.Timeout | undefined
  running.add(child)

  const end = (): void => {
    signalGroup(child, 'SIGKILL')
    child.stdout.destroy()
    child.stderr.destroy()
  }
  const stop = (reason: RunFailure, what: string): void => {
    if (failure !== null) return
    failure = new CommandFailed(reason, command, what)
    signalGroup(child, 'SIGTERM')
    lastResort = setTimeout(end, GRACE_MS)
  }
  const clock = setTimeout(() => {
    stop('timed-out', `did not finish within ${String(options.timeoutMs / 1000)} s`)
  }, options.timeoutMs)
  const settle = (): void => {
    clearTimeout(clock)
    clearTimeout(lastResort)
    running.delete(child)
  }

  child.stdout.on('data', (chunk: Buffer) => {
    outBytes += chunk.length
    if (outBytes <= options.maxOutputBytes) out.push(chunk)
    else stop('output-too-large', `wrote more than ${String(options.maxOutputBytes)} bytes`)
  })
  child.stderr.on('data', (chunk: Buffer) => {
    stderr = Buffer.concat([stderr, chunk]).subarray(-STDERR_BYTES)
  })
  // A command may end without reading its input; its exit code says what that means.
  child.stdin.on('error', () => undefined)
  child.stdin.end(options.input ?? '')

  child.once('error', (error: NodeJS.ErrnoException) => {
    settle()
    reject(new CommandFailed('not-started', command, `could not be started (${error.code ?? error.message})`))
  })
  child.once('exit', () => {
    if (failure === null) lastResort = setTimeout(end, STRAGGLER_MS)
  })
  child.once('close', (code, signal) => {
    settle()
    // What ignored the request to end may still be there without its pipes.
    if (failure !== null) signalGroup(child, 'SIGKILL')
    const text = stderr.toString('utf8')
    if (failure !== null) reject(new CommandFailed(failure.reason, command, rest(failure, command), text))
    else if (code !== null) resolve({ code, stdout: Buffer.concat(out), stderr: text })
    else reject(new CommandFailed('killed', command, `was ended by ${signal ?? 'a signal'}`, text))
  })
}

function rest(failure: CommandFailed, command: string): string {
  return failure.message.slice(command.length + 1)
}

/** Children do not share our process group, so an end of ours has to be passed on. */
const running = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of running) signalGroup(child, 'SIGKILL')
})

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, signal)
  } catch {
    // The group is already gone.
  }
}

function searchPath(): string[] {
  return (process.env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin').split(delimiter).filter(isAbsolute)
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK)
    return (await stat(path)).isFile()
  } catch {
    return false
  }
}
