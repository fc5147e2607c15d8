// What a Flux Kustomization asks for, as https://fluxcd.io/flux/components/kustomize/kustomizations/ has it.
import { describe, expect, test } from 'vitest'
import {
  DEPLOYMENT,
  GIT,
  LIST,
  SERVICE,
  answer,
  kitchenOf,
  kustomization,
  only,
  rendered,
} from './kitchen.ts'

const WHAT = 'Kustomization/apps'
const PROD = { 'apps/prod/kustomization.yaml': LIST, 'apps/prod/web.yaml': DEPLOYMENT }

describe('the path', () => {
  test('a folder with a kustomization is built as it is, and that is where things can be added', async () => {
    const kitchen = kitchenOf({
      'git.yaml': GIT,
      'clusters/apps.yaml': kustomization('apps', '  path: ./apps/prod\n'),
      ...PROD,
    })
    const unit = await only(kitchen, WHAT, 'kustomize')
    expect(unit).toMatchObject({
      folder: 'apps/prod',
      additions: {},
      generated: null,
      substitutions: null,
      reachesOut: true,
      title: 'Flux Kustomization flux-system/apps',
      namespace: null,
      cluster: null,
      at: { path: 'clusters/apps.yaml', line: 7 },
      host: { kind: 'kustomization', folder: 'apps/prod', file: { path: 'apps/prod/kustomization.yaml' } },
    })
    expect([...(unit.host?.names ?? [])]).toEqual(['kustomization.yaml', 'web.yaml'])
    const { inputs, problems } = await rendered(kitchen, WHAT)
    expect(inputs).toEqual(expect.arrayContaining(['clusters/apps.yaml', 'git.yaml', 'apps/prod']))
    expect(problems).toEqual([])
  })

  test.each(['kustomization.yml', 'Kustomization'])('%s is a kustomization as well', async (name) => {
    const kitchen = kitchenOf({
      'git.yaml': GIT,
      'a.yaml': kustomization('apps', '  path: prod\n'),
      [`prod/${name}`]: LIST,
    })
    expect(await only(kitchen, WHAT, 'kustomize')).toMatchObject({ folder: 'prod', generated: null })
  })

  test.each([
    ['./apps/prod/', 'a slash at its end says nothing'],
    ['/apps/prod', 'Flux joins the path to the root of the source'],
    ['apps/../apps/prod', 'dots inside the source lead nowhere else'],
  ])('%s: %s', async (path) => {
    const kitchen = kitchenOf({
      'git.yaml': GIT,
      'a.yaml': kustomization('apps', `  path: ${path}\n`),
      ...PROD,
    })
    expect(await only(kitchen, WHAT, 'kustomize')).toMatchObject({ folder: 'apps/prod' })
  })

  test('without a path it is the root of the source', async () => {
    const kitchen = kitchenOf({
      'git.yaml': GIT,
      'a.yaml': kustomization('apps', ''),
      'kustomization.yaml': LIST,
    })
    expect(await only(kitchen, WHAT, 'kustomize')).toMatchObject({ folder: '.' })
  })

  test('a path that is not there is a broken file of this tree, on its line', async () => {
    const kitchen = kitchenOf(
      {
        'git.yaml': GIT,
        'a.yaml': kustomization('apps', '  path: ./apps/pord\n  targetNamespace: shop\n'),
        ...PROD,
      },
      { urls: ['https://github.com/acme/fleet'] },
    )
    expect(await rendered(kitchen, WHAT)).toMatchObject({
      units: [],
      problems: [
        {
          path: 'a.yaml',
          line: 7,
          code: 'missing-path',
          class: 'unreadable',
          message: 'Flux Kustomization flux-system/apps has the path apps/pord, which is not in the tree.',
          hides: { namespaces: ['shop'], under: ['apps/pord'] },
        },
      ],
    })
  })

  test('a file is no folder', async () => {
    const kitchen = kitchenOf({
      'git.yaml': GIT,
      'a.yaml': kustomization('apps', '  path: ./apps/prod/web.yaml\n'),
      ...PROD,
    })
    expect((await rendered(kitchen, WHAT)).problems).toMatchObject([{ code: 'missing-path' }])
  })

  test.each(['../other', './../../etc', 'apps/../../x', '"a\\0b"'])('%s leaves the source', async (path) => {
    const kitchen = kitchenOf({
      'git.yaml': GIT,
      'a.yaml': kustomization('apps', `  path: ${path}\n`),
      ...PROD,
    })
    expect(await rendered(kitchen, WHAT)).toMatchObject({
      units: [],
      problems: [{ code: 'path-outside', class: 'unreadable', hides: { namespaces: 'all' } }],
    })
  })

  test.each(['120000', '160000'] as const)('what has the mode %s is not followed', async (mode) => {
    const kitchen = kitchenOf(
      { 'git.yaml': GIT, 'a.yaml': kustomization('apps', '  path: ./linked\n') },
      { special: { linked: mode }, urls: ['https://github.com/acme/fleet'] },
    )
    expect(await rendered(kitchen, WHAT)).toMatchObject({
      units: [],
      problems: [{ code: 'path-not-followed', class: 'unseen' }],
    })
  })

  test('a suspended one is rendered: what it applied stays', async () => {
    const kitchen = kitchenOf({
      'git.yaml': GIT,
      'a.yaml': kustomization('apps', '  path: apps/prod\n  suspend: true\n'),
      ...PROD,
    })
    expect(await only(kitchen, WHAT, 'kustomize')).toMatchObject({ folder: 'apps/prod' })
  })
})

