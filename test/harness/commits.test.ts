import { expect, test } from 'vitest'
import { client, refusal, scene } from './support.ts'
import type { Scene } from './support.ts'

const COMMIT = `mutation ($input: CreateCommitOnBranchInput!) {
  createCommitOnBranch(input: $input) { commit { oid url } }
}`

function input(scene: Pick<Scene, 'pull'>, more: object = {}): { input: object } {
  return {
    input: {
      branch: { repositoryNameWithOwner: 'acme/platform', branchName: scene.pull.branch },
      message: { headline: 'Open 15008', body: 'Co-authored-by: M <m@example.com>' },
      expectedHeadOid: scene.pull.head,
      fileChanges: {
        additions: [{ path: 'a.yaml', contents: Buffer.from('fixed\n').toString('base64') }],
        deletions: [{ path: 'b.yaml' }],
      },
      ...more,
    },
  }
}

async function errorsOf(request: Promise<unknown>): Promise<unknown> {
  return request.then(
    () => [],
    (error: unknown) => (error as { errors: unknown }).errors,
  )
}

test('a commit moves the branch, the pull request, and tells everybody', async () => {
  await scene(async (all) => {
    const { github, octokit, pull } = all
    const before = pull.head
    const answer = await octokit.graphql<{ createCommitOnBranch: { commit: { oid: string } } }>(
      COMMIT,
      input(all),
    )
    expect(pull.head).toBe(answer.createCommitOnBranch.commit.oid)
    expect(pull.lastCommit).toMatchObject({
      author: 'ambient-guard[bot]',
      message: 'Open 15008\n\nCo-authored-by: M <m@example.com>',
      parents: [before],
      files: ['a.yaml', 'b.yaml'],
    })
    expect(pull.file('a.yaml')).toBe('fixed\n')
    await github.settled()
    const [sent] = github.deliveries.filter(({ action }) => action === 'synchronize')
    expect(sent?.payload).toMatchObject({
      before,
      after: pull.head,
      sender: { login: 'ambient-guard[bot]', type: 'Bot' },
    })
    github.assertClean()
  })
})

test('a head that moved is stale, and nothing happens', async () => {
  await scene(async (all) => {
    const stale = input(all)
    await all.pull.pushes({ 'c.yaml': 'c\n' })
    const { head } = all.pull
    expect(await errorsOf(all.octokit.graphql(COMMIT, stale))).toMatchObject([
      { type: 'STALE_DATA', path: ['createCommitOnBranch'] },
    ])
    expect(all.pull.head).toBe(head)
  })
})

test('who lacks contents: write is forbidden, workflows are out of reach', async () => {
  await scene(async (all) => {
    const reader = client(all.github, { permissions: { contents: 'read', pull_requests: 'write' } })
    expect(await errorsOf(reader.graphql(COMMIT, input(all)))).toMatchObject([{ type: 'FORBIDDEN' }])
    const additions = [{ path: '.github/workflows/x.yaml', contents: '' }]
    const workflow = input(all, { fileChanges: { additions } })
    expect(await errorsOf(all.octokit.graphql(COMMIT, workflow))).toMatchObject([{ type: 'FORBIDDEN' }])
    const missing = input(all, { fileChanges: { deletions: [{ path: 'nope.yaml' }] } })
    expect(await errorsOf(all.octokit.graphql(COMMIT, missing))).toMatchObject([{ type: 'UNPROCESSABLE' }])
    const typo = input(all, { fileChange: {} })
    expect(await errorsOf(all.octokit.graphql(COMMIT, typo))).toMatchObject([{ message: /fileChange/ }])
  })
})

test('a fork refuses the app unless a story says otherwise, that of an organization always', async () => {
  await scene(async ({ octokit, repo }) => {
    const attempt = async (owner: string, fork: object) => {
      const pull = await repo.pullRequest({
        changes: { 'b.yaml': 'x\n' },
        branch: 'topic',
        fork: { owner, ...fork },
      })
      const branch = { repositoryNameWithOwner: `${owner}/platform`, branchName: 'topic' }
      const errors = await errorsOf(octokit.graphql(COMMIT, input({ pull }, { branch })))
      return [errors, pull.lastCommit.author]
    }
    const forbidden = [expect.objectContaining({ type: 'FORBIDDEN' })]
    expect(await attempt('one', {})).toEqual([forbidden, 'one'])
    expect(await attempt('two', { acceptsAppCommits: true })).toEqual([[], 'ambient-guard[bot]'])
    expect(await attempt('three', { acceptsAppCommits: true, ownerType: 'Organization' })).toEqual([
      forbidden,
      'three',
    ])
    expect(await attempt('four', { acceptsAppCommits: true, maintainerCanModify: false })).toEqual([
      forbidden,
      'four',
    ])
  })
})

