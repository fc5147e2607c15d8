// Argo CD puts its labels on top of a namespace that is there (sync options, Namespace Metadata).
import { describe, expect, it } from 'vitest'
import { placeOf } from '../../src/core/kubernetes/origin.ts'
import { directoryTree } from '../../src/git/tree.ts'
import { folder } from '../cli/command.ts'
import { deployment } from '../cli/manifests.ts'
import { loadAlone } from '../workshop.ts'

const application = (labels: string): string => `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: shop, namespace: argocd}
spec:
  source: {repoURL: https://git.example/acme/platform, path: shop}
  destination: {server: https://kubernetes.default.svc, namespace: shop}
  syncPolicy:
    syncOptions: [CreateNamespace=true]
${labels}`

const AMBIENT = `    managedNamespaceMetadata:
      labels:
        istio.io/dataplane-mode: ambient
`

const NAMESPACE = 'apiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop\n  labels:\n    team: web\n'

async function namespaces(files: Readonly<Record<string, string>>): Promise<readonly unknown[]> {
  const { manifests } = await loadAlone(directoryTree(folder(files)))
  return manifests
    .filter(({ kind }) => kind === 'Namespace')
    .map(({ object, origin }) => {
      const { labels } = object.metadata as { readonly labels?: Readonly<Record<string, string>> }
      const places = Object.keys(labels ?? {}).map((key) => {
        const { path, line } = placeOf(origin, ['metadata', 'labels', key])
        return `${key} ${path}:${String(line)}`
      })
      return places
    })
}

describe('a namespace that an Application manages', () => {
  const shop = { 'shop/api.yaml': deployment('api', 'shop', 1) }

  it('is described by it where nothing else does', async () => {
    expect(await namespaces({ ...shop, 'apps/shop.yaml': application('') })).toEqual([[]])
    expect(await namespaces({ ...shop, 'apps/shop.yaml': application(AMBIENT) })).toEqual([
      ['istio.io/dataplane-mode apps/shop.yaml:11'],
    ])
  })

  it('keeps what its manifest says, and each label leads to where it is written', async () => {
    const files = { ...shop, 'namespaces/shop.yaml': NAMESPACE }
    expect(await namespaces({ ...files, 'apps/shop.yaml': application('') })).toEqual([
      ['team namespaces/shop.yaml:6'],
    ])
    expect(await namespaces({ ...files, 'apps/shop.yaml': application(AMBIENT) })).toEqual([
      ['team namespaces/shop.yaml:6', 'istio.io/dataplane-mode apps/shop.yaml:11'],
    ])
  })
})