describe('a folder without a kustomization', () => {
  const FOLDER = {
    'git.yaml': GIT,
    'apps/web.yaml': DEPLOYMENT,
    'apps/deep/er/svc.yml': SERVICE,
    'apps/deep/notes.md': '# no manifest',
    'apps/deep/object.json': '{"apiVersion":"v1","kind":"Service","metadata":{"name":"json"}}',
    'apps/redis/kustomization.yaml': 'resources: [redis.yaml]\n',
    'apps/redis/redis.yaml': DEPLOYMENT.replace('name: web', 'name: redis'),
    'apps/redis/base/kustomization.yaml': 'resources: []\n',
  }

  test('its YAML files at any depth are applied as they are, and folders with a kustomization as a whole', async () => {
    const kitchen = kitchenOf({ ...FOLDER, 'a.yaml': kustomization('apps', '  path: apps\n') })
    const { units, problems } = await rendered(kitchen, WHAT)
    expect(problems).toEqual([])
    expect(units).toMatchObject([
      {
        kind: 'plain',
        paths: ['apps/deep/er/svc.yml', 'apps/web.yaml'],
        host: { kind: 'folder', folder: 'apps', file: null },
      },
      {
        kind: 'kustomize',
        folder: 'apps/redis',
        generated: null,
        host: { kind: 'kustomization', folder: 'apps/redis' },
      },
    ])
  })

  test('with anything to add, all of it is one kustomization of Flux’s making', async () => {
    const kitchen = kitchenOf({
      ...FOLDER,
      'a.yaml': kustomization('apps', '  path: apps\n  targetNamespace: shop\n'),
    })
    expect(await only(kitchen, WHAT, 'kustomize')).toMatchObject({
      folder: 'apps',
      generated: ['deep/er/svc.yml', 'redis', 'web.yaml'],
      additions: { namespace: 'shop' },
      namespace: 'shop',
      host: { kind: 'folder', folder: 'apps' },
    })
  })

  test('a file that is no Kubernetes object is told of: Flux refuses to build the folder', async () => {
    const kitchen = kitchenOf({
      ...FOLDER,
      'apps/values.yaml': 'replicas: 2\n',
      'apps/nameless.yaml': 'apiVersion: v1\nkind: Service\nmetadata: {}\n',
      'apps/list.yaml': 'apiVersion: v1\nkind: List\nitems: []\n',
      'apps/comment.yaml': '# nothing yet\n',
      'apps/patch.yaml': 'apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n',
      'a.yaml': kustomization('apps', '  path: apps\n  namePrefix: blue-\n'),
    })
    const { units, problems, inputs } = await rendered(kitchen, WHAT)
    expect(units).toMatchObject([{ generated: ['deep/er/svc.yml', 'list.yaml', 'redis', 'web.yaml'] }])
    expect(problems.map(({ path, code, class: kind, hides }) => [path, code, kind, hides.under])).toEqual([
      ['apps/nameless.yaml', 'not-a-manifest', 'unreadable', ['apps/nameless.yaml']],
      ['apps/values.yaml', 'not-a-manifest', 'unreadable', ['apps/values.yaml']],
    ])
    expect(inputs).toContain('apps/values.yaml')
  })

  test('broken YAML hides its file, whatever is broken in it, and the rest is built', async () => {
    const kitchen = kitchenOf({
      ...FOLDER,
      'apps/broken.yaml': `${SERVICE}---\nkind: ConfigMap\nmetadata: {namespace: shop\n`,
      'a.yaml': kustomization('apps', '  path: apps\n  namePrefix: blue-\n'),
    })
    const { units, problems } = await rendered(kitchen, WHAT)
    expect(units).toMatchObject([{ generated: ['deep/er/svc.yml', 'redis', 'web.yaml'] }])
    expect(problems).toMatchObject([
      {
        path: 'apps/broken.yaml',
        code: 'unreadable-yaml',
        remedy: 'Correct it; nothing of the file was judged.',
        hides: { namespaces: 'all' },
      },
    ])
  })

  test('is built where an object seems to be in two of its kustomizations, for Flux refuses that', async () => {
    const twice = { 'apps/other/kustomization.yaml': LIST, 'apps/other/web.yaml': DEPLOYMENT }
    const kinds = async (files: Readonly<Record<string, string>>): Promise<readonly string[]> => {
      const kitchen = kitchenOf({ ...FOLDER, ...files, 'a.yaml': kustomization('apps', '  path: apps\n') })
      return (await rendered(kitchen, WHAT)).units.map(({ kind }) => kind)
    }
    expect(await kinds({})).toEqual(['plain', 'kustomize'])
    expect(await kinds(twice)).toEqual(['kustomize'])
    const apart = { ...twice, 'apps/other/kustomization.yaml': `namespace: other\n${LIST}` }
    expect(await kinds(apart)).toEqual(['plain', 'kustomize', 'kustomize'])
    const renamed = { ...twice, 'apps/other/kustomization.yaml': `namePrefix: a-\n${LIST}` }
    expect(await kinds(renamed)).toEqual(['plain', 'kustomize', 'kustomize'])
  })

  test('links and submodules in it do not reach the cluster: the artifact of a source has none', async () => {
    const kitchen = kitchenOf(
      { ...FOLDER, 'a.yaml': kustomization('apps', '  path: apps\n') },
      { special: { 'apps/linked.yaml': '120000', 'apps/module': '160000' } },
    )
    const { units } = await rendered(kitchen, WHAT)
    expect(units[0]).toMatchObject({ paths: ['apps/deep/er/svc.yml', 'apps/web.yaml'] })
  })

  test('an empty folder is nothing to render', async () => {
    const kitchen = kitchenOf({
      'git.yaml': GIT,
      'apps/README.md': 'soon',
      'a.yaml': kustomization('apps', '  path: apps\n'),
    })
    expect(await rendered(kitchen, WHAT)).toMatchObject({ units: [], problems: [] })
  })
})

