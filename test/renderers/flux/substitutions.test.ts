// Variables that Flux replaces after the build:
// https://fluxcd.io/flux/components/kustomize/kustomizations/#post-build-variable-substitution
import { describe, expect, test } from 'vitest'
import { DEPLOYMENT, GIT, answer, configMap, kitchenOf, kustomization, only, rendered } from './kitchen.ts'
import type { Files } from './kitchen.ts'

const WHAT = 'Kustomization/apps'
const VARS = configMap('vars', 'flux-system', '  region: eu\n  team: |\n    shop\n    web\n')
const MORE = configMap('more', 'flux-system', '  region: us\n')

function files(postBuild: string, more: Files = {}, spec = ''): Files {
  return {
    'git.yaml': GIT,
    'a.yaml': kustomization('apps', `  path: apps\n${spec}  postBuild: ${postBuild}\n`),
    'apps/kustomization.yaml': 'resources: [web.yaml]\n',
    'apps/web.yaml': DEPLOYMENT,
    ...more,
  }
}

async function values(postBuild: string, more: Files = {}): Promise<unknown> {
  const { substitutions } = await only(kitchenOf(files(postBuild, more)), WHAT, 'kustomize')
  return substitutions === null ? null : Object.fromEntries(substitutions)
}

describe('where variables come from', () => {
  test('written in the object', async () => {
    expect(await values('{substitute: {a: "1", b: two}}')).toEqual({ a: '1', b: 'two' })
  })

  test('ConfigMaps of its namespace, the later over the earlier, and all on one line', async () => {
    const maps = { 'vars.yaml': VARS, 'more.yaml': MORE }
    const from = (...names: string[]): string =>
      `{substituteFrom: [${names.map((name) => `{kind: ConfigMap, name: ${name}}`).join(', ')}]}`
    expect(await values(from('vars', 'more'), maps)).toEqual({ region: 'us', team: 'shopweb' })
    expect(await values(from('more', 'vars'), maps)).toEqual({ region: 'eu', team: 'shopweb' })
  })

  test('what is written in the object wins', async () => {
    expect(
      await values('{substitute: {region: ap}, substituteFrom: [{kind: ConfigMap, name: more}]}', {
        'more.yaml': MORE,
      }),
    ).toEqual({ region: 'ap' })
  })

  test('a ConfigMap of another namespace is another one', async () => {
    const elsewhere = { 'more.yaml': MORE.replace('flux-system', 'shop') }
    const kitchen = kitchenOf(files('{substituteFrom: [{kind: ConfigMap, name: more}]}', elsewhere), {
      settled: false,
    })
    expect(await answer(kitchen, WHAT)).toEqual({ waitsFor: 'ConfigMap flux-system/more' })
  })

  test('no variable at all: nothing is replaced', async () => {
    expect(await values('{substitute: {}}')).toBeNull()
    expect(await values('{substituteFrom: [{kind: ConfigMap, name: gone, optional: true}]}')).toBeNull()
    expect(await values('{substituteStrategy: Always}')).toEqual({})
  })

  test('a Secret may hold some: everything that is not known is empty then', async () => {
    expect(await values('{substituteFrom: [{kind: Secret, name: hidden}]}')).toEqual({})
  })

  test('a name that Flux refuses', async () => {
    const { problems } = await rendered(kitchenOf(files('{substitute: {a-b: x, c: d}}')), WHAT)
    expect(problems).toMatchObject([
      { code: 'invalid-variable', class: 'unreadable', hides: { under: ['apps'] } },
    ])
    expect(await values('{substitute: {a-b: x, c: d}}')).toEqual({ c: 'd' })
  })
})

