// Pull requests from forks get the check and the comments; a commit is tried once where it may work.
import { expect } from 'vitest'
import { ALLOW_WEB, SHOP } from './manifests.ts'
import { scenario } from './scenario.ts'

scenario('a fork that takes our commit', async ({ github, app }) => {
  const repository = await github.repository({ files: SHOP })
  const pull = await repository.pullRequest({
    changes: { 'shop/netpol.yaml': ALLOW_WEB },
    author: 'dana',
    fork: { owner: 'dana', acceptsAppCommits: true },
  })
  await app.hears(pull.opened())
  expect(pull.check).toMatchObject({ conclusion: 'failure', externalId: String(pull.number) })
  expect(pull.review.comments).toHaveLength(1)
  await app.hears(pull.comment('/ambient-fix'))
  expect(pull.check.conclusion).toBe('success')
})

scenario('a fork that does not', async ({ github, app }) => {
  const repository = await github.repository({ files: SHOP })
  const pull = await repository.pullRequest({
    changes: { 'shop/netpol.yaml': ALLOW_WEB },
    author: 'dana',
    fork: { owner: 'dana' },
  })
  await app.hears(pull.opened())
  const { commentId } = await app.hears(pull.comment('/ambient-fix'))
  expect(github.count({ operation: 'createCommitOnBranch' })).toBe(1)
  expect(pull.reactions(commentId).map(({ content }) => content)).toEqual(['eyes', 'confused'])
  expect(pull.conversation.at(-1)?.body).toMatchInlineSnapshot(`
    "GitHub refused to commit to change-1: Resource not accessible by integration.

    The fix as a patch: save it as \`ambient.patch\` and run \`git apply ambient.patch\` in the branch.

    <details><summary>Patch</summary>

    \`\`\`diff
    --- a/shop/netpol.yaml
    +++ b/shop/netpol.yaml
    @@ -11,3 +11,5 @@
         - ports:
             - port: 9090
               protocol: TCP
    +        - port: 15008
    +          protocol: TCP
    \`\`\`

    </details>"
  `)
})

scenario('a fork of an organization, and one that forbids edits', async ({ github, app }) => {
  const repository = await github.repository({ files: SHOP })
  const forks = [
    { owner: 'corp', ownerType: 'Organization' },
    { owner: 'dana', maintainerCanModify: false },
  ] as const
  for (const fork of forks) {
    const pull = await repository.pullRequest({
      changes: { 'shop/netpol.yaml': ALLOW_WEB },
      author: 'dana',
      fork,
    })
    await app.hears(pull.opened())
    await app.hears(pull.comment('/ambient-fix'))
    expect(pull.conversation.at(-1)?.body).toContain('git apply ambient.patch')
  }
  expect(github.count({ operation: 'createCommitOnBranch' })).toBe(0)
})

scenario('the recheck button on a fork', async ({ github, app }) => {
  const repository = await github.repository({ files: SHOP })
  const pull = await repository.pullRequest({
    changes: { 'shop/netpol.yaml': ALLOW_WEB },
    author: 'dana',
    fork: { owner: 'dana', acceptsAppCommits: true },
  })
  await app.hears(pull.opened())
  await app.hears(pull.check.rerequest())
  expect(pull.check.history.map(({ status }) => status)).toEqual([
    'in_progress',
    'completed',
    'in_progress',
    'completed',
  ])
  await app.hears(pull.check.requestAction('ambient-fix'))
  expect(pull.check.conclusion).toBe('success')
})
