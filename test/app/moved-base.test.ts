// What is judged is the merge; what people see, comment on and commit to is the head. Their lines may differ.
import { expect } from 'vitest'
import { ALLOW_WEB, DENY_INGRESS, SHOP } from './manifests.ts'
import { scenario } from './scenario.ts'

const OTHER = ALLOW_WEB.replace('my-app-allow-ingress-web', 'other').replace('protocol: TCP', 'protocol: UDP')

scenario('the base has grown in the same file', async ({ github, app }) => {
  const repository = await github.repository({ files: { ...SHOP, 'shop/netpol.yaml': OTHER } })
  const pull = await repository.pullRequest({ changes: { 'shop/netpol.yaml': `${OTHER}---\n${ALLOW_WEB}` } })
  await repository.pushToBase({ 'shop/netpol.yaml': `# Kept by\n# the shop team.\n${OTHER}` })
  await app.hears(pull.opened())
  expect(pull.check.conclusion).toBe('failure')
  expect(pull.check.output.summary).toContain(`at \`${repository.tip().slice(0, 12)}\``)
  const lines = `${OTHER}---\n${ALLOW_WEB}`.split('\n').length - 1
  expect(pull.review.comments).toMatchObject([{ path: 'shop/netpol.yaml', line: lines }])
  expect(pull.review.comments[0]?.body).toContain(
    '```suggestion\n          protocol: TCP\n        - port: 15008\n',
  )

  await app.hears(pull.comment('/ambient-fix'))
  expect(pull.file('shop/netpol.yaml')).toBe(
    `${OTHER}---\n${ALLOW_WEB}        - port: 15008\n          protocol: TCP\n`,
  )
  expect(pull.check.conclusion).toBe('success')
})

scenario('the file to mend is not on the branch yet', async ({ github, app }) => {
  const repository = await github.repository({
    files: { 'shop/app.yaml': SHOP['shop/app.yaml'], 'README.md': 'x\n' },
  })
  const pull = await repository.pullRequest({
    changes: { 'shop/namespace.yaml': SHOP['shop/namespace.yaml'] },
  })
  await repository.pushToBase({ 'shop/netpol.yaml': ALLOW_WEB })
  await app.hears(pull.opened())
  expect(pull.review.comments).toMatchObject([{ path: 'shop/namespace.yaml' }])
  await app.hears(pull.comment('/ambient-fix'))
  expect(pull.conversation.at(-1)?.body).toBe(
    'The fix changes `shop/netpol.yaml`, which this branch has in another form than `main`. Update the branch from `main`, then ask again.',
  )
  await app.hears(pull.updatesFromBase())
  await app.hears(pull.comment('/ambient-fix'))
  expect(pull.check.conclusion).toBe('success')
})

scenario('two fixes that meet on one line are one suggestion', async ({ github, app }) => {
  const repository = await github.repository({ files: SHOP })
  const both = ALLOW_WEB.replace('- ports:', '- from: [{podSelector: {}}]\n      ports:')
  const pull = await repository.pullRequest({ changes: { 'shop/netpol.yaml': both } })
  await app.hears(pull.opened())
  expect(pull.check.output.title).toBe('2 errors introduced')
  expect(pull.review.comments).toHaveLength(1)
  const body = pull.review.comments[0]?.body ?? ''
  expect(body.match(/<!-- ambient-guard f-/g)).toHaveLength(2)
  const suggestion = /```suggestion\n([\s\S]*?)```/.exec(body)?.[1] ?? ''
  const applied = both.replace(/ {10}protocol: TCP\n$/, suggestion)
  await app.hears(pull.pushes({ 'shop/netpol.yaml': applied }))
  expect(pull.check.conclusion).toBe('success')
})

scenario('more findings than comments', async ({ github, app }) => {
  const names = Array.from({ length: 25 }, (_, index) => `shop${String(index)}`)
  const files = names.flatMap((name) => [
    [`${name}/namespace.yaml`, SHOP['shop/namespace.yaml'].replace('shop', name)],
    [`${name}/app.yaml`, SHOP['shop/app.yaml'].replace('namespace: shop', `namespace: ${name}`)],
  ])
  const repository = await github.repository({ files: Object.fromEntries(files) as Record<string, string> })
  const changes = names.map((name) => [
    `${name}/deny.yaml`,
    DENY_INGRESS.replace('namespace: shop', `namespace: ${name}`),
  ])
  const pull = await repository.pullRequest({
    changes: Object.fromEntries(changes) as Record<string, string>,
  })
  await app.hears(pull.opened())
  expect(pull.check.output.title).toBe('25 errors, 25 warnings introduced')
  expect(pull.review.comments).toHaveLength(20)
  expect(pull.check.output.summary).toContain('30 findings below could not be said on a line of this diff.')
  expect(pull.check.output.annotations).toHaveLength(50)
  await app.hears(pull.check.rerequest())
  expect(pull.reviews).toHaveLength(1)
  expect(pull.check.output.annotations).toHaveLength(50)
})

scenario('branches with names that have to be quoted', async ({ github, app }) => {
  const base = 'feat/ü#1%20&x+y\u00a0z@'
  const repository = await github.repository({ files: SHOP })
  await repository.createBranch(base)
  const pull = await repository.pullRequest({
    base,
    branch: 'a<b>"c`d',
    changes: { 'shop/netpol.yaml': ALLOW_WEB },
  })
  await app.hears(pull.opened())
  await app.hears(pull.comment('/ambient-fix'))
  expect(pull.check).toMatchObject({ conclusion: 'success', headSha: pull.head })
})
