// The way back: from an object to the line of its template, and to the values that it was made with.
import { describe, expect, it } from 'vitest'
import { linesOf } from '../../../src/core/kubernetes/origin.ts'
import { splitDocuments } from '../../../src/core/yaml/index.ts'
import { chartYaml, hasHelm, lineOf, only, render, values } from './release.ts'
import type { Files } from '../tree.ts'

const TEMPLATE = 'charts/shop/templates/policy.yaml'

/** What charts make by `helm create` habits: a licence, a condition, helpers for labels, a list from values. */
const POLICY = `{{- /* Closes the shop. */ -}}
# Who may come in.
{{- if .Values.networkPolicy.enabled }}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ include "shop.name" . }}-deny
  labels:
    {{- include "shop.labels" . | nindent 4 }}
spec:
  podSelector:
    matchLabels: {app: {{ .Release.Name }}}
  ingress:
    - ports:
        - port: {{ .Values.service.port }}
      {{- with .Values.networkPolicy.from }}
      from:
        {{- toYaml . | nindent 8 }}
      {{- end }}
{{- end }}
`

const FILES: Files = {
  'charts/shop/Chart.yaml': chartYaml('shop'),
  'charts/shop/values.yaml': `# Of the chart.
service:
  port: 8080
networkPolicy:
  enabled: false
  from: []
nameOverride: shop
unrelated: 1
`,
  'charts/shop/templates/_helpers.tpl': `{{ define "shop.name" }}{{ .Values.nameOverride }}{{ end }}
{{- define "shop.labels" -}}
app: {{ include "shop.name" . }}
{{- end }}
`,
  [TEMPLATE]: POLICY,
  'envs/prod.yaml': `networkPolicy:
  enabled: true
  from:
    - podSelector: {matchLabels: {app: web}}
    - namespaceSelector: {matchLabels: {team: front}}
`,
}

