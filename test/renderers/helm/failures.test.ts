// What cannot be rendered says where and why, and what it hides; nothing that a chart does gets out of its scratch.
import { describe, expect, it } from 'vitest'
import { createToolbox } from '../../../src/manifests/tools/create-toolbox.ts'
import type { HelmUnit, Rendering } from '../../../src/manifests/unit.ts'
import { chartYaml, data, hasHelm, names, render, shows, told } from './release.ts'
import type { Files } from '../tree.ts'

const CHART = { 'charts/shop/Chart.yaml': chartYaml('shop') }
const TEMPLATE = 'charts/shop/templates/a.yaml'

/** The one problem of a rendering without objects. */
async function trouble(
  files: Files,
  unit: Partial<HelmUnit> = {},
): Promise<Rendering['problems'][number] & { readonly at: string }> {
  const rendered = await render({ ...CHART, ...files }, unit)
  expect(rendered.manifests).toEqual([])
  expect(told(rendered)).toHaveLength(1)
  const [problem] = rendered.problems
  if (problem === undefined) throw new Error('there is one')
  expect(problem.hides.namespaces).toEqual(['shop'])
  expect(problem.hides.under).toContain('apps/shop.yaml')
  return { ...problem, at: `${problem.code} ${problem.class} ${problem.path}:${String(problem.line)}` }
}

describe.skipIf(!(await hasHelm()))('a chart that fails', () => {
  it('says the words of its template at the line that says them', async () => {
    const problem = await trouble({
      [TEMPLATE]: `# a\n{{ include "x" . }}`,
      'charts/shop/templates/_h.tpl': '{{ define "x" }}\n\n{{ .Values.a.b.c }}{{ end }}',
    })
    expect(problem.at).toBe('chart-failed unreadable charts/shop/templates/_h.tpl:3')
    expect(problem.message).toBe(
      'Helm cannot render the chart charts/shop as release front: at <.Values.a.b.c>: nil pointer evaluating interface {}.b.',
    )
    expect(problem.hides).toEqual({ namespaces: ['shop'], under: ['charts/shop', 'apps/shop.yaml'] })
  })

  it('says what it requires', async () => {
    const problem = await trouble({
      [TEMPLATE]: 'a: b\n---\nc: {{ required "a host is needed" .Values.host }}',
    })
    expect(problem.at).toBe(`chart-failed unreadable ${TEMPLATE}:3`)
    expect(problem.message).toContain(': a host is needed.')
  })

  it('is told where it does not parse, and where it prints no YAML', async () => {
    const parse = await trouble({ [TEMPLATE]: 'a: b\nc: {{ if }}' })
    expect(parse.at).toBe(`chart-failed unreadable ${TEMPLATE}:2`)
    expect(parse.message).toContain('missing value for if.')
    const yaml = await trouble({ [TEMPLATE]: 'a: [b' })
    expect(yaml.at).toBe(`chart-failed unreadable ${TEMPLATE}:1`)
    expect(yaml.message).toContain('what it prints is no YAML')
  })

  it('leads to the template of the inner chart', async () => {
    const problem = await trouble({
      'charts/shop/charts/inner/Chart.yaml': chartYaml('inner'),
      'charts/shop/charts/inner/templates/x.yaml': '\n{{ fail "no" }}',
    })
    expect(problem.at).toBe('chart-failed unreadable charts/shop/charts/inner/templates/x.yaml:2')
  })

  it('leads to the value that its schema does not allow', async () => {
    const schema =
      '{"properties": {"web": {"properties": {"replicas": {"type": "integer"}}}}, "additionalProperties": false}'
    const files = {
      'charts/shop/values.schema.json': schema,
      'charts/shop/values.yaml': 'web:\n  replicas: 1\n',
    }
    const wrong = { ...files, 'envs/a.yaml': '# x\nweb:\n  replicas: two\n' }
    const problem = await trouble(wrong, { valueFiles: ['envs/a.yaml'] })
    expect(problem.at).toBe('chart-failed unreadable envs/a.yaml:3')
    expect(problem.message).toContain('web.replicas: Invalid type. Expected: integer, given: string.')
    expect(problem.hides.under).toContain('envs/a.yaml')
    const extra = { ...files, 'envs/a.yaml': 'web: {}\nwebb: {}\n' }
    expect((await trouble(extra, { valueFiles: ['envs/a.yaml'] })).at).toBe(
      'chart-failed unreadable envs/a.yaml:2',
    )
  })

  it('leads to the value file that is broken, by its name in the tree', async () => {
    const problem = await trouble(
      { 'envs/a.yaml': 'a: 1\nb: [\nc: 1\n', 'envs/0.yaml': '' },
      { valueFiles: ['envs/0.yaml', 'envs/a.yaml'] },
    )
    expect(problem.at).toMatch(/^chart-failed unreadable envs\/a.yaml:[23]$/)
    expect(problem.message).toContain('failed to parse envs/a.yaml: ')
    const list = await trouble({ 'envs/a.yaml': '- a\n' }, { valueFiles: ['envs/a.yaml'] })
    expect(list.at).toBe('chart-failed unreadable envs/a.yaml:1')
  })

  it('is told at its Chart.yaml where no template is to blame', async () => {
    expect((await trouble({ 'charts/shop/Chart.yaml': 'a: [' })).at).toBe(
      'chart-failed unreadable charts/shop/Chart.yaml:1',
    )
    const old = await trouble({ 'charts/shop/Chart.yaml': chartYaml('shop', 'kubeVersion: "<1.10"\n') })
    expect(old.message).toContain('chart requires kubeVersion: <1.10')
    for (const text of [
      'null',
      '[]',
      'name: [1]',
      'dependencies: {a: b}',
      'dependencies: [null, 1]',
      '\0',
      '',
    ])
      expect((await trouble({ 'charts/shop/Chart.yaml': text })).code).toBe('chart-failed')
  })

  it('is told where names are none', async () => {
    for (const unit of [
      { release: 'Not A Name' },
      { release: '--debug' },
      { release: 'a\0b' },
      { kubeVersion: 'x' },
    ])
      expect((await trouble({}, unit)).code).toBe('chart-failed')
  })

  it('that is a library installs nothing', async () => {
    const problem = await trouble({ 'charts/shop/Chart.yaml': chartYaml('shop', 'type: library\n') })
    expect(problem.at).toBe('chart-failed unreadable apps/shop.yaml:3')
    expect(problem.message).toContain('the chart charts/shop, which is a library')
  })
})

