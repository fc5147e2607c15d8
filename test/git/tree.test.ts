import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openRepository, type Repository } from '../../src/git/repository.ts'
import { directoryTree, gitTree, overlayTree, type Tree, workingTree } from '../../src/git/tree.ts'
import { commit, git, repository, sandbox, write } from './sandbox.ts'

const home = sandbox()
const ODD = [
  'a b.yaml',
  'line\nbreak.yaml',
  'quo"te\'s.yaml',
  'tab\t.yaml',
  'ünï/çødé-日本-🙂.yaml',
  '-dash',
  ':(top)x',
  'back\\slash',
]

async function contents(tree: Tree): Promise<Record<string, string>> {
  const bytes = await tree.read(await tree.files())
  return Object.fromEntries([...bytes].map(([path, content]) => [path, Buffer.from(content).toString()]))
}

async function paths(tree: Tree): Promise<string[]> {
  return (await tree.files()).map(({ path }) => path)
}

async function opened(directory: string): Promise<Repository> {
  const found = await openRepository(directory)
  if (found === null) throw new Error('no repository')
  return found
}

describe('gitTree', () => {
  it('lists modes, ids and sizes as git has them, and reads blobs', async () => {
    const top = repository(home, 'modes')
    write(top, { 'b.yaml': 'b\n', 'run.sh': '#!/bin/sh\n', 'dir/c.yaml': '' })
    chmodSync(join(top, 'run.sh'), 0o755)
    symlinkSync('/etc/passwd', join(top, 'link'))
    commit(top, {})
    git(top, 'update-index', '--add', '--cacheinfo', '160000,1111111111111111111111111111111111111111,sub')
    git(top, 'commit', '-qm', 'submodule')
    const tree = gitTree(top, 'HEAD')
    expect((await tree.files()).map(({ path, mode, size }) => [path, mode, size])).toEqual([
      ['b.yaml', '100644', 2],
      ['dir/c.yaml', '100644', 0],
      ['link', '120000', 11],
      ['run.sh', '100755', 10],
      ['sub', '160000', 0],
    ])
    expect((await tree.files())[0]?.id).toBe(git(top, 'hash-object', 'b.yaml'))
    expect(await contents(tree)).toEqual({
      'b.yaml': 'b\n',
      'dir/c.yaml': '',
      link: '/etc/passwd',
      'run.sh': '#!/bin/sh\n',
    })
  })

  it('reads odd names, and sorts by UTF-16 unit', async () => {
    const top = repository(home, 'odd')
    const files = Object.fromEntries(ODD.map((path) => [path, `content of ${path}`]))
    const id = commit(top, files)
    expect(await paths(gitTree(top, id))).toEqual([...ODD].sort())
    expect(await contents(gitTree(top, id))).toEqual(files)
    expect(await contents(directoryTree(top))).toEqual(files)
    expect(await contents(workingTree(await opened(top)))).toEqual(files)
    expect(await paths(gitTree(top, id, { under: 'ünï' }))).toEqual(['çødé-日本-🙂.yaml'])
  })

  it('takes a folder as the root, and an absent one as empty', async () => {
    const top = repository(home, 'under')
    const id = commit(top, { 'x/a.yaml': 'a', 'x/y/b.yaml': 'b', 'xy/c.yaml': 'c' })
    expect(await contents(gitTree(top, id, { under: './x/' }))).toEqual({ 'a.yaml': 'a', 'y/b.yaml': 'b' })
    expect(await paths(gitTree(top, id, { under: 'none' }))).toEqual([])
    expect(await paths(gitTree(join(top, 'x'), id))).toEqual(['x/a.yaml', 'x/y/b.yaml', 'xy/c.yaml'])
    expect(await paths(gitTree(top, 'HEAD:x'))).toEqual(['a.yaml', 'y/b.yaml'])
    expect(() => gitTree(top, id, { under: '../x' })).toThrow('is not a path inside the tree')
  })

  it('says which revision is not there, and takes none for an option', async () => {
    const top = join(home, 'under')
    await expect(gitTree(top, 'none').files()).rejects.toThrow('the repository does not have none')
    await expect(gitTree(top, '--all').files()).rejects.toThrow('the repository does not have --all')
  })

  it('reads 1,000 files at once', async () => {
    const top = repository(home, 'many')
    const input = Array.from({ length: 1000 }, (_, n) => [
      `d${String(n % 40)}/f${String(n)}.yaml`,
      `n: ${String(n)}\n`.repeat(150),
    ])
    const id = commit(top, Object.fromEntries(input) as Record<string, string>)
    const read = await contents(gitTree(top, id))
    expect(Object.keys(read)).toHaveLength(1000)
    expect(read['d7/f807.yaml']).toBe('n: 807\n'.repeat(150))
    expect(await contents(directoryTree(top))).toEqual(read)
  }, 60_000)
})

