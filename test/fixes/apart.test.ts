// Where a policy for a whole namespace shuts one workload off, the fix is a policy for that workload's pods alone.
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { ambientGuard, folder } from '../cli/command.ts'

const WORLD = `apiVersion: v1
kind: Namespace
metadata: {name: mill, labels: {istio.io/dataplane-mode: ambient, istio.io/use-waypoint: gate}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: gate, namespace: mill}
spec: {gatewayClassName: istio-waypoint, listeners: [{name: mesh, port: 15008, protocol: HBONE}]}
---
apiVersion: v1
kind: Service
metadata: {name: api, namespace: mill}
spec: {selector: {app: api}, ports: [{port: 8080}]}
`
const deployment = (name: string, more = '', labels = `app: ${name}`): string => `apiVersion: apps/v1
kind: Deployment
metadata: {name: ${name}, namespace: mill}
spec:
  selector: {matchLabels: {app: ${name}}}
  template:
    metadata: {labels: {${labels}}}
    spec: {${more}containers: [{name: main, image: registry.example/it, ports: [{containerPort: 8080}]}]}
`
const API = `${WORLD}---\n${deployment('api')}---\n${deployment('web')}`
const policy = (name: string, spec: string): string => `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: ${name}, namespace: mill}
spec: {${spec}}
`
const NOBODY = policy('nobody', 'podSelector: {}, policyTypes: [Ingress]')
/** Everybody of the namespace but the waypoint: what is left shut is the waypoint. */
const OTHERS = policy(
  'others',
  'podSelector: {matchExpressions: [{key: app, operator: Exists}]}, ingress: [{from: [{podSelector: {}}]}]',
)
const OWN = `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: gate-ambient
  namespace: mill
spec:
  podSelector:
    matchLabels:
      gateway.networking.k8s.io/gateway-name: gate
  policyTypes:
  - Ingress
  ingress:
  - from:
    - podSelector:
        matchLabels:
          app: api
    - podSelector:
        matchLabels:
          app: web
    ports:
    - port: 15008
      protocol: TCP
`

/** Has a tree mended, and shows that a check then finds nothing new. */
async function mended(files: Readonly<Record<string, string>>): Promise<string> {
  const [base, head] = [folder({ 'world.yaml': API }), folder({ 'world.yaml': API, ...files })]
  expect((await ambientGuard('check', '--base', base, head)).code).toBe(1)
  expect(await ambientGuard('fix', '--base', base, head, '--write')).toMatchObject({ code: 0 })
  expect((await ambientGuard('check', '--base', base, head)).code).toBe(0)
  return head
}

/** What a check says of files that come to a world, in one line. */
async function said(files: Readonly<Record<string, string>>, world = API): Promise<string> {
  const [base, head] = [folder({ 'world.yaml': world }), folder({ 'world.yaml': world, ...files })]
  const { code, stdout } = await ambientGuard('check', '--base', base, head)
  expect(code).toBe(1)
  return stdout.replaceAll(/\s+/g, ' ')
}

it.each([
  ['a text that ends its last line', NOBODY, `${NOBODY}---\n${OWN}`],
  ['a text that does not', NOBODY.trimEnd(), `${NOBODY}---\n${OWN}`],
  ['a text from Windows', NOBODY.replaceAll('\n', '\r\n'), `${NOBODY}---\n${OWN}`.replaceAll('\n', '\r\n')],
])('it stands at the end of the file: %s', async (_, text, expected) => {
  const head = await mended({ 'np/nobody.yaml': text, 'np/others.yaml': OTHERS })
  expect(readFileSync(join(head, 'np/nobody.yaml'), 'utf8')).toBe(expected)
  expect(readFileSync(join(head, 'np/others.yaml'), 'utf8')).toBe(OTHERS)
})

it('it is a further file of a kustomization', async () => {
  const overlay = 'resources:\n- nobody.yaml\n- others.yaml\nnamePrefix: prod-\n'
  const files = { 'np/kustomization.yaml': overlay, 'np/nobody.yaml': NOBODY, 'np/others.yaml': OTHERS }
  const head = await mended(files)
  expect(readdirSync(join(head, 'np')).sort()).toEqual([
    'gate-ambient.yaml',
    'kustomization.yaml',
    'nobody.yaml',
    'others.yaml',
  ])
  expect(readFileSync(join(head, 'np/gate-ambient.yaml'), 'utf8')).toBe(OWN)
  expect(readFileSync(join(head, 'np/nobody.yaml'), 'utf8')).toBe(NOBODY)
})

it('its name is one that no policy has', async () => {
  const taken = policy('gate-ambient', 'podSelector: {matchLabels: {app: nothing}}, policyTypes: [Ingress]')
  const head = await mended({ 'nobody.yaml': NOBODY, 'others.yaml': OTHERS, 'taken.yaml': taken })
  expect(readFileSync(join(head, 'nobody.yaml'), 'utf8')).toContain('\n  name: gate-ambient-2\n')
})