describe.skipIf(!(await hasHelm()))('a release of what is not there', () => {
  it('names the value file, and is not rendered without it', async () => {
    const of = async (path: string): Promise<string> => {
      const problem = await trouble(
        { [TEMPLATE]: shows({}), 'envs/link.yaml': { link: '/etc/passwd' }, 'envs/x.yaml': '' },
        { valueFiles: ['envs/x.yaml', path] },
      )
      expect(problem.path).toBe('apps/shop.yaml')
      return `${problem.code} ${problem.class}: ${/, (.*): /.exec(problem.message)?.[1] ?? ''}`
    }
    expect(await of('envs/gone.yaml')).toBe('no-value-file unreadable: which is not there')
    expect(await of('envs')).toBe('no-value-file unreadable: which is no file of this tree')
    expect(await of('../../etc/passwd')).toBe('no-value-file unseen: which is outside of this tree')
    expect(await of('/etc/passwd')).toBe('no-value-file unseen: which is outside of this tree')
    expect(await of('envs/link.yaml')).toBe(
      'no-value-file unseen: which is, or lies below, a symbolic link and is not followed',
    )
    expect(await of('https://example.com/values.yaml')).toBe(
      'no-value-file unseen: which is no file of this tree',
    )
  })

  it('names the chart', async () => {
    const of = async (folder: string): Promise<string> =>
      (await trouble({ link: { link: 'charts' } }, { chart: { kind: 'folder', folder } })).at
    expect(await of('charts')).toBe('no-chart unreadable apps/shop.yaml:3')
    expect(await of('../charts')).toBe('no-chart unseen apps/shop.yaml:3')
    expect(await of('link/shop')).toBe('no-chart unseen apps/shop.yaml:3')
  })
})

