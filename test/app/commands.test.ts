// Commands: who may give them, what is a command, and what is said back.
import { expect } from 'vitest'
import { ALLOW_WEB, APP, DENY_INGRESS, ENROLLED, NAMESPACE, SHOP } from './manifests.ts'
import { said, scenario } from './scenario.ts'
import type { App } from './scenario.ts'
import type { GitHub, PullRequest } from '../harness/index.ts'

async function broken({ github, app }: { github: GitHub; app: App }): Promise<PullRequest> {
  const repository = await github.repository({ files: SHOP })
  const pull = await repository.pullRequest({ changes: { 'shop/netpol.yaml': ALLOW_WEB } })
  await app.hears(pull.opened())
  return pull
}

const contents = (pull: PullRequest, commentId: number): readonly string[] =>
  pull.reactions(commentId).map(({ content }) => content)

scenario('an unknown command is answered with the one that was meant', async ({ github, app }) => {
  const pull = await broken({ github, app })
  const head = pull.head
  const { commentId } = await app.hears(pull.comment('/ambient-fixx'))
  expect(contents(pull, commentId)).toEqual(['eyes', 'confused'])
  expect(pull.conversation.at(-1)).toMatchObject({
    author: github.botLogin,
    body: 'There is no command `/ambient-fixx`. Did you mean `/ambient-fix`?',
  })
  await app.hears(pull.comment('/ambient-fix hbone-ingres'))
  expect(pull.conversation.at(-1)?.body).toBe(
    '`hbone-ingres` is no rule, fingerprint or commit. Did you mean `hbone-ingress`?',
  )
  expect(pull.head).toBe(head)
})

scenario('who may not write may not fix', async ({ github, app }) => {
  const pull = await broken({ github, app })
  const head = pull.head
  const { commentId } = await app.hears(pull.comment('/ambient-fix', { by: 'stranger' }))
  expect(contents(pull, commentId)).toEqual(['eyes', '-1'])
  expect(pull.conversation).toHaveLength(1)
  expect(pull.head).toBe(head)
})

scenario('bots, quotes, code and edits are no commands', async ({ github, app }) => {
  const pull = await broken({ github, app })
  github.forgetRequests()
  await app.hears(pull.comment('/ambient-fix', { by: 'renovate[bot]' }))
  await app.hears(pull.comment('> /ambient-fix\n\nWhat does this do?'))
  await app.hears(pull.comment('```\n/ambient-fix\n```\n\n    /ambient-fix\n\n<!--\n/ambient-fix\n-->'))
  await app.hears(pull.comment('Try `/ambient-fix`, or /ambient-fix in a line of its own.'))
  const { commentId } = await app.hears(pull.comment('Looks good.'))
  await app.hears(pull.editsComment(commentId, '/ambient-fix'))
  expect(github.requests).toEqual([])
})

scenario('help', async ({ github, app }) => {
  const pull = await broken({ github, app })
  const { commentId } = await app.hears(pull.comment('/ambient-help', { by: 'stranger' }))
  expect(contents(pull, commentId)).toEqual(['eyes', 'rocket'])
  expect(pull.conversation.at(-1)?.body).toMatchInlineSnapshot(`
    "A command stands alone on its line.

    - \`/ambient-fix [rule|fingerprint|sha]\` commits the proved fixes: all of them, those of one rule, or that of one finding; with a commit, only if that is still the head (needs write permission)
    - \`/ambient-explain <fingerprint>\` says step by step why a finding is one, and what its fix would commit
    - \`/ambient-recheck\` judges the pull request again, against the base branch as it is now
    - \`/ambient-help\` shows this list"
  `)
})

