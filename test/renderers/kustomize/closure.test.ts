import { describe, expect, it } from 'vitest'
import { closureOf, kustomizationAt } from '../../../src/manifests/renderers/kustomize/closure.ts'
import type { Closure } from '../../../src/manifests/renderers/kustomize/closure.ts'
import { treeOf } from '../tree.ts'
import type { Files } from '../tree.ts'

const close = (files: Files, folder = 'app'): Promise<Closure> => closureOf(folder, treeOf(files))
const app = (text: string, more: Files = {}): Files => ({ 'app/kustomization.yaml': text, ...more })

describe('where a kustomization is', () => {
  it.each(['kustomization.yaml', 'kustomization.yml', 'Kustomization'])('%s', (name) => {
    expect(kustomizationAt(treeOf({ [`a/${name}`]: '' }), 'a')).toBe(`a/${name}`)
  })

  it('nowhere else, and not behind a link', () => {
    expect(kustomizationAt(treeOf({ 'a/kustomize.yaml': '', 'b/kustomization.yaml': '' }), 'a')).toBeNull()
    expect(kustomizationAt(treeOf({ 'a/kustomization.yaml': { link: '../b' } }), 'a')).toBeNull()
  })
})

describe('what a build reads', () => {
  it('every file that any field names', async () => {
    const named = [
      'resource.yaml',
      'crd.json',
      'names.yaml',
      'merge.yaml',
      'ops.yaml',
      'patch.yaml',
      'replacement.yaml',
      'schema.json',
      'data.txt',
      'plain.txt',
      'one.env',
      'two.env',
      'secret.txt',
      'values.yaml',
      'more-values.yaml',
      'charts/c/Chart.yaml',
      'charts/c/templates/x.yaml',
      'check.yaml',
      'generate.yaml',
      'transform.yaml',
      'of-transform.yaml',
      'of-inline.yaml',
      'future.yaml',
    ]
    const others = Object.fromEntries(named.map((name) => [`app/${name}`, 'a: b\n']))
    const files = app(
      `resources: [resource.yaml, ../base/]
components: [../component]
crds: [crd.json]
configurations: [names.yaml]
patchesStrategicMerge:
  - merge.yaml
  - |
    kind: X
patchesJson6902: [{path: ops.yaml, target: {kind: X}}]
patches: [{path: patch.yaml}]
replacements: [{path: replacement.yaml}]
openapi: {path: schema.json}
configMapGenerator: [{name: a, files: [key=data.txt, plain.txt], envs: [one.env], env: two.env}]
secretGenerator: [{name: b, files: [secret.txt]}]
helmCharts: [{name: c, valuesFile: values.yaml, additionalValuesFiles: [more-values.yaml]}]
validators: [check.yaml]
generators: [generate.yaml]
transformers:
  - transform.yaml
  - |
    kind: PatchTransformer
    path: of-inline.yaml
aFieldOfTheFuture: {deep: [future.yaml]}
`,
      {
        ...others,
        'app/transform.yaml': 'apiVersion: builtin\nkind: PatchTransformer\npath: of-transform.yaml\n',
        'app/not-named.yaml': '',
        'base/kustomization.yml': 'resources: [base.yaml]\n',
        'base/base.yaml': '',
        'component/kustomization.yaml': 'kind: Component\n',
      },
    )
    const closure = await close(files)
    expect(closure.problems).toEqual([])
    expect(closure.files).toEqual(
      [
        'app/kustomization.yaml',
        'base/base.yaml',
        'base/kustomization.yml',
        'component/kustomization.yaml',
        ...named.map((name) => `app/${name}`),
      ].toSorted(),
    )
    expect(closure.kustomizations.map(({ folder }) => folder)).toEqual(['app', 'base', 'component'])
    expect(closure.builds).toBe(true)
    expect(closure.isComponent).toBe(false)
    expect((await close(files, 'component')).isComponent).toBe(true)
  })

  it('no file or folder that a namespace or a label happens to be called like', async () => {
    const files = app(
      'namespace: shop\nlabels: [{pairs: {a: shop}}]\nconfigMapGenerator: [{literals: [a=shop]}]\n',
      {
        'app/shop/kustomization.yaml': 'resources: [missing.yaml]\n',
      },
    )
    const closure = await close(files)
    expect(closure.files).toEqual(['app/kustomization.yaml'])
    expect(closure.problems).toEqual([])
  })

  it('what may come to be there later', async () => {
    const { absent } = await close(app('resources: [nothing]\n'))
    for (const path of ['app/nothing', 'app/nothing/kustomization.yaml', 'app/kustomization.yml'])
      expect(absent).toContain(path)
  })

  it('a circle of kustomizations, once', async () => {
    const closure = await close({
      'app/kustomization.yaml': 'resources: [../other]\n',
      'other/kustomization.yaml': 'resources: [../app]\n',
    })
    expect(closure.kustomizations.map(({ folder }) => folder)).toEqual(['app', 'other'])
  })

  it('survives whatever stands where lists and texts should', async () => {
    for (const text of [
      'resources: 1\n',
      'resources: {a: b}\n',
      'resources: [1, null, {}, []]\npatches: [1, null, {path: 3}]\n',
      'helmCharts: [1, {name: 2}]\nhelmGlobals: x\nopenapi: []\n',
      'configMapGenerator: {a: b}\nsecretGenerator: [{files: 1, envs: {}, env: 2}]\n',
      '',
      '# nothing\n',
    ]) {
      const closure = await close(app(text))
      expect(closure.files).toEqual(['app/kustomization.yaml'])
    }
  })
})

