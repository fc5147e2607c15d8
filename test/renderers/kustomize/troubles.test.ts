import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { kitchenOf, tool, toolbox } from '../tree.ts'
import type { Files } from '../tree.ts'
import { at, build, namesOf, only } from './build.ts'

const there = await tool('kustomize')

const policy = (name: string): string =>
  `apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: ${name}, namespace: shop}\nspec: {podSelector: {}}\n`
const app = (text: string, more: Files = {}): Files => ({
  'app/kustomization.yaml': text,
  'app/policy.yaml': policy('web'),
  ...more,
})

describe.skipIf(there === null)('what is not to be had', () => {
  it('is left out, and the rest is rendered', async () => {
    const rendering = await build(
      app(
        'resources:\n  - gone.yaml\n  - policy.yaml\n  - ../../etc\n  - github.com/org/repo//base?ref=v1\n',
      ),
      'app',
      { namespace: 'fallback' },
    )
    expect(namesOf(rendering)).toEqual(['NetworkPolicy/web'])
    const told = rendering.problems.map(({ code, class: kind, line }) => `${code} ${kind} ${String(line)}`)
    expect(told).toEqual([
      'kustomization-incomplete unreadable 2',
      'outside-tree unreadable 4',
      'remote-base unseen 5',
    ])
    const remote = rendering.problems.at(-1)
    expect(remote?.message).toBe(
      'The kustomization in app builds on github.com/org/repo//base?ref=v1, which is not in this repository: its host is not allowed.',
    )
    expect(remote?.remedy).toBe('Vendor it.')
    // Nobody sets a namespace: what is missing would be in that of the unit.
    expect(remote?.hides).toEqual({ namespaces: ['fallback'], under: ['app'] })
    // Only what is in this tree decides.
    expect(rendering.inputs).toContain('app/gone.yaml')
  })

  it('hides every namespace that came out where it would have changed what is in them', async () => {
    const files = app('resources: [policy.yaml]\ncomponents:\n  - https://example.com/component\n')
    const { problems } = await build(files, 'app')
    expect(problems).toMatchObject([{ code: 'remote-base', line: 3, hides: { namespaces: ['shop'] } }])
    const patched = app('resources: [policy.yaml]\npatches:\n  - path: https://example.com/patch.yaml\n')
    const rendering = await build(patched, 'app')
    expect(namesOf(rendering)).toEqual(['NetworkPolicy/web'])
    expect(rendering.problems).toMatchObject([{ code: 'remote-base', hides: { namespaces: ['shop'] } }])
  })

  it('is the only thing said where the build fails without it', async () => {
    const target = 'target: {kind: NetworkPolicy, name: web}\n    patch: "- {op: remove, path: /spec/egress}"'
    const files = app(`resources:\n  - gone.yaml\n  - policy.yaml\npatches:\n  - ${target}\n`)
    const rendering = await build(files, 'app')
    expect(rendering.manifests).toEqual([])
    // All of it is hidden now: the namespace is read off the files.
    expect(rendering.problems).toMatchObject([
      { code: 'kustomization-incomplete', hides: { namespaces: ['shop'], under: ['app'] } },
    ])
  })

  it('ends the build where it is a patch of this tree', async () => {
    const before = toolbox.runs()
    const rendering = await build(app('resources: [policy.yaml]\npatches:\n  - path: gone.yaml\n'), 'app')
    expect(rendering.manifests).toEqual([])
    expect(rendering.problems).toMatchObject([
      { code: 'kustomization-incomplete', line: 3, hides: { namespaces: ['shop'], under: ['app'] } },
    ])
    expect(toolbox.runs()).toBe(before)
  })

  it('is told at the line of this tree that names a remote base', async () => {
    const files = app('resources:\n  - policy.yaml\n  - https://example.com/base\n')
    const kitchen = kitchenOf(files, {
      remote: {
        chart: () => Promise.reject(new Error('nobody names one')),
        resource: (url) =>
          Promise.resolve(
            url === 'https://example.com/base'
              ? {
                  ok: true as const,
                  entry: '.',
                  id: '1',
                  files: new Map([
                    ['kustomization.yaml', Buffer.from('resources: [gone.yaml, https://example.org/x]\n')],
                    ['../../../etc/passwd', Buffer.from('root')],
                  ]),
                }
              : { ok: false as const, reason: 'example.org is not allowed', remedy: 'Allow it.' },
          ),
      },
    })
    const rendering = await build(files, 'app', {}, kitchen)
    expect(namesOf(rendering)).toEqual(['NetworkPolicy/web'])
    expect(rendering.problems).toMatchObject([
      {
        path: 'app/kustomization.yaml',
        line: 3,
        code: 'kustomization-incomplete',
        hides: { under: ['app'] },
      },
      { path: 'app/kustomization.yaml', line: 3, code: 'remote-base', hides: { under: ['app'] } },
    ])
  })

  it('is not asked for again and again where remote bases lead on without end', async () => {
    const files = app('resources: [policy.yaml, https://example.com/0]\n')
    let asked = 0
    const kitchen = kitchenOf(files, {
      remote: {
        chart: () => Promise.reject(new Error('nobody names one')),
        resource: () => {
          asked += 1
          const text = Buffer.from(`resources: [https://example.com/${String(asked)}]\n`)
          return Promise.resolve({
            ok: true,
            entry: '.',
            id: '1',
            files: new Map([['kustomization.yaml', text]]),
          })
        },
      },
    })
    const rendering = await build(files, 'app', {}, kitchen)
    expect(asked).toBeLessThan(20)
    expect(rendering.problems).toMatchObject([{ code: 'remote-base', line: 1 }])
  })
})

