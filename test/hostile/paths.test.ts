// Files whose names would be more than names: on a disk and in git, through the whole command line.
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { describe, expect, it } from 'vitest'
import { isUnreadable, nulTexts, pathText } from '../../src/git/path-text.ts'
import { ALLOW_WEB, APP, ENROLLED } from '../app/manifests.ts'
import { ambientGuard } from '../cli/command.ts'
import { git, repository, sandbox } from '../git/sandbox.ts'
import { strangersIn } from './strangers.ts'

const home = sandbox()
/** Bytes of paths, a character each. */
const NAMES = [
  'line\nbreak.yaml',
  'tab\tand\rreturn.yaml',
  '\u001b[31mred\u001b[0m.yaml',
  '\u00c2\u009b2J.yaml',
  '"double" \'single\'.yaml',
  'back\\slash\\n.yaml',
  Buffer.from('\u202egpj.yaml').toString('latin1'),
  Buffer.from('zero\u200bwidth\ufeff.yaml').toString('latin1'),
  '--write.yaml',
  '-.yaml',
  ' /space before.yaml',
  'space behind /x.yaml',
  ':(top)*.yaml',
  '$(touch pwned) `id`.yaml',
  '<!-- ambient-guard f-0123456789 -->.yaml',
  '\n::error::pwned/x.yaml',
]
const SPOILING = /(?![\n\t])[\p{Cc}\u202a-\u202e\u2066-\u2069]/u
const text = (latin1: string): string => Buffer.from(latin1, 'latin1').toString('utf8')

/** A shop in each file, in a namespace of its own: an error in each. */
function shop(index: number): string {
  const name = `shop-${String(index)}`
  return [ENROLLED.replace('name: shop', `name: ${name}`), APP, ALLOW_WEB]
    .join('---\n')
    .replaceAll('namespace: shop', `namespace: ${name}`)
}

function write(top: string, latin1: string, content: string): void {
  const path = Buffer.from(`${top}/${latin1}`, 'latin1')
  mkdirSync(Buffer.from(dirname(path.toString('latin1')), 'latin1'), { recursive: true })
  writeFileSync(path, content)
}

interface Report {
  readonly conclusion: string
  readonly findings: readonly {
    readonly rule: string
    readonly workload: string
    readonly policies: readonly { readonly path: string }[]
    readonly fix: { readonly files: readonly { readonly path: string }[] } | null
  }[]
  readonly problems: readonly { readonly path: string; readonly code: string; readonly message: string }[]
}

const HOW = [
  ['a disk', (top: string) => [top, '--base', 'none']],
  ['revisions', (top: string) => [top, '--base', 'HEAD~1', '--head', 'HEAD']],
] as const

describe.each(HOW)('names as they are on %s', (how, argv) => {
  it(
    'every finding and fix is at its own file, and nothing shown is obeyed',
    { timeout: 120_000 },
    async () => {
      const top = repository(home, `names ${how}`)
      git(top, 'commit', '-qm', 'nothing', '--allow-empty')
      for (const [index, name] of NAMES.entries()) write(top, name, shop(index))
      git(top, 'add', '-A')
      git(top, 'commit', '-qm', 'shops')

      const run = (format: string) => ambientGuard('check', ...argv(top), '--format', format)
      const { code, stdout, stderr } = await run('json')
      expect([code, stderr]).toEqual([1, ''])
      expect(stdout).not.toMatch(SPOILING)
      const { findings, problems } = JSON.parse(stdout) as Report
      const found = findings.filter(({ rule }) => rule === 'hbone-ingress')
      expect(problems).toEqual([])
      const places = found.map(({ workload, policies, fix }) => [
        workload.split('/')[1],
        policies.map(({ path }) => path),
        fix?.files.map(({ path }) => path),
      ])
      const expected = NAMES.map((name, index) => [`shop-${String(index)}`, [text(name)], [text(name)]])
      expect(places.sort()).toEqual(expected.sort())

      for (const format of ['text', 'sarif'])
        expect([format, SPOILING.exec((await run(format)).stdout)]).toEqual([format, null])
      const markdown = (await run('markdown')).stdout
      expect(strangersIn(markdown)).toEqual([])
    },
  )

  it('a name that is no UTF-8 is told, and no two are one', { timeout: 120_000 }, async () => {
    const top = repository(home, `bytes ${how}`)
    git(top, 'commit', '-qm', 'nothing', '--allow-empty')
    const names = [
      'caf\u00e9.yaml',
      'caf\u00e8.yaml',
      'caf\u00e9/x.yaml',
      'plain.yaml',
      'fold\u00ff/er/kustomization.yaml',
    ]
    for (const [index, name] of names.entries()) write(top, name, shop(index))
    git(top, 'add', '-A')
    git(top, 'commit', '-qm', 'shops')
    const { code, stdout, stderr } = await ambientGuard('check', ...argv(top), '--format', 'json')
    expect([code, stderr]).toEqual([1, ''])
    const { findings, problems } = JSON.parse(stdout) as Report
    expect(new Set(findings.flatMap(({ policies }) => policies.map(({ path }) => path)))).toEqual(
      new Set(['plain.yaml']),
    )
    expect(problems.map(({ path, code: which }) => [path, which])).toEqual(
      ['caf\ufffde8.yaml', 'caf\ufffde9.yaml', 'caf\ufffde9/x.yaml', 'fold\ufffdff/er/kustomization.yaml']
        .sort()
        .map((path) => [path, 'name-not-utf8']),
    )
  })
})

it(
  'a folder that is no repository says the same of a name that is no UTF-8',
  { timeout: 60_000 },
  async () => {
    const top = `${home}/no repository`
    for (const name of ['caf\u00e9.yaml', 'caf\u00e9/x.yaml']) write(top, name, shop(0))
    const { code, stdout } = await ambientGuard('check', top, '--base', 'none', '--format', 'json')
    const { conclusion, problems } = JSON.parse(stdout) as Report
    expect([code, conclusion]).toEqual([0, 'neutral'])
    expect(problems.map(({ path, code: which }) => [path, which])).toEqual([
      ['caf\ufffde9', 'name-not-utf8'],
      ['caf\ufffde9.yaml', 'name-not-utf8'],
    ])
  },
)

it('paths of git become texts, each one of its own', () => {
  const path = (latin1: string): string => pathText(Buffer.from(latin1, 'latin1'))
  expect(path('caf\u00c3\u00a9')).toBe('café')
  expect(path('\u00f0\u009f\u0099\u0082 caf\u00e9')).toBe('🙂 caf\ufffde9')
  expect(path('\u00e2\u0082')).toBe('\ufffde2\ufffd82')
  expect(nulTexts(Buffer.from('a\0caf\u00e9\0\0b\0', 'latin1'))).toEqual(['a', 'caf\ufffde9', 'b'])
  expect(nulTexts(Buffer.from('a\0b'))).toEqual(['a', 'b'])
  expect([isUnreadable('café'), isUnreadable(path('caf\u00e9'))]).toEqual([false, true])
})
