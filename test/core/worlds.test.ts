// What the tree leaves open about whole policies of Calico, by questions: what every way in which it may be agrees about
// is known, and nothing else is.
import { load } from 'js-yaml'
import { describe, expect, it } from 'vitest'
import { DEFAULT_CONFIG } from '../../src/core/config.ts'
import type { ClusterConfig } from '../../src/core/config.ts'
import { analyze, answer } from '../../src/core/index.ts'
import { manifestOf } from '../twin/product.ts'

const pod = (name: string): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'a', labels: { app: name } },
  spec: { serviceAccountName: name, containers: [{ name: 'main', ports: [{ containerPort: 8080 }] }] },
})
const NAMESPACE = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'a' } }

/** The verdicts of `from` to `to` on 8080 and on 15008, under policies of the cluster that select all pods. */
function verdicts(specs: readonly string[], config: Partial<ClusterConfig> = {}): readonly string[] {
  const [cluster] = DEFAULT_CONFIG.clusters
  if (cluster === undefined) throw new Error('no cluster')
  const policies = specs.map((spec, index) => ({
    apiVersion: 'projectcalico.org/v3',
    kind: 'GlobalNetworkPolicy',
    metadata: { name: `p${String(index)}` },
    spec: load(spec),
  }))
  const objects = [NAMESPACE, pod('from'), pod('to'), ...policies]
  const analysis = analyze(
    { ...cluster, cni: 'calico', ...config },
    {},
    objects.map((object, index) => manifestOf(object, `${String(index)}.json`)),
  )
  return [8080, 15008].map(
    (port) => answer(analysis, { from: 'Pod/a/from', to: 'Pod/a/to', port, protocol: 'TCP' }).verdict,
  )
}

const ALLOW = '{action: Allow}'
const DENY_HBONE = '{action: Deny, protocol: TCP, destination: {ports: [15008]}}'

describe('worlds', () => {
  it.each<[string, readonly string[], readonly [string, string]]>([
    [
      'a tier that may decide first',
      [`{tier: x, ingress: [${DENY_HBONE}, {action: Pass}]}`, `{ingress: [${ALLOW}]}`],
      ['allowed', 'unknown'],
    ],
    ['a tier whose end is not known', [`{tier: x, ingress: [${DENY_HBONE}]}`], ['unknown', 'unknown']],
    [
      'a tier that allows, before one that denies',
      [`{tier: x, ingress: [${ALLOW}]}`, `{ingress: [${DENY_HBONE}, ${ALLOW}]}`],
      ['allowed', 'unknown'],
    ],
    [
      'denied wherever the tier stands',
      [`{tier: x, ingress: [{action: Pass}]}`, `{ingress: [${DENY_HBONE}, ${ALLOW}]}`],
      ['allowed', 'denied'],
    ],
    [
      'two tiers of which either may be first',
      [`{tier: x, ingress: [${DENY_HBONE}, ${ALLOW}]}`, `{tier: y, ingress: [${ALLOW}]}`],
      ['allowed', 'unknown'],
    ],
    [
      'more tiers than anybody has',
      Array.from({ length: 5 }, (_, i) => `{tier: x${String(i)}, ingress: [${ALLOW}]}`),
      ['unknown', 'unknown'],
    ],
    [
      'a selection in doubt, of a port that is open without',
      [`{serviceAccountSelector: has(a), ingress: [${DENY_HBONE}, ${ALLOW}]}`],
      ['allowed', 'unknown'],
    ],
    [
      'two that select alike, or neither',
      [
        `{order: 1, serviceAccountSelector: has(a), ingress: [${DENY_HBONE}]}`,
        `{order: 2, serviceAccountSelector: has(a), ingress: [${ALLOW}]}`,
      ],
      ['allowed', 'unknown'],
    ],
    [
      'two that select by labels that have nothing to do with each other',
      [
        `{order: 1, serviceAccountSelector: has(a), ingress: [${DENY_HBONE}]}`,
        `{order: 2, serviceAccountSelector: has(b), ingress: [${ALLOW}]}`,
      ],
      ['unknown', 'unknown'],
    ],
    [
      'more selections in doubt than anybody has',
      Array.from(
        { length: 9 },
        (_, i) => `{serviceAccountSelector: has(a${String(i)}), ingress: [${ALLOW}]}`,
      ),
      ['unknown', 'unknown'],
    ],
  ])('%s', (_name, specs, expected) => {
    expect(verdicts(specs)).toEqual(expected)
  })

  it('of IPv6 pods have no address, unless the configuration says so', () => {
    const specs = ['{ingress: [{action: Allow, ipVersion: 6}]}']
    expect(verdicts(specs)).toEqual(['denied', 'denied'])
    expect(verdicts(specs, { ipFamilies: ['IPv4', 'IPv6'] })).toEqual(['unknown', 'unknown'])
  })
})