describe.skipIf(!(await hasHelm()))('a chart that is hostile', () => {
  const strict = createToolbox({
    directory: process.env['AMBIENT_GUARD_TOOLS'],
    bounds: { cpuSeconds: 3, maxOutputBytes: 1024 * 1024 },
  })
  const hostile = async (template: string, expected: 'unreadable' | 'unseen' = 'unseen'): Promise<string> => {
    const { manifests, problems } = await render({ ...CHART, [TEMPLATE]: template }, {}, { tools: strict })
    expect(manifests).toEqual([])
    expect(problems.map((problem) => `${problem.code} ${problem.class}`)).toEqual([
      `chart-failed ${expected}`,
    ])
    const message = problems[0]?.message ?? ''
    expect(message.length).toBeLessThan(450)
    expect(message).not.toContain('/tmp')
    return message
  }

  it('ends within limits', async () => {
    const endless = '{{ define "x" }}{{ include "x" . }}{{ end }}{{ include "x" . }}'
    expect(await hostile(endless, 'unreadable')).toContain('nested reference name')
    expect(await hostile('a: {{ repeat 1000000000 "aaaaaaaaaa" }}')).toContain('more memory than it may')
    expect(await hostile('a: {{ repeat 3000000 "a" }}')).toContain('wrote more than 1048576 bytes')
    await hostile(
      '{{ range until 1000000 }}{{ range until 1000000 }}{{ range until 1000000 }}{{ end }}{{ end }}{{ end }}',
    )
  })

  it('reads nothing beyond its files: no links, no environment, no names of hosts', async () => {
    const rendered = await render({
      ...CHART,
      'charts/shop/files/passwd': { link: '/etc/passwd' },
      'charts/shop/README.md': { link: '../../README.md' },
      [TEMPLATE]: shows({
        link: '.Files.Get "files/passwd"',
        up: '.Files.Get "../../envs/x"',
        root: '.Files.Get "/etc/passwd"',
        host: 'getHostByName "localhost"',
      }),
      'envs/x': 'no',
    })
    expect(data(rendered)).toEqual({ link: '', up: '', root: '', host: '' })
    expect(told(rendered)).toEqual(['not-followed unseen charts/shop/files/passwd:1'])
    expect((await trouble({ [TEMPLATE]: '{{ env "PATH" }}' })).message).toContain(
      'function "env" not defined',
    )
  })

  it('is rendered without files of absurd size, which are told', async () => {
    const rendered = await render({
      ...CHART,
      'charts/shop/files/big': Buffer.alloc(11 * 1024 * 1024),
      [TEMPLATE]: shows({ big: 'len (.Files.Get "files/big")' }),
    })
    expect(data(rendered)).toEqual({ big: '0' })
    expect(told(rendered)).toEqual(['file-too-large unseen charts/shop/files/big:1'])
    const many = Object.fromEntries(
      Array.from({ length: 7 }, (_, index) => [
        `charts/shop/files/${String(index)}`,
        Buffer.alloc(10 * 1024 * 1024),
      ]),
    )
    expect((await trouble(many)).at).toBe('chart-too-large unseen charts/shop/Chart.yaml:1')
  })

  it('does not write beyond charts/ by the name of a dependency', async () => {
    const problem = await trouble({
      'charts/shop/Chart.yaml': chartYaml(
        'shop',
        'dependencies: [{name: ../../../x, version: "1", repository: "file://../x"}]\n',
      ),
      'charts/x/Chart.yaml': chartYaml('x'),
    })
    expect(problem.message).toContain('missing in charts/ directory')
  })

  it('does not multiply: charts in charts/ that are taken twice each end', async () => {
    const levels = 26
    const files: Record<string, string> = {}
    let folder = 'charts/shop'
    for (let level = 0; level < levels; level += 1) {
      const twice = ['a', 'b'].map((alias) => `- {name: c, alias: ${alias}, version: 1.x, repository: ""}\n`)
      files[`${folder}/Chart.yaml`] = chartYaml(
        level === 0 ? 'shop' : 'c',
        `dependencies:\n${twice.join('')}`,
      )
      folder = `${folder}/charts/c`
    }
    const { problems } = await render(
      { ...files, [`${folder}/Chart.yaml`]: chartYaml('c') },
      {},
      { tools: strict },
    )
    // Helm shares what is taken twice, and renders it; so each of them is looked at here, up to a number.
    expect(problems).toEqual([])
  })

  it('does not multiply: charts that bring each other in pairs end', async () => {
    const levels = 12
    const files = Object.fromEntries(
      Array.from({ length: levels }, (_, level) => {
        const next = String(level + 1)
        const twice = ['a', 'b'].map(
          (alias) => `- {name: l${next}, alias: ${alias}, version: 1.x, repository: "file://../l${next}"}\n`,
        )
        return [
          `charts/l${String(level)}/Chart.yaml`,
          chartYaml(`l${String(level)}`, `dependencies:\n${twice.join('')}`),
        ]
      }),
    )
    const rendered = await render(
      { ...files, [`charts/l${String(levels)}/Chart.yaml`]: chartYaml(`l${String(levels)}`) },
      { chart: { kind: 'folder', folder: 'charts/l0' } },
    )
    expect(rendered.problems.some(({ message }) => message.includes('more than 200 charts'))).toBe(true)
  })
})

