// Istio's first example: a policy that admits 9090 and forgets the port on which the mesh delivers.
import { expect } from 'vitest'
import { ALLOW_WEB, APP, ENROLLED, NAMESPACE, SHOP } from './manifests.ts'
import { said, scenario } from './scenario.ts'

scenario('a policy that forgets HBONE', async ({ github, app }) => {
  const repository = await github.repository({ files: SHOP })
  const pull = await repository.pullRequest({ changes: { 'shop/netpol.yaml': ALLOW_WEB } })
  await app.hears(pull.opened())
  expect(pull.check.conclusion).toBe('failure')
  expect(pull.check.output.title).toBe('1 error introduced')
  expect(said(github, pull.check.output.summary)).toMatchInlineSnapshot(`
    "\`main\` at \`<sha>\`, compared with \`<sha>\` merged into it: 1 workload (1 enrolled) in 1 namespace, 1 policy.

    Comment \`/ambient-fix\`, or press Fix, to commit the proved fixes to \`shop/netpol.yaml\`.

    \`\`\`mermaid
    graph LR
      n0["any mesh peer"]
      n1["Deployment/shop/my-app"]
      n0 --x|"15008/TCP"| n1
    \`\`\`

    #### Introduced

    - **\`Deployment/shop/my-app\`** loses mesh traffic from anywhere on 15008/TCP.
      - error \`hbone-ingress\` \`f-abdcf63488\`: Deployment/shop/my-app is enrolled in Ambient (the namespace shop carries istio.io/dataplane-mode: ambient, shop/namespace.yaml:6). NetworkPolicy shop/my-app-allow-ingress-web admits any peer on 9090/TCP, but mesh traffic arrives on 15008/TCP, which no policy admits from there: those connections time out.<br>Policy: [\`shop/netpol.yaml:11\`](https://github.example/acme/platform/blob/<sha>/shop/netpol.yaml#L11).<br>Fix: NetworkPolicy shop/my-app-allow-ingress-web admits any peer on 15008/TCP. Through HBONE they then reach every port of its pods; see port-widening.
        <details><summary>Why</summary>

        1. Deployment/shop/my-app is enrolled in Ambient: the namespace shop carries istio.io/dataplane-mode: ambient ([\`shop/namespace.yaml:6\`](https://github.example/acme/platform/blob/<sha>/shop/namespace.yaml#L6))
        2. NetworkPolicy shop/my-app-allow-ingress-web selects it and isolates its ingress ([\`shop/netpol.yaml:7\`](https://github.example/acme/platform/blob/<sha>/shop/netpol.yaml#L7))
        3. another replica of it is enrolled as well
        4. spec.ingress\\[0\\] of NetworkPolicy shop/my-app-allow-ingress-web admits it on 9090/TCP ([\`shop/netpol.yaml:11\`](https://github.example/acme/platform/blob/<sha>/shop/netpol.yaml#L11))
        5. no policy admits it on 15008/TCP, by which the mesh delivers

        </details>

    About [\`hbone-ingress\`](https://github.com/ambient-guard/ambient-guard/blob/main/docs/rules/hbone-ingress.md)."
  `)
  expect(pull.reviews).toHaveLength(1)
  expect(pull.review.body).toMatchInlineSnapshot(
    `"This change brings 1 error; the check \`ambient-guard\` has the whole picture. \`/ambient-fix\` commits the proved fixes."`,
  )
  expect(pull.review.comments).toHaveLength(1)
  expect(pull.review.comments[0]).toMatchObject({ path: 'shop/netpol.yaml' })
  expect(pull.review.comments[0]?.body).toMatchInlineSnapshot(`
    "**error**: **\`Deployment/shop/my-app\`** loses mesh traffic from anywhere on 15008/TCP ([\`hbone-ingress\`](https://github.com/ambient-guard/ambient-guard/blob/main/docs/rules/hbone-ingress.md)).

    Deployment/shop/my-app is enrolled in Ambient (the namespace shop carries istio.io/dataplane-mode: ambient, shop/namespace.yaml:6). NetworkPolicy shop/my-app-allow-ingress-web admits any peer on 9090/TCP, but mesh traffic arrives on 15008/TCP, which no policy admits from there: those connections time out.

    Fix: NetworkPolicy shop/my-app-allow-ingress-web admits any peer on 15008/TCP. Through HBONE they then reach every port of its pods; see port-widening.

    \`\`\`suggestion
              protocol: TCP
            - port: 15008
              protocol: TCP
    \`\`\`

    <!-- ambient-guard f-abdcf63488 -->"
  `)
  expect(pull.check.actions.map(({ label }) => label)).toEqual(['Fix', 'Recheck'])

  const { commentId } = await app.hears(pull.comment('/ambient-fix', { by: 'maintainer' }))
  expect(pull.lastCommit.diff).toMatchInlineSnapshot(`
    "diff --git a/shop/netpol.yaml b/shop/netpol.yaml
    index e75f1be..672951a 100644
    --- a/shop/netpol.yaml
    +++ b/shop/netpol.yaml
    @@ -11,3 +11,5 @@ spec:
         - ports:
             - port: 9090
               protocol: TCP
    +        - port: 15008
    +          protocol: TCP
    "
  `)
  expect(pull.lastCommit.message.replace(/<\d+/, '<id')).toMatchInlineSnapshot(`
    "Let Ambient traffic reach Deployment/shop/my-app

    NetworkPolicy shop/my-app-allow-ingress-web admits any peer on 15008/TCP. Through HBONE they then reach every port of its pods; see port-widening.

    - hbone-ingress Deployment/shop/my-app 15008/TCP (f-abdcf63488)

    Ambient-Fix: f-abdcf63488
    Co-authored-by: maintainer <id+maintainer@users.noreply.github.com>"
  `)
  expect(pull.reactions(commentId).map(({ content }) => content)).toEqual(['eyes', 'rocket'])
  expect(pull.conversation).toHaveLength(1)
  expect(pull.check.conclusion).toBe('success')
  expect(pull.reviews).toHaveLength(1)
})