describe.skipIf(!(await hasHelm()))('the default policy of a chart', () => {
  const made = async (files = FILES): Promise<ReturnType<typeof only>> =>
    only(await render(files, { valueFiles: ['envs/prod.yaml'] }), 'NetworkPolicy')

  it('comes from its template, at the line of apiVersion and not at what stands above it', async () => {
    const { origin } = await made()
    expect(origin.file.path).toBe(TEMPLATE)
    expect(origin.document.line).toBe(4)
    expect(origin.editable).toBe(false)
    expect(origin.making).toMatchObject({
      by: 'chart charts/shop',
      sourceName: 'shop-deny',
      host: null,
      patchable: false,
    })
  })

  it('leads to lines of the template, and to values where those land', async () => {
    const policy = await made()
    expect(lineOf(policy, 'metadata', 'name')).toBe(`${TEMPLATE}:7`)
    expect(lineOf(policy, 'spec', 'ingress', 0)).toBe(`${TEMPLATE}:14`)
    expect(lineOf(policy, 'spec', 'ingress', 0, 'ports', 0, 'port')).toBe(`${TEMPLATE}:15`)
    expect(lineOf(policy, 'spec', 'ingress', 0, 'from')).toBe('envs/prod.yaml:3')
    expect(lineOf(policy, 'spec', 'ingress', 0, 'from', 1)).toBe('envs/prod.yaml:5')
  })

  it('names the values that it reads, where each is set last, and those that helpers read', async () => {
    expect(values(await made())).toEqual([
      'envs/prod.yaml:3 at spec.ingress.0.from editable',
      'charts/shop/values.yaml:7 at metadata.labels.app',
      'envs/prod.yaml:2 editable',
      'charts/shop/values.yaml:3',
      'envs/prod.yaml:3 editable',
      'charts/shop/values.yaml:7',
      `${TEMPLATE}:4 at `,
    ])
  })

  it('does not offer to edit the values of the chart', async () => {
    const files = { ...FILES, 'charts/shop/envs/prod.yaml': FILES['envs/prod.yaml'] ?? '' }
    const rendered = await render(files, { valueFiles: ['charts/shop/envs/prod.yaml'] })
    expect(values(only(rendered, 'NetworkPolicy'))[0]).toBe(
      'charts/shop/envs/prod.yaml:3 at spec.ingress.0.from',
    )
  })

  it('leads to values that stand in the release itself', async () => {
    const text =
      'kind: HelmRelease\nspec:\n  values:\n    networkPolicy:\n      enabled: true\n      from:\n      - ipBlock: {cidr: 10.0.0.0/8}\n'
    const [document] = splitDocuments(text)
    if (document === undefined) throw new Error('there is a document')
    const value = { networkPolicy: { enabled: true, from: [{ ipBlock: { cidr: '10.0.0.0/8' } }] } }
    const file = { path: 'releases/shop.yaml', text }
    const rendered = await render(
      { ...FILES, 'releases/shop.yaml': text },
      {
        valueFiles: ['envs/prod.yaml'],
        values: [
          { value: { networkPolicy: { from: [] } }, written: null },
          { value, written: { file, document, route: ['spec', 'values'] } },
        ],
      },
    )
    expect(values(only(rendered, 'NetworkPolicy')).slice(0, 3)).toEqual([
      'releases/shop.yaml:6 at spec.ingress.0.from editable',
      'charts/shop/values.yaml:7 at metadata.labels.app',
      'releases/shop.yaml:5 editable',
    ])
    expect(rendered.inputs).toContain('releases/shop.yaml')
  })

  it('leads nowhere for what --set has decided', async () => {
    const rendered = await render(FILES, {
      valueFiles: ['envs/prod.yaml'],
      sets: [
        { text: 'service.port=9090,nameOverride=x', asString: false },
        { text: 'networkPolicy.from[0].podSelector.matchLabels.app=api', asString: false },
      ],
    })
    expect(values(only(rendered, 'NetworkPolicy'))).toEqual([
      'envs/prod.yaml:2 editable',
      `${TEMPLATE}:4 at `,
    ])
  })

  it('leads to the nearest mapping of a value that nobody sets', async () => {
    const files = { ...FILES, [TEMPLATE]: POLICY.replace('.service.port', '.service.other | default 80') }
    expect(values(await made(files))).toContain('charts/shop/values.yaml:2')
  })

  it('is the whole of a template that cannot be told apart', async () => {
    const body = POLICY.replace('-deny', '')
    const rendered = await render(
      { ...FILES, [TEMPLATE]: `{{- if .Values.no }}\n${body}\n---\n{{- end }}\n${body}` },
      { valueFiles: ['envs/prod.yaml'] },
    )
    expect(linesOf(only(rendered, 'NetworkPolicy').origin, [])).toMatchObject({ path: TEMPLATE, first: 1 })
  })
})

