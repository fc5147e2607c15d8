// The command line as a person uses it, on real folders and real repositories, in this process.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { onTestFinished } from 'vitest'
import type { Output } from '../../src/cli/output.ts'
import { runCommandLine } from '../../src/cli/command-line.ts'
import { NO_UPKEEP, tipOf } from '../git/sandbox.ts'

export interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export function ambientGuard(...argv: readonly string[]): Promise<Ran> {
  return ambientGuardWith({}, ...argv)
}

/** The same with streams of the test's own. */
export async function ambientGuardWith(given: Partial<Output>, ...argv: readonly string[]): Promise<Ran> {
  let stdout = ''
  let stderr = ''
  const code = await runCommandLine(argv, {
    input: Readable.from([]),
    write: (text) => void (stdout += text),
    flushed: () => Promise.resolve(true),
    say: (line) => void (stderr += `${line}\n`),
    terminal: false,
    width: 80,
    ...given,
  })
  return { code, stdout, stderr }
}

/** A folder with files, gone when the test ends. */
export function folder(files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), 'ambient-guard-cli-'))
  onTestFinished(() => {
    rmSync(root, { recursive: true, force: true })
  })
  write(root, files)
  return root
}

export function write(root: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
}

/** Runs git there, with an identity of its own and none of this machine's configuration. */
export function git(root: string, ...args: readonly string[]): string {
  const identity = {
    GIT_AUTHOR_NAME: 'A',
    GIT_AUTHOR_EMAIL: 'a@example.com',
    GIT_COMMITTER_NAME: 'A',
    GIT_COMMITTER_EMAIL: 'a@example.com',
  }
  const env = {
    PATH: process.env.PATH ?? '',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
    ...NO_UPKEEP,
    ...identity,
  }
  return execFileSync('git', args, { cwd: root, env, encoding: 'utf8' }).trim()
}

/** A repository on main with one commit. */
export function repository(files: Readonly<Record<string, string>>): string {
  const root = folder(files)
  git(root, 'init', '-q', '--template=', '-b', 'main')
  commit(root, 'first')
  return root
}

export function commit(root: string, message: string, files: Readonly<Record<string, string>> = {}): string {
  write(root, files)
  git(root, 'add', '-A')
  git(root, 'commit', '-q', '-m', message)
  return tipOf(root)
}
