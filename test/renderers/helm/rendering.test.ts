// What a release installs: values and who wins, CRDs, hooks, API versions, namespaces, and what is kept of it.
import { describe, expect, it } from 'vitest'
import type { Rendering } from '../../../src/manifests/unit.ts'
import { chartYaml, data, hasHelm, names, only, render, shows, told } from './release.ts'
import { toolbox } from '../tree.ts'

const CHART = { 'charts/shop/Chart.yaml': chartYaml('shop') }

describe.skipIf(!(await hasHelm()))('a release of a chart in the tree', () => {
  it('is rendered for its own name and namespace, and names no namespace that the template does not', async () => {
    const rendered = await render({
      ...CHART,
      'charts/shop/templates/a.yaml': shows({ release: '.Release.Name', in: '.Release.Namespace' }),
    })
    expect(data(rendered)).toEqual({ release: 'front', in: 'shop' })
    expect(only(rendered, 'ConfigMap').object.metadata).toEqual({ name: 'shown' })
    expect(rendered.problems).toEqual([])
    expect(rendered.inputs).toEqual([
      'apps/shop.yaml',
      'charts/shop/Chart.yaml',
      'charts/shop/templates/a.yaml',
    ])
  })

  it('takes sets before values of the release, these before value files, the last first, and the chart at last', async () => {
    // Each sets its own key and those of everybody stronger.
    const strongest = ['set', 'second', 'first', 'prod', 'all', 'chart']
    const by = (who: string): Record<string, string> =>
      Object.fromEntries(strongest.slice(0, strongest.indexOf(who) + 1).map((key) => [key, who]))
    const rendered = await render(
      {
        ...CHART,
        'charts/shop/templates/a.yaml': shows(
          Object.fromEntries(strongest.map((key) => [key, `.Values.${key}`])),
        ),
        'charts/shop/values.yaml': JSON.stringify(by('chart')),
        'envs/all.yaml': JSON.stringify(by('all')),
        'envs/prod.yaml': JSON.stringify(by('prod')),
      },
      {
        valueFiles: ['envs/all.yaml', 'envs/prod.yaml'],
        values: [
          { value: by('first'), written: null },
          { value: by('second'), written: null },
        ],
        sets: [{ text: 'set=set', asString: false }],
      },
    )
    expect(data(rendered)).toEqual(Object.fromEntries(strongest.map((who) => [who, who])))
    expect(rendered.inputs).toContain('envs/prod.yaml')
  })

  it('leaves the values of the chart out where value files stand in for them', async () => {
    const files = {
      ...CHART,
      'charts/shop/templates/a.yaml': shows({ a: '.Values.a', b: '.Values.b | default "none"' }),
      'charts/shop/values.yaml': 'a: 1\nb: 2\n',
      'envs/only.yaml': 'a: 3\n',
    }
    const unit = { valueFiles: ['envs/only.yaml'] }
    expect(data(await render(files, unit))).toEqual({ a: '3', b: '2' })
    expect(data(await render(files, { ...unit, ignoresOwnValues: true }))).toEqual({ a: '3', b: 'none' })
  })

  it('tells a set text from a set value', async () => {
    const template = shows({ number: 'kindOf .Values.number', text: 'kindOf .Values.text' })
    const rendered = await render(
      { ...CHART, 'charts/shop/templates/a.yaml': template },
      {
        sets: [
          { text: 'number=1', asString: false },
          { text: 'text=1', asString: true },
        ],
      },
    )
    expect(data(rendered)).toEqual({ number: 'int64', text: 'string' })
  })

  it('brings custom resource definitions unless they are skipped, of files that begin with a separator, too', async () => {
    const definition = (name: string): string =>
      `---\napiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: ${name}}\n`
    const files = { ...CHART, 'charts/shop/crds/a.yaml': definition('a') + definition('b') }
    const rendered = await render(files)
    expect(names(rendered)).toEqual(['CustomResourceDefinition a', 'CustomResourceDefinition b'])
    expect(rendered.manifests.map(({ origin }) => origin.file.path)).toEqual(
      Array(2).fill('charts/shop/crds/a.yaml'),
    )
    expect(names(await render(files, { skipCrds: true }))).toEqual([])
  })

  it('keeps what hooks install, but for tests', async () => {
    const hook = (name: string, when: string): string =>
      `apiVersion: batch/v1\nkind: Job\nmetadata: {name: ${name}, annotations: {helm.sh/hook: ${when}}}\n`
    const rendered = await render({
      ...CHART,
      'charts/shop/templates/hooks.yaml': [hook('migrate', 'pre-upgrade'), hook('ping', 'test')].join(
        '---\n',
      ),
    })
    expect(names(rendered)).toEqual(['Job migrate'])
  })

  it('opens what asks for an API version to those that are named', async () => {
    const files = {
      ...CHART,
      'charts/shop/templates/a.yaml': `{{ if .Capabilities.APIVersions.Has "cilium.io/v2" }}\n${shows({ v: '.Capabilities.KubeVersion.Minor' })}{{ end }}`,
    }
    expect(names(await render(files))).toEqual([])
    const rendered = await render(files, { apiVersions: ['cilium.io/v2'], kubeVersion: '1.29.0' })
    expect(data(rendered)).toEqual({ v: '29' })
  })

  it('tells of objects that no cluster would take, and of what is no YAML to us', async () => {
    const deep = `${'['.repeat(120)}${']'.repeat(120)}`
    const rendered = await render({
      ...CHART,
      'charts/shop/templates/a.yaml': `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: deep}\ndata: ${deep}\n`,
      'charts/shop/templates/b.yaml': 'a: b\n---\nkind: NetworkPolicy\nmetadata: {name: x}\n',
    })
    expect(names(rendered)).toEqual([])
    expect([...told(rendered)].sort()).toEqual([
      'no-api-version unreadable charts/shop/templates/b.yaml:3',
      'unreadable-yaml unreadable charts/shop/templates/a.yaml:1',
    ])
  })

  it('takes the objects out of a List', async () => {
    const list = {
      apiVersion: 'v1',
      kind: 'List',
      items: [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'a' } }],
    }
    const rendered = await render({ ...CHART, 'charts/shop/templates/a.yaml': JSON.stringify(list) })
    expect(names(rendered)).toEqual(['Namespace a'])
  })
})