describe('what a source leaves out', () => {
  const files = {
    'apps/web.yaml': DEPLOYMENT,
    'apps/docs/example.yaml': SERVICE,
    'apps/docs/keep.yaml': SERVICE.replace('name: ', 'name: keep-'),
    'apps/.sops.yaml': 'creation_rules: []\n',
    'a.yaml': kustomization('apps', '  path: apps\n'),
  }
  const paths = async (more: Readonly<Record<string, string>>): Promise<readonly string[]> =>
    (await only(kitchenOf({ 'git.yaml': GIT, ...files, ...more }), WHAT, 'plain')).paths

  test('Flux’s own exclusions: .sops.yaml is no manifest', async () => {
    expect(await paths({})).toEqual(['apps/docs/example.yaml', 'apps/docs/keep.yaml', 'apps/web.yaml'])
  })

  test('a .sourceignore in the root speaks of paths from there, and its last word counts', async () => {
    expect(await paths({ '.sourceignore': '# docs\n/apps/docs/\n!/apps/docs/keep.yaml\n' })).toEqual([
      'apps/docs/keep.yaml',
      'apps/web.yaml',
    ])
  })

  test('a .sourceignore further down speaks of its own folder', async () => {
    const more = { 'apps/docs/.sourceignore': '/example.yaml\nweb.yaml\n', 'apps/also/example.yaml': SERVICE }
    expect(await paths(more)).toEqual(['apps/also/example.yaml', 'apps/docs/keep.yaml', 'apps/web.yaml'])
  })

  test('spec.ignore of the GitRepository has the last word', async () => {
    expect(
      await paths({
        'git.yaml': `${GIT}  ignore: |\n    # exclude all\n    /*\n    !/apps\n    **/docs/e*.yaml\n`,
        '.sourceignore': 'keep.yaml\n',
      }),
    ).toEqual(['apps/docs/keep.yaml', 'apps/web.yaml'])
  })

  test('spec.ignore of the Kustomization speaks of its folder', async () => {
    expect(await paths({ 'a.yaml': kustomization('apps', '  path: apps\n  ignore: docs/\n') })).toEqual([
      'apps/web.yaml',
    ])
  })

  test('a kustomization that is left out is none to Flux', async () => {
    const more = { 'apps/kustomization.yaml': LIST, '.sourceignore': 'kustomization.yaml\n' }
    expect(await paths(more)).toEqual(['apps/docs/example.yaml', 'apps/docs/keep.yaml', 'apps/web.yaml'])
  })

  test('a folder that is left out as a whole is no path of the source', async () => {
    const kitchen = kitchenOf({ 'git.yaml': GIT, ...files, '.sourceignore': 'apps\n' })
    expect((await rendered(kitchen, WHAT)).problems).toMatchObject([
      { code: 'missing-path', message: expect.stringContaining('which its source leaves out') as string },
    ])
  })

  test('patterns made to be slow are not', async () => {
    const slow = `${'*a'.repeat(60)}b\n${'**/'.repeat(60)}x\n`.repeat(50)
    const long = `apps/${'a'.repeat(200)}/${'a'.repeat(200)}.yaml`
    expect(
      await paths({ '.sourceignore': slow, [long]: SERVICE.replace('name: ', 'name: long-') }),
    ).toContain(long)
  }, 5000)
})