scenario('a finding is explained to whoever asks', async ({ github, app }) => {
  const pull = await broken({ github, app })
  const [fingerprint = ''] = /f-[0-9a-f]{10}/.exec(pull.check.output.summary ?? '') ?? []
  const ask = (word: string): ReturnType<PullRequest['comment']> =>
    app.hears(pull.comment(`/ambient-explain ${word}`, { by: 'stranger' }))
  const { commentId } = await ask(fingerprint)
  expect(contents(pull, commentId)).toEqual(['eyes', 'rocket'])
  expect(said(github, pull.conversation.at(-1)?.body).replaceAll(fingerprint, '<fingerprint>'))
    .toMatchInlineSnapshot(`
      "**\`Deployment/shop/my-app\`** loses mesh traffic from anywhere on 15008/TCP.

      error [\`hbone-ingress\`](https://github.com/ambient-guard/ambient-guard/blob/main/docs/rules/hbone-ingress.md) \`<fingerprint>\`, brought by this change: Deployment/shop/my-app is enrolled in Ambient (the namespace shop carries istio.io/dataplane-mode: ambient, shop/namespace.yaml:6). NetworkPolicy shop/my-app-allow-ingress-web admits any peer on 9090/TCP, but mesh traffic arrives on 15008/TCP, which no policy admits from there: those connections time out.

      #### Why

      1. Deployment/shop/my-app is enrolled in Ambient: the namespace shop carries istio.io/dataplane-mode: ambient ([\`shop/namespace.yaml:6\`](https://github.example/acme/platform/blob/<sha>/shop/namespace.yaml#L6))
      2. NetworkPolicy shop/my-app-allow-ingress-web selects it and isolates its ingress ([\`shop/netpol.yaml:7\`](https://github.example/acme/platform/blob/<sha>/shop/netpol.yaml#L7))
      3. another replica of it is enrolled as well
      4. spec.ingress\\[0\\] of NetworkPolicy shop/my-app-allow-ingress-web admits it on 9090/TCP ([\`shop/netpol.yaml:11\`](https://github.example/acme/platform/blob/<sha>/shop/netpol.yaml#L11))
      5. no policy admits it on 15008/TCP, by which the mesh delivers

      Policy: [\`shop/netpol.yaml:11\`](https://github.example/acme/platform/blob/<sha>/shop/netpol.yaml#L11).

      Fix: NetworkPolicy shop/my-app-allow-ingress-web admits any peer on 15008/TCP. Through HBONE they then reach every port of its pods; see port-widening.

      \`/ambient-fix <fingerprint>\` commits it.

      <details><summary>What it would commit</summary>

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

      </details>

      Judged just now: \`main\` at \`<sha>\`, with \`<sha>\` merged into it."
    `)
  expect(pull.lastCommit.author).not.toContain(github.botLogin)

  const unknown = await ask('f-0123456789')
  expect(contents(pull, unknown.commentId)).toEqual(['eyes', 'confused'])
  expect(pull.conversation.at(-1)?.body).toBe(
    `There is no finding \`f-0123456789\`. There is \`${fingerprint}\` (\`hbone-ingress\`, \`Deployment/shop/my-app\`).`,
  )
  await ask('hbone-ingress')
  expect(pull.conversation.at(-1)?.body).toBe(
    '`hbone-ingress` is no fingerprint. `/ambient-help` lists the commands.',
  )
  await ask('')
  expect(pull.conversation.at(-1)?.body).toBe(
    '`/ambient-explain` wants a fingerprint; the check has one for each finding. `/ambient-help` lists the commands.',
  )

  // As it is now, and not as it was when the check was written.
  await app.hears(pull.comment('/ambient-fix'))
  await ask(fingerprint)
  expect(pull.conversation.at(-1)?.body).toMatch(/There is no finding|mended by this change/)
  await app.hears(pull.closed())
  await ask(fingerprint)
  expect(pull.conversation.at(-1)?.body).toBe('This pull request is closed, and is not judged any more.')
})

scenario('a finding that the head cannot mend says so', async ({ github, app }) => {
  const repository = await github.repository({ files: SHOP })
  const pull = await repository.pullRequest({ changes: { 'README.md': 'Hello.\n' } })
  await repository.pushToBase({ 'shop/netpol.yaml': ALLOW_WEB })
  await app.hears(pull.opened())
  const [fingerprint = ''] = /f-[0-9a-f]{10}/.exec(pull.check.output.summary ?? '') ?? []
  await app.hears(pull.comment(`/ambient-explain ${fingerprint}`))
  const { body = '' } = pull.conversation.at(-1) ?? {}
  expect(body).toContain(', there on `main` already: ')
  expect(body).toContain(
    'The fix changes `shop/netpol.yaml`, which this branch has in another form than `main`.',
  )
  expect(body).not.toContain('commits it')
})

