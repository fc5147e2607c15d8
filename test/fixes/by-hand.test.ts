// Where no fix is written, the reader is told why, and what to do instead.
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { ambientGuard, folder } from '../cli/command.ts'

const CASES = join(import.meta.dirname, '../../fixtures/cases')

it.each([
  [
    'calico/app-port-only',
    /No fix is offered: policies of that kind are not edited here\. By hand: let NetworkPolicy\.projectcalico\.org \S+ admit any peer on 15008\/TCP\./,
  ],
  [
    'cilium/deny-beats-another-cnp',
    /No fix is offered: what CiliumNetworkPolicy \S+ denies is for whoever wrote it to say\. By hand: take \S+ on 15008\/TCP out of what it denies\./,
  ],
  [
    'admin/hbone-denied',
    /By hand: admit any peer on 15008\/TCP in a policy that comes before it, or take that out of what it denies\./,
  ],
  [
    'calico/egress-to-the-app-port',
    /By hand: let NetworkPolicy\.projectcalico\.org \S+ allow traffic to \S+ on 15008\/TCP\./,
  ],
])('%s', async (name, words) => {
  const root = folder({})
  for (const side of ['both', 'head']) cpSync(join(CASES, name, side), root, { recursive: true })
  const { code, stdout } = await ambientGuard('check', '--base', 'none', root)
  expect(code).toBe(1)
  expect(stdout.replace(/\s+/g, ' ')).toMatch(words)
})

const NAMESPACE = `apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio.io/dataplane-mode: ambient}}
`

const DEPLOYMENT = `apiVersion: apps/v1
kind: Deployment
metadata: {name: api, namespace: shop}
spec:
  selector: {matchLabels: {app: api}}
  template:
    metadata: {labels: {app: api}}
    spec: {containers: [{name: api, image: registry.example/api, ports: [{containerPort: 8080}]}]}
`

/** Only its owners know whom an isolated workload should still reach, or be reached by. */
it.each(['Ingress', 'Egress'])('says nothing of whom to open what is isolated to, %s', async (type) => {
  const root = folder({
    'base/ns.yaml': NAMESPACE,
    'base/api.yaml': DEPLOYMENT,
    'head/ns.yaml': NAMESPACE,
    'head/api.yaml': DEPLOYMENT,
    'head/policy.yaml': `apiVersion: projectcalico.org/v3
kind: NetworkPolicy
metadata: {name: closed, namespace: shop}
spec: {selector: all(), types: [${type}]}
`,
  })
  const { stdout } = await ambientGuard(
    ...['check', '--cni', 'calico', '--base', join(root, 'base'), '--head', join(root, 'head')],
  )
  expect(stdout).toContain(`isolates its ${type.toLowerCase()} `)
  expect(stdout).toContain('nothing needs doing.')
  expect(stdout).not.toContain('By hand')
})

it('says both where a denial comes before a policy that admits too little', async () => {
  const root = folder({
    'ns.yaml': NAMESPACE,
    'api.yaml': DEPLOYMENT,
    'web.yaml': DEPLOYMENT.replace('name: api, namespace', 'name: web, namespace').replace(
      /app: api/g,
      'app: web',
    ),
    'policy.yaml': `apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata: {name: deny}
spec:
  order: 10
  selector: app == "api"
  types: [Ingress]
  ingress: [{action: Deny, protocol: TCP, destination: {ports: [15008]}}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: api, namespace: shop}
spec:
  podSelector: {matchLabels: {app: api}}
  ingress: [{from: [{podSelector: {}}], ports: [{port: 8080}]}]
`,
  })
  const { stdout } = await ambientGuard('check', '--cni', 'calico', '--base', 'none', root)
  expect(stdout.replace(/\s+/g, ' ')).toMatch(
    /what GlobalNetworkPolicy deny denies is for whoever wrote it to say\. By hand: .* Besides: NetworkPolicy shop\/api admits every pod in shop on 15008\/TCP\./,
  )
})
