// Import direction is checked by a tool (`npm run imports`), and this shows that the tool can say no: each wall is broken
// once, in an empty house of the same rules, and every violation is one that was planted there.
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'

const ROOT = join(import.meta.dirname, '../..')
let house = ''

beforeAll(() => {
  house = mkdtempSync(join(tmpdir(), 'ambient-guard-house-'))
  for (const file of ['.dependency-cruiser.mjs', 'tsconfig.json', 'package.json'])
    cpSync(join(ROOT, file), join(house, file))
  symlinkSync(join(ROOT, 'node_modules'), join(house, 'node_modules'))
})

afterAll(() => {
  rmSync(house, { recursive: true, force: true })
})

const VIOLATIONS: readonly (readonly [rule: string, files: Readonly<Record<string, string>>])[] = [
  [
    'core-yaml-looks-down',
    { 'src/core/yaml/a.ts': "import '../policy/b.ts'\n", 'src/core/policy/b.ts': 'export {}\n' },
  ],
  [
    'core-findings-looks-down',
    { 'src/core/findings/a.ts': "import '../fixes/b.ts'\n", 'src/core/fixes/b.ts': 'export {}\n' },
  ],
  [
    'core-stands-alone',
    {
      'src/core/a.ts': "import type { B } from '../git/b.ts'\nexport type A = B\n",
      'src/git/b.ts': 'export type B = 1\n',
    },
  ],
  ['core-is-pure', { 'src/core/a.ts': "import 'node:fs'\n" }],
  ['one-child-process', { 'src/git/a.ts': "import 'node:child_process'\n" }],
  [
    'words-knows-its-neighbours',
    { 'src/words/a.ts': "import '../github/b.ts'\n", 'src/github/b.ts': 'export {}\n' },
  ],
  [
    'examine-knows-its-neighbours',
    { 'src/examine/a.ts': "import '../cli/b.ts'\n", 'src/cli/b.ts': 'export {}\n' },
  ],
  [
    'renderers-know-no-other',
    {
      'src/manifests/renderers/flux/a.ts': "import '../helm/render.ts'\n",
      'src/manifests/renderers/helm/render.ts': 'export {}\n',
    },
  ],
  [
    'remote-knows-its-neighbours',
    { 'src/remote/a.ts': "import '../cli/b.ts'\n", 'src/cli/b.ts': 'export {}\n' },
  ],
  ['one-user-of-octokit', { 'src/jobs/a.ts': "import 'probot'\n" }],
  ['no-circles', { 'src/git/a.ts': "import './b.ts'\n", 'src/git/b.ts': "import './a.ts'\n" }],
]

it('refuses each planted violation by the name of its rule', { timeout: 60_000 }, () => {
  for (const [index, [, files]] of VIOLATIONS.entries()) {
    for (const [path, text] of Object.entries(files)) {
      const file = join(house, planted(path, index))
      mkdirSync(dirname(file), { recursive: true })
      writeFileSync(file, text.replace(/(\w)\.ts'/, `$1-planted-${String(index)}.ts'`))
    }
  }
  const { status, output } = cruise(house)
  for (const [index, [rule, files]] of VIOLATIONS.entries())
    expect(output).toContain(`${rule}: ${planted(Object.keys(files)[0] ?? '', index)}`)
  const all = [...output.matchAll(/^ *error ([\w-]+: .*)$/gm)].map(([, line]) => line ?? '')
  expect(all.filter((line) => !line.includes('-planted-'))).toEqual([])
  expect(output).toMatch(
    new RegExp(`x ${String(all.length)} dependency violations \\(.*\\)\\. \\d+ modules,`),
  )
  expect(status).not.toBe(0)
})

function planted(path: string, index: number): string {
  return path.replace(/(\w)\.ts$/, `$1-planted-${String(index)}.ts`)
}

function cruise(cwd: string): { readonly status: number | null; readonly output: string } {
  const bin = join(ROOT, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs')
  const done = spawnSync(process.execPath, [bin, '--config', '.dependency-cruiser.mjs', 'src'], {
    cwd,
    encoding: 'utf8',
  })
  return { status: done.status, output: done.stdout + done.stderr }
}
