import { describe, expect, it } from 'vitest'
import { kitchenOf, tool, toolbox } from '../tree.ts'
import { at, build, namesOf, only } from './build.ts'

const there = await tool('kustomize')
const withHelm = await tool('helm')

const POLICY = `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: web
spec:
  podSelector: {}
  ingress:
    - ports:
        - port: 8080
`
const BASE = {
  'base/kustomization.yaml': 'resources: [policy.yaml]\n',
  'base/policy.yaml': POLICY,
}

describe.skipIf(there === null)('a kustomization', () => {
  it('renders a base as it stands, without the notes that it was asked for', async () => {
    const rendering = await build(BASE, 'base')
    const { object } = only(rendering, 'NetworkPolicy')
    expect(at(object, ['metadata'])).toEqual({ name: 'web' })
    expect(at(object, ['spec', 'ingress'])).toEqual([{ ports: [{ port: 8080 }] }])
    expect(rendering.problems).toEqual([])
  })

  it('applies what an overlay says: namespace, prefix, labels, a component and patches of each form', async () => {
    const files = {
      ...BASE,
      'overlay/kustomization.yaml': `resources: [../base]
components: [../component]
namespace: shop
namePrefix: eu-
labels:
  - pairs: {team: a}
commonAnnotations: {note: hello}
patches:
  - path: merge.yaml
  - target: {kind: NetworkPolicy}
    patch: |
      - op: add
        path: /metadata/labels
        value: {inline: "yes"}
`,
      'overlay/merge.yaml': `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web}
spec: {policyTypes: [Ingress]}
`,
      'component/kustomization.yaml': `apiVersion: kustomize.config.k8s.io/v1alpha1
kind: Component
resources: [deny.yaml]
`,
      'component/deny.yaml': POLICY.replace('name: web', 'name: deny'),
    }
    const rendering = await build(files, 'overlay')
    expect(namesOf(rendering).toSorted()).toEqual(['NetworkPolicy/eu-deny', 'NetworkPolicy/eu-web'])
    const web = rendering.manifests.find(({ object }) => at(object, ['metadata', 'name']) === 'eu-web')
    expect(at(web?.object, ['metadata'])).toEqual({
      name: 'eu-web',
      namespace: 'shop',
      labels: { inline: 'yes', team: 'a' },
      annotations: { note: 'hello' },
    })
    expect(at(web?.object, ['spec', 'policyTypes'])).toEqual(['Ingress'])
  })

  it('runs generators and replacements, and keeps Secrets out of everything', async () => {
    const texts = new Map<string, string>()
    const files = {
      'app/kustomization.yaml': `resources: [map.yaml]
configMapGenerator:
  - name: settings
    files: [key=data.txt]
secretGenerator:
  - name: token
    literals: [password=hunter2]
replacements:
  - source: {kind: ConfigMap, name: plain, fieldPath: data.from}
    targets:
      - select: {kind: ConfigMap, name: plain}
        fieldPaths: [data.to]
`,
      'app/data.txt': 'hello',
      'app/map.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: plain}\ndata: {from: a, to: b}\n',
    }
    const rendering = await build(files, 'app', {}, kitchenOf(files, { texts }))
    const maps = rendering.manifests.map(({ object }) => at(object, ['data']))
    expect(maps).toContainEqual({ from: 'a', to: 'a' })
    expect(maps).toContainEqual({ key: 'hello' })
    expect(rendering.manifests.filter(({ kind }) => kind === 'Secret')).toEqual([])
    // hunter2 in base64.
    expect([...texts.values()].join()).not.toContain('aHVudGVyMg==')
    expect(rendering.inputs).toContain('app/data.txt')
  })

  it('adds what a controller adds: lists to lists, and one value for another', async () => {
    const files = {
      'app/kustomization.yaml': 'resources: [policy.yaml]\nnamespace: old\n',
      'app/policy.yaml': POLICY,
    }
    const additions = {
      namespace: 'new',
      patches: [
        {
          target: { kind: 'NetworkPolicy' },
          patch: '- {op: replace, path: /spec/ingress/0/ports/0/port, value: 1}',
        },
      ],
    }
    const { object } = only(await build(files, 'app', { additions }), 'NetworkPolicy')
    expect(at(object, ['metadata', 'namespace'])).toBe('new')
    expect(at(object, ['spec', 'ingress', 0, 'ports', 0, 'port'])).toBe(1)
  })

  it('builds a folder without a kustomization from the resources that a controller lists', async () => {
    const files = { 'app/policy.yaml': POLICY, 'app/other.yaml': POLICY.replace('web', 'other') }
    const rendering = await build(files, 'app', {
      generated: ['policy.yaml'],
      additions: { namespace: 'shop' },
      at: { path: 'flux.yaml', line: 7 },
    })
    expect(namesOf(rendering)).toEqual(['NetworkPolicy/web'])
    expect(at(rendering.manifests[0]?.object, ['metadata', 'namespace'])).toBe('shop')
    // What is there all the same is left out, as Flux has it for what .sourceignore names.
    const ignored = { ...files, 'app/kustomization.yml': 'resources: [other.yaml]\n' }
    expect(namesOf(await build(ignored, 'app', { generated: ['policy.yaml'] }))).toEqual([
      'NetworkPolicy/web',
    ])
    // Somebody may write one, and then it counts.
    expect(rendering.inputs).toContain('app/kustomization.yaml')
  })

  it('keeps notes that the source has itself, which kustomize would write over', async () => {
    const own = { 'config.kubernetes.io/origin': 'mine' }
    const policy = POLICY.replace('name: web', `name: web\n  annotations: ${JSON.stringify(own)}`)
    const { object } = only(await build({ ...BASE, 'base/policy.yaml': policy }, 'base'), 'NetworkPolicy')
    expect(at(object, ['metadata', 'annotations'])).toEqual(own)
  })

  it('works in the root of the tree, and with any of the three names', async () => {
    const files = { Kustomization: 'resources: [policy.yaml]\n', 'policy.yaml': POLICY }
    expect(namesOf(await build(files, '.'))).toEqual(['NetworkPolicy/web'])
  })
})

