// The proof believes nothing that a plan says: plans that lie are refused, each for its own lie.
import { describe, expect, it } from 'vitest'
import { DEFAULT_CONFIG } from '../../src/core/config.ts'
import type { ClusterConfig } from '../../src/core/config.ts'
import { analyze, compare, judge, propose } from '../../src/core/index.ts'
import type { Plan, Trial } from '../../src/core/index.ts'
import type { PolicyPeer } from '../../src/core/kubernetes/kinds/policy.ts'
import type { Manifest } from '../../src/core/kubernetes/manifest.ts'
import { parseFile } from '../../src/manifests/parse.ts'
import { deployment, namespace, policy } from '../cli/manifests.ts'

const cluster = DEFAULT_CONFIG.clusters[0] as ClusterConfig
const NOTHING = {
  lines: new Map(),
  paths: new Set<string>(),
  moved: new Map(),
  namespaces: new Set<string>(),
}

const read = (text: string): readonly Manifest[] =>
  parseFile('all.yaml', new TextEncoder().encode(text), { editable: true, configMaps: false }).manifests
const think = (
  text: string,
  config = cluster,
): { readonly analysis: Trial['before']; readonly compared: Trial['compared']['before'] } => {
  const analysis = analyze(config, {}, read(text))
  return { analysis, compared: compare(null, analysis, NOTHING, [], '2026-01-01') }
}

const around = `${namespace('shop', true)}---\n${deployment('api', 'shop', 8080)}---\n${deployment('web', 'shop', 80)}`
const np = policy('api', 'shop', 'web', 8080)
const before = think(`${around}---\n${np}`)
const [plan] = propose(before.analysis, before.compared.findings, NOTHING, 'edit') as [Plan]

const trialOf = (was: ReturnType<typeof think>, is: ReturnType<typeof think>): Trial => ({
  before: was.analysis,
  after: is.analysis,
  compared: { before: was.compared, after: is.compared },
})

const verdict = (after: string, plans: readonly Plan[] = [plan]): ReturnType<typeof judge> => {
  return judge(plans, [trialOf(before, think(after))])
}
const open = '      ports:\n        - port: 8080\n        - port: 15008\n'
const mended = `${around}---\n${np.replace('      ports:\n        - port: 8080\n', open)}`

