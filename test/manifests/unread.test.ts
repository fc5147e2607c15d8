// What nobody would apply as it is written is not judged, and that is told.
import { describe, expect, it } from 'vitest'
import { ambientGuard, folder } from '../cli/command.ts'
import { deployment, namespace, policy } from '../cli/manifests.ts'

const APP = `${namespace('shop', true)}---\n${deployment('redis', 'shop', 6379)}---\n${deployment('web', 'shop', 80)}`
const NP = policy('redis', 'shop', 'web', 6379)

interface Said {
  readonly conclusion: string
  readonly findings: readonly unknown[]
  readonly problems: readonly { readonly code: string; readonly path: string; readonly line: number }[]
}

async function check(files: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const { stdout } = await ambientGuard('check', '--base', 'none', '--format', 'json', folder(files))
  const { conclusion, findings, problems } = JSON.parse(stdout) as Said
  return [
    `${conclusion}, ${String(findings.length)} findings`,
    ...problems.map(({ code, path, line }) => `${code} ${path}:${String(line)}`),
  ]
}

describe('a kind in the wrong case', () => {
  it.each(['networkpolicy', 'Networkpolicy', 'NETWORKPOLICY'])('is told: %s', async (kind) => {
    const said = await check({ 'app.yaml': APP, 'np.yaml': NP.replace('NetworkPolicy', kind) })
    expect(said).toEqual(['failure, 0 findings', 'misspelt-kind np.yaml:2'])
  })

  it('is told in a List, in JSON, and where a kustomization brings it', async () => {
    const wrong = 'apiVersion: v1\nkind: namespace\nmetadata: {name: pay}\n'
    const list = `kind: List\napiVersion: v1\nitems:\n- ${wrong.replaceAll('\n', '\n  ')}\n`
    expect(await check({ 'a.yaml': list })).toContain('misspelt-kind a.yaml:5')
    const json = '{"apiVersion": "apps/v1", "kind": "deployment", "metadata": {"name": "a"}}'
    expect(await check({ 'a.json': json })).toContain('misspelt-kind a.json:1')
    const kustomized = { 'kustomization.yaml': 'resources: [a.yaml]\n', 'a.yaml': wrong }
    expect(await check(kustomized)).toContain('misspelt-kind a.yaml:2')
  })

  it('is nothing where the group is another, or no kind that is read is meant', async () => {
    const files = {
      'app.yaml': namespace('shop', false),
      'a.yaml': 'apiVersion: backstage.io/v1\nkind: service\nmetadata: {name: a}\n',
      'b.yaml': 'kind: service\nname: b\n',
      'c.yaml': 'apiVersion: v1\nkind: configmap\nmetadata: {name: c}\n',
    }
    expect(await check(files)).toEqual(['success, 0 findings'])
  })
})

describe('an extension in capitals', () => {
  it.each(['np.YAML', 'np.Yml', 'np.JSON'])(
    'is passed over by whoever applies a folder: %s',
    async (name) => {
      expect(await check({ 'app.yaml': APP, [name]: NP })).toEqual([
        'neutral, 0 findings',
        `extension-in-capitals ${name}:1`,
      ])
    },
  )

  it('is nothing where a kustomization names the file, or it holds no objects', async () => {
    const named = { 'kustomization.yaml': 'resources: [app.yaml, np.YAML]\n', 'app.yaml': APP, 'np.YAML': NP }
    expect(await check(named)).toEqual(['failure, 1 findings'])
    expect(await check({ 'app.yaml': APP, 'notes.YAML': 'a: b\n' })).toEqual(['success, 0 findings'])
  })
})
