import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { beforeAll, describe, expect, it } from 'vitest'
import { isolatesNetwork } from '../../src/exec.ts'
import { createToolbox } from '../../src/manifests/tools/create-toolbox.ts'
import type { Tool, ToolResult } from '../../src/manifests/tools/toolbox.ts'
import { pinnedToolbox } from './pinned.ts'
import { withEnv } from './stand-ins.ts'

const toolbox = pinnedToolbox('rendering with the real kustomize and helm')

const CONFIG_MAP = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\n'
const CHART = { 'c/Chart.yaml': 'apiVersion: v2\nname: c\nversion: 0.1.0\n', 'c/values.yaml': 'port: 80\n' }

describe.skipIf(toolbox === null)('the pinned tools', () => {
  const existing = async (tool: Promise<Tool | null> | undefined): Promise<Tool> => {
    const found = await tool
    if (found === null || found === undefined) throw new Error('the pinned copies say no version')
    return found
  }
  const run = async (
    tool: Tool,
    args: readonly string[],
    files: Record<string, string>,
  ): Promise<ToolResult> =>
    toolbox?.run({ tool, args: () => args, files: new Map(Object.entries(files)) }) ?? {
      ok: false,
      message: '',
    }
  const kustomize = async (files: Record<string, string>, folder = 'app', ...flags: string[]) => {
    const tool = await existing(toolbox?.kustomize())
    return run(tool, ['kustomize', ...flags, folder], files)
  }
  const template = async (files: Record<string, string>, ...flags: string[]) =>
    run(await existing(toolbox?.helm()), ['template', 'shop', 'c', ...flags], files)

  // How runs are cut off is found out on the PATH of this machine, not on one of a test.
  beforeAll(isolatesNetwork)

  it('are found by themselves, with the versions that were pinned', async () => {
    const found = await withEnv({ PATH: '/nonexistent' }, async () => {
      const own = createToolbox()
      return [await own.kustomize(), await own.helm()]
    })
    expect(found).toMatchObject([
      { name: 'kubectl', version: 'v5.6.0', from: 'pinned' },
      { name: 'helm', version: 'v3.18.0', from: 'pinned' },
    ])
  })

  it('build a kustomization from its base', async () => {
    const built = await kustomize({
      'app/kustomization.yaml': 'namePrefix: my-\nresources: [../base]\n',
      'base/kustomization.yaml': 'resources: [map.yaml]\n',
      'base/map.yaml': CONFIG_MAP,
    })
    expect(built).toEqual({ ok: true, stdout: CONFIG_MAP.replace('settings', 'my-settings') })
  })

  it('render a chart', async () => {
    const files = {
      ...CHART,
      'c/templates/a.yaml': 'release: {{ .Release.Name }}\nport: {{ .Values.port }}\n',
    }
    expect(await template(files, '--set', 'port=90')).toEqual({
      ok: true,
      stdout: '---\n# Source: c/templates/a.yaml\nrelease: shop\nport: 90\n',
    })
  })

  it('say what is wrong with a chart by its own paths', async () => {
    expect(await template({ ...CHART, 'c/templates/a.yaml': 'a: {{ fail "no port" }}\n' })).toEqual({
      ok: false,
      message:
        'Error: execution error at (c/templates/a.yaml:1:6): no port\n\nUse --debug flag to render out invalid YAML',
    })
  })

  it('see neither our environment nor names of hosts', async () => {
    // helm takes env and expandenv out of its functions, and answers getHostByName only with --enable-dns.
    const host = { ...CHART, 'c/templates/a.yaml': 'host: "{{ getHostByName "localhost" }}"\n' }
    expect(await template(host)).toMatchObject({
      ok: true,
      stdout: expect.stringContaining('host: ""') as string,
    })
    const env = await template({ ...CHART, 'c/templates/a.yaml': 'home: {{ env "HOME" }}\n' })
    expect(env).toMatchObject({ ok: false, message: expect.stringContaining('"env" not defined') as string })
  })

  it('do not reach a chart repository', async () => {
    const tool = await existing(toolbox?.helm())
    const args = ['template', 'x', 'x', '--repo', 'https://charts.example.com']
    expect(await run(tool, args, {})).toMatchObject({ ok: false })
  })

  it.each([
    [
      'https://github.com/kubernetes-sigs/kustomize//examples/helloWorld?ref=v1.0.6',
      "no 'git' program on path",
    ],
    [
      'git::ssh://git@github.com/kubernetes-sigs/kustomize.git//examples/helloWorld',
      "no 'git' program on path",
    ],
    ['https://example.com/all.yaml', 'proxyconnect tcp: dial tcp 127.0.0.1:9'],
  ])('do not reach a remote base: %s', { timeout: 40_000 }, async (url, why) => {
    const started = Date.now()
    const built = await kustomize({ 'app/kustomization.yaml': `resources:\n- ${url}\n` })
    expect(built).toMatchObject({ ok: false, message: expect.stringContaining(why) as string })
    expect(Date.now() - started).toBeLessThan(30_000)
  })

  it('do not reach loopback either, where the system allows that', async () => {
    if ((await toolbox?.isolation()) !== 'namespace') return
    let calls = 0
    const server = createServer((_, response) => {
      calls += 1
      response.end(CONFIG_MAP)
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    try {
      const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/all.yaml`
      const built = await kustomize({ 'app/kustomization.yaml': `resources:\n- ${url}\n` })
      expect(built).toMatchObject({
        ok: false,
        message: expect.stringContaining('network is unreachable') as string,
      })
      expect(calls).toBe(0)
    } finally {
      server.close()
    }
  })

  it('run no plug-in of a kustomization', async () => {
    const generator = [
      'apiVersion: example.com/v1',
      'kind: Generator',
      'metadata:',
      '  name: g',
      '  annotations:',
      '    config.kubernetes.io/function: "exec: {path: ./run.sh}"',
    ].join('\n')
    const built = await kustomize({
      'app/kustomization.yaml': 'generators: [generator.yaml]\n',
      'app/generator.yaml': generator,
      'app/run.sh': '#!/bin/sh\necho ran\n',
    })
    expect(built).toMatchObject({
      ok: false,
      message: expect.stringContaining(
        "external plugins disabled; unable to load external plugin 'Generator'",
      ) as string,
    })
  })

  it('do not expand charts unless they are told to', async () => {
    const files = { 'app/kustomization.yaml': 'helmCharts: [{name: c, releaseName: r}]\n' }
    expect(await kustomize(files)).toMatchObject({
      ok: false,
      message: expect.stringContaining('must specify --enable-helm') as string,
    })
  })

  it('expand a chart of the tree with the helm they are given', async () => {
    const helm = await existing(toolbox?.helm())
    const files = {
      'app/kustomization.yaml': 'helmCharts:\n- {name: c, releaseName: r, valuesInline: {name: settings}}\n',
      ...Object.fromEntries(Object.entries(CHART).map(([path, text]) => [`app/charts/${path}`, text])),
      'app/charts/c/templates/a.yaml': CONFIG_MAP.replace('settings', '{{ .Values.name }}'),
    }
    const flags = ['--enable-helm', '--helm-command', helm.path]
    expect(await kustomize(files, 'app', ...flags)).toEqual({ ok: true, stdout: CONFIG_MAP })
    const broken = { ...files, 'app/charts/c/templates/a.yaml': 'a: {{ fail "no port" }}\n' }
    const first = await kustomize(broken, 'app', ...flags)
    expect(first).toMatchObject({ ok: false, message: expect.stringContaining('no port') as string })
    expect(await kustomize(broken, 'app', ...flags)).toEqual(first)
    expect(JSON.stringify(first)).not.toMatch(/\/tmp|\.tools/)
  })

  it('read no file above the kustomization that names it', async () => {
    const built = await kustomize({
      'app/kustomization.yaml': 'configMapGenerator:\n- {name: stolen, files: [../secret]}\n',
      secret: 'secret',
    })
    expect(built).toEqual({
      ok: false,
      message: expect.stringContaining("security; file 'secret' is not in or below 'app'") as string,
    })
  })

  it('read no file of this machine', async () => {
    const built = await kustomize({ 'app/kustomization.yaml': 'resources: [/etc/passwd]\n' })
    expect(built).toMatchObject({ ok: false })
    expect(await kustomize({ 'app/kustomization.yaml': 'resources: [/etc]\n' })).toMatchObject({ ok: false })
  })
})