describe.skipIf(!(await hasHelm()))('a template', () => {
  const render1 = (template: string, more: Files = {}): ReturnType<typeof render> =>
    render({ ...FILES, ...more, [TEMPLATE]: template })

  it('of several documents leads to the one of the kind, and of several of a kind to the one of the name', async () => {
    const policy = (name: string): string =>
      `apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  name: ${name}\nspec: {podSelector: {}}\n`
    const rendered = await render1(
      [
        'apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: x}\nspec:\n  scaleTargetRef:\n    kind: Deployment\n',
        'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}\n',
        policy('{{ .Release.Name }}-a'),
        policy('"b"'),
        policy('{{ .Release.Name }}-b'),
      ].join('---\n'),
    )
    const places = rendered.manifests.map((one) => `${one.kind} ${lineOf(one)}`)
    expect(places.sort()).toEqual([
      `Deployment ${TEMPLATE}:8`,
      `HorizontalPodAutoscaler ${TEMPLATE}:1`,
      `NetworkPolicy ${TEMPLATE}:12`,
      `NetworkPolicy ${TEMPLATE}:18`,
      `NetworkPolicy ${TEMPLATE}:24`,
    ])
  })

  it('depends on what is decided around a document and assigned before it', async () => {
    const rendered = await render1(
      `{{- $open := .Values.unrelated }}
{{- if .Values.service.port }}
apiVersion: v1
kind: ConfigMap
metadata: {name: {{ .Values.nameOverride }}}
---
apiVersion: v1
kind: Namespace
metadata: {name: a, labels: {open: "{{ $open }}"}}
{{- end }}
`,
    )
    expect(values(only(rendered, 'Namespace')).slice(0, 2)).toEqual([
      'charts/shop/values.yaml:3',
      'charts/shop/values.yaml:8',
    ])
  })

  it('that writes a key in both branches of a condition is read with the first', async () => {
    const rendered = await render1(`apiVersion: v1
kind: Namespace
metadata:
  name: a
  labels:
    {{- if eq .Values.nameOverride "shop" }}
    istio.io/dataplane-mode: ambient
    {{- else }}
    istio.io/dataplane-mode: none
    {{- end }}
`)
    const namespace = only(rendered, 'Namespace')
    expect(namespace.object.metadata).toMatchObject({ labels: { 'istio.io/dataplane-mode': 'ambient' } })
    expect(lineOf(namespace, 'metadata', 'labels', 'istio.io/dataplane-mode')).toBe(`${TEMPLATE}:7`)
  })

  it('is not believed where it does not say what was rendered', async () => {
    const rendered = await render1(`apiVersion: v1
kind: Namespace
metadata:
  name: a
  labels:
    {{- if .Values.networkPolicy.enabled }}
    istio.io/dataplane-mode: ambient
    {{- else }}
    istio.io/dataplane-mode: none
    {{- end }}
`)
    const namespace = only(rendered, 'Namespace')
    expect(namespace.object.metadata).toMatchObject({ labels: { 'istio.io/dataplane-mode': 'none' } })
    expect(lineOf(namespace, 'metadata', 'labels', 'istio.io/dataplane-mode')).toBe(`${TEMPLATE}:1`)
    expect(lineOf(namespace, 'metadata', 'name')).toBe(`${TEMPLATE}:4`)
  })

  it('is not believed where it opens everything in a branch that was not taken', async () => {
    const rendered = await render1(`apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: a}
spec:
  egress:
    {{- if .Values.networkPolicy.enabled }}
    - ports:
        - {}
    {{- else }}
    - ports:
        - port: 53
    {{- end }}
`)
    const policy = only(rendered, 'NetworkPolicy')
    expect(policy.object.spec).toEqual({ egress: [{ ports: [{ port: 53 }] }] })
    expect(lineOf(policy, 'spec', 'egress', 0, 'ports', 0)).toBe(`${TEMPLATE}:1`)
  })

  it('that labels by a value leads to the value', async () => {
    const rendered = await render1(
      'apiVersion: v1\nkind: Namespace\nmetadata:\n  name: {{ .Values.mode }}\n  labels:\n    istio.io/dataplane-mode: {{ index .Values "mode" }}\n',
      { 'charts/shop/values.yaml': 'mode: ambient\n' },
    )
    const namespace = only(rendered, 'Namespace')
    expect(lineOf(namespace, 'metadata', 'labels', 'istio.io/dataplane-mode')).toBe(
      'charts/shop/values.yaml:1',
    )
    expect(lineOf(namespace, 'metadata', 'name')).toBe(`${TEMPLATE}:4`)
  })

  it('that puts a value in two places leads to neither', async () => {
    const rendered = await render1(
      'apiVersion: v1\nkind: Namespace\nmetadata:\n  name: a\n  labels: {{ toYaml .Values.some | nindent 4 }}\n  annotations: {{ toYaml .Values.some | nindent 4 }}\n',
      { 'charts/shop/values.yaml': 'some: {a: b}\n' },
    )
    expect(values(only(rendered, 'Namespace'))).toEqual(['charts/shop/values.yaml:1', `${TEMPLATE}:1 at `])
  })

  it('of an inner chart reads globals of the outer one', async () => {
    const rendered = await render({
      ...FILES,
      'charts/shop/values.yaml': 'global:\n  mode: ambient\ninner: {}\n',
      'charts/shop/charts/inner/Chart.yaml': chartYaml('inner'),
      'charts/shop/charts/inner/values.yaml': 'global:\n  mode: none\n',
      'charts/shop/charts/inner/templates/ns.yaml':
        'apiVersion: v1\nkind: Namespace\nmetadata:\n  name: a\n  labels: {mode: {{ .Values.global.mode }}}\n',
      [TEMPLATE]: '',
    })
    expect(values(only(rendered, 'Namespace'))[0]).toBe('charts/shop/values.yaml:2 at metadata.labels.mode')
  })
})
