// What cannot be judged is said, with its place and its remedy; a check is never left open.
import { expect } from 'vitest'
import { ALLOW_WEB, SHOP } from './manifests.ts'
import { calls, said, scenario } from './scenario.ts'

scenario('a pull request that does not merge', async ({ github, app }) => {
  const repository = await github.repository({ files: { ...SHOP, 'notes.txt': 'one\n' } })
  const pull = await repository.pullRequest({
    changes: { 'notes.txt': 'two\n', 'shop/netpol.yaml': ALLOW_WEB },
  })
  await repository.pushToBase({ 'notes.txt': 'three\n' })
  await app.hears(pull.opened())
  expect(pull.check.conclusion).toBe('failure')
  expect(pull.check.output.title).toBe(
    `Does not merge with main at ${repository.tip().slice(0, 12)}; not analysed`,
  )
  expect(said(github, pull.check.output.summary)).toMatchInlineSnapshot(`
    "This does not merge with \`main\` at \`<sha>\`, so what it will be is not known. Not analysed.

    <details><summary>Conflicts</summary>

    - \`notes.txt\`

    </details>"
  `)
  expect(pull.reviews).toEqual([])
})

scenario(
  'a base that moved into the way leaves no lines of what was judged before',
  async ({ github, app }) => {
    const repository = await github.repository({ files: { ...SHOP, 'notes.txt': 'one\n' } })
    const pull = await repository.pullRequest({
      changes: { 'notes.txt': 'two\n', 'shop/netpol.yaml': ALLOW_WEB },
    })
    await app.hears(pull.opened())
    expect(pull.check.output.annotations).toHaveLength(1)
    await repository.pushToBase({ 'notes.txt': 'three\n' })
    await app.hears(pull.comment('/ambient-recheck'))
    expect(pull.check).toMatchObject({ status: 'completed', conclusion: 'failure' })
    expect(pull.check.output.title).toContain('Does not merge')
    expect(pull.check.output.annotations).toEqual([])
  },
)

scenario('a broken file is named, and the rest is judged', async ({ github, app }) => {
  const repository = await github.repository({ files: SHOP })
  const pull = await repository.pullRequest({
    changes: {
      'shop/netpol.yaml': ALLOW_WEB,
      'shop/broken.yaml': 'apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: [\n',
    },
  })
  await app.hears(pull.opened())
  expect(pull.check).toMatchObject({
    conclusion: 'failure',
    output: { title: '1 error introduced, 1 not judged' },
  })
  expect(said(github, pull.check.output.summary)).toMatch(
    /#### Not judged\n\n- \[`shop\/broken.yaml:\d`\]\(\S+\): This document is not readable YAML/,
  )
  expect(pull.review.comments).toMatchObject([{ path: 'shop/netpol.yaml' }])
})

scenario('the configuration is that of the base', async ({ github, app }) => {
  const repository = await github.repository({ files: SHOP })
  const pull = await repository.pullRequest({
    changes: {
      'shop/netpol.yaml': ALLOW_WEB,
      '.github/ambient-guard.yml': 'failOn: never\nrules: {hbone-ingress: off}\n',
    },
  })
  await app.hears(pull.opened())
  expect(pull.check.conclusion).toBe('failure')

  await repository.pushToBase({ '.github/ambient-guard.yml': 'failOn: never\n' })
  const other = await repository.pullRequest({ changes: { 'shop/netpol.yaml': ALLOW_WEB } })
  await app.hears(other.opened())
  expect(other.check).toMatchObject({ conclusion: 'neutral', output: { title: '1 error introduced' } })
})

scenario('a waiver is shown with its reason', async ({ github, app }) => {
  const waiver =
    '{rule: hbone-ingress, workload: Deployment/shop/my-app, reason: "moved @next week", owner: team, expires: 2199-01-31}'
  const repository = await github.repository({
    files: { ...SHOP, '.github/ambient-guard.yml': `waivers: [${waiver}]\n` },
  })
  const pull = await repository.pullRequest({ changes: { 'shop/netpol.yaml': ALLOW_WEB } })
  await app.hears(pull.opened())
  expect(pull.check.conclusion).toBe('success')
  expect(pull.check.output.summary).toContain('moved @&#8203;next week (team, until 2199-01-31)')
  expect(pull.reviews).toEqual([])
})

scenario('a failure of our own is told in the check', async ({ github, app }) => {
  const repository = await github.repository({ files: SHOP })
  const pull = await repository.pullRequest({ changes: { 'shop/netpol.yaml': ALLOW_WEB } })
  github.fail({ path: '/repos/acme/platform/compare/*', status: 500, times: 9 })
  await app.hears(pull.opened())
  expect(pull.check).toMatchObject({
    status: 'completed',
    conclusion: 'failure',
    output: { title: 'Could not be judged' },
  })
  expect(said(github, pull.check.output.summary)).toMatchInlineSnapshot(`
    "GitHub refused to compare main with <sha>: a story wanted 500.

    Nothing was judged, so this does not pass. Press Recheck, or comment \`/ambient-recheck\`, to try again."
  `)
  expect(pull.check.actions).toMatchObject([{ identifier: 'ambient-recheck' }])
})

scenario('onError lets a failure of our own pass', async ({ github, app }) => {
  const repository = await github.repository({
    files: { ...SHOP, '.github/ambient-guard.yml': 'onError: neutral\n' },
  })
  const pull = await repository.pullRequest({ changes: { 'shop/netpol.yaml': ALLOW_WEB } })
  github.before({ path: /\.git\/git-upload-pack$/ }, () => {
    github.fail({ method: 'GET', path: '/repos/acme/platform/pulls/*', status: 500, times: 9 })
  })
  await app.hears(pull.opened())
  expect(pull.check).toMatchObject({ conclusion: 'neutral', output: { title: 'Could not be judged' } })
})

