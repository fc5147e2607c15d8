import { describe, expect, it } from 'vitest'
import { kitchenOf, tool } from '../tree.ts'
import { at, bearing, build, lineOf, only, saidBy } from './build.ts'

const there = await tool('kustomize')

/** Ports of `ingress` begin on line 8. */
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
const DEPLOYMENT = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  selector:
    matchLabels:
      app: web
  template:
    metadata:
      labels:
        app: web
    spec:
      containers:
        - name: main
          image: main
          ports:
            - containerPort: 8080
`
const PORT = ['spec', 'ingress', 0, 'ports', 0, 'port']
const overlay = (more: string): string => `resources:\n  - ../base\n${more}`

describe.skipIf(there === null)('the way back', () => {
  it('leads to the base, at the document and the item of a List that it is', async () => {
    const files = {
      'base/kustomization.yaml': 'resources: [all.yaml]\n',
      'base/all.yaml': `${DEPLOYMENT}---
apiVersion: v1
kind: List
items:
  - apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata: {name: other}
    spec: {podSelector: {}}
  - apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata: {name: web}
    spec:
      podSelector: {}
      ingress: []
`,
      'app/kustomization.yaml': overlay(''),
    }
    const rendering = await build(files, 'app')
    const web = rendering.manifests.find(
      ({ object }) =>
        at(object, ['metadata', 'name']) === 'web' &&
        'spec' in object &&
        at(object, ['kind']) === 'NetworkPolicy',
    )
    expect(web?.origin).toMatchObject({
      file: { path: 'base/all.yaml' },
      document: { index: 1 },
      route: ['items', 1],
    })
    expect(web?.origin.editable).toBe(true)
    expect(web?.origin.making).toMatchObject({ by: 'kustomization app', sourceName: 'web', patchable: true })
    // 18 lines of the Deployment, the marker, and `ingress` is the 13th line after it.
    expect(web === undefined ? '' : saidBy(web, ['spec', 'ingress'])).toBe('base/all.yaml:32')
  })

  it('tells objects apart by the longest name where prefixes and suffixes came on', async () => {
    const files = {
      'base/kustomization.yaml': 'resources: [all.yaml]\nnamePrefix: a-\n',
      'base/all.yaml': `${POLICY}---\n${POLICY.replace('web', 'web-admin')}`,
      'app/kustomization.yaml': overlay('nameSuffix: -z\n'),
    }
    const rendering = await build(files, 'app')
    const documents = rendering.manifests.map(({ object, origin }) => [
      at(object, ['metadata', 'name']),
      origin.document.index,
      origin.making?.sourceName,
    ])
    expect(documents).toEqual([
      ['a-web-admin-z', 1, 'web-admin'],
      ['a-web-z', 0, 'web'],
    ])
  })

  it('gives a merge patch the last word on what it says, and the base on the rest', async () => {
    const files = {
      'base/kustomization.yaml': 'resources: [policy.yaml]\n',
      'base/policy.yaml': POLICY,
      'app/kustomization.yaml': overlay('patches:\n  - path: patch.yaml\n'),
      'app/patch.yaml': `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: web
spec:
  ingress:
    - ports:
        - port: 9090
`,
    }
    const policy = only(await build(files, 'app'), 'NetworkPolicy')
    expect(saidBy(policy, PORT)).toBe('app/patch.yaml:8')
    expect(saidBy(policy, ['spec', 'ingress'])).toBe('app/patch.yaml:6')
    expect(saidBy(policy, ['spec', 'podSelector'])).toBe('base/policy.yaml:6')
    expect(bearing(policy)).toContain('app/patch.yaml:1-8')
  })

  it.each([
    ['patchesStrategicMerge:\n  - patch.yaml\n'],
    [
      'patches:\n  - path: patch.yaml\n    target: {kind: NetworkPolicy, name: w.b, labelSelector: tier=front}\n',
    ],
    [
      'patches:\n  - path: patch.yaml\n    target: {labelSelector: "tier,!old,tier in (front, back),tier notin (x)"}\n',
    ],
    [
      'patches:\n  - path: patch.yaml\n    target: {group: networking.k8s.io, version: v1, kind: "Network.*"}\n',
    ],
  ])('finds a merge patch by what it is for: %s', async (patches) => {
    const files = {
      'base/kustomization.yaml': 'resources: [policy.yaml]\nnamePrefix: eu-\n',
      'base/policy.yaml': POLICY.replace('name: web', 'name: web\n  labels: {tier: front}'),
      'app/kustomization.yaml': overlay(patches),
      // By the name before the prefix, which is how patches without a target find it.
      'app/patch.yaml': `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web}
spec:
  policyTypes: [Ingress]
