// What the command line says around its reports: how long its lines are, and what it answers to mistakes.
import { once } from 'node:events'
import { cpSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { stripVTControlCharacters } from 'node:util'
import { describe, expect, it, vi } from 'vitest'
import { broken } from '../../src/cli/output.ts'
import { leftOutText } from '../../src/words/baseline.ts'
import { wrap } from '../../src/words/lines.ts'
import { sourceSentences } from '../../src/words/sources.ts'
import type { Report } from '../../src/examine/report.ts'
import { ambientGuard, ambientGuardWith, folder } from './command.ts'
import { deployment, namespace, policy } from './manifests.ts'

const world = {
  'ns.yaml': namespace('shop', true),
  'api.yaml': deployment('api', 'shop', 8080),
  'web.yaml': deployment('web', 'shop', 8080),
}
const limited = {
  ...world,
  'p/api.yaml': policy('api', 'shop', 'web', 8080),
  'p/web.yaml': policy('web', 'shop', 'api', 8080),
}
const widened = {
  ...limited,
  'p/api.yaml': `${limited['p/api.yaml']}        - port: 15008\n`,
  'none.yaml': namespace('empty', true),
}

describe('lines', () => {
  it('are as long as a terminal is wide, at most 100, and its colours take no room', async () => {
    vi.stubEnv('NO_COLOR', '')
    const root = folder(widened)
    for (const [width, most] of [
      [60, 60],
      [300, 100],
    ] as const) {
      const { stdout } = await ambientGuardWith({ terminal: true, width }, 'check', root, '--explain')
      const lines = stripVTControlCharacters(stdout).split('\n')
      expect(stdout).not.toBe(stripVTControlCharacters(stdout))
      // A diff is no text: its lines are those of the files.
      expect(lines.filter((line) => line.length > most && !/^ {4}[-+@ ]/.test(line))).toEqual([])
      expect(Math.max(...lines.map(({ length }) => length))).toBeGreaterThan(most - 12)
      expect(lines.filter((line) => /^ {4} \S|\s$/.test(line) && !/^ {4}/.test(line))).toEqual([])
    }
    vi.unstubAllEnvs()
  })

  it('hold a whole statement where output is no terminal', async () => {
    const { stdout } = await ambientGuardWith({ width: 60 }, 'check', folder(widened))
    expect(stdout).toMatch(/^ {4}Deployment\/shop\/web is enrolled .* those connections time out\.$/m)
    expect(stdout).toMatch(/^ {4}The namespace empty is enrolled, .*assume\.manifests\.$/m)
    expect(stdout).toMatch(/^failure: .*policies\.$/m)
  })

  it('break at spaces, begin as they should, and keep no space of where they broke', () => {
    expect(wrap('a bb  ccc  dd', 5, '  ')).toEqual(['a bb', '  ccc', '  dd'])
    expect(wrap('a \u001b[1mbb\u001b[22m cc', 4)).toEqual(['a \u001b[1mbb\u001b[22m', 'cc'])
    expect(wrap('one long line', Infinity)).toEqual(['one long line'])
    expect(wrap('', 5)).toEqual([''])
  })
})

describe('what is said beside the data', () => {
  it('is broken at spaces where a terminal would break words, and nowhere else', () => {
    const list = `wrong:\n- ${'word '.repeat(30).trim()}\n  a  table  of  options\n${'x'.repeat(120)}`
    const lines = broken(list, 80).split('\n')
    expect(lines.slice(0, 3)).toEqual([
      'wrong:',
      `- ${'word '.repeat(15).trim()}`,
      `  ${'word '.repeat(15).trim()}`,
    ])
    expect(lines.slice(3)).toEqual(['  a  table  of  options', 'x'.repeat(120)])
  })
})

describe('reach', () => {
  it.each([
    [
      'abc',
      /^ambient-guard: --port abc: no destination has a TCP port of that name\. There is http; or ask for a number\.\n$/,
    ],
    ['0', /--port 0: ports go from 1 to 65535\./],
    ['65536', /--port 65536: ports go from 1 to 65535\./],
    ['-1', /--port -1: it must be a number from 1 to 65535, or the name of a port/],
    ['80.5', /--port 80\.5: it must be a number/],
    ['HTTP', /--port HTTP: it must be a number/],
    ['a--b', /--port a--b: it must be a number/],
    ['a-name-too-long-1', /--port a-name-too-long-1: it must be a number/],
  ])('refuses --port %s with a sentence', async (port, says) => {
    const { code, stdout, stderr } = await ambientGuard('reach', folder(world), `--port=${port}`)
    expect(stderr).toMatch(says)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  })

  it('says where no destination names a port, and answers where one does', async () => {
    const root = folder(world)
    const udp = await ambientGuard('reach', root, '--port', 'http', '--protocol', 'UDP')
    expect(udp.stderr).toContain('no destination has a UDP port of that name. None of them names a port')
    expect(await ambientGuard('reach', root, '--port', 'http')).toMatchObject({ code: 0, stderr: '' })
  })

  it('names the clusters and the option, where there are several', async () => {
    const root = folder({
      '.github/ambient-guard.yml': 'clusters: {prod: {paths: [prod]}, staging: {paths: [staging]}}\n',
      ...Object.fromEntries(Object.entries(world).map(([path, text]) => [`prod/${path}`, text])),
      'staging/ns.yaml': namespace('shop', true),
    })
    const { code, stderr } = await ambientGuard('reach', root)
    expect(code).toBe(2)
    expect(stderr).toBe(
      'ambient-guard: The tree has 2 clusters, and reach answers for one: add --cluster NAME. They are prod and staging.\n',
    )
    expect(await ambientGuard('reach', root, '--cluster', 'prod')).toMatchObject({ code: 0 })
  })
})

describe('a diff of a file with CRLF', () => {
  it('shows lines, and no carriage returns', async () => {
    const files = { ...limited, 'p/api.yaml': limited['p/api.yaml'].replaceAll('\n', '\r\n') }
    const { stdout } = await ambientGuard('check', folder(files))
    expect(stdout).toContain('    +        - port: 15008\n')
    expect(stdout).not.toMatch(/\\u000d|\r/)
    const { stdout: raw } = await ambientGuard('fix', folder(files))
    expect(raw).toContain('+        - port: 15008\r\n')
  })
})

describe('several clusters', () => {
  it('are counted, since they may share names', async () => {
    const both = ['prod', 'staging'].flatMap((name) =>
      Object.entries(world).map(([path, text]) => [`${name}/${path}`, text]),
    )
    const root = folder({
      '.github/ambient-guard.yml': 'clusters: {prod: {paths: [prod]}, staging: {paths: [staging]}}\n',
      ...(Object.fromEntries(both) as Record<string, string>),
    })
    const { stdout } = await ambientGuard('check', root)
    expect(stdout).toContain('Looked at 4 workloads (4 enrolled) in 2 namespaces of 2 clusters, 0 policies.')
  })
})

describe('mistakes', () => {
  it('in the name of a command are answered with the commands', async () => {
    const { code, stdout, stderr } = await ambientGuard('chek')
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(
      /unknown command 'chek'\n\(Did you mean check\?\)\nCommands:\n {2}check {5}say what/,
    )
    const inner = await ambientGuard('config', 'chek')
    expect(inner.stderr).toMatch(/\nCommands:\n {2}validate {2}say what is wrong[^\n]*\n$/)
  })

  it('of the network are not called a refusal', async () => {
    vi.stubEnv('GITHUB_TOKEN', 'ghs_x')
    // Nothing listens on the port of a server that is closed again.
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    server.close()
    const url = `http://127.0.0.1:${String(port)}`
    vi.stubEnv('GITHUB_API_URL', url)
    vi.stubEnv('GITHUB_SERVER_URL', url)
    // It is tried again after one, four and nine seconds; here they pass at once.
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    let ended = false
    const review = ambientGuard('review', '--repo', 'acme/platform', '--pull', '1').finally(
      () => (ended = true),
    )
    while (!ended) {
      await vi.advanceTimersByTimeAsync(500)
      await nextTurn()
    }
    const { code, stderr } = await review
    vi.useRealTimers()
    vi.unstubAllEnvs()
    expect(code).toBe(2)
    expect(stderr).toBe(
      `ambient-guard: GitHub could not be reached at 127.0.0.1:${String(port)} to tell whose token this is: nothing listens there (ECONNREFUSED). Look at the network of this machine, and at GITHUB_API_URL; then run it again.\n`,
    )
  })
})

describe('AMBIENT_GUARD_TOOLS', () => {
  it.each([
    ['/nowhere/at/all', /^ambient-guard: AMBIENT_GUARD_TOOLS: \/nowhere\/at\/all is no folder\. /],
    [import.meta.dirname, /AMBIENT_GUARD_TOOLS: \S+ holds neither kustomize nor kubectl nor helm\. /],
  ])('that cannot be meant is a mistake: %s', async (directory, says) => {
    vi.stubEnv('AMBIENT_GUARD_TOOLS', directory)
    for (const command of ['check', 'reach']) {
      const { code, stdout, stderr } = await ambientGuard(command, folder(world))
      expect(stderr).toMatch(says)
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    }
    // A server is told with everything else that its settings lack.
    const { code, stderr } = await ambientGuard('serve')
    expect(code).toBe(2)
    expect(stderr).toMatch(
      /^- AMBIENT_GUARD_TOOLS (is no folder|holds neither kustomize nor kubectl nor helm): /m,
    )
    expect(stderr).toMatch(/^- APP_ID /m)
    vi.unstubAllEnvs()
  })
})

describe('sources', () => {
  const units = (...kinds: readonly string[]): Pick<Report, 'clusters'> => ({
    clusters: [
      {
        ...{
          name: 'default',
          roots: ['.'],
          cni: 'unknown',
          evidence: '',
          detected: false,
          settles: 'nothing',
        },
        units: kinds.map((kind) => ({ kind, title: '', at: { path: 'x', line: 1 } })),
      },
    ],
  })
  const said = (tools: Report['tools'], ...kinds: readonly string[]): string =>
    sourceSentences({ ...units(...kinds), problems: [], tools } as unknown as Report).join('')
  const helm = { name: 'helm', version: 'v3.1.0', from: 'PATH' }

  it('are not called rendered where the program is missing', () => {
    expect(said([], 'kustomize')).toBe(
      'Found 1 kustomization from the root. No kustomizations were rendered: there is no kustomize or kubectl.',
    )
    expect(said([helm], 'kustomize', 'helm', 'helm')).toBe(
      'Found 1 kustomization, 2 Helm releases from the root, with helm v3.1.0 (PATH). No kustomizations were rendered: there is no kustomize or kubectl.',
    )
    expect(said([helm], 'helm')).toBe('Found 1 Helm release from the root, with helm v3.1.0 (PATH).')
  })
})

describe('fix', () => {
  it('says that no finding has a proved fix', async () => {
    // AdminNetworkPolicies are not edited: what they deny is for whoever wrote them to say.
    const root = folder({})
    for (const side of ['both', 'head'])
      cpSync(`fixtures/cases/admin/hbone-denied/${side}`, root, { recursive: true })
    const { code, stderr } = await ambientGuard('fix', root, '--write')
    expect(code).toBe(1)
    expect(stderr).toContain(
      'Nothing was written: the one finding has no proved fix. ambient-guard check shows it.\n',
    )
    const shown = await ambientGuard('fix', root)
    expect(shown.stdout).toBe('')
    expect(shown.stderr).toContain('\nThe one finding has no proved fix. ambient-guard check shows it.\n')
  })

  it('says that there is nothing to fix', async () => {
    const { code, stderr } = await ambientGuard('fix', folder(world), '--write')
    expect({ code, stderr }).toEqual({ code: 0, stderr: 'Nothing was written: there is nothing to fix.\n' })
  })
})

describe('a problem that is not told', () => {
  const application = (version: string): string =>
    [
      'apiVersion: argoproj.io/v1alpha1',
      'kind: Application',
      'metadata: {name: monitoring, namespace: argocd}',
      'spec:',
      '  destination: {server: https://kubernetes.default.svc, namespace: monitoring}',
      `  source: {repoURL: https://charts.example.org, chart: grafana, targetRevision: ${version}}`,
      '',
    ].join('\n')
  const [base, head] = ['1.0.0', '1.0.1'].map((version) => ({
    ...world,
    'monitoring.yaml': namespace('monitoring', false),
    'app.yaml': application(version),
  }))
  const said = async (...rest: readonly string[]): Promise<string> =>
    (await ambientGuard('check', folder(head ?? {}), '--base', ...rest)).stdout.replace(/\s+/g, ' ')

  it('is counted as what it is: of this change, and without weight', async () => {
    const bumped = await said(folder(base ?? {}))
    expect(bumped).toContain('success: nothing to report. ')
    expect(bumped).toContain(' 1 problem that bears on nothing enrolled: see --format json.')
    expect(bumped).not.toContain('touches nothing')
    const other = await said(folder({ ...head, 'more.yaml': namespace('more', false) }))
    expect(other).toContain(' 0 policies. 1 problem outside the change: see --format json.')
  })
})

describe('counts', () => {
  it('agree with what is counted', async () => {
    const none = { owned: [], irrelevant: [], nameless: [] }
    expect(leftOutText({ ...none, irrelevant: [{ kind: 'Secret', count: 1 }] })).toBe(
      'Left out: 1 Secret that says nothing about who reaches whom.',
    )
    const many = ['Secret', 'Ingress', 'NetworkPolicy', 'Gateway', 'Endpoints'].map((kind) => ({
      kind,
      count: 2,
    }))
    expect(leftOutText({ ...none, irrelevant: many })).toBe(
      'Left out: 2 Secrets, 2 Ingresses, 2 NetworkPolicies, 2 Gateways, 2 Endpoints that say nothing about who reaches whom.',
    )
    const root = folder(world)
    expect((await ambientGuard('check', root, '--enroll', 'a')).stderr).toContain(
      'belongs to that namespace.',
    )
    expect((await ambientGuard('check', root, '--enroll', 'a,b')).stderr).toContain(
      'belongs to those namespaces.',
    )
  })
})