it('it says so, and what it is for', async () => {
  expect(await said({ 'np.yaml': `${NOBODY}---\n${OTHERS}` })).toContain(
    'fix: A new NetworkPolicy for pods gateway.networking.k8s.io/gateway-name=gate in mill admits pods app=api in mill and pods app=web in mill on 15008/TCP, in np.yaml.',
  )
})

it('a policy of Cilium gets one of Cilium', async () => {
  const nobody = `apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: nobody, namespace: mill}
spec: {endpointSelector: {}, ingress: [{}]}
`
  const head = await mended({ 'nobody.yaml': nobody, 'others.yaml': OTHERS })
  const text = readFileSync(join(head, 'nobody.yaml'), 'utf8')
  expect(text.slice(0, nobody.length)).toBe(nobody)
  expect(text.slice(nobody.length)).toMatch(
    /^---\napiVersion: cilium\.io\/v2\nkind: CiliumNetworkPolicy\nmetadata:\n {2}name: gate-ambient\n/,
  )
  expect(text).toContain(
    '  endpointSelector:\n    matchLabels:\n      gateway.networking.k8s.io/gateway-name: gate\n',
  )
})

it('it is not offered where it would be for pods of others, too', async () => {
  const decoy = deployment('decoy').replace(
    'labels: {app: decoy}',
    'labels: {app: decoy, gateway.networking.k8s.io/gateway-name: gate}',
  )
  const others = OTHERS.replace('operator: Exists', 'operator: In, values: [api, web]')
  expect(await said({ 'nobody.yaml': NOBODY, 'others.yaml': others }, `${API}---\n${decoy}`)).toContain(
    'No fix is offered: it would open more on Deployment/mill/decoy than it lists. By hand: A new NetworkPolicy',
  )
})

it('nor beside a policy of the whole cluster', async () => {
  const nobody = `apiVersion: cilium.io/v2
kind: CiliumClusterwideNetworkPolicy
metadata: {name: nobody}
spec: {endpointSelector: {}, ingress: [{}]}
`
  const text = await said({ 'nobody.yaml': nobody, 'others.yaml': OTHERS })
  expect(text).toContain('Gateway/mill/gate')
  expect(text).not.toContain('gate-ambient')
})

it('nor where it would change what another document ends with', async () => {
  const note =
    'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: note, namespace: mill}\ndata:\n  text: |\n    no line ends here'
  expect(await said({ 'np.yaml': `${NOBODY}---\n${note}`, 'others.yaml': OTHERS })).toContain(
    'No fix is offered: NetworkPolicy mill/nobody stands in np.yaml, behind which no other policy can stand.',
  )
})

it('where it has no place it is told: nothing can follow what stands in JSON', async () => {
  const np = JSON.stringify({
    ...{ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy' },
    metadata: { name: 'nobody', namespace: 'mill' },
    spec: { podSelector: {}, policyTypes: ['Ingress'] },
  })
  expect(await said({ 'others.yaml': OTHERS, 'np.json': np })).toContain(
    'No fix is offered: NetworkPolicy mill/nobody stands in np.json, behind which no other policy can stand. By hand: A new NetworkPolicy for pods gateway.networking.k8s.io/gateway-name=gate in mill admits pods app=api in mill and pods app=web in mill on 15008/TCP.',
  )
})

it('pods of both kinds are each told of', async () => {
  const outside = 'app: api, part: canary, istio.io/dataplane-mode: none'
  const both = `${deployment('api', 'hostNetwork: true, ')}---\n${deployment('canary', '', outside)}`
  const out = policy(
    'out',
    'podSelector: {matchLabels: {gateway.networking.k8s.io/gateway-name: gate}}, policyTypes: [Egress], egress: [{ports: [{port: 15012}]}]',
  )
  expect(await said({ 'out.yaml': out }, `${WORLD}---\n${both}---\n${deployment('web')}`)).toContain(
    'By hand: let NetworkPolicy mill/out allow traffic to Deployment/mill/api and Deployment/mill/canary on 8080/TCP, and those of them on the network of their nodes by the addresses of these.',
  )
})

it('pods on the network of their node are for the addresses of nodes', async () => {
  const world = `${WORLD}---\n${deployment('api', 'hostNetwork: true, ')}---\n${deployment('web')}`
  const out = policy(
    'out',
    'podSelector: {matchLabels: {gateway.networking.k8s.io/gateway-name: gate}}, policyTypes: [Egress], egress: [{ports: [{port: 15012}]}]',
  )
  expect(await said({ 'out.yaml': out }, world)).toContain(
    'No fix is offered: selectors do not find pods on the network of their nodes. By hand: let NetworkPolicy mill/out allow traffic to the nodes of Deployment/mill/api on 8080/TCP, by their addresses.',
  )
})