`,
    }
    const policy = only(await build(files, 'app'), 'NetworkPolicy')
    expect(saidBy(policy, ['spec', 'policyTypes'])).toBe('app/patch.yaml:5')
  })

  it('takes the outermost of several patches that say the same', async () => {
    const patch = (type: string): string =>
      `apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: web}\nspec: {policyTypes: [${type}]}\n`
    const files = {
      'base/kustomization.yaml': 'resources: [policy.yaml]\npatches: [{path: patch.yaml}]\n',
      'base/policy.yaml': POLICY,
      'base/patch.yaml': patch('Egress'),
      'app/kustomization.yaml': overlay('patches: [{path: first.yaml}, {path: second.yaml}]\n'),
      'app/first.yaml': patch('Egress'),
      'app/second.yaml': patch('Egress'),
    }
    expect(saidBy(only(await build(files, 'app'), 'NetworkPolicy'), ['spec', 'policyTypes'])).toBe(
      'app/second.yaml:4',
    )
    const other = { ...files, 'app/second.yaml': patch('Ingress'), 'app/first.yaml': patch('Egress') }
    expect(saidBy(only(await build(other, 'app'), 'NetworkPolicy'), ['spec', 'policyTypes'])).toBe(
      'app/second.yaml:4',
    )
  })

  it('finds what JSON patches of a file add and replace, also at the end of a list', async () => {
    const files = {
      'base/kustomization.yaml': 'resources: [policy.yaml]\n',
      'base/policy.yaml': POLICY,
      'app/kustomization.yaml': overlay(
        'patches:\n  - path: patch.yaml\n    target: {kind: NetworkPolicy}\n',
      ),
      'app/patch.yaml': `- op: replace
  path: /spec/ingress/0/ports/0/port
  value: 9090
- op: add
  path: /spec/ingress/0/ports/-
  value:
    port: 15008
- op: add
  path: /metadata/annotations
  value: {a.b~1c: "1"}
- op: add
  path: /metadata/annotations/x~1y
  value: "2"
`,
    }
    const policy = only(await build(files, 'app'), 'NetworkPolicy')
    expect(saidBy(policy, PORT)).toBe('app/patch.yaml:3')
    expect(saidBy(policy, ['spec', 'ingress', 0, 'ports', 1])).toBe('app/patch.yaml:6')
    expect(saidBy(policy, ['spec', 'ingress', 0, 'ports', 1, 'port'])).toBe('app/patch.yaml:7')
    expect(saidBy(policy, ['metadata', 'annotations', 'x/y'])).toBe('app/patch.yaml:13')
    // It wiped out the note about the origin, and there is one file with such an object.
    expect(policy.origin.file.path).toBe('base/policy.yaml')
  })

  it('finds the lines of inline patches, and edits nothing in them', async () => {
    const files = {
      'base/kustomization.yaml': 'resources: [app.yaml, policy.yaml]\n',
      'base/app.yaml': DEPLOYMENT,
      'base/policy.yaml': POLICY,
      'app/kustomization.yaml': overlay(`patches:
  - target: {kind: Deployment}
    patch: "- {op: add, path: /spec/replicas, value: 2}"
  - target: {kind: NetworkPolicy}
    patch: |- # the port
      # moved

      - op: replace
        path: /spec/ingress/0/ports/0/port
        value: 9090
  - target: {kind: NetworkPolicy}
    patch: '[{"op": "add", "path": "/metadata/labels", "value": {"a": "b"}}]'
  - patch: |
      kind: Deployment
      apiVersion: apps/v1
      metadata: {name: web, labels: {x: y}}
      ---
      kind: NetworkPolicy
      apiVersion: networking.k8s.io/v1
      metadata: {name: web, annotations: {two: documents}}
patchesStrategicMerge:
  - |
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata: {name: web}
    spec:
      policyTypes: [Ingress]
`),
    }
    const policy = only(await build(files, 'app'), 'NetworkPolicy')
    expect(saidBy(policy, PORT)).toBe('app/kustomization.yaml:12')
    expect(saidBy(policy, ['spec', 'policyTypes'])).toBe('app/kustomization.yaml:29')
    // What is in quotes has no lines of its own, and of two documents one may be meant for another object.
    expect(lineOf(policy, ['metadata', 'labels', 'a'])).toBe('app/kustomization.yaml:14')
    expect(saidBy(policy, ['metadata', 'annotations', 'two'])).toBeNull()
    const lines = bearing(policy)
    expect(lines).toContain('app/kustomization.yaml:6-12')
    expect(lines).toContain('app/kustomization.yaml:13-14')
    expect(lines).toContain('app/kustomization.yaml:15-22')
    expect(lines).toContain('app/kustomization.yaml:24-29')
    expect(lines).not.toContain('app/kustomization.yaml:4-5')
    expect(policy.origin.making?.layers.filter(({ editable }) => editable)).toHaveLength(1)
  })

  it('finds namespaces, labels and annotations where they are set for all', async () => {
    const files = {
      'base/kustomization.yaml': 'resources: [all.yaml]\n',
      'base/all.yaml': DEPLOYMENT,
      'app/kustomization.yaml': overlay(`namespace: shop
