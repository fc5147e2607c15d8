// `check --explain`: under each finding, the chain that a person can follow with the files open.
import { cpSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { ambientGuard, folder } from './command.ts'
import { deployment, namespace, policy } from './manifests.ts'

const tree = {
  'ns.yaml': namespace('shop', true),
  'app.yaml': [deployment('web', 'shop', 80), deployment('api', 'shop', 8080)].join('---\n'),
  'np.yaml': policy('api', 'shop', 'web', 8080),
}

const CHAIN = [
  {
    text: 'Deployment/shop/api is enrolled in Ambient: the namespace shop carries istio.io/dataplane-mode: ambient',
    path: 'ns.yaml',
    line: 6,
  },
  { text: 'NetworkPolicy shop/api selects it and isolates its ingress', path: 'np.yaml', line: 7 },
  {
    text: 'Deployment/shop/web is enrolled in Ambient: the namespace shop carries istio.io/dataplane-mode: ambient',
    path: 'ns.yaml',
    line: 6,
  },
  { text: 'spec.ingress[0] of NetworkPolicy shop/api admits it on 8080/TCP', path: 'np.yaml', line: 11 },
  { text: 'no policy admits it on 15008/TCP, by which the mesh delivers', path: null, line: null },
]

describe('check --explain', () => {
  it('adds the chain to each finding of the JSON, and to none unasked', async () => {
    const root = folder(tree)
    const explained = await ambientGuard('check', root, '--explain', '--format', 'json')
    expect(explained.code).toBe(1)
    const [finding] = (JSON.parse(explained.stdout) as { readonly findings: readonly object[] }).findings
    expect(finding).toMatchObject({ rule: 'hbone-ingress', explanation: CHAIN })
    const plain = await ambientGuard('check', root, '--format', 'json')
    expect(plain.stdout).not.toContain('explanation')
  })

  it('prints it in words, numbered, with places to open', async () => {
    const root = folder(tree)
    const { stdout } = await ambientGuard('check', root, '--explain')
    expect(stdout).toContain(
      '    2. NetworkPolicy shop/api selects it and isolates its ingress\n       np.yaml:7\n    3. Deployment/shop/web is enrolled',
    )
    expect(stdout).toContain(
      '    4. spec.ingress[0] of NetworkPolicy shop/api admits it on 8080/TCP\n       np.yaml:11\n    5. no policy admits it on 15008/TCP, by which the mesh delivers\n',
    )
    expect((await ambientGuard('check', root)).stdout).not.toContain('selects it and isolates')
    const { stdout: markdown } = await ambientGuard('check', root, '--explain', '--format', 'markdown')
    expect(markdown).toContain(
      '\n2. NetworkPolicy shop/api selects it and isolates its ingress (np.yaml:7)\n3. ',
    )
  })

  it('follows a probe from its line to the policy that drops it', async () => {
    const probe = '          readinessProbe: {httpGet: {port: 8080}}\n'
    const root = folder({ ...tree, 'app.yaml': deployment('api', 'shop', 8080) + probe })
    const { stdout } = await ambientGuard('check', root, '--cni', 'cilium', '--explain', '--format', 'json')
    const { findings } = JSON.parse(stdout) as {
      readonly findings: readonly { readonly rule: string; readonly explanation: readonly object[] }[]
    }
    expect(findings.find(({ rule }) => rule === 'kubelet-probe')?.explanation).toEqual([
      CHAIN[0],
      { text: 'the readinessProbe of container main calls 8080/TCP (httpGet)', path: 'app.yaml', line: 18 },
      { text: 'in Ambient, what the kubelet sends to it comes from 169.254.7.127', path: null, line: null },
      {
        text: 'the CNI is cilium (the configuration says so), whose enforcement sees that source',
        path: null,
        line: null,
      },
      CHAIN[1],
      { text: 'no policy admits 169.254.7.127 on 8080/TCP', path: null, line: null },
    ])
  })

  it('ends with the rule that denies, where one does, and not with who admits nothing', async () => {
    const root = folder({})
    for (const side of ['both', 'head'])
      cpSync(`fixtures/cases/cilium/deny-beats-a-network-policy/${side}`, root, { recursive: true })
    const { stdout } = await ambientGuard('check', root, '--explain')
    expect(stdout).toContain(
      '    6. spec.ingressDeny[0] of CiliumClusterwideNetworkPolicy no-tunnels denies it on 15008/TCP, by which the mesh delivers\n       ccnp.yaml:',
    )
    expect(stdout).not.toContain('none of them admits')
  })

  it('does not explain what is mended', async () => {
    const mended = { ...tree, 'np.yaml': tree['np.yaml'].replace('- port: 8080', '- port: 15008') }
    const { stdout } = await ambientGuard(
      'check',
      '--base',
      folder(tree),
      '--head',
      folder(mended),
      '--explain',
      '--format',
      'json',
    )
    expect(JSON.parse(stdout)).toMatchObject({ findings: [{ change: 'resolved', explanation: [] }] })
  })
})
