// What a HelmRelease asks for, as https://fluxcd.io/flux/components/helm/helmreleases/ has it.
import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { locate } from '../../../src/core/yaml/index.ts'
import { fluxPaths, renderFlux } from '../../../src/manifests/renderers/flux/render.ts'
import type { HelmUnit } from '../../../src/manifests/unit.ts'
import { GIT, answer, configMap, kitchenOf, objectOf, only, release, rendered } from './kitchen.ts'
import type { Files } from './kitchen.ts'

const WHAT = 'HelmRelease/redis'
const CHART = {
  'charts/redis/Chart.yaml': 'name: redis\n',
  'charts/redis/values.yaml': '',
  'env/prod.yaml': '',
  'env/eu.yaml': '',
}
const FOLDER =
  '  chart: {spec: {chart: ./charts/redis, sourceRef: {kind: GitRepository, name: flux-system, namespace: flux-system}}}\n'

function files(spec: string, more: Files = {}): Files {
  return { 'git.yaml': GIT, 'apps/redis.yaml': release('redis', spec), ...CHART, ...more }
}

const helm = (spec: string, more: Files = {}): Promise<HelmUnit> =>
  only(kitchenOf(files(spec, more)), WHAT, 'helm')
const problemsOf = async (spec: string, more: Files = {}): Promise<readonly unknown[]> =>
  (await rendered(kitchenOf(files(spec, more)), WHAT)).problems.filter(({ code }) => code !== KEPT)
/** It is said of every chart that goes by its version, and told where a change touches that chart alone. */
const KEPT = 'chart-version-kept'

function source(kind: string, name: string, spec: string): string {
  return `apiVersion: source.toolkit.fluxcd.io/v1\nkind: ${kind}\nmetadata: {name: ${name}, namespace: shop}\nspec: ${spec}\n`
}