labels:
  - pairs:
      tier: front
    includeTemplates: true
  - pairs:
      team: a
commonLabels:
  part: of
commonAnnotations:
  note: hello
`),
    }
    const web = only(await build(files, 'app'), 'Deployment')
    const kustomization = (line: number): string => `app/kustomization.yaml:${String(line)}`
    expect(saidBy(web, ['metadata', 'namespace'])).toBe(kustomization(3))
    expect(saidBy(web, ['metadata', 'labels', 'tier'])).toBe(kustomization(6))
    expect(saidBy(web, ['spec', 'template', 'metadata', 'labels', 'tier'])).toBe(kustomization(6))
    expect(saidBy(web, ['metadata', 'labels', 'team'])).toBe(kustomization(9))
    expect(saidBy(web, ['spec', 'selector', 'matchLabels', 'part'])).toBe(kustomization(11))
    expect(saidBy(web, ['metadata', 'annotations', 'note'])).toBe(kustomization(13))
    expect(saidBy(web, ['spec', 'selector', 'matchLabels', 'app'])).toBe('base/all.yaml:8')
  })

  it('follows containers to where a patch moves them', async () => {
    const files = {
      'base/kustomization.yaml': 'resources: [web.yaml]\n',
      'base/web.yaml': DEPLOYMENT,
      'app/kustomization.yaml': overlay('patches:\n  - path: patch.yaml\n'),
      'app/patch.yaml': `apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  template:
    spec:
      containers:
        - name: side
          image: side
          ports:
            - containerPort: 9000
`,
    }
    const web = only(await build(files, 'app'), 'Deployment')
    const containers = ['spec', 'template', 'spec', 'containers']
    const names = (at(web.object, containers) as { name: string }[]).map(({ name }) => name)
    const port = (name: string): (string | number)[] => [
      ...containers,
      names.indexOf(name),
      'ports',
      0,
      'containerPort',
    ]
    expect(names.toSorted()).toEqual(['main', 'side'])
    expect(saidBy(web, port('side'))).toBe('app/patch.yaml:11')
    expect(saidBy(web, port('main'))).toBe('base/web.yaml:18')
  })

  it('leads to the entry that generates an object', async () => {
    const files = {
      'app/kustomization.yaml': `configMapGenerator:
  - name: other
    literals: [a=b]
  - name: settings
    literals: [c=d]
`,
    }
    const rendering = await build(files, 'app')
    const settings = rendering.manifests.find(({ object }) =>
      String(at(object, ['metadata', 'name'])).startsWith('settings-'),
    )
    expect(settings === undefined ? '' : lineOf(settings, [])).toBe('app/kustomization.yaml:4')
    expect(settings?.origin.editable).toBe(true)
  })

  it('leads to the line that names a remote base, which no fix edits', async () => {
    const files = {
      'app/kustomization.yaml': 'namespace: shop\nresources:\n  - https://example.com/base?ref=v1\n',
    }
    const kitchen = kitchenOf(files, {
      remote: {
        chart: () => Promise.reject(new Error('nobody names one')),
        resource: () =>
          Promise.resolve({
            ok: true,
            entry: 'deploy',
            id: 'commit',
            files: new Map([
              ['deploy/kustomization.yaml', Buffer.from('resources: [policy.yaml, ../more]\n')],
              ['deploy/policy.yaml', Buffer.from(POLICY)],
              ['more/kustomization.yaml', Buffer.from('resources: [web.yaml]\n')],
              ['more/web.yaml', Buffer.from(DEPLOYMENT)],
            ]),
          }),
      },
    })
    const rendering = await build(files, 'app', {}, kitchen)
    expect(rendering.problems).toEqual([])
    const policy = only(rendering, 'NetworkPolicy')
    expect(lineOf(policy, PORT)).toBe('app/kustomization.yaml:3')
    expect(policy.origin.editable).toBe(false)
    expect(saidBy(policy, ['metadata', 'namespace'])).toBe('app/kustomization.yaml:1')
    expect(lineOf(only(rendering, 'Deployment'), [])).toBe('app/kustomization.yaml:3')
    expect(rendering.inputs).toEqual(['app/Kustomization', 'app/kustomization.yaml', 'app/kustomization.yml'])
  })

  it('counts the configuration of a transformer among what bears on an object', async () => {
    const files = {
      'app/kustomization.yaml': 'resources: [policy.yaml]\ntransformers: [transform.yaml]\n',
      'app/policy.yaml': POLICY,
      'app/transform.yaml': `apiVersion: builtin
kind: PatchTransformer
metadata: {name: mine}
target: {kind: NetworkPolicy}
path: ops.yaml
`,
      'app/ops.yaml': '- {op: add, path: /spec/policyTypes, value: [Ingress]}\n',
    }
    const rendering = await build(files, 'app')
    expect(bearing(only(rendering, 'NetworkPolicy'))).toContain('app/transform.yaml:1-5')
    expect(rendering.inputs).toContain('app/ops.yaml')
  })
})
