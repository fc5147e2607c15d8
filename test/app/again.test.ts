// Running twice changes nothing, and buttons do what commands do.
import { expect } from 'vitest'
import { ALLOW_WEB, APP, ENROLLED, SHOP } from './manifests.ts'
import { scenario } from './scenario.ts'

scenario('a webhook that comes twice, and a check that is run again', async ({ github, app }) => {
  const repository = await github.repository({ files: SHOP })
  const pull = await repository.pullRequest({ changes: { 'shop/netpol.yaml': ALLOW_WEB } })
  const delivery = await app.hears(pull.opened())
  const { summary } = pull.check.output
  const repeats = [
    () => github.redeliver(delivery),
    () => pull.check.rerequest(),
    () => pull.check.rerequestSuite(),
    () => pull.check.requestAction('ambient-recheck'),
    () => pull.comment('/ambient-recheck'),
    () => pull.reopened(),
  ]
  for (const repeat of repeats) {
    await app.hears<unknown>(repeat())
    expect(pull.check).toMatchObject({ status: 'completed', conclusion: 'failure', output: { summary } })
    expect(pull.checks).toHaveLength(1)
    expect(pull.check.output.annotations).toHaveLength(1)
    expect(pull.reviewComments).toHaveLength(1)
  }
  // Who asks sees it run; a webhook that comes again writes nothing.
  expect(pull.check.history).toHaveLength(2 * (1 + 4))
})

scenario('a push that does not touch what was said', async ({ github, app }) => {
  const repository = await github.repository({ files: SHOP })
  const pull = await repository.pullRequest({ changes: { 'shop/netpol.yaml': ALLOW_WEB } })
  await app.hears(pull.opened())
  await app.hears(pull.pushes({ 'shop/app.yaml': APP.replace('image: app', 'image: app:2') }))
  expect(pull.check.conclusion).toBe('failure')
  expect(pull.reviews).toHaveLength(1)

  // The comment is outdated once its line is gone, and the finding is said where it is now.
  await app.hears(
    pull.pushes({
      'shop/netpol.yaml': ALLOW_WEB.replace('port: 9090\n          protocol: TCP', 'port: http'),
    }),
  )
  expect(pull.check.conclusion).toBe('failure')
  expect(pull.reviewComments.map(({ outdated }) => outdated)).toEqual([true, false])
})

scenario('a review that a crash left pending', async ({ github, app }) => {
  const repository = await github.repository({ files: SHOP })
  const pull = await repository.pullRequest({ changes: { 'shop/netpol.yaml': ALLOW_WEB } })
  const answer = await fetch(
    `${github.apiUrl}/repos/${repository.fullName}/pulls/${String(pull.number)}/reviews`,
    {
      method: 'POST',
      headers: { authorization: `Bearer ${github.token()}`, 'content-type': 'application/json' },
      body: JSON.stringify({ body: 'half' }),
    },
  )
  expect(answer.status).toBe(200)
  await app.hears(pull.opened())
  expect(pull.pendingReviews).toEqual([])
  expect(pull.reviews).toHaveLength(1)
})

scenario('somebody copies our marker', async ({ github, app }) => {
  const repository = await github.repository({ files: SHOP })
  const pull = await repository.pullRequest({ changes: { 'shop/netpol.yaml': ALLOW_WEB } })
  await app.hears(pull.opened())
  const [comment] = pull.reviewComments
  await pull.replies(comment?.id ?? 0, comment?.body ?? '', { by: 'stranger' })
  await app.hears(
    pull.pushes({
      'shop/netpol.yaml': ALLOW_WEB.replace('port: 9090\n          protocol: TCP', 'port: http'),
    }),
  )
  expect(
    pull.reviewComments.filter(({ author, outdated }) => author === github.botLogin && !outdated),
  ).toHaveLength(1)
})

scenario('a file that holds our marker, on a line that we suggest', async ({ github, app }) => {
  const repository = await github.repository({ files: SHOP })
  const pull = await repository.pullRequest({
    changes: {
      'cart/namespace.yaml': ENROLLED.replace('shop', 'cart'),
      'cart/app.yaml': APP.replace('namespace: shop', 'namespace: cart'),
      'cart/netpol.yaml': ALLOW_WEB.replace('namespace: shop', 'namespace: cart').replace(
        'protocol: TCP',
        'protocol: TCP # <!-- ambient-guard f-abdcf63488 -->',
      ),
    },
  })
  await app.hears(pull.opened())
  expect(pull.reviewComments[0]?.body).toContain('f-abdcf63488')
  await app.hears(pull.pushes({ 'shop/netpol.yaml': ALLOW_WEB }))
  expect(pull.reviewComments.map(({ path }) => path)).toEqual(['cart/netpol.yaml', 'shop/netpol.yaml'])
})

scenario('the Fix button', async ({ github, app }) => {
  const repository = await github.repository({ files: SHOP })
  const pull = await repository.pullRequest({ changes: { 'shop/netpol.yaml': ALLOW_WEB } })
  await app.hears(pull.opened())
  const before = pull.check
  await app.hears(before.requestAction('ambient-fix', { by: 'stranger' }))
  expect(pull.check.conclusion).toBe('failure')
  await app.hears(before.requestAction('ambient-fix'))
  expect(pull.lastCommit.message).toContain('Co-authored-by: maintainer <')
  expect(pull.check.conclusion).toBe('success')
  expect(pull.conversation).toEqual([])

  // Pressed twice: what was asked for stands there.
  await app.hears(before.requestAction('ambient-fix'))
  expect(pull.conversation).toEqual([])

  // The button of an old check is about an old head.
  await app.hears(pull.pushes({ 'README.md': 'more\n' }))
  await app.hears(before.requestAction('ambient-fix'))
  expect(pull.conversation).toHaveLength(1)
  expect(pull.conversation[0]?.body).toContain('then ask again')
})
