import { expect, test } from 'vitest'
import { lines, refusal, scene } from './support.ts'

test('mergeable is not known at the first look, and is not looked at again when base moves', async () => {
  await scene(async ({ octokit, repo, pull, at, of }) => {
    const look = async () => (await octokit.rest.pulls.get(of)).data
    expect(await look()).toMatchObject({ mergeable: null, merge_commit_sha: null })
    const known = await look()
    expect(known.mergeable).toBe(true)
    const merge = await octokit.rest.git.getCommit({ ...at, commit_sha: known.merge_commit_sha ?? '' })
    expect(merge.data.parents.map(({ sha }) => sha)).toEqual([known.base.sha, pull.head])

    await repo.pushToBase({ 'a.yaml': lines({ 20: 'conflict' }) })
    expect(await look()).toMatchObject({
      mergeable: true,
      merge_commit_sha: known.merge_commit_sha,
      base: known.base,
    })
    await pull.pushes({ 'c.yaml': 'c\n' })
    const stale = await look()
    expect(stale).toMatchObject({ mergeable: null, merge_commit_sha: known.merge_commit_sha })
    expect(stale.base.sha).toBe(repo.tip())
    expect((await look()).mergeable).toBe(false)
  })
})

test('files are the three-dot diff, patches as GitHub writes them', async () => {
  await scene(async ({ github, octokit, repo, pull, of }) => {
    await repo.pushToBase({ 'elsewhere.yaml': 'x\n' })
    const long = Array.from({ length: 20_001 }, (_, index) => `- ${String(index)}`).join('\n')
    await pull.pushes({
      'b.yaml': null,
      'moved.yaml': 'b\n',
      'binary.bin': new Uint8Array([0, 1, 2]),
      'long.yaml': long,
      'no-newline.yaml': 'x',
    })
    const { data } = await octokit.rest.pulls.listFiles({ ...of, per_page: 100 })
    const short = data.map(({ filename, status, additions, previous_filename, patch }) => {
      const before = previous_filename === undefined ? [] : [previous_filename]
      return [filename, status, additions, patch === undefined ? null : patch.split('\n').length, ...before]
    })
    expect(short).toEqual([
      ['a.yaml', 'modified', 1, 17],
      ['binary.bin', 'added', 0, null],
      ['long.yaml', 'added', 20_001, null],
      ['moved.yaml', 'renamed', 0, null, 'b.yaml'],
      ['no-newline.yaml', 'added', 1, 3],
    ])
    expect(data[0]?.patch).toBe(
      [
        '@@ -17,7 +17,7 @@ line 16',
        ' line 17',
        ' line 18',
        ' line 19',
        '-line 20',
        '+changed',
        ' line 21',
        ' line 22',
        ' line 23',
        '@@ -27,7 +27,6 @@ line 26',
        ' line 27',
        ' line 28',
        ' line 29',
        '-line 30',
        ' line 31',
        ' line 32',
        ' line 33',
      ].join('\n'),
    )
    const one = await octokit.rest.pulls.listFiles({ ...of, per_page: 2, page: 2 })
    expect(one.data.map(({ filename }) => filename)).toEqual(['long.yaml', 'moved.yaml'])
    expect(one.headers.link).toMatch(/page=3>; rel="next"/)
    const all = await octokit.paginate(octokit.rest.pulls.listFiles, { ...of, per_page: 2 })
    expect(all).toHaveLength(5)
    const diff = { ...of, mediaType: { format: 'diff' } }
    expect(await refusal(octokit.rest.pulls.get(diff))).toMatchObject({ status: 406 })
    github.assertClean()
  })
})

test('pull requests are listed by state, base and head, and found by commit', async () => {
  await scene(async ({ github, octokit, repo, pull, at }) => {
    const other = await repo.pullRequest({ changes: { 'b.yaml': 'c\n' }, branch: 'other', draft: true })
    await pull.closed()
    const numbers = async (query: object) =>
      (await octokit.rest.pulls.list({ ...at, ...query })).data.map((one) => one.number)
    expect(await numbers({})).toEqual([2])
    expect(await numbers({ state: 'all' })).toEqual([2, 1])
    expect(await numbers({ state: 'closed' })).toEqual([1])
    expect(await numbers({ base: 'main', head: 'acme:other' })).toEqual([2])
    expect(await numbers({ head: 'acme:nope' })).toEqual([])
    const head = { ...at, commit_sha: other.head }
    expect((await octokit.rest.repos.listPullRequestsAssociatedWithCommit(head)).data).toMatchObject([
      { number: 2, draft: true },
    ])
    github.assertClean()
  })
})

