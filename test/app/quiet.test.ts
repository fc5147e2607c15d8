// Having nothing to say: a check, and nothing else.
import { expect } from 'vitest'
import { ALLOW_WEB, APP, OPEN_WEB, SHOP } from './manifests.ts'
import { calls, said, scenario } from './scenario.ts'

scenario('a clean pull request', async ({ github, app }) => {
  const repository = await github.repository({ files: SHOP })
  const pull = await repository.pullRequest({ changes: { 'shop/netpol.yaml': OPEN_WEB } })
  await app.hears(pull.opened())
  expect(pull.check).toMatchObject({
    status: 'completed',
    conclusion: 'success',
    externalId: String(pull.number),
    output: { title: 'Nothing new is cut off', annotations: [] },
    actions: [{ identifier: 'ambient-recheck' }],
  })
  expect(said(github, pull.check.output.summary)).toMatchInlineSnapshot(
    `"\`main\` at \`<sha>\`, compared with \`<sha>\` merged into it: 1 workload (1 enrolled) in 1 namespace, 1 policy."`,
  )
  expect(pull.check.history.map(({ status }) => status)).toEqual(['completed'])
  expect(github.writes.map(({ method, path }) => `${method} ${path}`)).toEqual([
    'POST /repos/acme/platform/check-runs',
  ])
  expect(calls(github)).toHaveLength(6)
  expect([pull.reviews, pull.conversation, pull.reviewComments]).toEqual([[], [], []])

  // The tokens are still good.
  github.forgetRequests()
  await app.hears(pull.pushes({ 'README.md': 'Words.\n' }))
  expect(pull.check.conclusion).toBe('success')
  expect(calls(github)).toHaveLength(4)
})

scenario(
  'a look that takes its time is under way for everybody to see',
  async ({ github, app }) => {
    const repository = await github.repository({ files: SHOP })
    const pull = await repository.pullRequest({ changes: { 'shop/netpol.yaml': OPEN_WEB } })
    await app.hears(pull.opened())
    expect(pull.check.history.map(({ status }) => status)).toEqual(['in_progress', 'completed'])
    expect(pull.check).toMatchObject({ conclusion: 'success', output: { title: 'Nothing new is cut off' } })
    expect(pull.checks).toHaveLength(1)
  },
  { shownAfter: 0 },
)

scenario('a pull request about something else', async ({ github, app }) => {
  const repository = await github.repository({ files: SHOP })
  const pull = await repository.pullRequest({ changes: { 'README.md': 'Hello.\n' } })
  await app.hears(pull.opened())
  expect(pull.check).toMatchObject({
    conclusion: 'success',
    output: { title: 'Nothing here bears on who reaches whom' },
  })
  expect([pull.reviews, pull.conversation]).toEqual([[], []])
})

scenario('an old finding does not gate, and nobody hears of it twice', async ({ github, app }) => {
  const repository = await github.repository({ files: { ...SHOP, 'shop/netpol.yaml': ALLOW_WEB } })
  const pull = await repository.pullRequest({
    changes: { 'shop/app.yaml': APP.replace('image: app', 'image: app:2') },
  })
  await app.hears(pull.opened())
  expect(pull.check).toMatchObject({
    conclusion: 'success',
    output: { title: 'Nothing here bears on who reaches whom' },
  })
  expect(pull.reviews).toEqual([])

  await app.hears(
    pull.pushes({ 'shop/app.yaml': APP.replace('name: http', 'name: http\n              protocol: TCP') }),
  )
  expect(pull.check).toMatchObject({
    conclusion: 'success',
    output: { title: 'Nothing new is cut off (1 old finding)' },
  })
  expect(pull.check.output.summary).toContain('<details><summary>1 existing</summary>')
  expect(pull.check.actions.map(({ identifier }) => identifier)).toEqual(['ambient-recheck'])
  expect(pull.reviews).toEqual([])

  await app.hears(pull.pushes({ 'shop/netpol.yaml': OPEN_WEB }))
  expect(pull.check).toMatchObject({ conclusion: 'success', output: { title: '1 resolved, 1 note' } })
  expect(pull.check.output.summary).toContain(
    '- note `port-widening` in `shop`: peers that policies limit to some ports reach every port of `Deployment/shop/my-app` through 15008/TCP',
  )
  expect([pull.reviews, pull.check.output.annotations]).toEqual([[], []])
})

scenario('old findings that gate are named, whatever a change is about', async ({ github, app }) => {
  const repository = await github.repository({
    files: { ...SHOP, 'shop/netpol.yaml': ALLOW_WEB, '.github/ambient-guard.yml': 'failOn: any\n' },
  })
  const pull = await repository.pullRequest({ changes: { 'README.md': 'Hello.\n' } })
  await app.hears(pull.opened())
  expect(pull.check).toMatchObject({
    conclusion: 'failure',
    output: { title: 'Nothing new is cut off (1 old finding)' },
  })
})

scenario('a draft gets its check and no comments until it is ready', async ({ github, app }) => {
  const repository = await github.repository({ files: SHOP })
  const pull = await repository.pullRequest({ changes: { 'shop/netpol.yaml': ALLOW_WEB }, draft: true })
  await app.hears(pull.opened())
  expect(pull.check.conclusion).toBe('failure')
  expect(pull.reviews).toEqual([])
  await app.hears(pull.readyForReview())
  expect(pull.reviews).toHaveLength(1)
  expect(pull.checks).toHaveLength(1)
})
