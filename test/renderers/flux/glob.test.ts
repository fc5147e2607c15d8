// Globs by gitignore(5), whose parts never match across a slash.
import { expect, test } from 'vitest'
import { globMatches } from '../../../src/manifests/renderers/flux/glob.ts'

test.each([
  ['*.md', 'a.md', true],
  ['*.md', 'a/b.md', false],
  ['*ab', 'aab', true],
  ['*aab', 'aaab', true],
  ['a*b*c', 'axxbyybzc', true],
  ['a*b*c', 'axxbyybz', false],
  ['*', '', true],
  ['a?c', 'abc', true],
  ['a?c', 'ac', false],
  ['[a-c]x', 'bx', true],
  ['[!a-c]x', 'bx', false],
  ['[^a]x', 'bx', true],
  ['[]a]x', ']x', true],
  ['[ab', '[ab', true],
  ['\\*', '*', true],
  ['\\*', 'a', false],
  ['**/x', 'x', true],
  ['**/x', 'a/b/x', true],
  ['**/x', 'a/b/y', false],
  ['a/**', 'a/b/c', true],
  ['a/**/z', 'a/z', true],
  ['a/**/z', 'a/b/c/z', true],
  ['a/**/z', 'b/z', false],
  ['a**b', 'axb', true],
  ['x', 'x/y', false],
  ['x/y', 'x', false],
])('%s and %j: %s', (pattern, path, matches) => {
  expect(globMatches(pattern, path)).toBe(matches)
})