describe('the chart', () => {
  test('a folder of this tree, and the release beside which things can be added', async () => {
    expect(await helm(FOLDER)).toEqual({
      kind: 'helm',
      title: 'HelmRelease shop/redis',
      namespace: 'shop',
      cluster: null,
      at: { path: 'apps/redis.yaml', line: 5 },
      host: { kind: 'folder', folder: 'beside', file: null, names: new Set() },
      chart: { kind: 'folder', folder: 'charts/redis' },
      release: 'redis',
      valueFiles: [],
      values: [],
      sets: [],
      apiVersions: [],
      kubeVersion: null,
      skipCrds: false,
    })
    const { inputs } = await rendered(kitchenOf(files(FOLDER)), WHAT)
    expect(inputs).toEqual(['apps/redis.yaml', 'charts/redis/Chart.yaml', 'git.yaml'])
  })

  test('value files stand in for the chart’s own, from the root of the source', async () => {
    const template = (rest: string): string => FOLDER.replace('./charts/redis', `./charts/redis, ${rest}`)
    expect(await helm(template('valuesFiles: [charts/redis/values.yaml, ./env/prod.yaml]'))).toMatchObject({
      valueFiles: ['charts/redis/values.yaml', 'env/prod.yaml'],
      ignoresOwnValues: true,
    })
    // "The file defined here is merged before the ValuesFiles items."
    expect(await helm(template('valuesFile: env/eu.yaml, valuesFiles: [env/prod.yaml]'))).toMatchObject({
      valueFiles: ['env/eu.yaml', 'env/prod.yaml'],
    })
    // GetValuesFiles: values.yaml alone is no list.
    const plain = await helm(template('valuesFiles: [values.yaml]'))
    expect([plain.valueFiles, plain.ignoresOwnValues]).toEqual([[], undefined])
    expect(await problemsOf(template('valuesFiles: [env/gone.yaml, ../x.yaml]'))).toMatchObject([
      { code: 'missing-value-file', class: 'unreadable', hides: { namespaces: ['shop'] } },
      { code: 'missing-value-file' },
    ])
    const lenient = template('ignoreMissingValuesFiles: true, valuesFiles: [env/gone.yaml, env/eu.yaml]')
    expect(await problemsOf(lenient)).toEqual([])
    expect((await helm(lenient)).valueFiles).toEqual(['env/eu.yaml'])
  })

  test.each([
    ['charts/gone', 'missing-chart', 'unreadable'],
    ['charts', 'missing-chart', 'unreadable'],
    ['../redis', 'path-outside', 'unreadable'],
    ['redis-1.0.0.tgz', 'packed-chart', 'unseen'],
  ])('in %s: %s', async (path, code, kind) => {
    const kitchen = kitchenOf(files(FOLDER.replace('./charts/redis', path), { 'redis-1.0.0.tgz': '' }), {
      urls: ['https://github.com/acme/fleet'],
    })
    expect(await rendered(kitchen, WHAT)).toMatchObject({
      units: [],
      problems: [{ code, class: kind, hides: { namespaces: ['shop'] } }],
    })
  })

  const REPOSITORY = '  chart: {spec: {chart: redis, sourceRef: {kind: HelmRepository, name: bitnami}}}\n'

  test('of a repository: by name and range, the latest where none is given', async () => {
    const more = { 'repo.yaml': source('HelmRepository', 'bitnami', '{url: https://charts.example.com/}') }
    expect((await helm(REPOSITORY, more)).chart).toEqual({
      kind: 'remote',
      url: 'https://charts.example.com',
      name: 'redis',
      version: '*',
    })
    expect((await helm(REPOSITORY.replace('redis,', 'redis, version: ">=1 <2",'), more)).chart).toMatchObject(
      {
        version: '>=1 <2',
      },
    )
    const named = REPOSITORY.replace('redis,', 'redis, valuesFiles: [values.yaml, values-prod.yaml],')
    expect(await problemsOf(named, more)).toMatchObject([{ code: 'value-file-in-chart', class: 'unseen' }])
  })

  test('of a repository that may still come, or is nowhere', async () => {
    expect(await answer(kitchenOf(files(REPOSITORY), { settled: false }), WHAT)).toEqual({
      waitsFor: 'HelmRepository shop/bitnami',
    })
    expect(await problemsOf(REPOSITORY)).toMatchObject([
      {
        code: 'missing-source',
        message:
          'HelmRelease shop/redis takes the chart redis from HelmRepository shop/bitnami, which is not in the tree.',
        hides: { namespaces: ['shop'] },
      },
    ])
  })

  test.each([
    ['{semver: "1.x", tag: "0.9"}', '1.x'],
    ['{tag: "0.9"}', '0.9'],
    ['{digest: "sha256:ab", semver: "1.x"}', 'sha256:ab'],
    ['null', 'latest'],
  ])('of an OCIRepository with the reference %s', async (ref, version) => {
    const oci = source('OCIRepository', 'redis', `{url: oci://ghcr.io/acme/charts/redis, ref: ${ref}}`)
    const chart = { kind: 'remote', url: 'oci://ghcr.io/acme/charts', name: 'redis', version }
    expect(
      (await helm('  chartRef: {kind: OCIRepository, name: redis}\n', { 'oci.yaml': oci })).chart,
    ).toEqual(chart)
    const template = `  chart: {kind: OCIRepository, spec: {url: oci://ghcr.io/acme/charts/redis, ref: ${ref}}}\n`
    expect((await helm(template)).chart).toEqual(chart)
  })

  test('of a HelmChart, whose sources are in its own namespace', async () => {
    const spec =
      '{chart: charts/redis, sourceRef: {kind: GitRepository, name: here}, valuesFiles: [env/eu.yaml]}'
    const more = {
      'chart.yaml': source('HelmChart', 'redis', spec),
      'here.yaml': source('GitRepository', 'here', '{url: https://github.com/acme/fleet}'),
    }
    expect(await helm('  chartRef: {kind: HelmChart, name: redis}\n', more)).toMatchObject({
      chart: { kind: 'folder', folder: 'charts/redis' },
      valueFiles: ['env/eu.yaml'],
    })
  })

  test('of an artifact that is copied from this tree', async () => {
    const generator = (from: string): string => `apiVersion: source.extensions.fluxcd.io/v1beta1
kind: ArtifactGenerator
metadata: {name: gen, namespace: shop}
spec:
  sources: [{alias: repo, kind: GitRepository, name: flux-system, namespace: flux-system}]
  artifacts: [{name: redis, copy: [{from: "${from}", to: "@artifact/"}]}]
`
    const spec = '  chartRef: {kind: ExternalArtifact, name: redis}\n'
    const more = { 'gen.yaml': generator('@repo/charts/redis/**') }
    expect((await helm(spec, more)).chart).toEqual({ kind: 'folder', folder: 'charts/redis' })
    const kitchen = kitchenOf(files(spec, more))
    expect(fluxPaths(objectOf(kitchen, WHAT), kitchen)).toEqual(['charts/redis'])
  })

  test('of a Bucket', async () => {
    const spec = '  chart: {spec: {chart: ./redis, sourceRef: {kind: Bucket, name: charts}}}\n'
    const more = { 'b.yaml': source('Bucket', 'charts', '{endpoint: s3.example.com, bucketName: charts}') }
    expect(await problemsOf(spec, more)).toMatchObject([{ code: 'remote-source' }])
  })

  test('claims its folder, before anything is rendered', () => {
    const kitchen = kitchenOf(files(FOLDER))
    expect(fluxPaths(objectOf(kitchen, WHAT), kitchen)).toEqual(['charts/redis'])
    const remote = kitchenOf(files(REPOSITORY))
    expect(fluxPaths(objectOf(remote, WHAT), remote)).toEqual([])
  })
})

