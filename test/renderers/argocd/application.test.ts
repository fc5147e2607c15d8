// What an Application asks for: where its source is, where it goes, and who is told what cannot be seen.
// docs/user-guide/application-specification.md and docs/user-guide/tool_detection.md of Argo CD.
import { describe, expect, test } from 'vitest'
import {
  HERE,
  PARENT,
  application,
  only,
  render,
  treeOf,
  manifestIn,
  renderManifest,
  trouble,
} from './argo.ts'

const POD = 'apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n'

describe('where a source is', () => {
  test('a folder of this tree becomes its files, destined for the namespace of the Application', async () => {
    const rendered = await render({
      'argocd/app.yaml': application('    path: apps/shop/'),
      'apps/shop/a.yaml': POD,
    })
    expect(rendered.problems).toEqual([])
    expect(only(rendered, 'plain')).toMatchObject({
      title: 'manifests in apps/shop for Application argocd/shop',
      namespace: 'shop',
      cluster: null,
      paths: ['apps/shop/a.yaml'],
      // The line of `path` in the Application.
      at: { path: 'argocd/app.yaml', line: 9 },
      host: { kind: 'folder', folder: 'apps/shop', file: null, names: new Set(['a.yaml']) },
    })
    expect(rendered.paths).toEqual(['apps/shop'])
    expect(rendered.inputs).toContain('argocd/app.yaml')
    expect(rendered.inputs).toContain('apps/shop')
    // A chart that is added later changes what the folder is.
    expect(rendered.inputs).toContain('apps/shop/Chart.yaml')
  })

  test('another repository is not seen, and hides the namespace that the Application fills', async () => {
    const text = application('    path: deploy').replace(HERE, 'https://git.example/other.git')
    const rendered = await render({ 'argocd/app.yaml': text, 'deploy/a.yaml': POD })
    expect(rendered.units).toEqual([])
    expect(rendered.paths).toEqual([])
    expect(trouble(rendered)).toEqual({
      path: 'argocd/app.yaml',
      line: 9,
      code: 'remote-source',
      class: 'unseen',
      message:
        'Application argocd/shop takes deploy from https://git.example/other.git, which is not this tree: what it makes is not seen.',
      remedy: 'Keep it in this repository, or describe what it makes under clusters.<name>.assume.manifests.',
      hides: { namespaces: ['shop'], under: ['argocd/app.yaml'] },
    })
  })

  test('without destination.namespace its objects name any namespace, and all are hidden', async () => {
    const text = application('    path: deploy')
      .replace(HERE, 'https://git.example/other.git')
      .replace('    namespace: shop\n', '')
    expect(trouble(await render({ 'argocd/app.yaml': text })).hides.namespaces).toBe('all')
  })

  test('a path that is not there is broken, and so is one that is a file', async () => {
    const missing = trouble(await render({ 'argocd/app.yaml': application('    path: apps/none') }))
    expect(missing).toMatchObject({ code: 'missing-path', class: 'unreadable', line: 9 })
    expect(missing.message).toBe('Application argocd/shop takes apps/none, which is not in the tree.')
    expect(missing.hides).toEqual({ namespaces: ['shop'], under: ['argocd/app.yaml', 'apps/none'] })
    const file = trouble(
      await render({ 'argocd/app.yaml': application('    path: apps/a.yaml'), 'apps/a.yaml': POD }),
    )
    expect(file.message).toBe('Application argocd/shop takes apps/a.yaml, which is a file and no folder.')
  })

  test.each(['../other', '/etc', 'apps/../../x', '/'])('the path %s leaves the repository', async (path) => {
    const rendered = await render({ 'argocd/app.yaml': application(`    path: ${path}`), 'etc/a.yaml': POD })
    expect(rendered.units).toEqual([])
    expect(trouble(rendered)).toMatchObject({ code: 'path-outside-repository', class: 'unreadable' })
  })

  test('links and submodules are not followed', async () => {
    const link = await render({ 'argocd/app.yaml': application('    path: apps/linked/x') }, ['apps/linked'])
    expect(trouble(link)).toMatchObject({ code: 'symbolic-link', class: 'unseen' })
    expect(link.units).toEqual([])
    const sub = await render({ 'argocd/app.yaml': application('    path: vendor') }, [], ['vendor'])
    expect(trouble(sub)).toMatchObject({ code: 'submodule', class: 'unseen' })
  })

  test('a dot is the root of the repository', async () => {
    const rendered = await render({ 'argocd/app.yaml': application('    path: .'), 'a.yaml': POD })
    expect(only(rendered, 'plain').paths).toEqual(['a.yaml'])
    expect(rendered.paths).toEqual(['.'])
  })

  // validateSourcePermissions in util/argo/argo.go: "spec.source.repoURL and either path or chart are required".
  test('a source without a path or a chart is refused by Argo CD', async () => {
    const rendered = await render({ 'argocd/app.yaml': application('    path: ""'), 'a.yaml': POD })
    expect(rendered.units).toEqual([])
    expect(trouble(rendered)).toMatchObject({ code: 'invalid-application', class: 'unreadable' })
  })
})

