// The three glob languages of Argo CD. Every row was put to the library that Argo CD uses: github.com/gobwas/glob
// 0.2.3 without separators, path.Match of Go 1.26; those of git to `git ls-files`.
import { describe, expect, test } from 'vitest'
import { compileGlob } from '../../../src/manifests/renderers/argocd/glob.ts'
import type { GlobLanguage } from '../../../src/manifests/renderers/argocd/glob.ts'

type Row = readonly [pattern: string, text: string, matches: boolean | null]

const table = (language: GlobLanguage, rows: readonly Row[]): void => {
  test.each(rows)('%j against %j is %s', (pattern, text, matches) => {
    expect(compileGlob(pattern, language)?.(text) ?? null).toBe(matches)
  })
}

describe('files of a directory (gobwas/glob)', () => {
  table('directory-files', [
    ['*', 'a/b', true],
    ['**/x.yaml', 'x.yaml', false],
    ['*.yaml', 'a/b.yaml', true],
    ['a?b', 'a/b', true],
    ['{a,b*}.yaml', 'bcd.yaml', true],
    ['{{a,b},c}', 'b', true],
    ['{{a,b},c}', 'd', false],
    ['{}', '', true],
    ['{a,}', '', true],
    ['a,b', 'a,b', true],
    ['a}', 'a}', true],
    ['[!a]b', 'cb', true],
    ['[^a]b', 'cb', false],
    ['[a-c]', 'b', true],
    ['[!a-c]', 'd', true],
    ['[-a]', '-', true],
    ['[a\\]b]', ']', true],
    ['\\*', '*', true],
    ['\\*', 'a', false],
    ['', 'x', false],
    ['*.{yml,yaml}', 'x.yaml', true],
    ['{config.yaml,env-usw2/*}', 'env-usw2/a/b.yaml', true],
    // Refused.
    ['[a-cx]', 'x', null],
    ['[]a]', 'a', null],
    ['[a-]', '-', null],
    ['[z-a]', 'b', null],
    ['[!]', '!', null],
    ['{a', 'a', null],
    ['a\\', 'a\\', null],
  ])
})

describe('directories of a generator (path.Match)', () => {
  table('go-path', [
    ['apps/*', 'apps/a', true],
    ['apps/*', 'apps/a/b', false],
    ['*', 'apps/a', false],
    ['**/x', 'a/x', true],
    ['**/x', 'a/b/x', false],
    ['apps/?', 'apps/a', true],
    ['a?b', 'a/b', false],
    ['a[^b]c', 'axc', true],
    ['a[^x]b', 'a/b', true],
    ['a[!b]c', 'a!c', true],
    ['a[!b]c', 'axc', false],
    ['[\\-x]', '-', true],
    ['{a,b}', 'a', false],
    ['apps/a/', 'apps/a', false],
    ['[-]', '-', null],
    ['[x-]', 'x', null],
    ['a[]]', 'a]', null],
    ['a[', 'a', null],
  ])
})

describe('files of a generator (pathspecs of git)', () => {
  table('git-pathspec', [
    ['config/*.json', 'config/a.json', true],
    // Without the magic `glob`, a star runs over slashes.
    ['config/*.json', 'config/a/b.json', true],
    ['config/**/x.json', 'config/x.json', false],
    ['config/**/x.json', 'config/a/b/x.json', true],
    ['a?b', 'a/b', true],
    ['[!a]', 'b', true],
    ['[^a]', 'b', true],
    ['[]a]', ']', true],
    ['[a-]', '-', true],
    ['{a,b}', 'a', false],
    ['[[:alpha:]]', 'a', null],
  ])
})

test('a pattern that is made to be slow is not', () => {
  const matches = compileGlob('*a'.repeat(120) + 'b', 'directory-files')
  expect(matches?.('a'.repeat(4000))).toBe(false)
})

test('a pattern of absurd length is refused', () => {
  expect(compileGlob('a'.repeat(10_000), 'go-path')).toBeNull()
})
