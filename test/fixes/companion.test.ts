// A policy of its own beside a generated one: the same pods, one direction, nothing but what is missing.
import { describe, expect, it } from 'vitest'
import type { Host } from '../../src/core/kubernetes/origin.ts'
import type { Manifest } from '../../src/core/kubernetes/manifest.ts'
import { realise } from '../../src/core/index.ts'
import { readDocument } from '../../src/core/yaml/index.ts'
import { deployment, policy } from '../cli/manifests.ts'
import { SHOP, directory, kustomization, plain, plansOf, rendered, textsOf, think, write } from './made.ts'

const np = policy('redis', 'shop', 'web', 6379)
const by = 'chart charts/redis'

const beside = (host: Host | null, text = np, around = SHOP): readonly Manifest[] => [
  ...plain(around),
  rendered(text, { by, host, patchable: false }),
]

const AMBIENT = `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: redis-ambient
  namespace: shop
spec:
  podSelector:
    matchLabels:
      app: redis
  policyTypes:
  - Ingress
  ingress:
  - from:
    - podSelector:
        matchLabels:
          app: web
    ports:
    - port: 15008
      protocol: TCP
`

const probed = (text: string): string =>
  text.replace('          image: example\n', `$&          readinessProbe: {httpGet: {port: 6379, path: /}}\n`)

interface Policy {
  readonly metadata: { readonly name: string; readonly namespace: string }
  readonly spec: {
    readonly podSelector: unknown
    readonly policyTypes: readonly string[]
    readonly ingress?: readonly unknown[]
    readonly egress?: readonly unknown[]
  }
}

function read(text: string | undefined): Policy {
  const result = readDocument(text ?? '', { start: 0, end: text?.length ?? 0 })
  if (!result.ok) throw new Error(result.message)
  return result.value as Policy
}

