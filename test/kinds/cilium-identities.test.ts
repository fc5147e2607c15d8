// Which labels identities of Cilium may be without, and what NetworkPolicies say of them where Cilium enforces those.
// Each row names the file of cilium/cilium or the page of docs.cilium.io that it comes from.
import { describe, expect, it, test } from 'vitest'
import { parse } from 'yaml'
import { rootField } from '../../src/core/kubernetes/field.ts'
import { BY_DEFAULT, leftOutBy } from '../../src/core/kubernetes/kinds/cilium-identities.ts'
import { readNetworkPolicy } from '../../src/core/kubernetes/kinds/network-policy.ts'
import type { PolicySpec } from '../../src/core/kubernetes/kinds/policy.ts'
import { is, pods } from './cilium-table.ts'

describe('labelsfilter/filter.go, defaultLabelPrefixCfg', () => {
  test.each<[string, boolean]>([
    ['app', false],
    ['app.kubernetes.io/name', false],
    ['io.kubernetes.pod.namespace', false],
    ['io.kubernetes.pod.name', true],
    ['kubernetes.io/role', true],
    ['k8s.io/zone', true],
    ['k8s-app', false],
    ['example.io/kubernetes.io', false],
    ['failure-domain.beta.kubernetes.io/zone', true],
    ['io.cilium.k8s.namespace.labels.kubernetes.io/metadata.name', false],
    ['statefulset.kubernetes.io/pod-name', true],
    ['pod-template-hash', true],
  ])('%s may be left out: %s', (key, leftOut) => {
    expect(BY_DEFAULT(key)).toBe(leftOut)
  })
})

describe('identity-relevant-labels: the setting labels', () => {
  test.each<[string, unknown, string, boolean]>([
    ['nothing set', '', 'tier', false],
    ['a pattern that includes leaves out all others', 'k8s:app', 'tier', true],
    ['and keeps its own, to which it is a prefix', 'k8s:app', 'application', false],
    ['app.kubernetes.io is always included', 'k8s:job', 'app.kubernetes.io/name', false],
    ['of any source', 'tier', 'tier', false],
    ['of another source it includes no label of Kubernetes', 'container:tier', 'tier', true],
    ['a pattern that excludes', 'k8s:!job', 'job-name', true],
    ['keeps all others', 'k8s:!job', 'tier', false],
    ['the longer pattern wins', 'k8s:!job k8s:job-name', 'job-name', false],
    ['and the shorter one loses', 'k8s:!job-name k8s:job', 'job-name', true],
    ['dots are any character', 'k8s:!a.b', 'a-b', true],
    ['but not where they are escaped', 'k8s:!a\\.b', 'a-b', false],
    ['at the beginning of a key alone', 'k8s:!name', 'job-name', false],
    [
      'what the defaults leave out may be left out all the same',
      'kubernetes.io/role',
      'kubernetes.io/role',
      true,
    ],
    ['an expression that is not run may exclude anything', 'k8s:!(job|task)', 'tier', true],
    ['or include nothing', 'k8s:(job|task)', 'job', true],
    ['nothing that can be read', 7, 'tier', true],
  ])('%s', (_, setting, key, leftOut) => {
    expect(leftOutBy([setting])(key)).toBe(leftOut)
  })
  it('what one of two settings leaves out may be left out', () => {
    expect(leftOutBy(['k8s:!a', 'k8s:!b'])('a')).toBe(true)
    expect(leftOutBy(['k8s:!a', 'k8s:!b'])('c')).toBe(false)
  })
})

describe('pkg/k8s/network_policy.go', () => {
  const read = (lines: string, onCilium = true): PolicySpec => {
    const root = rootField(parse(`spec:\n${lines.replace(/^/gm, '  ')}`))
    const spec = readNetworkPolicy(root, onCilium ? BY_DEFAULT : null)
    expect(root.faults).toEqual([])
    return spec
  }
  const role = is('kubernetes.io/role', 'primary')
  it('the podSelector of the policy', () => {
    const lines = 'podSelector: {matchLabels: {kubernetes.io/role: primary, a: b}}'
    expect(read(lines).subjects).toEqual([{ pods: [is('a', 'b'), role], namespaces: null, doubt: true }])
    expect(read(lines, false).subjects).toEqual([{ pods: [role, is('a', 'b')], namespaces: null }])
    expect(read('podSelector: {matchLabels: {a: b}}').subjects).toEqual([
      { pods: [is('a', 'b')], namespaces: null },
    ])
  })
  const peersOf = (peer: string, onCilium = true): unknown =>
    read(`podSelector: {}\ningress: [{from: [${peer}]}]`, onCilium).ingress?.[0]?.peers
  const beyond = (['world', 'nodes'] as const).map((entity) => ({ kind: 'entity', entity, doubt: true }))
  test.each<[string, string, unknown]>([
    [
      'the podSelector of a peer',
      '{podSelector: {matchLabels: {kubernetes.io/role: primary}}}',
      [{ kind: 'pods', pods: [role], namespaces: null, doubt: true }],
    ],
    [
      'labels of namespaces have a prefix that is included',
      '{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: shop}}}',
      [pods([], [is('kubernetes.io/metadata.name', 'shop')])],
    ],
    [
      'cilium/cilium#46949: what only excludes',
      '{namespaceSelector: {matchExpressions: [{key: team, operator: DoesNotExist}]}}',
      [pods([], [{ key: 'team', operator: 'DoesNotExist' }]), ...beyond],
    ],
    [
      'a label that pods must have is one that the world has not',
      '{namespaceSelector: {matchExpressions: [{key: team, operator: DoesNotExist}]}, podSelector: {matchLabels: {a: b}}}',
      [pods([is('a', 'b')], [{ key: 'team', operator: 'DoesNotExist' }])],
    ],
    ['allowAllNamespacesRequirement', '{namespaceSelector: {}}', [pods([], [])]],
    [
      'without a namespaceSelector the namespace is asked for',
      '{podSelector: {matchExpressions: [{key: a, operator: DoesNotExist}]}}',
      [pods([{ key: 'a', operator: 'DoesNotExist' }], null)],
    ],
  ])('%s', (_, peer, peers) => {
    expect(peersOf(peer)).toEqual(peers)
  })
  it('other engines match pods alone', () => {
    expect(
      peersOf('{namespaceSelector: {matchExpressions: [{key: team, operator: DoesNotExist}]}}', false),
    ).toEqual([pods([], [{ key: 'team', operator: 'DoesNotExist' }])])
  })
})