describe('what nobody knows', () => {
  const SECRET = '{substituteFrom: [{kind: Secret, name: hidden}]}'
  const hides = async (postBuild: string, more: Files, spec = ''): Promise<readonly unknown[]> =>
    (await rendered(kitchenOf(files(postBuild, more, spec)), WHAT)).problems.map((problem) => problem.hides)

  test('a Secret that nothing judged takes a variable from is no news', async () => {
    expect(await hides(SECRET, {})).toEqual([])
    const ingress =
      'apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: a}\nspec: {host: "${domain}"}\n'
    expect(
      await hides(SECRET, { 'apps/kustomization.yaml': 'resources: [i.yaml]\n', 'apps/i.yaml': ingress }),
    ).toEqual([])
  })

  test('a judged object that does hides its namespace', async () => {
    const web = `${DEPLOYMENT}spec: {replicas: "\${replicas}"}\n`
    const kitchen = kitchenOf(files(SECRET, { 'apps/web.yaml': web }))
    expect((await rendered(kitchen, WHAT)).problems).toMatchObject([
      {
        path: 'a.yaml',
        line: 8,
        code: 'substitution-unknown',
        class: 'unseen',
        message:
          'Flux Kustomization flux-system/apps takes variables from Secret flux-system/hidden, which is not read; replicas may be of them.',
        hides: { namespaces: ['shop'], under: ['apps'] },
      },
    ])
  })

  test('also through a base, and into the namespace that a kustomization sets', async () => {
    const base = { 'base/kustomization.yaml': 'resources: [p.yaml]\n' }
    const policy =
      'apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: a}\nspec: {podSelector: {matchLabels: {app: "${app}"}}}\n'
    const overlay = 'namespace: team-a\nresources: [../base]\n'
    const all = { ...base, 'base/p.yaml': policy, 'apps/kustomization.yaml': overlay }
    expect(await hides(SECRET, all)).toEqual([{ namespaces: ['team-a'], under: ['apps'] }])
    const bare = { ...all, 'apps/kustomization.yaml': 'resources: [../base]\n' }
    expect(await hides(SECRET, bare)).toEqual([{ namespaces: 'all', under: ['apps'] }])
    // The target namespace holds them all.
    expect(await hides(SECRET, bare, '  targetNamespace: shop\n')).toEqual([
      { namespaces: ['shop'], under: ['apps'] },
    ])
  })

  test('a namespace that a variable names may be any', async () => {
    const web = DEPLOYMENT.replace('namespace: shop', 'namespace: "${ns}"')
    expect(await hides(SECRET, { 'apps/web.yaml': web })).toEqual([{ namespaces: 'all', under: ['apps'] }])
  })

  test('values of a release count where it installs', async () => {
    const release =
      'apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: a, namespace: flux-system}\nspec: {targetNamespace: redis, values: {port: "${port}"}}\n'
    expect(await hides(SECRET, { 'apps/web.yaml': release })).toEqual([
      { namespaces: ['redis'], under: ['apps'] },
    ])
  })

  test('in a folder without a kustomization, too', async () => {
    const loose = kitchenOf({
      'git.yaml': GIT,
      'a.yaml': kustomization('apps', `  path: apps\n  postBuild: ${SECRET}\n`),
      'apps/web.yaml': `${DEPLOYMENT}spec: {replicas: "\${replicas}"}\n`,
    })
    const { units, problems } = await rendered(loose, WHAT)
    expect(problems).toMatchObject([{ code: 'substitution-unknown', hides: { namespaces: ['shop'] } }])
    // Files as they stand would keep their variables.
    expect(units).toMatchObject([
      { kind: 'kustomize', folder: 'apps', generated: ['web.yaml'], additions: {} },
    ])
  })

  test('and a patch of the object itself may be of anything', async () => {
    expect(await hides(SECRET, {}, '  patches: [{patch: "a: ${b}", target: {kind: Namespace}}]\n')).toEqual([
      { namespaces: 'all', under: ['apps'] },
    ])
  })

  const web = { 'apps/web.yaml': `${DEPLOYMENT}spec: {a: "\${region}", b: "$\${escaped}", c: $plain}\n` }

  test('a variable that is written in the object cannot be another’s', async () => {
    expect(
      await hides('{substitute: {region: eu}, substituteFrom: [{kind: Secret, name: hidden}]}', web),
    ).toEqual([])
  })

  test('one of an earlier ConfigMap can, one of a later cannot', async () => {
    const map = { ...web, 'vars.yaml': VARS }
    const [configs, secret] = ['{kind: ConfigMap, name: vars}', '{kind: Secret, name: hidden}']
    expect(await hides(`{substituteFrom: [${configs}, ${secret}]}`, map)).toHaveLength(1)
    expect(await hides(`{substituteFrom: [${secret}, ${configs}]}`, map)).toEqual([])
  })

  test('a ConfigMap is waited for, then told of unless it is optional', async () => {
    const one = '{substituteFrom: [{kind: ConfigMap, name: gone}]}'
    expect(await answer(kitchenOf(files(one, web), { settled: false }), WHAT)).toEqual({
      waitsFor: 'ConfigMap flux-system/gone',
    })
    const { units, problems } = await rendered(kitchenOf(files(one, web)), WHAT)
    expect(units).toHaveLength(1)
    expect(problems).toMatchObject([{ code: 'substitution-unknown' }])
    expect(problems[0]?.message).toContain('ConfigMap flux-system/gone, which is not in the tree')
    const optional = '{substituteFrom: [{kind: ConfigMap, name: gone, optional: true}]}'
    expect(await hides(optional, web)).toEqual([])
  })
})
