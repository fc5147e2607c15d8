// Files that are small to send and large to read, or just large: each ends as a problem with its place, within a memory
// that a runner has, and what stands beside them is judged. Made here and never stored.
import { spawnSync } from 'node:child_process'
import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { ALLOW_WEB, APP, ENROLLED } from '../app/manifests.ts'

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
const HEAD =
  'apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: bomb, namespace: shop}\n'

function laughs(): string {
  const levels = Array.from(
    { length: 9 },
    (_, level) =>
      `a${String(level + 1)}: &a${String(level + 1)} [${Array<string>(9)
        .fill(`*a${String(level)}`)
        .join(', ')}]`,
  )
  return `${HEAD}a0: &a0 [x, x]\n${levels.join('\n')}\nspec: *a9\n`
}

const deep = (open: string, close: string): string =>
  `${HEAD}spec: ${open.repeat(10_000)}${close.repeat(10_000)}\n`

test('bombs beside a shop', { timeout: 600_000 }, () => {
  const root = mkdtempSync(join(tmpdir(), 'ambient-guard-bombs-'))
  try {
    mkdirSync(join(root, 'shop'))
    const files = {
      'namespace.yaml': ENROLLED,
      'app.yaml': APP,
      'netpol.yaml': ALLOW_WEB,
      'laughs.yaml': laughs(),
      'lists.yaml': deep('[', ']'),
      'mappings.yaml': deep('{a: ', '}'),
      'indented.yaml': `${HEAD}spec:\n${Array.from({ length: 10_000 }, (_, depth) => `${' '.repeat(depth + 1)}a:`).join('\n')}\n`,
      'rubbish.yaml': Buffer.from(Array.from({ length: 100_000 }, (_, index) => (index * 7919) % 256)),
    }
    for (const [name, content] of Object.entries(files)) writeFileSync(join(root, 'shop', name), content)
    const large = openSync(join(root, 'shop', 'large.yaml'), 'w')
    writeSync(large, `${HEAD}spec: {}\n# `)
    ftruncateSync(large, 100 * 1024 * 1024)
    closeSync(large)

    const { status, signal, stdout, stderr } = spawnSync(
      process.execPath,
      [
        '--max-old-space-size=512',
        '--import',
        'tsx',
        MAIN,
        'check',
        root,
        '--base',
        'none',
        '--format',
        'json',
      ],
      { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 },
    )
    expect([status, signal, stderr]).toEqual([1, null, ''])
    const { conclusion, findings, problems } = JSON.parse(stdout) as Report
    expect(conclusion).toBe('failure')
    expect(findings.map(({ rule }) => rule)).toContain('hbone-ingress')
    const told = new Set(problems.map(({ path }) => path))
    for (const name of ['laughs', 'lists', 'mappings', 'indented', 'large'])
      expect(told).toContain(`shop/${name}.yaml`)
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
})

interface Report {
  readonly conclusion: string
  readonly findings: readonly { readonly rule: string }[]
  readonly problems: readonly { readonly path: string }[]
}