test('createCommitOnBranch loses file modes, the git database keeps them', async () => {
  await scene(async (all) => {
    const { github, octokit, pull, at } = all
    await pull.pushes({ 'run.sh': { text: '#!/bin/sh\n', mode: '100755' } })
    const { data: blob } = await octokit.rest.git.createBlob({ ...at, content: 'echo\n' })
    const entry = { path: 'run.sh', mode: '100755', type: 'blob', sha: blob.sha } as const
    const { data: tree } = await octokit.rest.git.createTree({ ...at, base_tree: pull.head, tree: [entry] })
    const commit = { ...at, message: 'Fix', tree: tree.sha, parents: [pull.head] }
    const { data } = await octokit.rest.git.createCommit(commit)
    expect(data).toMatchObject({ author: { name: 'ambient-guard[bot]' }, verification: { verified: true } })
    await octokit.rest.git.updateRef({ ...at, ref: `heads/${pull.branch}`, sha: data.sha })
    expect([pull.head, pull.mode('run.sh'), pull.lastCommit.files]).toEqual([data.sha, '100755', ['run.sh']])

    const backwards = octokit.rest.git.updateRef({
      ...at,
      ref: `heads/${pull.branch}`,
      sha: data.parents[0]?.sha ?? '',
    })
    expect(await refusal(backwards)).toMatchObject({ status: 422, message: 'Update is not a fast forward' })
    const additions = [{ path: 'run.sh', contents: Buffer.from('x').toString('base64') }]
    await octokit.graphql(COMMIT, input(all, { fileChanges: { additions } }))
    expect(pull.mode('run.sh')).toBe('100644')
    github.assertClean()
  })
})

test('threads are read, hidden and resolved', async () => {
  await scene(async ({ github, octokit, pull, of }) => {
    await octokit.rest.pulls.createReviewComment({
      ...of,
      commit_id: pull.head,
      path: 'a.yaml',
      line: 20,
      body: 'x',
    })
    const query = `query ($n: Int!) {
      repository(owner: "acme", name: "platform") {
        pullRequest(number: $n) {
          reviewThreads(first: 100) {
            pageInfo { hasNextPage endCursor }
            nodes { id isResolved isOutdated comments(first: 10) { nodes { ...c } } }
          }
        }
      }
    }
    fragment c on PullRequestReviewComment { databaseId author { login } body }`
    interface Threads {
      repository: { pullRequest: { reviewThreads: { nodes: { id: string; isResolved: boolean }[] } } }
    }
    const threads = async () =>
      (await octokit.graphql<Threads>(query, { n: 1 })).repository.pullRequest.reviewThreads.nodes
    const [thread] = await threads()
    expect(thread).toMatchObject({
      isResolved: false,
      isOutdated: false,
      // GraphQL drops the suffix of a bot.
      comments: {
        nodes: [{ databaseId: pull.reviewComments[0]?.id, author: { login: 'ambient-guard' }, body: 'x' }],
      },
    })
    const resolve = `mutation { resolveReviewThread(input: {threadId: "${thread?.id ?? ''}"}) { thread { isResolved } } }`
    const reader = client(github, { permissions: { contents: 'read', pull_requests: 'write' } })
    expect(await errorsOf(reader.graphql(resolve))).toMatchObject([{ type: 'FORBIDDEN' }])
    await octokit.graphql(resolve)
    const id = pull.reviewComments[0]?.nodeId
    const minimize = `mutation ($id: ID!) {
      minimizeComment(input: {subjectId: $id, classifier: OUTDATED}) { minimizedComment { isMinimized } }
    }`
    await octokit.graphql(minimize, { id })
    expect(pull.reviewComments[0]).toMatchObject({ resolved: true, minimized: 'OUTDATED' })
    expect((await threads())[0]?.isResolved).toBe(true)
    github.assertClean()
    expect(
      await errorsOf(octokit.graphql('{ repository(owner: "acme", name: "platform") { stars } }')),
    ).toMatchObject([{ message: "Field 'stars' doesn't exist on type 'Repository'" }])
    expect(github.unknown).toEqual(['GraphQL Repository.stars'])
  })
})
