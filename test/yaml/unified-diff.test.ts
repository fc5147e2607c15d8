// The proof of a patch is that git takes it.

import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { unifiedDiff } from '../../src/core/source/unified-diff.ts'

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'unified-diff-'))
  execFileSync('git', ['init', '-q', folder])
})
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

function applied(path: string, before: string | null, diff: string): string | null {
  const file = join(folder, path)
  mkdirSync(dirname(file), { recursive: true })
  rmSync(file, { force: true })
  if (before !== null) writeFileSync(file, before)
  const home = { ...process.env, HOME: folder, GIT_CONFIG_NOSYSTEM: '1' }
  execFileSync('git', ['-c', 'core.autocrlf=false', 'apply', '--whitespace=nowarn', '-'], {
    cwd: folder,
    input: diff,
    env: home,
  })
  return existsSync(file) ? readFileSync(file, 'utf8') : null
}

const long = (word: string) => Array.from({ length: 3000 }, (_, i) => `${word} ${String(i)}\n`).join('')
const middle = `${long('a')}here\n${long('b')}`

describe('git apply makes the new file of the old one', () => {
  test.each<[string, string, string | null, string | null]>([
    ['one line', 'a.yaml', 'a\nb\nc\n', 'a\nB\nc\n'],
    ['far from the top', 'a.yaml', middle, middle.replace('here', 'there\nand there')],
    ['two hunks', 'a.yaml', middle, middle.replace('a 10\n', '').replace('b 2000', 'c')],
    ['carriage returns', 'a.yaml', 'a\r\nb\r\nc\r\n', 'a\r\nb\r\nx\r\nc\r\n'],
    ['line endings alone', 'a.yaml', 'a\nb\n', 'a\r\nb\r\n'],
    ['no line break at either end', 'a.yaml', 'a\nb', 'a\nc'],
    ['a line break that comes', 'a.yaml', 'a\nb', 'a\nb\n'],
    ['a line break that goes', 'a.yaml', 'a\nb\n', 'a\nb'],
    ['lines after an end without a break', 'a.yaml', 'a\n- b', 'a\n- b\n- c'],
    ['a new file', 'x/y/new.yaml', null, 'a\nb\n'],
    ['a new file without a line break', 'x/new.yaml', null, 'a'],
    ['a new empty file', 'x/empty.yaml', null, ''],
    ['a new long file', 'x/long.yaml', null, long('a')],
    ['a file that goes', 'x/old.yaml', 'a\nb\n', null],
    ['an empty file that goes', 'x/old.yaml', '', null],
    ['a file that becomes empty', 'a.yaml', 'a\nb\n', ''],
    ['a file that was empty', 'a.yaml', '', 'a\nb\n'],
    ['all of a long file', 'a.yaml', long('a'), `${long('b')}end`],
    ['lines that look like headers', 'a.yaml', '-- a\n++ b\n@@ c\n', '-- a\n++ B\n@@ c\n'],
    ['a name with a space', 'with space/a b.yaml', 'a\n', 'b\n'],
    ['a new name with a space', 'with space/new b.yaml', null, 'b\n'],
    ['a name that is quoted', 'ü/"q" t.yaml', 'a\n', 'b\n'],
  ])('%s', (_, path, before, after) => {
    expect(applied(path, before, unifiedDiff(path, before, after))).toBe(after)
  })
})

test('it looks as git prints it', () => {
  const before = 'one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\n'
  expect(unifiedDiff('dir/file.yaml', before, before.replace('five\n', 'five\n5.5\n'))).toBe(
    [
      '--- a/dir/file.yaml',
      '+++ b/dir/file.yaml',
      '@@ -3,6 +3,7 @@',
      ' three',
      ' four',
      ' five',
      '+5.5',
      ' six',
      ' seven',
      ' eight',
      '',
    ].join('\n'),
  )
  expect(unifiedDiff('new.yaml', null, 'a')).toBe(
    ['--- /dev/null', '+++ b/new.yaml', '@@ -0,0 +1,1 @@', '+a', '\\ No newline at end of file', ''].join(
      '\n',
    ),
  )
  expect(unifiedDiff('old.yaml', 'a\n', null)).toBe(
    ['--- a/old.yaml', '+++ /dev/null', '@@ -1,1 +0,0 @@', '-a', ''].join('\n'),
  )
})

test('no change, no diff', () => {
  expect(unifiedDiff('a', 'x\n', 'x\n')).toBe('')
  expect(unifiedDiff('a', null, null)).toBe('')
})
