// CreateNamespace=true and managedNamespaceMetadata (docs/user-guide/sync-options.md): the labels enrol, so that the
// namespace is an object like any other, and its lines are those of the Application.
import { expect, test } from 'vitest'
import { linesOf, placeOf } from '../../../src/core/kubernetes/origin.ts'
import { isManagedNamespace } from '../../../src/manifests/renderers/argocd/namespace.ts'
import { application, manifestIn, render } from './argo.ts'

const POD = 'apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n'
const CREATE = '    syncOptions: [PruneLast=true, CreateNamespace=true]\n'
const LABELS = `    managedNamespaceMetadata:
      annotations:
        a: b
      labels:
        istio.io/dataplane-mode: ambient
        team: shop
`

const namespaces = async (policy: string, text = application('    path: x', `  syncPolicy:\n${policy}`)) =>
  (await render({ 'argocd/app.yaml': text, 'x/a.yaml': POD })).manifests

test('labels of the namespace stand in the Application, each on its own line', async () => {
  const [namespace, ...others] = await namespaces(LABELS + CREATE)
  if (namespace === undefined) throw new Error('there is none')
  expect(others).toEqual([])
  expect(isManagedNamespace(namespace)).toBe(true)
  expect(namespace).toMatchObject({
    apiVersion: 'v1',
    kind: 'Namespace',
    object: {
      metadata: { name: 'shop', labels: { 'istio.io/dataplane-mode': 'ambient', team: 'shop' } },
    },
  })
  const { origin } = namespace
  expect(origin.making).toMatchObject({
    by: 'Application argocd/shop',
    host: null,
    patchable: false,
    sourceName: 'shop',
  })
  expect(placeOf(origin, ['metadata', 'labels', 'istio.io/dataplane-mode'])).toEqual({
    path: 'argocd/app.yaml',
    line: 18,
  })
  expect(placeOf(origin, ['metadata', 'labels', 'team']).line).toBe(19)
  expect(placeOf(origin, ['metadata', 'name']).line).toBe(12)
  // All of it is the sync policy.
  expect(linesOf(origin, [])).toEqual({ path: 'argocd/app.yaml', first: 13, last: 20 })
  const layer = origin.making?.layers[0]
  expect(layer).toMatchObject({
    editable: true,
    value: 'ambient',
    route: ['spec', 'syncPolicy', 'managedNamespaceMetadata', 'labels', 'istio.io/dataplane-mode'],
  })
})

test('without labels there is a namespace all the same, which has none', async () => {
  const [namespace] = await namespaces(CREATE)
  expect(namespace?.object).toEqual({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'shop', labels: {} },
  })
})

// "In order for Argo CD to manage the labels … CreateNamespace=true needs to be set …, otherwise nothing will happen."
test('labels without CreateNamespace=true do nothing', async () => {
  expect(await namespaces(LABELS)).toEqual([])
  expect(await namespaces(`${LABELS}    syncOptions: [CreateNamespace=false]\n`)).toEqual([])
})

test('without destination.namespace there is none to make', async () => {
  const text = application('    path: x', `  syncPolicy:\n${LABELS}${CREATE}`).replace(
    '    namespace: shop\n',
    '',
  )
  expect(await namespaces('', text)).toEqual([])
})

test('the namespaces of Kubernetes itself are there before; labels are put on them', async () => {
  const text = (policy: string): string =>
    application('    path: x', `  syncPolicy:\n${policy}`).replace(
      '    namespace: shop',
      '    namespace: default',
    )
  expect(await namespaces('', text(CREATE))).toEqual([])
  expect(await namespaces('', text(LABELS + CREATE))).toHaveLength(1)
})

test('it is made although the source is not seen', async () => {
  const text = application('    path: x', `  syncPolicy:\n${LABELS}${CREATE}`).replace(
    'deploy.git',
    'other.git',
  )
  expect(await namespaces('', text)).toHaveLength(1)
})

test('a Namespace that somebody wrote is not taken for one', () => {
  expect(
    isManagedNamespace(manifestIn('ns.yaml', 'apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n')),
  ).toBe(false)
})
