// Where the sources of Flux lead: https://fluxcd.io/flux/components/source/ and, for artifacts that are copied
// together, docs/spec/v1beta1/artifactgenerators.md of fluxcd/source-watcher.
import { describe, expect, test } from 'vitest'
import { fluxPaths } from '../../../src/manifests/renderers/flux/render.ts'
import {
  DEPLOYMENT,
  GIT,
  LIST,
  answer,
  kitchenOf,
  kustomization,
  objectOf,
  only,
  rendered,
} from './kitchen.ts'
import type { Files } from './kitchen.ts'

const WHAT = 'Kustomization/apps'
const PROD = { 'apps/prod/kustomization.yaml': LIST, 'apps/prod/web.yaml': DEPLOYMENT }
const APPS = { 'a.yaml': kustomization('apps', '  path: ./apps/prod\n'), ...PROD }
const OWN = ['https://github.com/acme/fleet']

function source(kind: string, spec: string): string {
  return `apiVersion: source.toolkit.fluxcd.io/v1\nkind: ${kind}\nmetadata: {name: flux-system, namespace: flux-system}\nspec: ${spec}\n`
}

describe('GitRepository', () => {
  test('of this tree: its URL says so', async () => {
    expect(
      await only(kitchenOf({ ...APPS, 'git.yaml': GIT }, { urls: OWN }), WHAT, 'kustomize'),
    ).toMatchObject({
      folder: 'apps/prod',
    })
  })

  test('of another: what it holds is not seen, though the path exists here too', async () => {
    const kitchen = kitchenOf(
      { ...APPS, 'git.yaml': source('GitRepository', '{url: https://github.com/other/fleet}') },
      { urls: OWN },
    )
    expect(await rendered(kitchen, WHAT)).toMatchObject({
      units: [],
      problems: [
        {
          path: 'a.yaml',
          line: 6,
          code: 'remote-source',
          class: 'unseen',
          message:
            'Flux Kustomization flux-system/apps takes apps/prod from GitRepository flux-system/flux-system (https://github.com/other/fleet), which is not this repository.',
          // Without a target namespace, its objects may be in any.
          hides: { namespaces: 'all' },
        },
      ],
    })
  })

  test('of another namespace: only where the reference says so', async () => {
    const other = GIT.replace('namespace: flux-system', 'namespace: sources')
    const spec = APPS['a.yaml'].replace('name: flux-system}\n', 'name: flux-system, namespace: sources}\n')
    const kitchen = (app: string): ReturnType<typeof kitchenOf> =>
      kitchenOf({ ...APPS, 'a.yaml': app, 'git.yaml': other }, { urls: OWN, settled: false })
    expect(await answer(kitchen(APPS['a.yaml']), WHAT)).toEqual({
      waitsFor: 'GitRepository flux-system/flux-system',
    })
    expect(await only(kitchen(spec), WHAT, 'kustomize')).toMatchObject({ folder: 'apps/prod' })
  })

  describe('that is not in the tree', () => {
    const named = (name: string, path: string): Files => ({
      'a.yaml': kustomization('apps', `  path: ${path}\n`).replace(
        'name: flux-system}\n',
        `name: ${name}}\n`,
      ),
      ...PROD,
      'kustomization.yaml': LIST,
    })

    test('is waited for while it may come', async () => {
      expect(await answer(kitchenOf(named('fleet', 'apps/prod'), { settled: false }), WHAT)).toEqual({
        waitsFor: 'GitRepository flux-system/fleet',
      })
    })

    test('is this tree where the path exists', async () => {
      const unit = await only(kitchenOf(named('fleet', 'apps/prod')), WHAT, 'kustomize')
      expect(unit.folder).toBe('apps/prod')
    })

    test('is unseen where the path does not', async () => {
      const { units, problems } = await rendered(kitchenOf(named('fleet', 'deploy')), WHAT)
      expect(units).toEqual([])
      expect(problems).toMatchObject([{ code: 'missing-source', class: 'unseen' }])
    })

    test('is this tree for a root only where flux bootstrap named it: every tree has a root', async () => {
      expect((await rendered(kitchenOf(named('fleet', './')), WHAT)).problems).toMatchObject([
        { code: 'missing-source' },
      ])
      expect(await only(kitchenOf(named('flux-system', './')), WHAT, 'kustomize')).toMatchObject({
        folder: '.',
      })
    })
  })

  test.each([
    ['{tag: v1.2.0}', 'the tag v1.2.0'],
    ['{semver: ">=1.0.0"}', 'the tags in the range >=1.0.0'],
    ['{branch: main, commit: 0a1b2c}', 'the commit 0a1b2c'],
    ['{name: refs/tags/v1}', 'the reference refs/tags/v1'],
    // The later fields take precedence.
    ['{tag: v1, commit: 0a1b2c}', 'the commit 0a1b2c'],
  ])('pinned by %s: what is merged here is not what is applied', async (ref, what) => {
    const git = source('GitRepository', `\n  url: https://github.com/acme/fleet\n  ref: ${ref}`)
    const { units, problems } = await rendered(kitchenOf({ ...APPS, 'git.yaml': git }, { urls: OWN }), WHAT)
    expect(units).toHaveLength(1)
    expect(problems).toMatchObject([
      {
        path: 'git.yaml',
        line: 6,
        code: 'revision-pinned',
        class: 'unseen',
        hides: { namespaces: [], under: ['apps/prod'] },
      },
    ])
    expect(problems[0]?.message).toContain(`is pinned to ${what},`)
  })

  test.each(['{branch: next}', '{name: refs/heads/main}', '{name: refs/heads/main, tag: v1}', 'null', '7'])(
    'followed by %s: no news',
    async (ref) => {
      const git = source('GitRepository', `{url: https://github.com/acme/fleet, ref: ${ref}}`)
      expect((await rendered(kitchenOf({ ...APPS, 'git.yaml': git }, { urls: OWN }), WHAT)).problems).toEqual(
        [],
      )
    },
  )

  test('what it includes from other repositories is not followed', async () => {
    const git = (to: string): string =>
      source(
        'GitRepository',
        `{url: https://github.com/acme/fleet, include: [{repository: {name: policies}, toPath: ${to}}]}`,
      )
    const problemsOf = async (to: string): Promise<readonly unknown[]> => {
      const { units, problems } = await rendered(
        kitchenOf({ ...APPS, 'git.yaml': git(to) }, { urls: OWN }),
        WHAT,
      )
      return [units.length, ...problems.map(({ code }) => code)]
    }
    expect(await problemsOf('apps/prod/policies')).toEqual([1, 'included-source'])
    // All of the folder comes from there.
    expect(await problemsOf('apps')).toEqual([0, 'included-source'])
    expect(await problemsOf('elsewhere')).toEqual([1])
  })

  test.each(['7', '{}', '{url: 3}', '{url: [x]}', 'null'])(
    'with the spec %s is no repository of ours',
    async (spec) => {
      const kitchen = kitchenOf({ ...APPS, 'git.yaml': source('GitRepository', spec) }, { urls: OWN })
      expect((await rendered(kitchen, WHAT)).problems).toMatchObject([{ code: 'remote-source' }])
    },
  )
})

