// Which roots are of one cluster: the case that each test names is one that people have in their repositories.
import { describe, expect, it } from 'vitest'
import type { Manifest } from '../../src/core/kubernetes/manifest.ts'
import { environmentsOf, homesOf, sortRoots } from '../../src/manifests/environments.ts'

interface Root {
  readonly path: string
  readonly plain: boolean
  readonly manifests: readonly Manifest[]
}

/** `Deployment shop/api`, or `Namespace shop ambient` with a label by which two of one name differ. */
function object(text: string, path: string): Manifest {
  const [kind = '', where = '', label] = text.split(' ')
  const [first = '', second] = where.split('/')
  const metadata = {
    name: second ?? first,
    ...(second === undefined ? {} : { namespace: first }),
    ...(label === undefined ? {} : { labels: { label } }),
  }
  const apiVersion = kind === 'Deployment' ? 'apps/v1' : 'v1'
  const file = { path, text: '' }
  return {
    apiVersion,
    kind,
    object: { apiVersion, kind, metadata },
    origin: {
      file,
      document: { index: 0, start: 0, end: 0, line: 1 },
      route: [],
      editable: true,
      making: null,
    },
  }
}

function rendered(path: string, ...objects: string[]): Root {
  return { path, plain: false, manifests: objects.map((text) => object(text, `${path}/x.yaml`)) }
}

function plain(path: string, ...objects: string[]): Root {
  return { path, plain: true, manifests: objects.map((text) => object(text, `${path}/x.yaml`)) }
}

function sorted(...roots: Root[]): Record<string, readonly string[]> {
  const names = environmentsOf(roots)
  const clusters = sortRoots(roots, names, homesOf(roots, names))
  return Object.fromEntries(
    [...clusters].map(([name, some]) => [name ?? 'the only one', some.map(({ path }) => path)]),
  )
}