scenario('ten commits of fixes are enough', async ({ github, app }) => {
  const pull = await broken({ github, app })
  const message = 'Let it through\n\nAmbient-Fix: f-0123456789'
  github.deliverTo(null)
  for (let made = 0; made < 9; made += 1)
    await pull.pushes({ 'README.md': `${String(made)}\n` }, { by: github.botLogin, message })
  await pull.pushes({ 'README.md': 'by hand\n' }, { message })
  await pull.pushes(
    { 'README.md': 'no fix\n' },
    { by: github.botLogin, message: 'Ambient-Fix: is dear to us' },
  )
  github.deliverTo(`${app.url}/api/github/webhooks`)
  await app.hears(pull.comment('/ambient-recheck'))
  await app.hears(pull.comment('/ambient-fix'))
  expect(pull.lastCommit.files).toEqual(['shop/netpol.yaml'])
  expect(pull.check.conclusion).toBe('success')

  await app.hears(pull.pushes({ 'shop/netpol.yaml': ALLOW_WEB }))
  const head = pull.head
  const { commentId } = await app.hears(pull.comment('/ambient-fix'))
  expect(contents(pull, commentId)).toEqual(['eyes', 'confused'])
  const { body = '' } = pull.conversation.at(-1) ?? {}
  expect(body).toMatch(
    /^This pull request has 10 commits of fixes already, and takes no more\. Nothing was committed\./,
  )
  expect(body).toContain('+        - port: 15008')
  expect(pull.head).toBe(head)
})

scenario('a recheck sees what the base has become', async ({ github, app }) => {
  const repository = await github.repository({ files: { ...SHOP, 'shop/namespace.yaml': NAMESPACE } })
  const pull = await repository.pullRequest({ changes: { 'shop/netpol.yaml': ALLOW_WEB } })
  await app.hears(pull.opened())
  expect(pull.check.conclusion).toBe('success')
  await repository.pushToBase({ 'shop/namespace.yaml': ENROLLED })
  const { commentId } = await app.hears(pull.comment('/ambient-recheck', { by: 'stranger' }))
  expect(contents(pull, commentId)).toEqual(['eyes', 'rocket'])
  expect(pull.check.conclusion).toBe('failure')
  expect(pull.checks).toHaveLength(1)
  expect(pull.reviews).toHaveLength(1)

  // The policy is as it was on the head, so the fix fits although the namespace of the head is older.
  await app.hears(pull.comment('/ambient-fix'))
  expect(pull.lastCommit.files).toEqual(['shop/netpol.yaml'])
  expect(pull.check.conclusion).toBe('success')
})

scenario('a head that nobody judged is not fixed', async ({ github, app }) => {
  const pull = await broken({ github, app })
  github.deliverTo(null)
  await pull.pushes({ 'README.md': 'Lost webhook.\n' })
  github.deliverTo(`${app.url}/api/github/webhooks`)
  const head = pull.head
  const { commentId } = await app.hears(pull.comment('/ambient-fix'))
  expect(contents(pull, commentId)).toEqual(['eyes', 'confused'])
  expect(said(github, pull.conversation.at(-1)?.body)).toMatchInlineSnapshot(
    `"The head is \`<sha>\` now, which was not judged when this was asked. It is being judged; then ask again."`,
  )
  expect(pull.head).toBe(head)
  expect(pull.check).toMatchObject({ headSha: head, conclusion: 'failure' })
  await app.hears(pull.comment('/ambient-fix'))
  expect(pull.check.conclusion).toBe('success')
})

scenario('a head that moves under the fix', async ({ github, app }) => {
  const pull = await broken({ github, app })
  github.before({ operation: 'createCommitOnBranch' }, async () => {
    await pull.pushes({ 'README.md': 'At the same moment.\n' })
  })
  const { commentId } = await app.hears(pull.comment('/ambient-fix'))
  expect(contents(pull, commentId)).toEqual(['eyes', 'confused'])
  expect(pull.conversation.at(-1)?.body).toContain('then ask again')
  expect(pull.lastCommit.files).toEqual(['README.md'])
  expect(pull.check).toMatchObject({ headSha: pull.head, status: 'completed', conclusion: 'failure' })
})