describe('directoryTree', () => {
  it('skips .git and node_modules, and follows no link', async () => {
    const outside = join(home, 'outside')
    const top = join(home, 'disk')
    write(outside, { 'secret.yaml': 'secret' })
    write(top, { 'a.yaml': 'a', 'sub/.git/config': '', 'sub/node_modules/x/y.yaml': '', 'sub/b.yaml': 'b' })
    symlinkSync('../outside/secret.yaml', join(top, 'file-link'))
    symlinkSync('../outside', join(top, 'folder-link'))
    const tree = directoryTree(top)
    expect((await tree.files()).map(({ path, mode }) => [path, mode])).toEqual([
      ['a.yaml', '100644'],
      ['file-link', '120000'],
      ['folder-link', '120000'],
      ['sub/b.yaml', '100644'],
    ])
    expect(await contents(tree)).toEqual({
      'a.yaml': 'a',
      'file-link': '../outside/secret.yaml',
      'folder-link': '../outside',
      'sub/b.yaml': 'b',
    })
    const reach = (path: string) => tree.read([{ path, mode: '100644', id: '', size: 6 }])
    await expect(reach('../outside/secret.yaml')).rejects.toThrow('is not a path')
    expect((await reach('folder-link/secret.yaml')).size).toBe(0)
    expect((await reach('file-link')).size).toBe(0)
  })

  it('gives the ids git would give', async () => {
    const top = repository(home, 'ids')
    write(top, { 'a.yaml': 'a: 1\n' })
    symlinkSync('a.yaml', join(top, 'link'))
    const id = commit(top, {})
    const byGit = (await gitTree(top, id).files()).map((file) => file.id)
    expect((await directoryTree(top).files()).map((file) => file.id)).toEqual(byGit)
    expect((await workingTree(await opened(top)).files()).map((file) => file.id)).toEqual(byGit)
  })

  it('asks which files are wanted once it knows their ids, and reads no others', async () => {
    const top = repository(home, 'wanted')
    write(top, { 'a.yaml': 'a: 1\n', 'same.yaml': 'a: 1\n', 'b.yaml': 'b: 1\n' })
    const known = git(top, 'hash-object', 'a.yaml')
    const id = commit(top, {})
    const overlay = overlayTree(directoryTree(top), new Map([['new.yaml', 'a: 1\n']]))
    for (const tree of [
      directoryTree(top),
      workingTree(await opened(top)),
      gitTree(top, id),
      overlay,
      overlay,
    ]) {
      const bytes = await tree.read(await tree.files(), (file) => file.id !== known)
      expect([...bytes.keys()]).toEqual(['b.yaml'])
    }
  })

  it('is one state, the one of the first look', async () => {
    const top = join(home, 'state')
    write(top, { 'a.yaml': 'a' })
    const tree = directoryTree(top)
    expect(await paths(tree)).toEqual(['a.yaml'])
    write(top, { 'b.yaml': 'b' })
    expect(await paths(tree)).toEqual(['a.yaml'])
    expect(await paths(directoryTree(top))).toEqual(['a.yaml', 'b.yaml'])
  })

  it('leaves out of the answer what is gone by the time it is read', async () => {
    const top = join(home, 'gone')
    write(top, { a: 'a', b: 'b' })
    const tree = directoryTree(top)
    const files = await tree.files()
    rmSync(join(top, 'a'))
    expect([...(await tree.read(files)).keys()]).toEqual(['b'])
  })
})

