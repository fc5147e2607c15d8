// Strategy after strategy: what is offered is the first that is proved in every cluster. Two overlays share a base here,
// rendered by a few lines that know only what these stories need of kustomize.
import { describe, expect, it } from 'vitest'
import type { ClusterConfig } from '../../src/core/config.ts'
import { appendAt } from '../../src/core/yaml/value.ts'
import type { Manifest } from '../../src/core/kubernetes/manifest.ts'
import { readDocument } from '../../src/core/yaml/index.ts'
import { offerFixes } from '../../src/examine/offer.ts'
import type { Offers } from '../../src/examine/offer.ts'
import { writeDocument } from '../../src/core/yaml/index.ts'
import { deployment, policy } from '../cli/manifests.ts'
import { CLUSTER, SHOP, UNTOUCHED, directory, kustomization, layer, plain, rendered, think } from './made.ts'
import type { Thought } from './made.ts'

const np = policy('redis', 'shop', 'web', 6379)
const OUTSIDE = SHOP.replace(/ {2}labels:\n {4}istio[^\n]*\n/, '')

type Files = Readonly<Record<string, string>>

interface Overlay {
  readonly resources?: readonly string[]
  readonly patches?: readonly { readonly target: { readonly name: string }; readonly patch: string }[]
}

interface Operation {
  readonly path: string
  readonly value: unknown
}

/** A cluster that consists of the base's policy, patched as its overlay says, of its resources and of `around`. */
function cluster(name: string, files: Files, around: string): Thought {
  const path = `overlays/${name}/kustomization.yaml`
  const text = files[path] ?? ''
  const { resources = [], patches = [] } = read(text) as Overlay
  const host = kustomization(
    `overlays/${name}`,
    text,
    Object.keys(files).map((file) => file.split('/').at(-1) ?? ''),
  )
  const source = files['base/np.yaml'] ?? ''
  let object = read(source)
  for (const { target, patch } of patches) {
    if (target.name === 'redis')
      for (const operation of read(patch) as Operation[]) object = add(object, operation)
  }
  const config: ClusterConfig = { ...CLUSTER, name }
  return think(
    [
      ...plain(around),
      rendered(writeDocument(object as object), { host, layers: [layer('base/np.yaml', source)] }),
      ...resources.flatMap((file) => plain(files[`overlays/${name}/${file}`] ?? '', file)),
    ],
    config,
  )
}

function add(object: unknown, { path, value }: Operation): unknown {
  const route = path
    .split('/')
    .slice(1)
    .map((part) => (/^\d+$/.test(part) ? Number(part) : part))
  if (route.at(-1) === '-') return appendAt(object, route.slice(0, -1), value)
  return (value as readonly unknown[]).reduce((sum, item) => appendAt(sum, route, item), object)
}

function read(text: string): unknown {
  const result = readDocument(text, { start: 0, end: text.length })
  if (!result.ok) throw new Error(result.message)
  return result.value
}

async function offers(
  render: (files: Files) => readonly Thought[],
  files: Files,
): Promise<Offers & { tried: readonly string[][] }> {
  const head = render(files)
  const tried: string[][] = []
  const sides = (
    thoughts: readonly Thought[],
  ): { head: Thought['analysis'][]; compared: Thought['compared'][] } => ({
    head: thoughts.map(({ analysis }) => analysis),
    compared: thoughts.map(({ compared }) => compared),
  })
  const offered = await offerFixes(
    {
      ...sides(head),
      tryOut: (edits) => {
        tried.push([...edits.keys()])
        return Promise.resolve(sides(render({ ...files, ...Object.fromEntries(edits) })))
      },
    },
    head.map(() => UNTOUCHED),
    () => true,
  )
  return { ...offered, tried }
}

const OVERLAYS = {
  'base/np.yaml': np,
  'overlays/prod/kustomization.yaml': 'namePrefix: ""\n',
  'overlays/staging/kustomization.yaml': 'namePrefix: ""\n',
}