describe('sources elsewhere', () => {
  test.each([
    ['OCIRepository', '{url: oci://ghcr.io/acme/manifests}', 'oci://ghcr.io/acme/manifests'],
    ['Bucket', '{endpoint: s3.example.com, bucketName: fleet}', 's3.example.com/fleet'],
  ])('%s: never rendered, and named', async (kind, spec, url) => {
    const files = {
      ...PROD,
      'a.yaml': kustomization('apps', '  path: apps/prod\n  targetNamespace: shop\n', kind),
    }
    const { units, problems } = await rendered(kitchenOf({ ...files, 's.yaml': source(kind, spec) }), WHAT)
    expect(units).toEqual([])
    expect(problems).toMatchObject([
      { code: 'remote-source', class: 'unseen', hides: { namespaces: ['shop'] } },
    ])
    expect(problems[0]?.message).toContain(`(${url})`)
    expect(await answer(kitchenOf(files, { settled: false }), WHAT)).toEqual({
      waitsFor: `${kind} flux-system/flux-system`,
    })
    expect((await rendered(kitchenOf(files), WHAT)).problems).toMatchObject([{ code: 'missing-source' }])
  })

  test('a kind that Flux does not know', async () => {
    const kitchen = kitchenOf({ ...PROD, 'a.yaml': kustomization('apps', '  path: apps/prod\n', 'Repo') })
    expect((await rendered(kitchen, WHAT)).problems).toMatchObject([
      { code: 'unknown-source-kind', class: 'unreadable' },
    ])
  })
})