describe('the release', () => {
  test('goes into the target namespace, which its name begins with', async () => {
    expect(await helm(`${FOLDER}  targetNamespace: data\n`)).toMatchObject({
      namespace: 'data',
      release: 'data-redis',
    })
    expect(await helm(`${FOLDER}  targetNamespace: data\n  releaseName: cache\n`)).toMatchObject({
      namespace: 'data',
      release: 'cache',
    })
  })

  test('has a name of 53 characters at most: 40, a dash, and 12 of the hash', async () => {
    const long = 'a-very-lengthy-target-namespace-with-a-nice-object-name'
    // The hash of the documentation's example.
    expect(createHash('sha256').update(long).digest('hex')).toMatch(/^97af5d7f41f3/)
    expect((await helm(`${FOLDER}  releaseName: ${long}\n`)).release).toBe(
      'a-very-lengthy-target-namespace-with-a-n-97af5d7f41f3',
    )
    expect((await helm(`${FOLDER}  releaseName: ${long.slice(0, 53)}\n`)).release).toBe(long.slice(0, 53))
  })

  test.each([
    ['  install: {crds: Skip}\n', true],
    ['  install: {skipCRDs: true}\n', true],
    ['  install: {crds: Skip}\n  upgrade: {crds: CreateReplace}\n', false],
    ['  upgrade: {crds: Skip}\n', false],
    ['  install: {createNamespace: true}\n', false],
  ])('%j skips CRDs: %s', async (spec, skips) => {
    expect((await helm(FOLDER + spec)).skipCrds).toBe(skips)
  })

  test('goes to the cluster that a kubeConfig names', async () => {
    expect((await helm(`${FOLDER}  kubeConfig: {secretRef: {name: prod}}\n`)).cluster).toBe('prod')
  })

  test('is rendered though it is suspended, and whatever is tested', async () => {
    expect(await helm(`${FOLDER}  suspend: true\n  test: {enable: true}\n`)).toMatchObject({
      release: 'redis',
    })
  })

  test('is changed afterwards by what is not evaluated, unless it is only images', async () => {
    const post = (renderers: string): string => `${FOLDER}  postRenderers: ${renderers}\n`
    expect(await problemsOf(post('[{kustomize: {images: [{name: a, newTag: b}], patches: []}}]'))).toEqual([])
    for (const list of ['patches', 'patchesStrategicMerge', 'patchesJson6902'])
      expect(
        await problemsOf(post(`[{kustomize: {images: []}}, {kustomize: {${list}: [{}]}}]`)),
      ).toMatchObject([
        { code: 'post-renderer-not-supported', class: 'unseen', line: 6, hides: { namespaces: ['shop'] } },
      ])
    expect(await problemsOf(post('[{exec: {command: x}}]'))).toMatchObject([
      { code: 'post-renderer-not-supported' },
    ])
    expect(await problemsOf(`${FOLDER}  commonMetadata: {labels: {team: a}}\n`)).toEqual([])
    expect(
      await problemsOf(`${FOLDER}  commonMetadata: {labels: {istio.io/dataplane-mode: ambient}}\n`),
    ).toHaveLength(1)
  })
})