describe('what is added', () => {
  const additions = async (spec: string, more: Readonly<Record<string, string>> = {}): Promise<unknown> =>
    (
      await only(
        kitchenOf({
          'git.yaml': GIT,
          'a.yaml': kustomization('apps', `  path: apps/prod\n${spec}`),
          ...PROD,
          ...more,
        }),
        WHAT,
        'kustomize',
      )
    ).additions

  test('names, the namespace, components, and patches with their targets', async () => {
    expect(
      await additions(
        `  targetNamespace: shop
  namePrefix: a-
  nameSuffix: -z
  components: [../mesh]
  patches:
    - patch: "- {op: remove, path: /spec}"
      target: {kind: NetworkPolicy, labelSelector: app=web, options: ignored}
    - patch: "{apiVersion: v1, kind: Service, metadata: {name: web}}"
`,
        { 'apps/mesh/kustomization.yaml': 'kind: Component\n' },
      ),
    ).toEqual({
      namespace: 'shop',
      namePrefix: 'a-',
      nameSuffix: '-z',
      components: ['../mesh'],
      patches: [
        { patch: '- {op: remove, path: /spec}', target: { kind: 'NetworkPolicy', labelSelector: 'app=web' } },
        { patch: '{apiVersion: v1, kind: Service, metadata: {name: web}}' },
      ],
    })
  })

  test('patches of v1beta1 and v1beta2 are objects, not text', async () => {
    expect(
      await additions(`  patchesStrategicMerge: [{apiVersion: v1, kind: Service, metadata: {name: web}}]
  patchesJson6902: [{patch: [{op: add, path: /x, value: 1}], target: {kind: Service}}]
`),
    ).toEqual({
      patches: [
        { patch: '{"apiVersion":"v1","kind":"Service","metadata":{"name":"web"}}' },
        { patch: '[{"op":"add","path":"/x","value":1}]', target: { kind: 'Service' } },
      ],
    })
  })

  test('common labels reach the objects and no selector; annotations reach no pod template', async () => {
    expect(
      await additions(
        '  commonMetadata: {labels: {istio.io/dataplane-mode: ambient}, annotations: {team: shop}}\n',
      ),
    ).toEqual({
      labels: [{ pairs: { 'istio.io/dataplane-mode': 'ambient' }, includeSelectors: false }],
      patches: [
        {
          patch: '{"apiVersion":"v1","kind":"Any","metadata":{"name":"any","annotations":{"team":"shop"}}}',
          target: { kind: '.*' },
        },
      ],
    })
  })

  test('images change nothing that is judged', async () => {
    expect(await additions('  images: [{name: web, newTag: v2}]\n')).toEqual({})
  })

  test('a missing component is left out where the object says so, and left to the build where not', async () => {
    expect(await additions('  components: [../gone]\n  ignoreMissingComponents: true\n')).toEqual({})
    expect(await additions('  components: [../gone]\n')).toEqual({ components: ['../gone'] })
  })

  test.each(['https://github.com/acme/mesh', '/mesh', '../../../mesh', 'git@github.com:acme/mesh'])(
    'the component %s is not of the source',
    async (component) => {
      const kitchen = kitchenOf({
        'git.yaml': GIT,
        'a.yaml': kustomization('apps', `  path: apps/prod\n  components: ['${component}']\n`),
        ...PROD,
      })
      const { units, problems } = await rendered(kitchen, WHAT)
      expect(units).toMatchObject([{ additions: {} }])
      expect(problems).toMatchObject([{ code: 'component-outside', class: 'unreadable', line: 8 }])
    },
  )

  test('spec.ignore on a kustomization of its own is not evaluated', async () => {
    const kitchen = kitchenOf({
      'git.yaml': GIT,
      'a.yaml': kustomization('apps', '  path: apps/prod\n  ignore: web.yaml\n'),
      ...PROD,
    })
    expect((await rendered(kitchen, WHAT)).problems).toMatchObject([
      { code: 'ignore-not-evaluated', class: 'unseen' },
    ])
  })
})