scenario('reviews that GitHub does not show leave what was judged as it is', async ({ github, app }) => {
  const repository = await github.repository({ files: SHOP })
  const pull = await repository.pullRequest({ changes: { 'shop/netpol.yaml': ALLOW_WEB } })
  github.fail({ method: 'GET', path: '/repos/acme/platform/pulls/*/reviews', status: 500, times: 9 })
  await app.hears(pull.opened())
  expect(pull.check).toMatchObject({ conclusion: 'failure', output: { title: '1 error introduced' } })
  expect(pull.check.output.summary).toContain('GitHub did not take review comments')
})

scenario('a head that moves while it is looked at', async ({ github, app }) => {
  const repository = await github.repository({ files: SHOP })
  const pull = await repository.pullRequest({ changes: { 'shop/netpol.yaml': ALLOW_WEB } })
  const before = pull.head
  github.before({ path: '/repos/acme/platform/compare/*' }, async () => {
    await pull.pushes({ 'README.md': 'More.\n' })
  })
  await app.hears(pull.opened())
  expect(pull.checkOn(before)).toMatchObject({
    status: 'completed',
    conclusion: 'neutral',
    output: { title: 'Superseded' },
  })
  expect(pull.check).toMatchObject({ headSha: pull.head, conclusion: 'failure' })
  expect(pull.checks).toHaveLength(1)
  expect(pull.reviews).toHaveLength(1)
})

scenario('GitHub does not like an anchor', async ({ github, app }) => {
  const repository = await github.repository({ files: SHOP })
  const pull = await repository.pullRequest({ changes: { 'shop/netpol.yaml': ALLOW_WEB } })
  github.fail({
    method: 'POST',
    path: '/repos/acme/platform/pulls/*/reviews',
    status: 422,
    body: { message: 'Unprocessable Entity' },
  })
  await app.hears(pull.opened())
  expect(pull.check.conclusion).toBe('failure')
  expect(pull.reviews).toHaveLength(1)
  expect(pull.review.comments).toEqual([])
  expect(pull.review.body).toMatchInlineSnapshot(`
    "This change brings 1 error; the check \`ambient-guard\` has the whole picture. \`/ambient-fix\` commits the proved fixes.

    #### Findings

    - **error**: **\`Deployment/shop/my-app\`** loses mesh traffic from anywhere on 15008/TCP (\`hbone-ingress\`).

    <!-- ambient-guard f-abdcf63488 -->"
  `)
})

scenario('what was said without a line is not said again', async ({ github, app }) => {
  const repository = await github.repository({ files: SHOP })
  const pull = await repository.pullRequest({ changes: { 'shop/netpol.yaml': ALLOW_WEB } })
  const refuse = { method: 'POST', path: '/repos/acme/platform/pulls/*/reviews', status: 422 }
  github.fail({ ...refuse, body: { message: 'Unprocessable Entity' } })
  await app.hears(pull.opened())
  await app.hears(pull.pushes({ 'README.md': 'More.\n' }))
  expect(pull.check.conclusion).toBe('failure')
  expect(pull.reviews).toHaveLength(1)
})

scenario('GitHub takes no review at all', async ({ github, app }) => {
  const repository = await github.repository({ files: SHOP })
  const pull = await repository.pullRequest({ changes: { 'shop/netpol.yaml': ALLOW_WEB } })
  pull.locks()
  await app.hears(pull.opened())
  expect(pull.check).toMatchObject({ conclusion: 'failure', output: { title: '1 error introduced' } })
  expect(pull.check.output.summary).toContain('GitHub did not take review comments')
})

scenario('a review that landed without an answer is not posted twice', async ({ github, app }) => {
  const repository = await github.repository({ files: SHOP })
  const pull = await repository.pullRequest({ changes: { 'shop/netpol.yaml': ALLOW_WEB } })
  github.fail({ method: 'POST', path: '/repos/acme/platform/pulls/*/reviews', status: 502, afterWrite: true })
  await app.hears(pull.opened())
  expect(pull.check.conclusion).toBe('failure')
  expect(pull.reviews).toHaveLength(1)
  expect(calls(github).filter((call) => call === 'POST /repos/acme/platform/pulls/1/reviews')).toHaveLength(1)
})

scenario('a token that ended early', async ({ github, app }) => {
  const repository = await github.repository({ files: SHOP })
  const pull = await repository.pullRequest({ changes: { 'README.md': 'Hello.\n' } })
  github.fail({ path: /\.git\/info\/refs$/, status: 401 })
  await app.hears(pull.opened())
  expect(pull.check.conclusion).toBe('success')
})

scenario('a check run that was made, and then nothing works', async ({ github, app }) => {
  const repository = await github.repository({ files: SHOP })
  const pull = await repository.pullRequest({ changes: { 'shop/netpol.yaml': ALLOW_WEB } })
  github.fail({ method: 'POST', path: '/repos/acme/platform/check-runs', status: 502, afterWrite: true })
  github.fail({ path: /\.git\/info\/refs$/, status: 503, times: 9 })
  await app.hears(pull.opened())
  expect(pull.checks).toMatchObject([{ status: 'completed', conclusion: 'failure' }])
  expect(pull.check.output.title).toBe('Could not be judged')
  // What git says besides may name directories of the server.
  expect(pull.check.output.summary).toMatch(/^The remote repository cannot be reached\.\n/)
})