describe.skipIf(there === null)('a build that fails', () => {
  it('names the document that is no YAML, at its own place, and no file that it does not stumble over', async () => {
    const bad = `${policy('x')}---\nkind: ConfigMap\ndata: {a: [\n`
    const files = app('resources: [../base]\nconfigMapGenerator: [{name: c, files: [a-template.yaml]}]\n', {
      'app/a-template.yaml': 'a: {{ b',
      'base/kustomization.yaml': 'resources: [good.yaml, bad.yaml]\n',
      'base/good.yaml': policy('good'),
      'base/bad.yaml': bad,
    })
    const { manifests, problems } = await build(files, 'app')
    expect(manifests).toEqual([])
    expect(problems).toMatchObject([
      {
        path: 'base/bad.yaml',
        line: bad.split('\n').length,
        code: 'unreadable-yaml',
        class: 'unreadable',
        hides: { under: ['app', 'base'] },
      },
    ])
    expect(problems[0]?.message).toMatch(
      /^A document of base\/bad\.yaml is not readable YAML \(.*\), and the kustomizations that take it in do not build\.$/,
    )
  })

  it.each([
    ['an unknown field', app('resources: [policy.yaml]\nnonsense: 1\n'), 'unknown field "nonsense"'],
    [
      'a file beside the folder',
      app('resources: [../policy.yaml]\n', { 'policy.yaml': policy('x') }),
      'security',
    ],
    [
      'a circle',
      { ...app('resources: [policy.yaml, ../other]\n'), 'other/kustomization.yaml': 'resources: [../app]\n' },
      'cycle',
    ],
  ])("says why in kustomize's words: %s", async (_, files, words) => {
    const { manifests, problems } = await build(files, 'app')
    expect(manifests).toEqual([])
    expect(problems).toMatchObject([
      { path: 'app/kustomization.yaml', line: 1, code: 'kustomization-failed', class: 'unreadable' },
    ])
    const [problem] = problems
    expect(problem?.message).toContain(words)
    expect(problem?.message).toMatch(/^The kustomization in app does not build: /)
    expect(problem?.message.length).toBeLessThan(360)
    expect(problem?.hides.namespaces).toContain('shop')
    expect(problem?.hides.under).toContain('app')
  })

  it('runs no plug-in', async () => {
    const exec = `apiVersion: v1
kind: Plugin
metadata:
  name: mine
  annotations:
    config.kubernetes.io/function: |
      exec: {path: ./run.sh}
`
    const files = app('resources: [policy.yaml]\ntransformers: [exec.yaml]\n', {
      'app/exec.yaml': exec,
      'app/run.sh': '#!/bin/sh\nexit 0\n',
    })
    const { manifests, problems } = await build(files, 'app')
    // What it would have made of the policy is not what stands in the tree.
    expect(manifests).toEqual([])
    expect(problems).toMatchObject([
      { code: 'plugin-not-supported', class: 'unseen', path: 'app/kustomization.yaml', line: 2 },
    ])
    expect(problems[0]).not.toHaveProperty('moot')
    // One that makes objects changes no others.
    const making = app('resources: [policy.yaml]\ngenerators: [exec.yaml]\n', { 'app/exec.yaml': exec })
    expect(await build(making, 'app')).toMatchObject({
      manifests: [{ kind: 'NetworkPolicy' }],
      problems: [{ code: 'plugin-not-supported', class: 'unseen' }],
    })
    // Behind a kustomization of its own it is not found before the build.
    const behind = app('resources: [policy.yaml]\ntransformers: [../programs]\n', {
      'programs/kustomization.yaml': 'resources: [exec.yaml]\n',
      'programs/exec.yaml': exec,
    })
    expect(await build(behind, 'app')).toMatchObject({
      manifests: [],
      problems: [{ code: 'plugin-not-supported', class: 'unseen' }],
    })
  })

  it.each([
    ['kind: Secret\nmetadata: {name: s}\nstringData:\n  a: ENC[x]\nsops: {}\n', '', true],
    ['kind: NetworkPolicy\nmetadata: {name: s}\nsops: {}\n', '', false],
    // What kustomize would make by itself is left out with the rest of the file.
    [
      'kind: Secret\nmetadata: {name: s}\nsops: {}\n',
      '---\napiVersion: builtin\nkind: ConfigMapGenerator\nmetadata: {name: c}\n',
      false,
    ],
  ])(
    'does without what decrypts Secrets, and tells of what may make more: %s%s',
    async (encrypted, beside, moot) => {
      const ksops = `apiVersion: viaduct.ai/v1\nkind: ksops\nmetadata: {name: s}\nfiles: [s.enc.yaml]\n${beside}`
      const files = app('resources: [policy.yaml]\ngenerators: [gen.yaml]\n', {
        'app/gen.yaml': ksops,
        'app/s.enc.yaml': `apiVersion: v1\n${encrypted}`,
      })
      const { manifests, problems } = await build(files, 'app')
      expect(manifests.map(({ kind }) => kind)).toEqual(['NetworkPolicy'])
      expect(problems.map(({ code, moot: isMoot = false }) => [code, isMoot])).toEqual([
        ['plugin-not-supported', moot],
      ])
    },
  )
})

