// Where on a pull request something can be said: renamed files, files without a patch, more files than GitHub lists,
// another base, and another pull request with the same head.
import { expect } from 'vitest'
import { ALLOW_WEB, ENROLLED, NAMESPACE, OPEN_WEB, SHOP } from './manifests.ts'
import { until } from './process.ts'
import { scenario } from './scenario.ts'

scenario('a policy that loses a port on its way to another name', async ({ github, app }) => {
  const repository = await github.repository({ files: { ...SHOP, 'shop/old.yaml': OPEN_WEB } })
  const pull = await repository.pullRequest({
    changes: { 'shop/old.yaml': null, 'shop/netpol.yaml': ALLOW_WEB },
  })
  await app.hears(pull.opened())
  expect(pull.check.conclusion).toBe('failure')
  expect(pull.reviewComments).toMatchObject([{ path: 'shop/netpol.yaml', outdated: false }])
})

scenario(
  'a file that only moves has no line to comment on, and what brought it about has',
  async ({ github, app }) => {
    const repository = await github.repository({
      files: { ...SHOP, 'shop/namespace.yaml': NAMESPACE, 'shop/old.yaml': ALLOW_WEB },
    })
    const pull = await repository.pullRequest({
      changes: { 'shop/namespace.yaml': ENROLLED, 'shop/old.yaml': null, 'shop/netpol.yaml': ALLOW_WEB },
    })
    await app.hears(pull.opened())
    expect(pull.check.conclusion).toBe('failure')
    expect(pull.reviewComments).toMatchObject([{ path: 'shop/namespace.yaml', line: 6 }])
    expect(pull.reviewComments[0]?.body).toContain('```diff\n--- a/shop/netpol.yaml')
  },
)

scenario('a finding in a file that GitHub does not list is in the check alone', async ({ github, app }) => {
  const many = Object.fromEntries(
    Array.from({ length: 3001 }, (_, index) => [`a/${String(index).padStart(4, '0')}.txt`, 'x\n']),
  )
  const repository = await github.repository({ files: SHOP })
  const pull = await repository.pullRequest({ changes: { ...many, 'shop/netpol.yaml': ALLOW_WEB } })
  await app.hears(pull.opened())
  expect(pull.check).toMatchObject({ conclusion: 'failure', output: { title: '1 error introduced' } })
  expect(pull.check.output.summary).toContain('1 finding below could not be said on a line of this diff.')
  expect(pull.check.output.annotations).toMatchObject([{ path: 'shop/netpol.yaml' }])
  expect(pull.reviews).toEqual([])
})

scenario('another base is another question', async ({ github, app }) => {
  const repository = await github.repository({ files: SHOP })
  await repository.createBranch('release')
  const pull = await repository.pullRequest({ base: 'release', changes: { 'shop/netpol.yaml': ALLOW_WEB } })
  await repository.pushToBase({ 'shop/namespace.yaml': NAMESPACE }, { branch: 'release' })
  await app.hears(pull.opened())
  expect(pull.check.conclusion).toBe('success')
  await app.hears(pull.retargeted('main'))
  expect(pull.checks).toHaveLength(1)
  expect(pull.check.conclusion).toBe('failure')
  expect(pull.reviewComments).toHaveLength(1)
})

scenario(
  'one check gates two pull requests with one head, so it passes for neither while one does not',
  async ({ github, app }) => {
    const repository = await github.repository({ files: SHOP })
    await repository.createBranch('release')
    const changes = { 'shop/netpol.yaml': ALLOW_WEB }
    const bad = await repository.pullRequest({ changes })
    const good = await repository.pullRequest({ changes, base: 'release' })
    expect(good.head).toBe(bad.head)
    await repository.pushToBase({ 'shop/namespace.yaml': NAMESPACE }, { branch: 'release' })
    await app.hears(bad.opened())
    expect(bad.check.conclusion).toBe('failure')
    await app.hears(good.opened())
    expect(good.check).toMatchObject({
      externalId: String(good.number),
      conclusion: 'failure',
      output: { title: `#${String(bad.number)} with this head does not pass. Nothing new is cut off` },
    })
    expect(good.check.output.summary).toMatch(/^#1 has this head, too, and does not pass\./)

    // Together, on a push to both.
    await app.hears(bad.closed())
    await app.hears(good.check.rerequest())
    expect(good.check).toMatchObject({ conclusion: 'success', output: { title: 'Nothing new is cut off' } })
  },
  { now: () => new Date('2026-01-01T00:00:00Z') },
)

scenario(
  'two pull requests with one head that are looked at together pass for neither while one does not',
  async ({ github, app }) => {
    const repository = await github.repository({ files: SHOP })
    await repository.createBranch('release')
    const changes = { 'shop/netpol.yaml': ALLOW_WEB }
    const bad = await repository.pullRequest({ changes })
    const good = await repository.pullRequest({ changes, base: 'release' })
    await repository.pushToBase({ 'shop/namespace.yaml': NAMESPACE }, { branch: 'release' })
    // The look at the good one has begun, and hears late where its head meets the base: by then the bad one has ended.
    const held = github.before({ path: /\/compare\/release/ }, async () => {
      await bad.opened()
      await until(() => bad.checks.some(({ conclusion }) => conclusion === 'failure'))
    })
    await app.hears(good.opened())
    expect(held.hits).toBe(1)
    expect(good.checks.map(({ conclusion }) => conclusion)).toEqual(['failure', 'failure'])
  },
  { now: () => new Date('2026-01-01T00:00:00Z') },
)
