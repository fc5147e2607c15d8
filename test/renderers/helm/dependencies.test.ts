// Charts that charts bring: in charts/ as folders and packed, of this tree by file://, from elsewhere, and not at all.
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { chartAt, chartFiles, chartFolders, isChart } from '../../../src/manifests/renderers/helm/chart.ts'
import type { Fetched, Remote } from '../../../src/manifests/unit.ts'
import { unpackChart } from '../../../src/manifests/renderers/helm/archive.ts'
import { chartYaml, data, hasHelm, lineOf, names, only, render, shows, told, values } from './release.ts'
import { nothingRemote, treeOf } from '../tree.ts'

const policy = (name: string): string =>
  `apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  name: ${name}\nspec:\n  podSelector: {}\n`

/** A packed chart as `helm package` writes it: a gzipped tar with one folder. */
function packed(files: Readonly<Record<string, string>>): Uint8Array {
  const blocks = Object.entries(files).flatMap(([path, text]) => {
    const header = Buffer.alloc(512)
    header.write(path, 0)
    header.write('0000644\0', 100)
    header.write(Buffer.byteLength(text).toString(8).padStart(11, '0'), 124)
    header.write('        ', 148)
    header.write('0ustar\x0000', 156)
    const sum = header.reduce((total, byte) => total + byte, 0)
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
    return [header, Buffer.from(text), Buffer.alloc((512 - (Buffer.byteLength(text) % 512)) % 512)]
  })
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)]))
}

const DEPENDS = (more: string): string => `dependencies:\n  - name: cache\n    version: ~2.1\n${more}`
const CACHE = 'apiVersion: v2\nname: cache\nversion: 2.1.4\n'

describe.skipIf(!(await hasHelm()))('an umbrella chart', () => {
  it('brings the charts in its folder charts/, with the values that it gives them', async () => {
    const rendered = await render({
      'charts/shop/Chart.yaml': chartYaml(
        'umbrella',
        DEPENDS('    repository: https://charts.example.com\n'),
      ),
      'charts/shop/values.yaml': 'cache:\n  size: 7\n',
      'charts/shop/charts/the-cache/Chart.yaml': CACHE,
      'charts/shop/charts/the-cache/values.yaml': 'size: 1\nname: small\n',
      'charts/shop/charts/the-cache/templates/a.yaml': shows({ size: '.Values.size', name: '.Values.name' }),
      'charts/shop/charts/the-cache/templates/np.yaml': `# {{ .Values.size }}{{ .Values.name }}\n${policy('np')}`,
    })
    expect(rendered.problems).toEqual([])
    expect(data(rendered)).toEqual({ size: '7', name: 'small' })
    const made = only(rendered, 'NetworkPolicy')
    expect(lineOf(made)).toBe('charts/shop/charts/the-cache/templates/np.yaml:2')
    expect(values(made).slice(0, 2)).toEqual([
      'charts/shop/values.yaml:2',
      'charts/shop/charts/the-cache/values.yaml:2',
    ])
  })

  it('brings a packed chart, and leads back to the entry that names it', async () => {
    const archive = packed({ 'cache/Chart.yaml': CACHE, 'cache/templates/np.yaml': policy('np') })
    const rendered = await render({
      'charts/shop/Chart.yaml': chartYaml(
        'shop',
        DEPENDS('    repository: https://charts.example.com\n    alias: fast\n'),
      ),
      'charts/shop/charts/anything.tgz': archive,
    })
    expect(rendered.problems).toEqual([])
    expect(names(rendered)).toEqual(['NetworkPolicy np'])
    expect(lineOf(only(rendered, 'NetworkPolicy'), 'spec')).toBe('charts/shop/Chart.yaml:5')
  })

  it('takes file:// dependencies from the tree, theirs too, under their alias', async () => {
    const rendered = await render({
      'charts/shop/Chart.yaml': chartYaml(
        'shop',
        DEPENDS('    repository: file://../../lib/cache\n    alias: fast\n'),
      ),
      'charts/shop/values.yaml': 'fast: {size: 5}\n',
      'lib/cache/Chart.yaml': `${CACHE}dependencies:\n- {name: deep, version: 1.x, repository: "file://../deep/"}\n`,
      'lib/cache/templates/a.yaml': shows({ size: '.Values.size', as: '.Chart.Name' }),
      'lib/deep/Chart.yaml': 'apiVersion: v2\nname: deep\nversion: 1.0.0\n',
      'lib/deep/templates/np.yaml': policy('np'),
    })
    expect(rendered.problems).toEqual([])
    expect(data(rendered)).toEqual({ size: '5', as: 'fast' })
    expect(lineOf(only(rendered, 'ConfigMap'))).toBe('lib/cache/templates/a.yaml:1')
    expect(lineOf(only(rendered, 'NetworkPolicy'))).toBe('lib/deep/templates/np.yaml:1')
    expect(rendered.inputs).toContain('lib/deep/templates/np.yaml')
  })

  it('says of a file:// dependency what keeps it from being followed, at its entry', async () => {
    const of = async (repository: string): Promise<readonly string[]> => {
      const rendered = await render({
        'charts/shop/Chart.yaml': chartYaml('shop', DEPENDS(`    repository: ${repository}\n`)),
        'charts/shop/templates/a.yaml': policy('own'),
        'lib/link': { link: '/etc' },
        'lib/cache/Chart.yaml': `${CACHE}dependencies:\n- {name: shop, version: 1.x, repository: "file://../../charts/shop"}\n`,
      })
      expect(names(rendered)).toEqual(['NetworkPolicy own'])
      return rendered.problems.map(({ path, line, code, ...problem }) => {
        expect(code).toBe('chart-dependency')
        return `${problem.class} ${path}:${String(line)} ${/, (which.*)\.$/.exec(problem.message)?.[1] ?? ''}`
      })
    }
    expect(await of('file://../gone')).toEqual(['unreadable charts/shop/Chart.yaml:5 which is not there'])
    expect(await of('file://../../../other')).toEqual([
      'unseen charts/shop/Chart.yaml:5 which is outside of this tree',
    ])
    expect(await of('file:///etc')).toEqual(['unseen charts/shop/Chart.yaml:5 which is outside of this tree'])
    expect(await of('file://../../lib/link')).toEqual([
      'unseen charts/shop/Chart.yaml:5 which is, or lies below, a symbolic link and is not followed',
    ])
    expect(await of('file://../../lib/cache')).toEqual([
      'unreadable lib/cache/Chart.yaml:5 which depends on it in turn',
    ])
  })
})