describe('an artifact that is copied together', () => {
  const generator = (copies: string, name = 'gen'): string => `apiVersion: source.extensions.fluxcd.io/v1beta1
kind: ArtifactGenerator
metadata: {name: ${name}, namespace: flux-system}
spec:
  sources:
    - {alias: repo, kind: GitRepository, name: flux-system}
    - {alias: oci, kind: OCIRepository, name: charts}
  artifacts:
    - name: other
      copy: []
    - name: flux-system
      copy: [${copies}]
`
  const tree = {
    'git.yaml': GIT,
    'apps/base/kustomization.yaml': LIST,
    'apps/base/web.yaml': DEPLOYMENT,
    'apps/base/README.md': '',
    'apps/prod/kustomization.yaml': 'resources: [../base]\n',
    'apps/plain/web.yaml': DEPLOYMENT,
    'apps/plain/deep/example.yaml': DEPLOYMENT.replace('name: ', 'name: example-'),
    'apps/plain/deep/values.yaml': DEPLOYMENT.replace('name: ', 'name: values-'),
  }
  const kitchen = (copies: string, path: string, more: Files = {}): ReturnType<typeof kitchenOf> =>
    kitchenOf(
      {
        ...tree,
        'gen.yaml': generator(copies),
        'a.yaml': kustomization('apps', `  path: ${path}\n`, 'ExternalArtifact'),
        ...more,
      },
      { urls: OWN },
    )

  test.each([
    ['{from: "@repo/apps/**", to: "@artifact/"}', './prod', 'apps/prod', 'the content of a folder'],
    ['{from: "@repo/apps/prod/**", to: "@artifact/"}', './', 'apps/prod', 'a folder as the root'],
    ['{from: "@repo/**", to: "@artifact/"}', 'apps/prod', 'apps/prod', 'everything'],
    [
      '{from: "@repo/apps/", to: "@artifact/"}',
      'apps/prod',
      'apps/prod',
      'as cp does, a folder goes into a folder',
    ],
    ['{from: "@repo/", to: "@artifact/"}', 'apps/prod', 'apps/prod', 'the root by its name'],
    [
      '{from: "@repo/apps/base/**", to: "@artifact/base/"}, {from: "@repo/apps/prod/**", to: "@artifact/prod/"}',
      'prod',
      'apps/prod',
      'two neighbours that stay neighbours',
    ],
    [
      '{from: "@repo/apps/prod/**", to: "@artifact/prod"}, {from: "@repo/apps/base/web.yaml", to: "@artifact/base/"}',
      'prod',
      'apps/prod',
      'a file that keeps its place',
    ],
  ])('%s has %s at %s: %s', async (copies, path, folder) => {
    const it = kitchen(copies, path)
    expect((await only(it, WHAT, 'kustomize')).folder).toBe(folder)
    const { inputs, problems } = await rendered(it, WHAT)
    expect(problems).toEqual([])
    expect(inputs).toEqual(expect.arrayContaining(['gen.yaml', 'git.yaml', 'a.yaml']))
  })

  test.each([
    [
      '{from: "@repo/apps/base/**", to: "@artifact/common/"}, {from: "@repo/apps/prod/**", to: "@artifact/prod/"}',
      'prod',
      'neighbours with other names',
    ],
    ['{from: "@repo/apps/prod/**", to: "@artifact/a/b/"}', 'a/b', 'another depth'],
    ['{from: "@repo/apps/*.yaml", to: "@artifact/"}', 'prod', 'single files by a glob'],
    ['{from: "@repo/apps/*/x/**", to: "@artifact/"}', 'prod', 'a glob of folders'],
    [
      '{from: "@repo/apps/**", to: "@artifact/"}, {from: "@repo/apps/plain/web.yaml", to: "@artifact/prod/kustomization.yaml"}',
      'prod',
      'a file that takes the place of another',
    ],
    ['{from: "@repo/apps/**", to: "@artifact/", strategy: Merge}', 'prod', 'merged files'],
    ['{from: "@repo/apps.tgz", to: "@artifact/", strategy: Extract}', 'prod', 'an unpacked archive'],
    ['{from: "@nobody/apps/**", to: "@artifact/"}', 'prod', 'an alias that is none'],
    ['{from: "@repo/../x/**", to: "@artifact/"}', 'prod', 'a path that leaves the source'],
    ['{from: 7, to: null}', 'prod', 'no copy at all'],
    [
      '{from: "@repo/apps/base/**", to: "@artifact/base/"}, {from: "@repo/apps/prod/**", to: "@artifact/prod/"}',
      './',
      'a part of a folder',
    ],
  ])('%s is laid out in another way: %s', async (copies, path) => {
    expect(await rendered(kitchen(copies, path), WHAT)).toMatchObject({
      units: [],
      problems: [{ code: 'artifact-layout', class: 'unseen', hides: { namespaces: 'all' } }],
    })
  })

  test('a path that nothing is copied to', async () => {
    expect(
      (await rendered(kitchen('{from: "@repo/apps/prod/**", to: "@artifact/prod/"}', 'stage'), WHAT))
        .problems,
    ).toMatchObject([{ code: 'missing-path', class: 'unseen' }])
  })

  test('a piece from elsewhere', async () => {
    const { units, problems } = await rendered(
      kitchen('{from: "@repo/apps/**", to: "@artifact/"}, {from: "@oci/**", to: "@artifact/prod/"}', 'prod'),
      WHAT,
    )
    expect(units).toEqual([])
    expect(problems).toMatchObject([{ code: 'remote-source' }])
    expect(problems[0]?.message).toContain('OCIRepository flux-system/charts')
  })

  test.each([
    ['["*.md"]', ['apps/plain/deep/example.yaml', 'apps/plain/deep/values.yaml', 'apps/plain/web.yaml']],
    ['["example.yaml"]', ['apps/plain/deep/values.yaml', 'apps/plain/web.yaml']],
    // Seen from what is directly in the folder that is copied.
    ['["**/deep/**"]', ['apps/plain/web.yaml']],
    ['["apps/plain/deep"]', ['apps/plain/web.yaml']],
    [
      '["plain/deep"]',
      ['apps/plain/deep/example.yaml', 'apps/plain/deep/values.yaml', 'apps/plain/web.yaml'],
    ],
  ])('what is excluded by %s does not reach it', async (exclude, paths) => {
    const copies = `{from: "@repo/apps/plain/**", to: "@artifact/", exclude: ${exclude}}`
    expect((await only(kitchen(copies, './'), WHAT, 'plain')).paths).toEqual(paths)
  })

  test('nobody makes it', async () => {
    const files = { ...tree, 'a.yaml': kustomization('apps', '  path: prod\n', 'ExternalArtifact') }
    expect((await rendered(kitchenOf(files), WHAT)).problems).toMatchObject([{ code: 'missing-source' }])
    expect(await answer(kitchenOf(files, { settled: false }), WHAT)).toEqual({
      waitsFor: 'ExternalArtifact flux-system/flux-system',
    })
  })

  test('two generators make it, as in the folders of two clusters: the nearest counts', async () => {
    const other = generator('{from: "@repo/**", to: "@artifact/"}', 'gen2')
    const it = kitchen('{from: "@repo/apps/**", to: "@artifact/"}', 'prod', { 'gen2.yaml': other })
    expect((await only(it, WHAT, 'kustomize')).folder).toBe('apps/prod')
  })

  test('its repository may not be in the tree either', async () => {
    const rest = Object.fromEntries(Object.entries(tree).filter(([path]) => path !== 'git.yaml'))
    const files = {
      ...rest,
      'gen.yaml': generator('{from: "@repo/apps/**", to: "@artifact/"}'),
      'a.yaml': kustomization('apps', '  path: prod\n', 'ExternalArtifact'),
    }
    expect(await answer(kitchenOf(files, { settled: false }), WHAT)).toEqual({
      waitsFor: 'GitRepository flux-system/flux-system',
    })
    expect((await only(kitchenOf(files), WHAT, 'kustomize')).folder).toBe('apps/prod')
  })
})

