// What is not read: behind a symbolic link, or outside of the part that is named. A change of it is told all the same.
import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ambientGuard, commit, folder, repository, write } from './command.ts'
import { deployment, namespace, policy } from './manifests.ts'

const old = {
  'api.yaml': deployment('api', 'shop', 8080),
  'web.yaml': deployment('web', 'shop', 80),
  'ns.yaml': namespace('shop', false),
  'np.yaml': policy('api', 'shop', 'web', 8080),
}
const enrolled = { 'ns.yaml': namespace('shop', true) }

const chart = {
  'charts/net/Chart.yaml': 'apiVersion: v2\nname: net\nversion: 0.1.0\n',
  'charts/net/templates/_port.tpl': '{{ define "port" }}15008{{ end }}\n',
}
const tree = {
  'ns.yaml': namespace('shop', true),
  'web.yaml': deployment('web', 'shop', 80),
  'shared/values/common.yaml': 'port: 15008\n',
  'shared/notes.md': 'one\n',
  ...chart,
}
/** By the path of a link what it says. */
const links: Readonly<Record<string, string>> = {
  'envs/prod.yaml': '../shared/values/common.yaml',
  'envs/test.yaml': 'prod.yaml',
  'clusters/one/net': '../../charts/net',
  notes: 'shared/notes.md',
  'self.yaml': 'self.yaml',
  'away.yaml': '../../../etc/passwd',
  'gone.yaml': 'nowhere.yaml',
  everything: '.',
}

function linked(root: string): string {
  for (const path of Object.keys(links)) write(root, { [join(path, '..', '.keep')]: '' })
  for (const [path, target] of Object.entries(links)) symlinkSync(target, join(root, path))
  return root
}

/** The links that the change of some files makes part of what is told. */
async function told(changed: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const root = linked(repository(tree))
  commit(root, 'links')
  commit(root, 'change', changed)
  const inGit = await problems(root, '--base', 'HEAD~1', '--head', 'HEAD')
  const onDisk = await problems(
    '--base',
    linked(folder(tree)),
    '--head',
    linked(folder({ ...tree, ...changed })),
  )
  expect(onDisk).toEqual(inGit)
  return inGit
}

async function problems(...argv: readonly string[]): Promise<readonly string[]> {
  const { stdout } = await ambientGuard('check', '--format', 'json', ...argv)
  const report = JSON.parse(stdout) as {
    conclusion: string
    problems: { path: string; code: string; relevant: boolean }[]
  }
  const relevant = report.problems.filter((problem) => problem.relevant)
  expect(report.conclusion).toBe(relevant.length === 0 ? 'success' : 'neutral')
  return relevant.filter(({ code }) => code === 'symbolic-link').map(({ path }) => path)
}

describe('a change behind links', () => {
  it.each([
    [
      'of a file that one names, and another names that one',
      { 'shared/values/common.yaml': 'port: 8080\n' },
      ['envs/prod.yaml', 'envs/test.yaml'],
    ],
    [
      'of a template in a folder that one names',
      { 'charts/net/templates/_port.tpl': '{{ define "port" }}8080{{ end }}\n' },
      ['clusters/one/net'],
    ],
    ['of what holds no manifests', { 'shared/notes.md': 'two\n' }, []],
    ['of nothing that one names', { 'shared/values/other.yaml': 'port: 8080\n' }, []],
  ])('%s', async (_, changed, expected) => {
    expect(await told(changed as Record<string, string>)).toEqual(expected)
  })
})

describe('a part of a repository', () => {
  it('does not call a part green that names what lies outside of it', async () => {
    const kustomization = (...resources: readonly string[]): string =>
      `apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n${resources.map((one) => `  - ${one}\n`).join('')}`
    const inBase = (files: Readonly<Record<string, string>>): Record<string, string> =>
      Object.fromEntries(Object.entries(files).map(([path, text]) => [`base/${path}`, text]))
    const root = repository({
      ...inBase({ ...old, 'kustomization.yaml': kustomization(...Object.keys(old)) }),
      'overlays/prod/kustomization.yaml': kustomization('../../base'),
    })
    commit(root, 'enrol', inBase(enrolled))
    const part = [join(root, 'overlays/prod'), '--base', 'HEAD~1']
    const { code, stdout } = await ambientGuard('check', ...part)
    expect({ code, last: stdout.trimEnd().split('\n').at(-1) }).toEqual({
      code: 0,
      last: 'neutral: 1 problem. Looked at 0 workloads (0 enrolled) in 0 namespaces, 0 policies.',
    })
    expect(stdout).toContain('names ../../base, which leads out of the tree that is read')
    const fixed = await ambientGuard('fix', ...part)
    expect(fixed.stderr).toContain('nothing to fix in what was read')
    expect(await ambientGuard('check', root, '--base', 'HEAD~1')).toMatchObject({ code: 1 })
  })
})
