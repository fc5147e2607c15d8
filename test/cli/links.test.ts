// What is not read: behind a symbolic link, or outside of the part that is named. A change of it is told all the same.
import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ambientGuard, commit, folder, git, repository, write } from './command.ts'
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
  'shared/port.tpl': '{{ define "port" }}15008{{ end }}\n',
  'shared/list.txt': policy('api', 'shop', 'web', 15008),
  'shared/v1/kustomization.yaml': 'resources: [ns.yaml]\n',
  'shared/v1/ns.yaml': namespace('quarry', false),
  'clusters/two/kustomization.yaml': 'resources: [base.v1, np.yaml]\n',
  'charts/three/Chart.yaml': 'apiVersion: v2\nname: three\nversion: 0.1.0\n',
  'charts/three/templates/ns.yaml': namespace('three', false),
  'apps/three.yaml': `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: three, namespace: argocd}
spec:
  source: {repoURL: https://git.example/acme/platform, path: charts/three, targetRevision: HEAD}
  destination: {namespace: shop, server: https://kubernetes.default.svc}
`,
  ...chart,
}
/** By the path of a link what it says. */
const links: Readonly<Record<string, string>> = {
  'envs/prod.yaml': '../shared/values/common.yaml',
  'envs/test.yaml': 'prod.yaml',
  'clusters/one/net': '../../charts/net',
  'clusters/two/base.v1': '../../shared/v1',
  'clusters/two/np.yaml': '../../shared/list.txt',
  'charts/three/templates/_port.tpl': '../../../shared/port.tpl',
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
  return [
    ...new Set(
      relevant.filter(({ code }) => ['symbolic-link', 'not-followed'].includes(code)).map(({ path }) => path),
    ),
  ]
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
    [
      'of a folder whose name has a dot, below a kustomization',
      { 'shared/v1/ns.yaml': namespace('quarry', true) },
      ['clusters/two/kustomization.yaml'],
    ],
    [
      'of a file that is a manifest by the name of its link alone',
      { 'shared/list.txt': policy('api', 'shop', 'web', 8080) },
      ['clusters/two/kustomization.yaml', 'clusters/two/np.yaml'],
    ],
    [
      'of a helper of a chart',
      { 'shared/port.tpl': '{{ define "port" }}8080{{ end }}\n' },
      ['charts/three/templates/_port.tpl'],
    ],
    ['of what holds no manifests', { 'shared/notes.md': 'two\n' }, []],
    ['of nothing that one names', { 'shared/values/other.yaml': 'port: 8080\n' }, []],
  ])('%s', async (_, changed, expected) => {
    expect(await told(changed as Record<string, string>)).toEqual(expected)
  })
})

describe('a baseline that is assumed', () => {
  it('is not there where it is a link', async () => {
    const root = folder({
      ...old,
      'real/baseline.txt': policy('web', 'shop', 'api', 80),
      '.github/ambient-guard.yml': 'clusters: {default: {assume: {manifests: [baseline.yaml]}}}\n',
    })
    symlinkSync('real/baseline.txt', join(root, 'baseline.yaml'))
    const { stdout } = await ambientGuard('check', root)
    expect(stdout).toContain('assumes the manifests of baseline.yaml, which is not there.')
    expect(stdout).toContain('neutral: ')
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

  const application = `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: shop, namespace: argocd}
spec:
  source: {repoURL: https://git.example/acme/platform, path: shop, targetRevision: HEAD}
  destination: {namespace: shop, server: https://kubernetes.default.svc}
`
  const admits = (port: number): string => policy('api', 'shop', 'web', port)

  it.each([
    [
      'an Application, whose path is one of the whole repository, also where the part has one of that name',
      { 'prod/argo.yaml': application, 'prod/shop/np.yaml': admits(15008), 'shop/np.yaml': admits(15008) },
      { 'shop/np.yaml': admits(8080) },
      'Application argocd/shop takes its pieces by paths of the whole',
    ],
    ['a link', { 'lib/np.yaml': admits(15008) }, { 'lib/np.yaml': admits(8080) }, 'is a symbolic link'],
  ])('nor one in which something leads out of it: %s', async (_, more, changed, said) => {
    const root = repository({
      'prod/ns.yaml': namespace('shop', true),
      'prod/api.yaml': deployment('api', 'shop', 8080),
      'prod/web.yaml': deployment('web', 'shop', 80),
      ...more,
    })
    if ('lib/np.yaml' in more) {
      symlinkSync('../lib/np.yaml', join(root, 'prod/np.yaml'))
      commit(root, 'link')
    }
    commit(root, 'change', changed as Record<string, string>)
    const { stdout } = await ambientGuard('check', join(root, 'prod'), '--base', 'HEAD~1')
    expect(stdout).toContain(said)
    expect(stdout).toContain('neutral: 1 problem.')
  })

  it('is not what a folder of elsewhere is, whatever the repository is called in which one asks', async () => {
    const here = repository(old)
    git(here, 'remote', 'add', 'origin', 'https://git.example/acme/other')
    const world = { ...old, ...enrolled, 'argo.yaml': application, 'shop/np.yaml': admits(15008) }
    const { stdout } = await ambientGuard(
      'check',
      here,
      '--base',
      folder(world),
      '--head',
      folder({ ...world, 'shop/np.yaml': admits(8080) }),
    )
    expect(stdout).toContain('hbone-ingress')
  })
})