describe('what is remote', () => {
  it.each([
    'https://github.com/org/repo//path?ref=v1',
    'http://example.com/all.yaml',
    'github.com/org/repo/path?ref=v1',
    'github.com:org/repo',
    'git@github.com:org/repo.git//path',
    'ssh://git@example.com/org/repo',
    'git::https://example.com/repo',
    'someone@example.com:org/repo',
    'oci://ghcr.io/org/base:v1',
    'file:///etc/passwd',
  ])('%s', async (url) => {
    const closure = await close(app(`namespace: shop\nresources:\n  - ${url}\n`))
    expect(closure.remote.map((remote) => [remote.url, remote.at])).toEqual([
      [url, { path: 'app/kustomization.yaml', line: 3 }],
    ])
    expect(closure.problems).toEqual([])
  })

  it('not a folder of this tree that only looks like one', async () => {
    const files = app('resources: [example.com/base, github.com/all.yaml]\n', {
      'app/example.com/base/kustomization.yaml': 'resources: []\n',
      'app/github.com/all.yaml': '',
    })
    const closure = await close(files)
    expect(closure.remote).toEqual([])
    expect(closure.files).toContain('app/example.com/base/kustomization.yaml')
    expect(closure.files).toContain('app/github.com/all.yaml')
  })
})