describe('which revision', () => {
  const pinnedAt = (revision: string) =>
    render({
      'argocd/app.yaml': application(`    path: apps\n    targetRevision: ${revision}`),
      'apps/a.yaml': POD,
    })

  test.each([
    'v1.2.3',
    '1.4.0-rc.1',
    '"1.2"',
    'refs/tags/prod',
    '0123abc',
    'a'.repeat(40),
    '"1.2.*"',
    '">=1.0"',
    '"~1.2"',
    '"*"',
    'v1.x',
  ])('%s is not the state of this tree, which is judged all the same', async (revision) => {
    const rendered = await pinnedAt(revision)
    expect(only(rendered, 'plain').paths).toEqual(['apps/a.yaml'])
    expect(trouble(rendered)).toMatchObject({
      code: 'revision-pinned',
      class: 'unseen',
      line: 10,
      hides: { namespaces: [], under: ['apps'] },
    })
  })

  test.each(['HEAD', 'main', 'release-1.2', 'release/v1.2.3', 'v2', 'feature', 'deadbe', '""'])(
    '%s follows a branch, in silence',
    async (revision) => {
      const rendered = await pinnedAt(revision)
      expect(rendered.problems).toEqual([])
      expect(rendered.units).toHaveLength(1)
    },
  )
})

describe('where it goes', () => {
  const goingTo = async (destination: string) => {
    const text = application('    path: apps').replace(
      '    server: https://kubernetes.default.svc\n',
      destination === '' ? '' : `    ${destination}\n`,
    )
    const rendered = await render({ 'argocd/app.yaml': text, 'apps/a.yaml': POD })
    return rendered.clusters.get(only(rendered, 'plain'))
  }

  test.each([
    ['server: https://kubernetes.default.svc', null],
    ['server: https://kubernetes.default.svc:443/', null],
    ['server: https://kubernetes.default.svc.cluster.local', null],
    ['name: in-cluster', null],
    ['', null],
    ['name: prod-eu', 'prod-eu'],
    ['server: https://10.1.2.3:6443', '10.1.2.3'],
    ['server: https://prod.k8s.example', 'prod.k8s.example'],
    // Not the cluster of Argo CD, however much it looks like it.
    ['server: https://kubernetes.default.svc.evil.example', 'kubernetes.default.svc.evil.example'],
  ])('%s is the cluster %s', async (destination, cluster) => {
    expect(await goingTo(destination)).toBe(cluster)
  })

  test('what is wrong with it is told in the cluster that it goes to', async () => {
    const { renderArgo } = await import('../../../src/manifests/renderers/argocd/render.ts')
    const { kitchenOf, unitOf } = await import('./argo.ts')
    const text = application('    path: none').replace('server: https://kubernetes.default.svc', 'name: prod')
    const kitchen = kitchenOf(treeOf({ 'argocd/app.yaml': text }))
    const first = await renderArgo(unitOf(manifestIn('argocd/app.yaml', text)), kitchen)
    if ('waitsFor' in first) throw new Error('it waits')
    expect(first.problems).toEqual([])
    expect(first.units).toHaveLength(1)
    const [moved] = first.units
    if (moved?.kind !== 'argocd') throw new Error('no Application')
    expect(moved.cluster).toBe('prod')
    const second = await renderArgo(moved, kitchen)
    if ('waitsFor' in second) throw new Error('it waits')
    // It does not move on from there.
    expect(second.units).toEqual([])
    expect(second.problems.map(({ code }) => code)).toEqual(['missing-path'])
  })

  // GetDestinationCluster in util/argo/argo.go.
  test('a destination with a name and a server is refused', async () => {
    const text = application('    path: apps').replace('    server:', '    name: prod\n    server:')
    const rendered = await render({ 'argocd/app.yaml': text, 'apps/a.yaml': POD })
    expect(rendered.units).toEqual([])
    expect(trouble(rendered).message).toBe(
      'Application argocd/shop is not valid: its destination has both a name and a server.',
    )
  })
})