describe('values', () => {
  const VALUES = configMap(
    'base',
    'shop',
    '  values.yaml: |\n    replicas: 2\n    image: {tag: v1}\n  port: "6379"\n  quoted: "\'007\'"\n  raw: "a,b={c}"\n  broken: "a: ["\n  list: "[1]"\n  empty: ""\n',
  )
  const more = { 'maps.yaml': VALUES }
  const from = (...refs: string[]): string => `${FOLDER}  valuesFrom: [${refs.join(', ')}]\n`

  test('written in the release, with the place where a person edits them', async () => {
    const spec = `${FOLDER}  values:\n    networkPolicy: {enabled: true}\n`
    const [inline] = (await helm(spec)).values
    expect(inline?.value).toEqual({ networkPolicy: { enabled: true } })
    const { file, document, route } = inline?.written ?? {}
    if (file === undefined || document === undefined || route === undefined) throw new Error('not written')
    const span = locate(file.text, document, [...route, 'networkPolicy'])
    expect(file.text.slice(span?.start, span?.end)).toContain('enabled: true')
  })

  test('of a release that a tool put together, in the text that says the same; nowhere where none does', async () => {
    const spec = `${FOLDER}  values: {a: 1}\n`
    const kitchen = kitchenOf(files(spec))
    const manifest = objectOf(kitchen, WHAT)
    const { file, document } = manifest.origin
    const written = async (object: Record<string, unknown>): Promise<unknown> => {
      const layer = { file, document, route: [], mount: [], value: manifest.object, editable: true }
      const making = {
        by: 'kustomization x',
        object,
        layers: [layer],
        sourceName: 'redis',
        host: null,
        patchable: true,
      }
      const unit = {
        kind: 'flux' as const,
        manifest: { ...manifest, object, origin: { ...manifest.origin, making } },
        ...{ title: '', namespace: null, cluster: null, at: { path: 'x', line: 1 }, host: null },
      }
      const result = await renderFlux(unit, kitchen)
      const [one] = 'units' in result ? result.units : []
      return one?.kind === 'helm' ? one.values[0]?.written : 'no unit'
    }
    expect(await written(manifest.object)).toMatchObject({ route: ['spec', 'values'] })
    const merged = { ...(manifest.object.spec as object), values: { a: 2 } }
    expect(await written({ ...manifest.object, spec: merged })).toBeNull()
  })

  test('of ConfigMaps of its namespace in order, and those of the release after them', async () => {
    const second = configMap('second', 'shop', '  prod.yaml: "replicas: 3"\n')
    const unit = await helm(
      `${from('{kind: ConfigMap, name: base}', '{kind: ConfigMap, name: second, valuesKey: prod.yaml}')}  values: {replicas: 4}\n`,
      { ...more, 'second.yaml': second },
    )
    expect(unit.values.map(({ value }) => value)).toEqual([
      { replicas: 2, image: { tag: 'v1' } },
      { replicas: 3 },
      { replicas: 4 },
    ])
    expect(unit.values.map(({ written }) => written === null)).toEqual([true, true, false])
    const { inputs } = await rendered(kitchenOf(files(from('{kind: ConfigMap, name: base}'), more)), WHAT)
    expect(inputs).toContain('maps.yaml')
  })

  test.each([
    ['{valuesKey: port, targetPath: service.port', 'service.port=6379', false],
    ['{valuesKey: quoted, targetPath: code', 'code=007', true],
    ['{valuesKey: raw, targetPath: file, literal: true', 'file=a\\,b\\=\\{c\\}', true],
    ['{valuesKey: raw, targetPath: file', 'file=a,b={c}', false],
  ])('a single value, as --set: %s}', async (ref, text, asString) => {
    const unit = await helm(from(`${ref}, kind: ConfigMap, name: base}`), more)
    expect([unit.values, unit.sets]).toEqual([[], [{ text, asString }]])
  })

  test('an empty one says nothing', async () => {
    expect((await helm(from('{kind: ConfigMap, name: base, valuesKey: empty}'), more)).values).toEqual([
      { value: {}, written: null },
    ])
  })

  test.each(['broken', 'list'])('%s is no mapping', async (key) => {
    const problems = await problemsOf(from(`{kind: ConfigMap, name: base, valuesKey: ${key}}`), more)
    expect(problems).toMatchObject([{ path: 'maps.yaml', code: 'unreadable-values', class: 'unreadable' }])
  })

  test('a Secret is never read, optional or not', async () => {
    for (const rest of ['', ', optional: true', ', targetPath: auth.password'])
      expect(await problemsOf(from(`{kind: Secret, name: hidden${rest}}`))).toMatchObject([
        {
          path: 'apps/redis.yaml',
          line: 6,
          code: 'values-unknown',
          class: 'unseen',
          hides: { namespaces: ['shop'] },
        },
      ])
    expect(
      JSON.stringify(await problemsOf(from('{kind: Secret, name: hidden, targetPath: auth.password}'))),
    ).toContain('takes values for auth.password from Secret shop/hidden, which is not read')
  })

  test('a ConfigMap is waited for, then told of unless it is optional', async () => {
    const ref = '{kind: ConfigMap, name: gone}'
    expect(await answer(kitchenOf(files(from(ref)), { settled: false }), WHAT)).toEqual({
      waitsFor: 'ConfigMap shop/gone',
    })
    expect(await problemsOf(from(ref))).toMatchObject([{ code: 'values-unknown' }])
    expect(await problemsOf(from('{kind: ConfigMap, name: gone, optional: true}'))).toEqual([])
  })

  test('a key that the ConfigMap has not', async () => {
    expect(await problemsOf(from('{kind: ConfigMap, name: base, valuesKey: nope}'), more)).toMatchObject([
      { code: 'values-unknown', message: expect.stringContaining('which has no nope') as string },
    ])
  })

  test('what the release before had, where an upgrade keeps it', async () => {
    expect(await problemsOf(`${FOLDER}  upgrade: {preserveValues: true}\n`)).toMatchObject([
      { code: 'values-unknown' },
    ])
  })
})

