// The `helm` section of a source: docs/user-guide/helm.md, docs/user-guide/multiple_sources.md and helmTemplate in
// reposerver/repository/repository.go.
import { describe, expect, test } from 'vitest'
import { readDocument } from '../../../src/core/yaml/index.ts'
import { HERE, PARENT, application, only, render, trouble } from './argo.ts'
import type { Files } from './argo.ts'

const CHART = { 'charts/shop/Chart.yaml': 'name: shop\nversion: 1.0.0\n' }

const chart = async (section: string, files: Files = {}) =>
  render({ 'argocd/app.yaml': application(`    path: charts/shop${section}`), ...CHART, ...files })

const release = async (section: string, files: Files = {}) => {
  const rendered = await chart(section, files)
  expect(rendered.problems).toEqual([])
  return only(rendered, 'helm')
}

test('a chart of this tree is a release named like the Application, in its namespace', async () => {
  expect(await release('')).toMatchObject({
    title: 'chart charts/shop for Application argocd/shop',
    chart: { kind: 'folder', folder: 'charts/shop' },
    release: 'shop',
    namespace: 'shop',
    valueFiles: [],
    values: [],
    sets: [],
    apiVersions: [],
    kubeVersion: null,
    skipCrds: false,
    at: { path: 'argocd/app.yaml', line: 9 },
    // What helps a release goes beside the Application, not into the chart.
    host: PARENT,
  })
})

test('releaseName, skipCrds, kubeVersion and apiVersions are passed on', async () => {
  const section = `
    helm:
      releaseName: front
      skipCrds: true
      skipTests: true
      kubeVersion: 1.31.0
      apiVersions: [gateway.networking.k8s.io/v1/Gateway]`
  expect(await release(section)).toMatchObject({
    release: 'front',
    skipCrds: true,
    kubeVersion: '1.31.0',
    apiVersions: ['gateway.networking.k8s.io/v1/Gateway'],
  })
})

test('helm.namespace is what templates are told; that objects go elsewhere is said', async () => {
  const rendered = await chart('\n    helm:\n      namespace: other')
  expect(only(rendered, 'helm').namespace).toBe('other')
  expect(trouble(rendered)).toMatchObject({
    code: 'two-namespaces',
    class: 'unseen',
    hides: { namespaces: ['other', 'shop'] },
  })
  expect((await chart('\n    helm:\n      namespace: shop')).problems).toEqual([])
})

describe('value files', () => {
  const files = {
    'charts/shop/values-prod.yaml': 'a: 1\n',
    'charts/values.yaml': 'a: 1\n',
    'env/prod.yaml': 'a: 1\n',
  }

  test('stand beside the chart, above it, or at a path from the root', async () => {
    const section = '\n    helm:\n      valueFiles: [values-prod.yaml, ../values.yaml, /env/prod.yaml]'
    const { valueFiles } = await release(section, files)
    expect(valueFiles).toEqual(['charts/shop/values-prod.yaml', 'charts/values.yaml', 'env/prod.yaml'])
  })

  test('one that is missing breaks the release, which is then not rendered without it', async () => {
    const rendered = await chart('\n    helm:\n      valueFiles: [none.yaml]', files)
    expect(rendered.units).toEqual([])
    expect(rendered.inputs).toContain('charts/shop/none.yaml')
    expect(trouble(rendered)).toMatchObject({
      code: 'missing-value-file',
      class: 'unreadable',
      line: 11,
      message: 'The value file none.yaml of Application argocd/shop is not in the repository.',
      hides: { namespaces: ['shop'] },
    })
  })

  test('ignoreMissingValueFiles passes over it', async () => {
    const section =
      '\n    helm:\n      ignoreMissingValueFiles: true\n      valueFiles: [none.yaml, values-prod.yaml]'
    expect((await release(section, files)).valueFiles).toEqual(['charts/shop/values-prod.yaml'])
  })

  test('one outside of the repository is no excuse for ignoreMissingValueFiles', async () => {
    for (const file of ['../../../etc/passwd', '/../x.yaml']) {
      const section = `\n    helm:\n      ignoreMissingValueFiles: true\n      valueFiles: [${file}]`
      const rendered = await chart(section, files)
      expect(rendered.units).toEqual([])
      expect(trouble(rendered)).toMatchObject({ code: 'missing-value-file', class: 'unreadable' })
    }
  })

  test('a URL and a pattern are not seen', async () => {
    for (const file of ['https://example.com/values.yaml', '"values-*.yaml"']) {
      const rendered = await chart(`\n    helm:\n      valueFiles: [${file}]`, files)
      expect(rendered.units).toEqual([])
      expect(trouble(rendered)).toMatchObject({ code: 'value-file-not-seen', class: 'unseen' })
    }
  })

  test('a link is not followed', async () => {
    const text = application('    path: charts/shop\n    helm:\n      valueFiles: [linked.yaml]')
    const rendered = await render({ 'argocd/app.yaml': text, ...CHART }, ['charts/shop/linked.yaml'])
    expect(rendered.units).toEqual([])
    expect(trouble(rendered)).toMatchObject({ code: 'value-file-not-seen', class: 'unseen' })
  })

  // docs/user-guide/build-environment.md; unknown variables are empty, as os.Expand has it.
  test('names may hold variables of the Application', async () => {
    const section =
      '\n    helm:\n      valueFiles: ["values-$ARGOCD_APP_NAME.yaml", "/env/${ARGOCD_APP_NAMESPACE}$NONE.yaml"]'
    const { valueFiles } = await release(section, {
      'charts/shop/values-shop.yaml': '',
      'env/shop.yaml': '',
    })
    expect(valueFiles).toEqual(['charts/shop/values-shop.yaml', 'env/shop.yaml'])
  })
})