describe('several sources', () => {
  const many = (sources: string): string =>
    application('    path: ignored').replace('  destination:', `  sources:\n${sources}\n  destination:`)

  test('each is a unit, and `source` is ignored', async () => {
    const rendered = await render({
      'argocd/app.yaml': many(`    - repoURL: ${HERE}\n      path: a\n    - repoURL: ${HERE}\n      path: b`),
      'a/a.yaml': POD,
      'b/b.yaml': POD,
      'ignored/c.yaml': POD,
    })
    expect(rendered.units.map((unit) => unit.kind === 'plain' && unit.paths)).toEqual([
      ['a/a.yaml'],
      ['b/b.yaml'],
    ])
    expect(rendered.units.map(({ at }) => at.line)).toEqual([12, 14])
    expect(rendered.paths).toEqual(['a', 'b'])
  })

  // "If the path field is not set, Argo CD will use the repository solely as a source of value files."
  test('one that is only a ref renders nothing, and one with a path renders that', async () => {
    const rendered = await render({
      'argocd/app.yaml': many(
        `    - repoURL: ${HERE}\n      ref: values\n    - repoURL: ${HERE}\n      ref: more\n      path: b`,
      ),
      'b/b.yaml': POD,
    })
    expect(rendered.problems).toEqual([])
    expect(only(rendered, 'plain').paths).toEqual(['b/b.yaml'])
  })

  test('one that is not seen does not keep the others from being rendered', async () => {
    const rendered = await render({
      'argocd/app.yaml': many(
        `    - repoURL: https://elsewhere.example/x\n      path: a\n    - repoURL: ${HERE}\n      path: b`,
      ),
      'b/b.yaml': POD,
    })
    expect(only(rendered, 'plain').paths).toEqual(['b/b.yaml'])
    expect(trouble(rendered).code).toBe('remote-source')
  })

  // The hydrator pushes what the dry source renders to (docs/user-guide/source-hydrator.md).
  test('the dry source of a hydrator is what will be applied', async () => {
    const text = application('    path: ignored').replace(
      '  destination:',
      `  sourceHydrator:\n    drySource:\n      repoURL: ${HERE}\n      path: dry\n    syncSource:\n      targetBranch: env/prod\n      path: wet\n  destination:`,
    )
    const rendered = await render({ 'argocd/app.yaml': text, 'dry/a.yaml': POD, 'ignored/b.yaml': POD })
    expect(only(rendered, 'plain').paths).toEqual(['dry/a.yaml'])
  })
})

