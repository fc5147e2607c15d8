// What was said on the diff and no longer holds: put away where nobody answered, and never anybody else's.
import { expect } from 'vitest'
import { ALLOW_WEB, APP, ENROLLED, SHOP } from './manifests.ts'
import { calls, scenario } from './scenario.ts'

const NETPOL = { 'shop/netpol.yaml': ALLOW_WEB } as const
const OPEN = { 'shop/netpol.yaml': `${ALLOW_WEB}        - port: 15008\n          protocol: TCP\n` } as const
/** The same again, on another line. */
const MOVED = {
  'shop/netpol.yaml': ALLOW_WEB.replace('port: 9090\n          protocol: TCP', 'port: http'),
} as const

scenario('a thread is resolved once its finding is gone, and opened when it is back', async (story) => {
  const { github, app } = story
  const repository = await github.repository({ files: SHOP })
  const pull = await repository.pullRequest({ changes: NETPOL })
  await app.hears(pull.opened())
  expect(pull.reviewComments).toMatchObject([{ resolved: false, minimized: null }])

  // The line that is commented on stays in the diff.
  await app.hears(pull.pushes({ 'shop/namespace.yaml': ENROLLED.replace('ambient', 'none') }))
  expect(pull.check.conclusion).toBe('success')
  expect(pull.reviewComments).toMatchObject([{ resolved: true, outdated: false }])

  await app.hears(pull.pushes({ 'shop/namespace.yaml': ENROLLED }))
  expect(pull.check.conclusion).toBe('failure')
  expect(pull.reviewComments).toMatchObject([{ resolved: false, outdated: false }])
})

scenario('a thread whose line is gone makes place for the one that says it now', async ({ github, app }) => {
  const repository = await github.repository({ files: SHOP })
  const pull = await repository.pullRequest({ changes: NETPOL })
  await app.hears(pull.opened())
  await app.hears(pull.pushes(MOVED))
  expect(pull.reviewComments).toMatchObject([
    { outdated: true, resolved: true },
    { outdated: false, resolved: false },
  ])
})

scenario('what a person answered is theirs', async ({ github, app }) => {
  const repository = await github.repository({ files: SHOP })
  const pull = await repository.pullRequest({ changes: NETPOL })
  await app.hears(pull.opened())
  await pull.replies(pull.reviewComments[0]?.id ?? 0, 'We will do this next week.')
  await app.hears(pull.pushes(OPEN))
  expect(pull.check.conclusion).toBe('success')
  expect(pull.reviewComments).toMatchObject([
    { resolved: false, minimized: null },
    { resolved: false, minimized: null },
  ])
})

scenario('what a person resolved stays resolved, and is not said again', async ({ github, app }) => {
  const repository = await github.repository({ files: SHOP })
  const pull = await repository.pullRequest({ changes: NETPOL })
  await app.hears(pull.opened())
  pull.resolvesThread(pull.reviewComments[0]?.id ?? 0)
  await app.hears(pull.pushes({ 'shop/app.yaml': APP.replace('image: app', 'image: app:2') }))
  expect(pull.check.conclusion).toBe('failure')
  expect(pull.reviewComments).toMatchObject([{ resolved: true }])
})

scenario("nobody else's thread is touched, whatever it says", async ({ github, app }) => {
  const repository = await github.repository({ files: SHOP })
  const pull = await repository.pullRequest({ changes: NETPOL })
  await app.hears(pull.opened())
  const [ours] = pull.reviewComments
  const copied = ours?.body.replaceAll(/f-[0-9a-f]{10}/g, 'f-0000000000') ?? ''
  await pull.commentsOn('shop/netpol.yaml', 3, copied, { by: 'stranger' })
  await app.hears(pull.pushes(OPEN))
  expect(pull.reviewComments.map(({ author, resolved }) => [author, resolved])).toEqual([
    [github.botLogin, true],
    ['stranger', false],
  ])
})

scenario(
  'an app that may not resolve hides what no longer holds',
  async ({ github, app }) => {
    const repository = await github.repository({ files: SHOP })
    const pull = await repository.pullRequest({ changes: NETPOL })
    await app.hears(pull.opened())
    await app.hears(pull.pushes(OPEN))
    expect(pull.check.conclusion).toBe('success')
    expect(pull.reviewComments).toMatchObject([{ resolved: false, minimized: 'OUTDATED' }])

    github.forgetRequests()
    await app.hears(pull.pushes({ 'README.md': 'Words.\n' }))
    expect(github.writes.map(({ path }) => path.replace(/\d+/g, 'N'))).toEqual([
      '/repos/acme/platform/check-runs',
      '/repos/acme/platform/check-runs/N',
    ])
  },
  {
    app: {
      permissions: {
        metadata: 'read',
        contents: 'read',
        pull_requests: 'write',
        checks: 'write',
        issues: 'write',
        merge_queues: 'read',
      },
    },
  },
)

scenario('what cannot be read may hide a finding, whose thread stays open', async ({ github, app }) => {
  const repository = await github.repository({ files: SHOP })
  const pull = await repository.pullRequest({ changes: NETPOL })
  await app.hears(pull.opened())
  await app.hears(pull.pushes({ 'shop/app.yaml': APP.replace('name: my-app', 'name: [') }))
  expect(pull.check.conclusion).toBe('failure')
  expect(pull.reviewComments).toMatchObject([{ resolved: false, minimized: null }])
})

scenario('GitHub does not take one line, and takes the others', async ({ github, app }) => {
  const namespaces = ['a', 'b', 'c', 'd', 'e']
  const files = Object.fromEntries(
    namespaces.flatMap((name) => [
      [`${name}/namespace.yaml`, ENROLLED.replace('shop', name)],
      [`${name}/app.yaml`, APP.replace('namespace: shop', `namespace: ${name}`)],
    ]),
  )
  const changes = Object.fromEntries(
    namespaces.map((name) => [
      `${name}/netpol.yaml`,
      ALLOW_WEB.replace('namespace: shop', `namespace: ${name}`),
    ]),
  )
  const repository = await github.repository({ files })
  const pull = await repository.pullRequest({ changes })
  const isBad = (body: unknown): boolean =>
    (body as { comments: { path: string }[] }).comments.some(({ path }) => path === 'd/netpol.yaml')
  github.fail({
    method: 'POST',
    path: `/repos/acme/platform/pulls/*/reviews`,
    where: isBad,
    status: 422,
    times: 99,
  })
  await app.hears(pull.opened())
  expect(pull.reviews).toHaveLength(1)
  expect(pull.pendingReviews).toEqual([])
  expect(pull.review.comments.map(({ path }) => path)).toEqual([
    'a/netpol.yaml',
    'b/netpol.yaml',
    'c/netpol.yaml',
    'e/netpol.yaml',
  ])
  expect(pull.review.body).toMatch(
    /^This change brings 5 errors.*\n\n#### Findings\n\n- \*\*error\*\*: .*`Deployment\/d\/my-app`/s,
  )

  // It was said, if not on its line: nothing is tried again.
  github.forgetRequests()
  await app.hears(pull.reopened())
  expect(github.writes).toEqual([])
  expect(calls(github).length).toBeLessThan(8)
})