describe('value files of another source', () => {
  const many = (file: string, other: string): string =>
    application('    path: unused').replace(
      '  destination:',
      `  sources:
    - repoURL: ${HERE}
      path: charts/shop
      helm:
        valueFiles: [${file}]
    - ${other}
  destination:`,
    )

  // "$values resolves to the root of the repository", whatever the path of that source is.
  test('come from the root of that source', async () => {
    const rendered = await render({
      'argocd/app.yaml': many('$cfg/env/prod.yaml', `{repoURL: "${HERE}", ref: cfg}`),
      ...CHART,
      'env/prod.yaml': '',
    })
    expect(rendered.problems).toEqual([])
    expect(only(rendered, 'helm').valueFiles).toEqual(['env/prod.yaml'])
  })

  test('are not seen where that is another repository', async () => {
    const rendered = await render({
      'argocd/app.yaml': many('$cfg/env/prod.yaml', '{repoURL: "https://elsewhere.example/cfg", ref: cfg}'),
      ...CHART,
      'env/prod.yaml': '',
    })
    expect(rendered.units).toEqual([])
    expect(trouble(rendered)).toMatchObject({ code: 'value-file-not-seen', class: 'unseen' })
    expect(trouble(rendered).message).toContain('https://elsewhere.example/cfg, which is not this tree')
  })

  test('are told to be of another revision where that source is pinned', async () => {
    const rendered = await render({
      'argocd/app.yaml': many('$cfg/env/prod.yaml', `{repoURL: "${HERE}", ref: cfg, targetRevision: v1.2.3}`),
      ...CHART,
      'env/prod.yaml': '',
    })
    expect(only(rendered, 'helm').valueFiles).toEqual(['env/prod.yaml'])
    expect(trouble(rendered)).toMatchObject({ code: 'revision-pinned', hides: { under: ['env/prod.yaml'] } })
  })

  // resolveReferencedSources: "source referenced "$x", which is not one of the available sources".
  test('of a source that nobody names are refused', async () => {
    const rendered = await render({
      'argocd/app.yaml': many('$none/env/prod.yaml', `{repoURL: "${HERE}", ref: cfg}`),
      ...CHART,
    })
    expect(rendered.units).toEqual([])
    expect(trouble(rendered)).toMatchObject({ code: 'invalid-application', class: 'unreadable' })
  })
})

describe('values in the Application', () => {
  test('a block of text is read, and every value of it can be found in the file', async () => {
    const section =
      '\n    helm:\n      values: |\n        # why\n        policy:\n          enabled: true\n      skipCrds: true'
    const { values } = await release(section)
    expect(values.map(({ value }) => value)).toEqual([{ policy: { enabled: true } }])
    const written = values[0]?.written
    if (written === null || written === undefined) throw new Error('nobody knows where it is written')
    // The document inside of the document says just this, on these lines.
    expect(written.route).toEqual([])
    expect(written.document.line).toBe(12)
    expect(readDocument(written.file.text, written.document)).toEqual({
      ok: true,
      value: { policy: { enabled: true } },
    })
  })

  test('text in quotes is read as well, though no line of it can be pointed at', async () => {
    const { values } = await release('\n    helm:\n      values: "a: 1\\nb: 2"')
    expect(values).toEqual([{ value: { a: 1, b: 2 }, written: null }])
  })

  // types.go: "ValuesObject takes precedence over Values, so use one or the other."
  test('valuesObject wins over values, and nothing of the two is mixed', async () => {
    const { values } = await release('\n    helm:\n      values: "a: 1"\n      valuesObject:\n        b: 2')
    expect(values.map(({ value }) => value)).toEqual([{ b: 2 }])
    expect(values[0]?.written).toMatchObject({
      file: { path: 'argocd/app.yaml' },
      route: ['spec', 'source', 'helm', 'valuesObject'],
    })
  })

  test.each(['"a: [1"', '"- a"', '"text"'])('values of %s are broken', async (values) => {
    const rendered = await chart(`\n    helm:\n      values: ${values}`)
    expect(rendered.units).toEqual([])
    expect(trouble(rendered)).toMatchObject({ code: 'invalid-values', class: 'unreadable', line: 11 })
  })

  test.each(['""', '"# nothing"', '"null"'])('values of %s are none', async (values) => {
    expect((await release(`\n    helm:\n      values: ${values}\n      skipCrds: true`)).values).toEqual([])
  })
})