it.skipIf(there === null)('aliases that multiply never reach kustomize', async () => {
  const bomb = ['a: &a [x, x, x, x, x, x, x, x, x, x]']
  for (const [one, next] of ['ab', 'bc', 'cd', 'de', 'ef', 'fg', 'gh'].map((pair) => [...pair]))
    bomb.push(`${next}: &${next} [${Array.from({ length: 10 }, () => `*${one}`).join(', ')}]`)
  const runs = toolbox.runs()
  const files = app('resources: [policy.yaml, bomb.yaml]\n', {
    'app/bomb.yaml': `kind: ConfigMap\n${bomb.join('\n')}\n`,
  })
  const rendering = await build(files, 'app')
  expect(rendering.manifests).toEqual([])
  expect(rendering.problems).toMatchObject([
    { path: 'app/bomb.yaml', line: 7, class: 'unreadable', hides: { namespaces: ['shop'], under: ['app'] } },
  ])
  expect(rendering.problems[0]?.message).toContain('aliases add more than 400000 nodes')
  expect(toolbox.runs()).toBe(runs)
})

describe.skipIf(there === null)('files outside of the folder', () => {
  const beside = app('resources:\n  - policy.yaml\n  - ../shared.yaml\n', { 'shared.yaml': policy('shared') })

  it('are refused as kustomize refuses them', async () => {
    const { manifests, problems } = await build(beside, 'app')
    expect(manifests).toEqual([])
    expect(problems).toMatchObject([{ code: 'kustomization-failed', class: 'unreadable' }])
  })

  it('are read where the controller lets them', async () => {
    const rendering = await build(beside, 'app', { reachesOut: true })
    expect(namesOf(rendering)).toEqual(['NetworkPolicy/shared', 'NetworkPolicy/web'])
    expect(rendering.problems).toEqual([])
    expect(rendering.manifests.map(({ origin }) => origin.file.path)).toEqual([
      'shared.yaml',
      'app/policy.yaml',
    ])
  })

  describe('of the machine', () => {
    const folder = mkdtempSync(join(tmpdir(), 'ambient-guard-test-'))
    const secret = join(folder, 'secret')
    writeFileSync(secret, 'the key of this machine')
    afterAll(() => {
      rmSync(folder, { recursive: true })
    })
    const generator = `apiVersion: builtin\nkind: ConfigMapGenerator\nmetadata: {name: taken, namespace: shop}\nfiles: [key=${secret}]\n`
    const patched = `apiVersion: builtin\nkind: ConfigMapGenerator\nmetadata: {name: taken}\nfiles: [policy.yaml]\n`

    it.each<[string, Files]>([
      ['named in a generator', app(`configMapGenerator:\n  - name: taken\n    files: [${secret}]\n`)],
      [
        'named in a field that nobody knows',
        app(`resources: [policy.yaml]\nelsewhere:\n  - ${secret}\nconfigMapGenerator: []\n`),
      ],
      ['in a configuration', app('generators: [gen.yaml]\n', { 'app/gen.yaml': generator })],
      [
        'in a configuration that stands in the kustomization',
        app(`generators:\n  - |-\n    ${generator.trimEnd().replaceAll('\n', '\n    ')}\n`),
      ],
      [
        'in a patch of a configuration',
        app('generators: [gen]\n', {
          'app/gen/kustomization.yaml': `resources: [gen.yaml]\npatches:\n  - patch: |-\n      apiVersion: builtin\n      kind: ConfigMapGenerator\n      metadata: {name: taken}\n      files: [${secret}]\n`,
          'app/gen/gen.yaml': patched,
        }),
      ],
      ['by way of the folders above', app(`resources: [policy.yaml, ../../../../../..${secret}]\n`)],
    ])('are not, %s', async (_, files) => {
      const { manifests } = await build(files, 'app', { reachesOut: true })
      expect(JSON.stringify(manifests)).not.toContain('the key of this machine')
    })
  })
})

