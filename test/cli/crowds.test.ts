// Findings of which there are many: of workloads behind one policy, and of clusters made from one base.
import { describe, expect, it } from 'vitest'
import { ambientGuard, folder } from './command.ts'
import { deployment, namespace, policy } from './manifests.ts'

describe('many workloads behind one policy', () => {
  const names = Array.from({ length: 11 }, (_, index) => `w-${String(index + 1)}`)
  const crowd = {
    'ns.yaml': namespace('shop', true),
    'all.yaml': names.map((name) => deployment(name, 'shop', 8080)).join('---\n'),
    'np.yaml': `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny, namespace: shop}
spec:
  podSelector: {}
  ingress:
    - from: [{podSelector: {}}]
      ports: [{port: 8080}]
`,
  }

  it('are told once in text, with the policy as the subject and all by name, 2 before 10', async () => {
    const { stdout } = await ambientGuard('check', folder(crowd))
    expect(stdout).toMatch(
      /^Workloads of shop are enrolled in Ambient: the namespace shop carries [^\n]*, ns\.yaml:\d+\.$/m,
    )
    expect(stdout).toMatch(/^error NetworkPolicy\/shop\/deny {2}hbone-ingress {2}11 workloads$/m)
    expect(stdout).toContain('    NetworkPolicy shop/deny admits these workloads on 8080/TCP, but')
    expect(stdout.match(/those connections time out/g)).toHaveLength(1)
    expect(stdout.match(/^ {4}fix: /gm)).toHaveLength(1)
    expect(stdout.match(/^ {4}@@ /gm)).toHaveLength(1)
    const listed = [...stdout.matchAll(/^ {4}Deployment\/shop\/(w-\d+) {2}f-\w{10}$/gm)].map(
      ([, name]) => name,
    )
    expect(listed).toEqual(names)
  })

  it('are told once in Markdown, too, and one by one in JSON', async () => {
    const root = folder(crowd)
    const { stdout } = await ambientGuard('check', root, '--format', 'markdown', '--explain')
    expect(
      stdout.match(/^\*\*error\*\* NetworkPolicy\/shop\/deny, 11 workloads \(hbone-ingress\): /gm),
    ).toHaveLength(1)
    expect(stdout.match(/^- Deployment\/shop\/w-\d+ `f-\w{10}`$/gm)).toHaveLength(11)
    expect(stdout.match(/^Why:$/gm)).toHaveLength(1)
    const json = await ambientGuard('check', root, '--format', 'json')
    const { findings } = JSON.parse(json.stdout) as {
      readonly findings: readonly { readonly message: string }[]
    }
    expect(findings).toHaveLength(11)
    expect(findings[1]?.message).toMatch(
      /^Deployment\/shop\/w-10 is enrolled in Ambient \(.*\bother pods of Deployment\/shop\/w-10,/,
    )
  })

  it('that were there before are told once, and two are not many', async () => {
    const root = folder(crowd)
    const before = await ambientGuard('check', root, '--base', root)
    expect(before.stdout).toMatch(
      /^error NetworkPolicy\/shop\/deny {2}hbone-ingress {2}11 workloads \(was there before\)\n {4}policy np\.yaml:\d+\n {4}workloads\n {4}Deployment\/shop\/w-1 /m,
    )
    const two = names.slice(0, 2).map((name) => deployment(name, 'shop', 8080))
    const { stdout } = await ambientGuard('check', folder({ ...crowd, 'all.yaml': two.join('---\n') }))
    expect(stdout.match(/^error Deployment\/shop\/w-\d {2}hbone-ingress/gm)).toHaveLength(2)
  })

  it('differ in what they lose, where they do', async () => {
    const probing = names
      .slice(0, 3)
      .map((name, index) =>
        deployment(name, 'shop', 8080 + index).replace(
          'image:',
          `readinessProbe: {tcpSocket: {port: ${String(8080 + index)}}}\n          image:`,
        ),
      )
    const { stdout } = await ambientGuard('check', folder({ ...crowd, 'all.yaml': probing.join('---\n') }))
    expect(stdout).toMatch(
      /^error NetworkPolicy\/shop\/deny {2}kubelet-probe {2}3 workloads\n {4}such as Deployment\/shop\/w-1: Its readinessProbe on 8080\/TCP/m,
    )
  })
})

describe('one base of many clusters', () => {
  const names = ['c1', 'c2', 'c3', 'c10', 'c11']
  const overlays = names.map((name) => [`overlays/${name}/kustomization.yaml`, 'resources: [../../base]\n'])
  const root = (change: string): Record<string, string> => ({
    'base/kustomization.yaml': 'resources: [ns.yaml, api.yaml, web.yaml, np.yaml]\n',
    'base/ns.yaml': namespace('shop', change === 'enrolled'),
    'base/api.yaml': deployment('api', 'shop', 8080),
    'base/web.yaml': deployment('web', 'shop', 8080),
    'base/np.yaml': policy('api', 'shop', 'web', 8080),
    ...(Object.fromEntries(overlays) as Record<string, string>),
  })
  const said = async (format: string): Promise<string> =>
    (await ambientGuard('check', folder(root('enrolled')), '--base', folder(root('')), '--format', format))
      .stdout

  it('is told once in text, and its clusters by name, 2 before 10', async () => {
    const text = await said('text')
    expect(text).toContain('Workloads of shop in c1, c2, c3 and 2 more are enrolled in Ambient: ')
    expect(text).toMatch(
      /^error NetworkPolicy\/shop\/api in c1, c2, c3 and 2 more {2}hbone-ingress {2}Deployment\/shop\/api$/m,
    )
    expect(text.match(/those connections time out/g)).toHaveLength(1)
    expect(text.match(/^ {4}@@ /gm)).toHaveLength(1)
    expect(text).not.toContain('shared with')
    expect(
      [...text.matchAll(/^ {4}Deployment\/shop\/api in (c\d+) {2}f-\w{10}$/gm)].map(([, name]) => name),
    ).toEqual(names)
    expect(text).toContain('failure: 5 errors. ')
  })

  it('is told once in Markdown, too, and for each cluster in JSON', async () => {
    const markdown = await said('markdown')
    expect(markdown.match(/those connections time out/g)).toHaveLength(1)
    expect(markdown).toContain(
      '**error** NetworkPolicy/shop/api, Deployment/shop/api in c1, c2, c3 and 2 more (hbone-ingress): ',
    )
    expect(markdown.match(/^- Deployment\/shop\/api in c\d+ `f-\w{10}`$/gm)).toHaveLength(5)
    expect((JSON.parse(await said('json')) as { findings: unknown[] }).findings).toHaveLength(5)
  })
})

describe('one change that mends two findings', () => {
  const probe = (path: string, port: number): string => `{httpGet: {path: ${path}, port: ${String(port)}}}`
  const probed = deployment('api', 'shop', 8080).replace(
    /( *)(ports:)/,
    `$1readinessProbe: ${probe('/ready', 8080)}\n$1livenessProbe: ${probe('/live', 9090)}\n$1$2`,
  )
  const root = {
    'ns.yaml': namespace('shop', true),
    'api.yaml': probed,
    'np.yaml': policy('api', 'shop', 'web', 8080),
  }

  it.each(['text', 'markdown'])('is shown with the first: %s', async (format) => {
    const { stdout } = await ambientGuard('check', folder(root), '--format', format)
    expect(stdout.match(/ comes from 169\.254\.7\.127/g)).toHaveLength(2)
    expect(stdout.match(/^ *\+.*169\.254\.7\.127/gm)).toHaveLength(1)
    expect(stdout).toMatch(/^ *The same change of np\.yaml as above\.$/im)
  })
})
