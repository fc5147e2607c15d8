// What a repository is found to be made of: which clusters, what each of them holds, and what is told of the rest.
import { describe, expect, it } from 'vitest'
import { readConfig } from '../../src/core/config.ts'
import { nameIn } from '../../src/core/kubernetes/identity.ts'
import { namespaceOf } from '../../src/core/kubernetes/manifest.ts'
import { directoryTree } from '../../src/git/tree.ts'
import { clusterNames, clustersOf, gather } from '../../src/manifests/load.ts'
import { folder } from '../cli/command.ts'
import { deployment, namespace } from '../cli/manifests.ts'
import { testWorkshop } from '../workshop.ts'

const hasTools = (await testWorkshop().tools.kustomize()) !== null
if (!hasTools) process.stdout.write('skipped: no kustomize is here; npm run tools fetches one\n')

interface Found {
  readonly clusters: Readonly<Record<string, readonly string[]>>
  readonly problems: readonly string[]
}

async function find(
  files: Readonly<Record<string, string>>,
  { config = '', repositories = [] }: { config?: string; repositories?: readonly string[] } = {},
): Promise<Found> {
  const { config: read, problems } = readConfig('.github/ambient-guard.yml', config)
  expect(problems).toEqual([])
  const { clusters, ignorePaths } = read
  const gathered = await gather(
    directoryTree(folder(files)),
    { clusters, ignorePaths, assumed: [], repositories },
    testWorkshop(),
  )
  const found = clustersOf(gathered, clusterNames([gathered]), clusters)
  return {
    clusters: Object.fromEntries(
      found.map(({ config: { name, cni }, manifests }) => [
        cni === null ? name : `${name} on ${cni}`,
        manifests
          .filter(({ kind }) => kind === 'Namespace' || kind === 'Deployment')
          .map((one) => `${one.kind} ${namespaceOf(one.object) ?? ''}/${nameIn(one)}`)
          .sort(),
      ]),
    ),
    problems: [
      ...new Set(found.flatMap(({ problems: own }) => own.map(({ code, path }) => `${code} ${path}`))),
    ].sort(),
  }
}

const resources = (...names: string[]): string => `resources: [${names.join(', ')}]\n`

const application = (name: string, path: string, more = ''): string =>
  `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: ${name}, namespace: argocd}
spec:
  source: {repoURL: https://git.example/acme/platform, path: ${path}}
  destination: {${more === '' ? 'server: https://kubernetes.default.svc' : more}, namespace: shop}
`

const fluxKustomization = (name: string, path: string): string =>
  `apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: ${name}, namespace: flux-system}
spec: {path: ${path}, sourceRef: {kind: GitRepository, name: flux-system}}
`

const OVERLAYS = {
  'base/kustomization.yaml': resources('api.yaml'),
  'base/api.yaml': deployment('api', 'shop', 1),
  'overlays/prod/kustomization.yaml': resources('../../base'),
  'overlays/staging/kustomization.yaml': resources('../../base'),
}