describe('parameters', () => {
  test('become --set, and --set-string where a string is forced', async () => {
    const section = `
    helm:
      parameters:
        - {name: image.tag, value: v1}
        - {name: port, value: "8080", forceString: true}
        - {name: empty}
        - {name: image.tag, value: v2}`
    expect((await release(section)).sets).toEqual([
      // Both are maps to Argo CD: the last of a name wins.
      { text: 'image.tag=v2', asString: false },
      { text: 'empty=', asString: false },
      { text: 'port=8080', asString: true },
    ])
  })

  // cleanSetParameters in util/helm/cmd.go.
  test('a comma is part of the value, but in a list in braces or where it is escaped already', async () => {
    const section = `
    helm:
      parameters:
        - {name: a, value: "x,y"}
        - {name: b, value: "{x,y}"}
        - {name: c, value: "x\\\\,y,z"}
        - {name: d, value: "$ARGOCD_APP_NAME,$$HOME"}`
    expect((await release(section)).sets.map(({ text }) => text)).toEqual([
      'a=x\\,y',
      'b={x,y}',
      'c=x\\,y\\,z',
      'd=shop\\,$HOME',
    ])
  })

  test('fileParameters are not supported, and the chart is not rendered without them', async () => {
    const rendered = await chart('\n    helm:\n      fileParameters: [{name: a, path: b}]')
    expect(rendered.units).toEqual([])
    expect(trouble(rendered)).toMatchObject({ code: 'file-parameters-not-supported', class: 'unseen' })
  })
})

describe('charts of other repositories', () => {
  const from = (url: string, rest = '') =>
    render({
      'argocd/app.yaml': application(`    chart: redis\n    targetRevision: 18.x${rest}`).replace(HERE, url),
      'env/prod.yaml': '',
    })

  test('are units, too: whether they can be had is for the renderer of charts to say', async () => {
    const rendered = await from('https://charts.example/stable', '\n    helm:\n      valuesObject: {a: 1}')
    expect(rendered.problems).toEqual([])
    expect(only(rendered, 'helm')).toMatchObject({
      title: 'Application argocd/shop',
      chart: { kind: 'remote', url: 'https://charts.example/stable', name: 'redis', version: '18.x' },
      release: 'shop',
      namespace: 'shop',
      values: [{ value: { a: 1 } }],
      at: { path: 'argocd/app.yaml', line: 9 },
    })
    expect(rendered.paths).toEqual([])
  })

  // IsHelmOciRepo: a repository of charts without a scheme is one of OCI.
  test('are of OCI where the repository has no scheme', async () => {
    expect(only(await from('registry.example/charts'), 'helm').chart).toMatchObject({
      url: 'oci://registry.example/charts',
    })
  })

  test('a value file beside such a chart is not seen', async () => {
    const rendered = await from('https://charts.example', '\n    helm:\n      valueFiles: [values-prod.yaml]')
    expect(rendered.units).toEqual([])
    expect(trouble(rendered)).toMatchObject({ code: 'value-file-not-seen', class: 'unseen' })
  })

  // validateSourcePermissions: "targetRevision is required if the manifest source is a helm chart".
  test('need a version', async () => {
    const text = application('    chart: redis').replace(HERE, 'https://charts.example')
    expect(trouble(await render({ 'argocd/app.yaml': text }))).toMatchObject({ code: 'invalid-application' })
  })
})

// mergeSourceParameters: ".argocd-source.yaml" and ".argocd-source-<appName>.yaml", the latter last.
describe('files of overrides in the folder', () => {
  test('change how the source is rendered, and not where it is', async () => {
    const section =
      '\n    helm:\n      releaseName: a\n      parameters: [{name: x, value: "1"}]\n      valuesObject: {p: 1}'
    const {
      release: name,
      sets,
      values,
      chart: from,
    } = await release(section, {
      'charts/shop/.argocd-source.yaml': 'helm: {releaseName: b, valuesObject: {q: 2}}\npath: elsewhere\n',
      'charts/shop/.argocd-source-shop.yaml': 'helm: {releaseName: c, parameters: null}\n',
      'charts/shop/.argocd-source-other.yaml': 'helm: {releaseName: d}\n',
    })
    expect(name).toBe('c')
    expect(sets).toEqual([])
    expect(from).toEqual({ kind: 'folder', folder: 'charts/shop' })
    // No single text says these values.
    expect(values).toEqual([{ value: { p: 1, q: 2 }, written: null }])
  })

  test('are inputs also while they are missing, and are broken where they cannot be read', async () => {
    const rendered = await chart('')
    expect(rendered.inputs).toContain('charts/shop/.argocd-source-shop.yaml')
    const broken = await chart('', { 'charts/shop/.argocd-source.yaml': 'helm: [' })
    expect(broken.units).toEqual([])
    expect(trouble(broken)).toMatchObject({ code: 'unreadable-overrides', class: 'unreadable' })
  })
})