describe('clusters and dependencies', () => {
  test.each([
    ['{secretRef: {name: prod-eu, key: value}}', 'prod-eu'],
    ['{configMapRef: {name: prod-us}}', 'prod-us'],
  ])('kubeConfig %s names the cluster', async (kubeConfig, cluster) => {
    const kitchen = kitchenOf({
      'git.yaml': GIT,
      'a.yaml': kustomization('apps', `  path: apps/prod\n  kubeConfig: ${kubeConfig}\n`),
      ...PROD,
    })
    expect(await only(kitchen, WHAT, 'kustomize')).toMatchObject({ cluster })
  })

  const files = {
    'git.yaml': GIT,
    'a.yaml': kustomization('apps', '  path: apps/prod\n  dependsOn: [{name: infra}]\n'),
    ...PROD,
  }

  test('a dependency that may still come is waited for', async () => {
    expect(await answer(kitchenOf(files, { settled: false }), WHAT)).toEqual({
      waitsFor: 'Flux Kustomization flux-system/infra',
    })
  })

  test('one that is nowhere is told of: Flux applies nothing until it is there', async () => {
    const { units, problems } = await rendered(kitchenOf(files), WHAT)
    expect(units).toHaveLength(1)
    expect(problems).toMatchObject([
      {
        code: 'missing-dependency',
        class: 'unseen',
        path: 'a.yaml',
        line: 8,
        hides: { namespaces: [], under: ['a.yaml'] },
      },
    ])
  })

  test('one that is there is no news', async () => {
    const kitchen = kitchenOf(
      { ...files, 'b.yaml': kustomization('infra', '  path: infra\n') },
      { settled: false },
    )
    expect((await rendered(kitchen, WHAT)).problems).toEqual([])
  })
})

