// Fixes in Cilium's own objects: which strategy each case is offered, what companions of Cilium's policies look like,
// and that the proof sees what default deny does.
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { judge } from '../../src/core/index.ts'
import type { Plan, Trial } from '../../src/core/index.ts'
import { readDocument } from '../../src/core/yaml/index.ts'
import { runCase } from '../cases/case.ts'
import { policy } from '../cli/manifests.ts'
import { SHOP, directory, kustomization, plain, plansOf, rendered, think, write } from './made.ts'

const CASES = join(import.meta.dirname, '../../fixtures/cases')

describe('a case is offered', () => {
  it.each([
    [
      'cilium/probes-clusterwide',
      'cilium',
      'A new CiliumClusterwideNetworkPolicy in policies/ambient-probes.yaml admits 169.254.7.127/32, from which kubelet probes come, into Deployment/orchard/picker on every port, and isolates nothing.',
    ],
    ['cilium/probes-clusterwide-in-a-kustomization', 'cilium', 'A new CiliumClusterwideNetworkPolicy'],
    [
      'cilium/probes-clusterwide-member',
      'cilium',
      'A new member of CiliumClusterwideNetworkPolicy probes admits',
    ],
    ['cilium/probes-clusterwide-last', 'edit', 'NetworkPolicy orchard/from-the-platform admits'],
    [
      'host-probe-policy/old-page',
      'edit',
      'turns default deny off for ingress and egress, so that every pod that it selects is open to any peer on every port, unless another policy isolates it. Cilium reads enableDefaultDeny since 1.16; older versions ignore it.',
    ],
    ['host-probe-policy/egress-is-meant', 'edit', 'turns default deny off for ingress, so that'],
  ])('%s: %s', async (name, strategy, words) => {
    const [{ fix } = { fix: null }] = (await runCase(join(CASES, name))).findings
    expect(fix).toMatchObject({ strategy, text: expect.stringContaining(words) as unknown })
  })

  it.each([
    [
      'cilium/probes-clusterwide-denied',
      'what CiliumNetworkPolicy orchard/from-the-platform denies is for whoever wrote it to say',
    ],
    ['cilium/probes-clusterwide-nowhere', 'NetworkPolicy orchard/from-the-platform is assumed'],
    [
      'cilium/probes-clusterwide-shared-labels',
      'it would open more on Deployment/orchard/stock than it lists',
    ],
    ['host-probe-policy/shared-mapping', 'is shared: aliases of &off stand elsewhere'],
  ])('%s: nothing, and why', async (name, words) => {
    const [{ fix, advice } = { fix: null, advice: null }] = (await runCase(join(CASES, name))).findings
    expect(fix).toBeNull()
    expect(advice).toContain(words)
  })

  it('says of what is done in one direction what is done', async () => {
    const [{ message } = { message: '' }] = (await runCase(join(CASES, 'host-probe-policy/egress-is-meant')))
      .findings
    expect(message).toMatch(/Add enableDefaultDeny with ingress: false to its spec\.$/)
  })
})

const spec = (app: string, indent = '  '): string =>
  `${indent}endpointSelector: {matchLabels: {app: ${app}}}\n  ${indent === '  ' ? '' : indent.slice(2)}ingress: [{fromEndpoints: [{matchLabels: {app: web}}], toPorts: [{ports: [{port: "6379"}]}]}]\n`
const head = (kind: string, namespace: string): string =>
  `apiVersion: cilium.io/v2\nkind: ${kind}\nmetadata:\n  name: redis\n${namespace}`
const cnp = `${head('CiliumNetworkPolicy', '  namespace: shop\n')}spec:\n${spec('redis')}`
const ccnp = `${head('CiliumClusterwideNetworkPolicy', '')}spec:\n${spec('redis')}`
const members = `${head('CiliumNetworkPolicy', '  namespace: shop\n')}specs:\n  - ${spec('redis', '    ').trimStart()}  - ${spec('web', '    ').trimStart()}`

const read = (text: string | undefined): unknown => {
  const result = readDocument(text ?? '', { start: 0, end: text?.length ?? 0 })
  return result.ok ? result.value : result.message
}
const beside = (...texts: readonly string[]): Parameters<typeof write>[0] => [
  ...plain(SHOP),
  ...texts.map((text) => rendered(text, { by: 'chart redis', host: directory('r'), patchable: false })),
]
const ruleFor15008 = {
  fromEndpoints: [{ matchLabels: { app: 'web' } }],
  toPorts: [{ ports: [{ port: '15008', protocol: 'TCP' }] }],
}