describe('workingTree', () => {
  it('shows tracked and new files as they are on disk', async () => {
    const top = repository(home, 'work')
    commit(top, {
      '.gitignore': 'ignored*\n',
      same: '1',
      edited: '1',
      staged: '1',
      deleted: '1',
      'k8s/a': '1',
    })
    write(top, { edited: '2', staged: '2', new: 'new', 'ignored.yaml': 'x', 'k8s/new': 'n', 'inner/x': '1' })
    git(top, 'add', 'staged')
    write(top, { staged: '3', 'added-to-index': 'i' })
    git(top, 'add', 'added-to-index')
    rmSync(join(top, 'deleted'))
    git(join(top, 'inner'), 'init', '-q')
    commit(join(top, 'inner'), {})
    const repo = await opened(join(top, 'k8s'))
    expect(await contents(workingTree(repo))).toEqual({
      '.gitignore': 'ignored*\n',
      'added-to-index': 'i',
      edited: '2',
      'k8s/a': '1',
      'k8s/new': 'n',
      new: 'new',
      same: '1',
      staged: '3',
    })
    expect(repo.prefix).toBe('k8s')
    expect(await contents(workingTree(repo, { under: repo.prefix }))).toEqual({ a: '1', new: 'n' })
  })

  it('does not follow a link that took the place of a tracked folder', async () => {
    const top = repository(home, 'swapped')
    commit(top, { 'k8s/secret.yaml': 'mine' })
    write(home, { 'elsewhere/secret.yaml': 'theirs' })
    rmSync(join(top, 'k8s'), { recursive: true })
    symlinkSync('../elsewhere', join(top, 'k8s'))
    expect(await contents(workingTree(await opened(top)))).toEqual({ k8s: '../elsewhere' })
  })

  it('takes what a sparse checkout leaves out from the index', async () => {
    const top = repository(home, 'sparse')
    commit(top, { 'in/a': 'a', 'out/b': 'b' })
    git(top, 'sparse-checkout', 'set', 'in')
    expect(await contents(workingTree(await opened(top)))).toEqual({ 'in/a': 'a', 'out/b': 'b' })
  })

  it('lists submodules and files in conflict once', async () => {
    const top = repository(home, 'conflicted')
    const first = commit(top, { a: '1' })
    git(top, 'checkout', '-qb', 'side')
    commit(top, { a: '2' })
    git(top, 'checkout', '-q', 'main')
    commit(top, { a: '3' })
    expect(() => git(top, 'merge', 'side')).toThrow()
    mkdirSync(join(top, 'sub'))
    git(top, 'update-index', '--add', '--cacheinfo', `160000,${first},sub`)
    const tree = workingTree(await opened(top))
    expect((await tree.files()).map(({ path, mode }) => [path, mode])).toEqual([
      ['a', '100644'],
      ['sub', '160000'],
    ])
    expect((await contents(tree))['a']).toContain('<<<<<<<')
  })

  it('runs nothing that the repository configures', async () => {
    const top = repository(home, 'armed')
    const first = commit(top, { a: '1\n', '.gitattributes': '* filter=evil diff=evil merge=evil\n' })
    const second = commit(top, { a: '2\n' })
    git(top, 'checkout', '-qb', 'other', first)
    const third = commit(top, { a: '3\n' })
    const evil = `touch ${join(home, 'PWNED')}`
    for (const key of [
      'core.fsmonitor',
      'filter.evil.clean',
      'filter.evil.smudge',
      'filter.evil.process',
      'diff.evil.textconv',
      'diff.evil.command',
      'diff.external',
      'merge.evil.driver',
      'core.pager',
      'core.sshCommand',
      'credential.helper',
    ]) {
      git(top, 'config', key, evil)
    }
    write(top, { a: 'changed\n' })
    const { mergeRevisions } = await import('../../src/git/merge.ts')
    const repo = await opened(top)
    await contents(workingTree(repo))
    await contents(gitTree(top, 'HEAD'))
    await repo.changedPaths(first, second)
    expect(await mergeRevisions(repo, second, third)).toEqual({ kind: 'conflict', paths: ['a'] })
    expect(await paths(directoryTree(home))).not.toContain('PWNED')
  })
})

describe('overlayTree', () => {
  it('replaces, adds and removes', async () => {
    const top = join(home, 'overlay')
    write(top, { a: 'a', b: 'b', run: 'r' })
    chmodSync(join(top, 'run'), 0o755)
    symlinkSync('a', join(top, 'link'))
    const edits = new Map([
      ['a', 'A'],
      ['b', null],
      ['c/d', 'é'],
      ['run', 'R'],
      ['link', 'file'],
      ['none', null],
    ])
    const tree = overlayTree(directoryTree(top), edits)
    writeFileSync(join(home, 'blob'), 'é')
    expect((await tree.files()).map(({ path, mode, size }) => [path, mode, size])).toEqual([
      ['a', '100644', 1],
      ['c/d', '100644', 2],
      ['link', '100644', 4],
      ['run', '100755', 1],
    ])
    expect((await tree.files())[1]?.id).toBe(git(home, 'hash-object', 'blob'))
    expect(await contents(tree)).toEqual({ a: 'A', 'c/d': 'é', link: 'file', run: 'R' })
    expect(await contents(overlayTree(tree, new Map([['a', null]])))).toEqual({
      'c/d': 'é',
      link: 'file',
      run: 'R',
    })
    expect(() => overlayTree(tree, new Map([['../x', '']]))).toThrow('is not a path inside the tree')
  })
})
