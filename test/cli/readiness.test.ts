// `check --enroll` as a person uses it: which namespaces could be enrolled today, which could not, and why.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Report } from '../../src/examine/report.ts'
import { readinessCommand } from '../../src/words/readiness.ts'
import { ambientGuard, folder } from './command.ts'
import { deployment, namespace, policy } from './manifests.ts'

const tree = {
  'open.yaml': [namespace('open', false), deployment('web', 'open', 80)].join('---\n'),
  'shut.yaml': [
    namespace('shut', false),
    deployment('api', 'shut', 80),
    policy('api', 'shut', 'api', 80),
  ].join('---\n'),
  'bare-1.yaml': namespace('bare-1', false),
  'bare-2.yaml': namespace('bare-2', false),
}

interface Answered {
  readonly conclusion: string
  readonly findings: readonly { readonly fingerprint: string }[]
  readonly readiness?: readonly unknown[]
}

describe('check --enroll', () => {
  it('counts first, then says which namespaces are ready, and what the others wait for', async () => {
    const { code, stdout } = await ambientGuard('check', folder(tree), '--enroll', 'all')
    expect(code).toBe(1)
    const report = stdout.slice(stdout.indexOf('1 of 4'))
    expect(report).toMatch(
      /^1 of 4 namespaces is ready for Ambient, 1 more with the proved fixes, 2 cannot be judged\.\nJudged together/,
    )
    expect(report).toMatch(/\nready 1\n {4}open \(1 workload\)\n/)
    expect(report).toMatch(
      /\nready with the proved fixes 1\n {4}shut\n {8}hbone-ingress f-[0-9a-f]{10}: shut\.yaml\n/,
    )
    expect(report).toMatch(
      /\ncannot be judged 2\n {4}workloads-not-in-tree: bare-1, bare-2\n {8}bare-1\.yaml:/,
    )
    expect(report).toMatch(/\nThe fixes, as one diff:\n {4}ambient-guard fix \/\S+ --enroll all\n/)
    expect(report).toMatch(/\nfailure: 1 error, 2 problems\. [^\n]*\n$/)
  })

  it('tells what hides a namespace once, with the namespace', async () => {
    const { stdout } = await ambientGuard('check', folder(tree), '--enroll', 'all')
    expect(stdout.match(/The namespace bare-1 is enrolled/g)).toHaveLength(1)
  })

  it('adds the verdicts to the JSON, with the fingerprints behind them', async () => {
    const root = folder(tree)
    const { stdout } = await ambientGuard('check', root, '--enroll', 'all', '--format', 'json')
    const { findings, readiness } = JSON.parse(stdout) as Answered
    const [first] = findings
    const clusters = ['default']
    expect(readiness).toEqual([
      { namespace: 'bare-1', verdict: 'unknown', findings: [], problems: 1, clusters },
      { namespace: 'bare-2', verdict: 'unknown', findings: [], problems: 1, clusters },
      { namespace: 'open', verdict: 'ready', findings: [], problems: 0, clusters },
      {
        namespace: 'shut',
        verdict: 'ready-after-fixes',
        findings: [first?.fingerprint],
        problems: 0,
        clusters,
      },
    ])
    const plain = await ambientGuard('check', root, '--format', 'json')
    expect(JSON.parse(plain.stdout)).not.toHaveProperty('readiness')
  })

  it('speaks of the named namespaces alone', async () => {
    const { code, stdout } = await ambientGuard('check', folder(tree), '--enroll', 'open')
    expect(code).toBe(0)
    expect(stdout).toMatch(
      /^1 of 1 namespace is ready for Ambient\.\n\nready 1\n {4}open \(1 workload\)\n\nsuccess/,
    )
  })

  it('takes the fixes that it names: with them, every namespace that could be judged is ready', async () => {
    const root = folder(tree)
    expect((await ambientGuard('fix', root, '--enroll', 'all', '--write')).code).toBe(0)
    const { stdout } = await ambientGuard('check', root, '--enroll', 'all')
    expect(stdout).toMatch(/2 of 4 namespaces are ready for Ambient, 2 cannot be judged\./)
    expect(readFileSync(join(root, 'shut.yaml'), 'utf8')).toContain('15008')
  })

  it('puts a table into Markdown, in which no name can end a cell', async () => {
    const odd = { ...tree, 'a|b/shut.yaml': tree['shut.yaml'], 'shut.yaml': '' }
    const root = folder(odd)
    const { stdout } = await ambientGuard('check', root, '--enroll', 'all', '--format', 'markdown')
    expect(stdout).toContain('**1 of 4 namespaces is ready for Ambient, 1 more with the proved fixes, ')
    expect(stdout).toMatch(
      /^\| `shut` +\| ready with the proved fixes \| hbone-ingress `f-[0-9a-f]{10}`; fixes in `a\\\|b\/shut\.yaml` \|$/m,
    )
    expect(stdout).toMatch(/^\| `bare-1` \| cannot be judged \| The namespace bare-1 is enrolled/m)
    expect(stdout).toContain('\nReady: open (1 workload).\n')
  })

  it('takes the word all for every namespace, and with a comma for one that is called so', async () => {
    const root = folder({ ...tree, 'all.yaml': namespace('all', false) })
    const names = async (words: string): Promise<readonly unknown[]> => {
      const { stdout } = await ambientGuard('check', root, '--enroll', words, '--format', 'json')
      const { readiness = [] } = JSON.parse(stdout) as Answered
      return readiness.map((one) => (one as { readonly namespace: string }).namespace)
    }
    expect(await names('all')).toEqual(['all', 'bare-1', 'bare-2', 'open', 'shut'])
    expect(await names('all,')).toEqual(['all'])
    const missing = await ambientGuard('check', folder(tree), '--enroll', 'all,')
    expect(missing.code).toBe(2)
    expect(missing.stderr).toContain('--enroll all: nothing in the tree belongs to that namespace.')
  })

  it('speaks of the clusters in which the label is not there yet', async () => {
    const enrolled = tree['shut.yaml'].replace(namespace('shut', false), namespace('shut', true))
    expect(enrolled).not.toBe(tree['shut.yaml'])
    const root = folder({
      'a/shut.yaml': enrolled,
      'b/shut.yaml': tree['shut.yaml'],
      '.github/ambient-guard.yml': 'clusters: {a: {paths: [a]}, b: {paths: [b]}}\n',
    })
    const { stdout } = await ambientGuard('check', root, '--enroll', 'all', '--format', 'json')
    expect((JSON.parse(stdout) as Answered).readiness).toMatchObject([
      { namespace: 'shut', verdict: 'ready-after-fixes', clusters: ['b'] },
    ])
  })

  it('asks about a namespace only in the cluster that has it', async () => {
    const root = folder({
      'a/open.yaml': tree['open.yaml'],
      'b/web.yaml': [namespace('web', false), deployment('web', 'web', 80)].join('---\n'),
      '.github/ambient-guard.yml': 'clusters: {a: {paths: [a]}, b: {paths: [b]}}\n',
    })
    const { stdout } = await ambientGuard('check', root, '--enroll', 'open,web', '--format', 'json')
    expect(JSON.parse(stdout)).toMatchObject({
      conclusion: 'success',
      problems: [],
      readiness: [
        { namespace: 'open', verdict: 'ready' },
        { namespace: 'web', verdict: 'ready' },
      ],
    })
  })

  it('names the clusters, where there are several', async () => {
    const shut = (name: string): string => tree['shut.yaml'].replaceAll('shut', name)
    const root = folder({
      '.github/ambient-guard.yml': 'clusters: {prod: {paths: [prod]}, staging: {paths: [staging]}}\n',
      'prod/all.yaml': [tree['open.yaml'], shut('shut')].join('---\n'),
      'prod/bare.yaml': tree['bare-1.yaml'],
      'staging/all.yaml': [tree['open.yaml'], shut('shut'), shut('closed')].join('---\n'),
    })
    const { stdout } = await ambientGuard('check', root, '--enroll', 'all')
    expect(stdout).toMatch(/\nready 1\n {4}open in prod and staging \(2 workloads\)\n/)
    expect(stdout).toMatch(/\n {4}closed in staging\n {8}hbone-ingress f-[0-9a-f]{10}: staging\/all\.yaml\n/)
    expect(stdout).toMatch(
      /\n {4}shut in prod and staging\n {8}hbone-ingress f-[0-9a-f]{10} in prod: prod\/all\.yaml\n {8}hbone-ingress f-[0-9a-f]{10} in staging: /,
    )
    expect(stdout).toContain('\n    workloads-not-in-tree: bare-1 in prod\n')
    const { stdout: markdown } = await ambientGuard('check', root, '--enroll', 'all', '--format', 'markdown')
    expect(markdown).toMatch(
      /^\| `shut` in prod and staging \| [^|]*\| hbone-ingress `f-[0-9a-f]{10}` in prod; hbone-ingress `f-/m,
    )
    expect(markdown).toContain('\nReady: open in prod and staging (2 workloads).\n')
  })

  it('ends with the command that was asked, as fix takes it and a shell reads it', () => {
    const command = (...argv: readonly string[]): string => readinessCommand({ fix: {} } as Report, argv)
    expect(command('check', '/a b', '--enroll', "x,it's", '--format', 'markdown', '--explain')).toBe(
      "ambient-guard fix '/a b' --enroll 'x,it'\\''s'",
    )
    expect(command('check', '--format=text', '--color', 'never', '--cni=aws', '--enroll=all,', '.')).toBe(
      'ambient-guard fix --cni=aws --enroll=all, .',
    )
    expect(readinessCommand({ fix: null } as Report, ['check'])).toBe('')
  })
})
