// In which mode Cilium enforces policies: what is configured, what its ConfigMap and the values of its chart say, and
// that no hint silences. Source: docs.cilium.io, security/policy/intro, "Policy Enforcement Modes".
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CONFIG_PATH, DEFAULT_CONFIG, readConfig } from '../../src/core/config.ts'
import type { ClusterConfig } from '../../src/core/config.ts'
import { networkOf } from '../../src/core/kubernetes/network.ts'
import type { Network } from '../../src/core/kubernetes/network.ts'
import { parseFile } from '../../src/manifests/parse.ts'

const CONFIG = DEFAULT_CONFIG.clusters[0] as ClusterConfig

function networkIn(files: readonly string[], config: ClusterConfig = CONFIG): Network {
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
  const options = { editable: true, configMaps: false }
  return networkOf(
    config,
    files.flatMap((text, index) => parseFile(`${String(index)}.yaml`, bytes(text), options).manifests),
  )
}

const CILIUM = `apiVersion: apps/v1
kind: DaemonSet
metadata: {name: cilium, namespace: kube-system}
spec: {template: {spec: {containers: [{name: cilium-agent, image: registry.example/cilium}]}}}
`
const configMap = (data: string, name = 'cilium-config'): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}, namespace: kube-system}\ndata: ${data}\n`
const object = (apiVersion: string, kind: string, spec: string, name = 'cilium'): string =>
  `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {name: ${name}}\nspec: ${spec}\n`
const release = (mode: string): string =>
  object(
    'helm.toolkit.fluxcd.io/v2',
    'HelmRelease',
    `{chart: {spec: {chart: cilium}}, values: {policyEnforcementMode: ${mode}}}`,
  )
const app = (helm: string): string =>
  object('argoproj.io/v1alpha1', 'Application', `{source: {chart: cilium, helm: ${helm}}}`)
const chart = (spec: string): string => object('helm.cattle.io/v1', 'HelmChart', `{chart: cilium, ${spec}}`)

describe('the mode', () => {
  it.each([
    ['the ConfigMap of the agent', configMap('{enable-policy: always}')],
    // The agent takes any case (pkg/option/config.go).
    ['in any case', configMap('{enable-policy: Always}')],
    ['values of a HelmRelease', release('always')],
    ['values of an Application', app('{valuesObject: {policyEnforcementMode: always}}')],
    ['values of an Application as text', app('{values: "policyEnforcementMode: always"}')],
    [
      'parameters of an Application',
      app('{parameters: [{name: other, value: a}, {name: policyEnforcementMode, value: always}]}'),
    ],
    [
      'an Application of several sources',
      object(
        'argoproj.io/v1alpha1',
        'Application',
        '{sources: [{ref: values}, {chart: cilium, helm: {valuesObject: {policyEnforcementMode: always}}}]}',
      ),
    ],
    [
      'an ApplicationSet',
      object(
        'argoproj.io/v1alpha1',
        'ApplicationSet',
        '{template: {spec: {source: {chart: cilium, helm: {valuesObject: {policyEnforcementMode: always}}}}}}',
      ),
    ],
    ['values of a HelmChart', chart('valuesContent: "policyEnforcementMode: always"')],
    ['settings of a HelmChart', chart('set: {policyEnforcementMode: always}')],
    [
      'values of a HelmChartConfig',
      object(
        'helm.cattle.io/v1',
        'HelmChartConfig',
        '{valuesContent: "policyEnforcementMode: always"}',
        'rke2-cilium',
      ),
    ],
  ])('is read from %s', (_where, text) => {
    const { enforcement, cni } = networkIn([text])
    expect(enforcement).toMatchObject({ mode: 'always', doubt: null })
    expect(enforcement.at?.path).toBe('0.yaml')
    expect(cni).toBe('cilium')
  })

  it.each([
    ['nothing', []],
    ['a ConfigMap of another name', [configMap('{enable-policy: always}', 'other')]],
    ['a ConfigMap that leaves it out', [configMap('{debug: "true"}')]],
    ['a comment', [chart('valuesContent: "a: 1 # policyEnforcementMode: always"')]],
    ['the values of another chart', [release('always').replace('chart: cilium', 'chart: grafana')]],
    ['a value further inside', [chart('valuesContent: "sub: {policyEnforcementMode: always}"')]],
  ])('is the default where it is said by %s', (_what, files) => {
    const { enforcement } = networkIn([CILIUM, ...files])
    expect(enforcement).toMatchObject({ mode: 'default', at: null, doubt: null })
  })

  it.each([
    ['another word', configMap('{enable-policy: sometimes}')],
    ['what is no text', release('true')],
    ['null', release('null')],
    ['a placeholder', configMap('{enable-policy: "${MODE}"}')],
    ['values that are no YAML', chart('valuesContent: "policyEnforcementMode: {{ .Values.mode }}"')],
  ])('may be always where it says %s', (_what, text) => {
    const { enforcement } = networkIn([CILIUM, text])
    expect(enforcement.mode).toBe('perhaps-always')
    expect(enforcement.doubt).toContain('says what cannot be read from the tree')
  })

  it('is not known where two disagree, whatever their order', () => {
    const both = [configMap('{enable-policy: always}'), release('default')]
    const { enforcement } = networkIn([CILIUM, ...both])
    expect(enforcement).toMatchObject({
      mode: 'perhaps-always',
      doubt:
        'ConfigMap kube-system/cilium-config, 1.yaml:4, says always, and HelmRelease cilium, 2.yaml:4, says default',
    })
    expect(networkIn([...both.reverse(), CILIUM]).enforcement.mode).toBe('perhaps-always')
    const others = networkIn([CILIUM, configMap('{enable-policy: never}'), release('default')])
    expect(others.enforcement.mode).toBe('default')
    expect(others.enforcement.doubt).not.toBeNull()
    expect(others.stages.length).toBeGreaterThan(0)
  })

  it('is that of Cilium alone', () => {
    const { enforcement, stages } = networkIn([configMap('{enable-policy: never}')], {
      ...CONFIG,
      cni: 'calico',
    })
    expect(enforcement.mode).toBe('default')
    expect(stages).toEqual(['calico-tiers'])
  })
})

describe('never', () => {
  it('holds by what Cilium’s own objects or the configuration stand behind', () => {
    expect(networkIn([CILIUM, configMap('{enable-policy: never}')]).stages).toEqual([])
    expect(networkIn([CILIUM, release('never')]).stages).toEqual([])
    expect(networkIn([release('never')], { ...CONFIG, cni: 'cilium' }).stages).toEqual([])
    expect(networkIn([], { ...CONFIG, policyEnforcementMode: 'never' }).stages).toEqual([])
  })

  it('holds by no hint alone', () => {
    fc.assert(
      fc.property(
        fc.subarray(
          [
            configMap('{enable-policy: never}'),
            release('never'),
            chart('set: {policyEnforcementMode: never}'),
          ],
          {
            minLength: 1,
          },
        ),
        (texts) => {
          const { enforcement, stages } = networkIn(texts)
          expect(stages.length).toBeGreaterThan(0)
          expect(enforcement.doubt).toContain('which is no proof')
        },
      ),
    )
  })
})

describe('the configuration', () => {
  const read = (mode: string): ReturnType<typeof readConfig> =>
    readConfig(CONFIG_PATH, `clusters:\n  default:\n    cilium: {policyEnforcementMode: ${mode}}\n`)

  it.each(['default', 'always', 'never'])('says %s', (mode) => {
    const { config, problems } = read(mode)
    expect(problems).toEqual([])
    expect(config.clusters[0]?.policyEnforcementMode).toBe(mode)
    const { enforcement } = networkIn(
      [CILIUM, configMap('{enable-policy: always}')],
      config.clusters[0] as ClusterConfig,
    )
    expect(enforcement).toEqual({ mode, because: 'the configuration says so', at: null, doubt: null })
  })

  it('says nothing where it is wrong, or left out', () => {
    const { config, problems } = read('sometimes')
    expect(config.clusters[0]?.policyEnforcementMode).toBeNull()
    expect(problems.map(({ message }) => message)).toEqual([
      'clusters.default.cilium.policyEnforcementMode must be one of default, always, never.',
    ])
    expect(CONFIG.policyEnforcementMode).toBeNull()
  })
})
