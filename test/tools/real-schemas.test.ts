// The schema of a chart and the real helm: no file of the machine is in what comes out, and values are still refused.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, it } from 'vitest'
import type { ToolResult } from '../../src/manifests/tools/toolbox.ts'
import { sandbox } from '../git/sandbox.ts'
import { chart } from '../remote/archives.ts'
import { OUTWARD } from './outward.ts'
import { pinnedToolbox } from './pinned.ts'

const toolbox = pinnedToolbox('schemas of charts with the real helm')

// A value that a schema refuses is told with what it allows.
const SECRET = 's3cr3t'
const file = join(sandbox(), 'secret.json')
writeFileSync(file, JSON.stringify({ enum: [SECRET] }))
const outward = OUTWARD(pathToFileURL(file).href)

const CONFIG_MAP = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: made\n'
const INWARD =
  '{"properties": {"a": {"$ref": "#/definitions/text"}}, "definitions": {"text": {"type": "string"}}}'
const REFUSED = { ok: false, message: expect.stringContaining('Expected: string, given: integer') as string }

const files = (folder: string, schema: string): Record<string, string> => ({
  [`${folder}/Chart.yaml`]: 'apiVersion: v2\nname: c\nversion: 0.1.0\n',
  [`${folder}/values.yaml`]: 'a: 1\n',
  [`${folder}/templates/a.yaml`]: CONFIG_MAP,
  [`${folder}/values.schema.json`]: schema,
})

describe.skipIf(toolbox === null)('the schema', () => {
  const run = async (
    name: 'kustomize' | 'helm',
    args: (helm: string) => readonly string[],
    tree: Record<string, string | Uint8Array>,
  ): Promise<ToolResult> => {
    const [tool, helm] = [await toolbox?.[name](), await toolbox?.helm()]
    if (toolbox === null || !tool || !helm) throw new Error('the pinned copies say no version')
    return toolbox.run({ tool, args: () => args(helm.path), files: new Map(Object.entries(tree)) })
  }
  const template = (tree: Record<string, string | Uint8Array>): Promise<ToolResult> =>
    run('helm', () => ['template', 'shop', 'c'], tree)
  const inflate = (schema: string): Promise<ToolResult> =>
    run('kustomize', (helm) => ['kustomize', '--enable-helm', '--helm-command', helm, '.'], {
      'kustomization.yaml': 'helmCharts:\n- {name: c, releaseName: shop}\n',
      ...files('charts/c', schema),
    })
  const withPacked = (schema: string): Promise<ToolResult> =>
    template({
      ...files('c', '{}'),
      'c/charts/sub-1.0.0.tgz': chart('sub', '1.0.0', {
        'values.yaml': 'a: 1\n',
        'values.schema.json': schema,
      }),
    })

  it.each(Object.entries(outward))('of a chart leads nowhere: %s', async (_, schema) => {
    expect(await template(files('c', schema))).toEqual({
      ok: true,
      stdout: `---\n# Source: c/templates/a.yaml\n${CONFIG_MAP}`,
    })
  })

  it('of a chart in a chart leads nowhere', async () => {
    const tree = { ...files('c', '{}'), ...files('c/charts/d', outward['a reference'] ?? '') }
    expect(await template(tree)).toMatchObject({ ok: true })
  })

  it('of a chart in a kustomization leads nowhere', async () => {
    expect(await inflate(outward['a reference'] ?? '')).toEqual({ ok: true, stdout: CONFIG_MAP })
  })

  it('of a packed chart leads nowhere', async () => {
    const result = await withPacked(outward['a reference'] ?? '')
    expect(result).toEqual({
      ok: false,
      message:
        '"c/charts/sub-1.0.0.tgz" may hold a values.schema.json that refers to something outside of it',
    })
    expect(await withPacked('{}')).toMatchObject({ ok: true })
  })

  it('still refuses values where it stays inside', async () => {
    expect(await template(files('c', INWARD))).toMatchObject(REFUSED)
    expect(await inflate(INWARD)).toMatchObject(REFUSED)
    expect(await withPacked(INWARD)).toMatchObject(REFUSED)
  })
})