describe.skipIf(there === null || withHelm === null)('charts of a kustomization', () => {
  const chart = {
    'app/charts/c/Chart.yaml': 'apiVersion: v2\nname: c\nversion: 1.0.0\n',
    'app/charts/c/values.yaml': 'port: 1\n',
    'app/charts/c/templates/policy.yaml': POLICY.replace('name: web', 'name: {{ .Release.Name }}').replace(
      '8080',
      '{{ .Values.port }}',
    ),
  }
  const helm = (more: string): string => `helmCharts:\n  - name: c\n    releaseName: rel\n${more}`

  it('render one of the tree with its values, and patches reach what it makes', async () => {
    const files = {
      ...chart,
      'app/kustomization.yaml': `${helm('    valuesFile: values.yaml\n')}namespace: shop\n`,
      'app/values.yaml': 'port: 9090\n',
    }
    const rendering = await build(files, 'app')
    const { object, origin } = only(rendering, 'NetworkPolicy')
    expect(at(object, ['metadata'])).toEqual({ name: 'rel', namespace: 'shop' })
    expect(at(object, ['spec', 'ingress', 0, 'ports', 0, 'port'])).toBe(9090)
    expect([origin.file.path, origin.route, origin.making?.patchable]).toEqual([
      'app/kustomization.yaml',
      ['helmCharts', 0],
      true,
    ])
    // The chart's entry brings it and does not hold it: no fix edits there.
    expect(origin.making?.layers.filter(({ editable }) => editable)).toEqual([])
    for (const path of ['app/charts/c/templates/policy.yaml', 'app/values.yaml'])
      expect(rendering.inputs).toContain(path)
  })

  it('are unseen where they come from elsewhere, and the rest is rendered', async () => {
    const more = '    repo: https://charts.example.com\n    version: 1.2.3\n'
    const files = {
      ...chart,
      'app/kustomization.yaml': `namespace: shop\nresources: [policy.yaml]\n${helm(more)}`,
      'app/policy.yaml': POLICY,
    }
    const rendering = await build(files, 'app')
    expect(namesOf(rendering)).toEqual(['NetworkPolicy/web'])
    const [problem, ...others] = rendering.problems
    expect(others).toEqual([])
    expect(problem).toMatchObject({
      path: 'app/kustomization.yaml',
      line: 4,
      code: 'remote-chart',
      class: 'unseen',
      remedy: 'Vendor the chart.',
      hides: { namespaces: ['shop'], under: ['app'] },
    })
    expect(problem?.message).toContain('c 1.2.3 of https://charts.example.com')
  })

  it('are put where kustomize looks for them once they are fetched', async () => {
    const more = '    repo: https://charts.example.com\n    version: 1.2.3\n'
    const files = { 'app/kustomization.yaml': helm(more) }
    const bytes = Object.entries(chart).map(
      ([path, text]) => [path.replace('app/charts/', ''), Buffer.from(text)] as const,
    )
    const asked: unknown[] = []
    const kitchen = kitchenOf(files, {
      remote: {
        chart: (source) => {
          asked.push(source)
          return Promise.resolve({ ok: true, files: new Map(bytes), entry: 'c', id: 'sha256:1' })
        },
        resource: () => Promise.reject(new Error('nobody names one')),
      },
    })
    const rendering = await build(files, 'app', {}, kitchen)
    expect(asked).toEqual([
      { kind: 'remote', url: 'https://charts.example.com', name: 'c', version: '1.2.3' },
    ])
    const { origin } = only(rendering, 'NetworkPolicy')
    expect([origin.file.path, origin.route]).toEqual(['app/kustomization.yaml', ['helmCharts', 0]])
    expect(rendering.inputs.filter((path) => path.includes('templates'))).toEqual([])
  })

  it('are told of where there is no helm', async () => {
    const files = {
      ...chart,
      'app/kustomization.yaml': `resources: [policy.yaml]\n${helm('')}`,
      'app/policy.yaml': POLICY,
    }
    const tools = { ...toolbox, helm: () => Promise.resolve(null) }
    const rendering = await build(files, 'app', {}, kitchenOf(files, { tools }))
    expect(namesOf(rendering)).toEqual(['NetworkPolicy/web'])
    expect(rendering.problems).toMatchObject([
      { code: 'no-helm', class: 'unseen', path: 'app/kustomization.yaml', line: 3 },
    ])
  })
})

describe('without kustomize', () => {
  it('nothing is rendered, and that is said with what is not seen', async () => {
    const files = {
      'app/kustomization.yaml': 'namespace: shop\nresources: [policy.yaml]\n',
      'app/policy.yaml': POLICY,
    }
    const tools = { ...toolbox, kustomize: () => Promise.resolve(null) }
    const rendering = await build(files, 'app', {}, kitchenOf(files, { tools }))
    expect(rendering.manifests).toEqual([])
    expect(rendering.problems).toMatchObject([
      {
        code: 'no-kustomize',
        class: 'unseen',
        path: 'app/kustomization.yaml',
        hides: { namespaces: ['shop'], under: ['app'] },
      },
    ])
  })
})
