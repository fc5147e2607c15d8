// What the command line says around its reports: how long its lines are, and what it answers to mistakes.
import { cpSync } from 'node:fs'
import { stripVTControlCharacters } from 'node:util'
import { describe, expect, it, vi } from 'vitest'
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

describe('AMBIENT_GUARD_TOOLS', () => {
  it.each([
    ['/nowhere/at/all', /^ambient-guard: AMBIENT_GUARD_TOOLS: \/nowhere\/at\/all is no folder\. /],
    [import.meta.dirname, /AMBIENT_GUARD_TOOLS: \S+ holds neither kustomize nor kubectl nor helm\. /],
  ])('that cannot be meant is a mistake: %s', async (directory, says) => {
    vi.stubEnv('AMBIENT_GUARD_TOOLS', directory)
    for (const command of ['check', 'reach', 'serve']) {
      const { code, stdout, stderr } = await ambientGuard(
        command,
        ...(command === 'serve' ? [] : [folder(world)]),
      )
      expect(stderr).toMatch(says)
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    }
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
    sourceSentences({ ...units(...kinds), tools } as Report).join('')
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