describe('shapes that no API server would take', () => {
  test.each([
    '  path: 7\n',
    '  path: [a]\n',
    '  path: apps/prod\n  patches: nope\n',
    '  path: apps/prod\n  patches: [1, null, {patch: 5}]\n',
    '  path: apps/prod\n  patches: [{patch: x, target: [1]}]\n',
    '  path: apps/prod\n  patchesStrategicMerge: [1]\n',
    '  path: apps/prod\n  patchesJson6902: [{patch: [1]}]\n',
    '  path: apps/prod\n  components: {a: b}\n',
    '  path: apps/prod\n  components: [1]\n',
    '  path: apps/prod\n  commonMetadata: [1]\n',
    '  path: apps/prod\n  commonMetadata: {labels: {a: 1}}\n',
    '  path: apps/prod\n  postBuild: 3\n',
    '  path: apps/prod\n  postBuild: {substitute: {a: 1}}\n',
    '  path: apps/prod\n  postBuild: {substituteFrom: [{kind: Deployment, name: x}]}\n',
    '  path: apps/prod\n  postBuild: {substituteFrom: 1}\n',
    '  path: apps/prod\n  dependsOn: [3]\n',
    '  path: apps/prod\n  kubeConfig: [3]\n',
    '  path: apps/prod\n  targetNamespace: 5\n',
    '  path: apps/prod\n  ignoreMissingComponents: maybe\n  components: [x]\n',
    '  path: apps/prod\n  ignore: 3\n',
  ])('%j ends as a problem on its line', async (spec) => {
    const kitchen = kitchenOf({ 'git.yaml': GIT, 'a.yaml': kustomization('apps', spec), ...PROD })
    const { problems } = await rendered(kitchen, WHAT)
    expect(problems.map(({ code }) => code)).toContain('invalid-flux-object')
    expect(problems.every(({ path, class: kind }) => path === 'a.yaml' && kind === 'unreadable')).toBe(true)
  })

  test.each([
    'spec: null',
    'spec: []',
    'spec: 1',
    'spec: {sourceRef: 1}',
    'spec: {sourceRef: {kind: GitRepository}}',
    'x: 1',
  ])('%s names no source', async (rest) => {
    const kitchen = kitchenOf({
      'a.yaml': `apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: apps}\n${rest}\n`,
    })
    expect((await rendered(kitchen, WHAT)).problems.map(({ code }) => code)).toContain('no-source')
  })

  test('a patch of many aliases costs what it holds and no more', async () => {
    const lines = Array.from({ length: 30 }, (_, index) =>
      index === 0
        ? 'a0: &a0 {x: y}'
        : `a${String(index)}: &a${String(index)} [*a${String(index - 1)}, *a${String(index - 1)}]`,
    )
    const spec = `  path: apps/prod\n  patchesStrategicMerge:\n    - ${lines.join('\n      ')}\n`
    const kitchen = kitchenOf({ 'git.yaml': GIT, 'a.yaml': kustomization('apps', spec), ...PROD })
    // The reader refuses the document before anything is made of it.
    expect(kitchen.manifests.map(({ kind }) => kind)).toEqual(['GitRepository', 'Deployment'])
  })
})