describe.skipIf(!(await hasHelm()))('what is kept of a rendering', () => {
  const SECRET = 'apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {password: hunter2}\n'
  const files = {
    ...CHART,
    'charts/shop/templates/a.yaml': `${shows({ a: '.Values.a' })}---\n${SECRET}`,
    'charts/shop/templates/list.yaml': `apiVersion: v1\nkind: List\nitems:\n- ${SECRET.trim().replaceAll('\n', '\n  ')}\n- {apiVersion: v1, kind: Namespace, metadata: {name: a}}\n`,
    'charts/shop/values.yaml': 'a: 1\n',
  }
  const kept = new Map<string, string>()
  const cache = {
    get: (key: string) => Promise.resolve(kept.get(key) ?? null),
    set: (key: string, text: string) => Promise.resolve(void kept.set(key, text)),
  }
  const runsOf = async (work: () => Promise<Rendering>): Promise<number> => {
    const before = toolbox.runs()
    await work()
    return toolbox.runs() - before
  }

  it('is rendered once for the same inputs, and again for others', async () => {
    const first = await render(files, {}, { cache })
    expect(
      await runsOf(async () => {
        const again = await render(files, {}, { cache })
        expect(again).toEqual(first)
        return again
      }),
    ).toBe(0)
    for (const change of [
      { ...files, 'charts/shop/values.yaml': 'a: 2\n' },
      { ...files, 'charts/shop/templates/b.yaml': '' },
    ])
      expect(await runsOf(() => render(change, {}, { cache }))).toBe(1)
    for (const unit of [
      { release: 'back' },
      { namespace: 'other' },
      { sets: [{ text: 'a=3', asString: false }] },
      { values: [{ value: { a: 4 }, written: null }] },
      { apiVersions: ['x/v1'] },
      { skipCrds: true },
    ])
      expect(await runsOf(() => render(files, unit, { cache }))).toBe(1)
    // Who asks for it is no matter of helm's.
    expect(await runsOf(() => render(files, { title: 'another' }, { cache }))).toBe(0)
  })

  it('holds no Secret', async () => {
    const rendered = await render(files, {}, { cache })
    expect([...names(rendered)].sort()).toEqual(['ConfigMap shown', 'Namespace a'])
    expect(kept.size).toBeGreaterThan(0)
    for (const text of kept.values()) expect(text).not.toContain('hunter2')
  })

  it('comes back whole from the memory of this process, and not where a place has changed', async () => {
    const known = new Map<string, Rendering>()
    const memory = {
      get: (key: string) => known.get(key),
      set: (key: string, one: Rendering) => void known.set(key, one),
    }
    const first = await render(files, {}, { memory, cache })
    expect(await render(files, {}, { memory, cache })).toBe(first)
    expect(await render(files, { at: { path: 'apps/shop.yaml', line: 2 } }, { memory, cache })).not.toBe(
      first,
    )
    expect(await render({ ...files, 'apps/shop.yaml': '# new\n' }, {}, { memory, cache })).not.toBe(first)
  })
})

describe('without helm', () => {
  it('says which release is not seen, and how to provide helm', async () => {
    const none = { ...toolbox, helm: () => Promise.resolve(null) }
    const rendered = await render(CHART, { valueFiles: ['apps/shop.yaml'] }, { tools: none })
    expect(told(rendered)).toEqual(['no-helm unseen apps/shop.yaml:3'])
    expect(rendered.problems[0]?.message).toContain('Chart charts/shop for Application shop is not rendered.')
    expect(rendered.problems[0]?.hides).toEqual({
      namespaces: ['shop'],
      under: ['charts/shop', 'apps/shop.yaml'],
    })
  })
})
