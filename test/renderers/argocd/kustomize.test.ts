// The `kustomize` section of a source: what Argo CD edits into the kustomization before it builds
// (docs/user-guide/kustomize.md, Build in util/kustomize/kustomize.go).
import { expect, test } from 'vitest'
import { application, only, render, trouble } from './argo.ts'
import type { Files } from './argo.ts'

const kustomized = (section: string, own = 'resources: [a.yaml]\n', files: Files = {}) =>
  render({
    'argocd/app.yaml': application(`    path: k\n    kustomize:\n${section}`),
    'k/kustomization.yaml': own,
    ...files,
  })

const additions = async (section: string, own?: string, files?: Files) => {
  const rendered = await kustomized(section, own, files)
  expect(rendered.problems).toEqual([])
  return only(rendered, 'kustomize').additions
}

test('a kustomization of this tree, with its file as the host of patches', async () => {
  const rendered = await render({
    'argocd/app.yaml': application('    path: k'),
    'k/kustomization.yml': 'resources: [a.yaml]\n',
    'k/a.yaml': '',
  })
  expect(only(rendered, 'kustomize')).toMatchObject({
    title: 'kustomization k for Application argocd/shop',
    folder: 'k',
    // Argo CD sets it on objects that name none, after the build; kustomize is told nothing of it.
    namespace: 'shop',
    additions: {},
    generated: null,
    substitutions: null,
    reachesOut: false,
    at: { path: 'argocd/app.yaml', line: 9 },
    host: {
      kind: 'kustomization',
      folder: 'k',
      file: { path: 'k/kustomization.yml' },
      names: new Set(['a.yaml', 'kustomization.yml']),
    },
  })
})

test('prefix, suffix and namespace replace, replicas, patches and components are appended', async () => {
  const section = `      namePrefix: eu-
      nameSuffix: -v2
      namespace: other
      replicas: [{name: web, count: 3}, {name: api, count: "4"}]
      images: ["nginx=registry.example/nginx:1.27"]
      components: [../components/policies]
      patches:
        - target: {kind: NetworkPolicy}
          patch: |-
            - {op: remove, path: /spec/egress}`
  expect(await additions(section)).toEqual({
    namePrefix: 'eu-',
    nameSuffix: '-v2',
    namespace: 'other',
    replicas: [
      { name: 'web', count: 3 },
      { name: 'api', count: 4 },
    ],
    components: ['../components/policies'],
    patches: [{ target: { kind: 'NetworkPolicy' }, patch: '- {op: remove, path: /spec/egress}' }],
  })
})

test('common labels join those of the kustomization, selectors included', async () => {
  expect(
    await additions('      commonLabels: {team: shop, app: $ARGOCD_APP_NAME}', 'commonLabels: {a: b}\n'),
  ).toEqual({
    commonLabels: { a: 'b', team: 'shop', app: 'shop' },
  })
})

// `kustomize edit add label --without-selector --include-templates`.
test('labelWithoutSelector makes them labels that no selector gets', async () => {
  const section = '      commonLabels: {team: shop}\n      labelWithoutSelector: true\n'
  expect(await additions(section)).toEqual({
    labels: [{ pairs: { team: 'shop' }, includeSelectors: false, includeTemplates: false }],
  })
  expect(await additions(`${section}      labelIncludeTemplates: true`)).toEqual({
    labels: [{ pairs: { team: 'shop' }, includeSelectors: false, includeTemplates: true }],
  })
})

// `kustomize edit add label` without --force fails: "label team already in kustomization file".
test('a label that the kustomization has already is refused, unless it is forced', async () => {
  const own = 'commonLabels: {team: other}\n'
  const refused = await kustomized('      commonLabels: {team: shop}', own)
  expect(refused.units).toEqual([])
  expect(trouble(refused)).toMatchObject({ code: 'invalid-application', class: 'unreadable', line: 11 })
  expect(await additions('      commonLabels: {team: shop}\n      forceCommonLabels: true', own)).toEqual({
    commonLabels: { team: 'shop' },
  })
})

test('common annotations likewise', async () => {
  const own = 'commonAnnotations: {a: b}\n'
  expect(await additions('      commonAnnotations: {c: d}', own)).toEqual({
    commonAnnotations: { a: 'b', c: 'd' },
  })
  expect((await kustomized('      commonAnnotations: {a: d}', own)).units).toEqual([])
})

test('ignoreMissingComponents leaves out what is not there', async () => {
  const section = '      components: [../c, ../none, ../../outside]\n      ignoreMissingComponents: true'
  const files = { 'c/kustomization.yaml': 'kind: Component\n' }
  expect(await additions(section, undefined, files)).toEqual({ components: ['../c'] })
  // Without it the renderer of kustomizations tells that they are missing.
  expect(await additions('      components: [../none]')).toEqual({ components: ['../none'] })
})