scenario('a commit that landed without an answer', async ({ github, app }) => {
  const pull = await broken({ github, app })
  github.fail({ operation: 'createCommitOnBranch', status: 502, afterWrite: true })
  const { commentId } = await app.hears(pull.comment('/ambient-fix'))
  expect(contents(pull, commentId)).toEqual(['eyes', 'rocket'])
  expect(pull.check.conclusion).toBe('success')
})

scenario('a commit is named', async ({ github, app }) => {
  const pull = await broken({ github, app })
  const head = pull.head
  await app.hears(pull.comment('/ambient-fix 0123456789'))
  expect(said(github, pull.conversation.at(-1)?.body)).toBe(
    '`0123456789` is not the head, which is `<sha>`. Nothing was committed.',
  )
  expect(pull.head).toBe(head)
  await app.hears(pull.comment(`/ambient-fix ${head.slice(0, 8)}`))
  expect(pull.check.conclusion).toBe('success')
})

scenario('one of several fixes', async ({ github, app }) => {
  const repository = await github.repository({
    files: {
      ...SHOP,
      'cart/namespace.yaml': ENROLLED.replace('shop', 'cart'),
      'cart/app.yaml': APP.replace('namespace: shop', 'namespace: cart'),
      'bank/namespace.yaml': ENROLLED.replace('shop', 'bank'),
      'bank/app.yaml': APP.replace('namespace: shop', 'namespace: bank'),
    },
  })
  const pull = await repository.pullRequest({
    changes: {
      'shop/netpol.yaml': ALLOW_WEB,
      'cart/netpol.yaml': ALLOW_WEB.replace('namespace: shop', 'namespace: cart'),
      'bank/deny.yaml': DENY_INGRESS.replace('namespace: shop', 'namespace: bank'),
    },
  })
  await app.hears(pull.opened())
  expect(pull.check.output.title).toBe('3 errors, 1 warning introduced')
  const fingerprint =
    /f-[0-9a-f]{10}/.exec(
      pull.reviewComments.find(({ path }) => path === 'cart/netpol.yaml')?.body ?? '',
    )?.[0] ?? ''
  await app.hears(pull.comment(`/ambient-fix ${fingerprint}`))
  expect(pull.lastCommit.files).toEqual(['cart/netpol.yaml'])
  expect(pull.check.output.title).toBe('2 errors, 1 warning introduced')
  expect(pull.reviews).toHaveLength(1)

  await app.hears(pull.comment(`/ambient-fix ${fingerprint}`))
  expect(pull.conversation.at(-1)?.body).toBe(
    `There is nothing to fix for \`${fingerprint}\`: no such finding has a proved fix.`,
  )
  await app.hears(pull.comment('/ambient-fix'))
  expect(pull.lastCommit.files).toEqual(['bank/deny.yaml', 'shop/netpol.yaml'])
  expect(pull.check.conclusion).toBe('neutral')
})

scenario('all fixes of one rule, and not the others', async ({ github, app }) => {
  const repository = await github.repository({
    files: {
      ...SHOP,
      'cart/namespace.yaml': ENROLLED.replace('shop', 'cart'),
      'cart/app.yaml': APP.replace('namespace: shop', 'namespace: cart'),
    },
  })
  const pull = await repository.pullRequest({
    changes: {
      'shop/netpol.yaml': ALLOW_WEB,
      'cart/netpol.yaml': `${ALLOW_WEB.replace('namespace: shop', 'namespace: cart')}---\n${ALLOW_WEB.replace('namespace: shop', 'namespace: cart').replace('allow-ingress-web', 'again')}`,
      'cart/deny.yaml': DENY_INGRESS.replace('namespace: shop', 'namespace: cart').replace(
        '  podSelector:\n    matchLabels:\n      app.kubernetes.io/name: my-app',
        '  podSelector: {}',
      ),
    },
  })
  await app.hears(pull.opened())
  await app.hears(pull.comment('/ambient-fix hbone-ingress'))
  expect(pull.lastCommit.files).toEqual(['cart/netpol.yaml', 'shop/netpol.yaml'])
  expect(pull.check.conclusion).toBe('success')
})