describe('a companion of a policy of Cilium', () => {
  it('is of the same kind, and of the whole cluster where that is', () => {
    expect(read(write(beside(cnp), 'companion')['r/redis-ambient.yaml'])).toEqual({
      apiVersion: 'cilium.io/v2',
      kind: 'CiliumNetworkPolicy',
      metadata: { name: 'redis-ambient', namespace: 'shop' },
      spec: { endpointSelector: { matchLabels: { app: 'redis' } }, ingress: [ruleFor15008] },
    })
    expect(read(write(beside(ccnp), 'companion')['r/redis-ambient.yaml'])).toMatchObject({
      kind: 'CiliumClusterwideNetworkPolicy',
      metadata: { name: 'redis-ambient' },
    })
  })

  it('holds a member for each member of specs that lacks something', () => {
    const files = write(beside(members), 'companion')
    expect(Object.keys(files)).toEqual(['r/redis-ambient.yaml'])
    expect(read(files['r/redis-ambient.yaml'])).toMatchObject({
      specs: [
        { endpointSelector: { matchLabels: { app: 'redis' } }, ingress: [ruleFor15008] },
        { endpointSelector: { matchLabels: { app: 'web' } }, ingress: [ruleFor15008] },
      ],
    })
  })

  it('is told apart from that of a policy of another kind, or of the whole cluster, of the same name', () => {
    const np = policy('redis', 'shop', 'web', 6379)
    expect(Object.keys(write(beside(np, cnp), 'companion'))).toEqual([
      'r/cilium-redis-ambient.yaml',
      'r/redis-ambient.yaml',
    ])
    expect(Object.keys(write(beside(cnp, ccnp), 'companion'))).toEqual([
      'r/clusterwide-redis-ambient.yaml',
      'r/shop-redis-ambient.yaml',
    ])
  })
})

const probes = `apiVersion: cilium.io/v2
kind: CiliumClusterwideNetworkPolicy
metadata:
  name: probes
spec:
  endpointSelector: {}
  ingress:
    - fromCIDR: [169.254.7.127/32]
`
const off = `${probes}  enableDefaultDeny: {ingress: false, egress: false}\n`

const trial = (before: string, after: string): Trial => {
  const [was, is] = [before, after].map((text) => think(plain(`${SHOP}---\n${text}`)))
  if (was === undefined || is === undefined) throw new Error('no trial')
  return {
    before: was.analysis,
    after: is.analysis,
    compared: { before: was.compared, after: is.compared },
  }
}

describe('default deny', () => {
  const [plan] = plansOf(plain(`${SHOP}---\n${probes}`), 'edit') as [Plan]

  it('is an opening of everything, which has to be listed', () => {
    expect(judge([plan], [trial(probes, off)])).toEqual({ proved: true })
    expect(judge([{ ...plan, opens: [] }], [trial(probes, off)])).toMatchObject({
      reason: expect.stringMatching(/would open more on Deployment\/shop\/redis/) as unknown,
    })
    const [opening] = plan.opens
    if (opening === undefined) throw new Error('no opening')
    const some = { ...plan, opens: [{ ...opening, workloads: ['Deployment/shop/web'] }] }
    expect(judge([some], [trial(probes, off)])).toMatchObject({
      reason: expect.stringMatching(/would open more on Deployment\/shop\/redis/) as unknown,
    })
  })

  it('is a closing where a further member of a policy has it, though nothing in the tree is closed', () => {
    const closes = ccnp.replace(
      spec('redis'),
      '  endpointSelector: {matchLabels: {app: redis}}\n  ingress: [{fromEntities: [all]}]\n',
    )
    const more = `${closes}specs:\n- endpointSelector: {matchLabels: {app: unseen}}\n  ingress: [{fromEntities: [all]}]\n`
    expect(judge([], [trial(closes, `${more}  enableDefaultDeny: {ingress: false}\n`)])).toEqual({
      proved: true,
    })
    expect(judge([], [trial(closes, more)])).toMatchObject({
      reason: expect.stringContaining('would isolate pods that nothing isolates now') as unknown,
    })
  })

  it('is turned off by a patch where the text cannot be edited, and by nothing beside it', () => {
    const host = kustomization('overlays/prod', 'resources: []\n')
    const made = [...plain(SHOP), rendered(probes, { host })]
    expect(plansOf(made, 'companion')).toEqual([])
    expect(write(made, 'patch')).toEqual({
      'overlays/prod/kustomization.yaml': `resources: []
patches:
- target:
    group: cilium.io
    kind: CiliumClusterwideNetworkPolicy
    name: probes
  patch: |-
    - op: add
      path: /spec/enableDefaultDeny
      value:
        ingress: false
        egress: false
`,
    })
    const on = probes.replace('spec:\n', 'spec:\n  enableDefaultDeny: {ingress: true, egress: false}\n')
    expect(Object.values(write([...plain(SHOP), rendered(on, { host })], 'patch')).join('')).toContain(
      '    - op: add\n      path: /spec/enableDefaultDeny/ingress\n      value: false\n',
    )
  })
})
