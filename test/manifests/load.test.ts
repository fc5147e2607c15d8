// What is not read is told: never a file less without a word.
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { directoryTree, gitTree } from '../../src/git/tree.ts'
import { folder, git, repository } from '../cli/command.ts'
import { deployment, namespace } from '../cli/manifests.ts'
import { loadAlone, testWorkshop } from '../workshop.ts'

const hasTools = (await testWorkshop().tools.kustomize()) !== null

const read = async (
  root: string,
  ignorePaths: readonly string[] = [],
): Promise<{ kinds: readonly string[]; problems: readonly string[] }> => {
  const workshop = testWorkshop()
  const first = await loadAlone(directoryTree(root), { ignorePaths }, workshop)
  const again = await loadAlone(directoryTree(root), { ignorePaths }, workshop)
  expect(again.problems).toEqual(first.problems)
  return {
    kinds: first.manifests.map(({ kind, origin }) => `${origin.file.path} ${kind}`),
    problems: first.problems.map(({ code, path, line }) => `${code} ${path}:${String(line)}`),
  }
}

describe('load', () => {
  it('reads YAML and JSON, lists of objects, and leaves everything else alone', async () => {
    const root = folder({
      'a.yaml': `${namespace('a', false)}---\n${deployment('x', 'a', 1)}`,
      'b.json': JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'b' } }),
      'c.yml':
        'apiVersion: v1\nkind: List\nitems:\n  - {apiVersion: v1, kind: Namespace, metadata: {name: c}}\n  - {apiVersion: v1, kind: ConfigMap}\n',
      'd.yaml': 'apiVersion: v1\nkind: NamespaceList\nitems:\n  - {metadata: {name: d}}\n',
      'values.yaml': 'image: x\nreplicas: 3\n',
      'crd.yaml': 'apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: w}\n',
      'package.json': '{"name": "x"}',
      'readme.md': 'kind: Namespace',
      'workflow.yml': 'on: [push]\njobs: {a: {runs-on: x, kind: "no"}}\n',
    })
    expect(await read(root)).toEqual({
      kinds: [
        'a.yaml Namespace',
        'a.yaml Deployment',
        'b.json Namespace',
        'c.yml Namespace',
        'd.yaml Namespace',
      ],
      problems: [],
    })
  })

  it('tells of links, of files that are too large, and of text that is none', async () => {
    const root = folder({
      'a.yaml': namespace('a', false),
      'big.yaml': `${namespace('big', false)}# ${'x'.repeat(11 * 1024 * 1024)}\n`,
    })
    symlinkSync('/etc/passwd', join(root, 'link.yaml'))
    symlinkSync('/etc', join(root, 'overlay'))
    symlinkSync('/etc/hosts', join(root, 'notes.txt'))
    writeFileSync(
      join(root, 'large.yaml'),
      `version https://git-lfs.github.com/spec/v1\noid sha256:${'4'.repeat(64)}\nsize 12345\n`,
    )
    writeFileSync(join(root, 'crypt.yaml'), Buffer.from([0, 71, 73, 84, 67, 82, 89, 80, 84, 0, 255, 254]))
    expect(await read(root)).toEqual({
      kinds: ['a.yaml Namespace'],
      problems: [
        'symbolic-link link.yaml:1',
        'symbolic-link overlay:1',
        'file-too-large big.yaml:1',
        'not-utf8 crypt.yaml:1',
        'lfs-pointer large.yaml:1',
      ],
    })
  })

  it('tells of submodules', async () => {
    const root = repository({ 'a.yaml': namespace('a', false) })
    const commit = git(root, 'rev-parse', 'HEAD')
    git(root, 'update-index', '--add', '--cacheinfo', `160000,${commit},vendor`)
    git(root, 'commit', '-q', '-m', 'vendor')
    const { problems } = await loadAlone(gitTree(root, 'HEAD'))
    expect(problems.map(({ code, path }) => `${code} ${path}`)).toEqual(['submodule vendor'])
  })

  it('leaves out what the configuration says', async () => {
    const root = folder({ 'docs/a.yaml': 'kind: Namespace\nx: [', 'a.yaml': namespace('a', false) })
    expect(await read(root, ['docs/**'])).toEqual({ kinds: ['a.yaml Namespace'], problems: [] })
    expect((await read(root)).problems).toHaveLength(1)
  })

  it.skipIf(!hasTools)('renders kustomizations, and says what it does not see', async () => {
    const root = folder({
      'plain/kustomization.yaml': 'resources: [ns.yaml]\n',
      'plain/ns.yaml': namespace('plain', false),
      'prod/kustomization.yaml': 'resources: [../plain]\npatches:\n  - path: patch.yaml\n',
      'prod/patch.yaml': namespace('plain', true),
      'remote/kustomization.yaml': 'resources: [https://example.com/base]\n',
      'chart/Chart.yaml': 'apiVersion: v2\nname: c\nversion: 1.0.0\n',
      'chart/templates/ns.yaml': 'kind: Namespace\nmetadata: {name: {{ .Values.x }}}\n',
    })
    expect(await read(root)).toEqual({
      kinds: ['plain/ns.yaml Namespace'],
      problems: ['chart-not-rendered chart/Chart.yaml:1', 'remote-base remote/kustomization.yaml:1'],
    })
  })

  it('reads on after a broken document, and says on which line it broke', async () => {
    const root = folder({
      'a.yaml': `${namespace('a', false)}---\nkind: Deployment\nmetadata:\n  name: [\n---\n${namespace('b', false)}`,
    })
    const { kinds, problems } = await read(root)
    expect(kinds).toEqual(['a.yaml Namespace', 'a.yaml Namespace'])
    expect(problems).toEqual([expect.stringMatching(/^unreadable-yaml a\.yaml:[6-9]$/)])
  })

  it('reads thousands of small files', async () => {
    const root = folder({})
    for (let i = 0; i < 2000; i += 1) {
      const path = join(root, `d${String(i % 50)}`, `f${String(i)}.yaml`)
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, namespace(`n${String(i)}`, false))
    }
    expect((await read(root)).kinds).toHaveLength(2000)
  })
})