describe('what is wrong', () => {
  it('is told with the line that names it and what it hides', async () => {
    const files = {
      ...app('namespace: shop\nresources:\n  - ../base\n'),
      'base/kustomization.yaml': 'namespace: inner\nresources:\n  - gone.yaml\n',
    }
    const { problems, missing, builds } = await close(files)
    expect(missing).toEqual(['base/gone.yaml'])
    expect(builds).toBe(true)
    expect(problems).toEqual([
      {
        path: 'base/kustomization.yaml',
        line: 3,
        code: 'kustomization-incomplete',
        class: 'unreadable',
        message: 'The kustomization in base names base/gone.yaml, which is not there.',
        remedy: 'Add it, or take the entry out; kustomize does not build without it.',
        // The namespace of the outermost kustomization is the one that counts.
        hides: { namespaces: ['shop'], under: ['app', 'base'] },
      },
    ])
  })

  const symbolic = { 'app/link': { link: '../elsewhere' } }
  it.each<[string, string, string, 'unreadable' | 'unseen', Files]>([
    ['a path that leaves the tree', '../../other', 'outside-tree', 'unreadable', {}],
    ['an absolute path', '/etc/kubernetes', 'outside-tree', 'unreadable', {}],
    ['a link', 'link', 'symbolic-link', 'unseen', symbolic],
    ['what is behind a link', 'link/base', 'symbolic-link', 'unseen', symbolic],
    ['what is in a submodule', 'module/base', 'submodule', 'unseen', { 'app/module': { submodule: '0' } }],
    [
      'a folder without a kustomization',
      'empty',
      'kustomization-incomplete',
      'unreadable',
      { 'app/empty/x.yaml': '' },
    ],
    [
      'a folder with two',
      'two',
      'kustomization-ambiguous',
      'unreadable',
      { 'app/two/kustomization.yaml': '', 'app/two/Kustomization': '' },
    ],
    [
      'one that is a link',
      'to',
      'symbolic-link',
      'unseen',
      { 'app/to/kustomization.yaml': { link: '../x' } },
    ],
    ['one that is no YAML', 'bad', 'unreadable-yaml', 'unreadable', { 'app/bad/kustomization.yaml': 'a: {' }],
    ['one that is a list', 'bad', 'unreadable-yaml', 'unreadable', { 'app/bad/kustomization.yaml': '- a\n' }],
    [
      'one that is no text',
      'bad',
      'unreadable-yaml',
      'unreadable',
      { 'app/bad/kustomization.yaml': Buffer.from([0xff, 0xfe, 0]) },
    ],
  ])('%s', async (_, name, code, kind, more) => {
    const { problems, edits, builds } = await close(app(`resources:\n  - ${name}\n`, more))
    expect(problems).toMatchObject([{ code, class: kind }])
    expect(edits).toEqual([{ folder: 'app', route: ['resources', 0], to: null }])
    expect(builds).toBe(true)
  })

  it('a link among the files of a chart, which helm would follow', async () => {
    const { problems } = await close(
      app('helmCharts: [{name: c}]\n', {
        'app/charts/c/Chart.yaml': '',
        'app/charts/c/templates/x.yaml': { link: '/etc/passwd' },
      }),
    )
    expect(problems).toMatchObject([{ code: 'symbolic-link' }])
    expect(problems[0]?.message).toContain('app/charts/c/templates/x.yaml')
  })

  it('a chart that no repository is named for', async () => {
    const { problems } = await close(app('helmCharts:\n  - name: c\n'))
    expect(problems).toMatchObject([{ code: 'kustomization-incomplete', line: 2 }])
    expect(problems[0]?.message).toContain('app/charts/c,')
  })

  it('a patch that is not there, without which nothing is built', async () => {
    const { builds, problems } = await close(app('patches:\n  - path: gone.yaml\n'))
    expect(builds).toBe(false)
    expect(problems).toMatchObject([{ code: 'kustomization-incomplete', line: 2 }])
  })

  it('what flux bootstrap will write, which hides Flux alone', async () => {
    const { problems, builds } = await close(
      app('resources: [gotk-components.yaml, gotk-sync.yaml]\n', { 'app/gotk-sync.yaml': '' }),
    )
    expect(builds).toBe(true)
    expect(problems).toMatchObject([{ class: 'unseen', hides: { namespaces: ['flux-system'], under: [] } }])
  })

  it('the root itself', async () => {
    expect((await close(app('a: {'))).problems).toMatchObject([
      { code: 'unreadable-yaml', path: 'app/kustomization.yaml', hides: { under: ['app'] } },
    ])
    const two = { 'app/kustomization.yaml': '', 'app/kustomization.yml': '' }
    expect((await close(two)).problems).toMatchObject([{ code: 'kustomization-ambiguous' }])
    expect((await close({ 'app/x.yaml': '' })).problems).toMatchObject([{ code: 'no-kustomization' }])
    expect((await close({}, '../x')).problems).toMatchObject([{ code: 'no-kustomization' }])
    expect((await close({ app: { link: '/' } })).builds).toBe(false)
  })
})