describe.skipIf(!(await hasHelm()))('a chart that is not in the tree', () => {
  const files = {
    'charts/shop/Chart.yaml': chartYaml(
      'shop',
      DEPENDS('    repository: https://charts.example.com\n    condition: cache.enabled\n'),
    ),
    'charts/shop/templates/np.yaml': policy('own'),
  }

  it('is named with how to provide it, and everything else is rendered', async () => {
    const rendered = await render(files)
    expect(names(rendered)).toEqual(['NetworkPolicy own'])
    expect(rendered.problems).toEqual([
      {
        path: 'charts/shop/Chart.yaml',
        line: 5,
        code: 'remote-chart',
        class: 'unseen',
        message:
          'The chart in charts/shop depends on the chart cache ~2.1 of https://charts.example.com, which is not in this tree: the objects that it makes are not seen (https://charts.example.com is not allowed).',
        remedy:
          'Vendor it with helm dependency build and commit charts/, or allow its host with remote.allow in the configuration.',
        hides: { namespaces: ['shop'], under: ['charts/shop', 'apps/shop.yaml'] },
      },
    ])
  })

  it('is no matter where the release switches it off, by condition or by tag, as helm decides', async () => {
    const off = await render({ ...files, 'charts/shop/values.yaml': 'cache: {enabled: false}\n' })
    expect(off.problems).toEqual([])
    expect(names(off)).toEqual(['NetworkPolicy own'])
    const on = await render(
      { ...files, 'charts/shop/values.yaml': 'cache: {enabled: false}\n' },
      { sets: [{ text: 'cache.enabled=true', asString: false }] },
    )
    expect(told(on)).toEqual(['remote-chart unseen charts/shop/Chart.yaml:5'])
    const aliased = chartYaml(
      'shop',
      DEPENDS('    repository: oci://example.com/charts\n    alias: fast\n    condition: fast.enabled\n'),
    )
    const values = 'fast: {enabled: false}\n'
    expect(
      (await render({ ...files, 'charts/shop/Chart.yaml': aliased, 'charts/shop/values.yaml': values }))
        .problems,
    ).toEqual([])
    const tagged = chartYaml('shop', DEPENDS('    repository: oci://example.com/charts\n    tags: [extra]\n'))
    expect(
      (
        await render({
          ...files,
          'charts/shop/Chart.yaml': tagged,
          'charts/shop/values.yaml': 'tags: {extra: false}\n',
        })
      ).problems,
    ).toEqual([])
  })

  it('is all that is said where the rest fails for want of it', async () => {
    const rendered = await render({
      ...files,
      'charts/shop/templates/b.yaml': '{{ include "cache.labels" . }}',
    })
    expect(names(rendered)).toEqual([])
    expect(told(rendered)).toEqual(['remote-chart unseen charts/shop/Chart.yaml:5'])
  })

  it('is rendered where it may be fetched', async () => {
    const fetched: Fetched = {
      ok: true,
      files: new Map(
        Object.entries({ 'cache/Chart.yaml': CACHE, 'cache/templates/np.yaml': policy('theirs') }).map(
          ([path, text]) => [path, Buffer.from(text)],
        ),
      ),
      entry: 'cache',
      id: 'x',
    }
    const asked: unknown[] = []
    const remote: Remote = {
      ...nothingRemote,
      chart: (source) => (asked.push(source), Promise.resolve(fetched)),
    }
    const rendered = await render(files, {}, { remote })
    expect(rendered.problems).toEqual([])
    expect([...names(rendered)].sort()).toEqual(['NetworkPolicy own', 'NetworkPolicy theirs'])
    expect(asked).toEqual([
      { kind: 'remote', url: 'https://charts.example.com', name: 'cache', version: '~2.1' },
    ])

    const chart = {
      kind: 'remote',
      url: 'https://charts.example.com',
      name: 'cache',
      version: '2.1.4',
    } as const
    const whole = await render({}, { chart }, { remote })
    expect(names(whole)).toEqual(['NetworkPolicy theirs'])
    expect(lineOf(only(whole, 'NetworkPolicy'), 'spec')).toBe('apps/shop.yaml:3')
  })

  it('hides its namespace where a release installs it', async () => {
    const chart = {
      kind: 'remote',
      url: 'https://charts.example.com',
      name: 'cache',
      version: '2.1.4',
    } as const
    const rendered = await render({ 'envs/a.yaml': '' }, { chart, valueFiles: ['envs/a.yaml'] })
    expect(rendered.problems).toEqual([
      {
        path: 'apps/shop.yaml',
        line: 3,
        code: 'remote-chart',
        class: 'unseen',
        message:
          'Chart charts/shop for Application shop installs the chart cache 2.1.4 of https://charts.example.com, which is not in this tree: the objects that it makes are not seen (https://charts.example.com is not allowed).',
        remedy: 'Vendor the chart.',
        hides: { namespaces: ['shop'], under: ['envs/a.yaml', 'apps/shop.yaml'] },
      },
    ])
  })

  it('is missing for charts of helm 2 as well, which name theirs in requirements.yaml', async () => {
    const rendered = await render({
      'charts/shop/Chart.yaml': 'apiVersion: v1\nname: shop\nversion: 1.0.0\n',
      'charts/shop/requirements.yaml': DEPENDS(''),
      'charts/shop/templates/np.yaml': policy('own'),
    })
    expect(names(rendered)).toEqual(['NetworkPolicy own'])
    expect(told(rendered)).toEqual(['remote-chart unseen charts/shop/requirements.yaml:2'])
    expect(rendered.problems[0]?.remedy).toBe('Vendor it with helm dependency build and commit charts/.')
  })
})

