// Notes on port widening come in herds; they take a line for each namespace, whatever the format.
import { expect, it } from 'vitest'
import { ambientGuard, folder } from './command.ts'
import { deployment, namespace, policy } from './manifests.ts'

const world = {
  'ns.yaml': namespace('shop', true),
  'a.yaml': deployment('api', 'shop', 8080),
  'b.yaml': deployment('web', 'shop', 8080),
}
const limits = (hbone: string): Record<string, string> => ({
  ...world,
  'api.yaml': policy('api', 'shop', 'web', 8080) + hbone,
  'web.yaml': policy('web', 'shop', 'api', 8080) + hbone,
})

it('port widening takes one line for each namespace', async () => {
  const base = folder(limits(''))
  const head = folder(limits('        - port: 15008\n'))
  const text = await ambientGuard('check', '--base', base, '--head', head)
  const lines = text.stdout.split('\n').filter((line) => line.includes('port-widening'))
  expect(lines).toEqual([
    'note shop  port-widening  peers that policies limit to some ports reach every port of Deployment/shop/api and Deployment/shop/web through 15008/TCP, and no AuthorizationPolicy keeps the limit',
  ])
  expect(text.stdout).toContain('success: 1 note.')
  const markdown = await ambientGuard('check', '--base', base, '--head', head, '--format', 'markdown')
  expect(markdown.stdout.match(/port-widening/g)).toHaveLength(1)
  const json = JSON.parse(
    (await ambientGuard('check', '--base', base, '--head', head, '--format', 'json')).stdout,
  ) as { readonly findings: readonly { readonly rule: string; readonly message: string }[] }
  const said = json.findings.filter(({ rule }) => rule === 'port-widening')
  expect(said.map(({ message }) => message)).toEqual([
    expect.stringContaining('DENY and notPorts ["8080"]'),
    expect.stringContaining('DENY and notPorts ["8080"]'),
  ])
})

it('names the cluster, where there are several', async () => {
  const side = (hbone: string): string =>
    folder({
      '.github/ambient-guard.yml': 'clusters: {prod: {paths: [prod]}, staging: {paths: [staging]}}\n',
      ...Object.fromEntries(Object.entries(limits(hbone)).map(([path, text]) => [`prod/${path}`, text])),
      'staging/ns.yaml': namespace('shop', true),
    })
  const argv = ['check', '--base', side(''), '--head', side('        - port: 15008\n')]
  const { stdout } = await ambientGuard(...argv)
  expect(stdout).toContain('note shop in prod  port-widening  peers')
  const { stdout: markdown } = await ambientGuard(...argv, '--format', 'markdown')
  expect(markdown).toContain('**note** shop in prod (port-widening): peers')
})