describe('which tool', () => {
  const KUSTOMIZATION = 'resources: [a.yaml]\n'
  const kindOf = async (files: Record<string, string>, section = '') => {
    const rendered = await render({ 'argocd/app.yaml': application(`    path: x${section}`), ...files })
    expect(rendered.problems).toEqual([])
    return rendered.units[0]?.kind
  }

  test.each([
    [['x/Chart.yaml'], 'helm'],
    [['x/kustomization.yaml'], 'kustomize'],
    [['x/kustomization.yml'], 'kustomize'],
    [['x/Kustomization'], 'kustomize'],
    [['x/a.yaml'], 'plain'],
    // Only the folder itself decides, not what is below it.
    [['x/charts/Chart.yaml', 'x/base/kustomization.yaml'], 'plain'],
    // Discover walks in order of name, and the last one that it meets wins.
    [['x/Chart.yaml', 'x/kustomization.yaml'], 'kustomize'],
  ])('%j is for %s', async (names, kind) => {
    expect(await kindOf(Object.fromEntries(names.map((name) => [name, KUSTOMIZATION])))).toBe(kind)
  })

  test('a section of the source decides before the files do', async () => {
    const files = { 'x/Chart.yaml': 'name: x\nversion: 1.0.0\n', 'x/a.yaml': POD }
    expect(await kindOf(files, '\n    directory:\n      recurse: true')).toBe('plain')
    expect(await kindOf(files, '\n    kustomize:\n      namePrefix: a-')).toBe('kustomize')
    expect(await kindOf({ 'x/a.yaml': POD }, '\n    helm:\n      releaseName: a')).toBe('helm')
  })

  // NormalizeApplicationSpec: "If any app sources are their zero values, then nil out the pointers".
  test('a section that says nothing does not decide', async () => {
    const files = { 'x/Chart.yaml': 'name: x\nversion: 1.0.0\n' }
    expect(await kindOf(files, '\n    directory:\n      recurse: false')).toBe('helm')
    expect(await kindOf(files, '\n    kustomize: {}')).toBe('helm')
    expect(await kindOf({ 'x/a.yaml': POD }, '\n    helm:\n      valueFiles: []')).toBe('plain')
  })

  // ExplicitType: "multiple application sources defined".
  test('sections of two tools are refused', async () => {
    const rendered = await render({
      'argocd/app.yaml': application(
        '    path: x\n    helm: {releaseName: a}\n    kustomize: {namePrefix: b}',
      ),
      'x/a.yaml': POD,
    })
    expect(rendered.units).toEqual([])
    expect(trouble(rendered).message).toContain('sections of several tools: kustomize, helm')
  })

  test('a plugin is named, and not run', async () => {
    const rendered = await render({
      'argocd/app.yaml': application('    path: x\n    plugin:\n      name: cue'),
      'x/a.yaml': POD,
    })
    expect(rendered.units).toEqual([])
    expect(trouble(rendered)).toMatchObject({
      code: 'plugin-not-supported',
      class: 'unseen',
      line: 10,
      hides: { namespaces: ['shop'], under: ['argocd/app.yaml', 'x'] },
    })
  })
})