describe('charts of a tree', () => {
  const tree = treeOf({
    'Chart.yaml': chartYaml('root'),
    'charts/one/Chart.yaml': CACHE,
    'charts/one/values.yaml': '',
    'other/app/Chart.yaml': chartYaml('app'),
    'other/app/charts/sub/Chart.yaml': CACHE,
    'other/app/charts/sub/charts/deep/Chart.yaml': CACHE,
    'other/charts/plain/Chart.yaml': CACHE,
  })

  it('are those that no other chart holds in its charts/', () => {
    expect(chartFolders(tree)).toEqual(['.', 'other/app', 'other/charts/plain'])
  })

  it('are what is in their folder', async () => {
    expect(isChart(tree, 'other/app')).toBe(true)
    expect(isChart(tree, 'other')).toBe(false)
    expect(chartFiles(tree, 'charts/one').map(({ path }) => path)).toEqual([
      'charts/one/Chart.yaml',
      'charts/one/values.yaml',
    ])
    expect(await chartAt(tree, 'other/app')).toEqual({
      name: 'app',
      version: '1.2.3',
      isLibrary: false,
      dependencies: [],
    })
    expect(await chartAt(tree, 'other')).toBe(null)
  })
})

describe('a packed chart', () => {
  it('has files of long names as pax and GNU tar write them', () => {
    const long = `cache/templates/${'x'.repeat(120)}.yaml`
    const record = ` path=${long}\n`
    const length = record.length + String(record.length + 3).length
    const blocks = (type: string, name: string, content: string): Buffer => {
      const header = Buffer.alloc(512)
      header.write(name, 0)
      header.write(Buffer.byteLength(content).toString(8).padStart(11, '0'), 124)
      header.write(`${type}ustar`, 156)
      return Buffer.concat([header, Buffer.from(content.padEnd(512, '\0'))])
    }
    for (const extra of [
      blocks('x', 'pax', `${String(length)}${record}`),
      blocks('L', 'long', `${long}\0`),
    ]) {
      const files = unpackChart(gzipSync(Buffer.concat([extra, blocks('0', 'cut', 'a: 1')])))
      expect([...(files ?? [])].map(([path, bytes]) => `${path} ${Buffer.from(bytes).toString()}`)).toEqual([
        `${long.slice('cache/'.length)} a: 1`,
      ])
    }
  })

  it('that is none, or a bomb, has none', () => {
    expect(unpackChart(Buffer.from('no archive'))).toBe(null)
    expect(unpackChart(gzipSync(Buffer.alloc(40 * 1024 * 1024)))).toBe(null)
  })
})