test('a comparison names the merge base', async () => {
  await scene(async ({ github, octokit, repo, pull, at }) => {
    const base = repo.tip()
    await repo.pushToBase({ 'elsewhere.yaml': 'x\n' })
    const { data } = await octokit.rest.repos.compareCommitsWithBasehead({
      ...at,
      basehead: `main...${pull.head}`,
    })
    expect(data).toMatchObject({ status: 'diverged', ahead_by: 1, behind_by: 1, total_commits: 1 })
    expect(data.merge_base_commit.sha).toBe(base)
    expect(data.files?.map(({ filename }) => filename)).toEqual(['a.yaml'])
    github.assertClean()
  })
})

test('a fork shares its objects, and keeps its branch to itself', async () => {
  await scene(async ({ github, octokit, repo, at, of }) => {
    const pull = await repo.pullRequest({
      changes: { 'b.yaml': 'fork\n' },
      fork: { owner: 'guest' },
      branch: 'main',
    })
    const { data } = await octokit.rest.pulls.get({ ...of, pull_number: pull.number })
    expect(data.head).toMatchObject({ label: 'guest:main', sha: pull.head, repo: { fork: true } })
    expect([data.maintainer_can_modify, data.user.login, data.head.user.type]).toEqual([
      true,
      'guest',
      'User',
    ])
    const run = await octokit.rest.checks.create({ ...at, name: 'ambient-guard', head_sha: pull.head })
    expect(run.data.pull_requests).toEqual([])
    expect(run.data.head_sha).toBe(pull.head)
    await pull.pushes({ 'b.yaml': 'again\n' })
    expect((await octokit.rest.pulls.listFiles({ ...of, pull_number: pull.number })).data).toHaveLength(1)
    expect(repo.file('b.yaml')).toBe('b\n')
    expect(await refusal(octokit.rest.repos.get({ owner: 'guest', repo: 'platform' }))).toMatchObject({
      status: 404,
    })
    github.assertClean()
  })
})

test('contents, trees and blobs show what is in git', async () => {
  await scene(async ({ github, octokit, pull, at }) => {
    const file = await octokit.rest.repos.getContent({ ...at, path: 'a.yaml', ref: pull.head })
    const { content = '' } = file.data as { content?: string }
    expect(Buffer.from(content, 'base64').toString()).toBe(pull.file('a.yaml'))
    const raw = await octokit.rest.repos.getContent({ ...at, path: 'b.yaml', mediaType: { format: 'raw' } })
    expect(raw.data).toBe('b\n')
    expect((await octokit.rest.repos.getContent({ ...at, path: '' })).data).toHaveLength(2)
    const tree = await octokit.rest.git.getTree({ ...at, tree_sha: pull.head, recursive: '1' })
    expect(tree.data.tree.map(({ path }) => path)).toEqual(['a.yaml', 'b.yaml'])
    const blob = await octokit.rest.git.getBlob({ ...at, file_sha: tree.data.tree[1]?.sha ?? '' })
    expect(Buffer.from(blob.data.content, 'base64').toString()).toBe('b\n')
    github.assertClean()
  })
})

test('who may do what', async () => {
  await scene(async ({ github, octokit, repo, at }) => {
    repo.collaborator('boss', 'admin')
    repo.collaborator('banned', 'none')
    await repo.pullRequest({ changes: { 'b.yaml': null }, author: 'passer-by' })
    const level = async (username: string) =>
      (await octokit.rest.repos.getCollaboratorPermissionLevel({ ...at, username })).data.permission
    expect(await Promise.all(['maintainer', 'boss', 'banned', 'passer-by'].map(level))).toEqual([
      'write',
      'admin',
      'none',
      'read',
    ])
    expect(await refusal(level('never-heard-of'))).toMatchObject({ status: 404 })
    github.assertClean()
  })
})
