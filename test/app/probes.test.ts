// Istio's second example: deny-ingress also drops the kubelet's probes, which Ambient sends from another address.
import { expect } from 'vitest'
import { APP, DENY_INGRESS, ENROLLED, NAMESPACE, SHOP } from './manifests.ts'
import { scenario } from './scenario.ts'

scenario('deny-ingress over enrolled pods with a readiness probe', async ({ github, app }) => {
  const repository = await github.repository({ files: SHOP })
  const pull = await repository.pullRequest({ changes: { 'shop/deny.yaml': DENY_INGRESS } })
  await app.hears(pull.opened())
  expect(pull.check).toMatchObject({
    conclusion: 'failure',
    output: { title: '1 error, 1 warning introduced' },
  })
  expect(
    pull.review.comments.map(({ path, line, body }) => [path, line, /^\*\*\w+/.exec(body)?.[0]]),
  ).toEqual([
    ['shop/deny.yaml', 11, '**error'],
    ['shop/deny.yaml', 6, '**warning'],
  ])
  expect(pull.review.comments[0]?.body).toMatchInlineSnapshot(`
    "**error**: **\`Deployment/shop/my-app\`** may lose kubelet probes on 9090/TCP ([\`kubelet-probe\`](https://github.com/ambient-guard/ambient-guard/blob/main/docs/rules/kubelet-probe.md)).

    Deployment/shop/my-app is enrolled in Ambient (the namespace shop carries istio.io/dataplane-mode: ambient, shop/namespace.yaml:6), so its readinessProbe on 9090/TCP comes from 169.254.7.127. NetworkPolicy shop/deny-ingress isolates it and does not admit that address: on a CNI whose enforcement sees it, the probe fails. Which CNI this cluster runs is not known; set clusters.default.cni to make this exact.

    Fix: NetworkPolicy shop/deny-ingress admits 169.254.7.127/32, from which kubelet probes come, on every port.

    \`\`\`suggestion
        - Ingress
      ingress:
        - from:
            - ipBlock:
                cidr: 169.254.7.127/32
    \`\`\`

    <!-- ambient-guard f-20bec300f5 -->"
  `)
  expect(
    pull.check.output.annotations.map(({ path, start_line, annotation_level }) => [
      path,
      start_line,
      annotation_level,
    ]),
  ).toEqual([
    ['shop/deny.yaml', 6, 'failure'],
    ['shop/deny.yaml', 6, 'warning'],
  ])

  await app.hears(pull.comment('/ambient-fix kubelet-probe'))
  expect(pull.file('shop/deny.yaml')).toBe(`${DENY_INGRESS}  ingress:
    - from:
        - ipBlock:
            cidr: 169.254.7.127/32
`)
  // Cutting the mesh off may be meant: a warning stays, and lets the change through.
  expect(pull.check).toMatchObject({ conclusion: 'neutral', output: { title: '1 warning introduced' } })
  expect(pull.reviews).toHaveLength(1)
})

scenario('enrolment over an old deny-ingress', async ({ github, app }) => {
  const repository = await github.repository({
    files: { 'shop/namespace.yaml': NAMESPACE, 'shop/app.yaml': APP, 'shop/deny.yaml': DENY_INGRESS },
  })
  const pull = await repository.pullRequest({ changes: { 'shop/namespace.yaml': ENROLLED } })
  await app.hears(pull.opened())
  expect(pull.check).toMatchObject({ conclusion: 'failure', output: { title: '1 error introduced' } })
  expect(pull.review.comments).toMatchObject([{ path: 'shop/namespace.yaml', line: 6 }])
  await app.hears(pull.comment('/ambient-fix'))
  expect(pull.lastCommit.files).toEqual(['shop/deny.yaml'])
  expect(pull.check).toMatchObject({
    conclusion: 'success',
    output: { title: 'Nothing new is cut off' },
  })
})

scenario('deny-ingress where the tree shows a CNI that lets probes pass', async ({ github, app }) => {
  const agent = `apiVersion: apps/v1
kind: DaemonSet
metadata:
  name: calico-node
  namespace: kube-system
spec:
  template:
    spec:
      containers:
        - name: calico-node
`
  const repository = await github.repository({ files: { ...SHOP, 'infra/calico.yaml': agent } })
  const pull = await repository.pullRequest({ changes: { 'shop/deny.yaml': DENY_INGRESS } })
  await app.hears(pull.opened())
  expect(pull.check).toMatchObject({ conclusion: 'neutral', output: { title: '1 warning introduced' } })
  expect(pull.check.output.summary).toContain(
    'Policies do not stop kubelet probes: calico does not see where they come from (DaemonSet kube-system/calico-node, infra/calico.yaml:4).',
  )
})
