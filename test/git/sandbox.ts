// Real repositories in a directory of their own, for one test file.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
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
      ...identity,
      ...env,
    },
  }).replace(/\n$/, '')
}

/** A repository with a branch `main` and nothing in it. */
export function repository(directory: string, name: string): string {
  git(directory, 'init', '--quiet', '--initial-branch=main', name)
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
  return git(directory, 'rev-parse', 'HEAD')
}
