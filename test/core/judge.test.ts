// The proof believes nothing that a plan says: plans that lie are refused, each for its own lie.
import { describe, expect, it } from 'vitest'
import { DEFAULT_CONFIG } from '../../src/core/config.ts'
import type { ClusterConfig } from '../../src/core/config.ts'
import { analyze, compare, judge, propose } from '../../src/core/index.ts'
import type { Plan, Trial } from '../../src/core/index.ts'
import type { Manifest } from '../../src/core/kubernetes/manifest.ts'
import { parseFile } from '../../src/manifests/parse.ts'
import { deployment, namespace, policy } from '../cli/manifests.ts'

const cluster = DEFAULT_CONFIG.clusters[0] as ClusterConfig
const NOTHING = { lines: new Map(), paths: new Set<string>(), namespaces: new Set<string>() }

const read = (text: string): readonly Manifest[] =>
  parseFile('all.yaml', new TextEncoder().encode(text), { editable: true, configMaps: false }).manifests
const think = (
  text: string,
): { readonly analysis: Trial['before']; readonly compared: Trial['compared']['before'] } => {
  const analysis = analyze(cluster, {}, read(text))
  return { analysis, compared: compare(null, analysis, NOTHING, [], '2026-01-01') }
}

const around = `${namespace('shop', true)}---\n${deployment('api', 'shop', 8080)}---\n${deployment('web', 'shop', 80)}`
const np = policy('api', 'shop', 'web', 8080)
const before = think(`${around}---\n${np}`)
const [plan] = propose(before.analysis, before.compared.findings, NOTHING, 'edit') as [Plan]

const verdict = (after: string, plans: readonly Plan[] = [plan]): ReturnType<typeof judge> => {
  const then = think(after)
  return judge(plans, [
    {
      before: before.analysis,
      after: then.analysis,
      compared: { before: before.compared, after: then.compared },
    },
  ])
}
const open = '      ports:\n        - port: 8080\n        - port: 15008\n'
const mended = `${around}---\n${np.replace('      ports:\n        - port: 8080\n', open)}`

describe('judge', () => {
  it('accepts what mends the finding and opens what is listed', () => {
    expect(verdict(mended)).toEqual({ proved: true })
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
})