describe.skipIf(!(await hasHelm()))('a template that asks the cluster', () => {
  const asks = '{{ if not (lookup "v1" "Namespace" "" "shop") }}'

  it('is told where it decides about namespaces or policies, or nobody can tell', async () => {
    const namespace = 'apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n'
    const rendered = await render({ ...CHART, [TEMPLATE]: `# x\n${asks}\n${namespace}{{ end }}` })
    expect(names(rendered)).toEqual(['Namespace shop'])
    expect(told(rendered)).toEqual([`chart-looks-up unseen ${TEMPLATE}:2`])
    // A label may come of it, and what becomes enrolled had nothing to do with the mesh until then.
    expect(rendered.problems[0]).toMatchObject({
      hides: { namespaces: ['shop'], under: [TEMPLATE, 'apps/shop.yaml'] },
      farther: true,
    })
    const through = await render({
      ...CHART,
      [TEMPLATE]: '{{ include "all" . }}',
      'charts/shop/templates/_all.tpl': `{{ define "all" }}${asks}{{ .Values.extra | toYaml }}{{ end }}{{ end }}`,
    })
    expect(told(through)).toEqual([`chart-looks-up unseen ${TEMPLATE}:1`])
  })

  it('is nothing where it keeps a password, in a partial too', async () => {
    const rendered = await render({
      ...CHART,
      [TEMPLATE]: `kind: Secret\napiVersion: v1\nmetadata: {name: {{ (lookup "v1" "Secret" "" "a").x | default "x" }}}\n`,
      'charts/shop/templates/b.yaml': '{{ include "secret" . }}',
      'charts/shop/templates/c.yaml':
        '# no lookup here\nkind: Namespace\napiVersion: v1\nmetadata: {name: a}\n',
      'charts/shop/templates/_all.tpl': `{{ define "secret" }}kind: Secret\n${asks}a: b{{ end }}{{ end }}`,
    })
    expect(rendered.problems).toEqual([])
  })

  const policy =
    'apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: a}\nspec: {podSelector: {}}\n{{ end }}'
  it.each<[asked: string, isTold: boolean]>([
    ['if .Capabilities.APIVersions.Has "networking.k8s.io/v1"', false],
    ['if .Capabilities.APIVersions.Has "networking.k8s.io/v1/NetworkPolicy"', false],
    ['if has "policy/v1" $.Capabilities.APIVersions', false],
    [
      'if or (.Capabilities.APIVersions.Has "v1/Pod") (.Capabilities.APIVersions.Has "apps/v1/Deployment")',
      false,
    ],
    ['if .Capabilities.APIVersions.Has "cilium.io/v2"', true],
    ['if not (.Capabilities.APIVersions.Has `gateway.networking.k8s.io/v1`)', true],
    ['if .Capabilities.APIVersions.Has "networking.k8s.io/v1/Wonder"', true],
    ['if .Capabilities.APIVersions.Has "v1/Wonder"', true],
    ['if .Capabilities.APIVersions.Has (printf "%s" .Values.api)', true],
    ['if .Capabilities.APIVersions', true],
    ['if or (.Capabilities.APIVersions.Has "v1") (.Capabilities.APIVersions.Has $api)', true],
  ])('for an API, by %s', async (asked, isTold) => {
    const rendered = await render({
      ...CHART,
      'charts/shop/values.yaml': 'api: a\n',
      [TEMPLATE]: `{{ $api := "x" }}\n{{ ${asked} }}\n${policy}`,
    })
    expect(told(rendered)).toEqual(isTold ? [`chart-asks-for-apis unseen ${TEMPLATE}:2`] : [])
    if (!isTold) expect(names(rendered)).toEqual(['NetworkPolicy a'])
  })
})