describe.skipIf(there === null)('the cache', () => {
  const overlay = (type: string): Files =>
    app('resources: [policy.yaml]\npatches: [{path: patch.yaml}]\n', {
      'app/patch.yaml': `apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: web, namespace: shop}\nspec: {policyTypes: [${type}]}\n`,
      'app/beside.yaml': '',
    })

  it('spares the second run, and notices another patch', async () => {
    const texts = new Map<string, string>()
    const typesOf = async (files: Files): Promise<unknown> =>
      at(only(await build(files, 'app', {}, kitchenOf(files, { texts })), 'NetworkPolicy').object, [
        'spec',
        'policyTypes',
      ])
    const runs = toolbox.runs()
    expect(await typesOf(overlay('Ingress'))).toEqual(['Ingress'])
    expect(toolbox.runs()).toBe(runs + 1)
    expect(await typesOf({ ...overlay('Ingress'), 'app/beside.yaml': 'changed' })).toEqual(['Ingress'])
    expect(toolbox.runs()).toBe(runs + 1)
    expect(await typesOf(overlay('Egress'))).toEqual(['Egress'])
    expect(toolbox.runs()).toBe(runs + 2)
  })

  it('tells apart what controllers add, and replaces variables anew', async () => {
    const files = app('resources: [policy.yaml]\nnamespace: ${where}\n')
    const kitchen = kitchenOf(files)
    const namespace = async (unit: Parameters<typeof build>[2]): Promise<unknown> =>
      at(only(await build(files, 'app', unit, kitchen), 'NetworkPolicy').object, ['metadata', 'namespace'])
    const where = (value: string): Parameters<typeof build>[2] => ({
      substitutions: new Map([['where', value]]),
    })
    const runs = toolbox.runs()
    expect(await namespace(where('eu'))).toBe('eu')
    expect(await namespace(where('us'))).toBe('us')
    expect(toolbox.runs()).toBe(runs + 1)
    expect(await namespace({ additions: { namespace: 'own' } })).toBe('own')
    expect(toolbox.runs()).toBe(runs + 2)
  })

  it('gives the same values again in one process, and new ones for another host', async () => {
    const files = overlay('Ingress')
    const kitchen = kitchenOf(files)
    const first = await build(files, 'app', {}, kitchen)
    expect(await build(files, 'app', {}, kitchen)).toBe(first)
    const host = { kind: 'folder', folder: 'x', file: null, names: new Set<string>() } as const
    const other = await build(files, 'app', { host }, kitchen)
    expect(other.manifests[0]?.origin.making?.host).toEqual(host)
  })

  it('forgets what another version of kustomize made', async () => {
    const files = overlay('Ingress')
    const texts = new Map<string, string>()
    await build(files, 'app', {}, kitchenOf(files, { texts }))
    const tools = {
      ...toolbox,
      kustomize: async () => {
        const found = await toolbox.kustomize()
        return found === null ? null : { ...found, version: 'v0.0.0' }
      },
    }
    await build(files, 'app', {}, kitchenOf(files, { texts, tools }))
    expect(texts.size).toBe(2)
  })
})
