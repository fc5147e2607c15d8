// The example repository of Flux: two clusters, whose Kustomizations take their folders from artifacts that are copied
// out of one GitRepository, which `flux bootstrap` did not leave in Git.
import { readFileSync, readdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import { describe, expect, test } from 'vitest'
import { fluxPaths } from '../../../src/manifests/renderers/flux/render.ts'
import { corpus } from '../../corpora/corpora.ts'
import { answer, kitchenOf, objectOf, only, rendered } from './kitchen.ts'
import type { TestKitchen } from './kitchen.ts'

const ROOT = corpus('flux-example')

function filesOf(root: string): Record<string, string> {
  return Object.fromEntries(
    readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((path) => !relative(root, path).startsWith('.git/'))
      .map((path) => [relative(root, path), readFileSync(path, 'utf8')]),
  )
}

describe.skipIf(ROOT === null)('flux-example', () => {
  const files = filesOf(ROOT ?? '.')
  const cluster = (name: string, settled: boolean): TestKitchen =>
    kitchenOf(files, { settled, only: (path) => path.startsWith(`clusters/${name}/`) })

  test.each(['production', 'staging'])('%s takes its folders from its own artifacts', async (name) => {
    const kitchen = cluster(name, true)
    const folders: Record<string, string> = {}
    for (const what of ['apps', 'infra-controllers', 'infra-configs']) {
      folders[what] = (await only(kitchen, `Kustomization/${what}`, 'kustomize')).folder
      expect((await rendered(kitchen, `Kustomization/${what}`)).problems).toEqual([])
    }
    expect(folders).toEqual({
      apps: `apps/${name}`,
      'infra-controllers': 'infrastructure/controllers',
      'infra-configs': 'infrastructure/configs',
    })
    expect(await answer(cluster(name, false), 'Kustomization/apps')).toEqual({
      waitsFor: 'GitRepository flux-system/flux-system',
    })
  })

  test('patches of a Kustomization go with it', async () => {
    const { additions } = await only(cluster('production', true), 'Kustomization/infra-configs', 'kustomize')
    expect(additions).toMatchObject({ patches: [{ target: { kind: 'ClusterIssuer', name: 'letsencrypt' } }] })
  })

  test('looked at as a whole, before anything is rendered, its objects claim their folders', () => {
    const kitchen = kitchenOf(files)
    expect(fluxPaths(objectOf(kitchen, 'Kustomization/infra-configs'), kitchen)).toEqual([
      'infrastructure/configs',
    ])
    expect(fluxPaths(objectOf(kitchen, 'Kustomization/apps'), kitchen)).toEqual(['apps/production'])
  })

  test('charts are named with where they come from', async () => {
    // A patch of a release is no release.
    const kitchen = kitchenOf(files, { only: (path) => !path.endsWith('-values.yaml') })
    expect((await only(kitchen, 'HelmRelease/podinfo', 'helm')).chart).toEqual({
      kind: 'remote',
      url: 'https://stefanprodan.github.io/podinfo',
      name: 'podinfo',
      version: '*',
    })
    expect((await only(kitchen, 'HelmRelease/cert-manager', 'helm')).chart).toEqual({
      kind: 'remote',
      url: 'oci://quay.io/jetstack/charts',
      name: 'cert-manager',
      version: '1.x',
    })
  })
})