describe('roots and clusters', () => {
  it('keeps overlays of one application apart, and names the clusters as they do', () => {
    expect(
      sorted(
        rendered('overlays/prod', 'Deployment shop/api'),
        rendered('overlays/staging', 'Deployment shop/api'),
      ),
    ).toEqual({ prod: ['overlays/prod'], staging: ['overlays/staging'] })
  })

  it('puts the overlays of several applications together by the environment that they name', () => {
    expect(
      sorted(
        rendered('apps/api/overlays/prod', 'Deployment shop/api'),
        rendered('apps/api/overlays/staging', 'Deployment shop/api'),
        rendered('apps/web/overlays/prod', 'Deployment shop/web'),
        rendered('apps/web/overlays/staging', 'Deployment shop/web'),
      ),
    ).toEqual({
      prod: ['apps/api/overlays/prod', 'apps/web/overlays/prod'],
      staging: ['apps/api/overlays/staging', 'apps/web/overlays/staging'],
    })
  })

  it('gives what names no environment to each of them', () => {
    expect(
      sorted(
        plain('namespaces', 'Namespace shop'),
        rendered('overlays/prod', 'Deployment shop/api'),
        rendered('overlays/staging', 'Deployment shop/api'),
      ),
    ).toEqual({ prod: ['overlays/prod', 'namespaces'], staging: ['overlays/staging', 'namespaces'] })
  })

  it('tells one cluster from none where nothing is made twice', () => {
    expect(sorted(rendered('api', 'Deployment shop/api'), plain('web', 'Deployment shop/web'))).toEqual({
      'the only one': ['api', 'web'],
    })
  })

  it('lets two applications bring the same namespace along', () => {
    expect(
      sorted(
        rendered('api', 'Namespace shop', 'Deployment shop/api'),
        rendered('web', 'Namespace shop', 'Deployment shop/web'),
      ),
    ).toEqual({ 'the only one': ['api', 'web'] })
  })

  it('lets two applications take in the same few objects, word for word', () => {
    const own = ['a', 'b', 'c'].map((name) => `Deployment shop/${name}`)
    const others = ['d', 'e', 'f'].map((name) => `Deployment shop/${name}`)
    expect(
      sorted(
        rendered('apps/web', 'Deployment common/proxy', ...own),
        rendered('apps/pay', 'Deployment common/proxy', ...others),
      ),
    ).toEqual({ 'the only one': ['apps/web', 'apps/pay'] })
  })

  it('takes a namespace that two roots describe in two ways for one of one cluster, where they share nothing else', () => {
    expect(
      sorted(
        rendered('infra', 'Namespace shop ambient', 'Deployment shop/exporter'),
        rendered('apps/shop', 'Namespace shop plain', 'Deployment shop/web', 'Deployment shop/c'),
      ),
    ).toEqual({ 'the only one': ['infra', 'apps/shop'] })
  })

  it('keeps them apart where both are made of one file', () => {
    const root = (path: string, ...objects: string[]): Root => ({
      ...rendered(path),
      manifests: objects.map((text) => object(text, 'base/x.yaml')),
    })
    expect(
      sorted(
        root('overlays/prod', 'Namespace shop plain', 'Deployment shop/eu-api'),
        root('overlays/staging', 'Namespace shop ambient', 'Deployment shop/api'),
      ),
    ).toEqual({ prod: ['overlays/prod'], staging: ['overlays/staging'] })
  })

  it('keeps them apart where the namespaces are what both of them hold', () => {
    expect(
      sorted(
        rendered('prod', 'Namespace shop ambient', 'Namespace yard ambient', 'Deployment infra/prod'),
        rendered('staging', 'Namespace shop plain', 'Namespace yard plain', 'Deployment infra/staging'),
      ),
    ).toEqual({ prod: ['prod'], staging: ['staging'] })
  })

  it('keeps them apart where their paths name what tells other roots apart', () => {
    expect(
      sorted(
        rendered('api/prod', 'Deployment shop/api'),
        rendered('api/staging', 'Deployment shop/api'),
        rendered('infra/prod', 'Namespace shop ambient', 'Deployment shop/a', 'Deployment shop/b'),
        rendered('infra/staging', 'Namespace shop plain', 'Deployment shop/c'),
      ),
    ).toEqual({ prod: ['api/prod', 'infra/prod'], staging: ['api/staging', 'infra/staging'] })
  })

  it('gives every cluster a file that holds one object of an overlay as well', () => {
    expect(
      sorted(
        rendered('overlays/prod', 'Deployment shop/api', 'Service shop/api'),
        rendered('overlays/staging', 'Deployment shop/api', 'Service shop/api', 'NetworkPolicy shop/a'),
        plain('attic', 'NetworkPolicy shop/a'),
      ),
    ).toEqual({ prod: ['overlays/prod', 'attic'], staging: ['overlays/staging', 'attic'] })
  })

  it('calls clusters by their whole paths where one root lies inside the other', () => {
    expect(
      sorted(
        rendered('kustomize', 'Deployment shop/api'),
        rendered('kustomize/tests/a', 'Deployment shop/api'),
      ),
    ).toEqual({ kustomize: ['kustomize'], 'kustomize/tests/a': ['kustomize/tests/a'] })
  })

  it('keeps folders of plain files apart where they hold the same for the most part', () => {
    expect(
      sorted(
        plain('prod/api', 'Deployment shop/api', 'Service shop/api'),
        plain('prod/web', 'Deployment shop/web', 'Service shop/web'),
        plain('staging/api', 'Deployment shop/api', 'Service shop/api'),
        plain('staging/web', 'Deployment shop/web'),
      ),
    ).toEqual({ prod: ['prod/api', 'prod/web'], staging: ['staging/api', 'staging/web'] })
  })

  it('takes one object that plain files hold twice for a mistake', () => {
    expect(
      sorted(
        plain('api', 'Namespace shop a', 'Deployment shop/api', 'Service shop/api'),
        plain('web', 'Namespace shop b', 'Deployment shop/web', 'Service shop/web'),
      ),
    ).toEqual({ 'the only one': ['api', 'web'] })
  })

  it('names the clusters of a state by what another state knows', () => {
    const head = [
      rendered('overlays/prod', 'Deployment shop/api'),
      rendered('overlays/staging', 'Deployment shop/api'),
    ]
    const base = [rendered('overlays/prod', 'Deployment shop/api'), plain('namespaces', 'Namespace shop')]
    const names = environmentsOf(head)
    const clusters = sortRoots(base, names, homesOf([...head, ...base], names))
    expect([...clusters].map(([name, some]) => [name, some.map(({ path }) => path)])).toEqual([
      ['prod', ['overlays/prod', 'namespaces']],
      ['staging', ['namespaces']],
    ])
  })

  it('does the same whatever the order of the roots', () => {
    const roots = [
      rendered('apps/api/overlays/prod', 'Deployment shop/api'),
      rendered('apps/api/overlays/staging', 'Deployment shop/api'),
      rendered('apps/web/overlays/prod', 'Deployment shop/web'),
      rendered('apps/web/overlays/staging', 'Deployment shop/web'),
      plain('namespaces', 'Namespace shop'),
    ]
    const sets = (some: Record<string, readonly string[]>): unknown =>
      Object.fromEntries(Object.entries(some).map(([name, paths]) => [name, [...paths].sort()]))
    expect(sets(sorted(...[...roots].reverse()))).toEqual(sets(sorted(...roots)))
  })
})