describe('shapes that no API server lets through', () => {
  const wrong = async (from: string, to: string) => {
    const text = application('    path: apps').replace(from, to)
    expect(text).toContain(to)
    const rendered = await render({ 'argocd/app.yaml': text, 'apps/a.yaml': POD })
    expect(rendered.units).toEqual([])
    expect(rendered.manifests).toEqual([])
    expect(rendered.problems.length).toBeGreaterThan(0)
    for (const problem of rendered.problems)
      expect(problem).toMatchObject({ code: 'invalid-application', class: 'unreadable' })
    return rendered.problems[0]
  }

  test.each([
    ['    path: apps', '    path: 5'],
    ['    path: apps', '    path: [apps]'],
    ['    path: apps', '    path: apps\n    targetRevision: 1.2'],
    [`    repoURL: ${HERE}`, '    repoURL: null'],
    [`    repoURL: ${HERE}`, '    repoURL: 7'],
    ['    namespace: shop', '    namespace: 12'],
    ['    path: apps', '    path: apps\n    directory: yes'],
    ['    path: apps', '    path: apps\n    directory: {recurse: "true"}'],
    ['    path: apps', '    path: apps\n    helm: {valueFiles: a.yaml, releaseName: x}'],
    ['    path: apps', '    path: apps\n    helm: {valueFiles: [5]}'],
    ['    path: apps', '    path: apps\n    helm: {valuesObject: [1]}'],
    ['    path: apps', '    path: apps\n    helm: {parameters: [{name: a, value: 8080}]}'],
    ['    path: apps', '    path: apps\n    helm: {parameters: [null, {value: a}]}'],
    ['    path: apps', '    path: apps\n    kustomize: {patches: [5]}'],
    ['    path: apps', '    path: apps\n    kustomize: {replicas: [{name: a, count: many}]}'],
    ['    path: apps', '    path: apps\n    kustomize: {commonLabels: {a: 1}}'],
    ['    path: apps', '    path: apps\n    kustomize: {components: {a: b}}'],
    ['  destination:', '  syncPolicy: {syncOptions: CreateNamespace=true}\n  destination:'],
    ['  destination:', '  syncPolicy: {managedNamespaceMetadata: {labels: {a: true}}}\n  destination:'],
    ['  destination:', '  sources: {a: b}\n  destination:'],
    ['  destination:', '  sources: [5, null]\n  destination:'],
  ])('%s as %s', async (from, to) => {
    await wrong(from, to)
  })

  test('the message names the field', async () => {
    expect(await wrong('    path: apps', '    path: 5')).toMatchObject({
      line: 9,
      message: 'Application argocd/shop is not valid: spec.source.path must be a string, not 5; quote it.',
    })
  })

  test.each([
    '',
    'spec:',
    'spec: text',
    'spec: []',
    'spec: {}',
    'spec: {source: }',
    'metadata: {deletionTimestamp: "2026-01-01T00:00:00Z"}\nspec: {source: {path: a}}',
  ])('an Application of %j', async (rest) => {
    const text = `apiVersion: argoproj.io/v1alpha1\nkind: Application\n${rest.includes('metadata') ? '' : 'metadata: {name: a}\n'}${rest}\n`
    const rendered = await render({ 'argocd/app.yaml': text })
    expect(rendered.units).toEqual([])
    expect(rendered.problems.length).toBeGreaterThan(0)
    for (const { code } of rendered.problems) expect(code).toBe('invalid-application')
  })

  test('two fields that are wrong are two problems, each told once', async () => {
    const text = application('    path: 5\n    targetRevision: 7')
    const rendered = await render({ 'argocd/app.yaml': text })
    expect(rendered.problems.map(({ line }) => line)).toEqual([9, 10])
  })
})

test('what an Application in a rendered manifest says stands in its source', async () => {
  // As kustomize or a chart of Applications leaves it: the object, and the text behind it.
  const text = application('    path: apps')
  const written = manifestIn('base/shop.yaml', text)
  const object = { ...written.object, metadata: { name: 'eu-shop', namespace: 'argocd' } }
  const rendered = await renderManifest(
    {
      ...written,
      object,
      origin: {
        ...written.origin,
        making: {
          by: 'kustomization overlays/eu',
          object,
          layers: [{ ...written.origin, mount: [], value: written.object }],
          sourceName: 'shop',
          host: PARENT,
          patchable: true,
        },
      },
    },
    treeOf({ 'apps/a.yaml': POD }),
  )
  expect(only(rendered, 'plain')).toMatchObject({
    title: 'manifests in apps for Application argocd/eu-shop',
    at: { path: 'base/shop.yaml', line: 9 },
  })
  expect(rendered.inputs).toContain('base/shop.yaml')
})
