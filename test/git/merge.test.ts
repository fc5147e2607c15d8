import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { mergeRevisions, trueMerge, type Merge } from '../../src/git/merge.ts'
import { openRepository, type Repository } from '../../src/git/repository.ts'
import { gitTree } from '../../src/git/tree.ts'
import { commit, git, gitWith, repository, sandbox } from './sandbox.ts'

const home = sandbox()
const LINES = Array.from({ length: 30 }, (_, n) => `line ${String(n)}\n`)
const text = (edits: Record<number, string> = {}) => LINES.map((line, n) => edits[n] ?? line).join('')
let count = 0

type Change = Readonly<Record<string, string | null>>

/** Both ways to merge the same two branches; they have to agree. */
async function merged(
  start: Change,
  ours: Change,
  theirs: Change,
): Promise<Merge & { files?: Record<string, string> }> {
  const top = repository(home, `r${String((count += 1))}`)
  const mergeBase = commit(top, start)
  git(top, 'checkout', '-qb', 'head')
  const head = commit(top, theirs)
  git(top, 'checkout', '-q', 'main')
  const base = commit(top, ours)
  const whole = await mergeRevisions(await opened(top), 'main', 'head')
  const synthetic = await trueMerge({ directory: join(top, '.git') }, { base, head, mergeBase })
  expect(synthetic).toEqual(whole)
  if (whole.kind === 'conflict') return whole
  const tree = gitTree(top, whole.tree)
  const bytes = await tree.read(await tree.files())
  return {
    ...whole,
    files: Object.fromEntries([...bytes].map(([path, b]) => [path, Buffer.from(b).toString()])),
  }
}

async function opened(directory: string): Promise<Repository> {
  const found = await openRepository(directory)
  if (found === null) throw new Error('no repository')
  return found
}

