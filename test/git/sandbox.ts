// Real repositories in a directory of their own, for one test file.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll } from 'vitest'

/** A fresh directory, removed when the file's tests are over. */
export function sandbox(): string {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'ambient-guard-test-')))
  afterAll(() => {
    rmSync(directory, { recursive: true, force: true })
  })
  return directory
}

/** Writes files below a directory. */
export function write(directory: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true })
    writeFileSync(join(directory, path), text)
  }
}

/** After each commit, git would start two more of itself to see whether there is something to tidy up. */
export const NO_UPKEEP = {
  GIT_CONFIG_COUNT: '1',
  GIT_CONFIG_KEY_0: 'maintenance.auto',
  GIT_CONFIG_VALUE_0: 'false',
}

/** Standard output of a git command, without the last newline. */
export function git(directory: string, ...args: string[]): string {
  return gitWith({}, directory, ...args)
}

export function gitWith(env: Record<string, string>, directory: string, ...args: string[]): string {
  const identity = {
    GIT_AUTHOR_NAME: 'T',
    GIT_AUTHOR_EMAIL: 't@x',
    GIT_COMMITTER_NAME: 'T',
    GIT_COMMITTER_EMAIL: 't@x',
  }
  return execFileSync('git', args, {
    cwd: directory,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 64 * 1024 * 1024,
    env: {
      PATH: process.env['PATH'] ?? '',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_CONFIG_GLOBAL: '/dev/null',
      ...NO_UPKEEP,
      ...identity,
      ...env,
    },
  }).replace(/\n$/, '')
}

/** A repository with a branch `main` and nothing in it. */
export function repository(directory: string, name: string): string {
  git(directory, 'init', '--quiet', '--template=', '--initial-branch=main', name)
  return join(directory, name)
}

/** Writes and removes (null) files, and commits everything. The id of the commit. */
export function commit(directory: string, files: Readonly<Record<string, string | null>>): string {
  for (const [path, text] of Object.entries(files)) {
    if (text === null) rmSync(join(directory, path), { recursive: true })
    else write(directory, { [path]: text })
  }
  git(directory, 'add', '--all')
  git(directory, 'commit', '--quiet', '--allow-empty', '-m', 'change')
  return tipOf(directory)
}

/** The commit that is checked out, just made: read where git has put it, which starts no program. */
export function tipOf(directory: string): string {
  const head = readFileSync(join(directory, '.git/HEAD'), 'utf8').trim()
  return head.startsWith('ref: ')
    ? readFileSync(join(directory, '.git', head.slice('ref: '.length)), 'utf8').trim()
    : head
}
