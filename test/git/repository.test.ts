import { chownSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openRepository, type Repository } from '../../src/git/repository.ts'
import { directoryTree, gitTree } from '../../src/git/tree.ts'
import { commit, git, repository, sandbox, write } from './sandbox.ts'

const home = sandbox()

async function opened(directory: string): Promise<Repository> {
  const found = await openRepository(directory)
  if (found === null) throw new Error('no repository')
  return found
}

describe('openRepository', () => {
  it('finds the top and the prefix, also with odd names', async () => {
    const top = repository(home, 'with\nnewline')
    mkdirSync(join(top, 'a b', 'ü'), { recursive: true })
    expect(await openRepository(join(top, 'a b', 'ü'))).toMatchObject({
      root: top,
      gitDirectory: join(top, '.git'),
      prefix: 'a b/ü',
      bare: false,
      shallow: false,
      format: 'sha1',
    })
  })

  it('is null outside of a repository', async () => {
    write(home, { 'plain/a': '' })
    expect(await openRepository(join(home, 'plain'))).toBeNull()
    expect(await openRepository(join(home, 'plain/a'))).toBeNull()
    expect(await openRepository(join(home, 'none'))).toBeNull()
  })

  it('works in a bare repository, in another work tree, in .git and in a shallow clone', async () => {
    const top = repository(home, 'origin')
    commit(top, { a: '1' })
    const id = commit(top, { a: '2' })
    git(home, 'clone', '-q', '--bare', 'origin', 'bare.git')
    expect(await opened(join(home, 'bare.git'))).toMatchObject({
      root: join(home, 'bare.git'),
      bare: true,
      prefix: '',
    })
    git(top, 'worktree', 'add', '-q', '--detach', join(home, 'second'))
    const second = await opened(join(home, 'second'))
    expect(second).toMatchObject({ root: join(home, 'second'), bare: false })
    expect(await second.resolve('HEAD')).toBe(id)
    expect((await opened(join(top, '.git'))).bare).toBe(true)
    git(home, 'clone', '-q', '--depth=1', `file://${top}`, 'shallow')
    expect((await opened(join(home, 'shallow'))).shallow).toBe(true)
  })

  it('answers in a repository that belongs to somebody else', async () => {
    if (process.getuid?.() !== 0) return
    const top = repository(home, 'theirs')
    const id = commit(top, { a: '1' })
    chownSync(top, 65534, 65534)
    chownSync(join(top, '.git'), 65534, 65534)
    expect(() => git(top, 'rev-parse', 'HEAD')).toThrow('dubious ownership')
    expect(await (await opened(top)).resolve('HEAD')).toBe(id)
  })

  it('reads a repository of the other object format', async () => {
    git(home, 'init', '-q', '--object-format=sha256', 'sha256')
    const id = commit(join(home, 'sha256'), { a: '1' })
    const repo = await opened(join(home, 'sha256'))
    expect(repo.format).toBe('sha256')
    expect(await repo.resolve('HEAD')).toBe(id)
    expect(await gitTree(repo.root, id).files()).toHaveLength(1)
  })
})

describe('resolve', () => {
  it('gives the full id of a commit, or null', async () => {
    const top = repository(home, 'revisions')
    const first = commit(top, { a: '1', 'dir/b': 'b' })
    const second = commit(top, { a: '2' })
    git(top, 'tag', '-a', 'v1', '-m', 'one', first)
    const { resolve } = await opened(join(top, 'dir'))
    expect(await resolve('HEAD~1')).toBe(first)
    expect(await resolve('v1')).toBe(first)
    expect(await resolve(second.slice(0, 8))).toBe(second)
    expect(await resolve(':/change')).toBe(second)
    const odd = [
      '',
      'none',
      '--all',
      '-h',
      '--git-dir',
      '--output=x',
      'HEAD:a',
      '^HEAD',
      'HEAD~1..HEAD',
      'a\0b',
      'HEAD\nv1',
    ]
    for (const revision of [...odd, 'f'.repeat(40)]) {
      expect([revision, await resolve(revision)]).toEqual([revision, null])
    }
  })
})

describe('defaultBranch', () => {
  it('asks the remote first, then the usual names', async () => {
    const top = repository(home, 'branches')
    const repo = await opened(top)
    expect(await repo.defaultBranch()).toBeNull()
    const id = commit(top, { a: '1' })
    expect(await repo.defaultBranch()).toBe('main')
    git(top, 'update-ref', 'refs/remotes/origin/master', id)
    expect(await repo.defaultBranch()).toBe('origin/master')
    git(top, 'update-ref', 'refs/remotes/origin/main', id)
    expect(await repo.defaultBranch()).toBe('origin/main')
    git(top, 'update-ref', 'refs/remotes/origin/trunk', id)
    git(top, 'symbolic-ref', 'refs/remotes/origin/HEAD', 'refs/remotes/origin/trunk')
    expect(await repo.defaultBranch()).toBe('origin/trunk')
    git(top, 'update-ref', '-d', 'refs/remotes/origin/trunk')
    expect(await repo.defaultBranch()).toBe('origin/main')
    git(top, 'tag', 'origin/main')
    expect(await repo.resolve((await repo.defaultBranch()) ?? '')).toBe(id)
    expect(await repo.defaultBranch()).toBe('remotes/origin/main')
  })

  it('does not take a branch below a usual name for it', async () => {
    const top = repository(home, 'nested')
    commit(top, { a: '1' })
    git(top, 'branch', '-m', 'main', 'main/x')
    expect(await (await opened(top)).defaultBranch()).toBeNull()
  })
})

describe('mergeBase and changedPaths', () => {
  it('knows what two revisions share and how they differ', async () => {
    const top = repository(home, 'changes')
    const text = 'kind: NetworkPolicy\n'.repeat(20)
    const first = commit(top, { keep: 'k', edit: '1', gone: 'g', 'old/name\n.yaml': text, type: 't' })
    git(top, 'checkout', '-qb', 'side')
    const side = commit(top, {
      edit: '2',
      gone: null,
      'old/name\n.yaml': null,
      'new/näme.yaml': `${text}more\n`,
      added: 'a',
    })
    git(top, 'checkout', '-q', 'main')
    const main = commit(top, { other: 'o' })
    const repo = await opened(top)
    expect(await repo.mergeBase('main', 'side')).toBe(first)
    expect(await repo.changedPaths(first, 'side')).toEqual([
      { status: 'added', path: 'added' },
      { status: 'modified', path: 'edit' },
      { status: 'removed', path: 'gone' },
      { status: 'renamed', path: 'new/näme.yaml', previousPath: 'old/name\n.yaml' },
    ])
    expect(await repo.changedPaths(await repo.treeOf(main), first)).toEqual([
      { status: 'removed', path: 'other' },
    ])
    expect(await repo.changedPaths(side, side)).toEqual([])
    await expect(repo.changedPaths('none', side)).rejects.toThrow('the repository does not have none')
    git(top, 'checkout', '-q', '--orphan', 'alone')
    commit(top, { z: 'z' })
    expect(await repo.mergeBase('alone', 'main')).toBeNull()
  })

  it('leaves nothing behind in the repository', async () => {
    const top = join(home, 'changes')
    const before = (await directoryTree(join(top, '.git')).files()).length
    const repo = await opened(top)
    await repo.changedPaths('main', 'side')
    await repo.resolve('main')
    expect((await directoryTree(join(top, '.git')).files()).length).toBe(before)
  })
})