describe('a companion', () => {
  it('stands alone in a folder that is read as it is', () => {
    expect(write(beside(directory('releases/redis', ['release.yaml'])), 'companion')).toEqual({
      'releases/redis/redis-ambient.yaml': AMBIENT,
    })
    expect(write(beside(directory('.')), 'companion')).toEqual({ 'redis-ambient.yaml': AMBIENT })
  })

  it('is named by the kustomization that it stands in', () => {
    const text = 'helmCharts:\n- name: redis\nresources:\n- namespace.yaml\n'
    expect(write(beside(kustomization('prod', text)), 'companion')).toEqual({
      'prod/redis-ambient.yaml': AMBIENT,
      'prod/kustomization.yaml': `${text}- redis-ambient.yaml\n`,
    })
    expect(write(beside(kustomization('.', 'helmCharts: []\n')), 'companion')).toMatchObject({
      'kustomization.yaml': 'helmCharts: []\nresources:\n- redis-ambient.yaml\n',
    })
    expect(write(beside(kustomization('.', '{"resources": ["a.yaml"]}\r\n')), 'companion')).toMatchObject({
      'kustomization.yaml': '{"resources": ["a.yaml", "redis-ambient.yaml"]}\r\n',
    })
  })

  it('says where it stands, and opens for the pods of the policy that it helps', () => {
    const [plan] = plansOf(beside(directory('releases')), 'companion')
    expect(plan).toMatchObject({
      strategy: 'companion',
      policies: [{ id: 'NetworkPolicy/shop/redis' }],
      opens: [{ policyId: 'NetworkPolicy/shop/redis', direction: 'ingress' }],
    })
    expect(plan?.text).toMatch(
      /^A new NetworkPolicy beside shop\/redis admits pods app=web in shop on 15008\/TCP, in releases\/redis-ambient\.yaml\./,
    )
  })

  it('takes the name that is free', () => {
    expect(Object.keys(write(beside(directory('r', ['redis-ambient.yaml'])), 'companion'))).toEqual([
      'r/redis-ambient-2.yaml',
    ])
    const names = ['redis-ambient.yaml', 'redis-ambient-2.yaml']
    expect(Object.keys(write(beside(directory('r', names)), 'companion'))).toEqual(['r/redis-ambient-3.yaml'])
    const other = policy('redis-ambient', 'shop', 'web', 1)
    const taken = [...beside(directory('r')), ...plain(other, 'other.yaml')]
    const files = Object.entries(write(taken, 'companion'))
    expect(files.map(([path, text]) => [path, read(text).metadata.name])).toEqual([
      ['r/redis-ambient-2.yaml', 'redis-ambient-2'],
    ])
  })

  it('has a name that the API server and the file system take, whatever the policy is called', () => {
    const long = `${'a'.repeat(231)}.${'b'.repeat(20)}`
    const files = Object.entries(
      write(beside(directory('r'), np.replace('name: redis', `name: ${long}`)), 'companion'),
    )
    const [[path = '', text] = []] = files
    const { name } = read(text).metadata
    expect(path).toBe(`r/${name}.yaml`)
    expect(name).toMatch(/^a{231}-ambient$/)
    const nameless = rendered(np.replace('name: redis', 'generateName: redis-'), {
      host: directory('r'),
      sourceName: 'redis-*',
    })
    expect(plansOf([...plain(SHOP), nameless], 'companion')).toEqual([])
  })

  it('is told apart from that of a policy of the same name in another namespace', () => {
    const pay = (text: string): string => text.replaceAll('shop', 'pay')
    const host = directory('r')
    const manifests = [
      ...plain(`${SHOP}---\n${pay(SHOP)}`),
      rendered(np, { by, host, patchable: false }),
      rendered(pay(np), { by, host, patchable: false }),
    ]
    const files = write(manifests, 'companion')
    expect(Object.keys(files)).toEqual(['r/pay-redis-ambient.yaml', 'r/shop-redis-ambient.yaml'])
    expect(read(files['r/pay-redis-ambient.yaml']).metadata).toEqual({
      name: 'pay-redis-ambient',
      namespace: 'pay',
    })
  })

  it('admits probes and nothing else, in a policy that no other rule goes to', () => {
    const files = write(beside(directory('r'), np, probed(SHOP)), 'companion')
    expect(Object.keys(files)).toEqual(['r/redis-ambient-probes.yaml', 'r/redis-ambient.yaml'])
    expect(files['r/redis-ambient.yaml']).toBe(AMBIENT)
    expect(read(files['r/redis-ambient-probes.yaml']).spec).toEqual({
      podSelector: { matchLabels: { app: 'redis' } },
      policyTypes: ['Ingress'],
      ingress: [{ from: [{ ipBlock: { cidr: '169.254.7.127/32' } }] }],
    })
  })

  it('selects every pod where its policy does, and not one more', () => {
    const every = np.replace('    matchLabels:\n      app: redis\n  ingress', '    {}\n  ingress')
    expect(
      read(write(beside(directory('r'), every), 'companion')['r/redis-ambient.yaml']).spec.podSelector,
    ).toEqual({})
    const none = np.replace('  podSelector:\n    matchLabels:\n      app: redis\n  ingress', '  ingress')
    expect(
      read(write(beside(directory('r'), none), 'companion')['r/redis-ambient.yaml']).spec.podSelector,
    ).toEqual({})
  })

  it('speaks of egress alone where that is what is missing', () => {
    const egress = np
      .replace('app: redis', 'app: web')
      .replace('  ingress:\n    - from:', '  policyTypes: [Egress]\n  egress:\n    - to:')
      .replace('              app: web', '              app: redis')
    const files = write(beside(directory('r'), egress), 'companion')
    expect(Object.keys(files)).toEqual(['r/redis-ambient-egress.yaml'])
    expect(read(files['r/redis-ambient-egress.yaml']).spec).toEqual({
      podSelector: { matchLabels: { app: 'web' } },
      policyTypes: ['Egress'],
      egress: [
        {
          to: [{ podSelector: { matchLabels: { app: 'redis' } } }],
          ports: [{ port: 15008, protocol: 'TCP' }],
        },
      ],
    })
  })

  it('names of mixed peers those in the mesh, and nobody where the rule admits anybody', () => {
    const mixed = np.replace('    - from:\n', '    - from:\n        - ipBlock: {cidr: 203.0.113.0/24}\n')
    expect(write(beside(directory('r'), mixed), 'companion')).toEqual({ 'r/redis-ambient.yaml': AMBIENT })
    const anybody = np.replace(/ {4}- from:[^]*?(?= {6}ports:)/, '').replace('      ports:', '    - ports:')
    const files = write(beside(directory('r'), anybody), 'companion')
    expect(read(files['r/redis-ambient.yaml']).spec.ingress).toEqual([
      { ports: [{ port: 15008, protocol: 'TCP' }] },
    ])
  })

  it('holds the rules of all plans for one policy', () => {
    const two = `${np}    - from: [{podSelector: {matchLabels: {app: cart}}}]\n      ports: [{port: 9000}]\n`
    const around = `${SHOP}---\n${deployment('cart', 'shop', 80)}`
    const files = write(beside(directory('r'), two, around), 'companion')
    expect(Object.keys(files)).toEqual(['r/redis-ambient.yaml'])
    expect(read(files['r/redis-ambient.yaml']).spec.ingress).toHaveLength(2)
  })

  it('goes along with an edit where a finding hangs on a plain policy, too', () => {
    const other = np.replace('name: redis', 'name: caches')
    const manifests = [...beside(directory('r')), ...plain(other, 'caches.yaml')]
    expect(plansOf(manifests, 'edit')).toEqual([])
    const [plan, ...others] = plansOf(manifests, 'companion')
    expect(others).toEqual([])
    expect(plan?.changes.map(({ kind }) => kind).sort()).toEqual(['append', 'companion'])
    expect(plan?.policies.map(({ name }) => name).sort()).toEqual(['caches', 'redis'])
    const files = write(manifests, 'companion')
    expect(files['r/redis-ambient.yaml']).toBe(AMBIENT)
    expect(files['caches.yaml']).toContain('port: 15008')
  })

  it('is refused where two plans would write different policies to one file', () => {
    const [plan] = plansOf(beside(directory('r')), 'companion')
    const [change] = plan?.changes ?? []
    if (change?.kind !== 'companion') throw new Error('no companion')
    expect(
      textsOf(
        realise([
          change,
          {
            ...change,
            skeleton: {
              apiVersion: 'networking.k8s.io/v1',
              kind: 'NetworkPolicy',
              spec: { podSelector: {}, policyTypes: ['Ingress'] },
            },
          },
        ]),
      ),
    ).toEqual({
      refused: 'two different policies would be written to r/redis-ambient.yaml',
    })
    expect(Object.keys(textsOf(realise([change, { ...change }])))).toEqual(['r/redis-ambient.yaml'])
  })

  it('has no place beside an assumed policy, a plain file or a release that is nowhere in the tree', () => {
    expect(plansOf(beside(null), 'companion')).toEqual([])
    expect(plansOf(plain(`${SHOP}---\n${np}`), 'companion')).toEqual([])
    expect(plansOf(beside({ ...kustomization('.', 'resources: []\n'), file: null }), 'companion')).toEqual([])
    expect(think(beside(null)).compared.findings.map(({ rule }) => rule)).toContain('hbone-ingress')
  })
})