const mended = ({ findings }: Offers): readonly unknown[] =>
  findings
    .filter(({ rule }) => rule === 'hbone-ingress')
    .map(({ cluster: at, fix }) => [at, fix?.strategy, fix?.files.map(({ path }) => path)])

describe('what is offered', () => {
  it('is an edit of the base where both clusters need it, and says that they share it', async () => {
    const result = await offers(
      (files) => ['prod', 'staging'].map((name) => cluster(name, files, SHOP)),
      OVERLAYS,
    )
    expect(mended(result)).toEqual([
      ['prod', 'edit', ['base/np.yaml']],
      ['staging', 'edit', ['base/np.yaml']],
    ])
    expect(result.fix?.files).toMatchObject([{ path: 'base/np.yaml', created: false }])
    expect(result.findings.find(({ fix }) => fix !== null)?.fix?.text).toMatch(
      / The clusters prod and staging share what this changes\.$/,
    )
    expect(result.tried).toEqual([['base/np.yaml']])
  })

  it('is a patch in the overlay where the other cluster does not need it', async () => {
    const result = await offers(
      (files) => [cluster('prod', files, SHOP), cluster('staging', files, OUTSIDE)],
      OVERLAYS,
    )
    expect(mended(result)).toEqual([['prod', 'patch', ['overlays/prod/kustomization.yaml']]])
    expect(result.tried).toEqual([['base/np.yaml'], ['overlays/prod/kustomization.yaml']])
    expect(result.fix).toMatchObject({ strategy: 'patch' })
    expect(result.mended.size).toBe(1)
  })

  it('is a companion where the overlay takes no patch, and adds it to the resources', async () => {
    const result = await offers(
      (files) => [cluster('prod', files, SHOP), cluster('staging', files, OUTSIDE)],
      { ...OVERLAYS, 'overlays/prod/kustomization.yaml': 'patches: &shared []\nresources: []\nx: *shared\n' },
    )
    expect(mended(result)).toEqual([
      ['prod', 'companion', ['overlays/prod/kustomization.yaml', 'overlays/prod/redis-ambient.yaml']],
    ])
    expect(result.fix?.files).toMatchObject([
      { created: false },
      {
        created: true,
        before: '',
        diff: expect.stringMatching(/^--- \/dev\/null\n\+\+\+ b\/overlays\/prod\/redis-ambient\.yaml\n/),
      },
    ])
  })

  it('is advice with the reason of what changes least, where nothing is proved', async () => {
    const broken = '# nothing\n'
    const result = await offers(
      (files) => [
        { ...cluster('prod', { ...files, 'overlays/prod/kustomization.yaml': 'a: b\n' }, SHOP) },
        cluster('staging', files, OUTSIDE),
      ],
      { ...OVERLAYS, 'overlays/prod/kustomization.yaml': broken },
    )
    const [finding] = result.findings.filter(({ rule }) => rule === 'hbone-ingress')
    expect(finding?.fix).toBe(null)
    expect(finding?.advice).toMatch(
      /^No fix is offered: it would open more on Deployment\/shop\/redis than it lists, in the cluster staging\. By hand: NetworkPolicy shop\/redis admits pods app=web in shop on 15008\/TCP\./,
    )
    expect(result.fix).toBe(null)
  })

  it('is nothing for a generated policy with no place beside it, and says so', async () => {
    const manifests = (): readonly Manifest[] => [
      ...plain(SHOP),
      rendered(np, { by: 'chart redis of HelmRelease shop/redis', patchable: false }),
    ]
    const result = await offers(() => [think(manifests())], {})
    expect(result.tried).toEqual([])
    expect(result.findings[0]?.advice).toMatch(
      /^No fix is offered: NetworkPolicy shop\/redis comes from chart redis of HelmRelease shop\/redis, and this tree has no place for a policy beside it\. By hand: NetworkPolicy shop\/redis admits pods app=web in shop on 15008\/TCP\./,
    )
  })

  it('is nothing for an assumed policy, and says so', async () => {
    const assumed = plain(np).map((one): Manifest => ({ ...one, origin: { ...one.origin, editable: false } }))
    const result = await offers(() => [think([...plain(SHOP), ...assumed])], {})
    expect(result.findings[0]?.advice).toMatch(
      /^No fix is offered: NetworkPolicy shop\/redis is assumed, and is not part of this tree\. By hand: /,
    )
  })

  it('is one fix for two policies of one kustomization, each proved alone and both together', async () => {
    const two = `${SHOP}---\n${deployment('cart', 'shop', 80)}`
    const second = policy('cart', 'shop', 'web', 80)
    const render = (files: Files): readonly Thought[] => {
      const text = files['kustomization.yaml'] ?? ''
      const { resources = [] } = read(text) as Overlay
      const host = kustomization('.', text)
      const generated = [np, second].map((one) => rendered(one, { host, patchable: false }))
      return [
        think([...plain(two), ...generated, ...resources.flatMap((file) => plain(files[file] ?? '', file))]),
      ]
    }
    const result = await offers(render, { 'kustomization.yaml': 'helmCharts: []\n' })
    expect(result.tried).toEqual([
      ['cart-ambient.yaml', 'kustomization.yaml'],
      ['kustomization.yaml', 'redis-ambient.yaml'],
      ['cart-ambient.yaml', 'kustomization.yaml', 'redis-ambient.yaml'],
    ])
    expect(result.fix?.files.find(({ created }) => !created)?.after).toBe(
      'helmCharts: []\nresources:\n- cart-ambient.yaml\n- redis-ambient.yaml\n',
    )
    expect(result.mended.size).toBe(2)
  })

  it('is tried in one go where folders take companions that have nothing in common', async () => {
    const far = (text: string): string => text.replaceAll('shop', 'pay')
    const render = (files: Files): readonly Thought[] => [
      think([
        ...plain(`${SHOP}---\n${far(SHOP)}`),
        rendered(np, { host: directory('a'), patchable: false }),
        rendered(far(np), { host: directory('b'), patchable: false }),
        ...Object.entries(files).flatMap(([path, text]) => plain(text, path)),
      ]),
    ]
    const result = await offers(render, {})
    expect(result.tried[0]).toEqual(['a/redis-ambient.yaml', 'b/redis-ambient.yaml'])
    expect(mended(result)).toEqual([
      ['default', 'companion', ['b/redis-ambient.yaml']],
      ['default', 'companion', ['a/redis-ambient.yaml']],
    ])
  })

  it('is tried for each cluster on its own where something is rendered: what leaks must not hide behind a neighbour', async () => {
    const render = (files: Files): readonly Thought[] =>
      ['prod', 'staging'].map((name) => {
        const made = rendered(np, { host: directory(name), patchable: false })
        const own = Object.entries(files).filter(([path]) => path.startsWith(name))
        return think([...plain(SHOP), made, ...own.flatMap(([path, text]) => plain(text, path))], {
          ...CLUSTER,
          name,
        })
      })
    const result = await offers(render, {})
    expect(result.tried).toEqual([
      ['prod/redis-ambient.yaml'],
      ['staging/redis-ambient.yaml'],
      ['prod/redis-ambient.yaml', 'staging/redis-ambient.yaml'],
    ])
  })

  it('changes nothing about which clusters there are', async () => {
    const render = (files: Files): readonly Thought[] => [
      think([...plain(SHOP), ...plain(files['np.yaml'] ?? '', 'np.yaml')], {
        ...CLUSTER,
        name: files['np.yaml'] === np ? 'prod' : 'other',
      }),
    ]
    const result = await offers(render, { 'np.yaml': np })
    expect(result.findings[0]?.advice).toMatch(
      /^No fix is offered: it would change which clusters there are\./,
    )
  })
})