scenario('a label that enrols a namespace over an old policy', async ({ github, app }) => {
  const repository = await github.repository({
    files: { 'shop/namespace.yaml': NAMESPACE, 'shop/app.yaml': APP, 'shop/netpol.yaml': ALLOW_WEB },
  })
  const pull = await repository.pullRequest({ changes: { 'shop/namespace.yaml': ENROLLED } })
  await app.hears(pull.opened())
  expect(pull.check.conclusion).toBe('failure')
  expect(pull.review.comments).toHaveLength(1)
  expect(pull.review.comments[0]).toMatchObject({ path: 'shop/namespace.yaml', line: 6 })
  expect(pull.review.comments[0]?.body).toMatchInlineSnapshot(`
    "**error**: **\`Deployment/shop/my-app\`** loses mesh traffic from anywhere on 15008/TCP ([\`hbone-ingress\`](https://github.com/ambient-guard/ambient-guard/blob/main/docs/rules/hbone-ingress.md)).

    Deployment/shop/my-app is enrolled in Ambient (the namespace shop carries istio.io/dataplane-mode: ambient, shop/namespace.yaml:6). NetworkPolicy shop/my-app-allow-ingress-web admits any peer on 9090/TCP, but mesh traffic arrives on 15008/TCP, which no policy admits from there: those connections time out.

    Fix: NetworkPolicy shop/my-app-allow-ingress-web admits any peer on 15008/TCP. Through HBONE they then reach every port of its pods; see port-widening.

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

    \`/ambient-fix f-abdcf63488\` commits it.

    <!-- ambient-guard f-abdcf63488 -->"
  `)

  await app.hears(pull.comment('/ambient-fix'))
  expect(pull.lastCommit.files).toEqual(['shop/netpol.yaml'])
  expect(pull.check.conclusion).toBe('success')
})
