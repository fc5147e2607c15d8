// What was missed is found again: a process that was down, a webhook that got lost, a base that moved. And where nothing
// was missed, a sweep only reads.
import { expect } from 'vitest'
import { ALLOW_WEB, APP, ENROLLED, NAMESPACE, SHOP } from './manifests.ts'
import { calls, scenario } from './scenario.ts'
import type { GitHub } from '../harness/index.ts'

/** Everything that the app wrote since the stand-in last forgot, but for tokens and deliveries. */
function written(github: GitHub): readonly string[] {
  return github.writes
    .filter(({ path, operations }) => !/access_tokens$|\.git\/|^\/app\//.test(path) && !isQuery(operations))
    .map(({ method, path, operations }) => [method, path, ...operations].join(' '))
}

function isQuery(operations: readonly string[]): boolean {
  return operations.length > 0 && operations.every((name) => name === 'repository')
}

scenario('pull requests, commands and groups of a time when nobody listened', async ({ github, app }) => {
  const repository = await github.repository({ files: SHOP })
  const known = await repository.pullRequest({ changes: { 'shop/netpol.yaml': ALLOW_WEB } })
  await app.hears(known.opened())
  const silence = github.loses({ times: 100 })
  const missed = await repository.pullRequest({
    changes: { 'shop/netpol.yaml': ALLOW_WEB, 'README.md': 'x\n' },
  })
  await missed.opened()
  const { commentId } = await known.comment('/ambient-fix')
  const group = await repository.mergeGroup([missed])
  await group.requested()
  silence.stop()

  await app.sweep()
  expect(missed.checks).toMatchObject([{ status: 'completed', conclusion: 'failure' }])
  expect(missed.reviews).toHaveLength(1)
  expect(group.check).toMatchObject({ headSha: group.head, status: 'completed', conclusion: 'failure' })
  expect(known.reactions(commentId).map(({ content }) => content)).toEqual(['eyes', 'rocket'])
  expect(known.check.conclusion).toBe('success')
  expect(known.conversation).toHaveLength(1)

  github.forgetRequests()
  await app.sweep()
  expect(written(github)).toEqual([])
})

scenario(
  'many repositories are gone through with one token, and worked on with one for each',
  async ({ github, app }) => {
    const names = ['a', 'b', 'c']
    const repositories = await Promise.all(names.map((name) => github.repository({ name, files: SHOP })))
    const minted = (): readonly unknown[] =>
      github.requests
        .filter(({ path }) => path.endsWith('/access_tokens'))
        .map(({ body }) => (body as { repositories?: readonly string[] } | null)?.repositories ?? 'all')
    await app.sweep()
    expect(minted().filter((one) => one !== 'all')).toEqual([])
    const pull = await repositories[1]?.pullRequest({ changes: { 'shop/netpol.yaml': ALLOW_WEB } })
    github.forgetRequests()
    await app.sweep()
    expect(pull?.check.conclusion).toBe('failure')
    // One for the API, and one for git.
    expect(minted()).toEqual([['b'], ['b']])
  },
)

scenario('a button that was pressed meanwhile is sent again by GitHub', async ({ github, app }) => {
  const repository = await github.repository({ files: SHOP })
  const pull = await repository.pullRequest({ changes: { 'shop/netpol.yaml': ALLOW_WEB } })
  await app.hears(pull.opened())
  const before = pull.head
  github.loses({ event: 'check_run', action: 'requested_action' })
  await pull.check.requestAction('ambient-fix')
  expect(pull.head).toBe(before)
  await app.sweep()
  expect(pull.lastCommit.parents).toEqual([before])
  const attempts = github.deliveries.filter(({ redelivery }) => redelivery)
  expect(attempts.map(({ event, status }) => [event, status])).toEqual([['check_run', 200]])
  // What has arrived is not sent once more.
  await app.sweep()
  expect(github.deliveries.filter(({ redelivery }) => redelivery)).toHaveLength(1)
})

scenario('a comment without a command, of a bot, or long answered is left alone', async ({ github, app }) => {
  const repository = await github.repository({ files: SHOP })
  const pull = await repository.pullRequest({ changes: { 'shop/netpol.yaml': ALLOW_WEB } })
  await app.hears(pull.opened())
  await app.hears(pull.comment('/ambient-help'))
  await app.hears(pull.comment('Shall we `/ambient-fix` this?'))
  github.loses({ event: 'issue_comment' })
  await pull.comment('/ambient-fix', { by: 'dependabot[bot]' })
  github.forgetRequests()
  await app.sweep()
  expect(written(github)).toEqual([])
  expect(pull.conversation).toHaveLength(4)
})

scenario('a base that moved where it matters', async ({ github, app }) => {
  const repository = await github.repository({
    files: { 'shop/namespace.yaml': NAMESPACE, 'shop/app.yaml': APP },
  })
  const pull = await repository.pullRequest({ changes: { 'shop/namespace.yaml': ENROLLED } })
  await app.hears(pull.opened())
  expect(pull.check.conclusion).toBe('success')

  await app.hears(repository.pushToBase({ 'README.md': 'Nothing that is applied.\n' }))
  github.forgetRequests()
  await app.sweep()
  expect(written(github)).toEqual([])
  expect(calls(github).filter((call) => call.includes('/pulls/'))).toEqual([])

  await app.hears(repository.pushToBase({ 'shop/app.yaml': `# Kept by the shop team.\n${APP}` }))
  github.forgetRequests()
  await app.sweep()
  // Judged again, and the same is true.
  expect(calls(github).filter((call) => call.includes('/pulls/'))).not.toEqual([])
  expect(written(github)).toEqual([])
  github.forgetRequests()
  await app.sweep()
  expect(calls(github).filter((call) => call.includes('/pulls/'))).toEqual([])

  await app.hears(repository.pushToBase({ 'shop/netpol.yaml': ALLOW_WEB }))
  await app.sweep()
  expect(pull.checks).toMatchObject([{ status: 'completed', conclusion: 'failure' }])
  expect(pull.check.output.summary).toContain(`at \`${repository.tip().slice(0, 12)}\``)
  expect(pull.reviews).toHaveLength(1)
})

scenario('one installation that is suspended keeps no other from being swept', async ({ github, app }) => {
  const asleep = await github.repository({ owner: 'asleep', files: SHOP })
  const awake = await github.repository({ owner: 'awake', files: SHOP })
  const silence = github.loses({ times: 100 })
  const [left, seen] = [
    await asleep.pullRequest({ changes: { 'shop/netpol.yaml': ALLOW_WEB } }),
    await awake.pullRequest({ changes: { 'shop/netpol.yaml': ALLOW_WEB } }),
  ]
  await left.opened()
  await seen.opened()
  github.suspend({ owner: 'asleep' })
  silence.stop()
  await app.sweep()
  expect(seen.check.status).toBe('completed')
  expect(left.checks).toEqual([])
})

scenario(
  'a command whose receipt GitHub does not take is carried out when it is heard, and by no sweep',
  async ({ github, app }) => {
    const repository = await github.repository({ files: SHOP })
    const pull = await repository.pullRequest({ changes: { 'shop/netpol.yaml': ALLOW_WEB } })
    await app.hears(pull.opened())
    await app.hears(pull.comment('/ambient-fix'))
    expect(pull.check.conclusion).toBe('success')
    await app.hears(pull.pushes({ 'shop/netpol.yaml': ALLOW_WEB }))
    const taken = pull.head
    await app.sweep()
    expect(pull.head).toBe(taken)
    expect(pull.check.conclusion).toBe('failure')
  },
  {
    app: {
      permissions: {
        metadata: 'read',
        contents: 'write',
        pull_requests: 'write',
        checks: 'write',
        merge_queues: 'read',
      },
    },
  },
)