describe.skipIf(!hasTools)('without configuration', () => {
  it('takes kustomizations that nobody includes for roots, and sorts them into clusters', async () => {
    expect(await find(OVERLAYS)).toEqual({
      clusters: { prod: ['Deployment shop/api'], staging: ['Deployment shop/api'] },
      problems: [],
    })
  })

  it('gives plain files that name no environment to every cluster', async () => {
    const { clusters } = await find({ ...OVERLAYS, 'namespaces/shop.yaml': namespace('shop', true) })
    expect(clusters).toEqual({
      prod: ['Deployment shop/api', 'Namespace /shop'],
      staging: ['Deployment shop/api', 'Namespace /shop'],
    })
  })

  it('does not apply a component that nobody includes, nor say a word of it', async () => {
    expect(
      await find({
        'app/kustomization.yaml': resources('ns.yaml'),
        'app/ns.yaml': namespace('shop', false),
        'component/kustomization.yaml': `kind: Component\n${resources('ns.yaml')}`,
        'component/ns.yaml': namespace('yard', false),
      }),
    ).toEqual({ clusters: { default: ['Namespace /shop'] }, problems: [] })
  })

  it('says which file a kustomization leaves out', async () => {
    expect(
      await find({
        'app/kustomization.yaml': resources('ns.yaml'),
        'app/ns.yaml': namespace('shop', false),
        'app/api.yaml': deployment('api', 'shop', 1),
        'app/notes.yaml': 'a: b\n',
      }),
    ).toEqual({
      clusters: { default: ['Namespace /shop'] },
      problems: ['not-in-kustomization app/api.yaml'],
    })
  })

  it('begins at an Application that points at its own folder, and renders nothing twice', async () => {
    expect(
      await find({
        'apps/root.yaml': application('root', 'apps'),
        'apps/shop.yaml': application('shop', 'shop'),
        'shop/api.yaml': deployment('api', 'shop', 1),
      }),
    ).toEqual({ clusters: { default: ['Deployment shop/api'] }, problems: [] })
  })

  it('begins somewhere where two Applications point at each other', async () => {
    expect(
      await find({
        'a/app.yaml': application('a', 'b'),
        'b/app.yaml': application('b', 'a'),
        'b/api.yaml': deployment('api', 'shop', 1),
      }),
    ).toEqual({ clusters: { default: ['Deployment shop/api'] }, problems: [] })
  })

  it('keeps the clusters apart that destinations name', async () => {
    const { clusters } = await find({
      'argocd/east.yaml': application('east', 'shop', 'name: east'),
      'argocd/west.yaml': application('west', 'shop', 'name: west'),
      'shop/api.yaml': deployment('api', 'shop', 1),
    })
    expect(clusters).toEqual({ east: ['Deployment shop/api'], west: ['Deployment shop/api'] })
  })

  it('follows what flux bootstrap leaves behind, once', async () => {
    expect(
      await find({
        'clusters/prod/flux-system/kustomization.yaml': resources('gotk-sync.yaml'),
        'clusters/prod/flux-system/gotk-sync.yaml': fluxKustomization('flux-system', './clusters/prod'),
        'clusters/prod/shop.yaml': fluxKustomization('shop', './shop'),
        'shop/api.yaml': deployment('api', 'shop', 1),
      }),
    ).toEqual({ clusters: { default: ['Deployment shop/api'] }, problems: [] })
  })

  it('judges what is left over, too: a kustomization that no Flux object names', async () => {
    const { clusters } = await find({
      'clusters/shop.yaml': fluxKustomization('shop', './shop'),
      'shop/api.yaml': deployment('api', 'shop', 1),
      'yard/kustomization.yaml': resources('crane.yaml'),
      'yard/crane.yaml': deployment('crane', 'yard', 1),
    })
    expect(clusters).toEqual({ default: ['Deployment shop/api', 'Deployment yard/crane'] })
  })

  it('takes a path that exists for this tree where nobody knows its URL, and no other where somebody does', async () => {
    const files = { 'argocd/shop.yaml': application('shop', 'shop'), 'shop/ns.yaml': namespace('shop', true) }
    expect((await find(files)).problems).toEqual([])
    const same = ['git@git.example:Acme/platform.git']
    expect((await find(files, { repositories: same })).problems).toEqual([])
    const other = await find(files, { repositories: ['https://git.example/acme/elsewhere'] })
    expect(other.problems).toEqual(['remote-source argocd/shop.yaml'])
  })
})

describe.skipIf(!hasTools)('with clusters that are configured', () => {
  it('takes what lies below the paths, and what that includes from elsewhere', async () => {
    const config = 'clusters: {live: {paths: [overlays/prod]}, test: {paths: [overlays/staging]}}\n'
    expect(await find(OVERLAYS, { config })).toEqual({
      clusters: { live: ['Deployment shop/api'], test: ['Deployment shop/api'] },
      problems: [],
    })
  })

  it('takes a folder for a root that something outside the paths includes', async () => {
    const config = 'clusters: {live: {paths: [base]}}\n'
    expect((await find(OVERLAYS, { config })).clusters).toEqual({ live: ['Deployment shop/api'] })
  })

  it('applies settings to the cluster of that name, and those of default to the others', async () => {
    const config = 'clusters: {prod: {cni: calico}, default: {cni: cilium}}\n'
    expect(Object.keys((await find(OVERLAYS, { config })).clusters)).toEqual([
      'prod on calico',
      'staging on cilium',
    ])
  })

  it('calls a tree of one cluster as the configuration does', async () => {
    const config = 'clusters: {live: {cni: calico}}\n'
    expect((await find({ 'a.yaml': namespace('a', false) }, { config })).clusters).toEqual({
      'live on calico': ['Namespace /a'],
    })
  })
})
