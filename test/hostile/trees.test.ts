// Trees that are larger than anybody reads: each ends soon, with one sentence.
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { directoryTree, gitTree } from '../../src/git/tree.ts'
import { treeChanges } from '../../src/git/tree-changes.ts'
import { createListings } from '../../src/git/trees/listings.ts'
import { GitError } from '../../src/git/command.ts'
import { publicReason } from '../../src/jobs/reason.ts'
import { ambientGuard } from '../cli/command.ts'
import { commit, git, repository, sandbox } from '../git/sandbox.ts'

const home = sandbox()
const SENTENCE =
  'the tree lists more than 10 files, which is more than is read; keep the manifests in a repository of their own'

const numbered = (count: number): Readonly<Record<string, string>> =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`d/${String(index)}.yaml`, 'a: b\n']))

/** A commit of `width` to the power of `depth` files, made of one file and a tree for each level. */
function bomb(top: string, width: number, depth: number): string {
  const put = (...args: readonly string[]): string => git(top, ...args)
  let [entry, mode, type] = [put('rev-parse', 'HEAD:a.yaml'), '100644', 'blob']
  for (let level = 0; level < depth; level += 1) {
    const lines = Array.from({ length: width }, (_, at) => `${mode} ${type} ${entry}\te${String(at)}.yaml\n`)
    entry = execFileSync('git', ['mktree'], { cwd: top, input: lines.join(''), encoding: 'utf8' }).trim()
    ;[mode, type] = ['040000', 'tree']
  }
  return put('-c', 'user.name=x', '-c', 'user.email=x@example.com', 'commit-tree', entry, '-m', 'bomb')
}

describe('a tree of more files than are read', () => {
  it('is refused by its number of files, and one that has as many is read', async () => {
    const top = repository(home, 'many')
    const fits = commit(top, numbered(10))
    const larger = commit(top, numbered(11))
    const listings = createListings(1000, 10)
    expect(await gitTree(top, fits, { listings }).files()).toHaveLength(10)
    // Both ways in which a listing comes about: from what differs, and from nothing.
    await expect(gitTree(top, larger, { listings }).files()).rejects.toThrow(SENTENCE)
    await expect(gitTree(top, larger, { listings: createListings(1000, 10) }).files()).rejects.toThrow(
      SENTENCE,
    )
  })

  it('is refused before all of it is made, where it is ten billion files in a few hundred bytes', async () => {
    const top = repository(home, 'bomb')
    const small = commit(top, { 'a.yaml': 'a: b\n' })
    const huge = bomb(top, 10, 10)
    await expect(gitTree(top, huge, { listings: createListings(1000, 10) }).files()).rejects.toThrow(SENTENCE)
    await expect(treeChanges(top, small, huge, 10)).rejects.toThrow(SENTENCE)
    await expect(treeChanges(top, huge, small, 10)).rejects.toThrow(SENTENCE)
  })

  it('is refused by the command line with its usual limit', { timeout: 120_000 }, async () => {
    const top = repository(home, 'command line')
    const small = commit(top, { 'a.yaml': 'a: b\n' })
    const { code, stdout, stderr } = await ambientGuard(
      'check',
      top,
      '--base',
      small,
      '--head',
      bomb(top, 100, 5),
    )
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain(SENTENCE.replace('10', '500,000'))
  })

  it('is refused on a disk', async () => {
    const top = join(home, 'disk')
    mkdirSync(join(top, 'd'), { recursive: true })
    for (const [path, text] of Object.entries(numbered(11))) writeFileSync(join(top, path), text)
    expect(await directoryTree(top, 11).files()).toHaveLength(11)
    await expect(directoryTree(top, 10).files()).rejects.toThrow(SENTENCE)
  })

  it('is told in the check', () => {
    expect(publicReason(new GitError('too-many-files', SENTENCE))).toBe(`T${SENTENCE.slice(1)}.`)
  })
})
