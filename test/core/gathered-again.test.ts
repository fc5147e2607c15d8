// A tree that differs from another one in a few files, of whatever name and content: what is made of the other one is what
// is made from nothing.
import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { DEFAULT_CONFIG } from '../../src/core/config.ts'
import { fileAt, listingOf, overlayTree } from '../../src/git/tree.ts'
import { takenBefore } from '../../src/manifests/abandoned.ts'
import { clusterNames, clustersOf, gather } from '../../src/manifests/load.ts'
import type { Gathered, LoadOptions } from '../../src/manifests/load.ts'
import { memoryTree } from '../hostile/memory-tree.ts'
import { campaign } from '../twin/campaign.ts'
import { testWorkshop } from '../workshop.ts'

const policy = (name: string, port: number, namespace = 'shop'): string =>
  `apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: ${name}, namespace: ${namespace}}\nspec: {podSelector: {}, ingress: [{ports: [{port: ${String(port)}}]}]}\n`
const namespace = (name: string): string =>
  `apiVersion: v1\nkind: Namespace\nmetadata: {name: ${name}, labels: {istio.io/dataplane-mode: ambient}}\n`
const deployment = (name: string): string =>
  `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: ${name}, namespace: shop}\nspec: {selector: {matchLabels: {app: ${name}}}, template: {metadata: {labels: {app: ${name}}}, spec: {containers: [{name: c, image: x}]}}}\n`

const FOLDERS = [
  '',
  'a/',
  'a/b/',
  'k/',
  'k/sub/',
  'docs/',
  'left-out/',
  'charts/c/',
  'charts/c/templates/',
  'base/',
]
const NAMES = [
  'apps.yaml',
  'p.yaml',
  'hbone.yaml',
  'hbone.yaml.disabled',
  'P.YAML',
  'x.json',
  '.hidden.yaml',
  'notes.txt',
  'Makefile',
  'logo.png',
]
/** Where one of these is, most of what is around it is made anew. */
const FAR = ['kustomization.yaml', 'Chart.yaml', 'values.yaml']
const TEXTS = [
  policy('p', 8080),
  policy('p', 15008),
  policy('hbone', 15008),
  policy('q', 9, 'web'),
  namespace('shop'),
  namespace('web'),
  deployment('api'),
  `${namespace('shop')}---\n${deployment('api')}---\n${policy('p', 8080)}`,
  '',
  '# nothing\n',
  'a: [\n',
  'a: 1\n',
]

const FAR_TEXTS = [
  'resources: [p.yaml]\n',
  'resources: [p.yaml, hbone.yaml]\n',
  'resources: [../base]\n',
  'apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nresources: [p.yaml]\n',
  'apiVersion: v2\nname: c\nversion: 1.0.0\n',
  'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, namespace: shop}\ndata: {values.yaml: "a: 1"}\n',
]

const rarely = (some: readonly string[], seldom: readonly string[]): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 60, arbitrary: fc.constantFrom(...some) },
    { weight: 1, arbitrary: fc.constantFrom(...seldom) },
  )
const name = rarely(NAMES, FAR)
const path = fc.tuple(fc.constantFrom(...FOLDERS), name).map((parts) => parts.join(''))
const text = rarely(TEXTS, FAR_TEXTS)
/** Something that a change does; `at` is taken modulo what there is. */
const deed = fc.oneof(
  fc.record({ kind: fc.constant('delete' as const), at: fc.nat() }),
  fc.record({ kind: fc.constant('move' as const), at: fc.nat(), path }),
  fc.record({ kind: fc.constant('rename' as const), at: fc.nat(), name }),
  fc.record({ kind: fc.constant('rewrite' as const), at: fc.nat(), text }),
  fc.record({ kind: fc.constant('add' as const), path, text }),
)
type Deed = typeof deed extends fc.Arbitrary<infer T> ? T : never

function changed(files: ReadonlyMap<string, string>, deeds: readonly Deed[]): ReadonlyMap<string, string> {
  const head = new Map(files)
  for (const one of deeds) {
    if (one.kind === 'add') {
      head.set(one.path, one.text)
      continue
    }
    const from = [...head.keys()].sort()[one.at % Math.max(1, head.size)]
    if (from === undefined) continue
    const content = head.get(from) ?? ''
    if (one.kind !== 'rewrite') head.delete(from)
    if (one.kind === 'rewrite') head.set(from, one.text)
    if (one.kind === 'move') head.set(one.path, content)
    if (one.kind === 'rename') head.set(from.replace(/[^/]*$/, one.name), content)
  }
  return head
}

const treeOf = (files: ReadonlyMap<string, string>): ReturnType<typeof memoryTree> =>
  memoryTree(new Map([...files].map(([one, content]) => [one, Buffer.from(content)])))

/** All that a state comes to, of each cluster. */
function told(state: Gathered): unknown {
  return clustersOf(state, clusterNames([state]), DEFAULT_CONFIG.clusters).map(
    ({ config, manifests, problems, grown }) => ({
      name: config.name,
      manifests: manifests.map(({ object, origin }) => [object, origin.file.path, origin.document]),
      problems,
      grown: grown.map(({ part }) => part),
    }),
  )
}

const { runs, seed, timeout } = campaign(150)

it('is what is made from nothing', { timeout }, async () => {
  let made = 0
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.tuple(path, text), { minLength: 3, maxLength: 10, selector: ([one]) => one }),
      fc.array(deed, { minLength: 1, maxLength: 3 }),
      fc.constantFrom([], ['left-out/**', '**/q.yaml', '**/p.yaml']),
      async (files, deeds, ignorePaths) => {
        const [before, workshop] = [new Map(files), testWorkshop()]
        const options: LoadOptions = {
          ignorePaths,
          assumed: [],
          clusters: DEFAULT_CONFIG.clusters,
          repositories: [],
        }
        const tree = treeOf(before)
        const base = await gather(tree, options, workshop)
        const after = changed(before, deeds)
        const edited = [...before.keys(), ...after.keys()].filter((one) => before.get(one) !== after.get(one))
        const head = overlayTree(tree, new Map(edited.map((one) => [one, after.get(one) ?? null])))
        const there = await listingOf(head)
        const takenElsewhere = takenBefore(base.holdings, (one) => fileAt(there, one) !== undefined)
        const again = await gather(head, { ...options, takenElsewhere }, workshop, base)
        const anew = await gather(head, { ...options, takenElsewhere }, testWorkshop())
        made += again.revises === null ? 0 : 1
        const [one, other] = [told(again), told(anew)]
        if (!isDeepStrictEqual(one, other)) expect(one).toEqual(other)
      },
    ),
    { numRuns: runs, seed },
  )
  expect(made).toBeGreaterThan(runs / 10)
})
