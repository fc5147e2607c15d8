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
  expect(pull.check.output.summary).toContain(
    '\n\n`.github/ambient-guard.yml` is new, and was not used: the base has none. The new one is valid, and holds once it is merged.\n\n',
  )

  await repository.pushToBase({ '.github/ambient-guard.yml': 'failOn: never\n' })
  const other = await repository.pullRequest({ changes: { 'shop/netpol.yaml': ALLOW_WEB } })
  await app.hears(other.opened())
  expect(other.check).toMatchObject({ conclusion: 'neutral', output: { title: '1 error introduced' } })
})

scenario('a change that breaks the configuration is answered with its line', async ({ github, app }) => {
  const repository = await github.repository({
    files: { ...SHOP, '.github/ambient-guard.yml': 'version: 1\nfailOn: any\n' },
  })
  const pull = await repository.pullRequest({
    changes: { '.github/ambient-guard.yml': 'version: 1\nfailon: any\nwaivers:\n  - rule: isolated\n' },
  })
  await app.hears(pull.opened())
  expect(pull.check).toMatchObject({ conclusion: 'failure', output: { title: '5 not judged' } })
  expect(said(github, pull.check.output.summary)).toMatchInlineSnapshot(`
    "\`main\` at \`<sha>\`, compared with \`<sha>\` merged into it: 1 workload (1 enrolled) in 1 namespace, 0 policies.

    \`.github/ambient-guard.yml\` is changed here, and was used as the base has it. The new one is not valid: it has 5 mistakes, which are named with the problems.

    #### Not judged

    - [\`.github/ambient-guard.yml:2\`](https://github.example/acme/platform/blob/<sha>/.github/ambient-guard.yml#L2): "failon" is not a setting, and is ignored. Did you mean "failOn"?
    - [\`.github/ambient-guard.yml:4\`](https://github.example/acme/platform/blob/<sha>/.github/ambient-guard.yml#L4): waivers\\[0\\].expires is missing. See docs/configuration.md; until it is mended, this waiver does not hold.
    - [\`.github/ambient-guard.yml:4\`](https://github.example/acme/platform/blob/<sha>/.github/ambient-guard.yml#L4): waivers\\[0\\].owner is missing. See docs/configuration.md; until it is mended, this waiver does not hold.
    - [\`.github/ambient-guard.yml:4\`](https://github.example/acme/platform/blob/<sha>/.github/ambient-guard.yml#L4): waivers\\[0\\].reason is missing. See docs/configuration.md; until it is mended, this waiver does not hold.
    - [\`.github/ambient-guard.yml:4\`](https://github.example/acme/platform/blob/<sha>/.github/ambient-guard.yml#L4): waivers\\[0\\].workload is missing. See docs/configuration.md; until it is mended, this waiver does not hold."
  `)
  await app.hears(pull.pushes({ '.github/ambient-guard.yml': 'version: 1\nfailOn: never\n' }))
  expect(pull.check.conclusion).toBe('success')
})

scenario('a waiver is told before its end, and after it', async ({ github, app }) => {
  const day = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10)
  const waivers = (expires: string): string =>
    `waivers: [{rule: hbone-ingress, workload: Deployment/shop/my-app, reason: soon, owner: "@team", expires: ${expires}}, {rule: isolated, workload: Deployment/shop/my-app, reason: soon, owner: us, expires: 2199-01-31}]\n`
  const repository = await github.repository({
    files: { ...SHOP, '.github/ambient-guard.yml': waivers(day(9)) },
  })
  const pull = await repository.pullRequest({ changes: { 'shop/netpol.yaml': ALLOW_WEB } })
  await app.hears(pull.opened())
  expect(pull.check.conclusion).toBe('success')
  expect(pull.check.output.summary).toContain(
    `\n\nThe waiver for \`hbone-ingress\` on \`Deployment/shop/my-app\` ends ${day(9)}, in 9 days (@&#8203;team).\n\n`,
  )
  expect(pull.check.output.summary).not.toContain('no finding')
  expect([pull.reviews, pull.check.output.annotations]).toEqual([[], []])

  await repository.pushToBase({ '.github/ambient-guard.yml': waivers(day(-1)) })
  await app.hears(pull.comment('/ambient-recheck'))
  expect(pull.check.conclusion).toBe('failure')
  const sentence = `Its waiver ended on ${day(-1)} (@&#8203;team: soon).`
  expect(pull.check.output.summary).toContain(sentence)
  expect(pull.review.comments[0]?.body).toContain(sentence)
  expect(pull.check.output.annotations).toHaveLength(1)

  const other = await repository.pullRequest({
    changes: { '.github/ambient-guard.yml': `${waivers(day(-1))}version: 1\n` },
  })
  await app.hears(other.opened())
  expect(other.check.output.summary).toContain(
    '2 waivers match no finding: `hbone-ingress` on `Deployment/shop/my-app` and `isolated` on `Deployment/shop/my-app`.',
  )
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
  // Three attempts at the verdict, each with its annotations and without.
  github.fail({ method: 'PATCH', path: '/repos/acme/platform/check-runs/*', status: 500, times: 6 })
  await app.hears(pull.opened())
  expect(pull.check).toMatchObject({ conclusion: 'neutral', output: { title: 'Could not be judged' } })
})

scenario('reviews that GitHub does not show leave what was judged as it is', async ({ github, app }) => {
  const repository = await github.repository({ files: SHOP })
  const pull = await repository.pullRequest({ changes: { 'shop/netpol.yaml': ALLOW_WEB } })
  github.fail({ operation: 'repository', status: 500, times: 9 })
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

    - **error**: **\`Deployment/shop/my-app\`** loses mesh traffic from anywhere on 15008/TCP ([\`hbone-ingress\`](https://github.com/ambient-guard/ambient-guard/blob/main/docs/rules/hbone-ingress.md)).

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
