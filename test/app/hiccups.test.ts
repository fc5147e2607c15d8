// GitHub tells of commits before it shows them, ends tokens early and does not always answer. None of it leaves a
// check open, turns it red, or makes it green by mistake.
import { expect } from 'vitest'
import { ALLOW_WEB, OPEN_WEB, SHOP } from './manifests.ts'
import { scenario } from './scenario.ts'
import type { Fault } from '../harness/index.ts'

const NOT_FOUND = { status: 404, body: { message: 'Not Found' } }
const REVIEWS = { method: 'POST', path: '/repos/acme/platform/pulls/*/reviews' }
const PASSING: Readonly<Record<string, Fault>> = {
  'the pull request is not there yet': { method: 'GET', path: '/repos/acme/platform/pulls/*', ...NOT_FOUND },
  'the commit is not there yet': {
    method: 'POST',
    path: '/repos/acme/platform/check-runs',
    status: 422,
    body: { message: 'No commit found for SHA' },
    times: 2,
  },
  'too much was asked': {
    method: 'POST',
    path: '/repos/acme/platform/check-runs',
    status: 403,
    body: { message: 'You have exceeded a secondary rate limit.' },
    headers: { 'retry-after': '60' },
  },
  'the comparison fails': { path: '/repos/acme/platform/compare/*', status: 500 },
  'git fails': { path: /\.git\/info\/refs$/, status: 503 },
  'the check is completed without an answer': {
    method: 'PATCH',
    path: '/repos/acme/platform/check-runs/*',
    status: 502,
    afterWrite: true,
  },
  'the check run is made without an answer': {
    method: 'POST',
    path: '/repos/acme/platform/check-runs',
    hangUp: true,
    afterWrite: true,
  },
  'the connection breaks before the review is taken': { ...REVIEWS, hangUp: true },
  'the review is taken without an answer': { ...REVIEWS, status: 502, afterWrite: true },
  'too much was said': {
    ...REVIEWS,
    status: 403,
    body: { message: 'You have exceeded a secondary rate limit.' },
    headers: { 'retry-after': '60' },
  },
}

for (const [name, fault] of Object.entries(PASSING)) {
  scenario(`once, ${name}`, async ({ github, app }) => {
    const repository = await github.repository({ files: SHOP })
    const pull = await repository.pullRequest({ changes: { 'shop/netpol.yaml': ALLOW_WEB } })
    const faults = github.fail(fault)
    await app.hears(pull.opened())
    expect(faults.hits).toBe(fault.times ?? 1)
    expect(pull.checks).toMatchObject([{ status: 'completed', output: { title: '1 error introduced' } }])
    expect(pull.check.output.annotations).toHaveLength(1)
    expect(pull.reviews).toHaveLength(1)
    expect(pull.reviewComments).toHaveLength(1)
  })
}

for (const [name, fault] of Object.entries({
  'is made without an answer': { hangUp: true, afterWrite: true },
  'is not made': { status: 502 },
  'may not be made yet': { status: 403, headers: { 'retry-after': '60' } },
}))
  scenario(`a run that is completed from the beginning ${name}, once`, async ({ github, app }) => {
    const repository = await github.repository({ files: SHOP })
    const pull = await repository.pullRequest({ changes: { 'shop/netpol.yaml': OPEN_WEB } })
    const faults = github.fail({
      ...{ method: 'POST', path: '/repos/acme/platform/check-runs' },
      ...{ ...fault, body: { message: 'You have exceeded a secondary rate limit.' } },
    })
    await app.hears(pull.opened())
    expect(faults.hits).toBe(1)
    expect(pull.checks).toMatchObject([{ status: 'completed', conclusion: 'success' }])
  })

scenario('a fix, and "Re-run all", while GitHub does not answer once', async ({ github, app }) => {
  const repository = await github.repository({ files: SHOP })
  const pull = await repository.pullRequest({ changes: { 'shop/netpol.yaml': ALLOW_WEB } })
  await app.hears(pull.opened())
  github.fail({ path: '/repos/acme/platform/compare/*', status: 502 })
  await app.hears(pull.comment('/ambient-fix'))
  expect(pull.check.conclusion).toBe('success')
  github.fail({ path: '/repos/acme/platform/commits/*/check-runs', hangUp: true })
  await app.hears(pull.check.rerequestSuite())
  expect(pull.check.history).toHaveLength(4)
})

scenario('a head that cannot be compared yet is not merged without its history', async ({ github, app }) => {
  const opens = OPEN_WEB.replace('my-app-allow-ingress-web', 'opens')
  const files = { ...SHOP, 'shop/netpol.yaml': ALLOW_WEB, 'shop/opens.yaml': opens }
  const repository = await github.repository({ files })
  const pull = await repository.pullRequest({ changes: { 'shop/opens.yaml': null } })
  github.fail({ path: '/repos/acme/platform/compare/*', ...NOT_FOUND })
  await app.hears(pull.opened())
  expect(pull.check).toMatchObject({ conclusion: 'failure', output: { title: '1 error introduced' } })
})

scenario('a token that ends while a pull request is looked at', async ({ github, app }) => {
  const repository = await github.repository({ files: SHOP })
  const pull = await repository.pullRequest({ changes: { 'shop/netpol.yaml': OPEN_WEB } })
  github.before({ path: '/repos/acme/platform/compare/*' }, () => {
    github.expireTokens()
  })
  await app.hears(pull.opened())
  expect(pull.check).toMatchObject({ status: 'completed', conclusion: 'success' })
})
