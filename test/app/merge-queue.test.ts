// Two pull requests that are each well, and together are not: only the queue sees it.
import { expect } from 'vitest'
import { ALLOW_WEB, APP, ENROLLED, NAMESPACE } from './manifests.ts'
import { scenario } from './scenario.ts'

scenario('a policy and an enrolment meet in the queue', async ({ github, app }) => {
  const repository = await github.repository({
    files: { 'shop/namespace.yaml': NAMESPACE, 'shop/app.yaml': APP },
  })
  const policy = await repository.pullRequest({ changes: { 'shop/netpol.yaml': ALLOW_WEB } })
  const label = await repository.pullRequest({ changes: { 'shop/namespace.yaml': ENROLLED } })
  await app.hears(policy.opened())
  await app.hears(label.opened())
  expect([policy.check.conclusion, label.check.conclusion]).toEqual(['success', 'success'])

  const alone = await repository.mergeGroup([policy])
  await app.hears(alone.requested())
  expect(alone.check).toMatchObject({
    headSha: alone.head,
    status: 'completed',
    conclusion: 'success',
    actions: [],
  })

  const together = await repository.mergeGroup([policy, label])
  await app.hears(together.requested())
  expect(together.check).toMatchObject({
    headSha: together.head,
    conclusion: 'failure',
    output: { title: '1 error introduced' },
  })
  expect([policy.reviews, label.reviews]).toEqual([[], []])
})
