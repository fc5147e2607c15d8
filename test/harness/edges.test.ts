import { expect, test } from 'vitest'
import { lines, refusal, scene } from './support.ts'

test('a review of an older commit of the branch is anchored there, and follows to the head', async () => {
  await scene(async ({ github, octokit, pull, of }) => {
    const older = pull.head
    await pull.pushes({ 'a.yaml': `one\ntwo\n${lines({ 20: 'changed', 30: null })}` })
    const comments = [
      { path: 'a.yaml', line: 20, body: 'right' },
      { path: 'a.yaml', line: 30, side: 'LEFT', body: 'left' },
      { path: 'a.yaml', start_line: 18, line: 22, body: 'range' },
    ]
    await octokit.rest.pulls.createReview({ ...of, commit_id: older, event: 'COMMENT', body: 'x', comments })
    expect(pull.reviewComments.map(({ line, startLine }) => [line, startLine])).toEqual([
      [22, null],
      [30, null],
      [24, 20],
    ])
    await pull.pushes({ 'a.yaml': lines() })
    expect(pull.reviewComments.map(({ outdated }) => outdated)).toEqual([true, true, true])
    github.assertClean()
  })
})

test('a line that leaves the diff leaves its comment outdated, though it is still in the file', async () => {
  await scene(async ({ octokit, pull, of }) => {
    const comments = [{ path: 'a.yaml', line: 31, body: 'context of the deletion' }]
    await octokit.rest.pulls.createReview({ ...of, event: 'COMMENT', body: 'x', comments })
    await pull.pushes({ 'a.yaml': lines({ 20: 'changed' }) })
    expect(pull.reviewComments[0]).toMatchObject({ outdated: true, originalLine: 31 })
  })
})

test('a pending review can be submitted', async () => {
  await scene(async ({ github, octokit, pull, of }) => {
    const comments = [{ path: 'a.yaml', line: 20, body: 'x' }]
    const { data } = await octokit.rest.pulls.createReview({ ...of, comments })
    const submit = { ...of, review_id: data.id, event: 'COMMENT', body: 'now' } as const
    expect((await octokit.rest.pulls.submitReview(submit)).data.state).toBe('COMMENTED')
    expect(pull.review).toMatchObject({ body: 'now', comments: [{ line: 20 }] })
    expect(await refusal(octokit.rest.pulls.submitReview(submit))).toMatchObject({ status: 422 })
    github.assertClean()
  })
})

test('odd files: links, modes, spaces and umlauts', async () => {
  await scene(async ({ github, octokit, repo, at }) => {
    await repo.pushToBase({ 'run.sh': 'x\n', 'was-a-file.yaml': 'x\n', 'ä b/"c".yaml': 'x\n' })
    const pull = await repo.pullRequest({
      changes: {
        'run.sh': { text: 'x\n', mode: '100755' },
        'was-a-file.yaml': { text: 'b.yaml', mode: '120000' },
        'ä b/"c".yaml': 'y\n',
        'z.yaml': 'z\n',
      },
    })
    const { data } = await octokit.rest.pulls.listFiles({ ...at, pull_number: pull.number })
    expect(data.map(({ filename, status, patch }) => [filename, status, patch])).toEqual([
      ['run.sh', 'changed', undefined],
      ['was-a-file.yaml', 'changed', undefined],
      ['z.yaml', 'added', '@@ -0,0 +1 @@\n+z'],
      ['ä b/"c".yaml', 'modified', '@@ -1 +1 @@\n-x\n+y'],
    ])
    const link = { ...at, path: 'was-a-file.yaml', ref: pull.head }
    expect((await octokit.rest.repos.getContent(link)).data).toMatchObject({
      type: 'symlink',
      target: 'b.yaml',
    })
    expect(pull.file('ä b/"c".yaml')).toBe('y\n')
    github.assertClean()
  })
})

test('an empty pull request, and one that closes and comes back', async () => {
  await scene(async ({ github, octokit, repo, of, at }) => {
    const empty = await repo.pullRequest({ changes: {} })
    const { data } = await octokit.rest.pulls.get({ ...at, pull_number: empty.number })
    expect([data.changed_files, data.commits]).toEqual([0, 1])
    await empty.closed()
    expect((await empty.reopened()).payload).toMatchObject({
      pull_request: { state: 'open', closed_at: null },
    })
    expect((await octokit.rest.pulls.listCommits(of)).data).toHaveLength(1)
    github.assertClean()
  })
})

test('the branch takes in base, and the diff stays its own', async () => {
  await scene(async ({ github, octokit, repo, pull, of }) => {
    await repo.pushToBase({ 'a.yaml': lines({ 1: 'from base' }) })
    await pull.updatesFromBase()
    expect(pull.lastCommit.parents).toHaveLength(2)
    const { data } = await octokit.rest.pulls.listFiles(of)
    expect(data[0]?.patch).not.toContain('from base')
    expect(pull.file('a.yaml')).toContain('from base')
    github.assertClean()
  })
})

test('one head, several pull requests', async () => {
  await scene(async ({ github, octokit, repo, pull, at }) => {
    await repo.createBranch('release')
    const twin = await repo.pullRequest({ changes: {}, branch: 'twin', base: 'release' })
    await octokit.rest.git.updateRef({ ...at, ref: 'heads/twin', sha: pull.head, force: true })
    const { data } = await octokit.rest.repos.listPullRequestsAssociatedWithCommit({
      ...at,
      commit_sha: pull.head,
    })
    expect(data.map(({ number }) => number)).toEqual([pull.number, twin.number])
    await octokit.rest.checks.create({
      ...at,
      name: 'ambient-guard',
      head_sha: pull.head,
      conclusion: 'neutral',
    })
    expect([pull.check.id, pull.check.conclusion]).toEqual([twin.check.id, 'neutral'])
    github.assertClean()
  })
})