describe('judge', () => {
  it('accepts what mends the finding and opens what is listed', () => {
    expect(verdict(mended)).toEqual({ proved: true })
  })

  it('refuses a plan that lists what stays shut', () => {
    const other: PolicyPeer = {
      kind: 'pods',
      pods: [{ key: 'app', operator: 'In', values: ['other'] }],
      namespaces: null,
    }
    const opens = plan.opens.map((opening) => ({ ...opening, peers: [...(opening.peers ?? []), other] }))
    expect(verdict(mended, [{ ...plan, opens }])).toEqual({
      proved: false,
      reason: 'what it opens on Deployment/shop/api is denied all the same',
    })
  })

  const lies: readonly (readonly [what: string, after: string, reason: RegExp])[] = [
    ['leaves the finding', `${around}---\n${np}`, /the finding f-[0-9a-f]{10} would remain/],
    [
      'opens another port',
      mended.replace('- port: 15008', '- port: 15008\n        - port: 9'),
      /would open more on Deployment\/shop\/api/,
    ],
    [
      'opens to another peer',
      `${mended}    - from: [{ipBlock: {cidr: 203.0.113.9/32}}]\n      ports: [{port: 15008}]\n`,
      /would open more on Deployment\/shop\/api/,
    ],
    [
      'closes the application port',
      mended.replace('        - port: 8080\n', ''),
      /would close something on Deployment\/shop\/api/,
    ],
    [
      'loses a workload',
      mended.replace(`---\n${deployment('web', 'shop', 80)}`, ''),
      /Deployment\/shop\/web would be lost/,
    ],
    ['loses a policy', around, /NetworkPolicy\/shop\/api would be lost/],
    [
      'opens another workload',
      mended.replace('      app: api\n  ingress', '      app: web\n  ingress'),
      /would/,
    ],
    [
      'brings a problem',
      `${mended}---\n${policy('web', 'shop', 'api', 99999)}`,
      /would bring a problem: NetworkPolicy shop\/web/,
    ],
    [
      'brings a finding',
      `${mended}---\n${policy('web', 'shop', 'api', 80)}`,
      /would bring hbone-ingress on Deployment\/shop\/web/,
    ],
  ]
  it.each(lies)('refuses an edit that %s', (_what, after, reason) => {
    const result = verdict(after)
    expect(result).toMatchObject({ proved: false })
    expect(result.proved ? '' : result.reason).toMatch(reason)
  })

  describe('of a policy beside the one that falls short', () => {
    const [helped] = before.compared.findings.flatMap(({ culprits }) => culprits)
    const companion = (selector: string, more = ''): string => `${around}---\n${np}---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: api-ambient, namespace: shop}
spec:
  podSelector: ${selector}
  policyTypes: [Ingress]
  ingress:
  - from: [{podSelector: {matchLabels: {app: web}}}]
    ports: [{port: 15008}]
${more}`

    it('accepts one for the same pods', () => {
      expect(helped?.policy.id).toBe('NetworkPolicy/shop/api')
      expect(verdict(companion('{matchLabels: {app: api}}'))).toEqual({ proved: true })
      expect(verdict(companion('{matchLabels: {app: api, tier: back}}'))).toMatchObject({ proved: false })
    })

    const lies: readonly (readonly [what: string, after: string, reason: RegExp])[] = [
      ['selects every pod', companion('{}'), /would isolate pods that nothing isolates now/],
      [
        'selects pods that no workload shows',
        companion('{matchExpressions: [{key: app, operator: In, values: [api, unseen]}]}'),
        /NetworkPolicy\/shop\/api-ambient would isolate pods that nothing isolates now/,
      ],
      [
        'speaks of another direction',
        companion('{matchLabels: {app: api}}').replace('[Ingress]', '[Ingress, Egress]'),
        /would isolate pods that nothing isolates now/,
      ],
      [
        'stands in another namespace',
        companion('{matchLabels: {app: api}}').replace('namespace: shop}', 'namespace: pay}'),
        /would/,
      ],
      [
        'opens another port',
        companion(
          '{matchLabels: {app: api}}',
          '  - from: [{ipBlock: {cidr: 203.0.113.9/32}}]\n    ports: [{port: 9}]\n',
        ),
        /would open more on Deployment\/shop\/api/,
      ],
      [
        'comes with a workload',
        `${companion('{matchLabels: {app: api}}')}---\n${deployment('new', 'shop', 80)}`,
        /would add Deployment\/shop\/new/,
      ],
    ]
    it.each(lies)('refuses one that %s', (_what, after, reason) => {
      const result = verdict(after)
      expect(result.proved ? '' : result.reason).toMatch(reason)
    })
  })

  it('refuses to lose what is no policy, and to say a problem of one more object', () => {
    const service = `apiVersion: v1\nkind: Service\nmetadata: {name: api, namespace: shop}\nspec: {selector: {app: api}}\n`
    const [had, has] = [think(`${around}---\n${np}---\n${service}`), think(mended)]
    const lost = judge([plan], [trialOf(had, has)])
    expect(lost).toEqual({ proved: false, reason: 'Service/shop/api would be lost' })
    const message = 'the same words'
    const problem = {
      path: 'a.yaml',
      line: 1,
      code: 'unreadable-yaml',
      class: 'unreadable',
      message,
      remedy: '',
      hides: { namespaces: [] },
    } as const
    const saying = (thought: ReturnType<typeof think>, count: number): ReturnType<typeof think> => ({
      ...thought,
      analysis: {
        ...thought.analysis,
        problems: Array.from({ length: count }, (_, line) => ({ ...problem, line })),
      },
    })
    expect(judge([plan], [trialOf(saying(before, 2), saying(think(mended), 2))])).toEqual({ proved: true })
    expect(judge([plan], [trialOf(saying(before, 1), saying(think(mended), 2))])).toEqual({
      proved: false,
      reason: `it would bring a problem: ${message}`,
    })
  })

  it('asks every cluster, and names the one that objects', () => {
    const staging: ClusterConfig = { ...cluster, name: 'staging' }
    const quiet = around.replace('    istio.io/dataplane-mode: ambient', '    a: b')
    const had = think(`${quiet}---\n${np}`, staging)
    const has = think(mended.replace('    istio.io/dataplane-mode: ambient', '    a: b'), staging)
    const own = trialOf(before, think(mended))
    expect(judge([plan], [own])).toEqual({ proved: true })
    expect(judge([plan], [own, trialOf(had, has)])).toEqual({
      proved: false,
      reason: 'it would open more on Deployment/shop/api than it lists, in the cluster staging',
    })
    expect(judge([plan], [own, trialOf(had, had)])).toEqual({ proved: true })
  })
})