describe('the paths that an object claims', () => {
  const paths = (files: Files, what: string, urls: readonly string[] = OWN): readonly string[] => {
    const kitchen = kitchenOf(files, { urls, settled: false })
    return fluxPaths(objectOf(kitchen, what), kitchen)
  }

  test('of a Kustomization: its folder, where it is one of this tree', () => {
    expect(paths({ ...APPS, 'git.yaml': GIT }, WHAT)).toEqual(['apps/prod'])
    expect(paths(APPS, WHAT)).toEqual(['apps/prod'])
    expect(paths({ ...APPS, 'git.yaml': GIT }, WHAT, [])).toEqual([])
    expect(
      paths({ ...APPS, 'git.yaml': GIT, 'a.yaml': kustomization('apps', '  path: gone\n') }, WHAT),
    ).toEqual([])
    expect(paths({ 'a.yaml': kustomization('apps', '  path: ../x\n') }, WHAT)).toEqual([])
  })

  test('of objects of several clusters that share a name: what any of them says', () => {
    const generator = (name: string): string => `apiVersion: source.extensions.fluxcd.io/v1beta1
kind: ArtifactGenerator
metadata: {name: flux-system, namespace: flux-system}
spec:
  sources: [{alias: repo, kind: GitRepository, name: flux-system}]
  artifacts: [{name: flux-system, copy: [{from: "@repo/${name}/**", to: "@artifact/"}]}]
`
    expect(
      paths(
        {
          'a.yaml': kustomization('apps', '  path: ./\n', 'ExternalArtifact'),
          'one.yaml': generator('one'),
          'two.yaml': generator('two'),
          'one/web.yaml': DEPLOYMENT,
          'two/web.yaml': DEPLOYMENT,
        },
        WHAT,
      ),
    ).toEqual(['one', 'two'])
  })

  test('of a kustomization of kustomize: none, it asks Flux for nothing', () => {
    const manifest = { ...objectOf(kitchenOf(APPS), WHAT), apiVersion: 'kustomize.config.k8s.io/v1beta1' }
    expect(fluxPaths(manifest, kitchenOf(APPS))).toEqual([])
  })
})