describe('shapes that no API server would take', () => {
  test.each([
    `${FOLDER}  values: [1]\n`,
    `${FOLDER}  values: text\n`,
    `${FOLDER}  valuesFrom: {a: b}\n`,
    `${FOLDER}  valuesFrom: [1]\n`,
    `${FOLDER}  valuesFrom: [{kind: Pod, name: x}]\n`,
    `${FOLDER}  releaseName: 7\n`,
    `${FOLDER}  targetNamespace: [a]\n`,
    `${FOLDER}  install: no\n`,
    `${FOLDER}  install: {skipCRDs: perhaps}\n`,
    `${FOLDER}  postRenderers: [3]\n`,
    `${FOLDER}  postRenderers: [{kustomize: {patches: 3}}]\n`,
    `${FOLDER}  kubeConfig: 3\n`,
    `${FOLDER}  commonMetadata: 3\n`,
    FOLDER.replace('./charts/redis', './charts/redis, valuesFiles: 3'),
    FOLDER.replace('./charts/redis', './charts/redis, valuesFiles: [3]'),
  ])('%j ends as a problem', async (spec) => {
    const codes = (await problemsOf(spec)) as readonly { readonly code: string }[]
    expect(codes.map(({ code }) => code)).toContain('invalid-flux-object')
  })

  test.each([
    '  chart: 1\n',
    '  chart: {spec: []}\n',
    '  chart: {spec: {chart: 3}}\n',
    '  chartRef: {kind: OCIRepository}\n',
    '  chart: {kind: OCIRepository}\n',
    '  suspend: true\n',
  ])('%j names no chart', async (spec) => {
    const codes = (await problemsOf(spec)) as readonly { readonly code: string }[]
    expect(codes.map(({ code }) => code)).toContain('no-chart')
  })

  test('sources of the wrong shape', async () => {
    const oci = (spec: string): Files => ({ 'oci.yaml': source('OCIRepository', 'redis', spec) })
    for (const spec of ['{}', '7', '{url: 7}', '{url: nowhere}'])
      expect(await problemsOf('  chartRef: {kind: OCIRepository, name: redis}\n', oci(spec))).toMatchObject([
        { code: 'no-chart' },
      ])
  })
})

test('an object of another kind asks for nothing', async () => {
  const kitchen = kitchenOf({ 'git.yaml': GIT })
  expect(await rendered(kitchen, 'GitRepository/flux-system')).toEqual({
    manifests: [],
    units: [],
    problems: [],
    inputs: ['git.yaml'],
  })
})