scenario('a file with another mode keeps it', async ({ github, app }) => {
  const repository = await github.repository({ files: SHOP })
  const pull = await repository.pullRequest({
    changes: { 'shop/netpol.yaml': { text: ALLOW_WEB, mode: '100755' } },
  })
  await app.hears(pull.opened())
  await app.hears(pull.comment('/ambient-fix'))
  expect(pull.mode('shop/netpol.yaml')).toBe('100755')
  expect(pull.lastCommit.author).toContain(github.botLogin)
  expect(pull.check.conclusion).toBe('success')
})

scenario('a closed pull request', async ({ github, app }) => {
  const pull = await broken({ github, app })
  await app.hears(pull.closed())
  await app.hears(pull.comment('/ambient-fix'))
  expect(pull.conversation.at(-1)?.body).toBe('This pull request is closed. Nothing was committed.')
})

scenario('a command that is delivered twice is carried out once', async ({ github, app }) => {
  const pull = await broken({ github, app })
  const delivery = await app.hears(pull.comment('/ambient-help'))
  await app.hears(github.redeliver(delivery))
  expect(pull.conversation).toHaveLength(2)
})

scenario('a locked conversation takes no receipt, and the branch the fix', async ({ github, app }) => {
  const pull = await broken({ github, app })
  const comment = pull.comment('/ambient-fix')
  pull.locks()
  await app.hears(comment)
  expect(pull.check.conclusion).toBe('success')
})

scenario('a comment that was deleted at once, and one that is very long', async ({ github, app }) => {
  const pull = await broken({ github, app })
  const faults = github.fail({
    method: 'POST',
    path: /reactions$/,
    status: 404,
    body: { message: 'Not Found' },
  })
  await app.hears(pull.comment('/ambient-fix'))
  expect(faults.hits).toBe(1)
  expect(pull.conversation).toHaveLength(1)
  await app.hears(pull.comment(`/ambient-${'x'.repeat(65_000)}`))
  expect(pull.conversation.at(-1)?.body).toMatch(/^There is no command `\/ambient-x+…`\./)
})

/** A rule of addresses may hide who is lost behind one that names its peers. */
scenario('a fix behind which something else may be lost', async ({ github, app }) => {
  const deployment = (name: string, port: number): string =>
    APP.replace(/my-app/g, name).replace('9090', String(port))
  const egress = (of: string, to: string, port: number): string => `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: ${of}-${to.slice(0, 2).toLowerCase()}
  namespace: shop
spec:
  podSelector:
    matchLabels:
      app.kubernetes.io/name: ${of}
  policyTypes: [Egress]
  egress:
    - to:
        - ${to}
      ports:
        - port: ${String(port)}
`
  const repository = await github.repository({
    files: {
      'shop/namespace.yaml': NAMESPACE,
      'shop/apps.yaml': ['web', 'api', 'db']
        .map((name, index) => deployment(name, 8080 + index))
        .join('---\n'),
      'shop/pods.yaml': `${egress('web', 'podSelector: {matchLabels: {app.kubernetes.io/name: api}}', 8081)}---\n${egress('api', 'podSelector: {matchLabels: {app.kubernetes.io/name: web}}', 8080)}`,
      'shop/block.yaml': `${egress('web', 'ipBlock: {cidr: 10.0.0.0/8}', 8082)}---\n${egress('api', 'ipBlock: {cidr: 10.0.0.0/8}', 8082)}`,
      'shop/in.yaml': ALLOW_WEB.replace(/my-app/g, 'db').replace('9090', '8082'),
    },
  })
  const pull = await repository.pullRequest({ changes: { 'shop/namespace.yaml': ENROLLED } })
  await app.hears(pull.opened())
  await app.hears(pull.comment('/ambient-fix hbone-egress'))
  const { message } = pull.lastCommit
  expect(message).toMatch(/^Let Ambient traffic reach 2 workloads\n/)
  expect(message).toContain('What may be lost besides is told once that is in.')
  expect(message.match(/^Ambient-Fix: f-[0-9a-f]{10}$/gm)).toHaveLength(2)
})