describe('a true merge', () => {
  it('takes both sides', async () => {
    const result = await merged(
      { a: text(), b: 'b' },
      { a: text({ 2: 'ours\n' }), c: 'c' },
      { a: text({ 27: 'theirs\n' }), b: null },
    )
    expect(result.files).toEqual({ a: text({ 2: 'ours\n', 27: 'theirs\n' }), c: 'c' })
  })

  it('names what conflicts: content, removal against edit, both added', async () => {
    const result = await merged(
      { 'b\n.yaml': text(), gone: text(), fine: text() },
      { 'b\n.yaml': text({ 2: 'ours\n' }), gone: null, new: 'ours', fine: text({ 2: 'x\n' }) },
      {
        'b\n.yaml': text({ 2: 'theirs\n' }),
        gone: text({ 3: 'x\n' }),
        new: 'theirs',
        fine: text({ 27: 'y\n' }),
      },
    )
    expect(result).toEqual({ kind: 'conflict', paths: ['b\n.yaml', 'gone', 'new'] })
  })

  it('names a file in the way of a directory by its own name', async () => {
    const result = await merged({ a: text() }, { k: text({ 1: 'x\n' }) }, { 'k/one': 'different' })
    expect(result).toEqual({ kind: 'conflict', paths: ['k'] })
  })

  it('carries an edit to where the other side moved the file', async () => {
    const result = await merged(
      { 'old/netpol.yaml': text(), other: 'o' },
      { 'old/netpol.yaml': text({ 5: 'edited\n' }) },
      { 'old/netpol.yaml': null, 'new/netpol.yaml': text() },
    )
    expect(result.files).toEqual({ 'new/netpol.yaml': text({ 5: 'edited\n' }), other: 'o' })
  })

  it('leaves a new file in the folder it was added to, though the other side moved that folder', async () => {
    const result = await merged(
      { 'old/a': text(), 'old/b': text({ 1: 'b\n' }) },
      { 'old/a': null, 'old/b': null, 'new/a': text(), 'new/b': text({ 1: 'b\n' }) },
      { 'old/c': 'c' },
    )
    expect(Object.keys(result.files ?? {})).toEqual(['new/a', 'new/b', 'old/c'])
  })

  it('is the same for the same commits, and needs no merge where one side did nothing', async () => {
    const top = repository(home, 'fast')
    const base = commit(top, { a: '1' })
    const head = commit(top, { a: '2' })
    const directory = join(top, '.git')
    const tree = git(top, 'rev-parse', `${head}^{tree}`)
    const clean = { kind: 'clean', tree }
    expect(await trueMerge({ directory }, { base, head, mergeBase: base })).toEqual(clean)
    expect(await trueMerge({ directory }, { base: head, head: base, mergeBase: base })).toEqual(clean)
    expect(await mergeRevisions(await opened(top), base, head)).toEqual(clean)
    expect(await mergeRevisions(await opened(top), head, base)).toEqual(clean)
    const missing = 'f'.repeat(40)
    await expect(trueMerge({ directory }, { base, head: missing, mergeBase: base })).rejects.toMatchObject({
      reason: 'missing-object',
    })
    await expect(mergeRevisions(await opened(top), 'main', 'none')).rejects.toMatchObject({
      reason: 'missing-object',
    })
  })

  it('of unrelated histories keeps what only one side has', async () => {
    const top = repository(home, 'unrelated')
    const base = commit(top, { a: 'a', both: 'same' })
    git(top, 'checkout', '-q', '--orphan', 'head')
    const head = commit(top, { a: null, b: 'b' })
    const whole = await mergeRevisions(await opened(top), 'main', 'head')
    expect(await trueMerge({ directory: join(top, '.git') }, { base, head, mergeBase: null })).toEqual(whole)
    expect(
      whole.kind === 'clean' ? (await gitTree(top, whole.tree).files()).map(({ path }) => path) : whole,
    ).toEqual(['a', 'b', 'both'])
    const clash = commit(top, { a: 'other' })
    expect(await trueMerge({ directory: join(top, '.git') }, { base, head: clash, mergeBase: null })).toEqual(
      {
        kind: 'conflict',
        paths: ['a'],
      },
    )
  })

  it('with several merge bases is what git merge makes', async () => {
    const top = repository(home, 'criss-cross')
    commit(top, { a: text() })
    git(top, 'checkout', '-qb', 'head')
    const h = commit(top, { a: text({ 2: 'head\n' }) })
    git(top, 'checkout', '-q', 'main')
    const m = commit(top, { a: text({ 20: 'main\n' }) })
    git(top, 'merge', '-q', '-m', 'x', h)
    git(top, 'checkout', '-q', 'head')
    git(top, 'merge', '-q', '-m', 'x', m)
    commit(top, { a: text({ 2: 'head again\n', 20: 'main\n' }) })
    git(top, 'checkout', '-q', 'main')
    commit(top, { a: text({ 2: 'head\n', 20: 'main\n', 28: 'end\n' }) })
    const result = await mergeRevisions(await opened(top), 'main', 'head')
    git(top, 'merge', '-q', '-m', 'x', 'head')
    expect(result).toEqual({ kind: 'clean', tree: git(top, 'rev-parse', 'HEAD^{tree}') })
  })

  it('in a shallow clone says when the merge base is out of sight', async () => {
    const top = repository(home, 'deep')
    commit(top, { a: text() })
    git(top, 'checkout', '-qb', 'head')
    commit(top, { b: 'b' })
    git(top, 'checkout', '-q', 'main')
    commit(top, { c: 'c' })
    git(home, 'clone', '-q', '--depth=1', '--no-single-branch', `file://${top}`, 'shallow')
    const shallow = await opened(join(home, 'shallow'))
    await expect(mergeRevisions(shallow, 'origin/main', 'origin/head')).rejects.toThrow(
      'does not reach the merge base',
    )
    gitWith({}, join(home, 'shallow'), 'fetch', '-q', '--depth=2')
    expect((await mergeRevisions(shallow, 'origin/main', 'origin/head')).kind).toBe('clean')
    git(join(home, 'shallow'), 'worktree', 'add', '-q', join(home, 'shallow-second'))
    const second = await opened(join(home, 'shallow-second'))
    expect((await mergeRevisions(second, 'origin/main', 'origin/head')).kind).toBe('clean')
  })
})
